# Which release is deployed, which version of it is live, and what runs in its
# shadow.

variable "release_version" {
  description = "The release to deploy, as in the names of its zips: 1.4.0 for trailalerts-analyzer_1.4.0_linux_arm64.zip."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z.+-]*$", var.release_version)) && !can(regex("^v[0-9]", var.release_version))
    error_message = "release_version is the version in the names of the zips, such as 1.4.0: no leading v, no path."
  }
}

variable "release_directory" {
  description = "The directory that holds the zips of the release; dist beside the root module when it is empty."
  type        = string
  default     = ""
  nullable    = false
}

variable "analyzer_zip_sha256" {
  description = "The SHA-256 of the analyzer's zip in hexadecimal, from the release's checksums.txt. A file that differs is refused. Recommended."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.analyzer_zip_sha256 == "" || can(regex("^[0-9A-Fa-f]{64}$", var.analyzer_zip_sha256))
    error_message = "analyzer_zip_sha256 has to have 64 hexadecimal digits, as in checksums.txt."
  }
}

variable "processor_zip_sha256" {
  description = "The SHA-256 of the processor's zip in hexadecimal, from the release's checksums.txt. A file that differs is refused. Recommended."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.processor_zip_sha256 == "" || can(regex("^[0-9A-Fa-f]{64}$", var.processor_zip_sha256))
    error_message = "processor_zip_sha256 has to have 64 hexadecimal digits, as in checksums.txt."
  }
}

variable "live_versions" {
  description = "The version of each function that the alias live points to; the newest where none is given. Giving the previous ones is a rollback; giving the present ones before a new release is deployed brings that behind shadow first."
  type = object({
    analyzer  = optional(string)
    processor = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for v in values(var.live_versions) : v == null || can(regex("^[1-9][0-9]*$", v))])
    error_message = "live_versions are numbers of published versions, such as { analyzer = \"7\", processor = \"7\" }."
  }
  validation {
    condition     = var.live_alias_managed_by == "terraform" || alltrue([for v in values(var.live_versions) : v == null])
    error_message = "live_versions has no effect while live_alias_managed_by is \"workflow\": move the alias with aws lambda update-alias."
  }
}

variable "live_alias_managed_by" {
  description = "Who moves the alias live. terraform: every apply points it to live_versions, also after somebody moved it by hand. workflow: Terraform creates it and never moves it again; commands (outputs promote_command, rollback_command) or a deployment workflow do."
  type        = string
  default     = "terraform"
  nullable    = false

  validation {
    condition     = contains(["terraform", "workflow"], var.live_alias_managed_by)
    error_message = "live_alias_managed_by has to be terraform or workflow."
  }
}

variable "shadow_enabled" {
  description = "Whether an alias shadow of both functions receives the same events, with a queue and a table of its own, and does everything but deliver."
  type        = bool
  default     = false
  nullable    = false
}

variable "shadow_versions" {
  description = "The version of each function that the alias shadow points to; the newest where none is given."
  type = object({
    analyzer  = optional(string)
    processor = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for v in values(var.shadow_versions) : v == null || can(regex("^[1-9][0-9]*$", v))])
    error_message = "shadow_versions are numbers of published versions, such as { analyzer = \"8\", processor = \"8\" }."
  }
  validation {
    condition     = var.shadow_enabled || alltrue([for v in values(var.shadow_versions) : v == null])
    error_message = "shadow_versions are set, and shadow_enabled is not."
  }
}

variable "kept_for_other_versions" {
  description = "What versions from before still need, live or to roll back to, and the present settings no longer name: secrets and their keys, senders of mail (addresses or domains), configuration sets of SES, event buses, the topic after enable_sns, network interfaces after processor_vpc, and longer timeouts in seconds. null warns while live is not the newest version; {} says that nothing is missing."
  type = object({
    secret_arns            = optional(list(string), [])
    secrets_kms_key_arns   = optional(list(string), [])
    ses_identities         = optional(list(string), [])
    ses_configuration_sets = optional(list(string), [])
    event_bus_arns         = optional(list(string), [])
    alerts_topic           = optional(bool, false)
    network_interfaces     = optional(bool, false)
    analyzer_timeout       = optional(number, 0)
    processor_timeout      = optional(number, 0)
  })
  default = null

  validation {
    condition     = alltrue([for a in try(var.kept_for_other_versions.secret_arns, []) : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*?]+$", a))])
    error_message = "kept_for_other_versions.secret_arns are ARNs of secrets in Secrets Manager."
  }
  validation {
    condition     = alltrue([for k in try(var.kept_for_other_versions.secrets_kms_key_arns, []) : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", k))])
    error_message = "kept_for_other_versions.secrets_kms_key_arns are ARNs of keys (arn:aws:kms:...:key/...): a policy cannot name an alias."
  }
  validation {
    condition     = alltrue([for i in try(var.kept_for_other_versions.ses_identities, []) : can(regex("^([^@\\s<>,*?/]+@)?[^@\\s<>,*?/]+$", i))])
    error_message = "kept_for_other_versions.ses_identities are mail addresses or domains, without names."
  }
  validation {
    condition     = alltrue([for c in try(var.kept_for_other_versions.ses_configuration_sets, []) : can(regex("^[A-Za-z0-9_-]+$", c))])
    error_message = "kept_for_other_versions.ses_configuration_sets are names of configuration sets."
  }
  validation {
    condition     = alltrue([for b in try(var.kept_for_other_versions.event_bus_arns, []) : can(regex("^arn:[a-z-]+:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._/-]+$", b))])
    error_message = "kept_for_other_versions.event_bus_arns are ARNs of event buses."
  }
  validation {
    condition     = alltrue([for t in [try(var.kept_for_other_versions.analyzer_timeout, 0), try(var.kept_for_other_versions.processor_timeout, 0)] : t >= 0 && t <= 900 && floor(t) == t])
    error_message = "The timeouts of kept_for_other_versions have to be whole numbers of seconds up to 900, the longest that Lambda knows."
  }
}
