package scan

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

func onName(key string, level runtime.Level, names ...string) *runtime.Rule {
	return &runtime.Rule{
		Key: key, ID: "id-" + key, Name: "name_" + key, Title: "Title of " + key, Level: level,
		Match: func(e *runtime.Event) bool { return e.Get("eventName").EqualFold(names...) },
	}
}

// testSet is a small ruleset. Its Match returns the rules backwards, since no
// order is promised.
func testSet() runtime.Ruleset {
	rules := []*runtime.Rule{
		onName("create_user", runtime.Medium, "CreateUser"),
		onName("get", runtime.Low, "GetUser"),
		onName("stop", runtime.Critical, "StopLogging", "DeleteTrail"),
		onName("stop_too", runtime.High, "StopLogging"),
	}
	return runtime.Ruleset{
		Rules: rules,
		Match: func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
			for i := len(rules) - 1; i >= 0; i-- {
				if rules[i].Match(e) {
					dst = append(dst, rules[i])
				}
			}
			return dst
		},
		Exceptions: []runtime.Exception{{Rule: "create_user", SourceIPs: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}}},
		Hash:       "abc",
	}
}

// event is a record of user/alice at a minute of an hour.
func event(id, name string, minute int) string {
	return fmt.Sprintf(`{"eventVersion":"1.11","eventID":%q,"eventName":%q,"eventSource":"cloudtrail.amazonaws.com","eventTime":"2025-03-09T16:%02d:00Z",`+
		`"awsRegion":"us-east-1","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.1","userIdentity":{"arn":"arn:aws:iam::111122223333:user/alice"}}`, id, name, minute)
}

func delivery(records ...string) string {
	return `{"Records":[` + strings.Join(records, ",") + `]}`
}

func pack(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // a Buffer takes everything
	_ = w.Close()
	return b.String()
}

// files writes a directory of files and makes it the current one.
func files(t *testing.T, contents map[string]string) {
	t.Helper()
	directory := t.TempDir()
	for path, text := range contents {
		path = filepath.Join(directory, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(directory)
}

type outcome struct {
	code           int
	stdout, stderr string
}

// call runs the command with testSet and a clock that stands still.
func call(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	return callSet(t, testSet(), stdin, args...)
}

func callSet(t *testing.T, set runtime.Ruleset, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	s := newStreams(strings.NewReader(stdin), &stdout, &stderr)
	s.now = func() time.Time { return time.Time{} }
	code := run(context.Background(), Extras{OpenStore: openTestStore}, set, args, s)
	return outcome{code, stdout.String(), stderr.String()}
}

// wantIn checks that each text is in what was printed.
func wantIn(t *testing.T, printed string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(printed, text) {
			t.Errorf("%q is not in\n%s", text, printed)
		}
	}
}

type testStore struct{ *sqlite.Store }

func openTestStore(path string, now func() time.Time) (Store, error) {
	s, err := sqlite.Open(path, now)
	return testStore{s}, err
}

func (s testStore) Begin(ctx context.Context) (Session, error) { return s.Store.Begin(ctx) }
