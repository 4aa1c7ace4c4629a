# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_sqs_queue" "trailalerts_alerts_queue" {
  name = "TrailAlerts-alerts-queue"
}

output "ids" {
  value = { queue = aws_sqs_queue.trailalerts_alerts_queue.id }
}
