# A limit on the processor: what it does not take at once has to wait in the queue,
# since a batch that was refused counts as an attempt to decide.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "no_limit" {
  command = plan

  assert {
    condition     = aws_lambda_function.processor.reserved_concurrent_executions == null && length(aws_lambda_event_source_mapping.findings.scaling_config) == 0
    error_message = "Without a limit on the function the queue has none."
  }
}

run "a_limit" {
  command = plan

  variables {
    processor_reserved_concurrency = 2
  }

  assert {
    condition     = aws_lambda_function.processor.reserved_concurrent_executions == 2 && aws_lambda_event_source_mapping.findings.scaling_config[0].maximum_concurrency == 2
    error_message = "Lambda takes no more batches out of the queue than the function may work on."
  }
}

run "a_limit_above_that_of_a_mapping" {
  command = plan

  variables {
    processor_reserved_concurrency = 1500
  }

  assert {
    condition     = aws_lambda_event_source_mapping.findings.scaling_config[0].maximum_concurrency == 1000
    error_message = "A mapping cannot be given more than 1000."
  }
}

run "a_limit_for_live_and_shadow" {
  variables {
    shadow_enabled                 = true
    live_versions                  = { analyzer = "7", processor = "7" }
    kept_for_other_versions        = {}
    processor_reserved_concurrency = 5
  }

  assert {
    condition     = aws_lambda_event_source_mapping.findings.scaling_config[0].maximum_concurrency == 3 && aws_lambda_event_source_mapping.shadow[0].scaling_config[0].maximum_concurrency == 2
    error_message = "Live and shadow together take no more than the function may work on, and live has the larger share."
  }
}
