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
	"testing/synctest"
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

// lines returns what was logged, without times and without metrics. Every line
// says which build has written it.
func (w *writer) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(w.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %s: %v", text, err)
		}
		if line["_aws"] != nil {
			continue
		}
		for _, name := range []string{"timestamp", "release", "commit", "rules"} {
			if _, said := line[name].(string); !said {
				t.Errorf("the line has no %s: %s", name, text)
			}
			delete(line, name)
		}
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

// set has an exception.
func set() runtime.Ruleset {
	return runtime.Ruleset{Exceptions: []runtime.Exception{{
		Rule: "excepted", Actors: []string{"arn:aws:iam::111122223333:user/root"}, SourceIPs: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
	}}}
}

// excepted makes a finding one that the exception covers.
func excepted(f *alert.Finding) { f.Rule.Key, f.Event.SourceIP = "excepted", "10.1.2.3" }

func newTestHandler(t *testing.T, env map[string]string) (*handler, *writer) {
	t.Helper()
	all := map[string]string{"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}
	for name, value := range env {
		all[name] = value
	}
	w := new(writer)
	h, err := newHandler(t.Context(), set(), testWorld(all), w)
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
		Rule:   alert.Rule{Key: "rule", Title: "A title", Level: runtime.High, Source: "rule.yml", SourceHash: "0a1b2c"},
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

// handle hands a batch of messages m0, m1, … to the function, and returns those
// that failed.
func handle(t *testing.T, h *handler, bodies ...string) string {
	t.Helper()
	return handleAs(t.Context(), t, h, bodies...)
}

// handleAs does so in a context.
func handleAs(ctx context.Context, t *testing.T, h *handler, bodies ...string) string {
	t.Helper()
	event, err := json.Marshal(batch(bodies...))
	if err != nil {
		t.Fatal(err)
	}
	response, err := h.handle(ctx, event)
	if err != nil {
		t.Fatal(err)
	}
	return failures(response)
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
		{name: "an excepted address is no alert", messages: []string{finding("e1", 0, excepted)}, want: "excepted e1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, w := newTestHandler(t, c.env)
			if got := handle(t, h, c.messages...); got != c.failed {
				t.Errorf("failed %q, want %q", got, c.failed)
			}
			if diff := cmp.Diff(c.want, w.outcomes(t)); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheAlertIsOneLine(t *testing.T) {
	h, w := newTestHandler(t, map[string]string{"AWS_LAMBDA_LOG_LEVEL": ""})
	handle(t, h, finding("e1", 0), finding("e2", 1), finding("e3", 61))
	line := func(id, eventTime string, suppressed float64, why ...any) map[string]any {
		return map[string]any{
			"level": "INFO", "msg": "alert", "alert": "rule/111122223333/" + id, "rule": "rule", "source_hash": "0a1b2c", "title": "A title", "severity": "high", "event_id": id, "event_time": eventTime,
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
				handle(t, h, body)
			}
			w.write = func(string) error { return full }
			if failed := handle(t, h, finding("e1", 0)); failed != "m0" {
				t.Fatalf("failed %q, want m0", failed)
			}
			w.write = nil
			if failed := handle(t, h, finding("e1", 0)); failed != "" {
				t.Fatalf("failed %q, want none", failed)
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
	h, w := newTestHandler(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if failed := handleAs(ctx, t, h, finding("e1", 0), finding("e2", 0)); failed != "m0 m1" {
		t.Errorf("failed %q, want m0 m1", failed)
	}
	want := []map[string]any{{"level": "WARN", "msg": "messages not processed", "messages": 2., "reason": "the time of the invocation is nearly over"}}
	if diff := cmp.Diff(want, w.lines(t)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// Lambda ends a process at the deadline, and then delivers the whole batch again:
// what there is no time for is given back before.
func TestABatchStopsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, w := newTestHandler(t, nil)
		const slow = 3 * time.Second
		w.write = func(line string) error {
			if strings.Contains(line, `"msg":"alert"`) {
				time.Sleep(slow)
			}
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // of which half is for beginning a message
		defer cancel()
		failed := handleAs(ctx, t, h, finding("e1", 0), finding("e2", 100), finding("e3", 200), finding("e4", 300), finding("e5", 400))
		if ctx.Err() != nil {
			t.Error("the deadline has passed")
		}
		done := strings.Count(w.outcomes(t), "alert")
		if done != 2 || failed != "m2 m3 m4" {
			t.Errorf("%d alerts, failed %q; want 2, of what was begun within five seconds", done, failed)
		}
	})
}

// A function that runs several invocations at once processes one batch after the
// other; one that waits too long gives its batch back.
func TestABatchWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newTestHandler(t, nil)
		h.live.turn <- struct{}{} // another invocation is at it
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if failed := handleAs(ctx, t, h, finding("e1", 0)); failed != "m0" || ctx.Err() != nil {
			t.Errorf("failed %q, %v; want m0 before the deadline", failed, ctx.Err())
		}
		<-h.live.turn
		if failed := handle(t, h, finding("e1", 0)); failed != "" {
			t.Errorf("failed %q, want none", failed)
		}
	})
}

// panicking is an enricher with a bug.
type panicking struct{ of string }

func (p panicking) Enrich(_ context.Context, a *alert.Address) error {
	if a.IP == p.of {
		panic("an index out of range")
	}
	return nil
}

// A bug that one message meets does not take the others of its batch with it to
// the dead-letter queue.
func TestAMessageThatPanicsFailsAlone(t *testing.T) {
	h, w := newTestHandler(t, nil)
	now := func() time.Time { return noon }
	h.live.pipeline = alert.NewPipeline(runtime.Ruleset{}, alert.Config{}, alert.Edges{
		Store: alert.NewMemory(now), Now: now, Notifiers: []alert.Notifier{h.live.alerts}, Enrichers: []alert.Enricher{panicking{"203.0.113.9"}},
	})
	failed := handle(t, h, finding("e1", 0), finding("e2", 1, func(f *alert.Finding) { f.Event.SourceIP = "203.0.113.9" }), finding("e3", 2))
	if failed != "m1" || strings.Count(w.String(), `"msg":"alert"`) != 2 {
		t.Errorf("failed %q, want m1; log:\n%s", failed, w)
	}
	if !strings.Contains(w.String(), "handler_test.go") || !strings.Contains(w.String(), `"error":"a bug: panic: an index out of range"`) {
		t.Errorf("the log does not say where:\n%s", w)
	}
}

func TestOtherEventsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		says string
	}{
		{"an S3 notification", `{"Records":[{"eventSource":"aws:s3","s3":{}}]}`, `record 0 of the event has the eventSource "aws:s3"`},
		{"an SNS message", `{"Records":[{"EventSource":"aws:sns","Sns":{}}]}`, `the eventSource "aws:sns"`},
		{"one message of another source among others", `{"Records":[{"eventSource":"aws:sqs","messageId":"m"},{"eventSource":"aws:kinesis"}]}`, `record 1 of the event has the eventSource "aws:kinesis"`},
		{"an event without Records", `{"detail-type":"x"}`, `the event has no Records, but "detail-type": this release accepts batches of SQS messages`},
		{"the test event of the console", `{"key1":"value1","key2":"value2","key3":"value3"}`, `the event has no Records, but "key1", "key2", "key3"`},
		{"an empty test event", `{}`, "the event has no Records, but nothing"},
		{"an empty batch", `{"Records":[]}`, "the event has no Records"},
		{"Records that are none", `{"Records":"x"}`, "the event has no Records"},
		{"Records of something else", `{"Records":[1]}`, "the event is no batch of SQS messages"},
		{"no object", `"hello"`, "the event is no JSON object"},
		{"null", `null`, "the event has no Records, but nothing"},
		{"members without end", `{` + strings.Repeat(`"x":1,"`, 1) + strings.Repeat("y", 1000) + `":1}`, `"x", "` + strings.Repeat("y", 300)},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, w := newTestHandler(t, nil)
			response, err := h.handle(t.Context(), json.RawMessage(c.text))
			if err == nil || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 1000 {
				t.Errorf("error: %v, want one that says %s", err, c.says)
			}
			if failures(response) != "" {
				t.Errorf("failed %q although no message is known", failures(response))
			}
			if lines := w.lines(t); len(lines) != 1 || lines[0]["msg"] != "event refused" {
				t.Errorf("log: %v, want one line that says so", lines)
			}
		})
	}
}
