# The queue of findings between the functions, and the two queues of what failed.
# shadow.tf has the queue of findings of shadow.

locals {
  two_weeks = 1209600 # seconds, the longest that SQS keeps a message

  # A batch is hidden for six times the time that the processor may take, so that
  # nothing is handed out a second time while Lambda still retries the first.
  findings_visibility = 6 * local.longest_timeout.processor
  # Each reception is one attempt. Together with the visibility it must be more
  # than the ten minutes for which a finding may be in another instance's hands.
  findings_receptions = 5

  # SNS and EventBridge cannot use the key that AWS manages, and its policy cannot
  # be changed: what they cannot deliver would be lost instead of kept here.
  failed_events_key = local.sqs_key == "alias/aws/sqs" ? null : local.sqs_key
}

resource "aws_sqs_queue" "findings" {
  name                       = "${var.project}-alerts-queue"
  visibility_timeout_seconds = local.findings_visibility
  message_retention_seconds  = local.two_weeks
  kms_master_key_id          = local.sqs_key
  sqs_managed_sse_enabled    = local.sqs_key == null ? true : null
  tags                       = local.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    maxReceiveCount     = local.findings_receptions
  })
}

# Findings that could not be decided or sent five times. When the cause is mended,
# aws sqs start-message-move-task puts them back.
resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.project}-alerts-dlq"
  message_retention_seconds = local.two_weeks
  kms_master_key_id         = local.sqs_key
  sqs_managed_sse_enabled   = local.sqs_key == null ? true : null
  tags                      = local.tags
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letters" {
  queue_url            = aws_sqs_queue.dead_letters.url
  redrive_allow_policy = jsonencode({ redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.findings.arn] })
}

# Notices of files that the analyzer could not read after three attempts, and
# events that SNS or EventBridge could not deliver to it, as they came: the
# analyzer understands them from here as well (replay_failed_events).
resource "aws_sqs_queue" "failed_events" {
  name                       = "${var.project}-analyzer-failed-events"
  visibility_timeout_seconds = 6 * local.longest_timeout.analyzer
  message_retention_seconds  = local.two_weeks
  kms_master_key_id          = local.failed_events_key
  sqs_managed_sse_enabled    = local.failed_events_key == null ? true : null
  tags                       = local.tags
}

locals {
  queues = merge(
    {
      findings      = { url = aws_sqs_queue.findings.url, arn = aws_sqs_queue.findings.arn, senders = {} }
      dead_letters  = { url = aws_sqs_queue.dead_letters.url, arn = aws_sqs_queue.dead_letters.arn, senders = {} }
      failed_events = { url = aws_sqs_queue.failed_events.url, arn = aws_sqs_queue.failed_events.arn, senders = local.failed_events_senders }
    },
    var.shadow_enabled ? {
      shadow              = { url = aws_sqs_queue.shadow[0].url, arn = aws_sqs_queue.shadow[0].arn, senders = {} }
      shadow_dead_letters = { url = aws_sqs_queue.shadow_dead_letters[0].url, arn = aws_sqs_queue.shadow_dead_letters[0].arn, senders = {} }
    } : {},
  )

  # Services that put there what they could not deliver, and on whose behalf.
  failed_events_senders = merge(
    var.bucket_notification_mode == "sns" ? { "sns.amazonaws.com" = [var.bucket_notification_topic_arn] } : {},
    length(local.event_rules) > 0 ? { "events.amazonaws.com" = local.event_rules } : {},
  )
}

resource "aws_sqs_queue_policy" "queue" {
  for_each = local.queues

  queue_url = each.value.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [merge(local.tls_only, { Action = "sqs:*", Resource = each.value.arn })],
      [for service, sources in each.value.senders : {
        Sid       = "Undeliverable${title(split(".", service)[0])}"
        Effect    = "Allow"
        Principal = { Service = service }
        Action    = "sqs:SendMessage"
        Resource  = each.value.arn
        Condition = { ArnEquals = { "aws:SourceArn" = sources } }
      }],
    )
  })
}
