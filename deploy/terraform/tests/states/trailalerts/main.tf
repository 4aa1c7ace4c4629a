# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

# What the TrailAlerts module leaves in a state with its defaults and
# correlation_enabled: the same addresses, each object with its name only.

# Without it the mock provider of the tests would not reach the modules.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

module "cloudtrail" {
  source = "./cloudtrail"
  count  = 1
}

module "dynamodb" {
  source = "./dynamodb"
  count  = 1
}

module "sqs" {
  source = "./sqs"
}

module "sns" {
  source = "./sns"
  count  = 1
}

module "s3" {
  source = "./s3"
}

module "lambda_cloudtrail_analyzer" {
  source = "./analyzer"
}

module "lambda_event_processor" {
  source = "./processor"
}

output "ids" {
  value = merge(module.cloudtrail[0].ids, module.dynamodb[0].ids, module.sqs.ids, module.sns[0].ids, module.lambda_cloudtrail_analyzer.ids, module.lambda_event_processor.ids)
}
