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
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// correlatedSet is testSet with a threshold: three users that are created are worth
// an alert in spite of the cooldown.
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
	for _, args := range [][]string{{"scan", "--store", "alerts.db", "a.json"}, {"explain-alert", "--store", "a.json", "e1"}, {"compare", "a.json", "b.json"}} {
		var stderr bytes.Buffer
		if code := run(context.Background(), Extras{}, testSet(), args, newStreams(nil, &bytes.Buffer{}, &stderr)); code != 3 {
			t.Errorf("%q: exit %d, want 3", args, code)
		}
		wantIn(t, stderr.String(), "error: this binary has no store")
		if hint := strings.Contains(stderr.String(), "leave out --store"); hint != (args[0] == "scan") || strings.Contains(stderr.String(), "--help") {
			t.Errorf("%q: %s", args, stderr.String())
		}
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

// stubborn is a store that does not keep what is about one event.
type stubborn struct {
	Store
	event string
}

func (s stubborn) Begin(ctx context.Context) (Session, error) {
	session, err := s.Store.Begin(ctx)
	return stubbornSession{session, s.event}, err
}

type stubbornSession struct {
	Session
	event string
}

func (s stubbornSession) Put(ctx context.Context, item alert.Item) error {
	if strings.Contains(item.Partition, s.event) {
		return errors.New("not this one")
	}
	return s.Session.Put(ctx, item)
}

func TestAFindingThatCannotBeDecidedStopsNoOther(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "StopLogging", 1), event("e2", "CreateUser", 2))})
	var stdout, stderr bytes.Buffer
	open := func(path string, now func() time.Time) (Store, error) {
		store, err := openTestStore(path, now)
		return stubborn{store, "e1"}, err
	}
	code := run(context.Background(), Extras{OpenStore: open}, testSet(), []string{"scan", "--store", "alerts.db", "-f", "jsonl", "a.json"}, newStreams(nil, &stdout, &stderr))
	if code != 3 {
		t.Errorf("exit %d, want 3", code)
	}
	wantIn(t, stdout.String(), `"event_id":"e2"`)
	wantIn(t, stderr.String(), "error: a.json: record 0: rule stop: not this one", "error: a.json: record 0: rule stop_too: not this one", "3 matches, 1 alert")
}

// The alert of a correlation is found by its ID, which mails show.
func TestExplainACorrelation(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "CreateUser", 1), event("e2", "CreateUser", 2), event("e3", "CreateUser", 3))})
	set := correlatedSet()
	set.Correlations[0].Annotates, set.Correlations[0].Key, set.Correlations[0].Title = false, "many_users", "Many users"
	callSet(t, set, "", "scan", "--store", "alerts.db", "a.json")
	explained := callSet(t, set, "", "explain-alert", "--store", "alerts.db", "e3").stdout
	_, rest, found := strings.Cut(explained, "alert many_users/")
	id, _, _ := strings.Cut("many_users/"+rest, ": ")
	if !found {
		t.Fatalf("no alert of the correlation in\n%s", explained)
	}
	if diff := cmp.Diff(explained, callSet(t, set, "", "explain-alert", "--store", "alerts.db", id).stdout); diff != "" {
		t.Errorf("by its own ID %s (-want +got):\n%s", id, diff)
	}
}
