package mutate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

// A panel says of every mutant of every rule what that says of a record by itself.
func TestJudge(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(8, 1))
	told := 0
	for i := range 60 {
		rule := provetest.Rule(t, random)
		if i%3 == 0 {
			filter := provetest.Rule(t, random)
			rule.Filters = []*plan.Filter{{Syntax: filter.Syntax, Searches: filter.Searches, Conditions: filter.Conditions}}
		}
		panel, err := NewPanel(t.Context(), rule)
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			text := provetest.Record(random)
			record, err := eval.Read(text)
			if err != nil {
				t.Fatal(err)
			}
			match, otherwise := panel.Judge(record)
			if want := eval.Match(rule, text); match != want {
				t.Fatalf("%s\n%s: %t, want %t", rule.Syntax.Text, text, match, want)
			}
			var want []int
			for i, m := range panel.Mutants {
				if eval.Match(m.Rule, text) != match {
					want = append(want, i)
				}
			}
			told += len(want)
			if diff := cmp.Diff(want, otherwise); diff != "" {
				t.Fatalf("%s\n%s: who decides otherwise (-want +got):\n%s", rule.Syntax.Text, text, diff)
			}
		}
	}
	if told < 1000 {
		t.Errorf("only %d verdicts differ", told)
	}
}

// many returns a list of n values that begin alike.
func many(n int, format string) string {
	var values []string
	for i := range n {
		values = append(values, fmt.Sprintf(format, i))
	}
	return "[" + strings.Join(values, ", ") + "]"
}

// searches returns n searches, the first of which is s0.
func searches(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "s%d: {requestParameters.f%d: [x, y], requestParameters.g%d: z}\n", i, i, i)
	}
	return b.String()
}

// TestTell: what is found of long lists is found without going through all of them.
func TestTell(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, detection, change string
		equivalent               bool
	}{
		{"a value that another one begins", "a: {eventName|startswith: " + many(400, "A%d") + "}\ncondition: a", `"A399" is taken out of eventName`, true},
		{"and that is misspelt", "a: {eventName|startswith: " + many(400, "A%d") + "}\ncondition: a", `"A399" of eventName is misspelt`, true},
		{"a value that begins others", "a: {eventName|startswith: " + many(400, "A%d") + "}\ncondition: a", `"A3" is taken out of eventName`, false},
		{"a value of a filter", "a: {eventName: A}\nf: {userAgent|contains: " + many(400, "agent%d-") + "}\ncondition: a and not f", `"agent77-" is taken out of userAgent`, false},
		{"a value that must not be", "a: {eventName|neq: " + many(400, "A%d") + "}\ncondition: a", `"A77" is taken out of eventName`, false},
		{"one of many filters", "a: {eventName: A}\n" + searches(40) + "condition: a and not 1 of s*", `"y" is taken out of requestParameters.f39`, false},
		{"a value that is in a network beside it", "a: {sourceIPAddress|cidr: [10.0.0.0/8, 10.1.0.0/16]}\ncondition: a", `"10.1.0.0/16" is taken out of sourceIPAddress`, true},
		{"a value without which another is enough", "a: {x|contains|all: [abc, b]}\ncondition: a", `"b" is taken out of x`, true},
	} {
		rule := provetest.Plan(t, c.detection)
		panel, err := NewPanel(t.Context(), rule)
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for i, m := range panel.Mutants {
			if m.Change != c.change {
				continue
			}
			found = true
			if strings.Count(c.detection, ",") > longList {
				panel.work = 0 // nothing is asked about the whole rule
			}
			answer := panel.Tell(i, prove.Solver{})
			if answer.Equivalent != c.equivalent || answer.Equivalent == (answer.Event != nil) || answer.Unknown != "" {
				t.Errorf("%s: %+v", c.about, answer)
			}
			if answer.Event != nil && !tells(answer.Event, rule, m.Rule) {
				t.Errorf("%s: %v does not tell the mutant", c.about, answer.Event)
			}
		}
		if !found {
			t.Errorf("%s: there is no such mutant", c.about)
		}
	}
}

// TestBounds: what is too much is said, and interrupted work stops.
func TestBounds(t *testing.T) {
	t.Parallel()
	if _, err := NewPanel(t.Context(), provetest.Plan(t, "a: {eventName: "+many(2000, "A%d")+"}\ncondition: a")); !IsTooLarge(err) {
		t.Errorf("a rule of 2,000 values: %v", err)
	}
	rule := provetest.Plan(t, "a: {x|re: '^a'}\nb: {y|re: 'b$'}\ncondition: a and not b")
	panel, err := NewPanel(t.Context(), rule)
	if err != nil {
		t.Fatal(err)
	}
	for left := true; left; {
		left = panel.Spend()
	}
	if answer := panel.Tell(0, prove.Solver{}); answer.Unknown != notFound {
		t.Errorf("without work left: %+v", answer)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NewPanel(ctx, rule); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted run makes mutants: %v", err)
	}
}
