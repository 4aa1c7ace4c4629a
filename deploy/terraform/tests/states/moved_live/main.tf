# kics-scan ignore
# Never deployed: it only stands for addresses in a state.

# A state in which somebody has moved live, to version 5 of both functions unless
# versions says otherwise.

variable "versions" {
  type    = map(string)
  default = { analyzer = "5", processor = "5" }
}

resource "aws_lambda_alias" "live" {
  for_each = var.versions

  name             = "live"
  description      = "before it: version 4"
  function_name    = each.key
  function_version = each.value
}

resource "aws_lambda_alias" "live_moved_by_workflow" {
  for_each = var.versions

  name             = "live"
  description      = "before it: version 4"
  function_name    = each.key
  function_version = each.value
}
