output "live_versions" {
  description = "The versions that judge and alert."
  value       = module.trailalerts.live_versions
}

output "rollback_command" {
  description = "Goes back to the versions before."
  value       = module.trailalerts.rollback_command
}
