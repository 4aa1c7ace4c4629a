// Package newtest writes the tests that a rule lacks: records that mutants of the rule
// take for something else than the rule does. It makes them of the records of the
// tests that are there, by one edit each, or solves the rule for them.
package newtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/mutate"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// Tests are what was written.
type Tests struct {
	// Text is the file of tests with the new ones at the ends of its lists. It is
	// the old one where nothing is new.
	Text []byte
	// ShouldMatch and ShouldNotMatch count the new ones.
	ShouldMatch, ShouldNotMatch int
	// Before and After measure the tests without and with the new ones.
	Before, After mutate.Result
}

// Write returns the tests of a rule with those that were missing. text is the file of
// tests, in which lists may be empty or missing; it is nil when there is none. It is an
// error when a test in it fails, or when no record is known that the rule matches.
func Write(ctx context.Context, r *plan.Rule, text []byte) (Tests, error) {
	var existing mutate.Tests
	var file suite
	if text != nil {
		var err error
		if existing, err = mutate.ReadTests(text); err != nil {
			return Tests{}, err
		}
		if failing := existing.Failing(r); len(failing) > 0 {
			return Tests{}, fmt.Errorf("%s fails: new tests are written when the others pass", failing[0])
		}
		if file, err = readSuite(text); err != nil {
			return Tests{}, err
		}
	}
	panel, err := mutate.NewPanel(ctx, r)
	if err != nil {
		return Tests{}, err
	}
	w := newWriter(ctx, r, panel)
	w.before = w.killedBy(existing)
	copy(w.killed, w.before)
	for _, record := range slices.Concat(file.shouldMatch, file.shouldNotMatch) {
		w.vary(w.completed(record), w.predicates)
	}
	if len(existing.ShouldMatch) == 0 {
		answer := w.solver.Rule(r)
		if answer.Verdict != prove.Possible {
			return Tests{}, fmt.Errorf("no record is known that the rule matches: %s", answer.Reason)
		}
		base := w.completed(fromMap(answer.Event))
		w.consider(base)
		w.vary(base, w.predicates)
	}
	w.rewrite()
	if left := w.left() > 0; left || len(existing.ShouldNotMatch) == 0 && !slices.ContainsFunc(w.candidates, func(c candidate) bool { return !c.match }) {
		if answer := w.solver.Rule(opposite(r)); answer.Verdict == prove.Possible {
			base := w.completed(fromMap(answer.Event))
			w.consider(base)
			w.vary(base, w.predicates)
		}
	}
	survivors := w.solve()
	if err := ctx.Err(); err != nil {
		return Tests{}, fmt.Errorf("write tests: %w", err)
	}
	match, not := w.choose(len(existing.ShouldMatch) == 0, len(existing.ShouldNotMatch) == 0)
	if len(existing.ShouldNotMatch)+len(not) == 0 {
		return Tests{}, errors.New("no record is known that the rule does not match")
	}
	result := Tests{Text: text, ShouldMatch: len(match), ShouldNotMatch: len(not)}
	if len(match)+len(not) > 0 {
		if result.Text, err = insert(text, match, not); err != nil {
			return Tests{}, err
		}
	}
	all, err := mutate.ReadTests(result.Text)
	if err != nil {
		return Tests{}, err
	}
	if failing := all.Failing(r); len(failing) > 0 {
		panic("newtest: what was written fails: " + failing[0])
	}
	result.Before, result.After = w.results(w.killedBy(all), survivors)
	if err := ctx.Err(); err != nil {
		return Tests{}, fmt.Errorf("write tests: %w", err)
	}
	return result, nil
}

// opposite returns a rule that matches what r does not, filters aside.
func opposite(r *plan.Rule) *plan.Rule {
	var any plan.Or
	for _, c := range r.Conditions {
		any.Operands = append(any.Operands, c.Expr)
	}
	return &plan.Rule{Syntax: r.Syntax, Searches: r.Searches, Conditions: []plan.Condition{{Expr: plan.Not{Operand: any}}}}
}

// writer collects candidates for tests of a rule.
type writer struct {
	ctx        context.Context // of one Write
	rule       *plan.Rule
	panel      *mutate.Panel
	solver     prove.Solver
	predicates []*plan.Predicate
	mentioned  map[string]bool // fields that the rule asks about
	candidates []candidate
	before     []bool // the mutants that a test kills
	killed     []bool // those that a test or a candidate does
	seen       map[digest]bool
	bases      []*object // events of which the edits were considered
}

// candidate is an event that may become a test.
type candidate struct {
	event *object
	match bool  // the rule matches it
	kills []int // the mutants that take it for something else, and that no test kills
}

func newWriter(ctx context.Context, r *plan.Rule, panel *mutate.Panel) *writer {
	w := &writer{
		ctx: ctx, rule: r, panel: panel, solver: prove.Solver{Propose: propose},
		predicates: predicates(r), mentioned: map[string]bool{}, killed: make([]bool, len(panel.Mutants)), seen: map[digest]bool{},
	}
	for _, p := range w.predicates {
		w.mentioned[p.Field] = true
	}
	return w
}

// killedBy returns which mutants tests kill.
func (w *writer) killedBy(tests mutate.Tests) []bool {
	killed := make([]bool, len(w.panel.Mutants))
	for _, record := range slices.Concat(tests.ShouldMatch, tests.ShouldNotMatch) {
		if w.ctx.Err() != nil {
			break
		}
		_, otherwise := w.panel.Judge(record)
		for _, i := range otherwise {
			killed[i] = true
		}
	}
	return killed
}

// left counts the mutants that nothing kills yet.
func (w *writer) left() int {
	n := 0
	for _, killed := range w.killed {
		if !killed {
			n++
		}
	}
	return n
}

// survivor is a mutant that nothing kills.
type survivor struct {
	equivalent bool
	unknown    string
}

// results measures tests by what they kill: the old ones, and with them the new ones.
func (w *writer) results(after []bool, survivors map[int]survivor) (old, new mutate.Result) {
	old.Mutants, new.Mutants = len(after), len(after)
	for i, mutant := range w.panel.Mutants {
		s := survivors[i]
		for _, r := range []struct {
			result *mutate.Result
			killed bool
		}{{&old, w.before[i]}, {&new, after[i]}} {
			switch {
			case r.killed:
				r.result.Killed++
			case s.equivalent:
				r.result.Equivalent++
			default:
				r.result.Survivors = append(r.result.Survivors, mutate.Survivor{Mutant: mutant, Unknown: s.unknown})
			}
		}
	}
	return old, new
}

// completed returns an event with what every record has, on which the rule and the
// mutants decide as before.
func (w *writer) completed(event *object, mutants ...*plan.Rule) *object {
	rules := append(mutants, w.rule)
	want := w.verdicts(event, rules)
	return complete(event, digestOf(w.rule.Syntax.Key, event), func(c *object) bool { return slices.Equal(w.verdicts(c, rules), want) })
}

func (w *writer) verdicts(event *object, rules []*plan.Rule) []bool {
	record, err := eval.Read(event.json())
	if err != nil {
		return nil // nested too deep; no rule matches
	}
	var all []bool
	for _, r := range rules {
		all = append(all, record.Match(r))
	}
	return all
}

// consider takes up an event when it kills a mutant that no test kills, or when there
// is no other with that verdict yet.
func (w *writer) consider(event *object) {
	text := event.json()
	key := digest(sha256.Sum256(text))
	if w.seen[key] {
		return
	}
	w.seen[key] = true
	record, err := eval.Read(text)
	if err != nil {
		return
	}
	c := candidate{event: event}
	c.match, c.kills = w.panel.Judge(record)
	c.kills = slices.DeleteFunc(c.kills, func(i int) bool { return w.before[i] })
	for _, i := range c.kills {
		w.killed[i] = true
	}
	if len(c.kills) > 0 || !slices.ContainsFunc(w.candidates, func(o candidate) bool { return o.match == c.match }) {
		w.candidates = append(w.candidates, c)
	}
}

// vary considers the edits of an event that is complete, for predicates of the rule,
// unless everything is killed already.
func (w *writer) vary(event *object, predicates []*plan.Predicate) {
	if w.left() == 0 {
		return
	}
	w.bases = append(w.bases, event)
	for _, e := range edits(predicates, event) {
		if !w.panel.Spend() || w.ctx.Err() != nil {
			break
		}
		if c := w.edited(event, e); c != nil {
			w.consider(c)
		}
	}
}

// edited returns an event with an edit made, and ids of its own. It is nil where there
// is nothing to edit.
func (w *writer) edited(event *object, e edit) *object {
	c := e.apply(event, w.mentioned)
	if c == nil {
		return nil
	}
	d := digestOf(w.rule.Syntax.Key, c)
	for place, field := range []string{"requestID", "eventID"} {
		if _, known := c.get(field); known && !w.mentioned[field] {
			c.put(field, d.id(place))
		}
	}
	return c
}

// solve solves the rule for events that kill what no candidate does, and returns what
// is known of the mutants for which there is none.
func (w *writer) solve() map[int]survivor {
	survivors := map[int]survivor{}
	solved := 0
	for i, mutant := range w.panel.Mutants {
		if w.ctx.Err() != nil {
			break
		}
		if w.killed[i] {
			continue
		}
		answer := w.panel.Tell(i, w.solver)
		if answer.Event == nil {
			survivors[i] = survivor{answer.Equivalent, answer.Unknown}
			continue
		}
		event := w.completed(fromMap(answer.Event), mutant.Rule)
		w.consider(event)
		// Whatever edits of a few of them do not kill takes an event of its own. What is
		// near to that has to do with the search that the mutant changes.
		if solved++; solved <= maxVaried {
			w.vary(event, w.predicates)
		} else {
			w.vary(event, predicatesOf(w.changed(mutant.Rule)))
		}
	}
	return survivors
}

// maxVaried is how many solved events are edited in all ways.
const maxVaried = 4

// changed returns the searches of the rule that a mutant has not.
func (w *writer) changed(mutant *plan.Rule) []*plan.Search {
	return slices.DeleteFunc(slices.Clone(w.rule.Searches), func(s *plan.Search) bool { return slices.Contains(mutant.Searches, s) })
}

// choose returns events that together kill whatever candidates do and tests, as they
// are, do not; few of them: first the one that kills most, and so on. With needMatch
// and needOther there is one of that kind in any case.
func (w *writer) choose(needMatch, needOther bool) (match, not []*object) {
	killers := make([][]int, len(w.before)) // candidates, for each mutant
	counts := make([]int, len(w.candidates))
	for i, c := range w.candidates {
		counts[i] = len(c.kills)
		for _, j := range c.kills {
			killers[j] = append(killers[j], i)
		}
	}
	killed := slices.Clone(w.before)
	var chosen []candidate
	for {
		best, most := -1, 0
		for i, n := range counts {
			if n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, w.candidates[best])
		for _, j := range w.candidates[best].kills {
			if killed[j] {
				continue
			}
			killed[j] = true
			for _, i := range killers[j] {
				counts[i]--
			}
		}
	}
	chosen = withoutSpare(chosen)
	for _, need := range []struct{ match, needed bool }{{true, needMatch}, {false, needOther}} {
		is := func(c candidate) bool { return c.match == need.match }
		if need.needed && !slices.ContainsFunc(chosen, is) {
			if i := slices.IndexFunc(w.candidates, is); i >= 0 {
				chosen = append(chosen, w.candidates[i])
			}
		}
	}
	for _, c := range chosen {
		if c.match {
			match = append(match, c.event)
		} else {
			not = append(not, c.event)
		}
	}
	return match, not
}

// withoutSpare drops what kills nothing that the others do not.
func withoutSpare(chosen []candidate) []candidate {
	killers := map[int]int{} // how many of them, for each mutant
	for _, c := range chosen {
		for _, j := range c.kills {
			killers[j]++
		}
	}
	return slices.DeleteFunc(chosen, func(c candidate) bool {
		if slices.ContainsFunc(c.kills, func(j int) bool { return killers[j] < 2 }) {
			return false
		}
		for _, j := range c.kills {
			killers[j]--
		}
		return true
	})
}
