# What the inputs of variables_operation.tf refuse. Each case differs in one point from a
# configuration that defaults.tftest.hcl applies.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "a_topic_for_alarms_that_is_none" {
  command         = plan
  expect_failures = [var.alarm_topic_arn]

  variables {
    alarm_topic_arn = "operations"
  }
}

run "an_alarm_faster_than_cloudtrail" {
  command         = plan
  expect_failures = [var.no_files_alarm_minutes]

  variables {
    no_files_alarm_minutes = 5
  }
}

run "too_little_memory_for_the_analyzer" {
  command         = plan
  expect_failures = [var.analyzer_memory_size]

  variables {
    analyzer_memory_size = 64
  }
}

run "too_little_memory_for_the_processor" {
  command         = plan
  expect_failures = [var.processor_memory_size]

  variables {
    processor_memory_size = 64
  }
}

run "too_much_time_for_the_analyzer" {
  command         = plan
  expect_failures = [var.analyzer_timeout]

  variables {
    analyzer_timeout = 901
  }
}

# Five receptions of six times 20 seconds are the ten minutes that they have to exceed.
run "too_little_time_for_the_processor" {
  command         = plan
  expect_failures = [var.processor_timeout]

  variables {
    processor_timeout = 20
  }
}

run "a_log_level_that_is_none" {
  command         = plan
  expect_failures = [var.log_level]

  variables {
    log_level = "VERBOSE"
  }
}

run "an_alias_for_the_logs" {
  command         = plan
  expect_failures = [var.logs_kms_key_arn]

  variables {
    logs_kms_key_arn = "alias/mine"
  }
}

run "an_alias_for_the_tables" {
  command         = plan
  expect_failures = [var.dynamodb_kms_key_arn]

  variables {
    dynamodb_kms_key_arn = "alias/mine"
  }
}

run "one_processor_at_a_time" {
  command         = plan
  expect_failures = [var.processor_reserved_concurrency]

  variables {
    processor_reserved_concurrency = 1
  }
}

run "half_a_processor" {
  command         = plan
  expect_failures = [var.processor_reserved_concurrency]

  variables {
    processor_reserved_concurrency = 2.5
  }
}

run "too_few_processors_for_shadow" {
  command         = plan
  expect_failures = [var.processor_reserved_concurrency]

  variables {
    shadow_enabled                 = true
    live_versions                  = { analyzer = "7", processor = "7" }
    processor_reserved_concurrency = 3
  }
}
