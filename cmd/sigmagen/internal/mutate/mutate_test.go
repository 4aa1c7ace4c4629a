package mutate

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

// TestMutants: each way to change a rule, in words, with a record on which the mutant
// differs from the rule.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		detection string
		change    string
		record    string
	}{
		{"a: {eventName: A, eventSource: s}\ncondition: a", "`a` no longer asks for eventSource", `{"eventName":"A"}`},
		{"a: {eventName: [A, B]}\ncondition: a", `"A" is taken out of eventName`, `{"eventName":"A"}`},
		{"a: {eventName: [A, B]}\ncondition: a", `"B" of eventName is misspelt`, `{"eventName":"B"}`},
		{"a: {eventName: A, x: B}\ncondition: a", "eventName is negated", `{"eventName":"A","x":"B"}`},
		{"a: {x|contains|all: [A, B]}\ncondition: a", "`all` is dropped from x", `{"x":"A"}`},
		{"a: {x|contains|all: [A, B]}\ncondition: a", `"A" is taken out of x`, `{"x":"B"}`},
		{"a: {x|neq: [A, B]}\ncondition: a", `"A" is taken out of x`, `{"x":"A"}`},
		{"a: [{x: A}, {y: B}]\ncondition: a", "alternative 2 of `a` is removed", `{"y":"B"}`},
		{"a: [first, second]\ncondition: a", `"first" is taken out of the keywords`, `{"x":"the first"}`},

		{"a: {eventName: A}\nfilter_main_mfa: {x: B}\ncondition: a and not filter_main_mfa", "`filter_main_mfa` is removed", `{"eventName":"A","x":"B"}`},
		{"a: {eventName: A}\nf: {x: B}\ncondition: a and not f", "the `not` before `f` is dropped", `{"eventName":"A"}`},
		{"a: {eventName: A}\nb: {x: B}\ncondition: a and b", "`b` is negated", `{"eventName":"A"}`},
		{"a: {eventName: A}\nb: {x: B}\ncondition: a and b", "`a and b` becomes `a or b`", `{"eventName":"A"}`},
		{"a: {eventName: A}\nb: {x: B}\nc: {y: C}\ncondition: a and (b or c)", "`b or c` becomes `b and c`", `{"eventName":"A","x":"B"}`},
		{"a: {eventName: A}\nb: {x: B}\nc: {y: C}\ncondition: a and not (b or c)", "`b or c` is removed", `{"eventName":"A","x":"B"}`},
		{"f_a: {eventName: A}\nf_b: {x: B}\ncondition: not 1 of f_*", "`1 of f_*` becomes `all of f_*`", `{"eventName":"A"}`},
		{"f_a: {eventName: A}\nf_b: {x: B}\ncondition: all of f_*", "`all of f_*` becomes `1 of f_*`", `{"eventName":"A"}`},
		{"f_a: {eventName: A}\nf_b: {x: B}\ncondition: 1 of f_*", "`f_b` is removed", `{"x":"B"}`},
		{"f_a: {eventName: A}\nf_b: {x: B}\ncondition: all of f_*", "`f_b` is negated", `{"eventName":"A"}`},
		{"a: {eventName: A}\nb: {x: B}\ncondition: [a, b]", "the condition `b` is removed", `{"x":"B"}`},

		{"a: {x: abc}\ncondition: a", "x is compared by `contains`", `{"x":"xabcx"}`},
		{"a: {x: abc}\ncondition: a", "x is compared by `startswith`", `{"x":"abcx"}`},
		{"a: {x|startswith: abc}\ncondition: a", "x is compared by `endswith`", `{"x":"abcx"}`},
		{"a: {x|startswith: abc}\ncondition: a", "x is compared by `contains`", `{"x":"xabc"}`},
		{"a: {x|endswith: abc}\ncondition: a", "x is compared by `startswith`", `{"x":"xabc"}`},
		{"a: {x|contains: abc}\ncondition: a", "x is compared as a whole", `{"x":"xabcx"}`},
		{"a: {x: 'ab*'}\ncondition: a", "`*` is put around the patterns of x", `{"x":"cab"}`},
		{"a: {x: 'ab*'}\ncondition: a", "the patterns of x lose the `*` at their ends", `{"x":"abc"}`},
		{"a: {x: 'a?b'}\ncondition: a", "each `?` of x becomes `*`", `{"x":"ab"}`},
		{"a: {x: abc}\ncondition: a", "the case of letters counts in x", `{"x":"ABC"}`},
		{"a: {x|cased: abc}\ncondition: a", "the case of letters does not count in x", `{"x":"ABC"}`},
		{"a: {x|lt: 5}\ncondition: a", "`lt` of x becomes `lte`", `{"x":5}`},
		{"a: {x|lte: 5}\ncondition: a", "`lte` of x becomes `lt`", `{"x":5}`},
		{"a: {x|gt: 5}\ncondition: a", "`gt` of x becomes `lt`", `{"x":6}`},
		{"a: {x|gte: 5}\ncondition: a", "`gte` of x becomes `gt`", `{"x":5}`},
		{"a: {x: 5}\ncondition: a", "5 of x becomes 6", `{"x":6}`},
		{"a: {x: true}\ncondition: a", "true of x becomes false", `{"x":false}`},
		{"a: {eventTime|hour: 23}\ncondition: a", "23 of eventTime becomes 22", `{"eventTime":"2026-01-01T22:00:00Z"}`},
		{"a: {x|cidr: 10.0.0.0/9}\ncondition: a", "10.0.0.0/9 of x becomes 10.0.0.0/8", `{"x":"10.200.0.1"}`},
		{"a: {x|cidr: 10.0.0.0/8}\ncondition: a", "10.0.0.0/8 of x becomes 10.0.0.0/9", `{"x":"10.200.0.1"}`},
		{"a: {x|cidr: [10.0.0.0/8, 192.168.0.0/16]}\ncondition: a", "192.168.0.0/16 of x becomes 192.169.0.0/16", `{"x":"192.168.0.1"}`},
		{"a: {x|cidr: 'fd00::/8'}\ncondition: a", "fd00::/8 of x becomes fc00::/8", `{"x":"fc00::1"}`},
		{"a: {x|re: '-(parrot|pentoo|blackarch)'}\ncondition: a", "`pentoo` is dropped from the expression of x", `{"x":"-pentoo"}`},
		{"a: {x|re: 'a|b|c'}\ncondition: a", "`b` is dropped from the expression of x", `{"x":"b"}`},
		{"a: {x|re: 'ab|ac|(d|)e'}\ncondition: a", "`ac` is dropped from the expression of x", `{"x":"ac"}`},
		{"a: {x|re: 'ab|ac|(d|)e'}\ncondition: a", "an empty alternative is dropped from the expression of x", `{"x":"e"}`},
		{"a: {x|re: '(a|b)-(a|b)'}\ncondition: a", "the 2nd `a` is dropped from the expression of x", `{"x":"b-a"}`},
		{"a: {x|re: '(?i)ab|cd'}\ncondition: a", "`ab` is dropped from the expression of x", `{"x":"AB"}`},
		{"a: {x|re: '^ab'}\ncondition: a", "`^` is dropped from the expression of x", `{"x":"xab"}`},
		{"a: {x|re: 'ab$'}\ncondition: a", "`$` is dropped from the expression of x", `{"x":"abx"}`},
		{"a: {x|re: '\\bab'}\ncondition: a", "`\\b` is dropped from the expression of x", `{"x":"xab"}`},
		{"a: {x|re: 'ab'}\ncondition: a", "the case of letters does not count in the expression of x", `{"x":"AB"}`},
		{"a: {x|re: '(?i)ab'}\ncondition: a", "the case of letters counts in the expression of x", `{"x":"AB"}`},
		{"a: {x|re|i: ab}\ncondition: a", "the case of letters counts in the expression of x", `{"x":"AB"}`},
		{"a: {x|re: '(?si:a)b'}\ncondition: a", "the case of letters counts in the expression of x", `{"x":"Ab"}`},
		{"a: {x|re: '^a?b'}\ncondition: a", "`a?` is dropped from the expression of x", `{"x":"ab"}`},
		{"a: {x|re: '^a?b'}\ncondition: a", "`a?` becomes `a` in the expression of x", `{"x":"b"}`},
		{"a: {x|re: '^(ab)*?c'}\ncondition: a", "`(ab)*?` becomes `(ab)+?` in the expression of x", `{"x":"c"}`},
		{"a: {x|re: '^[ab]+c'}\ncondition: a", "`[ab]+` becomes `[ab]` in the expression of x", `{"x":"aac"}`},
		{"a: {x|re: 'a[0-9]b'}\ncondition: a", "`[0-9]` is dropped from the expression of x", `{"x":"ab"}`},
		{"a: {x|re: '^[0-9]{12}$'}\ncondition: a", "`[0-9]{12}` becomes `[0-9]{11}` in the expression of x", `{"x":"11112222333"}`},
		{"a: {x|re: '^[0-9]{12}$'}\ncondition: a", "`[0-9]{12}` becomes `[0-9]{13}` in the expression of x", `{"x":"111122223333"}`},
		{"a: {x|re: '^a{2,3}$'}\ncondition: a", "`a{2,3}` becomes `a{1,3}` in the expression of x", `{"x":"a"}`},
		{"a: {x|re: '^a{2,3}$'}\ncondition: a", "`a{2,3}` becomes `a{3,3}` in the expression of x", `{"x":"aa"}`},
		{"a: {x|re: '^a{2,3}$'}\ncondition: a", "`a{2,3}` becomes `a{2,2}` in the expression of x", `{"x":"aaa"}`},
		{"a: {x|re: '^a{2,}$'}\ncondition: a", "`a{2,}` becomes `a{3,}` in the expression of x", `{"x":"aa"}`},
		{"a: {x|re: 'a-[0-9]'}\ncondition: a", "`a-` is misspelt in the expression of x", `{"x":"a-1"}`},
		{"a: {x|re: [a1, b2]}\ncondition: a", "`b2` is misspelt in expression 2 of x", `{"x":"b2"}`},
		{"a: ['zz']\nb: {x|re: a1}\nc: {x|re: b2}\ncondition: a or b or c", "`b2` is misspelt in the expression of x of `c`", `{"x":"b2"}`},
		{"a: {'|re': a1}\ncondition: a", "`a1` is misspelt in the expression of the keywords", `{"x":"a1"}`},
		{"a: {eventName: A, x|exists: true}\ncondition: a", "x is negated", `{"eventName":"A"}`},
		{"a: {eventName: A, x|exists: true}\ncondition: a", "`exists: true` of x becomes `null`", `{"eventName":"A"}`},
		{"a: {eventName: A, x: null}\ncondition: a", "`null` of x becomes `exists: true`", `{"eventName":"A"}`},
		{"a: {x|fieldref: y}\ncondition: a", "x is compared by `contains`", `{"x":"abc","y":"b"}`},
		{"a: {x|fieldref: y}\ncondition: a", `"y" of x is misspelt`, `{"x":"b","y":"b"}`},
	} {
		rule := provetest.Plan(t, c.detection)
		mutants := Mutants(rule)
		i := slices.IndexFunc(mutants, func(m Mutant) bool { return m.Change == c.change })
		if i < 0 {
			t.Errorf("%s\nhas no mutant in which %s, but %q", c.detection, c.change, changes(mutants))
			continue
		}
		if eval.Match(rule, []byte(c.record)) == eval.Match(mutants[i].Rule, []byte(c.record)) {
			t.Errorf("%s\nand the mutant in which %s do not differ on %s", c.detection, c.change, c.record)
		}
	}
}

func changes(mutants []Mutant) []string {
	var all []string
	for _, m := range mutants {
		all = append(all, m.Change)
	}
	return all
}

// TestAllMutants: a rule has these and no others. What CloudTrail writes in one way is
// not changed in case, what it takes from a few words not widened.
func TestAllMutants(t *testing.T) {
	t.Parallel()
	rule := provetest.Plan(t, "a: {eventName: A, userIdentity.type: Root}\nunused: {x: B}\nb: {y|re: C}\ncondition: a and not b")
	want := []string{
		"`a and not b` becomes `a or not b`", "`a` is removed", "`a` is negated", "`b` is removed", "the `not` before `b` is dropped",
		"`a` no longer asks for eventName", "eventName is negated", `"A" of eventName is misspelt`, "eventName is compared by `contains`", "eventName is compared by `startswith`",
		"`a` no longer asks for userIdentity.type", "userIdentity.type is negated", `"Root" of userIdentity.type is misspelt`,
		"the case of letters does not count in the expression of y", "`C` is misspelt in the expression of y",
	}
	if diff := cmp.Diff(want, changes(Mutants(rule))); diff != "" {
		t.Errorf("mutants (-want +got):\n%s", diff)
	}
}

// TestSpans: a mutant points at what was changed.
func TestSpans(t *testing.T) {
	t.Parallel()
	rule := provetest.Plan(t, "a: {eventName: [A, B]}\nf_b: {x: B}\nf_c: {y: C}\nf_d: {z|re|i: 'é(a|b)', v|re: \"(a|\\u0062)\"}\ncondition: a and not 1 of f_*")
	lines := strings.Split(string(rule.Syntax.Text), "\n")
	got := map[string]string{}
	for _, m := range Mutants(rule) {
		got[m.Change] = string([]rune(lines[m.Span.Line-1])[m.Span.Column-1:][:m.Span.Length])
	}
	for change, want := range map[string]string{
		`"B" is taken out of eventName`:                     "B",
		"`f_b` is removed":                                  "f_b",
		"`1 of f_*` is removed":                             "1",
		"eventName is compared by `contains`":               "eventName",
		"`a` is negated":                                    "a",
		"`a and not 1 of f_*` becomes `a or not 1 of f_*`":  "a and not 1 of f_*",
		"`b` is dropped from the expression of z":           "b",
		"the case of letters counts in the expression of z": "'é(a|b)'",
		"`b` is dropped from the expression of v":           `"(a|\u0`, // as long as the value
	} {
		if got[change] != want {
			t.Errorf("%s points at %q, want %q", change, got[change], want)
		}
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about     string
		detection string
		tests     string
		want      Result
		survivors []string
	}{
		{"enough tests", "a: {userIdentity.type: Root}\nf: {eventType: AwsServiceEvent}\ncondition: a and not f",
			`{"should_match": [{"userIdentity": {"type": "Root"}}], "should_not_match": [{}, {"userIdentity": {"type": "Root"}, "eventType": "AwsServiceEvent"}]}`,
			Result{Mutants: 7, Killed: 7}, nil},
		{"no test of the filter", "a: {userIdentity.type: Root}\nf: {eventType: AwsServiceEvent}\ncondition: a and not f",
			`{"should_match": [{"userIdentity": {"type": "Root"}}], "should_not_match": [{}]}`,
			Result{Mutants: 7, Killed: 5}, []string{"`f` is removed", `"AwsServiceEvent" of eventType is misspelt`}},
		{"what no event can tell is not counted", "a: {userIdentity.type: [Root, root]}\ncondition: a",
			`{"should_match": [{"userIdentity": {"type": "Root"}}], "should_not_match": [{}]}`,
			Result{Mutants: 5, Equivalent: 2, Killed: 1}, []string{`"Root" of userIdentity.type is misspelt`, `"root" of userIdentity.type is misspelt`}},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			tests, err := ReadTests([]byte(c.tests))
			if err != nil {
				t.Fatal(err)
			}
			rule := provetest.Plan(t, c.detection)
			if failing := tests.Failing(rule); failing != nil {
				t.Fatalf("%q fail", failing)
			}
			got, err := Measure(t.Context(), rule, tests)
			if err != nil {
				t.Fatal(err)
			}
			var survivors []string
			for _, s := range got.Survivors {
				survivors = append(survivors, s.Change)
			}
			if diff := cmp.Diff(c.survivors, survivors); diff != "" {
				t.Errorf("survivors (-want +got):\n%s", diff)
			}
			got.Survivors = nil
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFilterDocument(t *testing.T) {
	t.Parallel()
	rule, filter := provetest.Plan(t, "a: {eventName: A}\ncondition: a"), provetest.Plan(t, "f: {x: B}\ncondition: not f")
	rule.Filters = []*plan.Filter{{Syntax: filter.Syntax, Searches: filter.Searches, Conditions: filter.Conditions}}
	tests, err := ReadTests([]byte(`{"should_match": [{"eventName": "A"}], "should_not_match": [{"eventName": "Ab"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	result, err := Measure(t.Context(), rule, tests)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Survivors) != 1 || result.Survivors[0].Change != `the filter document "A Rule" is removed` {
		t.Errorf("survivors: %+v", result.Survivors)
	}
}

func TestReadTests(t *testing.T) {
	t.Parallel()
	tests, err := ReadTests([]byte(`{"should_match": [{"eventName": "A"}, {"eventName": "B"}], "should_not_match": [{"eventName": "A"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	failing := tests.Failing(provetest.Plan(t, "a: {eventName: A}\ncondition: a"))
	if diff := cmp.Diff([]string{"should_match[1]", "should_not_match[0]"}, failing); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
	for _, c := range []struct{ text, err string }{
		{`{`, "read tests: unexpected end of JSON input"},
		{`{"should_match": [[]]}`, "read tests: should_match[0]: the record is not a JSON object"},
	} {
		if _, err := ReadTests([]byte(c.text)); err == nil || err.Error() != c.err {
			t.Errorf("%s: %v, want %s", c.text, err, c.err)
		}
	}
}

// No record tells an equivalent mutant from its rule, or one that is left out because
// of its form; and the proofs that are asked for here mostly succeed.
func TestEquivalentMutantsNeverDiffer(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 2))
	var records []*eval.Record
	for range 150 {
		record, err := eval.Read(provetest.Record(random))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	mutants, equivalent, unknown := 0, 0, 0
	for range 120 {
		rule := provetest.Rule(t, random)
		panel, err := NewPanel(t.Context(), rule)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range panel.Mutants {
			mutants++
			answer := panel.Tell(i, prove.Solver{})
			if answer.Unknown != "" {
				unknown++
			}
			if !answer.Equivalent {
				continue
			}
			equivalent++
			for _, record := range records {
				if record.Match(rule) != record.Match(m.Rule) {
					t.Fatalf("%s\nthe mutant in which %s differs", rule.Syntax.Text, m.Change)
				}
			}
		}
	}
	t.Log(mutants, equivalent, unknown)
	if mutants < 2500 || equivalent < 250 || unknown > mutants/20 {
		t.Errorf("%d mutants, %d equivalent, %d unknown", mutants, equivalent, unknown)
	}
}

// Rules of one form match the same records.
func TestFormsAreSound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 3))
	byForm := map[string]*plan.Rule{}
	same := 0
	for range 60 {
		rule := provetest.Rule(t, random)
		for _, m := range append(everything(rule), Mutant{Rule: rule}) {
			form := prove.Form(m.Rule)
			other, known := byForm[form]
			byForm[form] = m.Rule
			if !known {
				continue
			}
			same++
			for range 20 {
				record := provetest.Record(random)
				if eval.Match(other, record) != eval.Match(m.Rule, record) {
					t.Fatalf("%s\n\nand\n\n%s (%s)\n\ndiffer on %s", other.Syntax.Text, m.Rule.Syntax.Text, m.Change, record)
				}
			}
		}
	}
	if same < 100 {
		t.Errorf("only %d pairs have one form", same)
	}
}
