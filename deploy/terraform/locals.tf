data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {
  lifecycle {
    # The provider decides where resources go. An input that says otherwise is a
    # mistake that would show only when somebody looks for the functions.
    postcondition {
      condition     = self.region == var.aws_region
      error_message = "aws_region is ${var.aws_region}, and the aws provider of the module works in ${self.region}: give the module a provider of that region."
    }
  }
}

locals {
  account    = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
  dns_suffix = data.aws_partition.current.dns_suffix
  region     = data.aws_region.current.region

  tags = merge(var.tags, { Project = var.project, Environment = var.environment, ManagedBy = "Terraform" })

  analyzer_name  = "${var.project}-cloudtrail-analyzer"
  processor_name = "${var.project}-event-processor"

  # What the functions are told and allowed. The ARN is put together so that no
  # bucket has to be looked up: that would need rights in the bucket's account.
  bucket_name = var.create_cloudtrail ? aws_s3_bucket.trail[0].bucket : var.existing_cloudtrail_bucket_name
  bucket_arn  = "arn:${local.partition}:s3:::${local.bucket_name}"
  key_prefix  = var.cloudtrail_log_filter_prefix == null ? "" : var.cloudtrail_log_filter_prefix
  objects_arn = "${local.bucket_arn}/${local.key_prefix != "" ? local.key_prefix : var.create_cloudtrail ? "AWSLogs/" : ""}*"

  # "" is a key that AWS manages, or none that the functions need rights for.
  trail_key_arn = var.create_cloudtrail ? aws_kms_key.trail[0].arn : var.existing_cloudtrail_logs_kms_key_arn
  sqs_key       = var.sqs_kms_master_key_id == "" ? null : var.sqs_kms_master_key_id
  sqs_key_arn   = local.key_arn["sqs"]
  sns_key       = coalesce(var.sns_kms_master_key_id, "alias/aws/sns")
  sns_key_arn   = local.key_arn["sns"]
  key_arn = { for service, id in { sqs = coalesce(local.sqs_key, "alias/aws/sqs"), sns = local.sns_key } :
    service => startswith(id, "arn:") ? id : startswith(id, "alias/") ? "" : "arn:${local.partition}:kms:${local.region}:${local.account}:key/${id}"
  }

  # The policy of everything that is reached over the network by a name alone.
  tls_only = { Sid = "TLSOnly", Effect = "Deny", Principal = "*", Condition = { Bool = { "aws:SecureTransport" = "false" } } }
}
