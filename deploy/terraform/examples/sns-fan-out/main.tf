# Several consumers of one trail's bucket: it announces each file to a topic, and
# every consumer subscribes. The module leaves the bucket alone. Shadow is one more
# subscriber.

data "aws_caller_identity" "current" {}

locals {
  bucket_arn = "arn:aws:s3:::${var.bucket}"
}

resource "aws_sns_topic" "objects" {
  name              = "trail-objects"
  kms_master_key_id = aws_kms_key.objects.key_id
}

# S3 cannot publish to a topic that is encrypted with the key that AWS manages.
resource "aws_kms_key" "objects" {
  description         = "Announcements of CloudTrail files"
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "IAMPoliciesDecide"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "S3Publishes"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = ["kms:GenerateDataKey", "kms:Decrypt"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
    ]
  })
}

resource "aws_sns_topic_policy" "objects" {
  arn = aws_sns_topic.objects.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "S3Publishes"
        Effect    = "Allow"
        Principal = { Service = "s3.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.objects.arn
        Condition = {
          ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
          StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
        }
      },
      {
        Sid       = "TLSOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.objects.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_s3_bucket_notification" "objects" {
  bucket = var.bucket

  topic {
    topic_arn     = aws_sns_topic.objects.arn
    events        = ["s3:ObjectCreated:*"]
    filter_suffix = ".json.gz"
  }

  # S3 tries whether it may publish.
  depends_on = [aws_sns_topic_policy.objects]
}

module "trailalerts" {
  source = "../.."

  aws_region      = var.region
  email_endpoint  = var.email
  release_version = var.release

  create_cloudtrail                    = false
  existing_cloudtrail_bucket_name      = var.bucket
  existing_cloudtrail_logs_kms_key_arn = var.kms_key_arn
  bucket_notification_mode             = "sns"
  bucket_notification_topic_arn        = aws_sns_topic.objects.arn

  # live stays where it is while another release runs in the shadow. The README of
  # the module tells the whole story.
  live_versions  = var.live_versions
  shadow_enabled = var.shadow
}
