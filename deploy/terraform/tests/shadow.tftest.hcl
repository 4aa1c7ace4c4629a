# Shadow: the same events, another version, a memory of its own.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
  shadow_enabled    = true
  live_versions     = { analyzer = "7", processor = "7" }
  # Nothing is missing: no warning about it is expected here.
  kept_for_other_versions = {}
}

run "manage" {
  assert {
    condition = ({ for name, a in aws_lambda_alias.shadow : name => [a.name, a.function_name, a.function_version] } == {
      analyzer  = ["shadow", "TrailAlerts-cloudtrail-analyzer", "8"]
      processor = ["shadow", "TrailAlerts-event-processor", "8"]
    })
    error_message = "shadow points to the newest version of each function."
  }
  assert {
    condition     = output.live_versions == { analyzer = "7", processor = "7" } && output.shadow_versions == { analyzer = "8", processor = "8" }
    error_message = "live stays where it was."
  }
  assert {
    condition     = length(aws_s3_bucket_notification.trail[0].lambda_function) == 1 && aws_s3_bucket_notification.trail[0].lambda_function[0].lambda_function_arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live" && aws_s3_bucket_notification.trail[0].eventbridge
    error_message = "live hears from S3 as before, and S3 tells EventBridge as well."
  }
  assert {
    condition     = keys(aws_cloudwatch_event_target.objects) == ["shadow"] && aws_cloudwatch_event_target.objects["shadow"].arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:shadow" && aws_lambda_permission.objects["shadow"].qualifier == "shadow"
    error_message = "shadow hears of the same files by EventBridge, and live does not hear of them twice."
  }
}

run "queue_and_table" {
  assert {
    condition = (aws_lambda_event_source_mapping.shadow[0].event_source_arn == aws_sqs_queue.shadow[0].arn && aws_lambda_event_source_mapping.shadow[0].function_name == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:shadow" &&
    tolist(aws_lambda_event_source_mapping.shadow[0].function_response_types) == tolist(["ReportBatchItemFailures"]))
    error_message = "The shadow processor takes the findings of the shadow analyzer."
  }
  assert {
    condition = (aws_sqs_queue.shadow[0].url == aws_lambda_function.analyzer.environment[0].variables.SHADOW_SQS_QUEUE_URL && aws_sqs_queue.shadow[0].name == "TrailAlerts-alerts-queue-shadow" &&
    aws_dynamodb_table.shadow[0].name == nonsensitive(aws_lambda_function.processor.environment[0].variables.SHADOW_DYNAMODB_TABLE_NAME))
    error_message = "The functions are told the queue and the table that exist."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.shadow[0].redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.shadow_dead_letters[0].arn, maxReceiveCount = 5 } && aws_sqs_queue.shadow[0].visibility_timeout_seconds == aws_sqs_queue.findings.visibility_timeout_seconds
    error_message = "The queue of shadow behaves as that of live, with a dead-letter queue of its own."
  }
  assert {
    condition     = alltrue([for q in [aws_sqs_queue.shadow[0], aws_sqs_queue.shadow_dead_letters[0]] : q.sqs_managed_sse_enabled && q.message_retention_seconds == 14 * 86400])
    error_message = "They are encrypted, and keep messages for two weeks."
  }
  assert {
    condition = (aws_dynamodb_table.shadow[0].billing_mode == "PAY_PER_REQUEST" && aws_dynamodb_table.shadow[0].hash_key == "pk" && aws_dynamodb_table.shadow[0].range_key == "sk" && aws_dynamodb_table.shadow[0].ttl[0].attribute_name == "ttl" &&
    aws_dynamodb_table.shadow[0].ttl[0].enabled && aws_dynamodb_table.shadow[0].server_side_encryption[0].enabled && !coalesce(aws_dynamodb_table.shadow[0].deletion_protection_enabled, false))
    error_message = "The table of shadow is like that of live, and may be deleted."
  }
  assert {
    condition     = alltrue([for name in ["shadow", "shadow_dead_letters"] : jsondecode(aws_sqs_queue_policy.queue[name].policy).Statement[0].Sid == "TLSOnly"])
    error_message = "The queues of shadow are reached by TLS only."
  }
}

run "story" {
  assert {
    condition     = output.compare_command == "trailalerts compare dynamodb:TrailAlerts-security-events dynamodb:TrailAlerts-security-events-shadow --since 24h"
    error_message = "The outputs say how to compare: ${output.compare_command}"
  }
  assert {
    condition = output.promote_command == join(" && ", [
      "aws lambda update-alias --region eu-west-1 --name live --function-name TrailAlerts-event-processor --function-version 8",
      "aws lambda update-alias --region eu-west-1 --name live --function-name TrailAlerts-cloudtrail-analyzer --function-version 8",
    ])
    error_message = "The outputs say how to promote, the processor first: ${output.promote_command}"
  }
  assert {
    condition     = output.analyzer_shadow_alias_arn == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:shadow" && output.shadow_table_name == "TrailAlerts-security-events-shadow"
    error_message = "The outputs name the alias and the table."
  }
}

run "sns" {
  variables {
    bucket_notification_mode      = "sns"
    bucket_notification_topic_arn = "arn:aws:sns:eu-west-1:111122223333:trail-objects"
  }

  assert {
    condition     = { for name, s in aws_sns_topic_subscription.objects : name => s.endpoint } == { live = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live", shadow = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:shadow" }
    error_message = "Both are subscribed to the topic."
  }
  assert {
    condition     = { for name, p in aws_lambda_permission.sns : name => p.qualifier } == { live = "live", shadow = "shadow" } && length(aws_cloudwatch_event_rule.objects) == 0
    error_message = "The topic may invoke both, and there is no other way."
  }
}

run "eventbridge" {
  variables {
    bucket_notification_mode = "eventbridge"
  }

  assert {
    condition     = { for name, t in aws_cloudwatch_event_target.objects : name => t.arn } == { live = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live", shadow = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:shadow" }
    error_message = "Both are targets of the rule."
  }
}

run "none" {
  variables {
    bucket_notification_mode = "none"
  }

  assert {
    condition     = length(aws_s3_bucket_notification.trail) + length(aws_cloudwatch_event_rule.objects) + length(aws_sns_topic_subscription.objects) == 0
    error_message = "The user wires shadow, too."
  }
}

run "fast_path" {
  variables {
    fast_path_enabled = true
  }

  assert {
    condition     = { for name, t in aws_cloudwatch_event_target.fast_path : name => t.arn } == { live = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:live", shadow = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-cloudtrail-analyzer:shadow" } && keys(aws_lambda_permission.fast_path) == ["live", "shadow"]
    error_message = "Events take the fast path to both."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_policy.queue["failed_events"].policy).Statement[1].Condition == { ArnEquals = { "aws:SourceArn" = ["arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-trail-objects", "arn:aws:events:eu-west-1:111122223333:rule/TrailAlerts-fast-path"] } }
    error_message = "Both rules may put what they could not deliver into the queue of failed events."
  }
}

run "a_chosen_version" {
  variables {
    shadow_versions = { analyzer = "6" }
  }

  assert {
    condition     = output.shadow_versions == { analyzer = "6", processor = "8" }
    error_message = "Any published version can run in the shadow."
  }
}

run "promoted_by_input" {
  variables {
    live_versions   = { analyzer = "8", processor = "8" }
    shadow_versions = { analyzer = "7", processor = "7" }
  }

  assert {
    condition     = output.live_versions == { analyzer = "8", processor = "8" } && output.previous_versions == { analyzer = "7", processor = "7" }
    error_message = "Promoting is moving live to the version of shadow."
  }
}

run "beside_a_workflow" {
  variables {
    live_versions         = {}
    live_alias_managed_by = "workflow"
    shadow_versions       = { analyzer = "7" }
  }

  assert {
    condition     = aws_lambda_event_source_mapping.shadow[0].function_name == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:shadow" && output.live_versions == { analyzer = "8", processor = "8" }
    error_message = "Shadow works whoever moves live."
  }
}

# Turning shadow on or off must not publish another version of live.
run "environment_without_shadow" {
  variables {
    shadow_enabled = false
  }

  assert {
    condition     = aws_lambda_function.analyzer.environment[0].variables.SHADOW_SQS_QUEUE_URL == "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-queue-shadow" && nonsensitive(aws_lambda_function.processor.environment[0].variables.SHADOW_DYNAMODB_TABLE_NAME) == "TrailAlerts-security-events-shadow"
    error_message = "The environment is the same with and without shadow."
  }
}

run "nothing_to_compare" {
  expect_failures = [check.shadow_is_another_version]

  variables {
    live_versions = {}
  }
}
