# A state in which somebody has moved live to version 5 of both functions.

resource "aws_lambda_alias" "live" {
  for_each = toset(["analyzer", "processor"])

  name             = "live"
  function_name    = each.key
  function_version = "5"
}

resource "aws_lambda_alias" "live_moved_by_workflow" {
  for_each = toset(["analyzer", "processor"])

  name             = "live"
  function_name    = each.key
  function_version = "5"
}
