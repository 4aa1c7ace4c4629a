# Releases: which zips, which version is live, how it goes back.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
  # Nothing is missing: no warning about it is expected here.
  kept_for_other_versions = {}
}

run "release" {
  variables {
    analyzer_zip_sha256  = "26B2DB1B1DBBEB6B35F8881FC23BF9725B41138A976D2AEA13044787DF6492AC"
    processor_zip_sha256 = "025b567cbc43fc497914b91c54d67cf582889a6810e23b805f334c897b3423e9"
  }

  assert {
    condition     = aws_lambda_function.analyzer.filename == "./tests/zips/trailalerts-analyzer_1.4.0_linux_arm64.zip" && aws_lambda_function.processor.filename == "./tests/zips/trailalerts-processor_1.4.0_linux_arm64.zip"
    error_message = "The zips have the names of the release."
  }
  assert {
    condition     = aws_lambda_function.analyzer.source_code_hash == "JrLbGx2762s1+Igfwjv5cltBE4qXbSrqEwRHh99kkqw="
    error_message = "Another zip is another version."
  }
  assert {
    condition     = can(regex("^TrailAlerts analyzer .* 1\\.4\\.0$", nonsensitive(aws_lambda_function.analyzer.description))) && can(regex("^TrailAlerts processor .* 1\\.4\\.0$", nonsensitive(aws_lambda_function.processor.description)))
    error_message = "A published version ends with the release that it is."
  }
}

run "newest_is_live" {
  assert {
    condition     = aws_lambda_alias.live["analyzer"].name == "live" && aws_lambda_alias.live["analyzer"].function_version == "8" && aws_lambda_alias.live["processor"].function_version == "8"
    error_message = "live points to the newest version of each function."
  }
  assert {
    condition     = output.newest_versions == { analyzer = "8", processor = "8" } && output.live_versions == { analyzer = "8", processor = "8" } && output.previous_versions == { analyzer = "7", processor = "7" }
    error_message = "The outputs say which versions are live, and which were before: ${jsonencode(output.previous_versions)}."
  }
  assert {
    condition = output.rollback_command == join(" && ", [
      "aws lambda update-alias --region eu-west-1 --name live --function-name TrailAlerts-cloudtrail-analyzer --function-version 7",
      "aws lambda update-alias --region eu-west-1 --name live --function-name TrailAlerts-event-processor --function-version 7",
    ])
    error_message = "One command rolls both functions back: ${output.rollback_command}"
  }
}

# The digits in both descriptions are made of everything that either version keeps:
# a description that changes publishes a version.
run "both_publish_together" {
  variables {
    analyzer_memory_size  = 1024
    analyzer_timeout      = 120
    processor_memory_size = 300
    processor_timeout     = 90
    log_level             = "DEBUG"
    webhook_url           = "https://example.com/hook"
    processor_vpc         = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = nonsensitive(replace(aws_lambda_function.analyzer.description, "analyzer", "processor") == aws_lambda_function.processor.description)
    error_message = "Versions that belong together have the same digits: ${nonsensitive(aws_lambda_function.analyzer.description)}, ${nonsensitive(aws_lambda_function.processor.description)}."
  }
  assert {
    condition = nonsensitive(aws_lambda_function.analyzer.description == format("TrailAlerts analyzer (settings %s) 1.4.0", substr(sha256(jsonencode({
      analyzer = {
        code        = aws_lambda_function.analyzer.source_code_hash, memory = 1024, timeout = 120, role = aws_lambda_function.analyzer.role, log_group = aws_lambda_function.analyzer.logging_config[0].log_group, log_level = "DEBUG",
        environment = aws_lambda_function.analyzer.environment[0].variables, dead_letter = aws_lambda_function.analyzer.dead_letter_config[0].target_arn
      }
      processor = {
        code        = aws_lambda_function.processor.source_code_hash, memory = 300, timeout = 90, role = aws_lambda_function.processor.role, log_group = aws_lambda_function.processor.logging_config[0].log_group, log_level = "DEBUG",
        environment = aws_lambda_function.processor.environment[0].variables, vpc = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
      }
    })), 0, 12)))
    error_message = "A setting of either function publishes a version of both: ${nonsensitive(aws_lambda_function.analyzer.description)}."
  }
  assert {
    condition     = issensitive(aws_lambda_function.analyzer.description)
    error_message = "A plan does not print what a secret could be guessed by."
  }
}

run "rollback_by_one_input" {
  variables {
    live_versions = { analyzer = "7", processor = "7" }
  }

  assert {
    condition     = aws_lambda_alias.live["analyzer"].function_version == "7" && aws_lambda_alias.live["processor"].function_version == "7"
    error_message = "live points to the versions of live_versions."
  }
  assert {
    condition     = output.live_versions == { analyzer = "7", processor = "7" } && output.newest_versions == { analyzer = "8", processor = "8" } && output.previous_versions == { analyzer = "6", processor = "6" }
    error_message = "The previous versions are those before live."
  }
}

run "one_function_pinned" {
  variables {
    live_versions = { analyzer = "7" }
  }

  assert {
    condition     = output.live_versions == { analyzer = "7", processor = "8" }
    error_message = "A function without a wanted version follows the newest."
  }
  assert {
    condition     = output.previous_versions == null && output.rollback_command == null
    error_message = "Nobody can tell which versions were live before two that do not belong together: ${jsonencode(output.previous_versions)}."
  }
}

run "workflow_creates_live" {
  variables {
    live_alias_managed_by = "workflow"
  }

  assert {
    condition     = length(aws_lambda_alias.live) == 0 && aws_lambda_alias.live_moved_by_workflow["analyzer"].name == "live" && output.live_versions == { analyzer = "8", processor = "8" } && output.previous_versions == { analyzer = "7", processor = "7" }
    error_message = "A new installation begins with the newest version live."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.findings.function_name == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:live"
    error_message = "Everything invokes this alias."
  }
}

run "live_was_moved_by_a_workflow" {
  state_key = "workflow"

  module {
    source = "./tests/states/moved_live"
  }
}

run "workflow_keeps_live" {
  state_key = "workflow"

  variables {
    live_alias_managed_by = "workflow"
  }

  assert {
    condition     = output.newest_versions == { analyzer = "8", processor = "8" } && output.live_versions == { analyzer = "5", processor = "5" }
    error_message = "An apply leaves live where a workflow put it: ${jsonencode(output.live_versions)}."
  }
  assert {
    condition     = aws_lambda_alias.live_moved_by_workflow["analyzer"].description == "before it: version 4"
    error_message = "An apply leaves the note of a workflow alone."
  }
  # 6 and 7 may be releases that were never promoted.
  assert {
    condition     = output.previous_versions == { analyzer = "5", processor = "5" } && strcontains(output.rollback_command, "--function-name TrailAlerts-cloudtrail-analyzer --function-version 5 ")
    error_message = "After the next promotion one goes back to what is live now: ${jsonencode(output.previous_versions)}."
  }
}

run "live_was_moved_by_hand" {
  state_key = "hand"

  module {
    source = "./tests/states/moved_live"
  }
}

run "terraform_takes_live_back" {
  state_key = "hand"

  assert {
    condition     = output.live_versions == { analyzer = "8", processor = "8" }
    error_message = "An apply points live where live_versions says, which is why a rollback by hand has to be written there."
  }
}

run "first_release" {
  override_resource {
    target = aws_lambda_function.analyzer
    values = { version = "1", arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer" }
  }
  override_resource {
    target = aws_lambda_function.processor
    values = { version = "1", arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor" }
  }
  state_key = "first"

  assert {
    condition     = output.live_versions == { analyzer = "1", processor = "1" } && output.previous_versions == null && output.rollback_command == null
    error_message = "There is nothing to roll back to before the first release."
  }
}

# Functions that had versions before, or an apply that failed between the two.
run "numbers_that_have_run_apart" {
  override_resource {
    target = aws_lambda_function.processor
    values = { version = "6", arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor" }
  }
  state_key = "apart"

  assert {
    condition     = output.live_versions == { analyzer = "8", processor = "6" } && output.previous_versions == null && output.rollback_command == null
    error_message = "No pair is better than versions of different releases: ${jsonencode(output.previous_versions)}."
  }
}

run "equal_numbers_by_chance" {
  override_resource {
    target = aws_lambda_function.processor
    values = { version = "6", arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor" }
  }
  state_key = "chance"

  variables {
    live_versions = { analyzer = "5", processor = "5" }
  }

  assert {
    condition     = output.previous_versions == null
    error_message = "Equal numbers mean nothing where more versions of one function were published than of the other: ${jsonencode(output.previous_versions)}."
  }
}

run "one_function_was_moved_by_a_workflow" {
  state_key = "half"

  module {
    source = "./tests/states/moved_live"
  }

  variables {
    versions = { analyzer = "5", processor = "8" }
  }
}

run "workflow_goes_back_to_what_is_live" {
  state_key = "half"

  variables {
    live_alias_managed_by = "workflow"
  }

  assert {
    condition     = output.previous_versions == { analyzer = "5", processor = "8" }
    error_message = "What is live now is what one goes back to, of both functions: ${jsonencode(output.previous_versions)}."
  }
}

run "default_directory" {
  command         = plan
  expect_failures = [aws_lambda_function.analyzer, aws_lambda_function.processor]

  variables {
    release_directory = ""
  }
}

run "another_file" {
  command         = plan
  expect_failures = [aws_lambda_function.analyzer, aws_lambda_function.processor]

  variables {
    analyzer_zip_sha256  = "025b567cbc43fc497914b91c54d67cf582889a6810e23b805f334c897b3423e9"
    processor_zip_sha256 = "26b2db1b1dbbeb6b35f8881fc23bf9725b41138a976d2aea13044787df6492ac"
  }
}

run "missing_release" {
  command         = plan
  expect_failures = [aws_lambda_function.analyzer, aws_lambda_function.processor]

  variables {
    release_version = "1.5.0"
  }
}
