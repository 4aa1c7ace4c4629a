# Shadow: another version of both functions, behind the alias shadow, receives the
# same events and does everything but deliver. It has a queue and a table of its
# own, so that what it remembers changes nothing for live.

locals {
  # Both are in the environment of every version, whether shadow is on or not
  # (analyzer.tf says why), and therefore known by their names alone.
  shadow_queue_name = "${var.project}-alerts-queue-shadow"
  shadow_queue_url  = "${aws_sqs_queue.findings.url}-shadow"
  shadow_table_name = "${var.project}-security-events-shadow"
}

resource "aws_lambda_alias" "shadow" {
  for_each = var.shadow_enabled ? local.functions : {}

  # The functions know by this name that they are not to deliver.
  name             = "shadow"
  description      = "The version that is compared with live, and delivers nothing"
  function_name    = each.value.name
  function_version = each.value.shadow_wants != null ? each.value.shadow_wants : each.value.newest
}

resource "aws_sqs_queue" "shadow" {
  count = var.shadow_enabled ? 1 : 0

  name                       = local.shadow_queue_name
  visibility_timeout_seconds = local.findings_visibility
  message_retention_seconds  = local.two_weeks
  kms_master_key_id          = local.sqs_key
  sqs_managed_sse_enabled    = local.sqs_key == null ? true : null
  tags                       = local.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.shadow_dead_letters[0].arn
    maxReceiveCount     = local.findings_receptions
  })

  lifecycle {
    postcondition {
      condition     = self.url == local.shadow_queue_url
      error_message = "The queue of shadow is at ${self.url}, and the analyzer was told ${local.shadow_queue_url}."
    }
  }
}

resource "aws_sqs_queue" "shadow_dead_letters" {
  count = var.shadow_enabled ? 1 : 0

  name                      = "${var.project}-alerts-dlq-shadow"
  message_retention_seconds = local.two_weeks
  kms_master_key_id         = local.sqs_key
  sqs_managed_sse_enabled   = local.sqs_key == null ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_redrive_allow_policy" "shadow_dead_letters" {
  count = var.shadow_enabled ? 1 : 0

  queue_url            = aws_sqs_queue.shadow_dead_letters[0].url
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = aws_sqs_queue.shadow[*].arn })
}

resource "aws_lambda_event_source_mapping" "shadow" {
  count = var.shadow_enabled ? 1 : 0

  event_source_arn                   = aws_sqs_queue.shadow[0].arn
  function_name                      = aws_lambda_alias.shadow["processor"].arn
  batch_size                         = 10
  function_response_types            = ["ReportBatchItemFailures"]
  maximum_batching_window_in_seconds = 0
  tags                               = local.tags

  dynamic "scaling_config" {
    for_each = local.processor_concurrency == null ? [] : [local.processor_concurrency.shadow]
    content {
      maximum_concurrency = scaling_config.value
    }
  }

  depends_on = [aws_iam_role_policy.processor]
}

# The same table as live's, but that it may be deleted at any time: turning shadow
# off does so.
resource "aws_dynamodb_table" "shadow" {
  count = var.shadow_enabled ? 1 : 0

  name         = local.shadow_table_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"
  range_key    = "sk"
  tags         = local.tags

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.dynamodb_kms_key_arn == "" ? null : var.dynamodb_kms_key_arn
  }
}

# Not an error: the settings of live may be what is tried. But mostly it means that
# a release went live without its trial.
check "shadow_is_another_version" {
  assert {
    condition     = !var.shadow_enabled || anytrue([for name, alias in aws_lambda_alias.shadow : alias.function_version != local.live[name].function_version])
    error_message = "live and shadow point to the same versions of both functions: put the present live versions into live_versions before you deploy another release."
  }
}
