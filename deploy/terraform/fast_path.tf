# The fast path: EventBridge delivers events within seconds, files come minutes
# later. Both lead to the same finding, which is decided on once.

resource "aws_cloudwatch_event_rule" "fast_path" {
  count = var.fast_path_enabled ? 1 : 0

  name        = "${var.project}-fast-path"
  description = "API calls and console sign-ins, for the TrailAlerts analyzer"
  tags        = local.tags
  # A rule that is merely enabled never sees management events that only read.
  state = var.fast_path_read_only_events ? "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" : "ENABLED"
  event_pattern = jsonencode(merge(
    # Only AWS can send events of such a source: anybody else's would be forged records.
    { source = [{ prefix = "aws." }], detail-type = ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"] },
    length(var.fast_path_event_sources) == 0 ? {} : { detail = { eventSource = var.fast_path_event_sources } },
  ))
}

resource "aws_cloudwatch_event_target" "fast_path" {
  for_each = var.fast_path_enabled ? local.alias_names : {}

  rule      = aws_cloudwatch_event_rule.fast_path[0].name
  target_id = each.key
  arn       = local.aliases[each.key].arn

  dead_letter_config {
    arn = aws_sqs_queue.failed_events.arn
  }

  depends_on = [aws_lambda_permission.fast_path]
}

resource "aws_lambda_permission" "fast_path" {
  for_each = var.fast_path_enabled ? local.alias_names : {}

  statement_id  = "EventBridgeFastPath"
  action        = "lambda:InvokeFunction"
  function_name = local.aliases[each.key].function_name
  qualifier     = local.aliases[each.key].name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.fast_path[0].arn
}
