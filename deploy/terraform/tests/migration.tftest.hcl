# Taking over from the TrailAlerts module: one apply in a state that it has left
# behind. An object whose id is the same afterwards was kept.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "a_state_of_the_trailalerts_module" {
  state_key = "migration"

  module {
    source = "./tests/states/trailalerts"
  }
}

run "takes_over" {
  state_key = "migration"

  variables {
    correlation_enabled = true
  }

  assert {
    condition = {
      trail            = aws_cloudtrail.trail[0].id
      key              = aws_kms_key.trail[0].id
      key_alias        = aws_kms_alias.trail[0].id
      bucket           = aws_s3_bucket.trail[0].id
      bucket_policy    = aws_s3_bucket_policy.trail[0].id
      table            = aws_dynamodb_table.memory.id
      queue            = aws_sqs_queue.findings.id
      topic            = aws_sns_topic.alerts[0].id
      topic_policy     = aws_sns_topic_policy.alerts[0].id
      subscription     = aws_sns_topic_subscription.email[0].id
      analyzer         = aws_lambda_function.analyzer.id
      analyzer_role    = aws_iam_role.analyzer.id
      analyzer_policy  = aws_iam_role_policy.analyzer.id
      notification     = aws_s3_bucket_notification.trail[0].id
      processor        = aws_lambda_function.processor.id
      processor_role   = aws_iam_role.processor.id
      processor_policy = aws_iam_role_policy.processor.id
      mapping          = aws_lambda_event_source_mapping.findings.id
    } == run.a_state_of_the_trailalerts_module.ids
    error_message = "Everything that the TrailAlerts module made and this one needs is kept: ${jsonencode(run.a_state_of_the_trailalerts_module.ids)}."
  }
  # Any of these that changed would be an object of another name, and so another
  # object.
  assert {
    condition = (aws_cloudtrail.trail[0].name == "TrailAlerts-security-trail" && aws_kms_alias.trail[0].name == "alias/trailalerts-cloudtrail-logs" && aws_s3_bucket.trail[0].bucket == "trailalerts-cloudtrail-logs-111122223333" &&
      aws_dynamodb_table.memory.name == "TrailAlerts-security-events" && aws_dynamodb_table.memory.hash_key == "pk" && aws_dynamodb_table.memory.range_key == "sk" && aws_sqs_queue.findings.name == "TrailAlerts-alerts-queue" && aws_sns_topic.alerts[0].name == "TrailAlerts-cloudtrail-alerts" &&
      aws_lambda_function.analyzer.function_name == "TrailAlerts-cloudtrail-analyzer" && aws_lambda_function.processor.function_name == "TrailAlerts-event-processor" &&
      aws_iam_role.analyzer.name == "TrailAlerts-cloudtrail-analyzer-role" && aws_iam_role.processor.name == "TrailAlerts-event-processor-role" &&
    aws_iam_role_policy.analyzer.name == "TrailAlerts-cloudtrail-analyzer-policy" && aws_iam_role_policy.processor.name == "TrailAlerts-event-processor-policy")
    error_message = "What is kept keeps its name."
  }
  assert {
    condition     = aws_lambda_function.analyzer.runtime == "provided.al2023" && aws_lambda_function.processor.runtime == "provided.al2023"
    error_message = "The functions get other code."
  }
}
