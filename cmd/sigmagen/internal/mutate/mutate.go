// Package mutate tells how good the tests of a rule are. It changes the rule a little,
// in every way that it knows, and looks whether a test notices: the mutants that
// none does are what the tests say nothing about.
package mutate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// A Mutant is a rule with one change. Its Rule is to be matched and compared, not
// compiled: it has neither keys nor guard.
type Mutant struct {
	Rule   *plan.Rule
	Change string    // in words, such as "`filter_main_mfa` is removed"
	Span   diag.Span // the part of the rule that was changed
}

// Mutants returns the mutants of a rule: those of its condition, then those of its
// searches. Those that ask for the same as another, or as the rule does, are left out.
func Mutants(r *plan.Rule) []Mutant {
	seen := map[string]bool{prove.Form(r): true}
	return slices.DeleteFunc(everything(r), func(m Mutant) bool {
		form := prove.Form(m.Rule)
		known := seen[form]
		seen[form] = true
		return known
	})
}

// everything returns whatever changes of a rule there are.
func everything(r *plan.Rule) []Mutant {
	m := maker{rule: r}
	for i := range r.Conditions {
		m.condition(i)
	}
	for i := range r.Filters {
		m.filter(i)
	}
	for i := range r.Searches {
		m.search(i)
	}
	return m.mutants
}

// Tests are the records of a rule's tests.
type Tests struct{ ShouldMatch, ShouldNotMatch []*eval.Record }

// ReadTests reads a file of tests: {"should_match":[record...],
// "should_not_match":[record...]}.
func ReadTests(text []byte) (Tests, error) {
	var file struct {
		ShouldMatch    []json.RawMessage `json:"should_match"`
		ShouldNotMatch []json.RawMessage `json:"should_not_match"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &file); err != nil {
		return Tests{}, fmt.Errorf("read tests: %w", err)
	}
	var tests Tests
	for _, list := range []struct {
		name  string
		texts []json.RawMessage
		into  *[]*eval.Record
	}{{"should_match", file.ShouldMatch, &tests.ShouldMatch}, {"should_not_match", file.ShouldNotMatch, &tests.ShouldNotMatch}} {
		for i, text := range list.texts {
			record, err := eval.Read(text)
			if err != nil {
				return Tests{}, fmt.Errorf("read tests: %s[%d]: %w", list.name, i, err)
			}
			*list.into = append(*list.into, record)
		}
	}
	return tests, nil
}

// Failing names the tests that fail with a rule: should_match[0] is the first that
// it should match.
func (t Tests) Failing(r *plan.Rule) []string {
	var failing []string
	for i, record := range t.ShouldMatch {
		if !record.Match(r) {
			failing = append(failing, fmt.Sprintf("should_match[%d]", i))
		}
	}
	for i, record := range t.ShouldNotMatch {
		if record.Match(r) {
			failing = append(failing, fmt.Sprintf("should_not_match[%d]", i))
		}
	}
	return failing
}

// kill reports whether a test fails with a mutant.
func (t Tests) kill(r *plan.Rule) bool {
	for _, record := range t.ShouldMatch {
		if !record.Match(r) {
			return true
		}
	}
	for _, record := range t.ShouldNotMatch {
		if record.Match(r) {
			return true
		}
	}
	return false
}

// A Survivor is a mutant that no test notices.
type Survivor struct {
	Mutant
	// Unknown says why it is not known whether any record could tell it from the
	// rule. It is "" where one can.
	Unknown string
}

// A Result says how many mutants of a rule there are, and what became of them.
type Result struct {
	Mutants    int // all of them
	Equivalent int // match the same records as the rule: no test could notice
	Killed     int // a test fails
	Survivors  []Survivor
}

// Unknown counts the survivors of which it is not known whether a test could notice.
func (r Result) Unknown() int {
	n := 0
	for _, s := range r.Survivors {
		if s.Unknown != "" {
			n++
		}
	}
	return n
}

// Score is the part of the mutants that is killed, of those that are not equivalent:
// from 0 to 1. A rule without any has a score of 1.
func (r Result) Score() float64 {
	if r.Mutants == r.Equivalent {
		return 1
	}
	return float64(r.Killed) / float64(r.Mutants-r.Equivalent)
}

// Measure holds tests, all of which pass, against the mutants of a rule.
func Measure(r *plan.Rule, tests Tests) Result {
	var result Result
	for _, mutant := range Mutants(r) {
		result.Mutants++
		if tests.kill(mutant.Rule) {
			result.Killed++
			continue
		}
		equivalent, unknown := compare(r, mutant.Rule)
		if equivalent {
			result.Equivalent++
			continue
		}
		result.Survivors = append(result.Survivors, Survivor{mutant, unknown})
	}
	return result
}

// compare reports whether no record tells a mutant from the rule. unknown says why
// that is not known.
func compare(r, mutant *plan.Rule) (equivalent bool, unknown string) {
	lost := prove.Both(r, mutant)
	if lost.Verdict == prove.Possible {
		return false, ""
	}
	gained := prove.Both(mutant, r)
	switch {
	case gained.Verdict == prove.Possible:
		return false, ""
	case lost.Verdict == prove.Unknown:
		return false, lost.Reason
	case gained.Verdict == prove.Unknown:
		return false, gained.Reason
	}
	return true, ""
}
