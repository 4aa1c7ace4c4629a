# An account 111122223333 in eu-west-1, in which every queue, table, topic and
# function has the ARN that AWS would give it: tests compare policies with them.

mock_data "aws_caller_identity" {
  defaults = { account_id = "111122223333" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws", dns_suffix = "amazonaws.com" }
}

mock_data "aws_region" {
  defaults = { region = "eu-west-1" }
}

override_resource {
  target = aws_sqs_queue.findings
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-queue"
  }
}

override_resource {
  target = aws_sqs_queue.dead_letters
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-dlq"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-dlq"
  }
}

override_resource {
  target = aws_sqs_queue.failed_events
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-analyzer-failed-events"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-analyzer-failed-events"
  }
}

override_resource {
  target = aws_sqs_queue.shadow
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue-shadow"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-queue-shadow"
  }
}

override_resource {
  target = aws_sqs_queue.shadow_dead_letters
  values = {
    arn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-dlq-shadow"
    url = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-dlq-shadow"
  }
}

override_resource {
  target = aws_dynamodb_table.memory
  values = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/TrailAlerts-security-events" }
}

override_resource {
  target = aws_dynamodb_table.shadow
  values = { arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/TrailAlerts-security-events-shadow" }
}

override_resource {
  target = aws_sns_topic.alerts
  values = { arn = "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts" }
}

override_resource {
  target = aws_kms_key.trail
  values = {
    arn    = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    key_id = "11111111-2222-3333-4444-555555555555"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.analyzer
  values = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/trailalerts/TrailAlerts/cloudtrail-analyzer" }
}

override_resource {
  target = aws_cloudwatch_log_group.processor
  values = { arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/trailalerts/TrailAlerts/event-processor" }
}

override_resource {
  target = aws_cloudwatch_event_rule.objects
  values = { arn = "arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-trail-objects" }
}

override_resource {
  target = aws_cloudwatch_event_rule.fast_path
  values = { arn = "arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-fast-path" }
}

override_resource {
  target = aws_iam_role.analyzer
  values = { arn = "arn:aws:iam::111122223333:role/TrailAlerts-cloudtrail-analyzer-role" }
}

override_resource {
  target = aws_iam_role.processor
  values = { arn = "arn:aws:iam::111122223333:role/TrailAlerts-event-processor-role" }
}

# Eight versions of both have been published.
override_resource {
  target = aws_lambda_function.analyzer
  values = {
    arn     = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer"
    version = "8"
  }
}

override_resource {
  target = aws_lambda_function.processor
  values = {
    arn     = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor"
    version = "8"
  }
}

override_resource {
  target = aws_lambda_alias.live["analyzer"]
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" }
}

override_resource {
  target = aws_lambda_alias.live["processor"]
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:live" }
}

override_resource {
  target = aws_lambda_alias.live_moved_by_workflow["analyzer"]
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" }
}

override_resource {
  target = aws_lambda_alias.live_moved_by_workflow["processor"]
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:live" }
}

override_resource {
  target = aws_lambda_alias.shadow["analyzer"]
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:shadow" }
}

override_resource {
  target = aws_lambda_alias.shadow["processor"]
  values = { arn = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:shadow" }
}
