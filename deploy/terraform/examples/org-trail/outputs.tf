output "live_versions" {
  description = "The versions that judge and alert."
  value       = module.trailalerts.live_versions
}

output "rollback_command" {
  description = "Goes back to the versions before."
  value       = module.trailalerts.rollback_command
}

output "compare_command" {
  description = "Compares what live and shadow alerted on."
  value       = module.trailalerts.compare_command
}

output "promote_command" {
  description = "Makes live what runs in the shadow."
  value       = module.trailalerts.promote_command
}

output "analyzer_function_name" {
  description = "What the deployment workflow moves live of."
  value       = module.trailalerts.analyzer_function_name
}

output "processor_function_name" {
  description = "What the deployment workflow moves live of."
  value       = module.trailalerts.processor_function_name
}

output "table_name" {
  description = "What live remembers, for the comparison."
  value       = module.trailalerts.table_name
}

output "shadow_table_name" {
  description = "What shadow remembers, for the comparison."
  value       = module.trailalerts.shadow_table_name
}

output "previous_versions" {
  description = "What to put into live_versions to go back."
  value       = module.trailalerts.previous_versions
}

output "dead_letter_queue_arn" {
  description = "Where findings wait that could not be decided or sent."
  value       = module.trailalerts.dead_letter_queue_arn
}
