# What the inputs of variables.tf refuse. Each case differs in one point from a
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

run "a_region_that_is_none" {
  command         = plan
  expect_failures = [var.aws_region]

  variables {
    aws_region = "Ireland"
  }
}

run "another_region_than_the_providers" {
  command         = plan
  expect_failures = [data.aws_region.current]

  variables {
    aws_region = "us-east-1"
  }
}

run "a_recipient_that_is_no_address" {
  command         = plan
  expect_failures = [var.email_endpoint]

  variables {
    email_endpoint = "security"
  }
}

run "two_recipients" {
  command         = plan
  expect_failures = [var.email_endpoint]

  variables {
    email_endpoint = "a@example.com,b@example.com"
  }
}

run "a_project_too_long_for_names" {
  command         = plan
  expect_failures = [var.project]

  variables {
    project = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }
}

run "a_project_that_is_no_bucket_name" {
  command         = plan
  expect_failures = [var.project]

  variables {
    project = "trail_alerts"
  }
}

run "no_bucket_to_read" {
  command         = plan
  expect_failures = [var.existing_cloudtrail_bucket_name]

  variables {
    create_cloudtrail = false
  }
}

run "a_bucket_that_would_not_be_read" {
  command         = plan
  expect_failures = [var.existing_cloudtrail_bucket_name]

  variables {
    existing_cloudtrail_bucket_name = "org-trail-logs"
  }
}

run "an_alias_of_a_key" {
  command         = plan
  expect_failures = [var.existing_cloudtrail_logs_kms_key_arn]

  variables {
    create_cloudtrail                    = false
    existing_cloudtrail_bucket_name      = "org-trail-logs"
    existing_cloudtrail_logs_kms_key_arn = "alias/trail"
  }
}

run "a_prefix_with_a_leading_slash" {
  command         = plan
  expect_failures = [var.cloudtrail_log_filter_prefix]

  variables {
    cloudtrail_log_filter_prefix = "/AWSLogs/"
  }
}

run "a_prefix_with_a_wildcard" {
  command         = plan
  expect_failures = [var.cloudtrail_log_filter_prefix]

  variables {
    cloudtrail_log_filter_prefix = "AWSLogs/*/"
  }
}

run "all_regions_without_global_services" {
  command         = plan
  expect_failures = [var.include_global_service_events]

  variables {
    include_global_service_events = false
  }
}

run "an_identity_by_its_arn" {
  command         = plan
  expect_failures = [var.ses_identities]

  variables {
    ses_identities = ["arn:aws:ses:eu-west-1:111122223333:identity/example.com"]
  }
}

run "a_sender_that_is_no_address" {
  command         = plan
  expect_failures = [var.source_email]

  variables {
    source_email = "TrailAlerts"
  }
}

run "a_severity_that_is_none" {
  command         = plan
  expect_failures = [var.min_notification_severity]

  variables {
    min_notification_severity = "severe"
  }
}

run "a_negative_cooldown" {
  command         = plan
  expect_failures = [var.notification_cooldown_minutes]

  variables {
    notification_cooldown_minutes = -1
  }
}

run "a_cooldown_of_a_part_of_a_minute" {
  command         = plan
  expect_failures = [var.notification_cooldown_minutes]

  variables {
    notification_cooldown_minutes = 0.5
  }
}

run "a_retention_that_cloudwatch_does_not_know" {
  command         = plan
  expect_failures = [var.cloudwatch_logs_retention_days]

  variables {
    cloudwatch_logs_retention_days = 31
  }
}

run "an_alias_for_the_topic" {
  command         = plan
  expect_failures = [var.sns_kms_master_key_id]

  variables {
    sns_kms_master_key_id = "alias/mine"
  }
}

run "an_alias_for_the_queues" {
  command         = plan
  expect_failures = [var.sqs_kms_master_key_id]

  variables {
    sqs_kms_master_key_id = "alias/mine"
  }
}

run "a_webhook_without_tls" {
  command         = plan
  expect_failures = [var.webhook_url]

  variables {
    webhook_url = "http://alerts.example.com"
  }
}

run "two_webhooks" {
  command         = plan
  expect_failures = [var.webhook_url_secret_arn]

  variables {
    webhook_url            = "https://alerts.example.com"
    webhook_url_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf"
  }
}

run "two_kinds_of_headers" {
  command         = plan
  expect_failures = [var.webhook_headers_secret_arn]

  variables {
    webhook_url                = "https://alerts.example.com"
    webhook_headers            = { A = "b" }
    webhook_headers_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf"
  }
}

run "headers_without_a_webhook" {
  command         = plan
  expect_failures = [var.webhook_headers]

  variables {
    webhook_headers = { A = "b" }
  }
}

run "secret_headers_without_a_webhook" {
  command         = plan
  expect_failures = [var.webhook_headers_secret_arn]

  variables {
    webhook_headers_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf"
  }
}

run "two_keys_of_vpnapi" {
  command         = plan
  expect_failures = [var.vpnapi_key_secret_arn]

  variables {
    vpnapi_key            = "key"
    vpnapi_key_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf"
  }
}

run "webhook_url_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.webhook_url_secret_arn]

  variables {
    webhook_url_secret_arn = "a-name"
  }
}

run "vpnapi_key_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.vpnapi_key_secret_arn]

  variables {
    vpnapi_key_secret_arn = "a-name"
  }
}

run "webhook_headers_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.webhook_headers_secret_arn]

  variables {
    webhook_url                = "https://alerts.example.com"
    webhook_headers_secret_arn = "a-name"
  }
}
