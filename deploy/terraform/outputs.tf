# The first two are those of the TrailAlerts module.

output "trailalerts_cloudtrail_analyzer_log_group_arn" {
  description = "The log group of the analyzer."
  value       = aws_cloudwatch_log_group.analyzer.arn
}

output "trailalerts_event_processor_log_group_arn" {
  description = "The log group of the processor."
  value       = aws_cloudwatch_log_group.processor.arn
}

output "analyzer_function_name" {
  description = "The name of the analyzer."
  value       = aws_lambda_function.analyzer.function_name
}

output "processor_function_name" {
  description = "The name of the processor."
  value       = aws_lambda_function.processor.function_name
}

output "analyzer_live_alias_arn" {
  description = "What to invoke with bucket_notification_mode none."
  value       = local.live["analyzer"].arn
}

output "analyzer_shadow_alias_arn" {
  description = "The same for shadow; null while it is off."
  value       = try(aws_lambda_alias.shadow["analyzer"].arn, null)
}

output "newest_versions" {
  description = "The newest published version of each function: that of release_version with the present settings."
  value       = { for name, f in local.functions : name => f.newest }
}

output "live_versions" {
  description = "The version of each function that is live."
  value       = local.live_versions
}

output "previous_versions" {
  description = "The versions to roll back to: those before the live ones or, where a workflow moves live and newer versions wait to be promoted, those that are live at this apply. null when there are none, and when the numbers of the two functions have run apart, so that the versions that belong together have to be looked up."
  value       = local.previous
}

output "shadow_versions" {
  description = "The version of each function that runs in the shadow; null while it is off."
  value       = var.shadow_enabled ? { for name, alias in aws_lambda_alias.shadow : name => alias.function_version } : null
}

locals {
  move_live = "aws lambda update-alias --region ${local.region} --name live"
}

output "rollback_command" {
  description = "Points live of both functions to previous_versions at once; null when those are. With live_alias_managed_by terraform, put them into live_versions, too, before the next apply."
  value = local.previous == null ? null : join(" && ", [
    for name in ["analyzer", "processor"] : "${local.move_live} --function-name ${local.functions[name].name} --function-version ${local.previous[name]}"
  ])
}

output "promote_command" {
  description = "Points live of both functions to what shadow points to; null while that is off. The processor comes first, so that it understands what the new analyzer sends."
  value = var.shadow_enabled ? join(" && ", [
    for name in ["processor", "analyzer"] : "${local.move_live} --function-name ${local.functions[name].name} --function-version ${aws_lambda_alias.shadow[name].function_version}"
  ]) : null
}

output "compare_command" {
  description = "Compares what live and shadow alerted on in the last day; null while shadow is off."
  value       = var.shadow_enabled ? "trailalerts compare dynamodb:${aws_dynamodb_table.memory.name} dynamodb:${aws_dynamodb_table.shadow[0].name} --since 24h" : null
}

output "cloudtrail_bucket_name" {
  description = "The bucket that is read."
  value       = local.bucket_name
}

output "cloudtrail_arn" {
  description = "The created trail; null for an existing bucket."
  value       = one(aws_cloudtrail.trail[*].arn)
}

output "cloudtrail_kms_key_arn" {
  description = "The key of the created trail's files, which whoever reads them needs as well; null for an existing bucket."
  value       = one(aws_kms_key.trail[*].arn)
}

output "findings_queue_url" {
  description = "The queue between the functions."
  value       = aws_sqs_queue.findings.url
}

output "dead_letter_queue_url" {
  description = "Findings that could not be decided or sent."
  value       = aws_sqs_queue.dead_letters.url
}

output "dead_letter_queue_arn" {
  description = "The same, for aws sqs start-message-move-task --source-arn."
  value       = aws_sqs_queue.dead_letters.arn
}

output "failed_events_queue_url" {
  description = "Files and events that could not be read."
  value       = aws_sqs_queue.failed_events.url
}

output "table_name" {
  description = "The table in which the processor remembers, for trailalerts explain-alert and compare."
  value       = aws_dynamodb_table.memory.name
}

output "shadow_table_name" {
  description = "The table of shadow; null while it is off."
  value       = one(aws_dynamodb_table.shadow[*].name)
}

output "alerts_topic_arn" {
  description = "The topic of alerts, for further subscriptions; null when there is none."
  value       = one(aws_sns_topic.alerts[*].arn)
}

output "alarm_names" {
  description = "The alarms."
  value       = sort(concat([for a in aws_cloudwatch_metric_alarm.alarm : a.alarm_name], aws_cloudwatch_metric_alarm.no_files[*].alarm_name))
}
