package scan

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
)

// correlatedSet is testSet with a threshold: three deleted trails are critical
// enough to be told in spite of the cooldown.
func correlatedSet() runtime.Ruleset {
	set := testSet()
	set.Correlations = []runtime.Correlation{{
		Key: "threshold:create_user", Description: "many users", Level: runtime.High, Type: runtime.EventCount, Rules: []string{"create_user"}, Window: 10 * time.Minute,
		Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 3}}, Annotates: true,
		GroupBy: []runtime.Group{{Name: runtime.GroupAccount}, {Name: runtime.GroupActor}},
	}}
	return set
}

func TestAStoreRemembers(t *testing.T) {
	files(t, map[string]string{
		"a.json": delivery(event("e1", "CreateUser", 1), event("e2", "CreateUser", 2)),
		"b.json": delivery(event("e2", "CreateUser", 2), event("e3", "CreateUser", 3)),
	})
	scan := func(path string) outcome {
		return callSet(t, correlatedSet(), "", "scan", "--store", "alerts.db", "--format", "csv", path)
	}
	first := scan("a.json")
	wantIn(t, first.stderr, "2 matches, 1 alert (0 duplicates, 0 excepted, 0 below medium, 1 held back by the cooldown)")
	again := scan("a.json")
	wantIn(t, again.stderr, "2 matches, 0 alerts (2 duplicates, ")
	second := scan("b.json")
	wantIn(t, second.stderr, "2 matches, 1 alert (1 duplicate, ")
	wantIn(t, second.stdout, "e3,", ",high,name_create_user,a.json record 0 create_user; a.json record 1 create_user,1,", "completes threshold:create_user for account 111122223333, actor arn:aws:iam::111122223333:user/alice: 3 events within 10m, needed: gte 3")

	got := call(t, "", "explain-alert", "--store", "alerts.db", "e3")
	want := `finding create_user/111122223333/e3: alerted
  2025-03-09T16:03:00Z CreateUser by arn:aws:iam::111122223333:user/alice from 192.0.2.1, b.json record 1
  completes threshold:create_user for account 111122223333, actor arn:aws:iam::111122223333:user/alice: 3 events within 10m, needed: gte 3
  severity high: the highest of what it completes; the rule says medium
  1 like it was held back since 2025-03-09T16:01:00Z
alert create_user/111122223333/e3: high, Title of create_user
  related: 2025-03-09T16:01:00Z create_user, CreateUser by arn:aws:iam::111122223333:user/alice, a.json record 0
  related: 2025-03-09T16:02:00Z create_user, CreateUser by arn:aws:iam::111122223333:user/alice, a.json record 1
`
	if diff := cmp.Diff(want, got.stdout); diff != "" || got.code != 0 {
		t.Errorf("exit %d, explanation (-want +got):\n%s\n%s", got.code, diff, got.stderr)
	}
	got = call(t, "", "explain-alert", "--store", "alerts.db", "e9")
	if got.code != 3 {
		t.Errorf("exit %d for an unknown event", got.code)
	}
	wantIn(t, got.stderr, `alerts.db knows no finding of "e9"`)
}

// What was decided and could not be printed would never be seen.
func TestWhatWasNotPrintedIsNotRemembered(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "CreateUser", 1))})
	var stderr bytes.Buffer
	s := newStreams(strings.NewReader(""), failing{errors.New("disk on fire")}, &stderr)
	if code := run(context.Background(), Extras{OpenStore: openTestStore}, testSet(), []string{"scan", "--store", "alerts.db", "a.json"}, s); code != 3 {
		t.Errorf("exit %d, want 3", code)
	}
	wantIn(t, stderr.String(), "disk on fire")
	got := call(t, "", "scan", "--store", "alerts.db", "a.json")
	wantIn(t, got.stderr, "1 match, 1 alert (0 duplicates")
}

func TestABinaryWithoutAStore(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "CreateUser", 1))})
	for _, args := range [][]string{{"scan", "--store", "alerts.db", "a.json"}, {"explain-alert", "--store", "a.json", "e1"}} {
		var stderr bytes.Buffer
		if code := run(context.Background(), Extras{}, testSet(), args, newStreams(nil, &bytes.Buffer{}, &stderr)); code != 3 {
			t.Errorf("%q: exit %d, want 3", args, code)
		}
		wantIn(t, stderr.String(), "this binary has no store")
	}
}

func TestWhy(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "CreateUser", 1), event("e2", "CreateUser", 2), event("e3", "CreateUser", 3))})
	got := callSet(t, correlatedSet(), "", "scan", "--why", "a.json")
	want := `MEDIUM  2025-03-09 16:01:00  Title of create_user (create_user)
    cloudtrail:CreateUser, arn:aws:iam::111122223333:user/alice, 192.0.2.1, 111122223333 us-east-1
    a.json record 0
    - threshold:create_user for account 111122223333, actor arn:aws:iam::111122223333:user/alice: 1 event within 10m, needed: gte 3
    - severity medium is the level of the rule

HIGH  2025-03-09 16:03:00  Title of create_user (create_user)
    cloudtrail:CreateUser, arn:aws:iam::111122223333:user/alice, 192.0.2.1, 111122223333 us-east-1
    a.json record 2
    - completes threshold:create_user for account 111122223333, actor arn:aws:iam::111122223333:user/alice: 3 events within 10m, needed: gte 3
    - severity high: the highest of what it completes; the rule says medium
    - 1 like it was held back since 2025-03-09T16:01:00Z
    related: 2025-03-09 16:01:00 create_user, a.json record 0
    related: 2025-03-09 16:02:00 create_user, a.json record 1
`
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	wantIn(t, call(t, delivery(event("e1", "Other", 1)), "scan", "--why", "-").stdout, "No alerts.")
}

func TestHTML(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "CreateUser", 1), event("e2", "CreateUser", 2)), "notes.txt": "no log"})
	got := call(t, "", "scan", "--format", "html", "-o", "report.html", ".")
	if got.code != 0 || got.stdout != "" {
		t.Fatalf("exit %d: %s%s", got.code, got.stdout, got.stderr)
	}
	page, err := os.ReadFile("report.html")
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, string(page), "<!doctype html>", "Title of create_user", "eventVersion", "</html>")
}
