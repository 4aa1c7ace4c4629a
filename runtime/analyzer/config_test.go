package analyzer

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
)

func TestConfigurationOfTheShadowAndTheMetrics(t *testing.T) {
	const live, shadow = "https://sqs.eu-west-1.amazonaws.com/111122223333/findings", "https://sqs.eu-west-1.amazonaws.com/111122223333/findings-shadow"
	for _, c := range []struct {
		name string
		env  map[string]string
		want config
		says string
	}{
		{name: "by default metrics are in TrailAlerts, and there is no shadow", env: map[string]string{"SQS_QUEUE_URL": live}, want: config{queueURL: live, namespace: "TrailAlerts"}},
		{name: "all variables are read", env: map[string]string{"SQS_QUEUE_URL": live, "SHADOW_SQS_QUEUE_URL": shadow, "CLOUDTRAIL_LOG_FILTER_PREFIX": "org/", "METRICS_NAMESPACE": "TrailAlerts/dev", "AWS_LAMBDA_LOG_LEVEL": "WARN"},
			want: config{queueURL: live, shadowURL: shadow, prefix: "org/", namespace: "TrailAlerts/dev", logLevel: slog.LevelWarn}},
		{name: "the shadow's queue is a queue", env: map[string]string{"SQS_QUEUE_URL": live, "SHADOW_SQS_QUEUE_URL": "findings"}, says: `SHADOW_SQS_QUEUE_URL is "findings", which is not the URL of a queue`},
		{name: "the shadow's queue is not the live one", env: map[string]string{"SQS_QUEUE_URL": live, "SHADOW_SQS_QUEUE_URL": live}, says: "SHADOW_SQS_QUEUE_URL is the queue of SQS_QUEUE_URL"},
		{name: "a namespace of CloudWatch is not for others", env: map[string]string{"SQS_QUEUE_URL": live, "METRICS_NAMESPACE": "AWS/Lambda"}, says: "METRICS_NAMESPACE: "},
		{name: "a URL is the beginning of no key", env: map[string]string{"SQS_QUEUE_URL": live, "CLOUDTRAIL_LOG_FILTER_PREFIX": "s3://logs/AWSLogs/"}, says: `CLOUDTRAIL_LOG_FILTER_PREFIX is "s3://logs/AWSLogs/", which no key begins with`},
		{name: "a slash is the beginning of no key", env: map[string]string{"SQS_QUEUE_URL": live, "CLOUDTRAIL_LOG_FILTER_PREFIX": "/AWSLogs/"}, says: "which no key begins with"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.env["AWS_REGION"] = "eu-west-1"
			got, err := configFrom(func(name string) string { return c.env[name] })
			if (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("error: %v, want one that says %q", err, c.says)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(config{})); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

// A record that the dispatch gives to no rule is no candidate.
func TestCandidatesAreCounted(t *testing.T) {
	b := newBench(t)
	all := b.set.Match
	b.set.Match = func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
		if _, name, _ := e.Keys(); name != "createuser" {
			return dst
		}
		return all(dst, e)
	}
	b.files["logs/a.json"] = file(event("e1", "CreateUser", ""), event("e2", "Other", ""), event("e3", "Other", ""))
	if _, err := b.handle(t.Context(), notice("a.json")); err != nil {
		t.Fatal(err)
	}
	if line := b.lines(t)[0]; line["records"] != 3. || line["candidates"] != 1. {
		t.Errorf("line %v, want 3 records and 1 candidate", line)
	}
}
