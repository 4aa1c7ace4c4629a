# kics-scan ignore
# Never deployed: a root module whose keys, secrets, topic and subnets are created
# together with the module, so that a plan does not know their ARNs.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

resource "aws_kms_key" "key" {
  for_each = toset(["files", "queues", "topic", "tables", "logs", "secrets"])
}

resource "aws_secretsmanager_secret" "secret" {
  for_each = toset(["url", "headers", "signing_key", "slack", "teams", "pagerduty", "vpnapi"])
  name     = each.key
}

resource "aws_sns_topic" "topic" {
  for_each = toset(["objects", "alarms"])
  name     = each.key
}

resource "aws_cloudwatch_event_bus" "bus" {
  name = "security"
}

resource "aws_subnet" "subnet" {
  vpc_id = "vpc-1"
}

resource "aws_security_group" "group" {}

resource "aws_s3_bucket" "files" {}

module "trailalerts" {
  source = "../.."

  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"

  create_cloudtrail                    = false
  existing_cloudtrail_bucket_name      = aws_s3_bucket.files.bucket
  existing_cloudtrail_logs_kms_key_arn = aws_kms_key.key["files"].arn
  bucket_notification_mode             = "sns"
  bucket_notification_topic_arn        = aws_sns_topic.topic["objects"].arn
  fast_path_enabled                    = true

  sqs_kms_master_key_id = aws_kms_key.key["queues"].arn
  sns_kms_master_key_id = aws_kms_key.key["topic"].arn
  dynamodb_kms_key_arn  = aws_kms_key.key["tables"].arn
  logs_kms_key_arn      = aws_kms_key.key["logs"].arn
  secrets_kms_key_arns  = [aws_kms_key.key["secrets"].arn]

  webhook_url_secret_arn           = aws_secretsmanager_secret.secret["url"].arn
  webhook_headers_secret_arn       = aws_secretsmanager_secret.secret["headers"].arn
  webhook_signing_key_secret_arn   = aws_secretsmanager_secret.secret["signing_key"].arn
  slack_webhook_url_secret_arn     = aws_secretsmanager_secret.secret["slack"].arn
  teams_webhook_url_secret_arn     = aws_secretsmanager_secret.secret["teams"].arn
  pagerduty_routing_key_secret_arn = aws_secretsmanager_secret.secret["pagerduty"].arn
  vpnapi_key_secret_arn            = aws_secretsmanager_secret.secret["vpnapi"].arn
  event_bus_name                   = aws_cloudwatch_event_bus.bus.arn
  alarm_topic_arn                  = aws_sns_topic.topic["alarms"].arn

  processor_vpc = { subnet_ids = [aws_subnet.subnet.id], security_group_ids = [aws_security_group.group.id] }
}
