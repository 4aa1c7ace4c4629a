// Package mutate tells how good the tests of a rule are. It changes the rule a little,
// in every way that it knows, and looks whether a test notices: the mutants that
// none does are what the tests say nothing about.
package mutate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
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
	f := forms{seed: maphash.MakeSeed(), seen: map[uint64][]*formed{}}
	f.add(r)
	return slices.DeleteFunc(everything(r), func(m Mutant) bool { return !f.add(m.Rule) })
}

// forms are those of rules. A form is long, and a rule of many values has many mutants:
// it is asked only of those that have all their values in common.
type forms struct {
	seed maphash.Seed
	seen map[uint64][]*formed
}

type formed struct {
	rule *plan.Rule
	form string // "" until it is asked
}

func (f *formed) text() string {
	if f.form == "" {
		f.form = prove.Form(f.rule)
	}
	return f.form
}

// add reports whether no rule of the same form was added before.
func (f *forms) add(r *plan.Rule) bool {
	key, added := f.values(r), &formed{rule: r}
	for _, other := range f.seen[key] {
		if other.text() == added.text() {
			return false
		}
	}
	f.seen[key] = append(f.seen[key], added)
	return true
}

// values returns a hash of the values that a rule and its filters ask for, each once and
// in any order. Rules of one form have the same.
func (f *forms) values(r *plan.Rule) uint64 {
	seen := map[uint64]bool{}
	var sum uint64
	add := func(p plan.Predicate, v plan.Value) {
		k := testKindOf(p)
		if p.Op == plan.Absent { // Form writes it as one that does not exist
			k = testKind{field: p.Field, op: plan.Exists}
		}
		hash := maphash.Comparable(f.seed, value{k, v.Text, v.Prefix})
		if !seen[hash] {
			seen[hash] = true
			sum += hash
		}
	}
	conditions := slices.Clone(r.Conditions)
	for _, filter := range r.Filters {
		conditions = append(conditions, filter.Conditions...)
	}
	for _, s := range searchesOf(conditions) {
		for _, items := range s.Maps {
			for _, item := range items {
				for _, group := range item.Groups {
					for _, p := range group {
						if len(p.Values) == 0 {
							add(p, plan.Value{})
						}
						for _, v := range p.Values {
							add(p, v)
						}
					}
				}
			}
		}
	}
	return sum
}

// searchesOf returns the searches that conditions name, each once.
func searchesOf(conditions []plan.Condition) []*plan.Search {
	var all []*plan.Search
	seen := map[*plan.Search]bool{}
	add := func(s *plan.Search) {
		if !seen[s] {
			seen[s] = true
			all = append(all, s)
		}
	}
	var walk func(e plan.Expr)
	walk = func(e plan.Expr) {
		switch e := e.(type) {
		case plan.And:
			for _, o := range e.Operands {
				walk(o)
			}
		case plan.Or:
			for _, o := range e.Operands {
				walk(o)
			}
		case plan.Not:
			walk(e.Operand)
		case plan.Ref:
			add(e.Search)
		case plan.Quantifier:
			for _, member := range e.Members {
				add(member)
			}
		default:
			panic(fmt.Sprintf("mutate: unknown node %T of a condition", e))
		}
	}
	for _, c := range conditions {
		walk(c.Expr)
	}
	return all
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
func Measure(ctx context.Context, r *plan.Rule, tests Tests) (Result, error) {
	p, err := NewPanel(ctx, r)
	if err != nil {
		return Result{}, err
	}
	killed := make([]bool, len(p.Mutants))
	for _, record := range slices.Concat(tests.ShouldMatch, tests.ShouldNotMatch) {
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("measure tests: %w", err)
		}
		_, otherwise := p.Judge(record)
		for _, i := range otherwise {
			killed[i] = true
		}
	}
	result := Result{Mutants: len(p.Mutants)}
	for i, mutant := range p.Mutants {
		if killed[i] {
			result.Killed++
			continue
		}
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("measure tests: %w", err)
		}
		answer := p.Tell(i, prove.Solver{})
		if answer.Equivalent {
			result.Equivalent++
			continue
		}
		result.Survivors = append(result.Survivors, Survivor{mutant, answer.Unknown})
	}
	return result, nil
}
