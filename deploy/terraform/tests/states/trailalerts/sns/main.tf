# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_sns_topic" "trailalerts_alerts_topic" {
  name = "TrailAlerts-cloudtrail-alerts"
}

resource "aws_sns_topic_subscription" "email_subscription" {
  topic_arn = aws_sns_topic.trailalerts_alerts_topic.arn
  protocol  = "email"
  endpoint  = "security@example.com"
}

resource "aws_sns_topic_policy" "trailalerts_alerts_policy" {
  arn    = aws_sns_topic.trailalerts_alerts_topic.arn
  policy = "{}"
}

output "ids" {
  value = {
    topic        = aws_sns_topic.trailalerts_alerts_topic.id
    topic_policy = aws_sns_topic_policy.trailalerts_alerts_policy.id
    subscription = aws_sns_topic_subscription.email_subscription.id
  }
}
