package bucket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/bucket/buckettest"
)

// connect returns the buckets of a server. Waiting takes no time.
func connect(server *buckettest.Server) *Buckets {
	b := New(buckettest.Client(server.Endpoint, buckettest.Region))
	b.pause = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	return b
}

// collect returns the keys up to the first error.
func collect(t *testing.T, b *Buckets, bucket, prefix string) (keys []string, err error) {
	t.Helper()
	for key, err := range b.Keys(t.Context(), bucket, prefix) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func TestKeys(t *testing.T) {
	odd := map[string]string{}
	for _, key := range []string{"a b", "a+b", "a%20b", "a&b?c=d#e", "a//b", "a/../b", "a/", "ü/日本", "\U0001F600", "a\x01b", "Z", "<&>"} {
		odd["p/"+key] = ""
	}
	many := map[string]string{}
	for i := range 2501 {
		many[fmt.Sprintf("p/%04d", i)] = ""
	}
	many["q"] = ""
	server := buckettest.New(t, map[string]map[string]string{"odd": odd, "many": many, "none": {}})
	b := connect(server)

	got, err := collect(t, b, "odd", "p/")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"p/<&>", "p/Z", "p/a\x01b", "p/a b", "p/a%20b", "p/a&b?c=d#e", "p/a+b", "p/a/", "p/a/../b", "p/a//b", "p/ü/日本", "p/\U0001F600"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("odd keys, by bytes (-want +got):\n%s", diff)
	}
	server.Fail("ListObjectsV2", buckettest.SlowDown(7)...)
	got, err = collect(t, b, "many", "p/")
	if err != nil || len(got) != 2501 || got[0] != "p/0000" || got[2500] != "p/2500" {
		t.Errorf("%d keys of three pages, the first of them asked for eight times, want 2501: %v", len(got), err)
	}
	if got, err = collect(t, b, "none", ""); err != nil || len(got) != 0 {
		t.Errorf("%q of an empty bucket: %v", got, err)
	}
	for range b.Keys(t.Context(), "many", "") {
		break // asks for nothing further
	}
}

func TestListingFails(t *testing.T) {
	tests := []struct {
		name   string
		bucket string
		faults []buckettest.Fault
		keys   int
		want   string
	}{
		{"a bucket that is not there", "nope", nil, 0, "list s3://nope/p: there is no bucket nope"},
		{"no right to list", "logs", []buckettest.Fault{buckettest.Denied()}, 0, "list s3://logs/p: access denied: the AWS credentials in use need s3:ListBucket on the bucket (AccessDenied: on demand of the test)"},
		{"credentials that have expired", "logs", []buckettest.Fault{{Status: http.StatusBadRequest, Code: "ExpiredToken"}}, 0, "list s3://logs/p: the AWS credentials in use are refused (ExpiredToken: on demand of the test)"},
		{"a second page that never comes leaves the first", "logs", append([]buckettest.Fault{{}}, buckettest.SlowDown(8)...), 2, "SlowDown"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := buckettest.New(t, map[string]map[string]string{"logs": {"p1": "", "p2": "", "p3": ""}})
			server.Page(2)
			server.Fail("ListObjectsV2", test.faults...)
			keys, err := collect(t, connect(server), test.bucket, "p")
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "list s3://") || len(keys) != test.keys {
				t.Errorf("%d keys, error %v; want %d keys and %s", len(keys), err, test.keys, test.want)
			}
		})
	}
}

// A bucket is read in its own region, whatever the configuration says.
func TestAnotherRegion(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a": "text"}})
	b := New(buckettest.Client(server.Endpoint, buckettest.Elsewhere))
	keys, err := collect(t, b, "logs", "")
	if diff := cmp.Diff([]string{"a"}, keys); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := read(t, b, "a"); got != "text" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := read(t, New(buckettest.Client(server.Endpoint, buckettest.Elsewhere)), "a"); got != "text" || err != nil {
		t.Errorf("without a listing before: %q, %v", got, err)
	}
}

func TestConnectReads(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a": "text"}})
	if got, err := read(t, Connect(buckettest.Configuration(server.Endpoint), time.Minute), "a"); got != "text" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// A server that takes a request and never answers is asked again.
func TestConnectGivesUpAnAnswerThatDoesNotCome(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a": "text"}})
	var asked atomic.Int32
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		to, err := url.Parse(server.Endpoint)
		if err != nil {
			t.Error(err)
		}
		httputil.NewSingleHostReverseProxy(to).ServeHTTP(w, r)
	}))
	defer slow.Close()
	if got, err := read(t, Connect(buckettest.Configuration(slow.URL), 300*time.Millisecond), "a"); got != "text" || err != nil || asked.Load() < 2 {
		t.Errorf("%q after %d requests, %v", got, asked.Load(), err)
	}
}

func TestPauseEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := pause(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := pause(t.Context(), time.Millisecond); err != nil {
		t.Error(err)
	}
}
