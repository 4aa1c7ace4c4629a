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
