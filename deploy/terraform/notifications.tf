# The topic of alerts, and identities to send mail with. Every other channel is an
# address and a secret in the processor's environment.

resource "aws_sns_topic" "alerts" {
  count = local.has_alerts_topic ? 1 : 0

  name              = "${var.project}-cloudtrail-alerts"
  kms_master_key_id = local.sns_key
  tags              = local.tags
}

# Nobody is allowed anything here: the processor's role may publish because it is
# in the same account and its own policy says so.
resource "aws_sns_topic_policy" "alerts" {
  count = local.has_alerts_topic ? 1 : 0

  arn = aws_sns_topic.alerts[0].arn
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.tls_only, { Action = "sns:Publish", Resource = aws_sns_topic.alerts[0].arn })]
  })
}

# SNS sends email_endpoint a mail with a link; until that is followed it sends no
# alerts there.
resource "aws_sns_topic_subscription" "email" {
  count = local.has_alerts_topic ? 1 : 0

  topic_arn = aws_sns_topic.alerts[0].arn
  protocol  = "email"
  endpoint  = var.email_endpoint
}

resource "aws_sesv2_email_identity" "identity" {
  for_each = var.create_ses_identities ? toset(var.ses_identities) : []

  email_identity = each.key
  tags           = local.tags
}
