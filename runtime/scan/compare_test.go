package scan

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

var updateGolden = flag.Bool("update", false, "write the golden files")

// compareTime is when the stores are compared: the events are of the hour before.
var compareTime = time.Date(2025, 3, 9, 17, 0, 0, 0, time.UTC)

func atCompareTime() time.Time { return compareTime }

// testTable is a table of a test server as the command opens it.
type testTable struct{ *dynamodb.History }

func (testTable) Close() error { return nil }

// callCompare runs the command with files and the tables of a server; nil: none.
func callCompare(t *testing.T, server *dynamotest.Server, args ...string) outcome {
	t.Helper()
	extras := Extras{OpenStore: openTestStore}
	if server != nil {
		extras.OpenTable = func(_ context.Context, name string, now func() time.Time, say func(string)) (History, error) {
			return testTable{dynamodb.NewHistory(dynamotest.Client(server.Endpoint), name, now, say)}, nil
		}
	}
	var stdout, stderr bytes.Buffer
	s := newStreams(nil, &stdout, &stderr)
	s.now = atCompareTime
	code := run(t.Context(), extras, testSet(), args, s)
	return outcome{code, stdout.String(), stderr.String()}
}

// decide has a deployment of some rules decide on records, as they come.
func decide(t *testing.T, store alert.Store, set runtime.Ruleset, config alert.Config, records ...string) {
	t.Helper()
	config.Exceptions = append(config.Exceptions, set.Exceptions...)
	p := alert.NewPipeline(set, config, alert.Edges{Store: store, Now: atCompareTime})
	for i, record := range records {
		e := runtime.NewEvent([]byte(record))
		for _, rule := range sortedByKey(set.Match(nil, e)) {
			if _, err := p.Process(t.Context(), alert.NewFinding(rule, e, alert.Location{Bucket: "logs", File: "a.json.gz", Record: i})); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// file has a deployment decide into a SQLite file.
func file(t *testing.T, name string, set runtime.Ruleset, config alert.Config, records ...string) {
	t.Helper()
	store, err := sqlite.Open(name, atCompareTime)
	if err != nil {
		t.Fatal(err)
	}
	decide(t, store, set, config, records...)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// by makes a record that of another user.
func by(user, record string) string { return strings.ReplaceAll(record, "user/alice", "user/"+user) }

// The deployments of the golden files: the shadow has an exception more, a rule
// less, another severity and another count, and saw events in another order.
func deployments() (live, shadow runtime.Ruleset, records []string, config alert.Config) {
	const odd = "\\u001b[2J|`@dan`" // in a record
	burst := []runtime.Correlation{
		{
			Key: "many_users", Title: "Many users", Level: runtime.High, Type: runtime.EventCount, Rules: []string{"create_user"}, Window: 10 * time.Minute,
			Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 3}}, Generate: true, GroupBy: []runtime.Group{{Name: runtime.GroupActor}},
		},
		{
			Key: "threshold:get", Level: runtime.Critical, Type: runtime.EventCount, Rules: []string{"get"}, Window: 10 * time.Minute,
			Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 2}}, Annotates: true, GroupBy: []runtime.Group{{Name: runtime.GroupActor}},
		},
	}
	live, shadow = testSet(), testSet()
	live.Correlations = burst
	shadow.Correlations = append([]runtime.Correlation{}, burst...)
	shadow.Correlations[0].Condition = []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 4}}
	shadow.Correlations[1].Level = runtime.High
	shadow.Exceptions = append(shadow.Exceptions, runtime.Exception{Rule: "stop", Actors: []string{"arn:aws:iam::111122223333:user/bob", "arn:aws:iam::111122223333:user/\x1b[2J|`@dan`"}, Reason: "a | b <!-- @everyone -->"})
	match := shadow.Match
	shadow.Match = func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
		for _, rule := range match(nil, e) {
			if rule.Key != "stop_too" {
				dst = append(dst, rule)
			}
		}
		return dst
	}
	records = []string{
		event("same", "CreateUser", 1), event("held-1", "CreateUser", 2), event("held-2", "CreateUser", 3),
		by("bob", event("stopped", "StopLogging", 5)),
		by("carol", event("get-1", "GetUser", 6)), by("carol", event("get-2", "GetUser", 7)),
		by(odd, event("odd\u2028", "DeleteTrail", 8)),
		by("erin", event("erin-1", "CreateUser", 9)), by("erin", event("erin-2", "CreateUser", 10)), by("erin", event("erin-3", "CreateUser", 30)),
		event("late", "StopLogging", 55),
	}
	return live, shadow, records, alert.Config{MinSeverity: runtime.Medium, Cooldown: 20 * time.Minute}
}

// asSeenByShadow is records with the first and second in the other order, and
// without the second of erin.
func asSeenByShadow(records []string) []string {
	seen := append([]string{records[1], records[0]}, records[2:8]...)
	return append(seen, records[9:]...)
}

func TestCompare(t *testing.T) {
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	live, shadow, records, config := deployments()
	server := dynamotest.New(t, "live", "shadow")
	decide(t, dynamodb.New(dynamotest.Client(server.Endpoint), "live", atCompareTime), live, config, records...)
	decide(t, dynamodb.New(dynamotest.Client(server.Endpoint), "shadow", atCompareTime), shadow, config, asSeenByShadow(records)...)
	files(t, nil)
	file(t, "live.db", live, config, records...)
	file(t, "shadow.db", shadow, config, asSeenByShadow(records)...)
	for _, format := range []string{formatTable, formatJSONL, formatMarkdown} {
		got := callCompare(t, nil, "compare", "--format", format, "live.db", "shadow.db")
		if got.code != 1 {
			t.Errorf("%s: exit code %d, want 1: %s", format, got.code, got.stderr)
		}
		text := got.stdout
		if format == formatTable {
			text += "--- stderr\n" + got.stderr
		}
		path := filepath.Join(golden, "compare."+format)
		if *updateGolden {
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), text); diff != "" {
			t.Errorf("%s (-want +got); -update writes it:\n%s", format, diff)
		}
		for _, stores := range [][]string{{"dynamodb:live", "dynamodb:shadow"}, {"live.db", "dynamodb:shadow"}, {"dynamodb:live", "shadow.db"}} {
			tables := callCompare(t, server, append([]string{"compare", "--format", format}, stores...)...)
			if diff := cmp.Diff(got.stdout, tables.stdout); diff != "" || tables.code != 1 {
				t.Errorf("%s of %q: exit code %d (-files +tables):\n%s%s", format, stores, tables.code, diff, tables.stderr)
			}
			wantIn(t, tables.stderr, "note: all of table ", " items of table ", " read request units")
		}
	}
}

func TestComparePeriod(t *testing.T) {
	live, shadow, records, config := deployments()
	files(t, nil)
	file(t, "live.db", live, config, records...)
	file(t, "shadow.db", shadow, config, asSeenByShadow(records)...)
	file(t, "again.db", live, config, records...)
	file(t, "behind.db", live, config, records[:len(records)-1]...)
	file(t, "begun.db", live, config, records[3:]...)
	file(t, "none.db", live, config)
	tests := []struct {
		name   string
		args   string
		code   int
		stdout string // its beginning, or a part
		stderr string
	}{
		{"two that decided the same", "live.db again.db", 0, "No differences: 8 alerts of live and 8 of shadow, until 2025-03-09T16:45:00Z.\n", "No differences: 8 alerts of live and 8 of shadow"},
		{"what happened within the last minutes is left out, since one may be behind", "live.db behind.db", 0, "No differences", ""},
		{"unless it is asked for", "--until 0s live.db behind.db", 1, "late", "2 differences: 10 alerts of live and 8 of shadow"},
		{"what happened long ago is left out when asked for", "--since 20m --until 0s live.db behind.db", 3, "late", "No verdict, 2 differences: 2 alerts of live and 0 of shadow, from 2025-03-09T16:40:00Z until 2025-03-09T17:00:00Z"},
		{"a shadow that has decided nothing in that time is no verdict", "--since 20m --until 0s live.db behind.db", 3, "late", "error: no verdict: shadow knows no finding from 2025-03-09T16:40:00Z until 2025-03-09T17:00:00Z, and live knows 2: is shadow running, and since when?\n"},
		{"the releases that decided are told", "--until 0s live.db again.db", 0, "No differences", "note: live decided on "},
		{"nothing alerted is no agreement", "--since 20m live.db behind.db", 0, "No alerts on either side: 0 alerts of live and 0 of shadow, from ", ""},
		{"a shadow that began later is named", "live.db begun.db", 1, "same", "note: 2 differences from before 2025-03-09T16:05:00Z, the time of the oldest event that shadow knows; --since leaves out what it cannot know"},
		{"and so is one that knows nothing", "none.db live.db", 3, "ONLY SHADOW", "note: live knows no finding at all\n"},
		{"days are durations, too", "--since 1d live.db again.db", 0, "No differences", ""},
		{"a file that is not there", "live.db nope.db", 3, "", "error: read nope.db: no such file or directory\n"},
		{"one store", "live.db", 3, "", "compare needs LIVE and SHADOW"},
		{"the same store twice", "live.db live.db", 3, "", "LIVE and SHADOW are both live.db"},
		{"an unknown format", "-f csv live.db again.db", 3, "", `unknown format "csv": use table, jsonl or markdown`},
		{"a duration that is none", "--since yesterday live.db again.db", 3, "", "--since yesterday: write a duration such as 30m, 24h or 7d"},
		{"a duration without a unit", "--until 5 live.db again.db", 3, "", "--until 5: write a duration"},
		{"a negative duration", "--until -5m live.db again.db", 3, "", "--until -5m: write a duration"},
		{"days that overflow", "--since 999999999d live.db again.db", 3, "", "--since 999999999d"},
		{"a time that ends before it begins", "--since 5m live.db again.db", 3, "", "--since 5m is not before --until 15m"},
		{"a table without AWS", "live.db dynamodb:alerts", 3, "", "dynamodb:alerts: this binary cannot read from DynamoDB"},
		{"a table without a name", "live.db dynamodb:", 3, "", "dynamodb: names no table: write dynamodb:TABLE"},
		{"help", "--help", 0, "Examples:", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := callCompare(t, nil, append([]string{"compare"}, strings.Fields(test.args)...)...)
			if got.code != test.code || test.code == 3 && test.stdout == "" && got.stdout != "" {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, test.code, got.stdout, got.stderr)
			}
			wantIn(t, got.stdout, test.stdout)
			wantIn(t, got.stderr, test.stderr)
		})
	}
}

// The hit of a correlation whose window lies elsewhere says so on both sides.
func TestCompareWindows(t *testing.T) {
	set := correlatedSet()
	set.Correlations[0].Annotates, set.Correlations[0].Key, set.Correlations[0].Condition[0].Value = false, "many_users", 2
	records := []string{event("e1", "CreateUser", 1), event("e2", "CreateUser", 6), event("e3", "CreateUser", 14)}
	files(t, nil)
	file(t, "live.db", set, alert.Config{}, records...)
	file(t, "shadow.db", set, alert.Config{}, records[1], records[2], records[0])
	got := callCompare(t, nil, "compare", "-f", "jsonl", "live.db", "shadow.db")
	var outcomes []string
	for line := range strings.Lines(got.stdout) {
		var row differenceRow
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		outcomes = append(outcomes, row.Difference+" "+row.Rule+" "+row.Live.Outcome+" "+row.Shadow.Outcome)
	}
	if diff := cmp.Diff([]string{"only_live many_users alerted not_alerted", "only_shadow many_users not_alerted alerted"}, outcomes); diff != "" {
		t.Errorf("differences (-want +got):\n%s%s", diff, got.stdout)
	}
	wantIn(t, got.stdout, "it fired for the window of 2025-03-09T16:04:00Z to 2025-03-09T16:14:00Z instead", "it fired for the window of 2025-03-09T15:56:00Z to 2025-03-09T16:06:00Z instead")
}

// A comment has a limit; what it leaves out is counted.
func TestALongComment(t *testing.T) {
	set := testSet()
	var records []string
	for i := range 80 {
		records = append(records, by(strings.Repeat("x", i%50)+string(rune('a'+i%26)), event("e"+strings.Repeat("y", 4*i), "StopLogging", i%40)))
	}
	files(t, nil)
	file(t, "live.db", set, alert.Config{}, records...)
	file(t, "shadow.db", set, alert.Config{})
	got := callCompare(t, nil, "compare", "-f", "markdown", "live.db", "shadow.db")
	if len(got.stdout) > 65_536 || len(got.stdout) < 40_000 {
		t.Errorf("the comment has %d bytes", len(got.stdout))
	}
	wantIn(t, got.stdout, "**No verdict, 160 differences**", " more, which `--format jsonl` has\n\n</details>\n")
	if n := strings.Count(callCompare(t, nil, "compare", "-f", "jsonl", "live.db", "shadow.db").stdout, "\n"); n != 160 {
		t.Errorf("jsonl has %d lines, want 160", n)
	}
}

func TestCompareWritesWhatItCan(t *testing.T) {
	live, _, records, config := deployments()
	files(t, nil)
	file(t, "live.db", live, config, records...)
	file(t, "none.db", live, config)
	var stderr bytes.Buffer
	s := newStreams(nil, failing{errors.New("disk on fire")}, &stderr)
	s.now = atCompareTime
	if code := run(t.Context(), Extras{OpenStore: openTestStore}, testSet(), []string{"compare", "live.db", "none.db"}, s); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	wantIn(t, stderr.String(), "error: write to standard output: disk on fire")
}

func TestExplainFromATable(t *testing.T) {
	live, _, records, config := deployments()
	server := dynamotest.New(t, "alerts")
	decide(t, dynamodb.New(dynamotest.Client(server.Endpoint), "alerts", atCompareTime), live, config, records...)
	files(t, nil)
	file(t, "alerts.db", live, config, records...)
	for _, id := range []string{"create_user/111122223333/held-2", "held-2", "stopped"} {
		want := callCompare(t, nil, "explain-alert", "--store", "alerts.db", id)
		got := callCompare(t, server, "explain-alert", "--store", "dynamodb:alerts", id)
		if diff := cmp.Diff(want.stdout, got.stdout); diff != "" || got.code != 0 || want.stdout == "" {
			t.Errorf("%s: exit code %d (-file +table):\n%s%s", id, got.code, diff, got.stderr)
		}
		wantIn(t, got.stdout, "s3://logs/a.json.gz record ")
		if searched := strings.Contains(got.stderr, "note: all of table alerts is read"); searched == strings.Contains(id, "/") {
			t.Errorf("%s: stderr\n%s", id, got.stderr)
		}
	}
	// The alert of a correlation is found by its ID, as in a file.
	explained := callCompare(t, nil, "explain-alert", "--store", "alerts.db", "held-2").stdout
	_, rest, _ := strings.Cut(explained, "alert many_users/")
	id, _, found := strings.Cut("many_users/"+rest, ": ")
	if got := callCompare(t, server, "explain-alert", "--store", "dynamodb:alerts", id); !found || !strings.Contains(got.stdout, "alert "+id) {
		t.Errorf("by %s: %s%s", id, got.stdout, got.stderr)
	}
	for args, want := range map[string]string{
		"explain-alert --store dynamodb:alerts e9":    `dynamodb:alerts knows no finding of "e9"`,
		"explain-alert --store dynamodb:others e9":    "there is no table others in this account and region",
		"explain-alert --store dynamodb: e9":          "dynamodb: names no table",
		"scan --store dynamodb:alerts alerts.db":      "--store dynamodb:alerts: a scan writes what it decides into its store, and this table is that of the processor",
		"scan --store dynamodb:alerts s3://logs/2025": "name a file",
	} {
		got := callCompare(t, server, strings.Fields(args)...)
		if got.code != 3 || got.stdout != "" {
			t.Errorf("%s: exit code %d, stdout %q", args, got.code, got.stdout)
		}
		wantIn(t, got.stderr, want)
	}
}
