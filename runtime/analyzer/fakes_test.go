package analyzer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
)

// fakeS3 opens objects by bucket/key.
type fakeS3 struct {
	get func(ctx context.Context, name string) (io.Reader, error)
}

func (f fakeS3) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	body, err := f.get(ctx, bucket+"/"+key)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(body), nil
}

type fakeSQS struct {
	send func(ctx context.Context, url string, entries []types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error)
}

func (f fakeSQS) SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	return f.send(ctx, *in.QueueUrl, in.Entries)
}

// clock is what every bench takes for now: 5 minutes after event.
var clock = time.Date(2025, 3, 9, 16, 5, 0, 0, time.UTC)

// bench is a handler among fakes, and what came out of it.
type bench struct {
	*handler
	files   map[string][]byte // by bucket/key
	batches [][]string        // the bodies that the queue took, a slice a call
	shadows int               // of these batches: those for the queue of the shadow
	slept   []time.Duration
	log     bytes.Buffer

	// answer decides about an entry by its body and the number of the call, from 1. nil takes all.
	answer func(call int, body string) *types.BatchResultErrorEntry
	calls  [][]string // the bodies of each call
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{files: map[string][]byte{}}
	b.handler = &handler{
		set: testSet(),
		objects: fakeS3{func(_ context.Context, name string) (io.Reader, error) {
			file, ok := b.files[name]
			if !ok {
				return nil, &s3types.NoSuchKey{Message: aws.String("gone")}
			}
			return bytes.NewReader(file), nil
		}},
		now:     func() time.Time { return clock },
		logger:  slog.New(slog.NewJSONHandler(&b.log, nil)),
		out:     &b.log,
		metrics: emf.Batch{Namespace: "TrailAlerts"},
	}
	q := queue{
		client: fakeSQS{b.take}, url: "https://q/1/live",
		sleep:  func(_ context.Context, d time.Duration) error { b.slept = append(b.slept, d); return nil },
		jitter: func(d time.Duration) time.Duration { return d },
	}
	b.live = &q
	shadowed := q
	shadowed.url = "https://q/1/shadow"
	b.shadow = &shadowed
	return b
}

// take checks a batch as SQS does.
func (b *bench) take(ctx context.Context, url string, entries []types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var out sqs.SendMessageBatchOutput
	var taken, all []string
	ids := map[string]bool{}
	size := 0
	for _, e := range entries {
		body := *e.MessageBody
		all = append(all, body)
		size += len(body)
		if ids[*e.Id] {
			return nil, fmt.Errorf("BatchEntryIdsNotDistinct: %s", *e.Id)
		}
		ids[*e.Id] = true
	}
	if len(entries) == 0 || len(entries) > 10 || size > 262_144 {
		return nil, fmt.Errorf("a batch of %d entries and %d bytes", len(entries), size)
	}
	b.calls = append(b.calls, all)
	for _, e := range entries {
		if strings.ContainsAny(*e.MessageBody, "\uFFFE\uFFFF\x00\x01\x1f") || strings.ToValidUTF8(*e.MessageBody, "") != *e.MessageBody {
			out.Failed = append(out.Failed, types.BatchResultErrorEntry{Id: e.Id, SenderFault: true, Code: aws.String("InvalidMessageContents")})
			continue
		}
		if b.answer != nil {
			if failed := b.answer(len(b.calls), *e.MessageBody); failed != nil {
				failed.Id = e.Id
				out.Failed = append(out.Failed, *failed)
				continue
			}
		}
		taken = append(taken, *e.MessageBody)
		out.Successful = append(out.Successful, types.SendMessageBatchResultEntry{Id: e.Id})
	}
	b.batches = append(b.batches, taken)
	if url == b.shadow.url {
		b.shadows++
	}
	return &out, nil
}

// findings returns what arrived in the queue, in order.
func (b *bench) findings(t *testing.T) []alert.Finding {
	t.Helper()
	var all []alert.Finding
	for _, batch := range b.batches {
		for _, body := range batch {
			f, err := alert.ParseFinding([]byte(body))
			if err != nil {
				t.Fatalf("the queue took what is no finding: %v", err)
			}
			all = append(all, f)
		}
	}
	return all
}

// events returns the event IDs of the findings in the queue.
func (b *bench) events(t *testing.T) string {
	t.Helper()
	var ids []string
	for _, f := range b.findings(t) {
		ids = append(ids, f.Event.ID)
	}
	return strings.Join(ids, " ")
}

// lines returns the log without times and metrics.
func (b *bench) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(b.log.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %s: %v", text, err)
		}
		if line["_aws"] != nil {
			continue
		}
		delete(line, "time")
		delete(line, "ms")
		lines = append(lines, line)
	}
	return lines
}

func testSet() runtime.Ruleset {
	rule := func(key, eventName string) *runtime.Rule {
		match := func(e *runtime.Event) bool { return e.Get("eventName").EqualFold(eventName) }
		return &runtime.Rule{
			Key: key, Title: "Title of " + key, Level: runtime.High, Match: match,
			Searches: []runtime.Search{{Name: "selection", Match: match}},
		}
	}
	rules := []*runtime.Rule{rule("also_stopped", "StopLogging"), rule("logging_stopped", "StopLogging"), rule("user_created", "CreateUser")}
	return runtime.Ruleset{Rules: rules, Match: func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
		return append(dst, runtime.MatchAll(nil, []*runtime.Rule{rules[2], rules[1], rules[0]}, e)...)
	}}
}

// event is a record; more is appended to its members.
func event(id, name, more string) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","eventTime":"2025-03-09T16:00:00Z","eventSource":"test.amazonaws.com","eventName":%q,"eventID":%q,"recipientAccountId":"111122223333"%s}`, name, id, more)
}

// file is a delivery file of the records.
func file(records ...string) []byte {
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}

func pack(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// notice is an S3 notification of objects in bucket "logs". Keys are given as they stand in a notification.
func notice(keys ...string) []byte {
	var records []string
	for _, key := range keys {
		records = append(records, fmt.Sprintf(`{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":%q,"size":1}}}`, key))
	}
	return []byte(`{"Records":[` + strings.Join(records, ",") + `]}`)
}
