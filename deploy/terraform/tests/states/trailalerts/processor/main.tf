# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_lambda_function" "trailalerts_event_processor" {
  function_name = "TrailAlerts-event-processor"
  role          = aws_iam_role.trailalerts_event_processor_role.arn
  runtime       = "python3.13"
}

resource "aws_iam_role" "trailalerts_event_processor_role" {
  name               = "TrailAlerts-event-processor-role"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "trailalerts_event_processor_policy" {
  name   = "TrailAlerts-event-processor-policy"
  role   = aws_iam_role.trailalerts_event_processor_role.id
  policy = "{}"
}

resource "aws_lambda_event_source_mapping" "sqs_to_event_processor" {
  event_source_arn = "arn:aws:sqs:eu-west-1:111122223333:TrailAlerts-alerts-queue"
  function_name    = aws_lambda_function.trailalerts_event_processor.arn
}

resource "aws_cloudwatch_log_group" "trailalerts_event_processor_log_group" {
  name = "/aws/lambda/TrailAlerts-event-processor"
}

output "ids" {
  value = {
    processor        = aws_lambda_function.trailalerts_event_processor.id
    processor_role   = aws_iam_role.trailalerts_event_processor_role.id
    processor_policy = aws_iam_role_policy.trailalerts_event_processor_policy.id
    mapping          = aws_lambda_event_source_mapping.sqs_to_event_processor.id
  }
}
