# What the processor is allowed: each table, queue, topic, secret, identity and bus
# by its ARN, and only those that it is configured for, now or in a version that is
# still of use (other_versions.tf).

locals {
  # SES looks at the identity of the sender and, as long as the account is in its
  # sandbox, at those of the recipients. Either may be verified as an address or as
  # a domain.
  ses_addresses  = distinct(compact(concat([try(regex("[^@\\s<>,]+@[^@\\s<>,]+", var.source_email), ""), var.email_endpoint], var.email_cc, var.email_bcc, [for i in local.kept.ses_identities : i if strcontains(i, "@")])))
  ses_identities = distinct(concat(flatten([for a in local.ses_addresses : [a, split("@", a)[1]]]), var.ses_identities, local.kept.ses_identities))
  ses_arns = concat(
    [for i in local.ses_identities : "arn:${local.partition}:ses:${local.region}:${local.account}:identity/${i}"],
    [for s in distinct(compact(concat([var.ses_configuration_set], local.kept.ses_configuration_sets))) : "arn:${local.partition}:ses:${local.region}:${local.account}:configuration-set/${s}"],
  )
  event_bus_arn = startswith(var.event_bus_name, "arn:") ? var.event_bus_name : "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${var.event_bus_name}"

  processor_statements = [
    {
      Sid      = "WriteLogs"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.processor.arn}:*"
    },
    {
      Sid      = "TakeFindings"
      Effect   = "Allow"
      Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
      Resource = concat([aws_sqs_queue.findings.arn], aws_sqs_queue.shadow[*].arn)
    },
    {
      Sid      = "Remember"
      Effect   = "Allow"
      Action   = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"]
      Resource = concat([aws_dynamodb_table.memory.arn], aws_dynamodb_table.shadow[*].arn)
    },
    local.sqs_key_arn == "" ? null : {
      Sid      = "DecryptFindings"
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = local.sqs_key_arn
    },
    var.dynamodb_kms_key_arn == "" ? null : {
      Sid       = "UseTableKey"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:CreateGrant"]
      Resource  = var.dynamodb_kms_key_arn
      Condition = { StringEquals = { "kms:ViaService" = "dynamodb.${local.region}.${local.dns_suffix}" } }
    },
    local.sends_mail ? {
      Sid      = "SendMail"
      Effect   = "Allow"
      Action   = ["ses:SendEmail", "ses:SendRawEmail"]
      Resource = local.ses_arns
    } : null,
    local.has_alerts_topic ? {
      Sid      = "PublishAlerts"
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = aws_sns_topic.alerts[0].arn
    } : null,
    !local.has_alerts_topic || local.sns_key_arn == "" ? null : {
      Sid      = "EncryptAlerts"
      Effect   = "Allow"
      Action   = ["kms:GenerateDataKey", "kms:Decrypt"]
      Resource = local.sns_key_arn
    },
    length(local.event_bus_arns) == 0 ? null : {
      Sid      = "PutAlerts"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local.event_bus_arns
    },
    length(local.secret_arns) == 0 ? null : {
      Sid      = "ReadSecrets"
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = local.secret_arns
    },
    length(local.secrets_kms_key_arns) == 0 ? null : {
      Sid       = "DecryptSecrets"
      Effect    = "Allow"
      Action    = "kms:Decrypt"
      Resource  = local.secrets_kms_key_arns
      Condition = { StringEquals = { "kms:ViaService" = distinct([for key in local.secrets_kms_key_arns : "secretsmanager.${split(":", key)[3]}.${local.dns_suffix}"]) } }
    },
    # Lambda needs the network interfaces, which rights cannot be narrowed for; the
    # code that runs in the function does not.
    !local.has_interfaces ? null : {
      Sid       = "LeaveInterfacesToLambda"
      Effect    = "Deny"
      Action    = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
      Resource  = "*"
      Condition = { ArnEquals = { "lambda:SourceFunctionArn" = "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.processor_name}" } }
    },
  ]
}

resource "aws_iam_role" "processor" {
  name = "${local.processor_name}-role"

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

resource "aws_iam_role_policy" "processor" {
  name   = "${local.processor_name}-policy"
  role   = aws_iam_role.processor.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [for s in local.processor_statements : s if s != null] })
}

resource "aws_iam_role_policy_attachment" "processor_vpc" {
  count = local.has_interfaces ? 1 : 0

  role       = aws_iam_role.processor.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
}
