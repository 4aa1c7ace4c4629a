# The module with nothing but what has to be given: what users of the TrailAlerts
# module get without a change, and how it is set up to lose nothing.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "functions" {
  assert {
    condition = alltrue([for f in [aws_lambda_function.analyzer, aws_lambda_function.processor] :
    f.runtime == "provided.al2023" && tolist(f.architectures) == tolist(["arm64"]) && f.handler == "bootstrap" && f.publish])
    error_message = "Both functions are arm64 on provided.al2023, and every release publishes a version."
  }
  assert {
    condition     = aws_lambda_function.analyzer.function_name == "TrailAlerts-cloudtrail-analyzer" && aws_lambda_function.processor.function_name == "TrailAlerts-event-processor"
    error_message = "The functions have the names that they have in the TrailAlerts module."
  }
  assert {
    condition     = aws_lambda_function.analyzer.reserved_concurrent_executions == null && aws_lambda_function.processor.reserved_concurrent_executions == null && length(aws_lambda_event_source_mapping.findings.scaling_config) == 0
    error_message = "No concurrency is reserved or limited by default."
  }
  assert {
    condition     = alltrue([for f in [aws_lambda_function.analyzer, aws_lambda_function.processor] : f.logging_config[0].log_format == "JSON" && f.logging_config[0].application_log_level == "INFO"])
    error_message = "Lambda sets AWS_LAMBDA_LOG_LEVEL for functions that log JSON only."
  }
  assert {
    condition     = aws_lambda_function.analyzer.logging_config[0].log_group == "/trailalerts/TrailAlerts/cloudtrail-analyzer" && aws_lambda_function.processor.logging_config[0].log_group == "/trailalerts/TrailAlerts/event-processor"
    error_message = "Each function logs to its own group."
  }
  assert {
    condition     = alltrue([for g in [aws_cloudwatch_log_group.analyzer, aws_cloudwatch_log_group.processor] : g.retention_in_days == 30])
    error_message = "Logs are kept for 30 days."
  }
  assert {
    condition     = output.trailalerts_cloudtrail_analyzer_log_group_arn == aws_cloudwatch_log_group.analyzer.arn && output.trailalerts_event_processor_log_group_arn == aws_cloudwatch_log_group.processor.arn
    error_message = "The outputs of the TrailAlerts module are the ARNs of the log groups."
  }
  assert {
    condition     = aws_lambda_function.analyzer.tags == tomap({ Project = "TrailAlerts", Environment = "dev", ManagedBy = "Terraform" })
    error_message = "Project and environment are tags."
  }
}

run "analyzer_environment" {
  assert {
    condition = aws_lambda_function.analyzer.environment[0].variables == tomap({
      SQS_QUEUE_URL        = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-queue"
      SHADOW_SQS_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/TrailAlerts-alerts-queue-shadow"
      METRICS_NAMESPACE    = "TrailAlerts"
    })
    error_message = "The analyzer's environment is ${jsonencode(aws_lambda_function.analyzer.environment[0].variables)}."
  }
}

run "processor_environment" {
  assert {
    condition = nonsensitive(aws_lambda_function.processor.environment[0].variables) == tomap({
      DYNAMODB_TABLE_NAME           = "TrailAlerts-security-events"
      SHADOW_DYNAMODB_TABLE_NAME    = "TrailAlerts-security-events-shadow"
      METRICS_NAMESPACE             = "TrailAlerts"
      MIN_NOTIFICATION_SEVERITY     = "medium"
      NOTIFICATION_COOLDOWN_MINUTES = "60"
      CORRELATION_ENABLED           = "false"
      SNS_TOPIC_ARN                 = "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts"
    })
    error_message = "The processor's environment is ${jsonencode(nonsensitive(aws_lambda_function.processor.environment[0].variables))}."
  }
}

run "queues" {
  assert {
    condition     = aws_sqs_queue.findings.name == "TrailAlerts-alerts-queue" && aws_sqs_queue.findings.visibility_timeout_seconds >= 6 * aws_lambda_function.processor.timeout
    error_message = "The queue of findings hides a batch for six times the processor's timeout."
  }
  assert {
    condition = jsondecode(aws_sqs_queue.findings.redrive_policy) == {
      deadLetterTargetArn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-dlq"
      maxReceiveCount     = 5
    }
    error_message = "A finding that fails goes to the dead-letter queue: ${aws_sqs_queue.findings.redrive_policy}."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.findings.redrive_policy).maxReceiveCount * aws_sqs_queue.findings.visibility_timeout_seconds > 600
    error_message = "A finding comes again for more than the ten minutes that it may be in another instance's hands."
  }
  assert {
    condition     = alltrue([for q in [aws_sqs_queue.findings, aws_sqs_queue.dead_letters, aws_sqs_queue.failed_events] : q.message_retention_seconds == 14 * 86400])
    error_message = "Queues keep messages for two weeks."
  }
  assert {
    condition     = alltrue([for q in [aws_sqs_queue.findings, aws_sqs_queue.dead_letters, aws_sqs_queue.failed_events] : q.sqs_managed_sse_enabled && q.kms_master_key_id == null])
    error_message = "Queues are encrypted by SQS without a key of the user's."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue_redrive_allow_policy.dead_letters.redrive_allow_policy) == { redrivePermission = "byQueue", sourceQueueArns = [aws_sqs_queue.findings.arn] }
    error_message = "Only the queue of findings may use the dead-letter queue."
  }
  assert {
    condition     = aws_lambda_function.analyzer.dead_letter_config[0].target_arn == aws_sqs_queue.failed_events.arn && aws_sqs_queue.failed_events.visibility_timeout_seconds >= 6 * aws_lambda_function.analyzer.timeout
    error_message = "What the analyzer fails on three times is kept, and can be replayed from there."
  }
  assert {
    condition = (aws_lambda_event_source_mapping.findings.event_source_arn == aws_sqs_queue.findings.arn &&
      aws_lambda_event_source_mapping.findings.function_name == "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor:live" &&
    tolist(aws_lambda_event_source_mapping.findings.function_response_types) == tolist(["ReportBatchItemFailures"]))
    error_message = "The live processor takes findings, and reports which of a batch failed."
  }
  assert {
    condition = alltrue([for name, q in { findings = aws_sqs_queue.findings, dead_letters = aws_sqs_queue.dead_letters, failed_events = aws_sqs_queue.failed_events } :
      jsondecode(aws_sqs_queue_policy.queue[name].policy).Statement == [{
        Sid = "TLSOnly", Effect = "Deny", Principal = "*", Action = "sqs:*", Resource = q.arn, Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }] && aws_sqs_queue_policy.queue[name].queue_url == q.url])
    error_message = "Queues are reached by TLS only, and by nobody whose own policy does not say so."
  }
}

run "table" {
  assert {
    condition     = aws_dynamodb_table.memory.name == "TrailAlerts-security-events" && aws_dynamodb_table.memory.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table is there without correlations, on demand."
  }
  assert {
    condition     = aws_dynamodb_table.memory.hash_key == "pk" && aws_dynamodb_table.memory.range_key == "sk" && toset([for a in aws_dynamodb_table.memory.attribute : "${a.name} ${a.type}"]) == toset(["pk S", "sk S"])
    error_message = "The keys of the table are pk and sk, both text."
  }
  assert {
    condition     = aws_dynamodb_table.memory.ttl[0].enabled && aws_dynamodb_table.memory.ttl[0].attribute_name == "ttl" && aws_dynamodb_table.memory.point_in_time_recovery[0].enabled && aws_dynamodb_table.memory.server_side_encryption[0].enabled
    error_message = "The table expires items by ttl, can be restored to a point in time, and is encrypted."
  }
  assert {
    condition     = aws_dynamodb_table.memory.deletion_protection_enabled
    error_message = "The table is protected from deletion."
  }
}

run "topic" {
  assert {
    condition     = aws_sns_topic.alerts[0].name == "TrailAlerts-cloudtrail-alerts" && aws_sns_topic.alerts[0].kms_master_key_id == "alias/aws/sns"
    error_message = "The topic of alerts is encrypted."
  }
  assert {
    condition = jsondecode(aws_sns_topic_policy.alerts[0].policy).Statement == [{
      Sid = "TLSOnly", Effect = "Deny", Principal = "*", Action = "sns:Publish", Resource = "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts", Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The topic is reached by TLS only, and by nobody whose own policy does not say so."
  }
  assert {
    condition     = aws_sns_topic_subscription.email[0].protocol == "email" && aws_sns_topic_subscription.email[0].endpoint == "security@example.com"
    error_message = "email_endpoint is subscribed to the topic."
  }
  assert {
    condition     = length(aws_sesv2_email_identity.identity) == 0
    error_message = "No SES identity is created unless it is asked for."
  }
}

run "without_a_topic" {
  variables {
    enable_sns = false
  }

  assert {
    condition     = length(aws_sns_topic.alerts) == 0 && length(aws_sns_topic_subscription.email) == 0 && output.alerts_topic_arn == null && !contains(keys(nonsensitive(aws_lambda_function.processor.environment[0].variables)), "SNS_TOPIC_ARN")
    error_message = "enable_sns = false leaves no trace of a topic."
  }
}

run "off_means_off" {
  assert {
    condition     = length(aws_lambda_alias.shadow) + length(aws_sqs_queue.shadow) + length(aws_dynamodb_table.shadow) + length(aws_lambda_event_source_mapping.shadow) == 0
    error_message = "There is nothing of shadow."
  }
  assert {
    condition     = length(aws_cloudwatch_event_rule.fast_path) + length(aws_cloudwatch_event_rule.objects) + length(aws_lambda_event_source_mapping.replay) == 0
    error_message = "There is no rule and no replay."
  }
  assert {
    condition     = output.analyzer_shadow_alias_arn == null && output.shadow_versions == null && output.promote_command == null && output.compare_command == null && output.shadow_table_name == null
    error_message = "Outputs of shadow are null."
  }
}
