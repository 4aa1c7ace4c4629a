# Alarms: what is measured, about whom, and who is told.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "alarms" {
  variables {
    alarm_topic_arn = "arn:aws:sns:eu-west-1:111122223333:operations"
    project         = "Acme"
  }

  assert {
    condition = jsonencode({ for name, a in aws_cloudwatch_metric_alarm.alarm : name => [a.namespace, a.metric_name, a.statistic, a.threshold, a.dimensions] }) == jsonencode({
      dead-letters        = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, { QueueName = "Acme-alerts-dlq" }]
      failed-events       = ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", 0, { QueueName = "Acme-analyzer-failed-events" }]
      oldest-finding      = ["AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", 900, { QueueName = "Acme-alerts-queue" }]
      notify-failures     = ["Acme", "NotifyFailed", "Sum", 0, {}]
      skipped-events      = ["Acme", "EventsSkipped", "Sum", 0, {}]
      analyzer-errors     = ["AWS/Lambda", "Errors", "Sum", 0, { FunctionName = "Acme-cloudtrail-analyzer", Resource = "Acme-cloudtrail-analyzer:live" }]
      analyzer-throttles  = ["AWS/Lambda", "Throttles", "Sum", 0, { FunctionName = "Acme-cloudtrail-analyzer", Resource = "Acme-cloudtrail-analyzer:live" }]
      processor-errors    = ["AWS/Lambda", "Errors", "Sum", 0, { FunctionName = "Acme-event-processor", Resource = "Acme-event-processor:live" }]
      processor-throttles = ["AWS/Lambda", "Throttles", "Sum", 0, { FunctionName = "Acme-event-processor", Resource = "Acme-event-processor:live" }]
    })
    error_message = "The alarms are ${jsonencode({ for name, a in aws_cloudwatch_metric_alarm.alarm : name => [a.namespace, a.metric_name, a.statistic, a.threshold, a.dimensions] })}."
  }
  assert {
    condition     = alltrue([for a in aws_cloudwatch_metric_alarm.alarm : a.comparison_operator == "GreaterThanThreshold" && a.period == 300 && a.evaluation_periods == 1 && a.treat_missing_data == "notBreaching"])
    error_message = "They go off within five minutes, and only when something is reported."
  }
  assert {
    condition = (aws_cloudwatch_metric_alarm.no_files[0].namespace == "Acme" && aws_cloudwatch_metric_alarm.no_files[0].metric_name == "ObjectsRead" && aws_cloudwatch_metric_alarm.no_files[0].statistic == "Sum" &&
      aws_cloudwatch_metric_alarm.no_files[0].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.no_files[0].threshold == 1 && aws_cloudwatch_metric_alarm.no_files[0].period == 3600 &&
    aws_cloudwatch_metric_alarm.no_files[0].treat_missing_data == "breaching")
    error_message = "An hour without a file is an alarm, also when nothing at all is reported, and while the fast path brings records."
  }
  assert {
    condition = alltrue([for a in concat(values(aws_cloudwatch_metric_alarm.alarm), aws_cloudwatch_metric_alarm.no_files) :
    toset(a.alarm_actions) == toset(["arn:aws:sns:eu-west-1:111122223333:operations"]) && toset(a.ok_actions) == toset(["arn:aws:sns:eu-west-1:111122223333:operations"])])
    error_message = "The topic is told when an alarm goes off and when it is over."
  }
  assert {
    condition     = length(output.alarm_names) == 10 && contains(output.alarm_names, "Acme-no-files") && contains(output.alarm_names, "Acme-dead-letters")
    error_message = "The alarms can be found by their names."
  }
  assert {
    condition     = aws_lambda_function.analyzer.environment[0].variables.METRICS_NAMESPACE == "Acme" && nonsensitive(aws_lambda_function.processor.environment[0].variables.METRICS_NAMESPACE) == "Acme"
    error_message = "The functions report to the namespace that the alarms read."
  }
}

run "nobody_to_tell" {
  assert {
    condition     = alltrue([for a in concat(values(aws_cloudwatch_metric_alarm.alarm), aws_cloudwatch_metric_alarm.no_files) : length(coalesce(a.alarm_actions, [])) == 0])
    error_message = "Without a topic the alarms tell nobody."
  }
}

run "a_quiet_account" {
  variables {
    no_files_alarm_minutes = 0
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.no_files) == 0
    error_message = "The alarm about silence can be turned off."
  }
}

run "a_slower_alarm" {
  variables {
    no_files_alarm_minutes = 180
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.no_files[0].period == 10800
    error_message = "The alarm about silence can wait longer."
  }
}
