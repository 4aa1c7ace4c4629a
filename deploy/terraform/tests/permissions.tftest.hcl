# What the functions are allowed: each thing by its ARN, and nothing that they are
# not configured for.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "least" {
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.analyzer.policy).Statement : s.Sid => [s.Effect, s.Action, s.Resource] } == {
      WriteLogs        = ["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:eu-west-1:111122223333:log-group:/trailalerts/TrailAlerts/cloudtrail-analyzer:*"]
      ReadFiles        = ["Allow", "s3:GetObject", "arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333/AWSLogs/*"]
      DecryptFiles     = ["Allow", "kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"]
      SendFindings     = ["Allow", "sqs:SendMessage", ["arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue"]]
      KeepFailedEvents = ["Allow", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-analyzer-failed-events"]
    }
    error_message = "The analyzer may ${aws_iam_role_policy.analyzer.policy}."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Sid => [s.Effect, s.Action, s.Resource] } == {
      WriteLogs     = ["Allow", ["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:eu-west-1:111122223333:log-group:/trailalerts/TrailAlerts/event-processor:*"]
      TakeFindings  = ["Allow", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], ["arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue"]]
      Remember      = ["Allow", ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"], ["arn:aws:dynamodb:eu-west-1:111122223333:table/TrailAlerts-security-events"]]
      PublishAlerts = ["Allow", "sns:Publish", "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts"]
    }
    error_message = "The processor may ${aws_iam_role_policy.processor.policy}."
  }
  assert {
    condition     = aws_iam_role_policy.analyzer.role == aws_iam_role.analyzer.id && aws_iam_role_policy.processor.role == aws_iam_role.processor.id && aws_lambda_function.analyzer.role == aws_iam_role.analyzer.arn && aws_lambda_function.processor.role == aws_iam_role.processor.arn
    error_message = "Each function has its own role, and each role its own policy."
  }
  assert {
    condition = alltrue([for r in [aws_iam_role.analyzer, aws_iam_role.processor] :
    jsondecode(r.assume_role_policy).Statement == [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]])
    error_message = "Lambda alone assumes the roles."
  }
  assert {
    condition     = length(aws_iam_role_policy_attachment.processor_vpc) == 0
    error_message = "No managed policy is attached."
  }
}

# Everything that can be turned on at once: what is allowed more is named as exactly.
run "most" {
  variables {
    create_cloudtrail                    = false
    existing_cloudtrail_bucket_name      = "org-trail-logs"
    existing_cloudtrail_logs_kms_key_arn = "arn:aws:kms:eu-west-1:444455556666:key/aaaaaaaa-2222-3333-4444-555555555555"
    cloudtrail_log_filter_prefix         = "AWSLogs/o-abc123def4/"
    shadow_enabled                       = true
    live_versions                        = { analyzer = "7", processor = "7" }
    kept_for_other_versions              = {}
    replay_failed_events                 = true
    sqs_kms_master_key_id                = "bbbbbbbb-2222-3333-4444-555555555555"
    sns_kms_master_key_id                = "arn:aws:kms:eu-west-1:111122223333:key/cccccccc-2222-3333-4444-555555555555"
    dynamodb_kms_key_arn                 = "arn:aws:kms:eu-west-1:111122223333:key/dddddddd-2222-3333-4444-555555555555"
    source_email                         = "TrailAlerts <alerts@mail.example.com>"
    email_cc                             = ["soc@example.org"]
    ses_identities                       = ["example.com"]
    ses_configuration_set                = "alerts"
    event_bus_name                       = "security"
    webhook_url_secret_arn               = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhook-AbCdEf"
    webhook_headers_secret_arn           = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:headers-AbCdEf"
    webhook_signing_key_secret_arn       = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:signing-AbCdEf"
    slack_webhook_url_secret_arn         = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:slack-AbCdEf"
    teams_webhook_url_secret_arn         = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:teams-AbCdEf"
    pagerduty_routing_key_secret_arn     = "arn:aws:secretsmanager:us-east-1:111122223333:secret:pagerduty-AbCdEf"
    vpnapi_key_secret_arn                = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:vpnapi-AbCdEf"
    secrets_kms_key_arns                 = ["arn:aws:kms:eu-west-1:111122223333:key/eeeeeeee-2222-3333-4444-555555555555"]
    processor_vpc                        = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.analyzer.policy).Statement : s.Sid => [s.Action, s.Resource] } == {
      WriteLogs          = [["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:eu-west-1:111122223333:log-group:/trailalerts/TrailAlerts/cloudtrail-analyzer:*"]
      ReadFiles          = ["s3:GetObject", "arn:aws:s3:::org-trail-logs/AWSLogs/o-abc123def4/*"]
      DecryptFiles       = ["kms:Decrypt", "arn:aws:kms:eu-west-1:444455556666:key/aaaaaaaa-2222-3333-4444-555555555555"]
      SendFindings       = ["sqs:SendMessage", ["arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue", "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue-shadow"]]
      KeepFailedEvents   = ["sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-analyzer-failed-events"]
      ReplayFailedEvents = [["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-analyzer-failed-events"]
      EncryptFindings    = [["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:eu-west-1:111122223333:key/bbbbbbbb-2222-3333-4444-555555555555"]
    }
    error_message = "The analyzer may ${aws_iam_role_policy.analyzer.policy}."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Sid => [s.Action, s.Resource] if s.Effect == "Allow" } == {
      WriteLogs       = [["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:eu-west-1:111122223333:log-group:/trailalerts/TrailAlerts/event-processor:*"]
      TakeFindings    = [["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], ["arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue", "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue-shadow"]]
      Remember        = [["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"], ["arn:aws:dynamodb:eu-west-1:111122223333:table/TrailAlerts-security-events", "arn:aws:dynamodb:eu-west-1:111122223333:table/TrailAlerts-security-events-shadow"]]
      DecryptFindings = ["kms:Decrypt", "arn:aws:kms:eu-west-1:111122223333:key/bbbbbbbb-2222-3333-4444-555555555555"]
      UseTableKey     = [["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"], "arn:aws:kms:eu-west-1:111122223333:key/dddddddd-2222-3333-4444-555555555555"]
      SendMail = [["ses:SendEmail", "ses:SendRawEmail"], [
        "arn:aws:ses:eu-west-1:111122223333:identity/alerts@mail.example.com",
        "arn:aws:ses:eu-west-1:111122223333:identity/mail.example.com",
        "arn:aws:ses:eu-west-1:111122223333:identity/security@example.com",
        "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
        "arn:aws:ses:eu-west-1:111122223333:identity/soc@example.org",
        "arn:aws:ses:eu-west-1:111122223333:identity/example.org",
        "arn:aws:ses:eu-west-1:111122223333:configuration-set/alerts",
      ]]
      PublishAlerts = ["sns:Publish", "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts"]
      EncryptAlerts = [["kms:GenerateDataKey", "kms:Decrypt"], "arn:aws:kms:eu-west-1:111122223333:key/cccccccc-2222-3333-4444-555555555555"]
      PutAlerts     = ["events:PutEvents", ["arn:aws:events:eu-west-1:111122223333:event-bus/security"]]
      ReadSecrets = ["secretsmanager:GetSecretValue", [
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhook-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:headers-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:signing-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:slack-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:teams-AbCdEf",
        "arn:aws:secretsmanager:us-east-1:111122223333:secret:pagerduty-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:vpnapi-AbCdEf",
      ]]
      DecryptSecrets = ["kms:Decrypt", ["arn:aws:kms:eu-west-1:111122223333:key/eeeeeeee-2222-3333-4444-555555555555"]]
    }
    error_message = "The processor may ${aws_iam_role_policy.processor.policy}."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Sid => s.Condition if contains(["UseTableKey", "DecryptSecrets"], s.Sid) } == {
      UseTableKey    = { StringEquals = { "kms:ViaService" = "dynamodb.eu-west-1.amazonaws.com" } }
      DecryptSecrets = { StringEquals = { "kms:ViaService" = ["secretsmanager.eu-west-1.amazonaws.com"] } }
    }
    error_message = "Keys of tables and secrets are used through DynamoDB and Secrets Manager only."
  }
  # The one wildcard that an Allow may have is that of log streams and of objects.
  assert {
    condition = alltrue([for s in concat(jsondecode(aws_iam_role_policy.analyzer.policy).Statement, jsondecode(aws_iam_role_policy.processor.policy).Statement) :
    s.Effect == "Deny" || !strcontains(jsonencode(s), "*") || contains(["WriteLogs", "ReadFiles"], s.Sid)])
    error_message = "There is a wildcard in ${aws_iam_role_policy.analyzer.policy} or ${aws_iam_role_policy.processor.policy}."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Condition if s.Effect == "Deny"]) == {
      ArnEquals = { "lambda:SourceFunctionArn" = "arn:aws:lambda:eu-west-1:111122223333:function:TrailAlerts-event-processor" }
    }
    error_message = "Code in the function cannot use Lambda's rights to network interfaces."
  }
  assert {
    condition     = aws_iam_role_policy_attachment.processor_vpc[0].policy_arn == "arn:aws:iam::aws:policy/service-role/AWSLambdaENIManagementAccess" && toset(aws_lambda_function.processor.vpc_config[0].subnet_ids) == toset(["subnet-1"])
    error_message = "The processor runs in the VPC."
  }
  assert {
    condition     = aws_sqs_queue.findings.kms_master_key_id == "bbbbbbbb-2222-3333-4444-555555555555" && aws_sns_topic.alerts[0].kms_master_key_id == "arn:aws:kms:eu-west-1:111122223333:key/cccccccc-2222-3333-4444-555555555555" && aws_dynamodb_table.memory.server_side_encryption[0].kms_key_arn == "arn:aws:kms:eu-west-1:111122223333:key/dddddddd-2222-3333-4444-555555555555"
    error_message = "Keys of the user's encrypt queues, topic and table."
  }
  assert {
    condition     = alltrue([for q in [aws_sqs_queue.dead_letters, aws_sqs_queue.failed_events, aws_sqs_queue.shadow[0], aws_sqs_queue.shadow_dead_letters[0]] : q.kms_master_key_id == "bbbbbbbb-2222-3333-4444-555555555555"])
    error_message = "The key of the queues is that of each of them."
  }
}

run "keys_that_aws_manages" {
  variables {
    sqs_kms_master_key_id = "alias/aws/sqs"
    sns_kms_master_key_id = ""
  }

  assert {
    condition     = aws_sqs_queue.findings.kms_master_key_id == "alias/aws/sqs" && aws_sns_topic.alerts[0].kms_master_key_id == "alias/aws/sns"
    error_message = "The keys that AWS manages can be named."
  }
  # A message that SNS or EventBridge may not encrypt is dropped.
  assert {
    condition     = aws_sqs_queue.failed_events.kms_master_key_id == null && aws_sqs_queue.failed_events.sqs_managed_sse_enabled && aws_sqs_queue.dead_letters.kms_master_key_id == "alias/aws/sqs"
    error_message = "The queue that SNS and EventBridge send to has a key that they can use."
  }
  assert {
    condition     = !strcontains(aws_iam_role_policy.processor.policy, "kms:") && !anytrue([for s in jsondecode(aws_iam_role_policy.analyzer.policy).Statement : s.Sid == "EncryptFindings"])
    error_message = "They need no rights."
  }
}

run "an_event_bus_by_its_arn" {
  variables {
    event_bus_name = "arn:aws:events:eu-west-1:444455556666:event-bus/security"
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Resource if s.Sid == "PutAlerts"]) == ["arn:aws:events:eu-west-1:444455556666:event-bus/security"]
    error_message = "A bus of another account is allowed as it is named."
  }
}

run "an_existing_bucket_without_a_key" {
  variables {
    create_cloudtrail               = false
    existing_cloudtrail_bucket_name = "org-trail-logs"
  }

  assert {
    condition     = one([for s in jsondecode(aws_iam_role_policy.analyzer.policy).Statement : s.Resource if s.Sid == "ReadFiles"]) == "arn:aws:s3:::org-trail-logs/*" && !strcontains(aws_iam_role_policy.analyzer.policy, "kms:")
    error_message = "Without a prefix the analyzer may read the bucket, and decrypts with no key: ${aws_iam_role_policy.analyzer.policy}"
  }
}
