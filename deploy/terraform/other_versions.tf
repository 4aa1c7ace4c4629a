# A version keeps its settings, and all versions of a function share its role, the
# topic and the queues. Those follow the newest settings: what they no longer name
# is taken from every other version as well, unless it is kept here.

locals {
  kept = {
    secret_arns            = try(var.kept_for_other_versions.secret_arns, [])
    secrets_kms_key_arns   = try(var.kept_for_other_versions.secrets_kms_key_arns, [])
    ses_identities         = try(var.kept_for_other_versions.ses_identities, [])
    ses_configuration_sets = try(var.kept_for_other_versions.ses_configuration_sets, [])
    event_bus_arns         = try(var.kept_for_other_versions.event_bus_arns, [])
    alerts_topic           = try(var.kept_for_other_versions.alerts_topic, false)
    network_interfaces     = try(var.kept_for_other_versions.network_interfaces, false)
    analyzer_timeout       = try(var.kept_for_other_versions.analyzer_timeout, 0)
    processor_timeout      = try(var.kept_for_other_versions.processor_timeout, 0)
  }

  # Known before any version is published, so that most plans need not leave the
  # check open.
  rights_are_settled = var.kept_for_other_versions != null || (var.live_alias_managed_by == "terraform" && var.live_versions.analyzer == null && var.live_versions.processor == null)

  # What there is for any version. What the newest one is told is in its environment.
  has_alerts_topic     = var.enable_sns || local.kept.alerts_topic
  has_interfaces       = var.processor_vpc != null || local.kept.network_interfaces
  sends_mail           = local.by_ses || length(local.kept.ses_identities) > 0
  secrets_kms_key_arns = distinct(concat(var.secrets_kms_key_arns, local.kept.secrets_kms_key_arns))
  event_bus_arns       = distinct(concat(var.event_bus_name == "" ? [] : [local.event_bus_arn], local.kept.event_bus_arns))

  # The queues hide a message for six times the longest of these, and Lambda refuses
  # a queue that hides it for less than the function may take.
  longest_timeout = {
    analyzer  = max(var.analyzer_timeout, local.kept.analyzer_timeout)
    processor = max(var.processor_timeout, local.kept.processor_timeout)
  }
}

# Behind shadow this is how it should be, and after a rollback. It is still said,
# because nothing else tells that live can no longer read a secret until the first
# alert that it cannot send.
check "live_is_newest" {
  assert {
    condition     = local.rights_are_settled ? true : alltrue([for name, version in local.live_versions : version == local.functions[name].newest])
    error_message = "live is version ${local.live_versions.analyzer} of the analyzer and ${local.live_versions.processor} of the processor; the newest are ${local.functions.analyzer.newest} and ${local.functions.processor.newest}. live keeps its own settings, but has the rights of the present inputs: it cannot use a secret, sender, bus or topic that these no longer name. Name those in kept_for_other_versions, or set that to {} if there are none."
  }
}
