package processor

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/internal/lambdatest"
)

// TestMain lets the test binary stand in for the Lambda binary.
func TestMain(m *testing.M) { lambdatest.Main(m, func() { Main(runtime.Ruleset{}) }) }

// The real Main under a Lambda Runtime API: what Lambda sends is understood,
// and the answer is the one by which Lambda deletes messages from the queue.
func TestMainUnderTheRuntimeAPI(t *testing.T) {
	event, err := json.Marshal(batch(finding("e1", 0), "poison"))
	if err != nil {
		t.Fatal(err)
	}
	f := lambdatest.New(t, lambdatest.Config{})
	if got, want := f.Invoke(lambdatest.Invocation{Event: event}).String(), `succeeded: {"batchItemFailures":[{"itemIdentifier":"m1"}]}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	f.Kill() // nothing writes to the log any more
	if n := strings.Count(f.Log(), `"msg":"alert"`); n != 1 || t.Failed() {
		t.Errorf("%d alerts in the log, want 1:\n%s", n, f.Log())
	}
}

func TestMainListsAllProblemsOfTheConfiguration(t *testing.T) {
	f := lambdatest.New(t, lambdatest.Config{Env: []string{"MIN_NOTIFICATION_SEVERITY=urgent", "SNS_TOPIC_ARN=arn"}})
	if got := f.Invoke(lambdatest.Invocation{}).String(); got != "exited: before it asked for an event: exit status 1" {
		t.Errorf("%s, want exit status 1", got)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(f.Log()), &line); err != nil {
		t.Fatalf("wrote %q: %v", f.Log(), err)
	}
	if text := fmt.Sprint(line["problems"]); !strings.Contains(text, "MIN_NOTIFICATION_SEVERITY") || !strings.Contains(text, "SNS_TOPIC_ARN") {
		t.Errorf("problems %q do not list both problems", text)
	}
}
