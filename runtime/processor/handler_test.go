package processor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// writer is where lines go; write may be nil.
type writer struct {
	bytes.Buffer
	write func(line string) error
}

func (w *writer) Write(p []byte) (int, error) {
	if w.write != nil {
		if err := w.write(string(p)); err != nil {
			return 0, err
		}
	}
	return w.Buffer.Write(p)
}

// lines returns what was logged, without times.
func (w *writer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(w.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %s: %v", text, err)
		}
		delete(line, "time")
		lines = append(lines, line)
	}
	return lines
}

// outcomes returns a word or two for each line.
func (w *writer) outcomes(t *testing.T) string {
	t.Helper()
	var all []string
	for _, line := range w.lines(t) {
		switch line["msg"] {
		case "alert":
			all = append(all, fmt.Sprintf("alert %s", line["event_id"]))
		case "finding":
			all = append(all, fmt.Sprintf("%s %s", line["outcome"], line["event_id"]))
		default:
			all = append(all, fmt.Sprintf("failed %s", line["message_id"]))
		}
	}
	return strings.Join(all, ", ")
}

var noon = time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)

func newTestHandler(t *testing.T, env map[string]string) (*handler, *writer) {
	t.Helper()
	set := runtime.Ruleset{Exceptions: []runtime.Exception{{
		Rule: "excepted", Actors: []string{"arn:aws:iam::111122223333:user/root"}, SourceIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}}}
	all := map[string]string{"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}
	for name, value := range env {
		all[name] = value
	}
	w := new(writer)
	h, err := newHandler(t.Context(), set, testWorld(all), w)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.String(), "no table: what is remembered is lost") {
		t.Errorf("the log begins with %q, want a warning that there is no table", w.String())
	}
	w.Reset()
	return h, w
}

// finding is one of rule "rule" on an event that happened so many minutes after noon.
func finding(id string, minutes int, change ...func(*alert.Finding)) string {
	f := alert.Finding{
		Schema: alert.Schema,
		Rule:   alert.Rule{Key: "rule", Title: "A title", Level: runtime.High, Source: "rule.yml"},
		Event: alert.Event{
			ID: id, Time: noon.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339), AccountID: "111122223333", Region: "eu-west-1",
			Actor: "arn:aws:iam::111122223333:user/eve", SourceIP: "198.51.100.7",
		},
		Location: alert.Location{Bucket: "logs", File: "a.json.gz", Record: 3},
	}
	for _, c := range change {
		c(&f)
	}
	body, err := json.Marshal(f)
	if err != nil {
		panic(err)
	}
	return string(body)
}

// batch holds messages m0, m1, … of the bodies.
func batch(bodies ...string) events.SQSEvent {
	var e events.SQSEvent
	for i, body := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: fmt.Sprint("m", i), Body: body, EventSource: "aws:sqs"})
	}
	return e
}

func failures(response events.SQSEventResponse) string {
	var ids []string
	for _, f := range response.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return strings.Join(ids, " ")
}

func TestHandle(t *testing.T) {
	level := func(l runtime.Level) func(*alert.Finding) { return func(f *alert.Finding) { f.Rule.Level = l } }
	actor := func(name string) func(*alert.Finding) { return func(f *alert.Finding) { f.Event.Actor = name } }
	rule := func(key string) func(*alert.Finding) { return func(f *alert.Finding) { f.Rule.Key = key } }
	at := func(text string) func(*alert.Finding) { return func(f *alert.Finding) { f.Event.Time = text } }

	for _, c := range []struct {
		name     string
		env      map[string]string
		messages []string
		want     string
		failed   string
	}{
		{name: "a finding is an alert", messages: []string{finding("e1", 0)}, want: "alert e1"},
		{name: "a poison message fails alone", messages: []string{finding("e1", 0), "hello", finding("e2", 99)}, want: "alert e1, failed m1, alert e2", failed: "m1"},
		{name: "so do a finding of a newer release and one without a rule", messages: []string{`{"schema":99}`, finding("e1", 0, rule("")), finding("e2", 0)}, want: "failed m0, failed m1, alert e2", failed: "m0 m1"},
		{name: "the same finding does not alert twice, even when the cooldown is over", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "0"},
			messages: []string{finding("e1", 0), finding("e1", 0), finding("e2", 1)}, want: "alert e1, duplicate e1, alert e2"},
		{name: "two rules on one event are two findings", messages: []string{finding("e1", 0), finding("e1", 0, rule("other"))}, want: "alert e1, alert e1"},
		{name: "a second finding of the same actor cools down", messages: []string{finding("e1", 0), finding("e2", 59), finding("e3", 60)}, want: "alert e1, cooling_down e2, alert e3"},
		{name: "the cooldown is set in minutes", env: map[string]string{"NOTIFICATION_COOLDOWN_MINUTES": "5"}, messages: []string{finding("e1", 0), finding("e2", 4), finding("e3", 5)}, want: "alert e1, cooling_down e2, alert e3"},
		{name: "another actor is not held back", messages: []string{finding("e1", 0), finding("e2", 1, actor("mallory"))}, want: "alert e1, alert e2"},
		{name: "a finding without a time counts as of now", messages: []string{finding("e1", -30), finding("e2", 0, at("yesterday")), finding("e3", 30)}, want: "alert e1, cooling_down e2, alert e3"},
		{name: "what is below the least severity is no alert", messages: []string{finding("e1", 0, level(runtime.Low)), finding("e2", 1, level(runtime.Medium))}, want: "below_severity e1, alert e2"},
		{name: "the least severity can be set", env: map[string]string{"MIN_NOTIFICATION_SEVERITY": "critical"}, messages: []string{finding("e1", 0), finding("e2", 1, level(runtime.Critical))}, want: "below_severity e1, alert e2"},
		{name: "an excepted actor is no alert", messages: []string{finding("e1", 0, rule("excepted"), actor("arn:aws:iam::111122223333:user/root")), finding("e2", 1, rule("excepted"))}, want: "excepted e1, alert e2"},
		{name: "an excepted address is no alert", messages: []string{finding("e1", 0, rule("excepted"), func(f *alert.Finding) { f.Event.SourceIP = "10.1.2.3" })}, want: "excepted e1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, w := newTestHandler(t, c.env)
			response, err := h.handle(t.Context(), batch(c.messages...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, w.outcomes(t)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if got := failures(response); got != c.failed {
				t.Errorf("failed %q, want %q", got, c.failed)
			}
		})
	}
}

func TestTheAlertIsOneLine(t *testing.T) {
	h, w := newTestHandler(t, map[string]string{"AWS_LAMBDA_LOG_LEVEL": ""})
	if _, err := h.handle(t.Context(), batch(finding("e1", 0), finding("e2", 1), finding("e3", 61))); err != nil {
		t.Fatal(err)
	}
	line := func(id, eventTime string, suppressed float64, why ...any) map[string]any {
		return map[string]any{
			"level": "INFO", "msg": "alert", "rule": "rule", "title": "A title", "severity": "high", "event_id": id, "event_time": eventTime,
			"actor": "arn:aws:iam::111122223333:user/eve", "account_id": "111122223333", "region": "eu-west-1", "source_ip": "198.51.100.7",
			"bucket": "logs", "key": "a.json.gz", "record": 3., "related": []any{}, "suppressed": suppressed, "why": why,
		}
	}
	want := []map[string]any{
		line("e1", "2025-03-09T12:00:00Z", 0, "severity high is the level of the rule"),
		line("e3", "2025-03-09T13:01:00Z", 1, "severity high is the level of the rule", "1 like it was held back since 2025-03-09T12:00:00Z"),
	}
	if diff := cmp.Diff(want, w.lines(t)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// A finding whose alert could not be written must alert when it comes again:
// neither may it count as seen, nor as the alert that begins a cooldown.
func TestAnAlertThatCouldNotBeWrittenComesAgain(t *testing.T) {
	full := errors.New("disk full")
	for _, c := range []struct {
		name   string
		before []string // processed while writing works
		want   string
	}{
		{"when it is the first of its kind", nil, "alert e1"},
		{"when others were held back before", []string{finding("e8", -200), finding("e9", -190)}, "alert e8, cooling_down e9, alert e1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, w := newTestHandler(t, nil)
			for _, body := range c.before {
				if _, err := h.handle(t.Context(), batch(body)); err != nil {
					t.Fatal(err)
				}
			}
			w.write = func(string) error { return full }
			response, err := h.handle(t.Context(), batch(finding("e1", 0)))
			if err != nil || failures(response) != "m0" {
				t.Fatalf("failed %q, %v; want m0", failures(response), err)
			}
			w.write = nil
			if response, err = h.handle(t.Context(), batch(finding("e1", 0))); err != nil || failures(response) != "" {
				t.Fatalf("failed %q, %v; want none", failures(response), err)
			}
			if diff := cmp.Diff(c.want, w.outcomes(t)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			if c.before != nil && !strings.Contains(w.String(), `"suppressed":1`) {
				t.Error("the findings held back before were forgotten")
			}
		})
	}
}

func TestAnInvocationThatIsOverFailsTheRest(t *testing.T) {
	h, _ := newTestHandler(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	response, err := h.handle(ctx, batch(finding("e1", 0), finding("e2", 0)))
	if err != nil || failures(response) != "m0 m1" {
		t.Errorf("failed %q, %v; want m0 m1", failures(response), err)
	}
}

func TestOtherEventsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		says string
	}{
		{"an S3 notification", `{"Records":[{"eventSource":"aws:s3","s3":{}}]}`, `the eventSource "aws:s3"`},
		{"an SNS message", `{"Records":[{"EventSource":"aws:sns","Sns":{}}]}`, `the eventSource "aws:sns"`},
		{"an event without Records", `{"detail-type":"x"}`, "the event has no Records"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e events.SQSEvent
			if err := json.Unmarshal([]byte(c.text), &e); err != nil {
				t.Fatal(err)
			}
			h, _ := newTestHandler(t, nil)
			if _, err := h.handle(t.Context(), e); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error: %v, want one that says %s", err, c.says)
			}
		})
	}
}
