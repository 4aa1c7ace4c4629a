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

variable "organization_id" {
  description = "The id of the organization, such as o-abc123def4."
  type        = string
}

variable "management_account_id" {
  description = "The management account; empty when this is the one."
  type        = string
  default     = ""
}

variable "account_aliases" {
  description = "Names of accounts, by their ids."
  type        = map(string)
  default     = {}
}

variable "slack_webhook_url_secret_arn" {
  description = "The secret that holds the address of Slack's incoming webhook."
  type        = string
}

variable "pagerduty_routing_key_secret_arn" {
  description = "The secret that holds PagerDuty's routing key; empty for none."
  type        = string
  default     = ""
}

variable "alarm_topic_arn" {
  description = "Who is told when the pipeline itself fails."
  type        = string
}
