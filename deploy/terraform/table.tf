# What the processor remembers: which findings it has decided on, what it has
# sent, and the history that thresholds and correlations count. It exists whatever
# correlation_enabled says: without it a finding that SQS delivers twice alerts
# twice, and no cooldown outlives a process.

resource "aws_dynamodb_table" "memory" {
  name                        = "${var.project}-security-events"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  range_key                   = "sk"
  deletion_protection_enabled = var.table_deletion_protection_enabled
  tags                        = local.tags

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "sk"
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = var.dynamodb_kms_key_arn == "" ? null : var.dynamodb_kms_key_arn
  }
}
