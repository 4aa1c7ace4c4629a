# kics-scan disable=0afbcfe9-d341-4b92-a64c-7e6de0543879
# The log group has a key when logs_kms_key_arn gives one; CloudWatch Logs encrypts
# with its own otherwise.

# The processor decides on findings, remembers, and sends alerts.

resource "aws_lambda_function" "processor" {
  function_name = local.processor_name
  description   = "TrailAlerts processor (settings ${local.settings}) ${var.release_version}"
  role          = aws_iam_role.processor.arn
  publish       = true

  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  handler          = "bootstrap"
  filename         = local.zips.processor.path
  source_code_hash = local.frozen.processor.code

  memory_size                    = var.processor_memory_size
  timeout                        = var.processor_timeout
  reserved_concurrent_executions = var.processor_reserved_concurrency

  environment {
    variables = local.frozen.processor.environment
  }

  dynamic "vpc_config" {
    for_each = var.processor_vpc == null ? [] : [var.processor_vpc]
    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = vpc_config.value.security_group_ids
    }
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.processor.name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tags = local.tags

  lifecycle {
    precondition {
      condition     = fileexists(local.zips.processor.path)
      error_message = "There is no ${local.zips.processor.path}. Download the zips of release ${var.release_version} there, or say in release_directory where they are."
    }
    precondition {
      condition     = local.zips.processor.sha256 == "" || !fileexists(local.zips.processor.path) || try(filesha256(local.zips.processor.path), "") == local.zips.processor.sha256
      error_message = "The SHA-256 of ${local.zips.processor.path} is not processor_zip_sha256: the file is not the one of the release, or the checksum is that of another."
    }
  }

  depends_on = [aws_iam_role_policy.processor, aws_iam_role_policy_attachment.processor_vpc]
}

locals {
  by_ses = var.source_email != ""

  # An empty value is left out. The processor refuses EMAIL_RECIPIENT without
  # SOURCE_EMAIL, although email_endpoint is always given: SNS may be the one that
  # sends to it.
  processor_environment = {
    DYNAMODB_TABLE_NAME              = aws_dynamodb_table.memory.name
    SHADOW_DYNAMODB_TABLE_NAME       = local.shadow_table_name
    METRICS_NAMESPACE                = var.project
    MIN_NOTIFICATION_SEVERITY        = var.min_notification_severity
    NOTIFICATION_COOLDOWN_MINUTES    = tostring(var.notification_cooldown_minutes)
    CORRELATION_ENABLED              = tostring(var.correlation_enabled)
    SOURCE_EMAIL                     = var.source_email
    EMAIL_RECIPIENT                  = local.by_ses ? var.email_endpoint : ""
    EMAIL_CC                         = join(",", var.email_cc)
    EMAIL_BCC                        = join(",", var.email_bcc)
    SES_CONFIGURATION_SET            = var.ses_configuration_set
    SNS_TOPIC_ARN                    = var.enable_sns ? aws_sns_topic.alerts[0].arn : ""
    EVENT_BUS_NAME                   = var.event_bus_name
    WEBHOOK_URL                      = var.webhook_url
    WEBHOOK_URL_SECRET_ARN           = var.webhook_url_secret_arn
    WEBHOOK_HEADERS                  = length(var.webhook_headers) == 0 ? "" : jsonencode(var.webhook_headers)
    WEBHOOK_HEADERS_SECRET_ARN       = var.webhook_headers_secret_arn
    WEBHOOK_SIGNING_KEY_SECRET_ARN   = var.webhook_signing_key_secret_arn
    WEBHOOK_ALLOWED_NETWORKS         = join(",", var.webhook_allowed_networks)
    SLACK_WEBHOOK_URL_SECRET_ARN     = var.slack_webhook_url_secret_arn
    TEAMS_WEBHOOK_URL_SECRET_ARN     = var.teams_webhook_url_secret_arn
    PAGERDUTY_ROUTING_KEY_SECRET_ARN = var.pagerduty_routing_key_secret_arn
    PAGERDUTY_EVENTS_URL             = var.pagerduty_events_url
    VPNAPI_KEY                       = var.vpnapi_key
    VPNAPI_KEY_SECRET_ARN            = var.vpnapi_key_secret_arn
    ACCOUNT_ALIASES                  = length(var.account_aliases) == 0 ? "" : jsonencode(var.account_aliases)
  }

  secret_arns = distinct(concat(compact([
    var.webhook_url_secret_arn, var.webhook_headers_secret_arn, var.webhook_signing_key_secret_arn,
    var.slack_webhook_url_secret_arn, var.teams_webhook_url_secret_arn, var.pagerduty_routing_key_secret_arn,
    var.vpnapi_key_secret_arn,
  ]), local.kept.secret_arns))
}

locals {
  # Lambda hands out more batches than a limited function takes, and each that it
  # does not take counts as an attempt: a burst would end in the dead-letter queue,
  # never decided on. Each queue therefore has its share of the limit. 1000 is the
  # most that a mapping can be given.
  processor_concurrency = var.processor_reserved_concurrency == null ? null : {
    live   = min(1000, var.shadow_enabled ? ceil(var.processor_reserved_concurrency / 2) : var.processor_reserved_concurrency)
    shadow = min(1000, floor(var.processor_reserved_concurrency / 2))
  }
}

# One finding that fails leaves the others of its batch alone.
resource "aws_lambda_event_source_mapping" "findings" {
  event_source_arn        = aws_sqs_queue.findings.arn
  function_name           = local.live["processor"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  # Waiting for a fuller batch would only delay alerts.
  maximum_batching_window_in_seconds = 0
  tags                               = local.tags

  dynamic "scaling_config" {
    for_each = local.processor_concurrency == null ? [] : [local.processor_concurrency.live]
    content {
      maximum_concurrency = scaling_config.value
    }
  }

  # Lambda refuses a queue that the role may not read.
  depends_on = [aws_iam_role_policy.processor]
}

resource "aws_cloudwatch_log_group" "processor" {
  name              = "/trailalerts/${var.project}/event-processor"
  retention_in_days = var.cloudwatch_logs_retention_days
  kms_key_id        = var.logs_kms_key_arn == "" ? null : var.logs_kms_key_arn
  tags              = local.tags
}
