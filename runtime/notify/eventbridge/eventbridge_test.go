package eventbridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/notify/payload"
)

// entry is what EventBridge reads of an entry.
type entry struct {
	EventBusName, Source, DetailType, Detail string
	Time                                     float64
}

// refusal returns the error code of an entry as EventBridge does, or "".
func refusal(e entry) string {
	size := 14 + len(e.Source) + len(e.DetailType) + len(e.Detail)
	var detail map[string]any
	switch {
	case size >= 256<<10:
		return "ValidationException" // of the whole request, in the service
	case e.Source == "" || strings.HasPrefix(e.Source, "aws."):
		return "NotAuthorizedForSourceException"
	case len(e.DetailType) == 0 || len(e.DetailType) > 128:
		return "InvalidArgument"
	case json.Unmarshal([]byte(e.Detail), &detail) != nil || !utf8.ValidString(e.Detail):
		return "MalformedDetail"
	}
	return ""
}

// serve starts an EventBridge that answers a request by a function, and returns
// its client.
func serve(t *testing.T, answer func(w http.ResponseWriter, entries []entry)) *eventbridge.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Entries []entry }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AWSEvents.PutEvents" {
			t.Errorf("got the target %q, %v", r.Header.Get("X-Amz-Target"), err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		answer(w, in.Entries)
	}))
	t.Cleanup(server.Close)
	return eventbridge.New(eventbridge.Options{Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")})
}

func newNotifier(t *testing.T, client Client) *Notifier {
	t.Helper()
	n, err := New(client, Config{Bus: "security", Now: func() time.Time { return notifytest.Now }})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAccepted puts alerts on a bus as strict as those of EventBridge.
func TestAccepted(t *testing.T) {
	bare := &alert.Alert{}
	bare.Rule.Key, bare.Event.Digest = "bare", "d1"
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile(), "bare": bare} {
		t.Run(name, func(t *testing.T) {
			var taken []entry
			client := serve(t, func(w http.ResponseWriter, entries []entry) {
				if len(entries) != 1 {
					t.Fatalf("got %d entries", len(entries))
				}
				if code := refusal(entries[0]); code != "" {
					fmt.Fprintf(w, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":%q,"ErrorMessage":"refused"}]}`, code)
					return
				}
				taken = entries
				io.WriteString(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}`)
			})
			if err := newNotifier(t, client).Notify(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			want, err := payload.JSON(a, notifytest.Now, maxDetail)
			if err != nil {
				t.Fatal(err)
			}
			wantEntry := entry{EventBusName: "security", Source: "trailalerts", DetailType: "TrailAlerts Alert", Detail: string(want), Time: 1741538700.123}
			if diff := cmp.Diff(wantEntry, taken[0]); diff != "" {
				t.Errorf("entry (-want +got):\n%s", diff)
			}
		})
	}
}

// TestFailures pins what becomes of what EventBridge answers: also a call that
// succeeds may have failed.
func TestFailures(t *testing.T) {
	const success = `200 {"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}`
	for _, test := range []struct {
		sentence string
		steps    []string // a status and what is answered
		requests int64
		want     string
	}{
		{"An entry that failed in a call that succeeded.", []string{`200 {"FailedEntryCount":1,"Entries":[{"ErrorCode":"InternalFailure","ErrorMessage":"oops\nagain"}]}`}, 1,
			"eventbridge: the entry failed: InternalFailure: oops again"},
		{"An entry with an error that nobody counted.", []string{`200 {"FailedEntryCount":0,"Entries":[{"ErrorCode":"ThrottlingException","ErrorMessage":"slow"}]}`}, 1,
			"eventbridge: the entry failed: ThrottlingException: slow"},
		{"An answer about nothing.", []string{`200 {"FailedEntryCount":0,"Entries":[]}`}, 1, "eventbridge: the answer is about 0 entries, not one"},
		{"A bus that is gone.", []string{`400 {"__type":"ResourceNotFoundException","message":"Event bus security does not exist."}`}, 1, "ResourceNotFoundException: Event bus security does not exist."},
		{"Throttling: it was not taken.", []string{`400 {"__type":"ThrottlingException","message":"Rate exceeded"}`, success}, 2, ""},
		{"An error inside EventBridge: it may have been taken.", []string{`500 {"__type":"InternalException","message":"oops"}`}, 1, "oops"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			t.Parallel() // some wait between their attempts
			var requests atomic.Int64
			client := serve(t, func(w http.ResponseWriter, _ []entry) {
				status, answer, _ := strings.Cut(test.steps[min(int(requests.Add(1)), len(test.steps))-1], " ")
				var code int
				fmt.Sscan(status, &code)
				w.WriteHeader(code)
				io.WriteString(w, answer)
			})
			err := newNotifier(t, client).Notify(t.Context(), notifytest.Alert())
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "eventbridge: ") || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if got := requests.Load(); got != test.requests {
				t.Errorf("got %d requests, want %d", got, test.requests)
			}
		})
	}
	t.Run("One that does not answer is left at the deadline.", func(t *testing.T) {
		stop := make(chan struct{})
		client := serve(t, func(http.ResponseWriter, []entry) { <-stop })
		defer close(stop)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		if err := newNotifier(t, client).Notify(ctx, notifytest.Alert()); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
			t.Errorf("got error %v", err)
		}
	})
}

func TestNew(t *testing.T) {
	for bus, want := range map[string]string{
		"default": "", "security/alerts": "", "arn:aws:events:eu-west-1:111122223333:event-bus/security": "", "arn:aws-us-gov:events:us-gov-west-1:111122223333:event-bus/default": "",
		"":            "eventbridge: it has no bus",
		"my bus":      `eventbridge: "my bus" is neither the name nor the ARN of a bus`,
		"arn:aws:sns": `eventbridge: "arn:aws:sns" is neither the name nor the ARN of a bus`,
	} {
		_, err := New(nil, Config{Bus: bus})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("for %q got %q, want %q", bus, got, want)
		}
	}
}
