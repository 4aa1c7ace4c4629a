# Releases: zips, checked; one published version of both functions for
# each release or change of the settings of either; and the alias live, through which everything
# invokes them. shadow.tf has the alias shadow.

locals {
  release_directory = var.release_directory == "" ? "${path.root}/dist" : var.release_directory

  zips = {
    for name, sha256 in { analyzer = var.analyzer_zip_sha256, processor = var.processor_zip_sha256 } : name => {
      path                         = "${local.release_directory}/trailalerts-${name}_${var.release_version}_linux_arm64.zip"
      sha256                       = lower(sha256)
    }
  }

  # What a version of each function keeps for good.
  frozen = {
    analyzer = {
      code        = fileexists(local.zips.analyzer.path) ? filebase64sha256(local.zips.analyzer.path) : null
      memory      = var.analyzer_memory_size
      timeout     = var.analyzer_timeout
      environment = { for name, value in local.analyzer_environment : name => value if value != "" }
      role        = aws_iam_role.analyzer.arn
      log_group   = aws_cloudwatch_log_group.analyzer.name
      log_level   = var.log_level
      dead_letter = aws_sqs_queue.failed_events.arn
    }
    processor = {
      code        = fileexists(local.zips.processor.path) ? filebase64sha256(local.zips.processor.path) : null
      memory      = var.processor_memory_size
      timeout     = var.processor_timeout
      environment = { for name, value in local.processor_environment : name => value if value != "" }
      role        = aws_iam_role.processor.arn
      log_group   = aws_cloudwatch_log_group.processor.name
      log_level   = var.log_level
      vpc         = var.processor_vpc
    }
  }

  # It is in the description of both functions, so that a change of either publishes
  # a version of both: the two are released, promoted and rolled back together, and
  # aws lambda list-versions-by-function shows which versions belong together. The
  # release comes last, where a deployment workflow looks for it. Plans do not show
  # the digits, since secrets that are given as plain values are among what they are
  # made of.
  settings = substr(sha256(jsonencode(local.frozen)), 0, 12)

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

  live_versions = { for name, alias in local.live : name => alias.function_version }

  # As many versions of the one function have been published as of the other, and
  # live points to two of the same number: then equal numbers belong together. It is
  # not so for functions that had versions before, or after an apply that published
  # one of the two and failed.
  live_is_a_pair = local.live_versions.analyzer == local.live_versions.processor && local.functions.analyzer.newest == local.functions.processor.newest

  # The versions to go back to, which must have been published together. Where a
  # workflow moves live and a newer version is there, they are what live points to
  # now: promoting comes after this apply, and the versions before the promoted ones
  # may be a release that shadow showed to be wrong. Everywhere else they are the
  # versions before the live ones. null when there are none, or when nobody can tell
  # which they are.
  previous = (
    var.live_alias_managed_by == "workflow" && anytrue([for name, version in local.live_versions : version != local.functions[name].newest]) ? local.live_versions :
    local.live_is_a_pair && try(tonumber(local.live_versions.analyzer) > 1, false) ? { for name, version in local.live_versions : name => tostring(tonumber(version) - 1) } :
    null
  )
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
