# A trail exists, and its bucket announces nothing to anybody yet: the module writes
# the bucket's notification configuration. If others have written theirs, use
# examples/sns-fan-out, or bucket_notification_mode eventbridge.

module "trailalerts" {
  source = "../.."

  aws_region      = var.region
  email_endpoint  = var.email
  release_version = var.release
  environment     = "prod"

  create_cloudtrail                    = false
  existing_cloudtrail_bucket_name      = var.bucket
  existing_cloudtrail_logs_kms_key_arn = var.kms_key_arn

  # Mail as HTML by SES in place of the plain text that SNS sends.
  enable_sns   = false
  source_email = var.sender

  webhook_url_secret_arn     = var.webhook_url_secret_arn
  webhook_headers_secret_arn = var.webhook_headers_secret_arn

  correlation_enabled       = true
  min_notification_severity = "low"
  alarm_topic_arn           = var.alarm_topic_arn
}
