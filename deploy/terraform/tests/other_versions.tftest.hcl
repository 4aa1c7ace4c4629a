# What versions need that are not the newest: rights, topic and queues follow the
# newest settings, while those versions keep theirs.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

# The newest version has another webhook, another sender and no topic any more; it is
# behind shadow, and live is the version before.
run "live_keeps_what_it_needs" {
  variables {
    shadow_enabled         = true
    live_versions          = { analyzer = "7", processor = "7" }
    webhook_url_secret_arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:new-AbCdEf"
    secrets_kms_key_arns   = ["arn:aws:kms:eu-west-1:111122223333:key/aaaaaaaa-2222-3333-4444-555555555555"]
    source_email           = "new@mail.example.com"
    ses_configuration_set  = "new"
    event_bus_name         = "new"
    enable_sns             = false
    sns_kms_master_key_id  = "cccccccc-2222-3333-4444-555555555555"
    processor_timeout      = 30
    analyzer_timeout       = 60
    kept_for_other_versions = {
      secret_arns            = ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf"]
      secrets_kms_key_arns   = ["arn:aws:kms:eu-west-1:111122223333:key/bbbbbbbb-2222-3333-4444-555555555555"]
      ses_identities         = ["old@alerts.example.com"]
      ses_configuration_sets = ["old"]
      event_bus_arns         = ["arn:aws:events:eu-west-1:444455556666:event-bus/old"]
      alerts_topic           = true
      network_interfaces     = true
      analyzer_timeout       = 300
      processor_timeout      = 120
    }
  }

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Sid => s.Resource if contains(["SendMail", "PublishAlerts", "EncryptAlerts", "PutAlerts", "ReadSecrets", "DecryptSecrets"], s.Sid) } == {
      SendMail = [
        "arn:aws:ses:eu-west-1:111122223333:identity/new@mail.example.com", "arn:aws:ses:eu-west-1:111122223333:identity/mail.example.com",
        "arn:aws:ses:eu-west-1:111122223333:identity/security@example.com", "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
        "arn:aws:ses:eu-west-1:111122223333:identity/old@alerts.example.com", "arn:aws:ses:eu-west-1:111122223333:identity/alerts.example.com",
        "arn:aws:ses:eu-west-1:111122223333:configuration-set/new", "arn:aws:ses:eu-west-1:111122223333:configuration-set/old",
      ]
      PublishAlerts  = "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts"
      EncryptAlerts  = "arn:aws:kms:eu-west-1:111122223333:key/cccccccc-2222-3333-4444-555555555555"
      PutAlerts      = ["arn:aws:events:eu-west-1:111122223333:event-bus/new", "arn:aws:events:eu-west-1:444455556666:event-bus/old"]
      ReadSecrets    = ["arn:aws:secretsmanager:eu-west-1:111122223333:secret:new-AbCdEf", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf"]
      DecryptSecrets = ["arn:aws:kms:eu-west-1:111122223333:key/aaaaaaaa-2222-3333-4444-555555555555", "arn:aws:kms:eu-west-1:111122223333:key/bbbbbbbb-2222-3333-4444-555555555555"]
    }
    error_message = "Both versions may use what they are told: ${aws_iam_role_policy.processor.policy}"
  }
  assert {
    condition     = length(aws_sns_topic.alerts) == 1 && length(aws_sns_topic_policy.alerts) == 1 && length(aws_sns_topic_subscription.email) == 1 && output.alerts_topic_arn == "arn:aws:sns:eu-west-1:111122223333:TrailAlerts-cloudtrail-alerts"
    error_message = "The topic that live publishes to stays, with its subscription."
  }
  assert {
    condition     = !contains(keys(nonsensitive(aws_lambda_function.processor.environment[0].variables)), "SNS_TOPIC_ARN")
    error_message = "The newest version does not publish there."
  }
  assert {
    condition     = aws_sqs_queue.findings.visibility_timeout_seconds == 720 && aws_sqs_queue.shadow[0].visibility_timeout_seconds == 720 && aws_sqs_queue.failed_events.visibility_timeout_seconds == 1800
    error_message = "The queues hide a message for as long as the slowest version needs."
  }
  assert {
    condition     = aws_lambda_function.processor.timeout == 30 && aws_lambda_function.analyzer.timeout == 60
    error_message = "The newest version has its own timeout."
  }
  assert {
    condition     = length(aws_iam_role_policy_attachment.processor_vpc) == 1 && length([for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s if s.Effect == "Deny"]) == 1 && length(aws_lambda_function.processor.vpc_config) == 0
    error_message = "Lambda may look after the interfaces of a version in a VPC, and the newest is in none."
  }
}

run "live_alone_sends_mail" {
  variables {
    kept_for_other_versions = { ses_identities = ["example.org"] }
  }

  assert {
    condition = one([for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : s.Resource if s.Sid == "SendMail"]) == [
      "arn:aws:ses:eu-west-1:111122223333:identity/security@example.com", "arn:aws:ses:eu-west-1:111122223333:identity/example.com", "arn:aws:ses:eu-west-1:111122223333:identity/example.org",
    ]
    error_message = "A sender can be kept after mail by SES was turned off: ${aws_iam_role_policy.processor.policy}"
  }
}

run "nothing_to_keep" {
  variables {
    live_versions           = { analyzer = "7", processor = "7" }
    enable_sns              = false
    kept_for_other_versions = {}
  }

  # There is no warning either: expect_failures names none.
  assert {
    condition     = length(aws_sns_topic.alerts) == 0 && !anytrue([for s in jsondecode(aws_iam_role_policy.processor.policy).Statement : contains(["SendMail", "PublishAlerts", "PutAlerts", "ReadSecrets"], s.Sid)]) && aws_sqs_queue.findings.visibility_timeout_seconds == 360
    error_message = "What is not named is not kept."
  }
}

run "live_is_older_and_nothing_is_said_about_it" {
  expect_failures = [check.live_is_newest]

  variables {
    live_versions = { analyzer = "7", processor = "7" }
  }
}

run "one_function_is_older" {
  expect_failures = [check.live_is_newest]

  variables {
    live_versions = { processor = "7" }
  }
}

run "live_was_moved_by_a_workflow" {
  state_key = "workflow"

  module {
    source = "./tests/states/moved_live"
  }
}

run "a_workflow_has_not_promoted_yet" {
  state_key       = "workflow"
  expect_failures = [check.live_is_newest]

  variables {
    live_alias_managed_by = "workflow"
  }
}
