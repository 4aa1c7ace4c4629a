# How the analyzer hears of files and events: the modes, the prefix, the fast path.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "manage" {
  assert {
    condition = (aws_s3_bucket_notification.trail[0].bucket == "trailalerts-cloudtrail-logs-111122223333" && !aws_s3_bucket_notification.trail[0].eventbridge &&
    length(aws_s3_bucket_notification.trail[0].lambda_function) == 1 && length(aws_s3_bucket_notification.trail[0].topic) == 0 && length(aws_s3_bucket_notification.trail[0].queue) == 0)
    error_message = "The bucket notifies the analyzer and nobody else."
  }
  assert {
    condition = (aws_s3_bucket_notification.trail[0].lambda_function[0].lambda_function_arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" &&
      tolist(aws_s3_bucket_notification.trail[0].lambda_function[0].events) == tolist(["s3:ObjectCreated:*"]) &&
    aws_s3_bucket_notification.trail[0].lambda_function[0].filter_suffix == ".json.gz" && aws_s3_bucket_notification.trail[0].lambda_function[0].filter_prefix == null)
    error_message = "New .json.gz objects are announced to the live analyzer."
  }
  assert {
    condition = (aws_lambda_permission.s3["live"].principal == "s3.amazonaws.com" && aws_lambda_permission.s3["live"].qualifier == "live" && aws_lambda_permission.s3["live"].function_name == "TrailAlerts-cloudtrail-analyzer" &&
    aws_lambda_permission.s3["live"].source_arn == "arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333" && aws_lambda_permission.s3["live"].source_account == "111122223333")
    error_message = "Only this bucket of this account may invoke the alias live."
  }
}

run "manage_an_existing_bucket" {
  variables {
    create_cloudtrail               = false
    existing_cloudtrail_bucket_name = "org-trail-logs"
    cloudtrail_log_filter_prefix    = "AWSLogs/o-abc123def4/"
  }

  assert {
    condition     = aws_s3_bucket_notification.trail[0].bucket == "org-trail-logs" && aws_s3_bucket_notification.trail[0].lambda_function[0].filter_prefix == "AWSLogs/o-abc123def4/"
    error_message = "The existing bucket announces objects below the prefix."
  }
  assert {
    condition     = aws_lambda_function.analyzer.environment[0].variables.CLOUDTRAIL_LOG_FILTER_PREFIX == "AWSLogs/o-abc123def4/"
    error_message = "The analyzer knows the prefix, too: SNS and EventBridge may announce more."
  }
  assert {
    condition     = length(aws_cloudtrail.trail) + length(aws_s3_bucket.trail) + length(aws_kms_key.trail) + length(aws_s3_bucket_policy.trail) == 0 && output.cloudtrail_bucket_name == "org-trail-logs" && output.cloudtrail_arn == null
    error_message = "Nothing of a trail is created, and the bucket's policy is not touched."
  }
}

run "sns" {
  variables {
    create_cloudtrail               = false
    existing_cloudtrail_bucket_name = "org-trail-logs"
    bucket_notification_mode        = "sns"
    bucket_notification_topic_arn   = "arn:aws:sns:eu-west-1:444455556666:trail-objects"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.trail) == 0 && length(aws_lambda_permission.s3) == 0 && length(aws_cloudwatch_event_rule.objects) == 0
    error_message = "The bucket is left alone."
  }
  assert {
    condition = (keys(aws_sns_topic_subscription.objects) == ["live"] && aws_sns_topic_subscription.objects["live"].topic_arn == "arn:aws:sns:eu-west-1:444455556666:trail-objects" && aws_sns_topic_subscription.objects["live"].protocol == "lambda" &&
    aws_sns_topic_subscription.objects["live"].endpoint == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live")
    error_message = "The live analyzer is subscribed to the topic."
  }
  assert {
    condition     = jsondecode(aws_sns_topic_subscription.objects["live"].redrive_policy).deadLetterTargetArn == aws_sqs_queue.failed_events.arn
    error_message = "What SNS cannot deliver is kept."
  }
  assert {
    condition     = aws_lambda_permission.sns["live"].principal == "sns.amazonaws.com" && aws_lambda_permission.sns["live"].qualifier == "live" && aws_lambda_permission.sns["live"].source_arn == "arn:aws:sns:eu-west-1:444455556666:trail-objects"
    error_message = "Only this topic may invoke the alias live."
  }
  assert {
    condition = jsondecode(aws_sqs_queue_policy.queue["failed_events"].policy).Statement[1] == {
      Sid       = "UndeliverableSns", Effect = "Allow", Principal = { Service = "sns.amazonaws.com" }, Action = "sqs:SendMessage", Resource = aws_sqs_queue.failed_events.arn
      Condition = { ArnEquals = { "aws:SourceArn" = ["arn:aws:sns:eu-west-1:444455556666:trail-objects"] } }
    }
    error_message = "SNS may put what it could not deliver into the queue of failed events: ${aws_sqs_queue_policy.queue["failed_events"].policy}"
  }
}

run "eventbridge_on_the_created_bucket" {
  variables {
    bucket_notification_mode = "eventbridge"
  }

  assert {
    condition     = aws_s3_bucket_notification.trail[0].eventbridge && length(aws_s3_bucket_notification.trail[0].lambda_function) == 0 && length(aws_lambda_permission.s3) == 0
    error_message = "The module's own bucket sends its events to EventBridge."
  }
  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.objects[0].event_pattern) == {
      source = ["aws.s3"], detail-type = ["Object Created"]
      detail = { bucket = { name = ["trailalerts-cloudtrail-logs-111122223333"] }, object = { key = [{ suffix = ".json.gz" }] } }
    }
    error_message = "The rule is about new .json.gz objects of the bucket: ${aws_cloudwatch_event_rule.objects[0].event_pattern}"
  }
  assert {
    condition = (keys(aws_cloudwatch_event_target.objects) == ["live"] && aws_cloudwatch_event_target.objects["live"].arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" &&
    aws_cloudwatch_event_target.objects["live"].dead_letter_config[0].arn == aws_sqs_queue.failed_events.arn)
    error_message = "The live analyzer is the rule's target, and what cannot be delivered is kept."
  }
  assert {
    condition     = aws_lambda_permission.objects["live"].principal == "events.amazonaws.com" && aws_lambda_permission.objects["live"].qualifier == "live" && aws_lambda_permission.objects["live"].source_arn == "arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-trail-objects"
    error_message = "Only this rule may invoke the alias live."
  }
  assert {
    condition = jsondecode(aws_sqs_queue_policy.queue["failed_events"].policy).Statement[1] == {
      Sid       = "UndeliverableEvents", Effect = "Allow", Principal = { Service = "events.amazonaws.com" }, Action = "sqs:SendMessage", Resource = aws_sqs_queue.failed_events.arn
      Condition = { ArnEquals = { "aws:SourceArn" = ["arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-trail-objects"] } }
    }
    error_message = "EventBridge may put what it could not deliver into the queue of failed events."
  }
}

run "eventbridge_on_a_bucket_of_others" {
  variables {
    create_cloudtrail               = false
    existing_cloudtrail_bucket_name = "org-trail-logs"
    bucket_notification_mode        = "eventbridge"
    cloudtrail_log_filter_prefix    = "AWSLogs/o-abc123def4/"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.trail) == 0
    error_message = "The notification configuration of a bucket of others is not written."
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.objects[0].event_pattern).detail == { bucket = { name = ["org-trail-logs"] }, object = { key = [{ wildcard = "AWSLogs/o-abc123def4/*.json.gz" }] } }
    error_message = "The rule narrows keys to the prefix and the suffix at once."
  }
}

run "none" {
  variables {
    bucket_notification_mode = "none"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.trail) + length(aws_sns_topic_subscription.objects) + length(aws_cloudwatch_event_rule.objects) + length(aws_lambda_permission.s3) + length(aws_lambda_permission.sns) + length(aws_lambda_permission.objects) == 0
    error_message = "Nothing announces objects."
  }
  assert {
    condition     = output.analyzer_live_alias_arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live"
    error_message = "The user is told what to invoke."
  }
}

run "fast_path" {
  variables {
    fast_path_enabled = true
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.fast_path[0].event_pattern) == { source = [{ prefix = "aws." }], detail-type = ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"] } && aws_cloudwatch_event_rule.fast_path[0].state == "ENABLED"
    error_message = "The rule is about API calls and console sign-ins that change something."
  }
  assert {
    condition = (aws_cloudwatch_event_target.fast_path["live"].arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" && aws_cloudwatch_event_target.fast_path["live"].dead_letter_config[0].arn == aws_sqs_queue.failed_events.arn &&
    aws_lambda_permission.fast_path["live"].source_arn == "arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-fast-path")
    error_message = "The live analyzer is the rule's target."
  }
  assert {
    condition     = length(aws_s3_bucket_notification.trail[0].lambda_function) == 1
    error_message = "Files are read as well."
  }
}

run "fast_path_narrowed" {
  variables {
    fast_path_enabled          = true
    fast_path_event_sources    = ["iam.amazonaws.com", "signin.amazonaws.com"]
    fast_path_read_only_events = true
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.fast_path[0].event_pattern).detail == { eventSource = ["iam.amazonaws.com", "signin.amazonaws.com"] } && aws_cloudwatch_event_rule.fast_path[0].state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    error_message = "The rule is about these services, and about what only reads, too."
  }
}

run "replay" {
  variables {
    replay_failed_events = true
  }

  assert {
    condition = (aws_lambda_event_source_mapping.replay[0].event_source_arn == aws_sqs_queue.failed_events.arn && aws_lambda_event_source_mapping.replay[0].function_name == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" &&
    tolist(aws_lambda_event_source_mapping.replay[0].function_response_types) == tolist(["ReportBatchItemFailures"]))
    error_message = "The live analyzer takes failed events again."
  }
}
