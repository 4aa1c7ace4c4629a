# The trail that the module creates.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  aws_region        = "eu-west-1"
  email_endpoint    = "security@example.com"
  release_version   = "1.4.0"
  release_directory = "./tests/zips"
}

run "trail" {
  assert {
    condition = (aws_cloudtrail.trail[0].s3_bucket_name == "trailalerts-cloudtrail-logs-111122223333" && aws_cloudtrail.trail[0].is_multi_region_trail && aws_cloudtrail.trail[0].include_global_service_events && !aws_cloudtrail.trail[0].is_organization_trail &&
    aws_cloudtrail.trail[0].enable_log_file_validation && aws_cloudtrail.trail[0].kms_key_id == aws_kms_key.trail[0].arn)
    error_message = "The trail records all regions, validated and encrypted with the module's key."
  }
  assert {
    condition     = aws_kms_key.trail[0].enable_key_rotation
    error_message = "The key is rotated."
  }
  assert {
    condition = [for s in jsondecode(aws_kms_key.trail[0].policy).Statement : [s.Sid, s.Action, try(s.Condition.StringEquals, {})] if s.Sid != "IAMPoliciesDecide"] == [
      ["CloudTrailEncrypts", "kms:GenerateDataKey*", { "aws:SourceArn" = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/TrailAlerts-security-trail" }],
      ["CloudTrailDescribes", "kms:DescribeKey", { "aws:SourceArn" = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/TrailAlerts-security-trail" }],
    ]
    error_message = "CloudTrail uses the key for this trail only: ${aws_kms_key.trail[0].policy}"
  }
  assert {
    condition     = one([for s in jsondecode(aws_kms_key.trail[0].policy).Statement : s.Principal if s.Sid == "IAMPoliciesDecide"]) == { AWS = "arn:aws:iam::111122223333:root" }
    error_message = "The account's IAM policies decide who else uses the key."
  }
  assert {
    condition     = output.cloudtrail_bucket_name == "trailalerts-cloudtrail-logs-111122223333" && output.cloudtrail_arn == aws_cloudtrail.trail[0].arn && output.cloudtrail_kms_key_arn == aws_kms_key.trail[0].arn
    error_message = "The outputs name trail, bucket and key."
  }
}

run "bucket" {
  assert {
    condition = jsondecode(aws_s3_bucket_policy.trail[0].policy).Statement == [
      {
        Sid       = "TLSOnly", Effect = "Deny", Principal = "*", Action = "s3:*"
        Resource  = ["arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333", "arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "CloudTrailLooks", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:GetBucketAcl"
        Resource  = "arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333"
        Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/TrailAlerts-security-trail" } }
      },
      {
        Sid       = "CloudTrailDelivers", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:PutObject"
        Resource  = ["arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333/AWSLogs/111122223333/*"]
        Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/TrailAlerts-security-trail", "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
    error_message = "Only this trail writes to the bucket, and everybody by TLS: ${aws_s3_bucket_policy.trail[0].policy}"
  }
  assert {
    condition = (aws_s3_bucket_public_access_block.trail[0].block_public_acls && aws_s3_bucket_public_access_block.trail[0].block_public_policy &&
    aws_s3_bucket_public_access_block.trail[0].ignore_public_acls && aws_s3_bucket_public_access_block.trail[0].restrict_public_buckets)
    error_message = "The bucket cannot be made public."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.trail[0].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256" && aws_s3_bucket_versioning.trail[0].versioning_configuration[0].status == "Enabled"
    error_message = "The bucket encrypts what comes without a key, and keeps versions."
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.trail) == 0
    error_message = "Files are kept for good."
  }
}

run "retention" {
  variables {
    trail_retention_days = 400
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.trail[0].rule[0].expiration).days == 400
    error_message = "Files are deleted after the days given."
  }
}

run "one_region" {
  variables {
    is_multi_region_trail         = false
    include_global_service_events = false
  }

  assert {
    condition     = !aws_cloudtrail.trail[0].is_multi_region_trail && !aws_cloudtrail.trail[0].include_global_service_events
    error_message = "The trail can be of one region without global services."
  }
}

run "organization" {
  variables {
    organization_id                    = "o-abc123def4"
    organization_management_account_id = "999988887777"
  }

  assert {
    condition     = aws_cloudtrail.trail[0].is_organization_trail
    error_message = "The trail records the organization."
  }
  assert {
    condition = one([for s in jsondecode(aws_s3_bucket_policy.trail[0].policy).Statement : [s.Resource, s.Condition.StringEquals["aws:SourceArn"]] if s.Sid == "CloudTrailDelivers"]) == [
      ["arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333/AWSLogs/999988887777/*", "arn:aws:s3:::trailalerts-cloudtrail-logs-111122223333/AWSLogs/o-abc123def4/*"],
      "arn:aws:cloudtrail:eu-west-1:999988887777:trail/TrailAlerts-security-trail",
    ]
    error_message = "CloudTrail delivers files of all accounts, in the name of the management account: ${aws_s3_bucket_policy.trail[0].policy}"
  }
}
