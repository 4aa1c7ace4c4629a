# What has to be looked at by a person. None of them is about shadow, but for
# events that the analyzer could not take: Lambda keeps those of both aliases in
# one queue.

locals {
  alarms = merge(
    {
      "dead-letters" = {
        description = "Findings could not be decided or sent. They wait in ${aws_sqs_queue.dead_letters.name} for two weeks; move them back when the cause is mended."
        namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", threshold = 0
        dimensions  = { QueueName = aws_sqs_queue.dead_letters.name }
      }
      "failed-events" = {
        description = "Files or events could not be read. They wait in ${aws_sqs_queue.failed_events.name} for two weeks; replay_failed_events takes them up again."
        namespace   = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", threshold = 0
        dimensions  = { QueueName = aws_sqs_queue.failed_events.name }
      }
      "oldest-finding" = {
        description = "A finding has waited for more than a quarter of an hour to be decided and sent."
        namespace   = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum", threshold = 900
        dimensions  = { QueueName = aws_sqs_queue.findings.name }
      }
      "notify-failures" = {
        description = "A channel did not take an alert. The processor tries again with the queue; its log names the channel."
        namespace   = var.project, metric = "NotifyFailed", statistic = "Sum", threshold = 0
        dimensions  = {}
      }
      "skipped-events" = {
        description = "The analyzer was given something that it does not know, and skipped it: its log says what."
        namespace   = var.project, metric = "EventsSkipped", statistic = "Sum", threshold = 0
        dimensions  = {}
      }
    },
    { for pair in setproduct(["analyzer", "processor"], ["Errors", "Throttles"]) : "${pair[0]}-${lower(pair[1])}" => {
      description = "${pair[1]} of the live ${pair[0]}."
      namespace   = "AWS/Lambda", metric = pair[1], statistic = "Sum", threshold = 0
      dimensions  = { FunctionName = local.functions[pair[0]].name, Resource = "${local.functions[pair[0]].name}:live" }
    } },
  )
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each = local.alarms

  alarm_name          = "${var.project}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.threshold
  period              = 300
  evaluation_periods  = 1
  # No data is no failure: none of these is reported when nothing happens.
  treat_missing_data = "notBreaching"
  alarm_actions      = local.alarm_actions
  ok_actions         = local.alarm_actions
  tags               = local.tags
}

# A detection that sees nothing raises no error anywhere: the trail was stopped, its
# bucket moved, its notification overwritten. The metric is then missing, which is
# why that counts as breaching. It counts files alone, since the fast path goes on
# bringing records of one region when no file comes any more.
resource "aws_cloudwatch_metric_alarm" "no_files" {
  count = var.no_files_alarm_minutes > 0 ? 1 : 0

  alarm_name          = "${var.project}-no-files"
  alarm_description   = "No file of CloudTrail was read for ${var.no_files_alarm_minutes} minutes: has the trail, its bucket or its notification been changed?"
  namespace           = var.project
  metric_name         = "ObjectsRead"
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = var.no_files_alarm_minutes * 60
  evaluation_periods  = 1
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = local.tags
}

locals {
  alarm_actions = compact([var.alarm_topic_arn])
}
