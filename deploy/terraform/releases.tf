# Releases: zips, checked; one published version of each function for each
# release or change of its settings; and the alias live, through which everything
# invokes them. shadow.tf has the alias shadow.

locals {
  release_directory = var.release_directory == "" ? "${path.root}/dist" : var.release_directory

  zips = {
    for name, sha256 in { analyzer = var.analyzer_zip_sha256, processor = var.processor_zip_sha256 } : name => {
      path                         = "${local.release_directory}/trailalerts-${name}_${var.release_version}_linux_arm64.zip"
      sha256                       = lower(sha256)
    }
  }

  functions = {
    analyzer = {
      name         = aws_lambda_function.analyzer.function_name
      newest       = aws_lambda_function.analyzer.version
      wanted       = var.live_versions.analyzer
      shadow_wants = var.shadow_versions.analyzer
    }
    processor = {
      name         = aws_lambda_function.processor.function_name
      newest       = aws_lambda_function.processor.version
      wanted       = var.live_versions.processor
      shadow_wants = var.shadow_versions.processor
    }
  }

  live = merge(aws_lambda_alias.live, aws_lambda_alias.live_moved_by_workflow)

  # The versions to go back to. Where a workflow moves live and a newer version is
  # there, it is what live points to now: promoting comes after this apply, and the
  # version before the promoted one may be a release that shadow showed to be wrong.
  # Everywhere else it is the version before the live one; versions are numbered one
  # by one, and there is none before the first.
  previous = {
    for name, alias in local.live : name => (
      var.live_alias_managed_by == "workflow" && alias.function_version != local.functions[name].newest ? alias.function_version :
      try(tonumber(alias.function_version) > 1 ? tostring(tonumber(alias.function_version) - 1) : null, null)
    )
  }
}

# Every apply points this alias where live_versions says. Somebody who moves it by
# hand, to roll back in a hurry, has until the next apply to write the same into
# live_versions.
resource "aws_lambda_alias" "live" {
  for_each = var.live_alias_managed_by == "terraform" ? local.functions : {}

  name             = "live"
  description      = "The version that judges and alerts"
  function_name    = each.value.name
  function_version = each.value.wanted != null ? each.value.wanted : each.value.newest
}

# The same alias where commands or a workflow move it. ignore_changes cannot
# depend on an input, hence the second resource.
resource "aws_lambda_alias" "live_moved_by_workflow" {
  for_each = var.live_alias_managed_by == "workflow" ? local.functions : {}

  name             = "live"
  description      = "The version that judges and alerts"
  function_name    = each.value.name
  function_version = each.value.newest

  lifecycle {
    # A workflow may note in the description what live was before.
    ignore_changes = [function_version, description]
  }
}
