# How CloudTrail's files and events come to the analyzer.

variable "bucket_notification_mode" {
  description = "How the bucket's new objects are announced to the analyzer. manage: the module writes the bucket's one notification configuration, and removes what others wrote there. sns: it subscribes to bucket_notification_topic_arn and leaves the bucket alone. eventbridge: a rule on Object Created; a bucket of others has to have EventBridge enabled. none: you invoke analyzer_live_alias_arn yourself."
  type        = string
  default     = "manage"
  nullable    = false

  validation {
    condition     = contains(["manage", "sns", "eventbridge", "none"], var.bucket_notification_mode)
    error_message = "bucket_notification_mode has to be manage, sns, eventbridge or none."
  }
}

variable "bucket_notification_topic_arn" {
  description = "The SNS topic that announces the bucket's new objects, with bucket_notification_mode sns: the bucket's notifications, or the trail's own. A topic in another account has to allow this one to subscribe."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = (var.bucket_notification_mode == "sns") == (var.bucket_notification_topic_arn != "")
    error_message = "bucket_notification_topic_arn belongs to bucket_notification_mode sns: set both or neither."
  }
  validation {
    condition     = var.bucket_notification_topic_arn == "" || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.bucket_notification_topic_arn))
    error_message = "bucket_notification_topic_arn is no ARN of a standard SNS topic: S3 cannot publish to a FIFO topic, nor can a function be subscribed to one."
  }
}

variable "organization_id" {
  description = "The id of the organization, o-abc123def4, for a created trail that records all its accounts. The module has to run in the management account or in one that is a delegated administrator of CloudTrail."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.organization_id == "" || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "organization_id is no id of an organization such as o-abc123def4."
  }
  validation {
    condition     = var.organization_id == "" || var.create_cloudtrail
    error_message = "organization_id is for a trail that the module creates. For an existing organization trail name its bucket, and set cloudtrail_log_filter_prefix to narrow what is read."
  }
}

variable "organization_management_account_id" {
  description = "The management account of the organization, when the module runs in a delegated administrator's account: CloudTrail writes the trail's files in its name."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.organization_management_account_id == "" || can(regex("^[0-9]{12}$", var.organization_management_account_id))
    error_message = "organization_management_account_id is no account id of twelve digits."
  }
  validation {
    condition     = var.organization_management_account_id == "" || var.organization_id != ""
    error_message = "organization_management_account_id is set, and organization_id is not."
  }
}

variable "trail_retention_days" {
  description = "After how many days files in the created bucket are deleted; 0 keeps them for good."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.trail_retention_days >= 0 && floor(var.trail_retention_days) == var.trail_retention_days
    error_message = "trail_retention_days has to be a whole number, 0 or more."
  }
}

variable "fast_path_enabled" {
  description = "Whether events that EventBridge delivers within seconds (API calls and console sign-ins of this account and region) go to the analyzer, besides the files. What comes both ways alerts once."
  type        = bool
  default     = false
  nullable    = false
}

variable "fast_path_event_sources" {
  description = "The services whose events take the fast path, such as iam.amazonaws.com; all of them when it is empty, which is one invocation for each call in the account."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for s in var.fast_path_event_sources : can(regex("^[a-z0-9.-]+\\.amazonaws\\.com$", s))])
    error_message = "fast_path_event_sources are values of eventSource, such as iam.amazonaws.com."
  }
}

variable "fast_path_read_only_events" {
  description = "Whether the fast path includes management events that only read (Get, List, Describe), which EventBridge leaves out by itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "replay_failed_events" {
  description = "Whether the analyzer takes up again what lies in the queue of failed events. Turn it on when the cause is mended, and off when the queue is empty."
  type        = bool
  default     = false
  nullable    = false
}
