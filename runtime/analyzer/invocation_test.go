package analyzer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/internal/emf/emftest"
)

// batch is a batch of SQS messages with the ids m0, m1, …
func batch(bodies ...string) json.RawMessage {
	var list []string
	for i, body := range bodies {
		list = append(list, fmt.Sprintf(`{"messageId":"m%d","eventSource":"aws:sqs","body":%s}`, i, quoted(body)))
	}
	return json.RawMessage(records(list...))
}

// failures returns the ids of the messages that an answer wants again.
func failures(t *testing.T, answer any) string {
	t.Helper()
	response, ok := answer.(events.SQSEventResponse)
	if !ok {
		t.Fatalf("answered %#v, not as to a batch of SQS", answer)
	}
	text, err := json.Marshal(response)
	if err != nil || response.BatchItemFailures == nil {
		t.Fatalf("answer %s: %v", text, err) // null would mean a broken function to Lambda
	}
	var ids []string
	for _, f := range response.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return strings.Join(ids, " ")
}

func TestABatchFailsMessageByMessage(t *testing.T) {
	b := newBench(t)
	b.files["logs/a.json"] = file(event("e1", "CreateUser", ""))
	b.files["logs/b.json"] = file(event("e2", "CreateUser", ""), `{"eventVersion":"1.11","eventName":tsecret}`)
	b.files["logs/c.json"] = file(event("e3", "CreateUser", ""))
	answer, err := b.handle(t.Context(), batch(string(notice("a.json")), string(notice("missing.json")), inSNS(string(notice("b.json"))), `{"key1":"x"}`, "[", objectCreated("logs", "c.json")))
	if err != nil {
		t.Fatal(err)
	}
	if got := failures(t, answer); got != "m1 m2 m4" {
		t.Errorf("wants %q again, want m1 (no object), m2 (an unreadable record) and m4 (no JSON)", got)
	}
	if got := b.events(t); got != "e1 e2 e3" {
		t.Errorf("findings about %q, want e1 e2 e3", got)
	}
	var failed []string
	for _, line := range b.lines(t) {
		if line["msg"] == "message failed" {
			failed = append(failed, fmt.Sprint(line["message_id"], " ", line["error"]))
		}
	}
	for i, want := range []string{"m1 logs/missing.json: open: NoSuchKey", "m2 logs/b.json: 1 unreadable: record 1", "m4 the event, or what it wraps, is not a JSON object"} {
		if i >= len(failed) || !strings.HasPrefix(failed[i], want) {
			t.Errorf("lines about failed messages:\n%s\nwant one that begins with %s", strings.Join(failed, "\n"), want)
		}
	}
}

// Of 60 s, 54 are for reading.
func TestABatchNamesWhatThereWasNoTimeFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.objects = fakeS3{func(ctx context.Context, _ string) (io.Reader, error) {
			if err := sleep(ctx, 15*time.Second); err != nil {
				return nil, err
			}
			return strings.NewReader(string(file(event("e1", "CreateUser", "")))), nil
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, err := b.handle(ctx, batch(string(notice("a")), string(notice("b")), string(notice("c")), string(notice("d"))))
		if err != nil || ctx.Err() != nil {
			t.Fatal(err, ctx.Err())
		}
		if got := failures(t, answer); got != "m2 m3" {
			t.Errorf("wants %q again, want m2 m3: 39 s were left for the second, 24 for the third, of which half for itself", got)
		}
	})
}

func TestARecordByEventBridgeIsTheOneInTheFile(t *testing.T) {
	b := newBench(t)
	b.files["logs/a.json"] = file(event("e1", "CreateUser", ""))
	inFile := strings.Replace(event("e1", "CreateUser", ""), `,"recipientAccountId":"111122223333"`, "", 1)
	if _, err := b.handle(t.Context(), json.RawMessage(apiCall(inFile))); err != nil {
		t.Fatal(err)
	}
	if _, err := b.handle(t.Context(), notice("a.json")); err != nil {
		t.Fatal(err)
	}
	found := b.findings(t)
	if len(found) != 2 || found[0].ID() != found[1].ID() {
		t.Fatalf("findings %v, want two of one ID", found)
	}
	if l := found[0].Location; l.Bucket != "" || l.File != "eventbridge:e-1" || l.Record != 0 {
		t.Errorf("location %+v, want that of the event", l)
	}
}

func TestARecordByEventBridgeThatCannotBeReadFails(t *testing.T) {
	b := newBench(t)
	deep := `{"eventVersion":"1.11","x":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + `}`
	_, err := b.handle(t.Context(), json.RawMessage(apiCall(deep)))
	if err == nil || !strings.Contains(err.Error(), "eventbridge:e-1: 1 unreadable: record 0: the record is nested deeper than 300 levels") {
		t.Errorf("error: %v", err)
	}
}

func TestTheAliasShadowHasAQueueAndMetricsOfItsOwn(t *testing.T) {
	shadow := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:analyzer:shadow"})
	b := newBench(t)
	b.files["logs/a.json"] = file(event("e1", "CreateUser", ""))
	for i, ctx := range []context.Context{shadow, t.Context()} {
		if _, err := b.handle(ctx, notice("a.json")); err != nil {
			t.Fatal(err)
		}
		if len(b.batches) != i+1 || b.shadows != 1 {
			t.Errorf("after invocation %d: %d batches, %d of them in the shadow", i, len(b.batches), b.shadows)
		}
	}
	sums := emftest.Sums(t, b.log.String(), clock)
	if sums["TrailAlerts/shadow RecordsScanned"] != 1 || sums["TrailAlerts RecordsScanned"] != 1 {
		t.Errorf("metrics: %v", sums)
	}

	b.handler.shadow = nil
	if _, err := b.handle(shadow, notice("a.json")); err == nil || !strings.Contains(err.Error(), "SHADOW_SQS_QUEUE_URL is not set") {
		t.Errorf("error: %v, want one that names the missing variable", err)
	}
	if len(b.batches) != 2 {
		t.Error("without a queue of its own the shadow sends to the live one")
	}
}

func TestObjectsOutsideThePrefixAreSkippedByName(t *testing.T) {
	b := newBench(t)
	b.prefix = "org/"
	b.files["logs/org/a.json"] = file(event("e1", "CreateUser", ""))
	if _, err := b.handle(t.Context(), notice("org/a.json", "other/a.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.handle(t.Context(), json.RawMessage(apiCall(event("e2", "CreateUser", "")))); err != nil {
		t.Fatal(err)
	}
	if got := b.events(t); got != "e1 e2" {
		t.Errorf("findings about %q, want e1, and e2, which is in no object", got)
	}
	want := map[string]any{"level": "INFO", "msg": "skipped", "bucket": "logs", "key": "other/a.json", "reason": "its key does not begin with org/"}
	if diff := cmp.Diff(want, b.lines(t)[1]); diff != "" {
		t.Errorf("second line (-want +got):\n%s", diff)
	}
}

func TestMetrics(t *testing.T) {
	b := newBench(t)
	b.files["logs/a.json"] = file(event("e1", "CreateUser", ""), event("e2", "StopLogging", ""), event("e3", "Other", ""))
	b.files["logs/b.json"] = file(strings.Replace(event("e4", "CreateUser", ""), "16:00:00", "15:00:00", 1), `{"eventVersion":"1.11","eventName":t}`)
	if _, err := b.handle(t.Context(), batch(string(notice("a.json", "b.json")), string(notice("missing.json")), `{"key1":"x"}`)); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"TrailAlerts RecordsScanned": 4, "TrailAlerts FindingsSent": 4,
		"TrailAlerts ObjectsRead": 1, "TrailAlerts EventsRead": 0, "TrailAlerts ObjectsFailed": 2, "TrailAlerts EventsSkipped": 1,
		"TrailAlerts Matches": 4, "TrailAlerts Matches Rule=user_created": 2, "TrailAlerts Matches Rule=logging_stopped": 1, "TrailAlerts Matches Rule=also_stopped": 1,
		"TrailAlerts DeliveryDelaySeconds": 300 + 3900,
	}
	if diff := cmp.Diff(want, emftest.Sums(t, b.log.String(), clock)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}

	// What comes by EventBridge must not hide that no files come.
	b.log.Reset()
	if _, err := b.handle(t.Context(), json.RawMessage(apiCall(event("e5", "Other", "")))); err != nil {
		t.Fatal(err)
	}
	if sums := emftest.Sums(t, b.log.String(), clock); sums["TrailAlerts ObjectsRead"] != 0 || sums["TrailAlerts EventsRead"] != 1 || sums["TrailAlerts RecordsScanned"] != 1 {
		t.Errorf("metrics of a record by EventBridge: %v", sums)
	}

	b.log.Reset()
	if _, err := b.handle(t.Context(), json.RawMessage(`{"Event":"s3:TestEvent"}`)); err != nil {
		t.Fatal(err)
	}
	if sums := emftest.Sums(t, b.log.String(), clock); len(sums) != 7 || sums["TrailAlerts EventsSkipped"] != 0 {
		t.Errorf("metrics of an invocation that read nothing: %v, want the seven counts, and that a test event is expected", sums)
	}
}

// A matcher with a bug costs the record that it cannot take, and nothing else.
func TestAPanicCostsOneRecord(t *testing.T) {
	b := newBench(t)
	all := b.set.Match
	b.set.Match = func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
		if e.Get("eventID").EqualFold("poison") {
			panic("secret")
		}
		return all(dst, e)
	}
	b.files["logs/a.json"] = file(event("e1", "CreateUser", ""))
	b.files["logs/b.json"] = file(event("e2", "CreateUser", ""), event("poison", "CreateUser", ""), event("e3", "CreateUser", ""))
	b.files["logs/c.json"] = file(event("e4", "CreateUser", ""))
	answer, err := b.handle(t.Context(), batch(string(notice("a.json")), string(notice("b.json")), string(notice("c.json"))))
	if err != nil {
		t.Fatal(err)
	}
	if got := failures(t, answer); got != "m1" {
		t.Errorf("wants %q again, want m1", got)
	}
	if got := b.events(t); got != "e1 e2 e3 e4" {
		t.Errorf("findings about %q, want e1 e2 e3 e4", got)
	}
	log := b.log.String()
	if !strings.Contains(log, "logs/b.json: 1 unreadable: record 1: a bug: panic of type string") || !strings.Contains(log, "invocation_test.go") || strings.Contains(log, "secret") {
		t.Errorf("the log does not say where the panic was, or says too much:\n%s", log)
	}
}

// Only AWS sends events whose source begins with "aws.".
func TestARecordOfAnotherSourceIsSkipped(t *testing.T) {
	b := newBench(t)
	forged := strings.Replace(apiCall(event("e1", "CreateUser", "")), `"source":"aws.iam"`, `"source":"my.app"`, 1)
	if _, err := b.handle(t.Context(), json.RawMessage(forged)); err != nil {
		t.Fatal(err)
	}
	if got := b.events(t); got != "" {
		t.Errorf("findings about %q of a record that anybody may have sent", got)
	}
	if sums := emftest.Sums(t, b.log.String(), clock); sums["TrailAlerts EventsSkipped"] != 1 {
		t.Errorf("metrics %v, want it counted as skipped", sums)
	}
}

func TestLinesOfTheShadowSaySo(t *testing.T) {
	shadow := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: "arn:aws:lambda:eu-west-1:111122223333:function:analyzer:shadow"})
	b := newBench(t)
	if _, err := b.handle(shadow, notice("missing.json")); err == nil {
		t.Fatal("a missing object is no error")
	}
	lines := b.lines(t)
	if len(lines) != 2 {
		t.Errorf("%d lines, want one about the object and one about the event", len(lines))
	}
	for _, line := range lines {
		if line["shadow"] != true {
			t.Errorf("line %v does not say that it is of the shadow", line)
		}
	}
}

// A record may claim to be from the future, and clocks differ.
func TestADelayIsNotNegative(t *testing.T) {
	b := newBench(t)
	b.files["logs/a.json"] = file(strings.Replace(event("e1", "Other", ""), "2025-", "2026-", 1))
	if _, err := b.handle(t.Context(), notice("a.json")); err != nil {
		t.Fatal(err)
	}
	if got := b.lines(t)[0]["delay_s"]; got != 0. {
		t.Errorf("delay %v, want 0", got)
	}
}

// An error may name thousands of objects; a line of the log may not.
func TestALineRepeatsABoundedErrorOnly(t *testing.T) {
	b := newBench(t)
	var keys []string
	for i := range 5000 {
		keys = append(keys, fmt.Sprintf("missing-%d.json", i))
	}
	if _, err := b.handle(t.Context(), notice(keys...)); err == nil {
		t.Fatal("missing objects are no error")
	}
	for line := range strings.Lines(b.log.String()) {
		if len(line) > 2*loggedError {
			t.Errorf("a line of %d bytes: %.200s", len(line), line)
		}
	}
}
