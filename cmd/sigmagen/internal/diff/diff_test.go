package diff

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// planned plans the files of a rules directory, by name, but for those whose name
// begins with "bad".
func planned(t *testing.T, name string, files map[string]string) Side {
	t.Helper()
	tree := fstest.MapFS{}
	for file, text := range files {
		tree[file] = &fstest.MapFile{Data: []byte(text)}
	}
	var list diag.List
	dir, err := sigma.Open(tree, name, "", &list)
	if err != nil {
		t.Fatal(err)
	}
	s := Side{Name: name, Plan: &plan.Plan{}, RefusedFiles: map[string]bool{}, Generated: map[string]string{}}
	var documents []*sigma.Rule
	for _, file := range dir.Files {
		if strings.HasPrefix(file.Key, "bad") {
			s.Refused, s.RefusedFiles[file.Key] = file.Path+":1:1: bad\n", true
			continue
		}
		if parsed, ok := sigma.Parse(file, &list); ok {
			documents = append(documents, parsed...)
		}
	}
	if text := files["placeholders.yml"]; text != "" {
		s.Placeholders = sigma.ParsePlaceholders("placeholders.yml", []byte(text), &list)
	}
	s.Plan.Rules = plan.Build(documents, plan.NewPlaceholders(s.Placeholders), &list)
	s.Plan.Correlations = plan.BuildCorrelations(documents, documents, &list)
	if text := files["exceptions.json"]; text != "" {
		s.Plan.Exceptions = plan.BuildExceptions(sigma.ParseExceptions("exceptions.json", []byte(text), &list), documents, &list)
	}
	if text := files["postprocessing_rules/all.json"]; text != "" {
		entries, _ := sigma.ParsePostprocessing("all.json", "postprocessing_rules/all.json", []byte(text), &list)
		s.Plan.Correlations = append(s.Plan.Correlations, plan.BuildPostprocessing(entries, documents, &list)...)
	}
	if list.HasErrors() {
		t.Fatalf("%+v", list.Sorted())
	}
	return s
}

// rule returns the text of a rule with a detection.
func rule(detection string) string {
	return "title: A Rule\nlogsource: {product: aws}\nlevel: low\ndetection:\n  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ") + "\n"
}

// TestChanges holds what is said of a change against what both versions do: each
// witness is matched by one version alone.
func TestChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence         string
		old, new         string
		want             Change
		onlyOld, onlyNew string
		words            string
	}{
		{
			"A value more.",
			"a: {eventName: A}\ncondition: a", "a: {eventName: [A, B]}\ncondition: a",
			Wider, "", `{"eventName":"B","eventVersion":"1.11"}`,
			"@@ -1,1 +1,1 @@\n-a: eventName is \"A\", whatever the case\n+a: eventName is \"A\" or \"B\", whatever the case\n",
		},
		{
			"A filter more.",
			"a: {eventName: A}\ncondition: a", "a: {eventName: A}\nf: {userAgent|contains: terraform}\ncondition: a and not f",
			Narrower, `{"eventName":"A","eventVersion":"1.11","userAgent":"terraform"}`, "",
			"@@ -1,1 +1,4 @@\n-a: eventName is \"A\", whatever the case\n+all of\n+  a: eventName is \"A\", whatever the case\n+  not\n+    f: userAgent contains \"terraform\", whatever the case   [|contains]\n",
		},
		{
			"Another value.",
			"a: {eventName: A}\ncondition: a", "a: {eventName: B}\ncondition: a",
			Different, `{"eventName":"A","eventVersion":"1.11"}`, `{"eventName":"B","eventVersion":"1.11"}`,
			"@@ -1,1 +1,1 @@\n-a: eventName is \"A\", whatever the case\n+a: eventName is \"B\", whatever the case\n",
		},
		{
			"The same in other words.",
			"a: {eventName: A, errorCode: null}\ncondition: a", "a: {eventName: A}\nb: {errorCode: null}\ncondition: all of them",
			Equivalent, "", "",
			"@@ -1,3 +1,3 @@\n-a: all of\n-  eventName is \"A\", whatever the case\n-  errorCode is null or not there\n+all of them\n+  a: eventName is \"A\", whatever the case\n+  b: errorCode is null or not there\n",
		},
		{
			"The same words, laid out otherwise.",
			"a: {eventName: A}\ncondition: a", "a:\n  eventName: A\ncondition: a",
			Equivalent, "", "", "",
		},
		{
			"A value in another case.",
			"a: {eventName: A}\ncondition: a", "a: {eventName: a}\ncondition: a",
			Equivalent, "", "",
			"@@ -1,1 +1,1 @@\n-a: eventName is \"A\", whatever the case\n+a: eventName is \"a\", whatever the case\n",
		},
		{
			"Case that counts now.",
			"a: {eventName: Ab}\ncondition: a", "a: {eventName|cased: Ab}\ncondition: a",
			Narrower, `{"eventName":"AB","eventVersion":"1.11"}`, "",
			"@@ -1,1 +1,1 @@\n-a: eventName is \"Ab\", whatever the case\n+a: eventName is \"Ab\", in just these letters   [|cased]\n",
		},
		{
			"What cannot be seen in a record is written so that it can be pasted.",
			"a: {userAgent: [A, \"x\\u200b<\\u00ad\\U000e0041\"]}\ncondition: a", "a: {userAgent: A}\ncondition: a",
			Narrower, `{"eventVersion":"1.11","userAgent":"x\u200b<\u00ad\udb40\udc41"}`, "",
			"@@ -1,1 +1,1 @@\n-a: userAgent is \"A\" or \"x\\u200b<\\u00ad\\U000e0041\", whatever the case\n+a: userAgent is \"A\", whatever the case\n",
		},
		{
			"Nothing can match any more.",
			"a: {eventName: A}\ncondition: a", "a: {eventName: A}\nb: {eventName: B}\ncondition: a and b",
			Narrower, `{"eventName":"A","eventVersion":"1.11"}`, "",
			"@@ -1,1 +1,3 @@\n-a: eventName is \"A\", whatever the case\n+all of\n+  a: eventName is \"A\", whatever the case\n+  b: eventName is \"B\", whatever the case\n",
		},
		{
			"Nothing could match before.",
			"a: {eventName: A}\nb: {eventName: B}\ncondition: a and b", "a: {eventName: A}\ncondition: a",
			Wider, "", `{"eventName":"A","eventVersion":"1.11"}`,
			"@@ -1,3 +1,1 @@\n-all of\n-  a: eventName is \"A\", whatever the case\n-  b: eventName is \"B\", whatever the case\n+a: eventName is \"A\", whatever the case\n",
		},
		{
			"What is not decided.",
			"a: {eventTime|month: 1}\ncondition: a", "a: {eventTime|month: 1}\nb: {eventTime|month: 2, eventTime|day: 30}\ncondition: a or b",
			Unknown, "", "",
			"@@ -1,1 +1,5 @@\n-a: the month of eventTime is 1   [|month]\n+any of\n+  a: the month of eventTime is 1   [|month]\n+  b: all of\n+    the month of eventTime is 2   [|month]\n+    the day of eventTime is 30   [|day]\n",
		},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			old, new := planned(t, "old", map[string]string{"x.yml": rule(c.old)}), planned(t, "new", map[string]string{"x.yml": rule(c.new)})
			report := Compare(old, new)
			if len(report.Rules) != 1 {
				t.Fatalf("%d rules changed", len(report.Rules))
			}
			got := report.Rules[0]
			if got.Change != c.want || string(got.OnlyOld) != c.onlyOld || string(got.OnlyNew) != c.onlyNew || (got.Reason != "") != (c.want == Unknown) {
				t.Errorf("%s, only old %s, only new %s (%s)", got.Change, got.OnlyOld, got.OnlyNew, got.Reason)
			}
			if diff := cmp.Diff(c.words, got.Words); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, w := range []struct {
				record    []byte
				hold, not *plan.Rule
			}{{got.OnlyOld, old.Plan.Rules[0], new.Plan.Rules[0]}, {got.OnlyNew, new.Plan.Rules[0], old.Plan.Rules[0]}} {
				if w.record != nil && (!eval.Match(w.hold, w.record) || eval.Match(w.not, w.record)) {
					t.Errorf("%s is no witness", w.record)
				}
			}
			if want := strings.HasPrefix(c.sentence, "Nothing can match"); (got.Impossible != "") != want || got.Impossible != "" && got.Impossible != `eventName cannot be both "A" and "B"` {
				t.Errorf("impossible: %s", got.Impossible)
			}
			if want := c.want != Equivalent; report.Alerting() != want {
				t.Errorf("alerting is %t", report.Alerting())
			}
		})
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	changed := func(all ...Change) (rules []Rule) {
		for _, c := range all {
			rules = append(rules, Rule{Item: Item{Change: c}})
		}
		return rules
	}
	impossible := func(all ...Change) []Rule {
		rules := changed(all...)
		for i := range rules {
			rules[i].Impossible = "why"
		}
		return rules
	}
	partly := changed(Wider)
	partly[0].ImpossibleParts = []string{"one", "two"}
	refused := Rule{Item: Item{Change: Removed, refused: "x.yml"}}
	for _, c := range []struct {
		report Report
		want   string
	}{
		{Report{}, "nothing changed"},
		{Report{Rules: changed(Wider)}, "1 rule wider"},
		{Report{Rules: changed(Equivalent, Narrower, Added, Narrower)}, "1 rule added, 2 narrower, 1 equivalent"},
		{Report{Rules: changed(Unknown, Unknown), Correlations: make([]Item, 2)}, "2 rules unknown, 2 correlations or thresholds changed"},
		{Report{Exceptions: make([]Item, 1), Placeholders: make([]Item, 3)}, "1 exception changed, 3 placeholders changed"},
		{Report{Rules: append(impossible(Narrower, Added, Equivalent, Different), changed(Wider)...)}, "2 rules can no longer match anything, 1 added that can never match, 1 can never match, 1 wider"},
		{Report{Rules: partly}, "1 rule wider, parts of 1 rule can never match"},
		{Report{Refused: []string{"x.yml"}, Rules: []Rule{refused}}, "1 rule refused and not compared"},
		{Report{Refused: []string{"x.yml", "y.yml"}, Rules: append(changed(Added), refused)}, "1 rule added, 2 rules refused and not compared"},
		{Report{Refused: []string{"exceptions.json"}, Exceptions: []Item{{Change: Removed, refused: "exceptions.json"}}}, "1 file refused and not compared"},
	} {
		if got := c.report.summary(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestNever holds what is said first of rules that no record can match, in whole or in
// part, in each format.
func TestNever(t *testing.T) {
	t.Parallel()
	record := json.RawMessage(`{}`)
	for _, c := range []struct {
		sentence             string
		rule                 Rule
		text, markdown, code string
		severity             diag.Severity
	}{
		{"It was narrowed to nothing.", Rule{Item: Item{Change: Narrower}, Impossible: "w`hy", OnlyOld: record}, "It can no longer match anything: w`hy.", "**It can no longer match anything:** ``w`hy``.", "impossible", diag.Error},
		{"Nobody knows what it was before.", Rule{Item: Item{Change: Unknown}, Impossible: "why", Lost: undecided, Gained: none}, "It can no longer match anything: why.", "**It can no longer match anything:** `why`.", "impossible", diag.Error},
		{"It is new.", Rule{Item: Item{Change: Added}, Impossible: "why"}, "It can never match: why.", "**It can never match:** `why`.", "impossible", diag.Error},
		{"It never could.", Rule{Item: Item{Change: Equivalent}, Impossible: "why"}, "It can never match: why.", "**It can never match:** `why`.", "impossible", diag.Error},
		{"A part of it cannot.", Rule{Item: Item{Change: Wider}, ImpossibleParts: []string{"why"}}, "A part of it can never match: why.", "**A part of it can never match:** `why`.", "impossible", diag.Error},
		{"All of it can.", Rule{Item: Item{Change: Wider}}, "", "", "wider", diag.Note},
	} {
		c.rule.Key = "x"
		r := &Report{Rules: []Rule{c.rule}}
		lines := strings.Split(r.Text(), "\n") // the summary, an empty line, the rule's first
		first := ""
		if len(lines) > 3 {
			first = strings.TrimSpace(lines[3])
		}
		if first != c.text {
			t.Errorf("%s Text:\n%s", c.sentence, r.Text())
		}
		head := "### `x`: " + string(c.rule.Change)
		if got := r.Markdown(); c.markdown != "" && (!strings.Contains(got, "\n\n"+c.markdown+"\n\n") || !strings.Contains(got, head+", ") || !strings.Contains(got, "can never match** | `x` |")) {
			t.Errorf("%s Markdown:\n%s", c.sentence, got)
		} else if c.markdown == "" && strings.Contains(got, "never") {
			t.Errorf("%s Markdown:\n%s", c.sentence, got)
		}
		found := r.Diagnostics(func(string, bool) diag.Span { return diag.Span{} })
		if len(found) != 1 || found[0].Severity != c.severity || found[0].Code != "diff/"+c.code || !strings.Contains(found[0].Message, c.text) {
			t.Errorf("%s SARIF: %+v", c.sentence, found)
		}
	}
}

// TestUndecided holds that what is known of an unknown change is told apart from what
// is not.
func TestUndecided(t *testing.T) {
	t.Parallel()
	record := json.RawMessage(`{"a":1}`)
	for _, c := range []struct {
		lost, gained extent
		want         string
	}{
		{undecided, some, "It now matches records such as\n    {\"a\":1}\n  Whether it no longer matches some that it did was not decided: why.\n"},
		{some, undecided, "It no longer matches records such as\n    {\"a\":1}\n  Whether it now matches others that it did not match before was not decided: why.\n"},
		{undecided, none, "It matches nothing new. Whether it still matches all that it did was not decided: why.\n"},
		{none, undecided, "It matches all that it did. Whether it matches more was not decided: why.\n"},
		{undecided, undecided, "What the change means was not decided: why.\n"},
	} {
		rule := Rule{Item: Item{Key: "x", Change: Unknown}, Lost: c.lost, Gained: c.gained, Reason: "why"}
		if c.lost == some {
			rule.OnlyOld = record
		}
		if c.gained == some {
			rule.OnlyNew = record
		}
		r := &Report{Rules: []Rule{rule}}
		_, got, _ := strings.Cut(r.Text(), "unknown     x\n  ")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("lost %s, gained %s (-want +got):\n%s", c.lost, c.gained, diff)
		}
		_, sentence, _ := strings.Cut("\n"+strings.ReplaceAll(c.want, "\n  ", "\n"), "}\n")
		if sentence == "" {
			sentence = c.want
		}
		if want := "\n\n" + strings.Replace(strings.TrimSpace(sentence), "why", "`why`", 1) + "\n\n"; !strings.Contains(r.Markdown(), want) {
			t.Errorf("no %q in\n%s", want, r.Markdown())
		}
	}
}

// TestRefused holds which refused files are said to have changed.
func TestRefused(t *testing.T) {
	t.Parallel()
	side := func(files map[string]string, refused ...string) Side {
		s := Side{Plan: &plan.Plan{}, Files: files, RefusedFiles: map[string]bool{}}
		for _, file := range refused {
			s.RefusedFiles[file] = true
		}
		return s
	}
	for _, c := range []struct {
		sentence string
		old, new Side
		want     []string
	}{
		{"It changed, and is refused on both sides.", side(map[string]string{"x.yml": "a"}, "x.yml", "x"), side(map[string]string{"x.yml": "b"}, "x.yml", "x"), []string{"x.yml"}},
		{"It is refused on one.", side(map[string]string{"x.yml": "a"}), side(map[string]string{"x.yml": "b"}, "x.yml", "x"), []string{"x.yml"}},
		{"It is new, another one is gone.", side(map[string]string{"y.yml": ""}, "y.yml", "y"), side(map[string]string{"x.yml": ""}, "x.yml", "x"), []string{"x.yml", "y.yml"}},
		{"It is as it was.", side(map[string]string{"x.yml": "a"}, "x.yml", "x"), side(map[string]string{"x.yml": "a"}, "x.yml", "x"), nil},
		{"It changed, and is not refused.", side(map[string]string{"x.yml": "a"}), side(map[string]string{"x.yml": "b"}), nil},
	} {
		r := Compare(c.old, c.new)
		if diff := cmp.Diff(c.want, r.Refused, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
		if r.Alerting() != (c.want != nil) {
			t.Errorf("%s alerting is %t", c.sentence, r.Alerting())
		}
	}
}

// TestNoRecords holds that logs without a record say nothing of a rule.
func TestNoRecords(t *testing.T) {
	t.Parallel()
	r := &Report{Rules: []Rule{{Item: Item{Key: "x", Change: Added}}}}
	r.AddLogs(Logs{Path: "logs", Unread: true}, nil, nil)
	for _, text := range []string{r.Text(), r.Markdown()} {
		if !strings.Contains(text, "nothing is known from recorded logs") || strings.Contains(text, "→ 0") || strings.Contains(text, "as before") {
			t.Error(text)
		}
	}
	if r.Rules[0].Matches != nil {
		t.Errorf("%+v", r.Rules[0].Matches)
	}
	nothing := &Report{}
	nothing.AddLogs(Logs{Path: "logs"}, nil, nil)
	if got := nothing.Text() + nothing.Markdown(); strings.Contains(got, "no records") || strings.Contains(got, "No records") {
		t.Errorf("nothing was read, since nothing changed:\n%s", got)
	}
}

func TestAddLogs(t *testing.T) {
	t.Parallel()
	at := func(rule string, records ...int) (all []Match) {
		for _, n := range records {
			all = append(all, Match{Rule: rule, File: "a.json", Record: n})
		}
		return all
	}
	for _, c := range []struct {
		sentence string
		rule     Item
		old, new []Match
		want     Matches
	}{
		{"A wider rule matches one more.", Item{Key: "x", Change: Wider}, at("x", 1), at("x", 2, 1), Matches{Old: 1, New: 2, Gained: at("x", 2)}},
		{"A renamed rule is the same one.", Item{Key: "y", OldKey: "x", Change: Different}, at("x", 1, 2), at("y", 2, 3), Matches{Old: 2, New: 2, Gone: at("x", 1), Gained: at("y", 3)}},
		{"Matches of other rules are not its own.", Item{Key: "x", Change: Narrower}, append(at("x", 1), at("y", 2)...), at("y", 3), Matches{Old: 1, Gone: at("x", 1)}},
		{"What is added matched nothing before.", Item{Key: "x", Change: Added}, nil, at("x", 1), Matches{New: 1, Gained: at("x", 1)}},
		{"What is removed matches nothing now.", Item{Key: "x", Change: Removed}, at("x", 1), nil, Matches{Old: 1, Gone: at("x", 1)}},
		{"What was not decided contradicts nothing.", Item{Key: "x", Change: Unknown}, at("x", 1), at("x", 2), Matches{Old: 1, New: 1, Gone: at("x", 1), Gained: at("x", 2)}},
		{"A wider rule that loses a match is none.", Item{Key: "x", Change: Wider}, at("x", 1), nil, Matches{Old: 1, Gone: at("x", 1), Contradiction: true}},
		{"A narrower rule that gains one is none.", Item{Key: "x", Change: Narrower}, nil, at("x", 1), Matches{New: 1, Gained: at("x", 1), Contradiction: true}},
		{"A rule that no record can match is none when one does.", Item{Key: "impossible", Change: Added}, nil, at("impossible", 1), Matches{New: 1, Gained: at("impossible", 1), Contradiction: true}},
		{"Nor is an equivalent one that does either.", Item{Key: "x", Change: Equivalent}, at("x", 1), nil, Matches{Old: 1, Gone: at("x", 1), Contradiction: true}},
	} {
		r := &Report{Rules: []Rule{{Item: c.rule}}}
		if c.rule.Key == "impossible" {
			r.Rules[0].Impossible = "why"
		}
		r.AddLogs(Logs{Path: "logs", Records: 9}, c.old, c.new)
		if diff := cmp.Diff(&c.want, r.Rules[0].Matches, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
		contradicted := fmt.Sprint(r.Contradicted()) == "["+c.rule.Key+"]"
		if contradicted != c.want.Contradiction || strings.Contains(r.Text(), contradiction) != contradicted || strings.Contains(r.Markdown(), contradiction) != contradicted {
			t.Errorf("%s Contradicted: %q", c.sentence, r.Contradicted())
		}
	}
}

// example is a report with something of everything.
func example(t *testing.T) *Report {
	const trail = "logsource: {product: aws, service: cloudtrail}\nlevel: high\n"
	old := planned(t, "main", map[string]string{
		"sigma_rules/trail_stopped.yml": "title: Trail Stopped\nname: trail_stopped\n" + trail + "detection:\n  selection: {eventSource: cloudtrail.amazonaws.com, eventName: [StopLogging, DeleteTrail]}\n  filter_ci: {userIdentity.arn|endswith: /deploy}\n  condition: selection and not filter_ci\n",
		"sigma_rules/user_made.yml":     "title: User Made\n" + trail + "detection: {selection: {eventName: CreateUser}, condition: selection}\n",
		"sigma_rules/root_used.yml":     "title: Root Used\n" + trail + "detection: {selection: {userIdentity.type: Root}, condition: selection}\n",
		"sigma_rules/counted.yml":       "title: Trails Stopped\ncorrelation: {type: event_count, rules: [trail_stopped], group-by: [recipientAccountId], timespan: 1h, condition: {gte: 3}, generate: true}\nlevel: high\n",
		"exceptions.json":               `{"Root Used": {"excludedAccounts": ["111122223333"]}}`,
	})
	new := planned(t, "working tree", map[string]string{
		"sigma_rules/trail_stopped.yml": "title: Trail Stopped or | Deleted\nname: trail_stopped\n" + strings.Replace(trail, "high", "critical", 1) + "detection:\n  selection: {eventSource: cloudtrail.amazonaws.com, eventName: [StopLogging, DeleteTrail, UpdateTrail]}\n  filter_ci: {userIdentity.arn|endswith: [/deploy, /terraform]}\n  condition: selection and not filter_ci\n",
		"sigma_rules/user_made.yml":     "title: User Made\n" + trail + "detection: {selection: {eventName|cased: CreateUser}, condition: selection}\n",
		"sigma_rules/key_made.yml":      "title: <b>Key</b> Made @security\n" + trail + "detection: {selection: {eventName: CreateAccessKey}, condition: selection}\n",
		"sigma_rules/counted.yml":       "title: Trails Stopped\ncorrelation: {type: event_count, rules: [trail_stopped], group-by: [recipientAccountId], timespan: 2h, condition: {gte: 5}, generate: true}\nlevel: high\n",
		"sigma_rules/bad.yml":           "",
	})
	old.Generated["user_made_rule.go"], new.Generated["user_made_rule.go"] = "one\ntwo\n", "one\n2\n"
	old.Generated["same_rule.go"], new.Generated["same_rule.go"] = "same\n", "same\n"
	report := Compare(old, new)
	match := Match{File: "recorded/a.json.gz", EventTime: "2026-01-02T03:04:05Z", Source: "cloudtrail.amazonaws.com", Account: "111122223333", Actor: "arn:aws:iam::111122223333:user/`x`|y"}
	on := func(rule string, record int, id, name string) Match {
		m := match
		m.Rule, m.Record, m.EventID, m.Name = rule, record, id, name
		return m
	}
	report.AddLogs(Logs{Path: "recorded", Records: 20, Unread: true},
		[]Match{on("trail_stopped", 3, "e-3", "StopLogging"), on("root_used", 9, "e-9", "DeleteTrail")},
		[]Match{on("trail_stopped", 3, "e-3", "StopLogging"), on("trail_stopped", 17, "e-17", "UpdateTrail")})
	return report
}

// TestGolden holds all of a report in each format against files that people read.
func TestGolden(t *testing.T) {
	t.Parallel()
	report := example(t)
	var object bytes.Buffer
	if err := diag.EncodeJSON(&object, "  ", report); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"change.md": report.Markdown(), "change.txt": report.Text(), "change.json": object.String()} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "", time.Hour: "1h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m", 48 * time.Hour: "48h", 10 * time.Second: "10s", 20*time.Minute + time.Second: "20m1s"} {
		if got := span(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
