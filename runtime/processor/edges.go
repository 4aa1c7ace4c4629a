package processor

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/enrich/maxmind"
	"github.com/trailalerts/trailalerts/runtime/enrich/vpnapi"
	"github.com/trailalerts/trailalerts/runtime/notify/eventbridge"
	"github.com/trailalerts/trailalerts/runtime/notify/pagerduty"
	"github.com/trailalerts/trailalerts/runtime/notify/ses"
	"github.com/trailalerts/trailalerts/runtime/notify/slack"
	"github.com/trailalerts/trailalerts/runtime/notify/sns"
	"github.com/trailalerts/trailalerts/runtime/notify/teams"
	"github.com/trailalerts/trailalerts/runtime/notify/webhook"
	"github.com/trailalerts/trailalerts/runtime/secret"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
)

// memoryLimit is how many bytes of history a processor without a table keeps.
const memoryLimit = 32 << 20

// world is what the function reaches outside of itself. Building it makes no
// call.
type world struct {
	getenv func(string) string
	aws    func(context.Context) (aws.Config, error)
	egress *egress.Client
	now    func() time.Time
}

func theWorld(getenv func(string) string, now func() time.Time) world {
	return world{
		getenv: getenv, now: now, egress: egress.New(egress.Options{}),
		aws: func(ctx context.Context) (aws.Config, error) { return awsconfig.LoadDefaultConfig(ctx) },
	}
}

// connect reads the configuration and builds every channel, store and enricher
// that it asks for. The shadow has a store and the enrichers that cost nothing, if
// there is one. The error lists everything that is wrong.
func (w world) connect(ctx context.Context, set runtime.Ruleset) (c config, live, shadowed alert.Edges, err error) {
	var wrong problems
	awsConfig, err := w.aws(ctx)
	if err != nil {
		wrong.addf("read the AWS configuration: %v", err)
	}
	secrets := &secret.Source{Getenv: w.getenv, Client: secretsmanager.NewFromConfig(awsConfig), Now: w.now}
	c = configFrom(w.getenv, secrets, &wrong)
	live = alert.Edges{Now: w.now, Release: alert.ThisRelease(set.Hash)}
	shadowed = live
	tables := awsdynamodb.NewFromConfig(awsConfig)
	if c.table != "" {
		live.Store = dynamodb.New(tables, c.table, w.now)
	} else {
		memory := alert.NewMemory(w.now)
		memory.Limit = memoryLimit
		live.Store = memory
	}
	if c.shadowTable != "" {
		shadowed.Store = dynamodb.New(tables, c.shadowTable, w.now)
	}
	for _, channel := range []struct {
		wanted bool
		names  string
		open   func() (alert.Notifier, error)
	}{
		{c.from != "" && len(c.to) > 0, "SOURCE_EMAIL, EMAIL_RECIPIENT", func() (alert.Notifier, error) {
			return ses.New(sesv2.NewFromConfig(awsConfig), ses.Config{From: c.from, To: c.to, Cc: c.cc, Bcc: c.bcc, ConfigurationSet: c.configurationSet, Now: w.now})
		}},
		{c.topic != "", "SNS_TOPIC_ARN", func() (alert.Notifier, error) {
			return sns.New(awssns.NewFromConfig(awsConfig), sns.Config{TopicARN: c.topic})
		}},
		{c.webhook != nil, "WEBHOOK_URL", func() (alert.Notifier, error) {
			return webhook.New(w.egress, webhook.Config{URL: c.webhook, Networks: c.webhookNetworks, Headers: c.webhookHeaders, SigningKey: c.webhookKey, Now: w.now})
		}},
		{c.slack != nil, "SLACK_WEBHOOK_URL", func() (alert.Notifier, error) { return slack.New(w.egress, slack.Config{URL: c.slack}) }},
		{c.teams != nil, "TEAMS_WEBHOOK_URL", func() (alert.Notifier, error) { return teams.New(w.egress, teams.Config{URL: c.teams}) }},
		{c.pagerDuty != nil, "PAGERDUTY_ROUTING_KEY, PAGERDUTY_EVENTS_URL", func() (alert.Notifier, error) {
			return pagerduty.New(w.egress, pagerduty.Config{RoutingKey: c.pagerDuty, URL: c.pagerDutyURL, Now: w.now})
		}},
		{c.bus != "", "EVENT_BUS_NAME", func() (alert.Notifier, error) {
			return eventbridge.New(awseventbridge.NewFromConfig(awsConfig), eventbridge.Config{Bus: c.bus, Now: w.now})
		}},
	} {
		if !channel.wanted {
			continue
		}
		notifier, err := channel.open()
		if err != nil {
			wrong.addf("%s: %v", channel.names, err)
			continue
		}
		live.Notifiers = append(live.Notifiers, notifier)
	}
	if len(c.databases) > 0 {
		enricher, err := maxmind.New(c.databases...)
		if err != nil {
			wrong.addf("MAXMIND_DB_PATHS: %v", err)
		} else {
			live.Enrichers = append(live.Enrichers, enricher)
			shadowed.Enrichers = append(shadowed.Enrichers, enricher)
		}
	}
	if c.vpnapi != nil {
		enricher, err := vpnapi.New(w.egress, vpnapi.Config{Key: c.vpnapi, Now: w.now})
		if err != nil {
			wrong.addf("VPNAPI_KEY: %v", err)
		} else {
			live.Enrichers = append(live.Enrichers, enricher)
		}
	}
	return c, live, shadowed, wrong.err()
}
