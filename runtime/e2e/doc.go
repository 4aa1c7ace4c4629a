// Package e2e holds the end-to-end proof: the Lambda programs as they are
// released, between servers that speak the APIs of AWS, while those servers fail
// and the programs are killed. What arrives at mailboxes, queues and webhooks is
// counted: nothing may be lost, and nothing arrive twice but where nobody could
// know that it had arrived.
//
// It is nothing but tests, behind the build tag e2e, since they need Node.js and
// the packages of package.json:
//
//	npm ci --prefix runtime/e2e --ignore-scripts --no-audit --no-fund
//	go test -tags e2e -count=1 -v ./runtime/e2e
//
// S3, SQS and SNS are fauxqs, DynamoDB is dynalite, SES is aws-ses-v2-local;
// Secrets Manager and the webhook are handlers of the test. What Lambda does
// around the programs (the Runtime API, the poller between a queue and a function,
// the retries of asynchronous invocations) is done by the test.
package e2e
