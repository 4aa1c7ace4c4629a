// Package prove tells from the plans of rules alone what records can do to them:
// whether one can match at all, whether one rule matches whatever another does, and
// how two versions of a rule differ. It gives a record as a witness where there is
// one. What it calls impossible is; where it cannot tell it says so.
//
// It reads fields as CloudTrail writes them: those that are one string, such as
// eventName, have one value. Any other field may be a list, of which one element
// is enough for a predicate.
package prove

import (
	"encoding/json"
	"fmt"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// Verdict says whether there is a record.
type Verdict uint8

// Unknown is the verdict on what is too large, or beyond what this package reasons
// about.
const (
	Unknown Verdict = iota
	Possible
	Impossible
)

// An Answer is a verdict with its evidence.
type Answer struct {
	Verdict Verdict

	// Event is a record that does what was asked for, as encoding/json decodes one,
	// but for numbers, which are json.Number. Possible only.
	Event map[string]any

	// Reason says in words what contradicts what, and Blame holds the predicates.
	// Impossible only; for Unknown, Reason says what was not decided.
	Reason string
	Blame  []plan.Predicate
}

// A Solver looks for records. The zero Solver takes the simplest that it finds.
type Solver struct {
	// Propose returns values that are tried before others for a field that is to
	// satisfy all of hold and none of fail. Values that do not are passed over.
	Propose func(field string, hold, fail []plan.Predicate) []any

	// Scalar says of a field that no record is considered in which a list or an
	// object is what a rule looks at there: Impossible is then a verdict on the
	// others. Nil says it of none.
	Scalar func(field string) bool

	// Budget is what several questions may take together; nil: each may take what
	// one may. Of a question that it does not suffice for the answer is Unknown.
	Budget *Budget
}

// A Budget counts the cases that questions look at.
type Budget struct {
	Question int // the most for one question
	Left     int // for all that come
}

// Rule tells whether a record can match a rule and the filters that narrow it.
func Rule(r *plan.Rule) Answer { return Solver{}.Rule(r) }

// Rule is the function Rule.
func (s Solver) Rule(r *plan.Rule) Answer {
	return s.solve(ruleFormula(r, false), func(record *eval.Record) bool { return record.Match(r) })
}

// Expr tells whether a condition of a rule can hold, whatever the other conditions
// and the filters say.
func Expr(r *plan.Rule, e plan.Expr) Answer {
	alone := &plan.Rule{Syntax: r.Syntax, Searches: r.Searches, Conditions: []plan.Condition{{Expr: e}}}
	return Rule(alone)
}

// Both tells whether a record can match hold and not fail.
func Both(hold, fail *plan.Rule) Answer { return Solver{}.Both(hold, fail) }

// Both is the function Both.
func (s Solver) Both(hold, fail *plan.Rule) Answer {
	return s.solve(flatten[all]([]formula{ruleFormula(hold, false), ruleFormula(fail, true)}), func(record *eval.Record) bool {
		return record.Match(hold) && !record.Match(fail)
	})
}

// Relation says how a new version of a rule compares with the old one.
type Relation uint8

// A rule is narrower than another when it matches fewer records, and no others.
const (
	Undecided Relation = iota
	Equivalent
	Narrower
	Wider
	Different
)

func (r Relation) String() string {
	return [...]string{"unknown", "equivalent", "narrower", "wider", "different"}[r]
}

// A Comparison is a relation with records that show it.
type Comparison struct {
	Relation Relation
	// OnlyOld is a record that only the old rule matches, OnlyNew one that only the
	// new one does. Nil: there is none, or none is known.
	OnlyOld, OnlyNew map[string]any
	// Lost says whether there is a record that only the old rule matches, Gained
	// whether there is one that only the new one does.
	Lost, Gained Verdict
	Reason       string // what was not decided
}

// Compare tells how two versions of a rule differ in what they match.
func Compare(old, new *plan.Rule) Comparison {
	lost, gained := Both(old, new), Both(new, old)
	c := Comparison{OnlyOld: lost.Event, OnlyNew: gained.Event, Lost: lost.Verdict, Gained: gained.Verdict}
	switch {
	case lost.Verdict == Possible && gained.Verdict == Possible:
		c.Relation = Different
	case lost.Verdict == Unknown:
		c.Reason = lost.Reason
	case gained.Verdict == Unknown:
		c.Reason = gained.Reason
	case lost.Verdict == Possible:
		c.Relation = Narrower
	case gained.Verdict == Possible:
		c.Relation = Wider
	default:
		c.Relation = Equivalent
	}
	return c
}

// Bounds of the search for a record: how many cases there are, and for how many of them
// in which nothing contradicts itself no record is found.
const (
	maxSteps  = 20_000
	maxMisses = 100
)

// solve looks for a record on which f holds. check is asked of every one found.
func (solver Solver) solve(f formula, check func(record *eval.Record) bool) Answer {
	s := search{check: check, propose: solver.Propose, most: maxSteps}
	if b := solver.Budget; b != nil {
		s.most = min(b.Question, b.Left)
		defer func() { b.Left -= s.steps }()
	}
	s.run([]formula{f}, &cube{scalar: solver.Scalar, languages: languages{}})
	switch {
	case s.event != nil:
		return Answer{Verdict: Possible, Event: s.event}
	case s.steps > s.most:
		return Answer{Reason: fmt.Sprintf("it has more than %d cases", s.most)}
	case s.open != "":
		return Answer{Reason: s.open}
	}
	return Answer{Verdict: Impossible, Reason: s.refutation.reason, Blame: s.refutation.blame}
}

// search goes through the cases of a formula.
type search struct {
	check      func(record *eval.Record) bool
	propose    func(field string, hold, fail []plan.Predicate) []any
	steps      int
	most       int // steps
	misses     int
	event      map[string]any
	open       string // a case without a record that was not refuted
	refutation refutation
}

// refutation says why the first case of all has no record.
type refutation struct {
	reason string
	blame  []plan.Predicate
}

// run tries to make all of the agenda hold together with what c holds already.
func (s *search) run(agenda []formula, c *cube) {
	if s.steps++; s.done() {
		return
	}
	var choices []one
	for len(agenda) > 0 {
		next := agenda[len(agenda)-1]
		agenda = agenda[:len(agenda)-1]
		switch f := next.(type) {
		case all:
			agenda = append(agenda, f...)
		case literal:
			if r, refuted := c.add(f); refuted {
				s.refute(r)
				return
			}
		case one:
			choices = append(choices, f)
		}
	}
	if len(choices) == 0 {
		s.leaf(c)
		return
	}
	// The choice with the fewest ways that are open comes first: none closes the case.
	best, bestWays := -1, []formula(nil)
	for i, choice := range choices {
		ways, settled, last := c.open(choice)
		if settled {
			choices[i] = nil
			continue
		}
		if len(ways) == 0 {
			if len(choice) == 0 {
				last = refutation{reason: "no value is allowed"}
			}
			s.refute(last)
			return
		}
		if best < 0 || len(ways) < len(bestWays) {
			best, bestWays = i, ways
		}
	}
	var rest []formula
	for i, choice := range choices {
		if choice != nil && i != best {
			rest = append(rest, choice)
		}
	}
	if best < 0 {
		s.leaf(c)
		return
	}
	for _, way := range bestWays {
		s.run(append(append([]formula{}, rest...), way), c.clone())
		if s.done() {
			return
		}
	}
}

// done reports whether the search is to end: with a record, or without a verdict.
func (s *search) done() bool {
	return s.event != nil || s.steps > s.most || s.misses >= maxMisses
}

func (s *search) refute(r refutation) {
	if s.refutation.reason == "" {
		s.refutation = r
	}
}

// leaf makes a record of a case whose predicates do not contradict each other as far
// as is known.
func (s *search) leaf(c *cube) {
	if r, refuted := c.beyondText(); refuted {
		s.refute(r)
		return
	}
	problem := "no record was found, and nothing that rules one out"
	for event := range c.events(s.propose) {
		text, err := json.Marshal(event)
		if err != nil {
			panic("prove: write a record: " + err.Error())
		}
		record, err := eval.Read(text)
		if err != nil {
			continue // a field lies deeper than records go
		}
		if s.check(record) {
			s.event = event
			return
		}
	}
	s.misses++
	if s.open == "" {
		s.open = problem + c.hardest()
	}
}
