# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_lambda_function" "trailalerts_cloudtrail_analyzer" {
  function_name = "TrailAlerts-cloudtrail-analyzer"
  role          = aws_iam_role.trailalerts_cloudtrail_analyzer_role.arn
  runtime       = "python3.13"
}

resource "aws_iam_role" "trailalerts_cloudtrail_analyzer_role" {
  name               = "TrailAlerts-cloudtrail-analyzer-role"
  assume_role_policy = "{}"
}

resource "aws_iam_role_policy" "trailalerts_cloudtrail_analyzer_policy" {
  name   = "TrailAlerts-cloudtrail-analyzer-policy"
  role   = aws_iam_role.trailalerts_cloudtrail_analyzer_role.id
  policy = "{}"
}

resource "aws_s3_bucket_notification" "cloudtrail_logs_notification" {
  bucket = "trailalerts-cloudtrail-logs-111122223333"
}

resource "aws_lambda_permission" "allow_s3" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.trailalerts_cloudtrail_analyzer.function_name
  principal     = "s3.amazonaws.com"
}

resource "aws_cloudwatch_log_group" "trailalerts_cloudtrail_analyzer_log_group" {
  name = "/aws/lambda/trailalerts-cloudtrail-analyzer"
}

output "ids" {
  value = {
    analyzer        = aws_lambda_function.trailalerts_cloudtrail_analyzer.id
    analyzer_role   = aws_iam_role.trailalerts_cloudtrail_analyzer_role.id
    analyzer_policy = aws_iam_role_policy.trailalerts_cloudtrail_analyzer_policy.id
    notification    = aws_s3_bucket_notification.cloudtrail_logs_notification.id
  }
}
