package pagerduty

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

const routingKey = "hunter2hunter2hunter2hunter2hunt"

// sent is what PagerDuty reads of an event.
type sent struct {
	RoutingKey string `json:"routing_key"`
	Action     string `json:"event_action"`
	DedupKey   string `json:"dedup_key"`
	Client     string
	Links      []struct{ Href, Text string }
	Payload    struct {
		Summary, Source, Severity, Timestamp, Component, Group, Class string
		Details                                                       map[string]any `json:"custom_details"`
	}
}

// refusal says what is wrong with an event as the Events API does, or "".
func refusal(body []byte) string {
	var e sent
	if err := json.Unmarshal(body, &e); err != nil || !utf8.Valid(body) {
		return "Invalid JSON"
	}
	p := e.Payload
	bad := map[string]bool{
		"Event object is too large":               len(body) > 512<<10,
		"'routing_key' is incorrect":              len(e.RoutingKey) != 32,
		"'event_action' is invalid":               e.Action != "trigger" && e.Action != "acknowledge" && e.Action != "resolve",
		"'dedup_key' is too long":                 len(e.DedupKey) > 255,
		"'payload.summary' is missing or blank":   strings.TrimSpace(p.Summary) == "" || len([]rune(p.Summary)) > 1024,
		"'payload.source' is missing or blank":    strings.TrimSpace(p.Source) == "",
		"'payload.severity' is invalid (must be)": p.Severity != "critical" && p.Severity != "error" && p.Severity != "warning" && p.Severity != "info",
		"'payload.custom_details' is no object":   p.Details == nil,
	}
	if p.Timestamp != "" {
		_, err := time.Parse(time.RFC3339, p.Timestamp)
		bad["'payload.timestamp' is invalid"] = err != nil
	}
	for _, link := range e.Links {
		bad["'links' is invalid"] = bad["'links' is invalid"] || link.Href == ""
	}
	for reason, is := range bad {
		if is {
			return reason
		}
	}
	return ""
}

func newNotifier(t *testing.T, handler http.HandlerFunc) *Notifier {
	t.Helper()
	url, client := egresstest.Start(t, handler)
	n, err := New(client, Config{RoutingKey: secret.Literal("PAGERDUTY_ROUTING_KEY", routingKey), URL: url + "/v2/enqueue", Now: func() time.Time { return notifytest.Now }})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAccepted sends alerts to a receiver as strict as PagerDuty, twice each: both
// have one dedup_key.
func TestAccepted(t *testing.T) {
	bare := &alert.Alert{}
	bare.Rule.Key, bare.Event.Digest = "bare", "d1"
	long := notifytest.Hostile()
	long.Raw = json.RawMessage(`{"userAgent":"` + strings.Repeat("<&>", 200_000) + `"}`)
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile(), "bare": bare, "long": long} {
		t.Run(name, func(t *testing.T) {
			var got []sent
			n := newNotifier(t, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || r.Method != "POST" || r.URL.Path != "/v2/enqueue" || r.Header.Get("Content-Type") != "application/json" {
					t.Errorf("got %s %s, %v", r.Method, r.URL, err)
				}
				if reason := refusal(body); reason != "" {
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprintf(w, `{"status":"invalid event","message":"Event object is invalid","errors":[%q]}`, reason)
					return
				}
				var e sent
				if err := json.Unmarshal(body, &e); err != nil {
					t.Error(err)
				}
				got = append(got, e)
				w.WriteHeader(http.StatusAccepted)
				fmt.Fprintf(w, `{"status":"success","message":"Event processed","dedup_key":%q}`, e.DedupKey)
			})
			for range 2 {
				if err := n.Notify(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			if got[0].DedupKey != got[1].DedupKey || got[0].Payload.Details["alert_id"] == "" {
				t.Errorf("got the keys %q and %q", got[0].DedupKey, got[1].DedupKey)
			}
			for _, text := range []string{got[0].DedupKey, got[0].Payload.Summary, got[0].Payload.Source, got[0].Payload.Component, got[0].Payload.Group, got[0].Payload.Class} {
				if strings.ContainsAny(text, "\r\n\x00\x1b\u202e\u2028") {
					t.Errorf("%q has characters that cannot be seen", text)
				}
			}
		})
	}
}

// TestEvent pins what an ordinary event says.
func TestEvent(t *testing.T) {
	body, err := event(notifytest.Alert(), secret.NewValue(routingKey), notifytest.Now)
	if err != nil {
		t.Fatal(err)
	}
	var got sent
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if got.Payload.Details["source"] != "TrailAlerts" || got.Payload.Details["alert_id"] != notifytest.Alert().ID() || got.Payload.Details["event"].(map[string]any)["eventName"] != "StopLogging" {
		t.Errorf("got the details %v", got.Payload.Details)
	}
	got.Payload.Details = nil
	want := sent{RoutingKey: routingKey, Action: "trigger", DedupKey: notifytest.Alert().ID(), Client: "TrailAlerts"}
	want.Links = []struct{ Href, Text string }{
		{"https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f", "CloudTrail console"},
		{"https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html", "docs.aws.amazon.com"},
	}
	want.Payload.Summary = "TrailAlerts - High - CloudTrail Logging Stopped"
	want.Payload.Source, want.Payload.Severity, want.Payload.Timestamp = "111122223333", "error", "2025-03-09T16:39:48Z"
	want.Payload.Component, want.Payload.Group, want.Payload.Class = "cloudtrail.amazonaws.com", "eu-west-1", "cloudtrail_logging_stopped"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func TestSeverity(t *testing.T) {
	for level, want := range map[runtime.Level]string{runtime.Critical: "critical", runtime.High: "error", runtime.Medium: "warning", runtime.Low: "info", runtime.Informational: "info"} {
		if got := severity(level); got != want {
			t.Errorf("%s is %q, want %q", level, got, want)
		}
	}
}

// TestFailures pins what becomes of what PagerDuty answers, and that no error
// shows the key.
func TestFailures(t *testing.T) {
	const success = `202 {"status":"success"}`
	for _, test := range []struct {
		sentence string
		steps    []string // a status and what is answered
		requests int
		want     string
	}{
		{"A wrong event, by a server that quotes the key.", []string{`400 {"status":"invalid event","errors":["no integration ` + routingKey + `"]}`}, 1,
			`pagerduty: answered 400 Bad Request: {"status":"invalid event","errors":["no integration [secret]"]}`},
		{"Too many events.", []string{"429 ", success}, 2, ""},
		{"An error inside PagerDuty: the dedup_key tells a repeat.", []string{"500 ", "503 ", success}, 3, ""},
		{"An error that stays.", []string{"500 oops"}, 3, "pagerduty: answered 500 Internal Server Error: oops"},
		{"A success that is none.", []string{`200 {"status":"throttled"}`}, 1, `pagerduty: answered 200, but not success: {"status":"throttled"}`},
		{"The page of a gateway is no success.", []string{"200 <html>welcome"}, 1, "pagerduty: answered 200, but not success: <html>welcome: it is not known whether it was accepted"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			requests := 0
			n := newNotifier(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				status, answer, _ := strings.Cut(test.steps[min(requests, len(test.steps)-1)], " ")
				requests++
				var code int
				fmt.Sscan(status, &code)
				w.WriteHeader(code)
				io.WriteString(w, answer)
			})
			err := n.Notify(t.Context(), notifytest.Alert())
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || requests != test.requests {
				t.Errorf("got %q after %d requests, want %q after %d", got, requests, test.want, test.requests)
			}
		})
	}
}

func TestNew(t *testing.T) {
	for _, test := range []struct{ sentence, key, url, want string }{
		{"A key is enough.", routingKey, "", ""},
		{"The EU has its own address.", routingKey, "https://events.eu.pagerduty.com/v2/enqueue", ""},
		{"All problems are in one error.", "hunter2", "http://10.0.0.1/", "pagerduty: URL: it does not begin with https://; KEY: it is no routing key, which has 32 letters and digits"},
		{"A key with another character is none.", "hunter2hunter2hunter2hunter2hun-", "", "pagerduty: KEY: it is no routing key, which has 32 letters and digits"},
		{"Without a key there is no channel.", "", "", "pagerduty: it has no routing key"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			c := Config{URL: test.url}
			if test.key != "" {
				c.RoutingKey = secret.Literal("KEY", test.key)
			}
			_, err := New(egress.New(egress.Options{}), c)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
