// Package newtest writes the tests that a rule lacks: records that mutants of the rule
// take for something else than the rule does. It makes them of the records of the
// tests that are there, by one edit each, or solves the rule for them.
package newtest

import (
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
// tests; it is nil when there is none. It is an error when a test in it fails, or
// when no record is known that the rule matches.
func Write(r *plan.Rule, text []byte) (Tests, error) {
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
	w := writer{rule: r, seen: map[string]bool{}, mentioned: map[string]bool{}, solver: prove.Solver{Propose: propose}}
	for _, p := range predicates(r) {
		w.mentioned[p.Field] = true
	}
	result := Tests{Before: mutate.Measure(r, existing)}
	w.survivors = result.Before.Survivors
	for _, record := range slices.Concat(file.shouldMatch, file.shouldNotMatch) {
		w.vary(w.completed(record))
	}
	if len(existing.ShouldMatch) == 0 {
		answer := w.solver.Rule(r)
		if answer.Verdict != prove.Possible {
			return Tests{}, fmt.Errorf("no record is known that the rule matches: %s", answer.Reason)
		}
		base := w.completed(fromMap(answer.Event))
		w.consider(base)
		w.vary(base)
	}
	w.solve()
	if len(existing.ShouldNotMatch) == 0 && !slices.ContainsFunc(w.candidates, func(c candidate) bool { return !c.match }) {
		if answer := w.solver.Rule(opposite(r)); answer.Verdict == prove.Possible {
			w.consider(w.completed(fromMap(answer.Event)))
		}
	}
	match, not := w.choose(len(existing.ShouldMatch) == 0, len(existing.ShouldNotMatch) == 0)
	if len(existing.ShouldNotMatch)+len(not) == 0 {
		return Tests{}, errors.New("no record is known that the rule does not match")
	}
	result.ShouldMatch, result.ShouldNotMatch = len(match), len(not)
	result.Text = text
	if len(match)+len(not) > 0 {
		var err error
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
	result.After = mutate.Measure(r, all)
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
	rule       *plan.Rule
	solver     prove.Solver
	mentioned  map[string]bool // fields that the rule asks about
	survivors  []mutate.Survivor
	candidates []candidate
	seen       map[string]bool // events, as JSON
}

// candidate is an event that may become a test.
type candidate struct {
	event *object
	match bool   // the rule matches it
	kills []bool // the survivors that take it for something else
	count int    // how many these are
}

// completed returns an event with what every record has, on which the rule and the
// mutants decide as before.
func (w *writer) completed(event *object, mutants ...*plan.Rule) *object {
	rules := append(mutants, w.rule)
	want := verdicts(event, rules)
	return complete(event, digestOf(w.rule.Syntax.Key, event), func(c *object) bool { return slices.Equal(verdicts(c, rules), want) })
}

func verdicts(event *object, rules []*plan.Rule) []bool {
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

// consider takes up an event when it kills a survivor, or when there is no other with
// that verdict yet.
func (w *writer) consider(event *object) {
	text := string(event.json())
	if w.seen[text] {
		return
	}
	w.seen[text] = true
	record, err := eval.Read([]byte(text))
	if err != nil {
		return
	}
	c := candidate{event: event, match: record.Match(w.rule)}
	for _, s := range w.survivors {
		killed := record.Match(s.Rule) != c.match
		c.kills = append(c.kills, killed)
		if killed {
			c.count++
		}
	}
	if c.count > 0 || !slices.ContainsFunc(w.candidates, func(o candidate) bool { return o.match == c.match }) {
		w.candidates = append(w.candidates, c)
	}
}

// vary considers the edits of an event that is complete.
func (w *writer) vary(event *object) {
	for _, e := range edits(w.rule, event) {
		c := e.apply(event, w.mentioned)
		if c == nil {
			continue
		}
		d := digestOf(w.rule.Syntax.Key, c)
		for place, field := range []string{"requestID", "eventID"} {
			if _, known := c.get(field); known && !w.mentioned[field] {
				c.put(field, d.id(place))
			}
		}
		w.consider(c)
	}
}

// solve solves the rule for events that kill what no candidate does.
func (w *writer) solve() {
	for i, s := range w.survivors {
		for _, pair := range [][2]*plan.Rule{{w.rule, s.Rule}, {s.Rule, w.rule}} {
			if slices.ContainsFunc(w.candidates, func(c candidate) bool { return c.kills[i] }) {
				break
			}
			answer := w.solver.Both(pair[0], pair[1])
			if answer.Verdict != prove.Possible {
				continue
			}
			event := w.completed(fromMap(answer.Event), s.Rule)
			w.consider(event)
			w.vary(event)
		}
	}
}

// choose returns events that together kill whatever candidates do, few of them: first
// the one that kills most, and so on. With needMatch and needOther there is one of
// that kind in any case.
func (w *writer) choose(needMatch, needOther bool) (match, not []*object) {
	killed := make([]bool, len(w.survivors))
	var chosen []candidate
	for {
		best, most := -1, 0
		for i, c := range w.candidates {
			n := 0
			for j, kills := range c.kills {
				if kills && !killed[j] {
					n++
				}
			}
			if n > most {
				best, most = i, n
			}
		}
		if best < 0 {
			break
		}
		chosen = append(chosen, w.candidates[best])
		for j, kills := range w.candidates[best].kills {
			killed[j] = killed[j] || kills
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
	for i := 0; i < len(chosen); {
		spare := true
		for j, kills := range chosen[i].kills {
			others := slices.ContainsFunc(chosen, func(c candidate) bool { return c.event != chosen[i].event && c.kills[j] })
			spare = spare && (!kills || others)
		}
		if spare {
			chosen = slices.Delete(chosen, i, i+1)
		} else {
			i++
		}
	}
	return chosen
}
