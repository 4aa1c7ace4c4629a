package analyzer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

func TestHandleSendsAFindingForEachMatch(t *testing.T) {
	b := newBench(t)
	record := event("e2", "StopLogging", `,"awsRegion":"eu-west-1"`)
	b.files["logs/a b.json.gz"] = pack(t, file(event("e1", "Other", ""), record))
	if _, err := b.handle(t.Context(), notice("a+b.json.gz")); err != nil {
		t.Fatal(err)
	}
	want := func(key string) alert.Finding {
		return alert.Finding{
			Schema:   alert.Schema,
			Rule:     alert.Rule{Key: key, Title: "Title of " + key, Level: testSet().Rules[0].Level},
			Searches: []alert.Search{{Name: "selection", Fields: []alert.Field{}}},
			Event: alert.Event{
				ID: "e2", Time: "2025-03-09T16:00:00Z", Source: "test.amazonaws.com", Name: "StopLogging", AccountID: "111122223333", Region: "eu-west-1",
			},
			Location: alert.Location{Bucket: "logs", File: "a b.json.gz", Record: 1},
			Raw:      []byte(record),
		}
	}
	if diff := cmp.Diff([]alert.Finding{want("also_stopped"), want("logging_stopped")}, b.findings(t)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	line := map[string]any{
		"level": "INFO", "msg": "object", "bucket": "logs", "key": "a b.json.gz",
		"records": 2., "candidates": 2., "matches": 2., "sent": 2., "unreadable": 0., "failed": false, "delay_s": 300.,
	}
	if diff := cmp.Diff([]map[string]any{line}, b.lines(t)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

func TestHandle(t *testing.T) {
	stop := func(id string) string { return event(id, "CreateUser", "") }
	var noise []string
	for i := range 2000 {
		noise = append(noise, event(fmt.Sprint("n", i*i*7919), "Other", fmt.Sprintf(`,"requestID":"%x"`, i*i*i*104729)))
	}
	long := pack(t, file(append([]string{stop("e1")}, append(noise, stop("e2"))...)...))
	broken := `{"eventVersion":"1.11","eventName":tsecret,"eventSource":"x"}`

	for _, c := range []struct {
		name   string
		files  map[string][]byte
		notice []byte
		events string   // that the findings are about
		says   []string // that the error says
		is     error    // that the error wraps
		log    []string // lines other than those of objects: message and reason
		object string   // of the last object's line: records, unreadable, failed, not_records, skipped
	}{
		{
			name:   "a plain file is read as well",
			files:  map[string][]byte{"logs/a.json": file(stop("e1"))},
			notice: notice("a.json"), events: "e1", object: "1 0 false <nil> <nil>",
		},
		{
			name:   "a name in .jsonl.gz means a record a line",
			files:  map[string][]byte{"logs/a.jsonl.gz": pack(t, []byte(stop("e1")+"\n"+stop("e2")+"\n"))},
			notice: notice("a.jsonl.gz"), events: "e1 e2", object: "2 0 false <nil> <nil>",
		},
		{
			name:   "the findings of a truncated file are sent, and it fails",
			files:  map[string][]byte{"logs/a.json.gz": long[:len(long)/2]},
			notice: notice("a.json.gz"), events: "e1", is: io.ErrUnexpectedEOF, says: []string{"logs/a.json.gz: read after "},
		},
		{
			name:   "a missing object fails, and the others are read",
			files:  map[string][]byte{"logs/b.json": file(stop("e1"))},
			notice: notice("a.json", "b.json"), events: "e1", says: []string{"logs/a.json: open: NoSuchKey"}, object: "1 0 false <nil> <nil>",
		},
		{
			name:   "every object that fails is named",
			notice: notice("a.json", "b.json"), says: []string{"logs/a.json: open: NoSuchKey", "logs/b.json: open: NoSuchKey"}, object: "0 0 true <nil> <nil>",
		},
		{
			name:   "an unreadable record fails its object, and costs no other record",
			files:  map[string][]byte{"logs/a.json": file(stop("e1"), broken, stop("e2"))},
			notice: notice("a.json"), events: "e1 e2", says: []string{"logs/a.json: 1 unreadable: record 1: the record is not valid JSON"},
			log: []string{"record unreadable: the record is not valid JSON: unexpected value found"}, object: "2 1 true <nil> <nil>",
		},
		{
			name:   "so does one over the size limit",
			files:  map[string][]byte{"logs/a.json": file(event("e1", "CreateUser", `,"x":"`+strings.Repeat("x", cloudtrail.DefaultRecordLimit)+`"`), stop("e2"))},
			notice: notice("a.json"), events: "e2", is: cloudtrail.ErrTooLarge, says: []string{"logs/a.json: 1 unreadable: record 0"},
			log: []string{"record unreadable: record over the size limit"}, object: "1 1 true <nil> <nil>",
		},
		{
			name:   "of many unreadable records the first are logged, and fewer are in the error",
			files:  map[string][]byte{"logs/a.json": file(strings.Split(strings.Repeat(broken+"\n", 50)+stop("e1"), "\n")...)},
			notice: notice("a.json"), events: "e1", says: []string{"50 unreadable; the first 5 are: record 0"},
			log: strings.Split(strings.Repeat("record unreadable: the record is not valid JSON: unexpected value found\n", 10), "\n")[:10], object: "1 50 true <nil> <nil>",
		},
		{
			name:   "a value that is no record is skipped",
			files:  map[string][]byte{"logs/a.json": file(`{"a":1}`, stop("e1"))},
			notice: notice("a.json"), events: "e1",
			log: []string{"record skipped: not a CloudTrail record: no eventVersion, nor eventName and eventSource as strings"}, object: "1 0 false 1 <nil>",
		},
		{
			name:   "a file that holds no records is skipped",
			files:  map[string][]byte{"logs/a.json": []byte(`[]`)},
			notice: notice("a.json"), object: "0 0 false <nil> true",
		},
		{
			name:   "records with something else behind them are not skipped",
			files:  map[string][]byte{"logs/a.json": append(file(stop("e1")), `[]`...)},
			notice: notice("a.json"), events: "e1", is: cloudtrail.ErrSyntax, says: []string{"logs/a.json: read after 1 records"}, object: "1 0 true <nil> <nil>",
		},
		{
			name:   "a file that is no JSON fails",
			files:  map[string][]byte{"logs/a.json": []byte(`hello`)},
			notice: notice("a.json"), is: cloudtrail.ErrSyntax, says: []string{"logs/a.json: read after 0 records"}, object: "0 0 true <nil> <nil>",
		},
		{
			name:   "a digest is not even fetched",
			notice: notice("AWSLogs/111122223333/CloudTrail-Digest/x.json.gz"), log: []string{"skipped: no records in the folder CloudTrail-Digest"},
		},
		{
			name:   "a test event is named and skipped",
			notice: []byte(`{"Event":"s3:TestEvent","Bucket":"logs"}`), log: []string{"skipped: s3:TestEvent"},
		},
		{
			name:   "an unknown envelope is named and skipped",
			notice: []byte(`{"detail-type":"x"}`), log: []string{`skipped: an EventBridge event with source "" and detail-type "x"`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.files = c.files
			_, err := b.handle(t.Context(), c.notice)
			if diff := cmp.Diff(c.events, b.events(t)); diff != "" {
				t.Errorf("findings about events (-want +got):\n%s", diff)
			}
			if (err != nil) != (len(c.says) > 0) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error: %v, want %v that says %q", err, c.is, c.says)
			}
			for _, says := range c.says {
				if !strings.Contains(fmt.Sprint(err), says) {
					t.Errorf("error: %v, want one that says %s", err, says)
				}
			}
			var log []string
			object := ""
			for _, line := range b.lines(t) {
				switch line["msg"] {
				case "event failed": // with the error that is looked at above
					if said := fmt.Sprint(line["error"]); err == nil || said != err.Error() {
						t.Errorf("the line about the event says %s", said)
					}
					continue
				case "object":
				default:
					log = append(log, fmt.Sprintf("%s: %s", line["msg"], line["reason"]))
					continue
				}
				skipped := line["skipped"]
				if skipped != nil {
					skipped = strings.Contains(fmt.Sprint(skipped), cloudtrail.ErrNotRecords.Error())
				}
				object = fmt.Sprint(line["records"], line["unreadable"], line["failed"], line["not_records"], skipped)
			}
			if diff := cmp.Diff(c.log, log); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
			if c.object != "" && object != c.object {
				t.Errorf("object line: %s, want %s", object, c.object)
			}
			if strings.Contains(b.log.String()+fmt.Sprint(err), "secret") {
				t.Errorf("the content of a record is repeated in the log or the error: %s\n%v", b.log.String(), err)
			}
		})
	}
}

func TestHandleKeepsTheCauseOfAFailedGet(t *testing.T) {
	_, err := newBench(t).handle(t.Context(), notice("a.json"))
	if _, ok := errors.AsType[*s3types.NoSuchKey](err); !ok {
		t.Errorf("error %v wraps no NoSuchKey", err)
	}
}

func TestHandleFailsAnObjectWhoseBodyBreaksOff(t *testing.T) {
	reset := errors.New("connection reset")
	b := newBench(t)
	b.objects = fakeS3{func(context.Context, string) (io.Reader, error) {
		return io.MultiReader(strings.NewReader(`{"Records":[`+event("e1", "CreateUser", "")+","), iotest.ErrReader(reset)), nil
	}}
	if _, err := b.handle(t.Context(), notice("a.json")); !errors.Is(err, reset) || !strings.Contains(err.Error(), "logs/a.json") {
		t.Errorf("error: %v, want one about logs/a.json that wraps %v", err, reset)
	}
	if got := b.events(t); got != "e1" {
		t.Errorf("findings about %q, want e1", got)
	}
}

// An invocation has 60 s, of which 54 are for reading.
func TestHandleStopsBeforeTheDeadline(t *testing.T) {
	slow := func(d time.Duration) fakeS3 {
		return fakeS3{func(ctx context.Context, _ string) (io.Reader, error) {
			if err := sleep(ctx, d); err != nil {
				return nil, err
			}
			return bytes.NewReader(file(event("e1", "CreateUser", ""))), nil
		}}
	}
	for _, c := range []struct {
		name    string
		objects fakeS3
		events  string
		says    []string
	}{
		{"what there is time for is read", slow(13 * time.Second), "e1 e1 e1", []string{"logs/d: open: " + errSlow.Error(), "logs/e: open: " + errNoTime.Error()}},
		{"one that hangs does not take the time of all", fakeS3{func(ctx context.Context, name string) (io.Reader, error) {
			if name == "logs/a" {
				return hanging{ctx}, nil
			}
			return bytes.NewReader(file(event(name[5:], "CreateUser", ""))), nil
		}}, "b c d e", []string{"logs/a: read after 0 records: read: " + errSlow.Error()}},
		{"a body that takes too long is cut off, and its findings are sent", fakeS3{func(ctx context.Context, name string) (io.Reader, error) {
			return io.MultiReader(strings.NewReader(`{"Records":[`+event(name[5:], "CreateUser", "")+","), hanging{ctx}), nil
		}}, "a b c d e", []string{"logs/a: read after 1 records: ", "logs/e: read after 1 records: "}},
		{"what could not be begun is named", fakeS3{func(context.Context, string) (io.Reader, error) {
			time.Sleep(55 * time.Second) // whatever the context says
			return nil, errors.New("gone")
		}}, "", []string{"logs/a: open: gone", "not read: logs/b, logs/c, logs/d, logs/e: " + errNoTime.Error()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				b := newBench(t)
				b.objects = c.objects
				_, err := b.handle(ctx, notice("a", "b", "c", "d", "e"))
				for _, says := range c.says {
					if !strings.Contains(fmt.Sprint(err), says) {
						t.Errorf("error: %v, want one that says %s", err, says)
					}
				}
				if ctx.Err() != nil {
					t.Error("it returned after the deadline")
				}
				if got := b.events(t); got != c.events {
					t.Errorf("findings about %q, want %q", got, c.events)
				}
			})
		})
	}
}

// hanging is a body that nothing arrives of.
type hanging struct{ ctx context.Context }

func (h hanging) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, context.Cause(h.ctx)
}
