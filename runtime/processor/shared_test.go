package processor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
)

// receiver is a webhook that fails as often as it is told to.
type receiver struct {
	mu       sync.Mutex
	fail     int
	received []string // alert ids
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var body struct {
		AlertID string `json:"alert_id"`
	}
	text, _ := io.ReadAll(request.Body)
	_ = json.Unmarshal(text, &body)
	r.received = append(r.received, body.AlertID)
}

// Two instances of the function share a table: what one has decided and sent the
// other does not decide and send again, and thresholds count across both.
func TestInstancesShareATable(t *testing.T) {
	hook := &receiver{}
	url, client := egresstest.Start(t, hook)
	table := dynamotest.New(t, "trailalerts")
	clock := noon
	set := runtime.Ruleset{Correlations: []runtime.Correlation{{
		Key: "threshold:rule", Level: runtime.Critical, Type: runtime.EventCount, Rules: []string{"rule"}, Window: 10 * time.Minute, Annotates: true,
		Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 3}}, GroupBy: []runtime.Group{{Name: runtime.GroupActor}},
	}}}
	instance := func() *handler {
		h, err := newHandler(t.Context(), set, world{
			getenv: getenv(map[string]string{"DYNAMODB_TABLE_NAME": "trailalerts", "WEBHOOK_URL": url}), now: func() time.Time { return clock }, egress: client,
			aws: func(context.Context) (aws.Config, error) {
				return aws.Config{Region: "eu-west-1", BaseEndpoint: &table.Endpoint, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}, nil
			},
		}, new(writer))
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	one, two := instance(), instance()
	handle := func(h *handler, want string, bodies ...string) {
		t.Helper()
		if got := handle(t, h, bodies...); got != want {
			t.Errorf("failed %q, want %q", got, want)
		}
	}
	hook.fail = 1
	handle(one, "m0", finding("e1", 0)) // the webhook refuses it
	handle(two, "", finding("e1", 0), finding("e2", 1))
	handle(one, "", finding("e1", 0), finding("e3", 2), finding("e4", 3))
	want := []string{"rule/111122223333/e1", "rule/111122223333/e3"} // e2 and e4 are held back, e3 completes the threshold
	if diff := cmp.Diff(want, hook.received); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}

	table.Fail("GetItem", 3, "InternalServerError") // as often as the SDK tries
	handle(two, "m0", finding("e5", 4), finding("e6", 5, func(f *alert.Finding) { f.Event.Actor = "arn:aws:iam::111122223333:user/other" }))
	if !slices.Contains(hook.received, "rule/111122223333/e6") {
		t.Errorf("received %q, want e6 although e5 failed", hook.received)
	}
	handle(two, "", finding("e5", 4))
}
