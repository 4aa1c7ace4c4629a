package processor

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime/internal/lambdatest"
)

// The real Main is told by Lambda through which alias it was invoked, and says to
// whoever sends it something else what it takes.
func TestMainIsInvokedInWays(t *testing.T) {
	event, err := json.Marshal(batch(finding("e1", 0)))
	if err != nil {
		t.Fatal(err)
	}
	const function = "arn:aws:lambda:eu-west-1:111122223333:function:processor"
	f := lambdatest.New(t, lambdatest.Config{})
	for _, c := range []struct {
		name, arn string
		event     []byte
		want      string
	}{
		{"through the alias live", function + ":live", event, `succeeded: {"batchItemFailures":[]}`},
		{"through the alias shadow, which this function has no table for", function + ":shadow", event, "failed: invoked through the alias shadow, and SHADOW_DYNAMODB_TABLE_NAME is not set"},
		{"with the test event of the console", function, []byte(`{"key1":"value1"}`), `failed: the event has no Records, but "key1": this release accepts batches of SQS messages; to try the function, send a finding to its queue`},
	} {
		if got := f.Invoke(lambdatest.Invocation{Event: c.event, ARN: c.arn}).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	f.Kill()
	if n := strings.Count(f.Log(), `"msg":"event refused"`); n != 2 || !strings.Contains(f.Log(), `"Namespace":"TrailAlerts"`) {
		t.Errorf("%d lines about what was refused, want 2, and metrics:\n%s", n, f.Log())
	}
}
