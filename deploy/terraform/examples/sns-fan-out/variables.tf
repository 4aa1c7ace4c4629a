variable "region" {
  description = "Where everything is deployed."
  type        = string
  default     = "eu-west-1"
}

variable "email" {
  description = "Who receives alerts."
  type        = string
}

variable "release" {
  description = "The release whose zips are in dist/ beside this file, such as 1.4.0."
  type        = string
}

variable "bucket" {
  description = "The bucket that the trail delivers to, in this account and region."
  type        = string
}

variable "kms_key_arn" {
  description = "The key that the trail encrypts its files with; empty when it has none."
  type        = string
  default     = ""
}

variable "live_versions" {
  description = "The versions that are live; the newest when there are none."
  type = object({
    analyzer  = optional(string)
    processor = optional(string)
  })
  default = {}
}

variable "shadow" {
  description = "Whether the release runs in the shadow."
  type        = bool
  default     = false
}
