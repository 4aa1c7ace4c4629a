package explain

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// planned plans a rule of a detection, with a filter if there are two.
func planned(t *testing.T, detections ...string) *plan.Rule {
	t.Helper()
	rule, problems := plannedOr(t, detections...)
	if rule == nil {
		t.Fatalf("%q\n%+v", detections, problems)
	}
	return rule
}

// plannedOr returns what is wrong with a rule instead, where it is refused.
func plannedOr(t *testing.T, detections ...string) (*plan.Rule, []diag.Diagnostic) {
	t.Helper()
	files := fstest.MapFS{}
	for i, detection := range detections {
		text := "title: A Rule\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: aws}\nlevel: low\ndetection:\n"
		name := "rule.yml"
		if i > 0 {
			text = "title: A Filter\nlogsource: {product: aws}\nfilter:\n  rules: [11111111-1111-4111-8111-111111111111]\n"
			name = "narrow.yml"
		}
		files[name] = &fstest.MapFile{Data: []byte(text + "  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ") + "\n")}
	}
	var list diag.List
	dir, err := sigma.Open(files, "rules", "", &list)
	if err != nil {
		t.Fatal(err)
	}
	var documents []*sigma.Rule
	for _, file := range dir.Files {
		if parsed, ok := sigma.Parse(file, &list); ok {
			documents = append(documents, parsed...)
		}
	}
	rules := plan.Build(documents, plan.NewPlaceholders(map[string][]string{"admins": {"ana", "bo"}}), &list)
	if len(rules) != 1 || list.HasErrors() {
		return nil, list.Sorted()
	}
	return rules[0], nil
}

func TestTree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sentence, detection, want string }{
		{
			"A search of one predicate is one line.",
			"a: {eventName: CreateUser}\ncondition: a",
			`a: eventName is "CreateUser", whatever the case`,
		},
		{
			"A few values stand in the sentence, many below it.",
			"a: {eventName: [A, B, C], errorCode: [A, B, C, D]}\ncondition: a",
			`
a: all of
  eventName is "A", "B" or "C", whatever the case
  errorCode is one of, whatever the case
    "A"
    "B"
    "C"
    "D"`,
		},
		{
			"A condition is a tree, quantifiers have their members.",
			"a: {eventName: A}\nb_x: {errorCode: X}\nb_y: {errorCode: Y}\nc: {x: '1'}\ncondition: a and not (1 of b_* or c) or all of b_*",
			`
any of
  all of
    a: eventName is "A", whatever the case
    not
      any of
        1 of b_*
          b_x: errorCode is "X", whatever the case
          b_y: errorCode is "Y", whatever the case
        c: x is "1"
  all of b_*
    b_x: as above
    b_y: as above`,
		},
		{
			"Maps of a list are alternatives.",
			"a:\n  - {eventName: A, x: null}\n  - {eventName: B}\ncondition: a",
			`
a: any of
  all of
    eventName is "A", whatever the case
    x is null or not there
  eventName is "B", whatever the case`,
		},
		{
			"Modifiers stand behind what they mean.",
			"a: {x|contains|all: [A, B], y|startswith|cased: C, z|re|i: '^d\\d$', sourceIPAddress|cidr: 10.0.0.0/8}\ncondition: a",
			`
a: all of
  all of   [|contains|all]
    x contains "A", whatever the case
    x contains "B", whatever the case
  y begins with "C", in just these letters   [|startswith|cased]
  z is matched by /(?i)^d\d$/   [|re|i]
  sourceIPAddress is an address in 10.0.0.0/8   [|cidr]`,
		},
		{
			"Wildcards and placeholders are shown as written and as what they became.",
			"a: {x: '*A*', y: 'B*C', z|expand: '%admins%'}\ncondition: a",
			`
a: all of
  x is like "*A*", * is any text and ? one character, whatever the case
  y is like "B*C", * is any text and ? one character, whatever the case
  z is "ana" or "bo", whatever the case   [|expand: %admins%]`,
		},
		{
			"Numbers, times, other fields and presence.",
			"a: {x|gte: 5, eventTime|hour|lt: 6, y|fieldref: z, v|exists: true, w|exists: false, n: 7}\ncondition: a",
			`
a: all of
  x is at least 5   [|gte]
  the hour of eventTime is less than 6   [|hour|lt]
  y equals the field z   [|fieldref]
  v is there   [|exists]
  w is not there   [|exists]
  n is the number 7`,
		},
		{
			"A negated item.",
			"a: {eventName: A, x|neq: B}\ncondition: a",
			`
a: all of
  eventName is "A", whatever the case
  not   [|neq]
    x is "B", whatever the case`,
		},
		{
			"Keywords are of no field.",
			"a: [one, 'two*']\ncondition: a",
			`
a: any of   [one, two*]
  a value of the record contains "one", whatever the case
  a value of the record is like "*two*", * is any text and ? one character, whatever the case`,
		},
		{
			"Several conditions are alternatives.",
			"a: {eventName: A}\nb: {eventName: B}\ncondition: [a, b]",
			`
any of
  a: eventName is "A", whatever the case
  b: eventName is "B", whatever the case`,
		},
		{
			"What could steer a terminal is escaped.",
			"a: {\"x\\u202Ey\": \"a\\eb\\nc\"}\ncondition: a",
			`a: x\u202ey is "a\x1bb\nc", whatever the case`,
		},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			want := strings.TrimPrefix(c.want, "\n") + "\n"
			if diff := cmp.Diff(want, Tree(planned(t, c.detection)).Text()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEvent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence  string
		detection []string
		record    string
		want      string
		miss      string // "" for a match
	}{
		{
			"Every line says whether it held, and what it read.",
			[]string{"a: {eventName: A, x|startswith: B}\nb: {y: null}\ncondition: a and not b"},
			`{"eventName":"A","x":["C","BD"],"y":7}`,
			`
yes  all of
yes    a: all of
yes      eventName is "A", whatever the case; it is "A"
yes      x begins with "B", whatever the case; it is "C", "BD"   [|startswith]
yes    not
no       b: y is null or not there; it is 7`,
			"",
		},
		{
			"The nearest miss goes by the branch that lacks least.",
			[]string{"a: {eventName: A, x: B, y: C}\nb: {eventName: D, x: B}\ncondition: a or b"},
			`{"eventName":"E","x":"B"}`,
			`
no   any of
no     a: all of
no       eventName is "A", whatever the case; it is "E"
yes      x is "B", whatever the case; it is "B"
no       y is "C", whatever the case; there is none
no     b: all of
no       eventName is "D", whatever the case; it is "E"
yes      x is "B", whatever the case; it is "B"`,
			`
nearest miss: 1 predicate; of all ways to match this one changes the fewest predicates
  must hold:     b: eventName is "D", whatever the case; it is "E"`,
		},
		{
			"What is to fail is named as such, also of a filter document.",
			[]string{"a: {eventName: A}\ncondition: a", "s: {x: B, y: C}\ncondition: not s"},
			`{"eventName":"A","x":"B","y":"C"}`,
			`
no   all of
yes    a: eventName is "A", whatever the case; it is "A"
no     filter narrow: not
yes      s: all of
yes        x is "B", whatever the case; it is "B"
yes        y is "C", whatever the case; it is "C"`,
			`
nearest miss: 1 predicate; of all ways to match this one changes the fewest predicates
  must not hold: filter narrow: s: x is "B", whatever the case; it is "B"`,
		},
		{
			"A way that asks for two values of a field that has one is none.",
			[]string{"a: {eventName: A}\nb: {eventName: B}\nc: {eventName: C, x: D, y: E}\ncondition: a and b or c"},
			`{"eventName":"B"}`,
			`
no   any of
no     all of
no       a: eventName is "A", whatever the case; it is "B"
yes      b: eventName is "B", whatever the case; it is "B"
no     c: all of
no       eventName is "C", whatever the case; it is "B"
no       x is "D", whatever the case; there is none
no       y is "E", whatever the case; there is none`,
			`
nearest miss: 3 predicates; of all ways to match this one changes the fewest predicates
  must hold:     c: eventName is "C", whatever the case; it is "B"
  must hold:     c: x is "D", whatever the case; there is none
  must hold:     c: y is "E", whatever the case; there is none`,
		},
		{
			"There may be no way at all.",
			[]string{"a: {errorCode: A}\nb: {errorCode: B}\ncondition: a and b"},
			`{"errorCode":"B"}`,
			`
no   all of
no     a: errorCode is "A", whatever the case; it is "B"
yes    b: errorCode is "B", whatever the case; it is "B"`,
			"nearest miss: none, since no record can match",
		},
		{
			"Of many values and of long ones some are shown, and of keywords how many there are.",
			[]string{"a: {x: A}\nb: [keyword]\ncondition: a and b"},
			`{"x":[1,2,3,4,5,6,7],"y":"` + strings.Repeat("é", 300) + `"}`,
			`
no   all of
no     a: x is "A", whatever the case; it is 1, 2, 3, 4, 5, and 2 more
no     b: a value of the record contains "keyword", whatever the case; the record has 8`,
			`
nearest miss: 2 predicates; of all ways to match this one changes the fewest predicates
  must hold:     a: x is "A", whatever the case; it is 1, 2, 3, 4, 5, and 2 more
  must hold:     b: a value of the record contains "keyword", whatever the case; the record has 8`,
		},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			e := Event(planned(t, c.detection...), []byte(c.record))
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n")+"\n", e.Tree.Text()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if e.Match != (c.miss == "") || e.Match != (e.Miss == nil) {
				t.Fatalf("match is %t, the miss %v", e.Match, e.Miss)
			}
			if e.Match {
				return
			}
			if diff := cmp.Diff(strings.TrimPrefix(c.miss, "\n")+"\n", e.Miss.Text()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDisagreement(t *testing.T) {
	t.Parallel()
	e := Event(planned(t, "a: {eventName: A}\nb: {x: B}\ncondition: a and not b", "s: {x: C}\nu: {x: D}\ncondition: not s or u"), []byte(`{"eventName":"A","x":"C"}`))
	for _, c := range []struct {
		sentence string
		match    bool
		searches map[string]bool
		want     string
	}{
		{"It says the same.", false, map[string]bool{"a": true, "b": false, "filter narrow": false}, ""},
		{"The rule matches.", true, map[string]bool{"a": true, "b": false, "filter narrow": false}, "the rule"},
		{"A search and a filter hold otherwise.", false, map[string]bool{"a": false, "b": false, "filter narrow": true}, "a, filter narrow"},
		{"It has a search that is not known.", false, map[string]bool{"z": false}, "z"},
	} {
		if got := e.Disagreement(c.match, c.searches); got != c.want {
			t.Errorf("%s Got %q, want %q", c.sentence, got, c.want)
		}
	}
	if broken := Event(planned(t, "a: {eventName: A}\ncondition: a"), []byte(`{"eventName":`)); broken.Problem == "" || broken.Disagreement(true, nil) != "" {
		t.Errorf("of a record that cannot be read: %+v", broken)
	}
}

func TestReports(t *testing.T) {
	t.Parallel()
	const detection = "a: {eventName: A}\ncondition: a"
	never := "a: {errorCode: A}\nb: {errorCode: B}\ncondition: a and b"
	text := func(report Report, _ Explanation) string {
		var b bytes.Buffer
		if err := report.WriteText(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, c := range []struct{ sentence, got, want string }{
		{"A rule that can match has an example.", text(Rule(planned(t, detection))), `
rule (low): A Rule
rules/rule.yml
condition: a

a: eventName is "A", whatever the case

for example, this matches:
{
  "eventName": "A",
  "eventVersion": "1.11"
}
`},
		{"One that cannot says why.", text(Rule(planned(t, never))), `
rule (low): A Rule
rules/rule.yml
condition: a and b

all of
  a: errorCode is "A", whatever the case
  b: errorCode is "B", whatever the case

no record can match it: errorCode cannot be both "A" and "B"
`},
		{"One of which that is not known says what was not decided.", text(Rule(planned(t, "a: {eventTime|month: 2}\nb: {eventTime|day: 30}\ncondition: a and b"))), `
rule (low): A Rule
rules/rule.yml
condition: a and b

all of
  a: the month of eventTime is 2   [|month]
  b: the day of eventTime is 30   [|day]

whether a record can match it was not decided: no record was found, and nothing that rules one out
`},
		{"A record is named with its event.", text(RuleOn(planned(t, detection), "x.json#3", []byte(`{"eventName":"A","eventID":"7\u001b","eventTime":"2026-01-02T03:04:05Z"}`))), `
rule (low): A Rule
rules/rule.yml
condition: a

x.json#3 (event 7\x1b, 2026-01-02T03:04:05Z) matches
yes  a: eventName is "A", whatever the case; it is "A"
`},
		{"One that cannot be read is said to be so.", text(RuleOn(planned(t, detection), "-", []byte(`[]`))), `
rule (low): A Rule
rules/rule.yml
condition: a

- cannot be read, and matches nothing: the record is not a JSON object
a: eventName is "A", whatever the case
`},
	} {
		if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
}

// TestHostile holds that nothing of a rule or record reaches a terminal as it is.
func TestHostile(t *testing.T) {
	t.Parallel()
	const hostile = "\x1b[2J\u202e\u2028\u009b\x00"
	quoted := strings.ReplaceAll(strconv.QuoteToASCII(hostile), `\x`, `\u00`)
	rule := planned(t, `a: {"x\u202E": `+quoted+`, y|re: "a\u202E"}`+"\ncondition: a")
	rule.Syntax.Title.Value, rule.Syntax.Path, rule.Conditions[0].Text = hostile, hostile, hostile
	report, e := RuleOn(rule, hostile, []byte(`{"x\u202e":`+quoted+`,"y":"b","eventID":`+quoted+`}`))
	if e.Match {
		t.Fatal("it matches")
	}
	var text, object bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := diag.EncodeJSON(&object, "  ", report); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{text.String(), object.String()} {
		if i := strings.IndexFunc(out, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
			t.Errorf("%q is in %q", out[i:i+4], out)
		}
	}
}
