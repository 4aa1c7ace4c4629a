//go:build e2e

package e2e

// scenarios are all scenarios, in the order of the table.
var scenarios = []scenario{
	{"the processor is killed between any two steps", killAnywhere("processor", func(d *deployment) []record { return []record{d.trailStopped(), d.recorderStopped()} })},
	{"the analyzer is killed between any two steps", killAnywhere("analyzer", func(d *deployment) []record { return d.mixed(18) })},
	{"a service answers when the time of the processor is over", timedOut},
	{"files are announced in every way", everyWay},
	{"the demo records alert as on a laptop", demo},
	{"objects are announced again, and out of order", duplicateNotices},
	{"messages come three times, and out of order", duplicateMessages},
	{"poisonous messages end in the dead-letter queues", poison},
	{"a file is truncated", truncated},
	{"records come by EventBridge and in a file", bothPaths},
	{"two processors work at once", twoProcessors},
	{"the shadow decides and delivers nothing", shadow},
	{"S3 does not work for a while", outage("s3", "GetObject", 4, throttled, broken, unheard, halved)},
	{"SQS does not work for a while", outage("sqs", "SendMessageBatch", 4, throttled, broken, unheard, partly)},
	{"DynamoDB does not write for a while", outage("dynamodb", "PutItem", 5, throttled, broken, unheard)},
	{"DynamoDB does not read for a while", outage("dynamodb", "GetItem", 5, throttled, broken, unheard)},
	{"SES does not work for a while", outage("ses", "SendEmail", 4, throttled, broken, unheard)},
	{"SNS does not work for a while", outage("sns", "Publish", 4, throttled, broken, unheard)},
	{"Secrets Manager does not work for a while", outage("secretsmanager", "GetSecretValue", 4, throttled, broken, unheard)},
	{"the webhook does not work for a while", outage("webhook", "POST", 4, throttled, broken, unheard)},
}
