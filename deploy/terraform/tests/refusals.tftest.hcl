# What is refused, and by which input. Each case differs in one point from a
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

run "a_signing_key_without_a_webhook" {
  command         = plan
  expect_failures = [var.webhook_signing_key_secret_arn]

  variables {
    webhook_signing_key_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf"
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

run "slack_webhook_url_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.slack_webhook_url_secret_arn]

  variables {
    slack_webhook_url_secret_arn = "a-name"
  }
}

run "teams_webhook_url_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.teams_webhook_url_secret_arn]

  variables {
    teams_webhook_url_secret_arn = "a-name"
  }
}

run "pagerduty_routing_key_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.pagerduty_routing_key_secret_arn]

  variables {
    pagerduty_routing_key_secret_arn = "a-name"
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

run "webhook_signing_key_secret_arn_that_is_no_arn" {
  command         = plan
  expect_failures = [var.webhook_signing_key_secret_arn]

  variables {
    webhook_url                    = "https://alerts.example.com"
    webhook_signing_key_secret_arn = "a-name"
  }
}

run "copies_without_ses" {
  command         = plan
  expect_failures = [var.email_cc]

  variables {
    email_cc = ["soc@example.com"]
  }
}

run "blind_copies_without_ses" {
  command         = plan
  expect_failures = [var.email_bcc]

  variables {
    email_bcc = ["soc@example.com"]
  }
}

run "a_configuration_set_without_ses" {
  command         = plan
  expect_failures = [var.ses_configuration_set]

  variables {
    ses_configuration_set = "alerts"
  }
}

run "a_network_that_is_none" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_url              = "https://alerts.example.com"
    webhook_allowed_networks = ["10.20.0.0"]
  }
}

run "a_network_with_bits_behind_it" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_url              = "https://alerts.example.com"
    webhook_allowed_networks = ["10.20.0.1/16"]
  }
}

run "all_networks" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_url              = "https://alerts.example.com"
    webhook_allowed_networks = ["0.0.0.0/0"]
  }
}

run "networks_without_a_webhook" {
  command         = plan
  expect_failures = [var.webhook_allowed_networks]

  variables {
    webhook_allowed_networks = ["10.20.0.0/16"]
  }
}

run "a_copy_to_no_address" {
  command         = plan
  expect_failures = [var.email_cc]

  variables {
    source_email = "alerts@example.com"
    email_cc     = ["SOC <soc@example.com>"]
  }
}

run "a_blind_copy_to_no_address" {
  command         = plan
  expect_failures = [var.email_bcc]

  variables {
    source_email = "alerts@example.com"
    email_bcc    = ["soc"]
  }
}

run "pagerduty_without_a_key" {
  command         = plan
  expect_failures = [var.pagerduty_events_url]

  variables {
    pagerduty_events_url = "https://events.eu.pagerduty.com/v2/enqueue"
  }
}

run "a_bus_that_is_none" {
  command         = plan
  expect_failures = [var.event_bus_name]

  variables {
    event_bus_name = "arn:aws:sns:eu-west-1:111122223333:topic"
  }
}

run "an_alias_of_no_account" {
  command         = plan
  expect_failures = [var.account_aliases]

  variables {
    account_aliases = { production = "111122223333" }
  }
}

run "an_alias_for_the_secrets" {
  command         = plan
  expect_failures = [var.secrets_kms_key_arns]

  variables {
    secrets_kms_key_arns = ["alias/mine"]
  }
}

run "a_version_with_a_v" {
  command         = plan
  expect_failures = [var.release_version]

  variables {
    release_version = "v1.4.0"
  }
}

run "a_version_that_is_a_path" {
  command         = plan
  expect_failures = [var.release_version]

  variables {
    release_version = "../1.4.0"
  }
}

run "a_checksum_that_is_none" {
  command         = plan
  expect_failures = [var.analyzer_zip_sha256]

  variables {
    analyzer_zip_sha256 = "JrLbGx2762s1+Igfwjv5cltBE4qXbSrqEwRHh99kkqw="
  }
}

run "a_checksum_that_is_none_either" {
  command         = plan
  expect_failures = [var.processor_zip_sha256]

  variables {
    processor_zip_sha256 = "abc"
  }
}

run "a_live_version_that_is_none" {
  command         = plan
  expect_failures = [var.live_versions]

  variables {
    live_versions = { analyzer = "$LATEST" }
  }
}

run "a_live_version_that_a_workflow_decides_on" {
  command         = plan
  expect_failures = [var.live_versions]

  variables {
    live_versions         = { analyzer = "7" }
    live_alias_managed_by = "workflow"
  }
}

run "an_owner_that_is_none" {
  command         = plan
  expect_failures = [var.live_alias_managed_by]

  variables {
    live_alias_managed_by = "me"
  }
}

run "a_shadow_version_that_is_none" {
  command         = plan
  expect_failures = [var.shadow_versions]

  variables {
    shadow_enabled  = true
    shadow_versions = { analyzer = "live" }
  }
}

run "a_shadow_version_without_shadow" {
  command         = plan
  expect_failures = [var.shadow_versions]

  variables {
    shadow_versions = { analyzer = "7" }
  }
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

run "a_topic_for_alarms_that_is_none" {
  command         = plan
  expect_failures = [var.alarm_topic_arn]

  variables {
    alarm_topic_arn = "operations"
  }
}

run "an_alarm_faster_than_cloudtrail" {
  command         = plan
  expect_failures = [var.no_records_alarm_minutes]

  variables {
    no_records_alarm_minutes = 5
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
