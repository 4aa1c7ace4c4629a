# The inputs of the TrailAlerts module: names, types and defaults are a contract
# with configurations that use it already, held by tables/contract_test.go.

variable "aws_region" {
  description = "The region that everything is deployed in. It has to be that of the aws provider which the module is given."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,}(-[a-z]+)+-[0-9]+$", var.aws_region))
    error_message = "aws_region is no region such as eu-west-1."
  }
}

variable "email_endpoint" {
  description = "The address that receives alerts: by SNS when enable_sns is true, by SES when source_email is set."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[^@\\s<>,]+@[^@\\s<>,]+$", var.email_endpoint))
    error_message = "email_endpoint is no single mail address such as security@example.com."
  }
}

variable "project" {
  description = "The beginning of every name, the tag Project and the namespace of the metrics. Two installations in one account and region need different ones."
  type        = string
  default     = "TrailAlerts"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,33}$", var.project))
    error_message = "project is the beginning of names of functions, roles, queues and buckets: 1 to 34 letters, digits, hyphens and underscores, the first a letter or digit."
  }
  validation {
    condition     = !(var.create_cloudtrail && strcontains(var.project, "_"))
    error_message = "project has an underscore, which the name of a bucket cannot have: use a hyphen, or an existing bucket with create_cloudtrail = false."
  }
}

variable "environment" {
  description = "The value of the tag Environment."
  type        = string
  default     = "dev"
  nullable    = false
}

variable "create_cloudtrail" {
  description = "Whether to create a trail, its bucket and its key. Otherwise existing_cloudtrail_bucket_name is read."
  type        = bool
  default     = true
  nullable    = false
}

variable "existing_cloudtrail_bucket_name" {
  description = "The bucket that a trail delivers to already, when create_cloudtrail is false."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.create_cloudtrail || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.existing_cloudtrail_bucket_name))
    error_message = "existing_cloudtrail_bucket_name has to be the name of a bucket when create_cloudtrail is false."
  }
  validation {
    condition     = !(var.create_cloudtrail && var.existing_cloudtrail_bucket_name != "")
    error_message = "existing_cloudtrail_bucket_name is set while create_cloudtrail is true, so that the bucket would not be read: set create_cloudtrail = false."
  }
}

variable "existing_cloudtrail_logs_kms_key_arn" {
  description = "The ARN of the KMS key that the files in the existing bucket are encrypted with. The analyzer is allowed to decrypt with it; the key's own policy has to allow that, too, when it is in another account."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.existing_cloudtrail_logs_kms_key_arn == "" || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.existing_cloudtrail_logs_kms_key_arn))
    error_message = "existing_cloudtrail_logs_kms_key_arn has to be the ARN of a key (arn:aws:kms:...:key/...): a policy cannot name an alias."
  }
}

variable "cloudtrail_log_filter_prefix" {
  description = "Only objects whose key begins so are announced to the analyzer, read by it, and allowed to it: AWSLogs/o-abc123def4/111122223333/ for one account of an organization."
  type        = string
  default     = null

  validation {
    condition     = var.cloudtrail_log_filter_prefix == null || !can(regex("^/|[*?\\\\]", coalesce(var.cloudtrail_log_filter_prefix, "-")))
    error_message = "cloudtrail_log_filter_prefix is the beginning of keys: it has no leading slash, no wildcard and no backslash."
  }
}

variable "include_global_service_events" {
  description = "Whether the trail records events of global services such as IAM."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.include_global_service_events || !var.is_multi_region_trail
    error_message = "include_global_service_events has to be true for a trail of all regions: CloudTrail refuses anything else."
  }
}

variable "is_multi_region_trail" {
  description = "Whether the trail records all regions."
  type        = bool
  default     = true
  nullable    = false
}

variable "enable_sns" {
  description = "Whether alerts are published to an SNS topic, to which email_endpoint is subscribed."
  type        = bool
  default     = true
  nullable    = false
}

variable "ses_identities" {
  description = "SES identities (addresses or domains) that mail may be sent with, besides source_email, email_endpoint and their domains: a parent domain that is verified in place of its subdomain, for instance. With create_ses_identities they are created."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for i in var.ses_identities : can(regex("^[^\\s:/*]+$", i))])
    error_message = "ses_identities are addresses or domains, such as alerts@example.com or example.com; no ARNs."
  }
}

variable "source_email" {
  description = "The sender of mail by SES, a verified identity: alerts@example.com or TrailAlerts <alerts@example.com>. Without it no mail goes by SES."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.source_email == "" || can(regex("^([^<>@]*<)?[^@\\s<>,]+@[^@\\s<>,]+>?$", var.source_email))
    error_message = "source_email is no single mail address such as alerts@example.com."
  }
}

variable "vpnapi_key" {
  description = "A key of VPNAPI.io, which tells what is known about source addresses. vpnapi_key_secret_arn keeps it out of the state."
  type        = string
  default     = ""
  sensitive   = true
  nullable    = false
}

variable "vpnapi_key_secret_arn" {
  description = "The secret in Secrets Manager that holds the key of VPNAPI.io, in place of vpnapi_key."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.vpnapi_key_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.vpnapi_key_secret_arn))
    error_message = "vpnapi_key_secret_arn is no ARN of a secret in Secrets Manager."
  }
  validation {
    condition     = var.vpnapi_key_secret_arn == "" || var.vpnapi_key == ""
    error_message = "vpnapi_key and vpnapi_key_secret_arn are both set: keep one."
  }
}

variable "webhook_url" {
  description = "An https address that alerts are posted to. webhook_url_secret_arn keeps it out of the state."
  type        = string
  default     = ""
  sensitive   = true
  nullable    = false

  validation {
    condition     = var.webhook_url == "" || startswith(var.webhook_url, "https://")
    error_message = "webhook_url has to begin with https://."
  }
}

variable "webhook_url_secret_arn" {
  description = "The secret that holds the address of the webhook, in place of webhook_url."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.webhook_url_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.webhook_url_secret_arn))
    error_message = "webhook_url_secret_arn is no ARN of a secret in Secrets Manager."
  }
  validation {
    condition     = var.webhook_url_secret_arn == "" || var.webhook_url == ""
    error_message = "webhook_url and webhook_url_secret_arn are both set: keep one."
  }
}

variable "webhook_headers" {
  description = "Headers of requests to the webhook, such as Authorization. webhook_headers_secret_arn keeps them out of the state."
  type        = map(string)
  default     = {}
  sensitive   = true
  nullable    = false

  validation {
    condition     = length(var.webhook_headers) == 0 || var.webhook_url != "" || var.webhook_url_secret_arn != ""
    error_message = "webhook_headers are set, and neither webhook_url nor webhook_url_secret_arn is."
  }
}

variable "webhook_headers_secret_arn" {
  description = "The secret that holds the headers as a JSON object, in place of webhook_headers."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.webhook_headers_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.webhook_headers_secret_arn))
    error_message = "webhook_headers_secret_arn is no ARN of a secret in Secrets Manager."
  }
  validation {
    condition     = var.webhook_headers_secret_arn == "" || length(var.webhook_headers) == 0
    error_message = "webhook_headers and webhook_headers_secret_arn are both set: keep one."
  }
  validation {
    condition     = var.webhook_headers_secret_arn == "" || var.webhook_url != "" || var.webhook_url_secret_arn != ""
    error_message = "webhook_headers_secret_arn is set, and neither webhook_url nor webhook_url_secret_arn is."
  }
}

variable "correlation_enabled" {
  description = "Whether thresholds and correlations are evaluated. The table exists either way: duplicates and the cooldown need it."
  type        = bool
  default     = false
  nullable    = false
}

variable "min_notification_severity" {
  description = "The lowest severity that is sent: critical, high, medium, low or info."
  type        = string
  default     = "medium"
  nullable    = false

  validation {
    condition     = contains(["critical", "high", "medium", "low", "info"], var.min_notification_severity)
    error_message = "min_notification_severity has to be critical, high, medium, low or info."
  }
}

variable "notification_cooldown_minutes" {
  description = "For how many minutes further alerts of the same rule, account and actor are held back."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.notification_cooldown_minutes >= 0 && var.notification_cooldown_minutes <= 525600 && floor(var.notification_cooldown_minutes) == var.notification_cooldown_minutes
    error_message = "notification_cooldown_minutes has to be a whole number from 0 to 525600, a year."
  }
}

variable "cloudwatch_logs_retention_days" {
  description = "For how many days the logs of both functions are kept; 0 keeps them for good."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.cloudwatch_logs_retention_days)
    error_message = "cloudwatch_logs_retention_days has to be one of 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653: CloudWatch Logs knows no others."
  }
}

variable "sns_kms_master_key_id" {
  description = "The KMS key of the topic of alerts: the id or ARN of a key of yours, or the AWS managed key when it is null. CloudWatch, S3 and others cannot use the managed one, and need not: only the processor publishes there."
  type        = string
  default     = null

  validation {
    condition     = contains(["", "alias/aws/sns"], coalesce(var.sns_kms_master_key_id, "alias/aws/sns")) || can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)?(mrk-)?[0-9a-f-]{32,36}$", var.sns_kms_master_key_id))
    error_message = "sns_kms_master_key_id has to be the id or ARN of a key, or alias/aws/sns: a policy cannot name another alias."
  }
}

variable "sqs_kms_master_key_id" {
  description = "The KMS key of the queues: the id or ARN of a key of yours, or keys that SQS manages when it is null. With alias/aws/sqs the queue of failed events keeps those of SQS, since SNS and EventBridge cannot use the one that AWS manages. The policy of a key of yours has to let sns.amazonaws.com and events.amazonaws.com use it where those deliver failed events."
  type        = string
  default     = null

  validation {
    condition     = contains(["", "alias/aws/sqs"], coalesce(var.sqs_kms_master_key_id, "alias/aws/sqs")) || can(regex("^(arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/)?(mrk-)?[0-9a-f-]{32,36}$", var.sqs_kms_master_key_id))
    error_message = "sqs_kms_master_key_id has to be the id or ARN of a key, or alias/aws/sqs: a policy cannot name another alias."
  }
}
