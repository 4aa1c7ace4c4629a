terraform {
  # 1.9 is the first release whose validation rules may look at other inputs.
  required_version = ">= 1.9"

  required_providers {
    # 6.0 is the first release whose aws_region data source names its region
    # without a deprecated attribute.
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}
