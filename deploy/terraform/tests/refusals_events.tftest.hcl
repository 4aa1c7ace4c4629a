# What the inputs of variables_events.tf refuse. Each case differs in one point from a
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

run "a_mode_that_is_none" {
  command         = plan
  expect_failures = [var.bucket_notification_mode]

  variables {
    bucket_notification_mode = "sqs"
  }
}

run "a_topic_is_missing" {
  command         = plan
  expect_failures = [var.bucket_notification_topic_arn]

  variables {
    bucket_notification_mode = "sns"
  }
}

run "a_topic_that_would_not_be_used" {
  command         = plan
  expect_failures = [var.bucket_notification_topic_arn]

  variables {
    bucket_notification_topic_arn = "arn:aws:sns:eu-west-1:111122223333:trail-objects"
  }
}

run "a_fifo_topic" {
  command         = plan
  expect_failures = [var.bucket_notification_topic_arn]

  variables {
    bucket_notification_mode      = "sns"
    bucket_notification_topic_arn = "arn:aws:sns:eu-west-1:111122223333:trail-objects.fifo"
  }
}

run "an_organization_that_is_none" {
  command         = plan
  expect_failures = [var.organization_id]

  variables {
    organization_id = "111122223333"
  }
}

run "an_organization_without_a_trail" {
  command         = plan
  expect_failures = [var.organization_id]

  variables {
    organization_id                 = "o-abc123def4"
    create_cloudtrail               = false
    existing_cloudtrail_bucket_name = "org-trail-logs"
  }
}

run "a_management_account_that_is_none" {
  command         = plan
  expect_failures = [var.organization_management_account_id]

  variables {
    organization_id                    = "o-abc123def4"
    organization_management_account_id = "12345"
  }
}

run "a_management_account_without_an_organization" {
  command         = plan
  expect_failures = [var.organization_management_account_id]

  variables {
    organization_management_account_id = "999988887777"
  }
}

run "a_negative_retention" {
  command         = plan
  expect_failures = [var.trail_retention_days]

  variables {
    trail_retention_days = -1
  }
}

run "a_source_that_is_none" {
  command         = plan
  expect_failures = [var.fast_path_event_sources]

  variables {
    fast_path_event_sources = ["iam"]
  }
}
