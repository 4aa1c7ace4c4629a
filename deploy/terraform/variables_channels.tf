# Channels beside those of variables.tf. Their secrets come from Secrets Manager
# only: what is given as a plain value ends up in the state.

variable "email_cc" {
  description = "Further addresses that mail by SES goes to, openly."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.email_cc) == 0 || var.source_email != ""
    error_message = "email_cc is set, and source_email is not: only mail by SES has copies."
  }
  validation {
    condition     = alltrue([for a in var.email_cc : can(regex("^[^@\\s<>,]+@[^@\\s<>,]+$", a))])
    error_message = "email_cc are mail addresses such as soc@example.com, without names."
  }
}

variable "email_bcc" {
  description = "Further addresses that mail by SES goes to, unseen by the others."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.email_bcc) == 0 || var.source_email != ""
    error_message = "email_bcc is set, and source_email is not: only mail by SES has copies."
  }
  validation {
    condition     = alltrue([for a in var.email_bcc : can(regex("^[^@\\s<>,]+@[^@\\s<>,]+$", a))])
    error_message = "email_bcc are mail addresses such as soc@example.com, without names."
  }
}

variable "ses_configuration_set" {
  description = "The SES configuration set that mail is sent with."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.ses_configuration_set == "" || var.source_email != ""
    error_message = "ses_configuration_set is set, and source_email is not."
  }
}

variable "create_ses_identities" {
  description = "Whether ses_identities are created, which makes SES send a mail to verify each address. An identity that exists already cannot be created."
  type        = bool
  default     = false
  nullable    = false
}

variable "webhook_signing_key_secret_arn" {
  description = "The secret that holds the key with which requests to the webhook are signed (HMAC-SHA256)."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.webhook_signing_key_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.webhook_signing_key_secret_arn))
    error_message = "webhook_signing_key_secret_arn is no ARN of a secret in Secrets Manager."
  }
  validation {
    condition     = var.webhook_signing_key_secret_arn == "" || var.webhook_url != "" || var.webhook_url_secret_arn != ""
    error_message = "webhook_signing_key_secret_arn is set, and neither webhook_url nor webhook_url_secret_arn is."
  }
}

variable "webhook_allowed_networks" {
  description = "Networks in which receivers of the webhook may be besides public addresses, such as 10.20.0.0/16; for a receiver in the VPC of processor_vpc."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for n in var.webhook_allowed_networks : try(cidrsubnet(n, 0, 0) == n && !endswith(n, "/0"), false)])
    error_message = "webhook_allowed_networks are networks such as 10.20.0.0/16, without bits behind the network, and not all addresses."
  }
  validation {
    condition     = length(var.webhook_allowed_networks) == 0 || var.webhook_url != "" || var.webhook_url_secret_arn != ""
    error_message = "webhook_allowed_networks are set, and neither webhook_url nor webhook_url_secret_arn is."
  }
}

variable "slack_webhook_url_secret_arn" {
  description = "The secret that holds the address of an incoming webhook of Slack."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.slack_webhook_url_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.slack_webhook_url_secret_arn))
    error_message = "slack_webhook_url_secret_arn is no ARN of a secret in Secrets Manager."
  }
}

variable "teams_webhook_url_secret_arn" {
  description = "The secret that holds the address of a Microsoft Teams workflow."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.teams_webhook_url_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.teams_webhook_url_secret_arn))
    error_message = "teams_webhook_url_secret_arn is no ARN of a secret in Secrets Manager."
  }
}

variable "pagerduty_routing_key_secret_arn" {
  description = "The secret that holds the routing key of a PagerDuty service (Events API v2)."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.pagerduty_routing_key_secret_arn == "" || can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$", var.pagerduty_routing_key_secret_arn))
    error_message = "pagerduty_routing_key_secret_arn is no ARN of a secret in Secrets Manager."
  }
}

variable "pagerduty_events_url" {
  description = "Where PagerDuty takes events, when that is not its US service region."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.pagerduty_events_url == "" || var.pagerduty_routing_key_secret_arn != ""
    error_message = "pagerduty_events_url is set, and pagerduty_routing_key_secret_arn is not."
  }
}

variable "event_bus_name" {
  description = "An EventBridge bus, by name or ARN, that alerts are put on."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.event_bus_name == "" || can(regex("^(arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/)?[A-Za-z0-9._/-]+$", var.event_bus_name))
    error_message = "event_bus_name is neither the name nor the ARN of an event bus."
  }
}

variable "account_aliases" {
  description = "Names of accounts, by their ids, for texts of alerts."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id in keys(var.account_aliases) : can(regex("^[0-9]{12}$", id))])
    error_message = "account_aliases has a key that is no account id of twelve digits."
  }
}

variable "secrets_kms_key_arns" {
  description = "The ARNs of the KMS keys that the secrets are encrypted with, where those are not the one that AWS manages."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for k in var.secrets_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", k))])
    error_message = "secrets_kms_key_arns are ARNs of keys (arn:aws:kms:...:key/...): a policy cannot name an alias."
  }
}

variable "processor_vpc" {
  description = "The subnets and security groups that the processor runs in, to reach a receiver there. They need a way to SQS, DynamoDB and every service that alerts go to."
  type = object({
    subnet_ids         = list(string)
    security_group_ids = list(string)
  })
  default = null
}
