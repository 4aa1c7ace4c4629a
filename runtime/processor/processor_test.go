package processor

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
)

func getenv(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// testWorld is one of an environment, whose AWS cannot be reached.
func testWorld(env map[string]string) world {
	return world{
		getenv: getenv(env), now: func() time.Time { return noon }, egress: egress.New(egress.Options{}),
		aws: func(context.Context) (aws.Config, error) {
			return aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String("http://127.0.0.1:1")}, nil
		},
	}
}

func TestConfiguration(t *testing.T) {
	const unreached = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:hook-AbCdEf"
	for _, c := range []struct {
		name     string
		env      map[string]string
		severity runtime.Level
		cooldown time.Duration
		channels string
		err      string
	}{
		{name: "there are defaults", severity: runtime.Medium, cooldown: time.Hour},
		{name: "an empty variable is one that is not set", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "", "NOTIFICATION_COOLDOWN_MINUTES": "", "SNS_TOPIC_ARN": ""}, severity: runtime.Medium, cooldown: time.Hour},
		{name: "both can be set", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "critical", "NOTIFICATION_COOLDOWN_MINUTES": "5"}, severity: runtime.Critical, cooldown: 5 * time.Minute},
		{name: "there may be no cooldown", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "0"}, severity: runtime.Medium},
		{name: "the case of a severity does not count, and informational is info", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "Informational"}, severity: runtime.Informational, cooldown: time.Hour},
		{name: "channels add up, and secrets are not fetched at the start", severity: runtime.Medium, cooldown: time.Hour, channels: "ses sns webhook slack teams pagerduty eventbridge", env: map[string]string{
			"SOURCE_EMAIL": "alerts@example.com", "EMAIL_RECIPIENT": `"Team, Security" <sec@example.com>, ops@example.com`, "SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:111122223333:alerts",
			"WEBHOOK_URL_SECRET_ARN": unreached, "WEBHOOK_HEADERS": `{"Authorization":"Bearer t"}`, "SLACK_WEBHOOK_URL_SECRET_ARN": unreached, "TEAMS_WEBHOOK_URL_SECRET_ARN": unreached,
			"PAGERDUTY_ROUTING_KEY_SECRET_ARN": unreached, "EVENT_BUS_NAME": "default", "VPNAPI_KEY_SECRET_ARN": unreached, "DYNAMODB_TABLE_NAME": "trailalerts",
			"ACCOUNT_ALIASES": `{"111122223333":"production"}`, "CORRELATION_ENABLED": "true",
		}},
		{name: "all problems are listed together", env: map[string]string{
			"MIN_NOTIFICATION_SEVERITY": "urgent", "NOTIFICATION_COOLDOWN_MINUTES": "1h", "CORRELATION_ENABLED": "maybe", "ACCOUNT_ALIASES": `{"1":"x"}`,
			"EMAIL_CC": "nobody", "WEBHOOK_HEADERS": "{}", "WEBHOOK_ALLOWED_NETWORKS": "10.20.0.0/16, 10.20.0.7/16 ,vpc,169.254.0.0/16", "METRICS_NAMESPACE": "AWS/Lambda", "DYNAMODB_TABLE_NAME": "t", "SHADOW_DYNAMODB_TABLE_NAME": "t",
			"PAGERDUTY_EVENTS_URL": "https://example.com", "SNS_TOPIC_ARN": "topic", "MAXMIND_DB_PATHS": "nope.mmdb",
		}, err: `MIN_NOTIFICATION_SEVERITY: unknown severity "urgent"|NOTIFICATION_COOLDOWN_MINUTES: "1h" is no whole number from 0 to 525600|CORRELATION_ENABLED: "maybe" is neither true nor false|` +
			`ACCOUNT_ALIASES: "1" is no account id|EMAIL_CC: "nobody" is no list of mail addresses|PAGERDUTY_EVENTS_URL is set, and PAGERDUTY_ROUTING_KEY is not|` +
			`WEBHOOK_HEADERS is set, and WEBHOOK_URL is not|WEBHOOK_ALLOWED_NETWORKS is set, and WEBHOOK_URL is not|SNS_TOPIC_ARN: |MAXMIND_DB_PATHS: |` +
			`WEBHOOK_ALLOWED_NETWORKS: 10.20.0.7/16 has an address behind its network|WEBHOOK_ALLOWED_NETWORKS: "vpc" is no network|WEBHOOK_ALLOWED_NETWORKS: 169.254.0.0/16 is never called|` +
			`METRICS_NAMESPACE: the namespace "AWS/Lambda" is one of AWS itself|SHADOW_DYNAMODB_TABLE_NAME: "t" is DYNAMODB_TABLE_NAME as well`},
		{name: "a namespace must have room for that of the shadow", env: map[string]string{"METRICS_NAMESPACE": strings.Repeat("x", 250)}, err: "METRICS_NAMESPACE: the namespace of the metrics is 257 characters long"},
		{name: "a webhook may be in a network that is allowed", severity: runtime.Medium, cooldown: time.Hour, channels: "webhook", env: map[string]string{"WEBHOOK_URL": "https://10.20.0.7/hook", "WEBHOOK_ALLOWED_NETWORKS": "10.20.0.0/16,fd12::/16"}},
		{name: "one beside it is refused", env: map[string]string{"WEBHOOK_URL": "https://10.21.0.7/sesame", "WEBHOOK_ALLOWED_NETWORKS": "10.20.0.0/16"}, err: "WEBHOOK_URL: 10.21.0.7 is no public address (private), and in none of the networks that are allowed"},
		{name: "the other channels stay on the Internet", env: map[string]string{"WEBHOOK_URL": "https://10.20.0.7/", "WEBHOOK_ALLOWED_NETWORKS": "10.20.0.0/16", "SLACK_WEBHOOK_URL": "https://10.20.0.7/sesame", "TEAMS_WEBHOOK_URL": "https://10.20.0.7/sesame", "PAGERDUTY_ROUTING_KEY": strings.Repeat("k", 32), "PAGERDUTY_EVENTS_URL": "https://10.20.0.7/v2"},
			err: "SLACK_WEBHOOK_URL: 10.20.0.7 is no public address|TEAMS_WEBHOOK_URL: 10.20.0.7 is no public address|PAGERDUTY_EVENTS_URL: pagerduty: URL: 10.20.0.7 is no public address"},
		{name: "a sender needs a recipient", env: map[string]string{"SOURCE_EMAIL": "a@example.com"}, err: "SOURCE_EMAIL is set, and EMAIL_RECIPIENT is not"},
		{name: "and a recipient a sender", env: map[string]string{"EMAIL_RECIPIENT": "a@example.com"}, err: "EMAIL_RECIPIENT, EMAIL_CC, EMAIL_BCC or SES_CONFIGURATION_SET is set, and SOURCE_EMAIL is not"},
		{name: "a negative cooldown is refused", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "-1"}, err: `NOTIFICATION_COOLDOWN_MINUTES: "-1" is no whole number from 0 to 525600`},
		{name: "so is one of more than a year", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "525601"}, err: `NOTIFICATION_COOLDOWN_MINUTES: "525601" is no whole number from 0 to 525600`},
		{name: "a webhook that is not public is refused", env: map[string]string{"WEBHOOK_URL": "http://sesame.example.com/sesame"}, err: "WEBHOOK_URL: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, edges, _, err := testWorld(c.env).connect(t.Context(), runtime.Ruleset{})
			if c.err != "" {
				if err == nil {
					t.Fatal("no error")
				}
				for part := range strings.SplitSeq(c.err, "|") {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q is not in: %v", part, err)
					}
				}
				if strings.Contains(err.Error(), "sesame") {
					t.Errorf("the error shows a secret: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var channels []string
			for _, n := range edges.Notifiers {
				channels = append(channels, n.Channel())
			}
			if got.minSeverity != c.severity || got.cooldown != c.cooldown || strings.Join(channels, " ") != c.channels {
				t.Errorf("severity %v, cooldown %v, channels %q", got.minSeverity, got.cooldown, channels)
			}
			if c.env["VPNAPI_KEY_SECRET_ARN"] != "" && (len(edges.Enrichers) != 1 || got.aliases["111122223333"] != "production" || got.to[0] != `"Team, Security" <sec@example.com>`) {
				t.Errorf("%d enrichers, aliases %q, to %q", len(edges.Enrichers), got.aliases, got.to)
			}
		})
	}
}

func TestCorrelationsThatAreDisabled(t *testing.T) {
	set := runtime.Ruleset{Correlations: []runtime.Correlation{{
		Key: "document", Level: runtime.Critical, Type: runtime.EventCount, Rules: []string{"rule"}, Window: time.Hour,
		Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 2}},
	}}}
	for enabled, want := range map[string]string{"true": "counted, counted and document", "false": "alerted and rule, cooling_down", "": "counted, counted and document"} {
		h, err := newHandler(t.Context(), set, testWorld(map[string]string{"CORRELATION_ENABLED": enabled}), new(writer))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for i, id := range []string{"e1", "e2"} {
			f, err := alert.ParseFinding([]byte(finding(id, i)))
			if err != nil {
				t.Fatal(err)
			}
			result, err := h.live.pipeline.Process(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			text := string(result.Outcome)
			for _, a := range result.Alerts {
				text += " and " + a.Rule.Key
			}
			all = append(all, text)
		}
		if diff := cmp.Diff(want, strings.Join(all, ", ")); diff != "" {
			t.Errorf("CORRELATION_ENABLED=%s (-want +got):\n%s", enabled, diff)
		}
	}
}
