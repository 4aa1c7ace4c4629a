# Sizes, keys, alarms and tags.

variable "alarm_topic_arn" {
  description = "The SNS topic that alarms are sent to. CloudWatch has to be allowed to publish there. Without it the alarms exist and tell nobody."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.alarm_topic_arn == "" || can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn is no ARN of an SNS topic."
  }
}

variable "no_files_alarm_minutes" {
  description = "After how many minutes in which no file of CloudTrail was read the alarm goes off; records of the fast path do not count. 0 turns it off, for an account in which such silence is normal."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = var.no_files_alarm_minutes == 0 || (var.no_files_alarm_minutes >= 15 && var.no_files_alarm_minutes <= 1440 && floor(var.no_files_alarm_minutes) == var.no_files_alarm_minutes)
    error_message = "no_files_alarm_minutes has to be 0 or a whole number from 15 (CloudTrail delivers every five minutes or so) to 1440, a day."
  }
}

variable "analyzer_memory_size" {
  description = "The memory of the analyzer in MB, and with it its share of a processor."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = var.analyzer_memory_size >= 128 && var.analyzer_memory_size <= 10240 && floor(var.analyzer_memory_size) == var.analyzer_memory_size
    error_message = "analyzer_memory_size has to be a whole number from 128 to 10240."
  }
}

variable "analyzer_timeout" {
  description = "For how many seconds the analyzer may work on one notice."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.analyzer_timeout >= 30 && var.analyzer_timeout <= 900 && floor(var.analyzer_timeout) == var.analyzer_timeout
    error_message = "analyzer_timeout has to be a whole number from 30 to 900."
  }
}

variable "processor_memory_size" {
  description = "The memory of the processor in MB, and with it its share of a processor."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.processor_memory_size >= 128 && var.processor_memory_size <= 10240 && floor(var.processor_memory_size) == var.processor_memory_size
    error_message = "processor_memory_size has to be a whole number from 128 to 10240."
  }
}

variable "processor_timeout" {
  description = "For how many seconds the processor may work on a batch. The queue hides a batch for six times as long, or six times the processor_timeout of kept_for_other_versions."
  type        = number
  default     = 60
  nullable    = false

  # Six times 25 seconds and five receptions are a little more than the ten minutes
  # that a finding may be in the hands of another instance.
  validation {
    condition     = var.processor_timeout >= 25 && var.processor_timeout <= 900 && floor(var.processor_timeout) == var.processor_timeout
    error_message = "processor_timeout has to be a whole number from 25 to 900."
  }
}

variable "analyzer_reserved_concurrency" {
  description = "The concurrency that is reserved for the analyzer, and its limit. Unset, it shares the account's."
  type        = number
  default     = null
}

variable "processor_reserved_concurrency" {
  description = "The concurrency that is reserved for the processor, and its limit; with shadow_enabled half of it is for shadow. Unset, it shares the account's."
  type        = number
  default     = null

  # The least that the mapping of a queue can be limited to is 2.
  validation {
    condition     = var.processor_reserved_concurrency == null || try(var.processor_reserved_concurrency >= (var.shadow_enabled ? 4 : 2) && floor(var.processor_reserved_concurrency) == var.processor_reserved_concurrency, false)
    error_message = "processor_reserved_concurrency has to be a whole number from 2 on, from 4 on with shadow_enabled: 2 for each queue that the processor takes findings from."
  }
}

variable "log_level" {
  description = "What both functions log: TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"], var.log_level)
    error_message = "log_level has to be TRACE, DEBUG, INFO, WARN, ERROR or FATAL."
  }
}

variable "logs_kms_key_arn" {
  description = "The ARN of the KMS key that logs are encrypted with. Its policy has to let logs.amazonaws.com use it. CloudWatch Logs encrypts with its own key otherwise."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.logs_kms_key_arn == "" || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn has to be the ARN of a key (arn:aws:kms:...:key/...)."
  }
}

variable "dynamodb_kms_key_arn" {
  description = "The ARN of the KMS key that the tables are encrypted with; the AWS managed key when it is empty."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.dynamodb_kms_key_arn == "" || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.dynamodb_kms_key_arn))
    error_message = "dynamodb_kms_key_arn has to be the ARN of a key (arn:aws:kms:...:key/...): a policy cannot name an alias."
  }
}

variable "table_deletion_protection_enabled" {
  description = "Whether the table refuses to be deleted. Set it to false and apply before you destroy the module."
  type        = bool
  default     = true
  nullable    = false
}

variable "tags" {
  description = "Tags of everything that can have some, besides Project, Environment and ManagedBy."
  type        = map(string)
  default     = {}
  nullable    = false
}
