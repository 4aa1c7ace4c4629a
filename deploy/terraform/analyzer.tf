# kics-scan disable=0afbcfe9-d341-4b92-a64c-7e6de0543879
# The log group has a key when logs_kms_key_arn gives one; CloudWatch Logs encrypts
# with its own otherwise.

# The analyzer reads the files that CloudTrail delivers, and sends a finding for
# each record that a rule matches.

resource "aws_lambda_function" "analyzer" {
  function_name = local.analyzer_name
  # releases.tf says what is in it.
  description = "TrailAlerts analyzer (settings ${local.settings}) ${var.release_version}"
  role        = aws_iam_role.analyzer.arn
  publish     = true

  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  handler          = "bootstrap"
  filename         = local.zips.analyzer.path
  source_code_hash = local.frozen.analyzer.code

  memory_size                    = var.analyzer_memory_size
  timeout                        = var.analyzer_timeout
  reserved_concurrent_executions = var.analyzer_reserved_concurrency

  environment {
    variables = local.frozen.analyzer.environment
  }

  # Whoever invokes the analyzer (S3, SNS, EventBridge) does not wait for it.
  # Lambda tries twice more; what fails then lies here, as it came, and can be
  # replayed.
  dead_letter_config {
    target_arn = aws_sqs_queue.failed_events.arn
  }

  logging_config {
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.analyzer.name
    application_log_level = var.log_level
    system_log_level      = "INFO"
  }

  tags = local.tags

  lifecycle {
    precondition {
      condition     = fileexists(local.zips.analyzer.path)
      error_message = "There is no ${local.zips.analyzer.path}. Download the zips of release ${var.release_version} there, or say in release_directory where they are."
    }
    precondition {
      condition     = local.zips.analyzer.sha256 == "" || !fileexists(local.zips.analyzer.path) || try(filesha256(local.zips.analyzer.path), "") == local.zips.analyzer.sha256
      error_message = "The SHA-256 of ${local.zips.analyzer.path} is not analyzer_zip_sha256: the file is not the one of the release, or the checksum is that of another."
    }
  }

  # Lambda refuses a dead-letter queue that the role may not send to.
  depends_on = [aws_iam_role_policy.analyzer]
}

locals {
  # The names of what belongs to shadow are always there: a version keeps its
  # environment, so that the very version that ran behind shadow can be promoted,
  # and turning shadow on or off publishes none.
  analyzer_environment = {
    SQS_QUEUE_URL                = aws_sqs_queue.findings.url
    SHADOW_SQS_QUEUE_URL         = local.shadow_queue_url
    CLOUDTRAIL_LOG_FILTER_PREFIX = local.key_prefix
    METRICS_NAMESPACE            = var.project
  }

  analyzer_statements = [
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.analyzer.arn}:*"
    },
    {
      Sid      = "ReadFiles"
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = local.objects_arn
    },
    local.trail_key_arn == "" ? null : {
      Sid      = "DecryptFiles"
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = local.trail_key_arn
    },
    {
      Sid      = "SendFindings"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = concat([aws_sqs_queue.findings.arn], aws_sqs_queue.shadow[*].arn)
    },
    {
      Sid      = "KeepFailedEvents"
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = aws_sqs_queue.failed_events.arn
    },
    var.replay_failed_events ? {
      Sid      = "ReplayFailedEvents"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = aws_sqs_queue.failed_events.arn
    } : null,
    local.sqs_key_arn == "" ? null : {
      Sid      = "EncryptFindings"
      Effect   = "Allow"
      Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource = local.sqs_key_arn
    },
  ]
}

resource "aws_iam_role" "analyzer" {
  name = "${local.analyzer_name}-role"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = local.tags
}

resource "aws_iam_role_policy" "analyzer" {
  name   = "${local.analyzer_name}-policy"
  role   = aws_iam_role.analyzer.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for s in local.analyzer_statements : s if s != null] })
}

# Not below /aws/lambda: there Lambda itself may have made a group of this
# function's name already, which could not be created again.
resource "aws_cloudwatch_log_group" "analyzer" {
  name              = "/trailalerts/${var.project}/cloudtrail-analyzer"
  retention_in_days = var.cloudwatch_logs_retention_days
  kms_key_id        = var.logs_kms_key_arn == "" ? null : var.logs_kms_key_arn
  tags              = local.tags
}

# What failed comes again, as it came.
resource "aws_lambda_event_source_mapping" "replay" {
  count = var.replay_failed_events ? 1 : 0

  event_source_arn        = aws_sqs_queue.failed_events.arn
  function_name           = local.live["analyzer"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = local.tags

  depends_on = [aws_iam_role_policy.analyzer]
}
