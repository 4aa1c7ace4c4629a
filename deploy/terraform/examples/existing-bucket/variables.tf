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
  description = "The bucket that the trail delivers to."
  type        = string
}

variable "kms_key_arn" {
  description = "The key that the trail encrypts its files with; empty when it has none."
  type        = string
  default     = ""
}

variable "sender" {
  description = "An address that is verified in SES."
  type        = string
}

variable "webhook_url_secret_arn" {
  description = "The secret that holds the address of a webhook; empty for none."
  type        = string
  default     = ""
}

variable "webhook_headers_secret_arn" {
  description = "The secret that holds the headers of its requests; empty for none."
  type        = string
  default     = ""
}

variable "alarm_topic_arn" {
  description = "Who is told when the pipeline itself fails; empty for nobody."
  type        = string
  default     = ""
}
