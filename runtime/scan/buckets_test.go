package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/bucket"
	"github.com/trailalerts/trailalerts/runtime/bucket/buckettest"
)

// callBuckets runs the command with the buckets of a server.
func callBuckets(t *testing.T, server *buckettest.Server, args ...string) outcome {
	t.Helper()
	return callExtras(t, Extras{OpenStore: openTestStore, OpenBuckets: func(context.Context) (Buckets, error) {
		return bucket.New(buckettest.Client(server.Endpoint, buckettest.Region)), nil
	}}, args...)
}

func callExtras(t *testing.T, extras Extras, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	s := newStreams(strings.NewReader(""), &stdout, &stderr)
	s.now = func() time.Time { return time.Time{} }
	code := run(t.Context(), extras, testSet(), args, s)
	return outcome{code, stdout.String(), stderr.String()}
}

// places returns "file record event" of each line of matches.
func places(t *testing.T, jsonl string) (list []string) {
	t.Helper()
	for line := range strings.Lines(jsonl) {
		var row matchRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %d %s", row.File, row.Record, row.EventID))
	}
	return list
}

const day = "AWSLogs/111122223333/CloudTrail/us-east-1/2025/03/09/"

func TestObjectsOfABucket(t *testing.T) {
	users := func(id string, minute int) string { return pack(delivery(event(id, "CreateUser", minute))) }
	server := buckettest.New(t, map[string]map[string]string{
		"logs": {
			day + "b.json.gz": users("b", 2), day + "a b+c/ü%20.json.gz": users("odd", 1), day + "../up.json.gz": users("up", 3), day + "c.jsonl": event("c", "CreateUser", 4),
			day: "", day + "sub/": "", day + "notes.txt": "no log", day + "\x1b[2J": "no log",
			"AWSLogs/o-abc/111122223333/CloudTrail/a.json":                          delivery(event("org", "CreateUser", 5)),
			"AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2025/03/09/d.json.gz": "never read",
			"AWSLogs/111122223333/Config/us-east-1/2025/3/9/c.json.gz":              "never read",
			"AWSLogs/111122223333/CloudTrail-Insight/i.json":                        delivery(event("insight", "CreateUser", 6)),
			"other/snapshot.json": `{"configurationItems":[]}`, "other/odd.log": delivery(event("log", "CreateUser", 7)), "other/odd.log.bak": "no log",
		},
		"more": {"x.json": delivery(event("x", "CreateUser", 8))},
	})
	files(t, map[string]string{"local/a.json": delivery(event("l", "CreateUser", 9)), "t.json": delivery(event("t", "CreateUser", 9))})
	inDay := []string{
		"s3://logs/" + day + "../up.json.gz 0 up", "s3://logs/" + day + "a b+c/ü%20.json.gz 0 odd", "s3://logs/" + day + "b.json.gz 0 b", "s3://logs/" + day + "c.jsonl 0 c",
	}
	tests := []struct {
		name string
		args []string
		want []string
		code int
	}{
		{"a prefix is all that begins with it", []string{"s3://logs/" + day}, inDay, 0},
		{"also within a name", []string{"s3://logs/" + day + "b"}, inDay[2:3], 0},
		{"a bucket is all of it", []string{"s3://more"}, []string{"s3://more/x.json 0 x"}, 0},
		{"a key is its object", []string{"s3://logs/" + day + "a b+c/ü%20.json.gz"}, inDay[1:2], 0},
		{"whatever its name, and not what begins so", []string{"s3://logs/other/odd.log"}, []string{"s3://logs/other/odd.log 0 log"}, 0},
		{"prefixes within each other read an object once, in order", []string{"s3://logs/" + day + "b", "s3://logs/" + day, "s3://logs/" + day + "c.jsonl"}, inDay, 0},
		{"buckets and files are sorted by path", []string{"t.json", "s3://more/", "s3://logs/AWSLogs/o-", "local"}, []string{
			"local/a.json 0 l", "s3://logs/AWSLogs/o-abc/111122223333/CloudTrail/a.json 0 org", "s3://more/x.json 0 x", "t.json 0 t",
		}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := callBuckets(t, server, append([]string{"scan", "--matches", "-f", "jsonl"}, test.args...)...)
			if diff := cmp.Diff(test.want, places(t, got.stdout)); diff != "" || got.code != test.code {
				t.Errorf("exit code %d (-want +got):\n%s%s", got.code, diff, got.stderr)
			}
		})
	}

	got := callBuckets(t, server, "scan", "--matches", "s3://logs/")
	want := `scanned 6 files, 6 records in 0.00 s (6000000 records/s)
6 matches
skipped 1 file: holds no CloudTrail records
    s3://logs/other/snapshot.json
skipped 2 files: a digest, or a file of AWS Config or GuardDuty, by its folder
    s3://logs/AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2025/03/09/d.json.gz
    s3://logs/AWSLogs/111122223333/Config/us-east-1/2025/3/9/c.json.gz
skipped 4 files: not read because of the name (.json and .jsonl are, with or without .gz)
    s3://logs/AWSLogs/111122223333/CloudTrail/us-east-1/2025/03/09/\x1b[2J
    s3://logs/AWSLogs/111122223333/CloudTrail/us-east-1/2025/03/09/notes.txt
    s3://logs/other/odd.log
    s3://logs/other/odd.log.bak
`
	if diff := cmp.Diff(want, got.stderr); diff != "" || got.code != 0 {
		t.Errorf("exit code %d, summary (-want +got):\n%s", got.code, diff)
	}
	for _, read := range server.Reads() {
		if strings.Contains(read, "Digest") || strings.Contains(read, "Config/") || strings.HasSuffix(read, ".txt") {
			t.Errorf("%s was read", read)
		}
	}
}

// Alerts name the bucket apart from the key, so that reports can link to both.
func TestAlertsOnObjects(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a.json": delivery(event("e1", "CreateUser", 1), event("e2", "StopLogging", 2))}})
	files(t, nil)
	got := callBuckets(t, server, "scan", "--store", "alerts.db", "-f", "html", "-o", "report.html", "s3://logs/a")
	if got.code != 0 {
		t.Fatal(got.stderr)
	}
	page, err := os.ReadFile("report.html")
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, string(page), "s3://logs/a.json, record 0", "s3://logs/a.json, record 1")
	wantIn(t, call(t, "", "explain-alert", "--store", "alerts.db", "e1").stdout, " from 192.0.2.1, s3://logs/a.json record 0\n")
	wantIn(t, callBuckets(t, server, "scan", "--why", "s3://logs/a").stdout, "    s3://logs/a.json record 0\n")
	if diff := cmp.Diff([]string{"s3://logs/a.json 0 e1", "s3://logs/a.json 1 e2", "s3://logs/a.json 1 e2"}, places(t, callBuckets(t, server, "scan", "-f", "jsonl", "s3://logs/a").stdout)); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}

// What is scanned in a bucket is what is scanned in a copy of it.
func TestManyObjects(t *testing.T) {
	objects, copied := map[string]string{}, map[string]string{}
	for i := range 1203 {
		name := fmt.Sprintf("%s%04d.json", day, i*7919%1203)
		objects[name] = delivery(event(fmt.Sprintf("e%d", i), []string{"CreateUser", "Other", "StopLogging"}[i%3], i%60))
		copied["logs/"+name] = objects[name]
	}
	server := buckettest.New(t, map[string]map[string]string{"logs": objects})
	server.Fail("ListObjectsV2", append([]buckettest.Fault{{}}, buckettest.SlowDown(3)...)...)
	for i := range 40 {
		name := fmt.Sprintf("%s%04d.json", day, i*30)
		switch i % 4 {
		case 0:
			server.Fail(name, buckettest.SlowDown(4)...)
		case 1:
			server.Fail(name, buckettest.Fault{Status: http.StatusInternalServerError, Code: "InternalError"})
		case 2:
			server.Fail(name, buckettest.Fault{Cut: 100})
		case 3:
			server.Fail(name, buckettest.Fault{Before: func() { time.Sleep(10 * time.Millisecond) }}) // overtaken by others
		}
	}
	files(t, copied)
	got := callBuckets(t, server, "scan", "--matches", "-f", "jsonl", "s3://logs/")
	want := call(t, "", "scan", "--matches", "-f", "jsonl", "logs")
	if got.code != 0 || want.code != 0 {
		t.Errorf("exit codes %d and %d: %s", got.code, want.code, got.stderr)
	}
	if diff := cmp.Diff(places(t, want.stdout), places(t, strings.ReplaceAll(got.stdout, "s3://", ""))); diff != "" {
		t.Errorf("matches (-files +objects):\n%s", diff)
	}
	wantIn(t, got.stderr, "scanned 1203 files, 1203 records")
}

func TestObjectsThatCannotBeRead(t *testing.T) {
	stop := event("e1", "StopLogging", 1)
	gz := pack(delivery(stop, stop) + strings.Repeat(" ", 1000))
	broken := func(code string) []buckettest.Fault {
		return []buckettest.Fault{{Status: http.StatusForbidden, Code: code}}
	}
	tests := []struct {
		name, path string
		body       string
		faults     map[string][]buckettest.Fault
		matches    int
		want       []string
	}{
		{"a gzip stream that is cut", "s3://logs/", gz[:len(gz)-9], nil, 4, []string{"error: s3://logs/a.json.gz: gzip stream cut after"}},
		{"an object that is no gzip, though its name says so", "s3://logs/", delivery(stop), nil, 2, []string{"error: s3://logs/a.json.gz: not a gzip file, though its name says so; it was read as it is"}},
		{"an empty object", "s3://logs/", "", nil, 0, []string{"error: s3://logs/a.json.gz: gzip stream cut after 0 bytes"}},
		{"a record that cannot be read", "s3://logs/", pack(delivery(`{"eventVersion":"1","eventName":StopLogging}`, stop)), nil, 2, []string{"error: s3://logs/a.json.gz: record 0: the record is not valid JSON", "0 paths, 1 record"}},
		{"an object that may not be read", "s3://logs/", gz, map[string][]buckettest.Fault{"a.json.gz": broken("AccessDenied")}, 0, []string{"error: s3://logs/a.json.gz: access denied: the AWS credentials in use need s3:GetObject on it, and kms:Decrypt"}},
		{"an object that is archived", "s3://logs/", gz, map[string][]buckettest.Fault{"a.json.gz": broken("InvalidObjectState")}, 0, []string{"error: s3://logs/a.json.gz: the object is archived: restore it first"}},
		{"an object that is throttled for too long", "s3://logs/", gz, map[string][]buckettest.Fault{"a.json.gz": buckettest.SlowDown(8)}, 0, []string{"error: s3://logs/a.json.gz: SlowDown"}},
		{"a bucket that may not be listed", "s3://logs/", gz, map[string][]buckettest.Fault{"ListObjectsV2": {buckettest.Denied()}}, 0, []string{"error: list s3://logs/: access denied: the AWS credentials in use need s3:ListBucket", "not read, or not wholly: 1 path"}},
		{"a key that is not there", "s3://logs/b.json", gz, nil, 0, []string{"error: s3://logs/b.json: there is no such object"}},
		{"a prefix that nothing begins with", "s3://logs/b", gz, nil, 0, []string{"error: read s3://logs/b: no object has this key, or one that begins with it\n"}},
		{"a bucket that is not there", "s3://nope", gz, nil, 0, []string{"error: list s3://nope/: there is no bucket nope\n"}},
		{"a named object that holds no records", "s3://logs/a.json.gz", pack(`{"a":1}`), nil, 0, []string{"error: s3://logs/a.json.gz: no CloudTrail records"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := buckettest.New(t, map[string]map[string]string{"logs": {"a.json.gz": test.body}})
			for on, faults := range test.faults {
				server.Fail(on, faults...)
			}
			files(t, map[string]string{"other.json": delivery(event("o", "GetUser", 1))})
			got := callBuckets(t, server, "scan", "--matches", "-f", "jsonl", "--fail-on-match", test.path, "other.json")
			if matches := strings.Count(got.stdout, "\n"); got.code != 3 || matches != test.matches+1 {
				t.Errorf("exit code %d, %d matches, want 3 and %d\n%s", got.code, matches, test.matches+1, got.stderr)
			}
			wantIn(t, got.stderr, test.want...)
			if strings.Contains(got.stderr, "Run 'trailalerts") {
				t.Errorf("a pointer to the usage in\n%s", got.stderr)
			}
		})
	}
}

func TestPathsInBuckets(t *testing.T) {
	server := buckettest.New(t, nil)
	for path, want := range map[string]string{
		"s3://":           `error: s3://: "" is not the name of a bucket: write s3://BUCKET/PREFIX`,
		"s3:///key":       `"" is not the name of a bucket`,
		"s3://a b/key":    `"a b" is not the name of a bucket`,
		"s3://../../etc/": `".." is not the name of a bucket`,
	} {
		got := callBuckets(t, server, "scan", path)
		if got.code != 3 {
			t.Errorf("%s: exit code %d", path, got.code)
		}
		wantIn(t, got.stderr, want)
	}
	failing := Extras{OpenBuckets: func(context.Context) (Buckets, error) { return nil, errors.New("no AWS region: set AWS_REGION") }}
	got := callExtras(t, failing, "scan", "s3://bucket/prefix")
	if diff := cmp.Diff(outcome{3, "", "error: no AWS region: set AWS_REGION\n"}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Errorf("without a region (-want +got):\n%s", diff)
	}
	got = callExtras(t, Extras{}, "scan", "s3://bucket/prefix")
	wantIn(t, got.stderr, "error: s3://bucket/prefix: this binary cannot read from S3", "copy the files first: aws s3 sync s3://bucket/prefix DIR && trailalerts scan DIR\n")
	if got.code != 3 || strings.Contains(got.stderr, "--help") {
		t.Errorf("exit code %d without S3:\n%s", got.code, got.stderr)
	}
}

// endless is a bucket of any number of objects, each of one record.
type endless struct {
	objects int
	ahead   int // the most keys listed before the last one was read
	read    chan struct{}
}

func (e *endless) Keys(context.Context, string, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for i := range e.objects {
			e.ahead = max(e.ahead, i-len(e.read))
			if !yield(fmt.Sprintf("%09d.json", i), nil) {
				return
			}
		}
	}
}

func (e *endless) Open(_ context.Context, _, key string) (io.ReadCloser, error) {
	e.read <- struct{}{}
	return io.NopCloser(strings.NewReader(delivery(event(key, "Other", 1)))), nil
}

// What is held of a bucket does not grow with it.
func TestListingWaitsForReading(t *testing.T) {
	e := &endless{objects: 3_000, read: make(chan struct{}, 3_000)}
	got := callExtras(t, Extras{OpenBuckets: func(context.Context) (Buckets, error) { return e, nil }}, "scan", "s3://bucket")
	wantIn(t, got.stderr, "scanned 3000 files, 3000 records")
	if most := (aheadOfTurn+1)*max(objectsAtOnce, 64) + 2; e.ahead > most {
		t.Errorf("%d keys were listed ahead of reading, want at most %d", e.ahead, most)
	}
}

// An interrupted scan ends although objects are being read.
func TestAnInterruptedScanOfABucket(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a.json": delivery(event("e1", "StopLogging", 1))}})
	server.Fail("a.json", buckettest.Fault{Cut: 5, Stall: time.Minute, Before: func() { time.AfterFunc(20*time.Millisecond, cancel) }})
	var stdout, stderr bytes.Buffer
	code := run(ctx, Extras{OpenBuckets: func(context.Context) (Buckets, error) {
		return bucket.New(buckettest.Client(server.Endpoint, buckettest.Region)), nil
	}}, testSet(), []string{"scan", "s3://logs"}, newStreams(nil, &stdout, &stderr))
	if code != 3 || stdout.String() != "" {
		t.Errorf("exit code %d, stdout %q", code, stdout.String())
	}
	wantIn(t, stderr.String(), "error: interrupted")
}
