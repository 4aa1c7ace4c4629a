# A trail of a whole organization, in the account that administers CloudTrail for
# it. Files are announced by EventBridge, what happens in this account takes the
# fast path, and releases come behind shadow before they go live: see the section
# about releases in the module's README.

module "trailalerts" {
  source = "../.."

  aws_region      = var.region
  email_endpoint  = var.email
  release_version = var.release
  environment     = "prod"

  organization_id                    = var.organization_id
  organization_management_account_id = var.management_account_id
  account_aliases                    = var.account_aliases
  trail_retention_days               = 400

  bucket_notification_mode = "eventbridge"
  fast_path_enabled        = true
  fast_path_event_sources  = ["iam.amazonaws.com", "signin.amazonaws.com", "sts.amazonaws.com", "cloudtrail.amazonaws.com", "kms.amazonaws.com"]

  correlation_enabled              = true
  slack_webhook_url_secret_arn     = var.slack_webhook_url_secret_arn
  pagerduty_routing_key_secret_arn = var.pagerduty_routing_key_secret_arn
  alarm_topic_arn                  = var.alarm_topic_arn

  # The deployment workflow moves live, after comparing.
  shadow_enabled        = true
  live_alias_managed_by = "workflow"
}
