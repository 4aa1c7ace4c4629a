# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

resource "aws_cloudtrail" "security_trail" {
  name           = "TrailAlerts-security-trail"
  s3_bucket_name = aws_s3_bucket.cloudtrail_logs.bucket
}

resource "aws_kms_key" "cloudtrail_logs" {}

resource "aws_kms_alias" "cloudtrail_logs" {
  name          = "alias/trailalerts-cloudtrail-logs"
  target_key_id = aws_kms_key.cloudtrail_logs.key_id
}

resource "aws_s3_bucket" "cloudtrail_logs" {
  bucket = "trailalerts-cloudtrail-logs-111122223333"
}

resource "aws_s3_bucket_policy" "cloudtrail_logs_policy" {
  bucket = aws_s3_bucket.cloudtrail_logs.bucket
  policy = "{}"
}

output "ids" {
  value = {
    trail         = aws_cloudtrail.security_trail.id
    key           = aws_kms_key.cloudtrail_logs.id
    key_alias     = aws_kms_alias.cloudtrail_logs.id
    bucket        = aws_s3_bucket.cloudtrail_logs.id
    bucket_policy = aws_s3_bucket_policy.cloudtrail_logs_policy.id
  }
}
