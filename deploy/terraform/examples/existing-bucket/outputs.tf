output "live_versions" {
  description = "The versions that judge and alert."
  value       = module.trailalerts.live_versions
}

output "rollback_command" {
  description = "Goes back to the versions before."
  value       = module.trailalerts.rollback_command
}

output "previous_versions" {
  description = "What to put into live_versions to go back."
  value       = module.trailalerts.previous_versions
}

output "dead_letter_queue_arn" {
  description = "Where findings wait that could not be decided or sent."
  value       = module.trailalerts.dead_letter_queue_arn
}

output "table_name" {
  description = "What is remembered, for trailalerts explain-alert."
  value       = module.trailalerts.table_name
}
