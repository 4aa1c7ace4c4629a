# What the processor is told about channels and decisions. A value that is not
# given is no variable: the processor takes an empty one as not set, and refuses
# halves of a channel.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "mail_by_ses" {
  variables {
    source_email          = "TrailAlerts <alerts@example.com>"
    email_cc              = ["soc@example.com", "duty@example.com"]
    email_bcc             = ["archive@example.com"]
    ses_configuration_set = "alerts"
    enable_sns            = false
  }

  assert {
    condition = { for k, v in nonsensitive(aws_lambda_function.processor.environment[0].variables) : k => v if strcontains(k, "EMAIL") || strcontains(k, "SES_") || strcontains(k, "SNS_") } == {
      SOURCE_EMAIL          = "TrailAlerts <alerts@example.com>"
      EMAIL_RECIPIENT       = "security@example.com"
      EMAIL_CC              = "soc@example.com,duty@example.com"
      EMAIL_BCC             = "archive@example.com"
      SES_CONFIGURATION_SET = "alerts"
    }
    error_message = "Mail goes by SES: ${jsonencode(nonsensitive(aws_lambda_function.processor.environment[0].variables))}"
  }
}

run "no_recipient_without_a_sender" {
  assert {
    condition     = !contains(keys(nonsensitive(aws_lambda_function.processor.environment[0].variables)), "EMAIL_RECIPIENT")
    error_message = "The processor refuses EMAIL_RECIPIENT without SOURCE_EMAIL."
  }
}

run "plain_values" {
  variables {
    webhook_url     = "https://alerts.example.com/hook"
    webhook_headers = { Authorization = "Bearer token" }
    vpnapi_key      = "key"
  }

  assert {
    condition = { for k, v in nonsensitive(aws_lambda_function.processor.environment[0].variables) : k => v if startswith(k, "WEBHOOK") || startswith(k, "VPNAPI") } == {
      WEBHOOK_URL     = "https://alerts.example.com/hook"
      WEBHOOK_HEADERS = "{\"Authorization\":\"Bearer token\"}"
      VPNAPI_KEY      = "key"
    }
    error_message = "Plain values are passed as they are."
  }
  assert {
    condition     = issensitive(aws_lambda_function.processor.environment[0].variables)
    error_message = "Secrets are not printed by a plan."
  }
}

run "secrets" {
  variables {
    webhook_url_secret_arn           = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhook-AbCdEf"
    webhook_headers_secret_arn       = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:headers-AbCdEf"
    webhook_signing_key_secret_arn   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:signing-AbCdEf"
    webhook_allowed_networks         = ["10.20.0.0/16", "10.30.0.0/16"]
    slack_webhook_url_secret_arn     = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:slack-AbCdEf"
    teams_webhook_url_secret_arn     = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:teams-AbCdEf"
    pagerduty_routing_key_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pagerduty-AbCdEf"
    pagerduty_events_url             = "https://events.eu.pagerduty.com/v2/enqueue"
    vpnapi_key_secret_arn            = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:vpnapi-AbCdEf"
    event_bus_name                   = "security"
    account_aliases                  = { "111122223333" = "production" }
  }

  assert {
    condition = { for k, v in nonsensitive(aws_lambda_function.processor.environment[0].variables) : k => v if !contains(["DYNAMODB_TABLE_NAME", "SHADOW_DYNAMODB_TABLE_NAME", "METRICS_NAMESPACE", "MIN_NOTIFICATION_SEVERITY", "NOTIFICATION_COOLDOWN_MINUTES", "CORRELATION_ENABLED", "SNS_TOPIC_ARN"], k) } == {
      WEBHOOK_URL_SECRET_ARN           = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhook-AbCdEf"
      WEBHOOK_HEADERS_SECRET_ARN       = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:headers-AbCdEf"
      WEBHOOK_SIGNING_KEY_SECRET_ARN   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:signing-AbCdEf"
      WEBHOOK_ALLOWED_NETWORKS         = "10.20.0.0/16,10.30.0.0/16"
      SLACK_WEBHOOK_URL_SECRET_ARN     = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:slack-AbCdEf"
      TEAMS_WEBHOOK_URL_SECRET_ARN     = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:teams-AbCdEf"
      PAGERDUTY_ROUTING_KEY_SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:pagerduty-AbCdEf"
      PAGERDUTY_EVENTS_URL             = "https://events.eu.pagerduty.com/v2/enqueue"
      VPNAPI_KEY_SECRET_ARN            = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:vpnapi-AbCdEf"
      EVENT_BUS_NAME                   = "security"
      ACCOUNT_ALIASES                  = "{\"111122223333\":\"production\"}"
    }
    error_message = "Every channel has its variable: ${jsonencode(nonsensitive(aws_lambda_function.processor.environment[0].variables))}"
  }
}

run "decisions" {
  variables {
    min_notification_severity     = "high"
    notification_cooldown_minutes = 15
    correlation_enabled           = true
  }

  assert {
    condition = ([for k in ["MIN_NOTIFICATION_SEVERITY", "NOTIFICATION_COOLDOWN_MINUTES", "CORRELATION_ENABLED"] : nonsensitive(aws_lambda_function.processor.environment[0].variables)[k]] ==
    ["high", "15", "true"])
    error_message = "Severity, cooldown and correlations are the processor's."
  }
  assert {
    condition     = aws_dynamodb_table.memory.name == "TrailAlerts-security-events"
    error_message = "correlation_enabled does not decide whether there is a table."
  }
}

run "identities" {
  variables {
    source_email          = "alerts@example.com"
    ses_identities        = ["example.com", "security@example.org"]
    create_ses_identities = true
  }

  assert {
    condition     = toset([for i in aws_sesv2_email_identity.identity : i.email_identity]) == toset(["example.com", "security@example.org"])
    error_message = "SES identities are created when that is asked for."
  }
}

run "names_and_tags" {
  variables {
    project                           = "Acme"
    environment                       = "prod"
    tags                              = { Owner = "security", Project = "overridden" }
    bucket_notification_mode          = "none"
    table_deletion_protection_enabled = false
    logs_kms_key_arn                  = "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-2222-3333-4444-555555555555"
    cloudwatch_logs_retention_days    = 90
    log_level                         = "DEBUG"
    analyzer_memory_size              = 1024
    analyzer_timeout                  = 600
    analyzer_reserved_concurrency     = 20
    processor_memory_size             = 512
    processor_timeout                 = 120
    processor_reserved_concurrency    = 5
  }

  assert {
    condition = ([aws_lambda_function.analyzer.function_name, aws_lambda_function.processor.function_name, aws_sqs_queue.findings.name, aws_sqs_queue.dead_letters.name, aws_sqs_queue.failed_events.name, aws_dynamodb_table.memory.name, aws_sns_topic.alerts[0].name, aws_s3_bucket.trail[0].bucket, aws_cloudtrail.trail[0].name, aws_cloudwatch_log_group.analyzer.name] ==
    ["Acme-cloudtrail-analyzer", "Acme-event-processor", "Acme-alerts-queue", "Acme-alerts-dlq", "Acme-analyzer-failed-events", "Acme-security-events", "Acme-cloudtrail-alerts", "acme-cloudtrail-logs-111122223333", "Acme-security-trail", "/trailalerts/Acme/cloudtrail-analyzer"])
    error_message = "Every name begins with project."
  }
  assert {
    condition     = aws_sqs_queue.findings.tags == tomap({ Project = "Acme", Environment = "prod", ManagedBy = "Terraform", Owner = "security" })
    error_message = "Tags of the user's come in addition."
  }
  assert {
    condition = ([for f in [aws_lambda_function.analyzer, aws_lambda_function.processor] : [f.memory_size, f.timeout, f.reserved_concurrent_executions, f.logging_config[0].application_log_level]] ==
    [[1024, 600, 20, "DEBUG"], [512, 120, 5, "DEBUG"]])
    error_message = "Sizes, times and concurrency are those given."
  }
  assert {
    condition     = aws_sqs_queue.findings.visibility_timeout_seconds == 720 && aws_sqs_queue.failed_events.visibility_timeout_seconds == 3600
    error_message = "Visibility follows the time-outs."
  }
  assert {
    condition     = alltrue([for g in [aws_cloudwatch_log_group.analyzer, aws_cloudwatch_log_group.processor] : g.kms_key_id == "arn:aws:kms:eu-west-1:111122223333:key/ffffffff-2222-3333-4444-555555555555" && g.retention_in_days == 90])
    error_message = "Logs have the key and the retention that are given."
  }
  assert {
    condition     = !aws_dynamodb_table.memory.deletion_protection_enabled
    error_message = "Protection from deletion can be turned off."
  }
}
