package processor

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/internal/emf/emftest"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
)

// through is the context of an invocation through a qualifier; "" is none.
func through(t *testing.T, qualifier string) context.Context {
	arn := "arn:aws:lambda:eu-west-1:111122223333:function:processor"
	if qualifier != "" {
		arn += ":" + qualifier
	}
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: arn})
}

// A stand is a function with a webhook and a table for each side.
type stand struct {
	tables  *dynamotest.Server
	hook    *receiver
	log     *writer
	handler *handler
	now     time.Time
}

func newStand(t *testing.T, env map[string]string) *stand {
	t.Helper()
	s := &stand{tables: dynamotest.New(t, "live", "shadow"), hook: &receiver{}, log: new(writer), now: noon}
	url, client := egresstest.Start(t, s.hook)
	all := map[string]string{"DYNAMODB_TABLE_NAME": "live", "SHADOW_DYNAMODB_TABLE_NAME": "shadow", "WEBHOOK_URL": url, "METRICS_NAMESPACE": "N"}
	for name, value := range env {
		all[name] = value
	}
	var err error
	s.handler, err = newHandler(t.Context(), runtime.Ruleset{Hash: "abc"}, world{
		getenv: getenv(all), now: func() time.Time { return s.now }, egress: client,
		aws: func(context.Context) (aws.Config, error) {
			return aws.Config{Region: "eu-west-1", BaseEndpoint: &s.tables.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, nil
		},
	}, s.log)
	if err != nil {
		t.Fatal(err)
	}
	s.log.Reset()
	return s
}

// decided returns what the store of a side knows of a finding.
func (s *stand) decided(t *testing.T, table, id string) string {
	t.Helper()
	store := dynamodb.New(dynamotest.Client(s.tables.Endpoint), table, func() time.Time { return s.now })
	e, known, err := alert.Explain(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	if !known {
		return "nothing"
	}
	text := string(e.Outcome)
	for _, d := range e.Deliveries {
		text += ", " + d.Channel + " " + d.Status
	}
	return text
}

// One process may be invoked through both aliases: what the shadow does is seen by
// nobody but those who look at it.
func TestTheShadow(t *testing.T) {
	s := newStand(t, nil)
	const id = "rule/111122223333/"
	if failed := handleAs(through(t, "shadow"), t, s.handler, finding("e1", -10), finding("e2", -9), finding("e1", -10)); failed != "" {
		t.Errorf("failed %q", failed)
	}
	if len(s.hook.received) != 0 {
		t.Errorf("the webhook got %q", s.hook.received)
	}
	var alerts []string
	for _, line := range s.log.lines(t) {
		if line["shadow"] != true || line["msg"] == "alert" {
			t.Errorf("a line that could be one of the live function: %v", line)
		}
		if line["msg"] == "shadow alert" {
			alerts = append(alerts, line["alert"].(string))
		}
	}
	if diff := cmp.Diff([]string{id + "e1"}, alerts); diff != "" {
		t.Errorf("lines of alerts (-want +got):\n%s", diff)
	}
	// The cooldown began as if the alert had been delivered.
	for table, want := range map[string]string{"shadow": "alerted, shadow sent|cooling_down", "live": "nothing|nothing"} {
		if got := s.decided(t, table, id+"e1") + "|" + s.decided(t, table, id+"e2"); got != want {
			t.Errorf("%s: %s, want %s", table, got, want)
		}
	}
	want := map[string]float64{
		"N/shadow Alerts": 1, "N/shadow Alerts Severity=high": 1, "N/shadow Alerts Rule=rule": 1, "N/shadow LatencySeconds": 600,
		"N/shadow Suppressed": 2, "N/shadow Suppressed Reason=cooling_down": 1, "N/shadow Suppressed Reason=duplicate": 1, "N/shadow NotifyFailed": 0, "N/shadow MessagesFailed": 0,
	}
	if diff := cmp.Diff(want, emftest.Sums(t, s.log.String(), noon)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}

	// The live side begins anew.
	s.log.Reset()
	if failed := handleAs(through(t, "live"), t, s.handler, finding("e1", -10), finding("e2", -9)); failed != "" {
		t.Errorf("failed %q", failed)
	}
	if diff := cmp.Diff([]string{id + "e1"}, s.hook.received); diff != "" {
		t.Errorf("the webhook (-want +got):\n%s", diff)
	}
	if got := s.decided(t, "live", id+"e1"); got != "alerted, webhook sent" {
		t.Errorf("live: %s", got)
	}
	if strings.Contains(s.log.String(), "shadow") {
		t.Errorf("lines of the live function speak of the shadow:\n%s", s.log)
	}
	if got := emftest.Sums(t, s.log.String(), noon)["N Alerts"]; got != 1 {
		t.Errorf("%v alerts counted, want 1", got)
	}
}

func TestOtherQualifiersAreLive(t *testing.T) {
	for _, qualifier := range []string{"", "live", "$LATEST", "3", "Shadow", "shadow-2"} {
		s := newStand(t, nil)
		if failed := handleAs(through(t, qualifier), t, s.handler, finding("e1", 0)); failed != "" || len(s.hook.received) != 1 {
			t.Errorf("%q: failed %q, received %q; want it delivered", qualifier, failed, s.hook.received)
		}
	}
}

func TestAShadowWithoutATable(t *testing.T) {
	s := newStand(t, map[string]string{"SHADOW_DYNAMODB_TABLE_NAME": ""})
	event, err := json.Marshal(batch(finding("e1", 0)))
	if err != nil {
		t.Fatal(err)
	}
	const want = "invoked through the alias shadow, and SHADOW_DYNAMODB_TABLE_NAME is not set"
	if _, err := s.handler.handle(through(t, "shadow"), event); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if !strings.Contains(s.log.String(), want) || len(s.hook.received) != 0 || s.decided(t, "live", "rule/111122223333/e1") != "nothing" {
		t.Errorf("received %q, log:\n%s", s.hook.received, s.log)
	}
	if failed := handleAs(through(t, "live"), t, s.handler, finding("e1", 0)); failed != "" || len(s.hook.received) != 1 {
		t.Errorf("live: failed %q, received %q", failed, s.hook.received)
	}
}

// The shadow has what costs nothing, and neither the channels nor the quota of the
// live function.
func TestWhatTheShadowReaches(t *testing.T) {
	_, live, shadowed, err := testWorld(map[string]string{
		"DYNAMODB_TABLE_NAME": "live", "SHADOW_DYNAMODB_TABLE_NAME": "shadow", "EVENT_BUS_NAME": "default", "VPNAPI_KEY": "k",
	}).connect(t.Context(), runtime.Ruleset{})
	if err != nil {
		t.Fatal(err)
	}
	if len(live.Notifiers) != 1 || len(shadowed.Notifiers) != 0 || len(live.Enrichers) != 1 || len(shadowed.Enrichers) != 0 || live.Store == shadowed.Store || shadowed.Store == nil {
		t.Errorf("live %+v, shadow %+v", live, shadowed)
	}
}
