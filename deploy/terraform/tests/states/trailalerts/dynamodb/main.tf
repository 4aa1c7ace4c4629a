# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_dynamodb_table" "security_events" {
  name      = "TrailAlerts-security-events"
  hash_key  = "pk"
  range_key = "sk"
}

output "ids" {
  value = { table = aws_dynamodb_table.security_events.id }
}
