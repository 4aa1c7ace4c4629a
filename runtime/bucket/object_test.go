package bucket

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/bucket/buckettest"
)

// read returns what can be read of an object in the bucket "logs".
func read(t *testing.T, b *Buckets, key string) (string, error) {
	t.Helper()
	body, err := b.Open(t.Context(), "logs", key)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(body)
	if closed := body.Close(); closed != nil && err == nil {
		err = closed
	}
	return string(text), err
}

func TestOpen(t *testing.T) {
	long := strings.Repeat("0123456789", 100_000)
	cut := func(at ...int) (faults []buckettest.Fault) {
		for _, n := range at {
			faults = append(faults, buckettest.Fault{Cut: n})
		}
		return faults
	}
	tests := []struct {
		name   string
		body   string
		faults []buckettest.Fault
		want   string // what is read; with an error, its beginning
		err    string
		reads  []string // of the server; nil: one
	}{
		{"an object is read as it is stored", "\x1f\x8b not undone", nil, "\x1f\x8b not undone", "", nil},
		{"an empty object is empty", "", nil, "", "", nil},
		{"a request that is throttled is made again", long, buckettest.SlowDown(7), long, "", nil},
		{"and not for ever", long, buckettest.SlowDown(8), "", "SlowDown: on demand of the test", []string{}},
		{"a connection that breaks is replaced where it broke", long, cut(1000, 500_000, 1), long, "", []string{"bytes=1000-", "bytes=501000-", "bytes=501001-"}},
		{"also when the next ones are refused for a while", long, append(cut(1000), buckettest.SlowDown(3)...), long, "", []string{"bytes=1000-"}},
		{"also when S3 is out for longer than a request is repeated", long, append(cut(1000), buckettest.SlowDown(11)...), long, "", []string{"bytes=1000-"}},
		{"a connection that breaks again and again is an error", long, cut(9, 1, 1, 1, 1, 1, 1, 1, 1), long[:17], "at byte 17 of 1000000, after 9 connections: unexpected EOF", nil},
		{"an object that may not be read any more ends", long, append(cut(1000), buckettest.Denied()), long[:1000], "at byte 1000 of 1000000, after unexpected EOF: access denied: the AWS credentials in use need s3:GetObject on it", nil},
		{"an object that may not be read", long, []buckettest.Fault{buckettest.Denied()}, "", "access denied: the AWS credentials in use need s3:GetObject on it, and kms:Decrypt if the bucket is encrypted with a key of its own (AccessDenied: on demand of the test)", []string{}},
		{"an object that is archived", long, []buckettest.Fault{{Status: http.StatusForbidden, Code: "InvalidObjectState"}}, "", "the object is archived: restore it first (InvalidObjectState: on demand of the test)", []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const key = "AWSLogs/a b+c/ü.json.gz"
			server := buckettest.New(t, map[string]map[string]string{"logs": {key: test.body}})
			server.Fail(key, test.faults...)
			got, err := read(t, connect(server), key)
			if got != test.want {
				t.Errorf("read %d bytes, want %d", len(got), len(test.want))
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if test.err != "" && test.reads == nil {
				return
			}
			want := []string{"logs/" + key}
			for _, part := range test.reads {
				want = append(want, "logs/"+key+" "+part)
			}
			if test.err != "" {
				want = nil
			}
			if diff := cmp.Diff(want, server.Reads()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
	server := buckettest.New(t, map[string]map[string]string{"logs": {}})
	if _, err := read(t, connect(server), "nope"); err == nil || err.Error() != "there is no such object" {
		t.Errorf("%v", err)
	}
}

// Halves of two objects are no object.
func TestAnObjectThatIsReplacedMeanwhile(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a": strings.Repeat("a", 1000)}})
	server.Fail("a", buckettest.Fault{Cut: 10}, buckettest.Fault{Before: func() { server.Put("logs", "a", strings.Repeat("b", 1000)) }})
	got, err := read(t, connect(server), "a")
	if got != "aaaaaaaaaa" || err == nil || !strings.Contains(err.Error(), "the object was replaced while it was read") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAConnectionThatStalls(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a": strings.Repeat("a", 100_000)}})
	stalled := buckettest.Fault{Cut: 10, Stall: time.Minute}
	server.Fail("a", stalled)
	b := connect(server)
	b.stall = 50 * time.Millisecond
	if got, err := read(t, b, "a"); len(got) != 100_000 || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for range resumptions + 1 {
		server.Fail("a", stalled)
	}
	got, err := read(t, b, "a")
	if len(got) != 10*(resumptions+1) || err == nil || !strings.Contains(err.Error(), "the connection stalled for 50ms") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestReadingEndsWithTheContext(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a": strings.Repeat("a", 100_000)}})
	server.Fail("a", buckettest.Fault{Cut: 10, Stall: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	body, err := connect(server).Open(ctx, "logs", "a")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := io.ReadAll(body); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

// What is wrong with the last byte is not repaired by asking for the next.
func TestAnErrorAtTheEndIsKept(t *testing.T) {
	o := object{buckets: New(nil), ctx: t.Context(), size: 3, cancel: func() {}}
	wrong := errors.New("wrong checksum")
	o.body = io.NopCloser(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(wrong)))
	got, err := io.ReadAll(&o)
	if string(got) != "abc" || !errors.Is(err, wrong) {
		t.Errorf("%q, %v", got, err)
	}
}
