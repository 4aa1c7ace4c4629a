# How new files are announced to the analyzer: bucket_notification_mode.
#
# S3 takes only one notification per kind of object, so that two functions cannot
# both be notified by it. Shadow therefore hears by EventBridge in mode manage,
# while live goes on hearing from S3 as before: turning shadow on or off takes
# nothing away from live.

locals {
  aliases = merge({ live = local.live["analyzer"] }, { for name, alias in aws_lambda_alias.shadow : "shadow" => alias if name == "analyzer" })

  notified_by_s3          = var.bucket_notification_mode == "manage" ? ["live"] : []
  notified_by_sns         = var.bucket_notification_mode == "sns" ? keys(local.alias_names) : []
  notified_by_eventbridge = var.bucket_notification_mode == "eventbridge" ? keys(local.alias_names) : var.bucket_notification_mode == "manage" && var.shadow_enabled ? ["shadow"] : []
  # Known before the aliases are, for for_each.
  alias_names = merge({ live = true }, var.shadow_enabled ? { shadow = true } : {})

  # The module writes the notification configuration of a bucket that it was told
  # to manage, or that is its own.
  writes_notification = var.bucket_notification_mode == "manage" || (var.bucket_notification_mode == "eventbridge" && var.create_cloudtrail)

  event_rules = concat(aws_cloudwatch_event_rule.objects[*].arn, aws_cloudwatch_event_rule.fast_path[*].arn)
}

resource "aws_s3_bucket_notification" "trail" {
  count = local.writes_notification ? 1 : 0

  bucket      = local.bucket_name
  eventbridge = length(local.notified_by_eventbridge) > 0

  dynamic "lambda_function" {
    for_each = local.notified_by_s3
    content {
      id                  = "trailalerts-live"
      lambda_function_arn = local.aliases[lambda_function.value].arn
      events              = ["s3:ObjectCreated:*"]
      filter_prefix       = var.cloudtrail_log_filter_prefix
      filter_suffix       = ".json.gz"
    }
  }

  # S3 tries whether it may invoke the alias.
  depends_on = [aws_lambda_permission.s3]
}

resource "aws_lambda_permission" "s3" {
  for_each = toset(local.notified_by_s3)

  statement_id   = "S3"
  action         = "lambda:InvokeFunction"
  function_name  = local.aliases[each.key].function_name
  qualifier      = local.aliases[each.key].name
  principal      = "s3.amazonaws.com"
  source_arn     = local.bucket_arn
  source_account = local.account
}

resource "aws_sns_topic_subscription" "objects" {
  for_each = toset(local.notified_by_sns)

  topic_arn = var.bucket_notification_topic_arn
  protocol  = "lambda"
  endpoint  = local.aliases[each.key].arn
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.failed_events.arn
  })

  # SNS would drop what it cannot deliver and may not keep.
  depends_on = [aws_lambda_permission.sns, aws_sqs_queue_policy.queue]
}

resource "aws_lambda_permission" "sns" {
  for_each = toset(local.notified_by_sns)

  statement_id  = "SNS"
  action        = "lambda:InvokeFunction"
  function_name = local.aliases[each.key].function_name
  qualifier     = local.aliases[each.key].name
  principal     = "sns.amazonaws.com"
  source_arn    = var.bucket_notification_topic_arn
}

resource "aws_cloudwatch_event_rule" "objects" {
  count = length(local.notified_by_eventbridge) > 0 ? 1 : 0

  name        = "${var.project}-trail-objects"
  description = "New files of CloudTrail, for the TrailAlerts analyzer"
  tags        = local.tags
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [local.bucket_name] }
      object = { key = [local.key_prefix == "" ? { suffix = ".json.gz" } : { wildcard = "${local.key_prefix}*.json.gz" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "objects" {
  for_each = toset(local.notified_by_eventbridge)

  rule      = aws_cloudwatch_event_rule.objects[0].name
  target_id = each.key
  arn       = local.aliases[each.key].arn

  dead_letter_config {
    arn = aws_sqs_queue.failed_events.arn
  }

  depends_on = [aws_lambda_permission.objects]
}

resource "aws_lambda_permission" "objects" {
  for_each = toset(local.notified_by_eventbridge)

  statement_id  = "EventBridgeObjects"
  action        = "lambda:InvokeFunction"
  function_name = local.aliases[each.key].function_name
  qualifier     = local.aliases[each.key].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.objects[0].arn
}
