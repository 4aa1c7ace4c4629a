package diff

import (
	"bytes"
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
			"What is not decided.",
			"a: {sourceIPAddress|cidr: 10.0.0.0/8}\nb: {sourceIPAddress|cidr: 10.0.0.0/30}\ncondition: a and not b", "a: {sourceIPAddress|cidr: 10.0.0.0/9}\nb: {sourceIPAddress|cidr: 10.0.0.0/30}\ncondition: a and not b",
			Unknown, "", "",
			"@@ -1,4 +1,4 @@\n all of\n-  a: sourceIPAddress is an address in 10.0.0.0/8   [|cidr]\n+  a: sourceIPAddress is an address in 10.0.0.0/9   [|cidr]\n   not\n     b: sourceIPAddress is an address in 10.0.0.0/30   [|cidr]\n",
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
			if want := c.want != Equivalent; report.Alerting() != want {
				t.Errorf("alerting is %t", report.Alerting())
			}
		})
	}
}

const (
	firstID  = "id: 11111111-1111-4111-8111-111111111111\n"
	secondID = "id: 22222222-2222-4222-8222-222222222222\n"
	simple   = "logsource: {product: aws}\ndetection: {a: {eventName: A}, condition: a}\n"
)

// TestItems holds what is said beside the meaning of rules.
func TestItems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence string
		old, new map[string]string
		want     string // the text, without its first line
		alerting bool
	}{
		{"Nothing.", map[string]string{"x.yml": rule("a: {eventName: A}\ncondition: a")}, map[string]string{"x.yml": rule("a: {eventName: A}\ncondition: a")}, "", false},
		{
			"Attributes.",
			map[string]string{"x.yml": firstID + "title: Old\nname: old\nauthor: Ana\ntags: [attack.impact, attack.t1485]\nlevel: low\nreferences: [https://example.com/a]\n" + simple},
			map[string]string{"x.yml": secondID + "title: New\nstatus: test\nauthor: Ana\ntags: [attack.t1485, attack.t1490]\nlevel: low\ndescription: It is new.\nfalsepositives: [Backups]\n" + strings.Replace(simple, "aws", "aws, service: cloudtrail", 1)}, `
equivalent  x (low): New
  title: Old → New
  id: 11111111-1111-4111-8111-111111111111 → 22222222-2222-4222-8222-222222222222
  name: no longer old
  status: test
  description: It is new.
  tags:
    − attack.impact
    + attack.t1490
  references:
    − https://example.com/a
  false positives:
    + Backups
  logsource: aws → aws/cloudtrail
  Its detection is as it was.
`, false,
		},
		{
			"The level, which changes what is alerted on.",
			map[string]string{"x.yml": "title: X\nlevel: low\n" + simple}, map[string]string{"x.yml": "title: X\nlevel: high\n" + simple}, `
equivalent  x (high): X
  level: low → high
  Its detection is as it was.
`, true,
		},
		{
			"Nothing that is compiled.",
			map[string]string{"x.yml": "title: X\nlevel: low\n" + simple}, map[string]string{"x.yml": "# mine\ntitle: X\nlevel: low\ndate: 2026-01-02\n" + simple}, `
equivalent  x (low): X
  Of its file only comments, layout, other documents or what is not compiled changed.
`, false,
		},
		{
			"A rule that has another name and the same id was renamed, and what refers to it follows.",
			map[string]string{"sigma_rules/x.yml": firstID + "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/x"]}}`, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`},
			map[string]string{"sigma_rules/y.yml": firstID + "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/x"]}}`, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`}, `
equivalent  x → y (low): X
  Its detection is as it was.

changed     threshold:x → threshold:y (high)
`, true,
		},
		{
			"A rule with another id is another rule; one is added, one removed.",
			map[string]string{"x.yml": firstID + "title: X\nlevel: low\n" + simple}, map[string]string{"y.yml": secondID + "title: Y\nlevel: low\n" + simple}, `
removed     x (low): X
  It matched records such as
    {"eventName":"A","eventVersion":"1.11"}

added       y (low): Y
  It matches records such as
    {"eventName":"A","eventVersion":"1.11"}
`, true,
		},
		{
			"A rule that is refused on a side is not just added or removed.",
			map[string]string{"bad.yml": "", "x.yml": "title: X\nlevel: low\n" + simple, "x2.yml": "title: X\nlevel: low\n" + simple}, map[string]string{"x.yml": "title: X\nlevel: low\n" + simple, "bad_x2.yml": ""}, `
refused in new, and left out of what follows:
  new/bad_x2.yml:1:1: bad

refused in old, and left out of what follows:
  old/bad.yml:1:1: bad

removed     x2 (low): X
  It matched records such as
    {"eventName":"A","eventVersion":"1.11"}
`, true,
		},
		{
			"Filters come, go and change.",
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "f.yml": filter("u: {userAgent: A}"), "g.yml": filter("u: {userAgent: B}"), "h.yml": "# H\n" + filter("u: {userAgent: D}")},
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "f.yml": filter("u: {userAgent: C}"), "i.yml": filter("u: {userAgent: B}"), "h.yml": filter("u: {userAgent: D}")}, `
different   x (low): X
  filters:
    − g
    + i
  the filter f changed
  @@ -1,8 +1,8 @@
   all of
     a: eventName is "A", whatever the case
     filter f: not
  -    u: userAgent is "A", whatever the case
  -  filter g: not
  -    u: userAgent is "B", whatever the case
  +    u: userAgent is "C", whatever the case
     filter h: not
       u: userAgent is "D", whatever the case
  +  filter i: not
  +    u: userAgent is "B", whatever the case
  It no longer matches records such as
    {"eventName":"A","eventVersion":"1.11","userAgent":"C"}
  It now matches records such as
    {"eventName":"A","eventVersion":"1.11","userAgent":"A"}
`, true,
		},
		{
			"Placeholders change what rules mean.",
			map[string]string{"sigma_rules/x.yml": rule("a: {eventName: A, userIdentity.userName|expand: '%admins%'}\ncondition: a"), "placeholders.yml": "admins: [ana, bo]\nold: [x]\n"},
			map[string]string{"sigma_rules/x.yml": rule("a: {eventName: A, userIdentity.userName|expand: '%admins%'}\ncondition: a"), "placeholders.yml": "admins: [bo]\nnew: [y]\n"}, `
narrower    x (low): A Rule
  @@ -1,3 +1,3 @@
   a: all of
     eventName is "A", whatever the case
  -  userIdentity.userName is "ana" or "bo", whatever the case   [|expand: %admins%]
  +  userIdentity.userName is "bo", whatever the case   [|expand: %admins%]
  It matches nothing new, and no longer records such as
    {"eventName":"A","eventVersion":"1.11","userIdentity":{"userName":"ana"}}

changed     placeholder admins
  values:
    − ana

added       placeholder new
  values:
    + y

removed     placeholder old
  values:
    − x
`, true,
		},
		{
			"A correlation, and a rule that it counts.",
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C\nlevel: high\ncorrelation: {type: temporal, rules: [x, y], group-by: [recipientAccountId], timespan: 90m}\n"},
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + strings.Replace(simple, "A}", "[A, B]}", 1), "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C2\nlevel: high\ncorrelation: {type: temporal_ordered, rules: [x, y], group-by: [userIdentity.arn], timespan: 2h, generate: true}\n"}, `
wider       x (low): X
  @@ -1,1 +1,1 @@
  -a: eventName is "A", whatever the case
  +a: eventName is "A" or "B", whatever the case
  It matches all that it did, and records such as
    {"eventName":"B","eventVersion":"1.11"}
  Its matches are counted by c.

changed     correlation c (high): C2
  type: temporal → temporal_ordered
  group by:
    − recipientAccountId
    + userIdentity.arn
  window: 1h30m → 2h
  alerts of its rules: silenced → kept
  title: C → C2
`, true,
		},
		{
			"The order of the rules of a correlation counts where it is of its kind.",
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C\nlevel: high\ncorrelation: {type: temporal_ordered, rules: [x, y], group-by: [recipientAccountId], timespan: 1h}\n", "d.yml": "title: D\nlevel: high\ncorrelation: {type: temporal, rules: [x, y], group-by: [recipientAccountId], timespan: 1h}\n"},
			map[string]string{"x.yml": "title: X\nname: x\nlevel: low\n" + simple, "y.yml": "title: Y\nname: y\nlevel: low\n" + simple, "c.yml": "title: C\nlevel: high\ncorrelation: {type: temporal_ordered, rules: [y, x], group-by: [recipientAccountId], timespan: 1h}\n", "d.yml": "title: D\nlevel: high\ncorrelation: {type: temporal, rules: [y, x], group-by: [recipientAccountId], timespan: 1h}\n"}, `
changed     correlation c (high): C
  order of rules: x, y → y, x

changed     correlation d (high): D
  Of its file only comments, layout, other documents or what is not compiled changed.
`, true,
		},
		{
			"Entries of postprocessing_rules; one that stays is not told, though its file changed.",
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}, {"type": "threshold", "sigmaRuleTitle": "Y", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`},
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "postprocessing_rules/all.json": `[{"type": "threshold", "sigmaRuleTitle": "X", "thresholdCount": 10, "windowMinutes": 5, "severity_adjustment": "critical", "cooldownMinutes": 60, "description": "Many."}, {"type": "threshold", "sigmaRuleTitle": "Y", "thresholdCount": 3, "windowMinutes": 5, "severity_adjustment": "high"}]`}, `
changed     threshold:x (critical): Many.
  level: high → critical
  condition: gte 3 → gte 10
  cooldown: 1h
  description: Many.
`, true,
		},
		{
			"Exceptions.",
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "sigma_rules/z.yml": "title: Z\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/x"], "expires": "2027-06-30", "owner": "a"}, "Y": {"excludedAccounts": ["111122223333"]}}`},
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "sigma_rules/y.yml": "title: Y\nlevel: low\n" + simple, "sigma_rules/z.yml": "title: Z\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedActors": ["arn:aws:iam::111122223333:user/y"], "excludedSourceIPs": ["198.51.100.64/26"], "expires": "2027-07-31", "owner": "b"}, "Z": {"excludedActorsRegex": [":user/z$"], "reason": "r"}}`}, `
changed     exception of x
  actors:
    − arn:aws:iam::111122223333:user/x
    + arn:aws:iam::111122223333:user/y
  source addresses:
    + 198.51.100.64/26
  expires: 2027-06-30 → 2027-07-31
  owner: a → b

removed     exception of y
  accounts:
    − 111122223333

added       exception of z
  expressions:
    + :user/z$
  reason: r
`, true,
		},
		{
			"The owner of an exception changes nothing that is alerted on.",
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedAccounts": ["111122223333"], "owner": "a"}}`},
			map[string]string{"sigma_rules/x.yml": "title: X\nlevel: low\n" + simple, "exceptions.json": `{"X": {"excludedAccounts": ["111122223333"], "owner": "b"}}`}, `
changed     exception of x
  owner: a → b
`, false,
		},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			report := Compare(planned(t, "old", c.old), planned(t, "new", c.new))
			_, got, _ := strings.Cut(report.Text(), "\n")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if report.Alerting() != c.alerting {
				t.Errorf("alerting is %t", report.Alerting())
			}
		})
	}
}

// filter returns the text of a filter that leaves out what a search holds on.
func filter(search string) string {
	return "title: F\nlogsource: {product: aws}\nfilter:\n  rules: [x]\n  " + search + "\n  condition: not u\n"
}

func TestSummary(t *testing.T) {
	t.Parallel()
	changed := func(all ...Change) (rules []Rule) {
		for _, c := range all {
			rules = append(rules, Rule{Item: Item{Change: c}})
		}
		return rules
	}
	for _, c := range []struct {
		report Report
		want   string
	}{
		{Report{}, "nothing changed"},
		{Report{Rules: changed(Wider)}, "1 rule wider"},
		{Report{Rules: changed(Equivalent, Narrower, Added, Narrower)}, "1 rule added, 2 narrower, 1 equivalent"},
		{Report{Rules: changed(Unknown, Unknown), Correlations: make([]Item, 2)}, "2 rules unknown, 2 correlations or thresholds changed"},
		{Report{Exceptions: make([]Item, 1), Placeholders: make([]Item, 3)}, "1 exception changed, 3 placeholders changed"},
	} {
		if got := c.report.Summary(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
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
		{"Nor is an equivalent one that does either.", Item{Key: "x", Change: Equivalent}, at("x", 1), nil, Matches{Old: 1, Gone: at("x", 1), Contradiction: true}},
	} {
		r := &Report{Rules: []Rule{{Item: c.rule}}}
		r.AddLogs(Logs{Path: "logs"}, c.old, c.new)
		if diff := cmp.Diff(&c.want, r.Rules[0].Matches, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
		contradicted := fmt.Sprint(r.Contradicted()) == "[x]"
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
	report.AddLogs(Logs{Path: "recorded", Unread: true},
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
