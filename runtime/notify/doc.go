// Package notify holds no code: each folder in it is a channel that alerts are
// sent to, an alert.Notifier.
//
//	ses          mail, by Amazon SES
//	sns          an SNS topic
//	eventbridge  an EventBridge bus
//	webhook      any HTTPS receiver
//	slack        an incoming webhook of Slack
//	teams        a workflow of Microsoft Teams
//	pagerduty    the Events API of PagerDuty
//
// A channel is made by its New, which reports everything that is wrong with its
// configuration in one error. Its Notify returns nil only when the provider took
// the alert. Within one call it repeats a request only when the provider certainly
// did not take it, or tells a repeat from another alert by its id; what is left
// open is left to the next delivery, whose message says the same id. The caller
// bounds a call by its context. Errors begin with the name of the channel and show
// no secret.
//
// What channels share: package egress sends HTTPS requests, package payload is an
// alert as JSON for programs, and package report, outside of this folder, is an
// alert for people.
package notify
