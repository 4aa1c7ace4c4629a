# Taking over from the TrailAlerts module: what exists under its addresses goes on
# existing under ours. tests/migration.tftest.hcl holds this file.

moved {
  from = module.cloudtrail[0].aws_cloudtrail.security_trail
  to   = aws_cloudtrail.trail[0]
}

moved {
  from = module.cloudtrail[0].aws_kms_key.cloudtrail_logs
  to   = aws_kms_key.trail[0]
}

moved {
  from = module.cloudtrail[0].aws_kms_alias.cloudtrail_logs
  to   = aws_kms_alias.trail[0]
}

moved {
  from = module.cloudtrail[0].aws_s3_bucket.cloudtrail_logs
  to   = aws_s3_bucket.trail[0]
}

moved {
  from = module.cloudtrail[0].aws_s3_bucket_policy.cloudtrail_logs_policy
  to   = aws_s3_bucket_policy.trail[0]
}

moved {
  from = module.dynamodb[0].aws_dynamodb_table.security_events
  to   = aws_dynamodb_table.memory
}

moved {
  from = module.sqs.aws_sqs_queue.trailalerts_alerts_queue
  to   = aws_sqs_queue.findings
}

# A subscription that was confirmed stays so.
moved {
  from = module.sns[0].aws_sns_topic_subscription.email_subscription
  to   = aws_sns_topic_subscription.email[0]
}

moved {
  from = module.sns[0].aws_sns_topic.trailalerts_alerts_topic
  to   = aws_sns_topic.alerts[0]
}

moved {
  from = module.sns[0].aws_sns_topic_policy.trailalerts_alerts_policy
  to   = aws_sns_topic_policy.alerts[0]
}

# The functions stay the same ones and get other code, so that no notice of a file
# goes to a function that is gone.
moved {
  from = module.lambda_cloudtrail_analyzer.aws_lambda_function.trailalerts_cloudtrail_analyzer
  to   = aws_lambda_function.analyzer
}

moved {
  from = module.lambda_cloudtrail_analyzer.aws_iam_role.trailalerts_cloudtrail_analyzer_role
  to   = aws_iam_role.analyzer
}

moved {
  from = module.lambda_cloudtrail_analyzer.aws_iam_role_policy.trailalerts_cloudtrail_analyzer_policy
  to   = aws_iam_role_policy.analyzer
}

moved {
  from = module.lambda_cloudtrail_analyzer.aws_s3_bucket_notification.cloudtrail_logs_notification
  to   = aws_s3_bucket_notification.trail[0]
}

moved {
  from = module.lambda_event_processor.aws_lambda_function.trailalerts_event_processor
  to   = aws_lambda_function.processor
}

moved {
  from = module.lambda_event_processor.aws_iam_role.trailalerts_event_processor_role
  to   = aws_iam_role.processor
}

moved {
  from = module.lambda_event_processor.aws_iam_role_policy.trailalerts_event_processor_policy
  to   = aws_iam_role_policy.processor
}

moved {
  from = module.lambda_event_processor.aws_lambda_event_source_mapping.sqs_to_event_processor
  to   = aws_lambda_event_source_mapping.findings
}

# What Terraform forgets and leaves in place.

# The rules that people wrote. Terraform could not delete a bucket with objects in
# it, and must not.
removed {
  from = module.s3.aws_s3_bucket.trailalerts_rules_bucket
  lifecycle {
    destroy = false
  }
}

removed {
  from = module.s3.aws_s3_object.sigma_rules_folder
  lifecycle {
    destroy = false
  }
}

removed {
  from = module.s3.aws_s3_object.postprocessing_rules_folder
  lifecycle {
    destroy = false
  }
}

# The logs until now, with the retention that they have.
removed {
  from = module.lambda_cloudtrail_analyzer.aws_cloudwatch_log_group.trailalerts_cloudtrail_analyzer_log_group
  lifecycle {
    destroy = false
  }
}

removed {
  from = module.lambda_event_processor.aws_cloudwatch_log_group.trailalerts_event_processor_log_group
  lifecycle {
    destroy = false
  }
}

# S3's right to invoke the function without an alias. Deleted in the same apply, it
# might be gone before the bucket notifies the alias, and files of that moment
# would be missed.
removed {
  from = module.lambda_cloudtrail_analyzer.aws_lambda_permission.allow_s3
  lifecycle {
    destroy = false
  }
}
