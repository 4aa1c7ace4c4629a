# kics-scan disable=f861041c-8c9f-4156-acfc-5e6e524f5884,4bc4dd4c-7d8d-405e-a0fb-57fa4c31b4d9,568a4d22-3517-44a6-a7ad-6a7eed88722c
# The bucket has versions and refuses plain HTTP, in resources and statements that
# the scanner does not connect with it. It has no access log: reads of it are data
# events, which a trail of the user's may record.

# A trail of the module's own, with its bucket and its key.

locals {
  trail_name = "${var.project}-security-trail"
  # A delegated administrator's organization trail belongs to the management
  # account, also in its ARN.
  trail_account = var.organization_management_account_id == "" ? local.account : var.organization_management_account_id
  trail_arn     = "arn:${local.partition}:cloudtrail:${local.region}:${local.trail_account}:trail/${local.trail_name}"
  trail_folders = concat(
    [local.trail_account],
    var.organization_id == "" ? [] : [var.organization_id],
  )
}

resource "aws_cloudtrail" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  name                          = local.trail_name
  s3_bucket_name                = aws_s3_bucket.trail[0].bucket
  include_global_service_events = var.include_global_service_events
  is_multi_region_trail         = var.is_multi_region_trail
  is_organization_trail         = var.organization_id != ""
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.trail[0].arn
  tags                          = local.tags

  # CloudTrail refuses a bucket that it may not write to.
  depends_on = [aws_s3_bucket_policy.trail]
}

resource "aws_kms_key" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  description             = "Files of ${local.trail_name}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = local.tags

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Without it the account's own administrators, and IAM policies such as the
        # analyzer's, could not use the key. In a key's policy * is the key itself.
        Sid       = "IAMPoliciesDecide"
        Effect    = "Allow"
        Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "CloudTrailEncrypts"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:GenerateDataKey*"
        Resource  = "*"
        Condition = {
          StringEquals = { "aws:SourceArn" = local.trail_arn }
          StringLike   = { "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${local.partition}:cloudtrail:*:${local.trail_account}:trail/*" }
        }
      },
      {
        Sid       = "CloudTrailDescribes"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
    ]
  })
}

resource "aws_kms_alias" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  name          = "alias/${lower(var.project)}-cloudtrail-logs"
  target_key_id = aws_kms_key.trail[0].key_id
}

resource "aws_s3_bucket" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  bucket = lower("${var.project}-cloudtrail-logs-${local.account}")
  tags   = local.tags
}

resource "aws_s3_bucket_policy" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      merge(local.tls_only, { Action = "s3:*", Resource = [local.bucket_arn, "${local.bucket_arn}/*"] }),
      {
        Sid       = "CloudTrailLooks"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = local.bucket_arn
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "CloudTrailDelivers"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = [for folder in local.trail_folders : "${local.bucket_arn}/AWSLogs/${folder}/*"]
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn, "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.trail]
}

resource "aws_s3_bucket_public_access_block" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  bucket                  = aws_s3_bucket.trail[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# Log files come encrypted with the trail's key: CloudTrail asks for that with each.
# The default is for the digests, which it writes without naming a key; the key's
# policy lets CloudTrail encrypt log files only.
resource "aws_s3_bucket_server_side_encryption_configuration" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "trail" {
  count = var.create_cloudtrail ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail" {
  count = var.create_cloudtrail && var.trail_retention_days > 0 ? 1 : 0

  bucket = aws_s3_bucket.trail[0].id
  rule {
    id     = "retention"
    status = "Enabled"
    filter {}
    expiration {
      days = var.trail_retention_days
    }
    # A version that was overwritten or deleted is kept for a month more.
    noncurrent_version_expiration {
      noncurrent_days = 30
    }
  }

  depends_on = [aws_s3_bucket_versioning.trail]
}
