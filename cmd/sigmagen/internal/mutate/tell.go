package mutate

import (
	"encoding/json"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// maxWork bounds what is done for one rule to find records that tell its mutants. The
// unit is a value that is looked for in a record, or held against another value: a
// second is about ten million of them.
const maxWork = 150_000_000

// notFound is why it is not known whether a record could tell a mutant, where the work
// was spent before.
const notFound = "nothing was found within the bound on the work for one rule"

// An Answer says whether a record tells a mutant from the rule.
type Answer struct {
	Event      map[string]any // such a record, as prove.Answer has it
	Equivalent bool           // there is none
	Unknown    string         // why neither is known
}

// Spend takes away from the work that may be done for the rule what asking about a
// record costs, and reports whether any is left.
func (p *Panel) Spend() bool {
	p.work -= len(p.number) + len(p.nodes)
	return p.work > 0
}

// Tell looks for a record that tells a mutant from the rule. solver makes it.
func (p *Panel) Tell(i int, solver prove.Solver) Answer {
	if p.isSpare(i) {
		return Answer{Equivalent: true}
	}
	mutant := p.Mutants[i].Rule
	// Few values of a long list have to do with one mutant. Without most of the others
	// a record is found soon, which is then held against the whole rule.
	if rule, other, ok := p.shortened(i); ok {
		for _, pair := range [][2]*plan.Rule{{rule, other}, {other, rule}} {
			if answer := solver.Both(pair[0], pair[1]); answer.Verdict == prove.Possible && tells(answer.Event, p.rule, mutant) {
				return Answer{Event: answer.Event}
			}
		}
	}
	if p.work <= 0 {
		return Answer{Unknown: notFound}
	}
	// Whatever is to hold or to fail is held against all of the rest.
	p.work -= 2 * len(p.values) * len(p.values)
	lost := solver.Both(p.rule, mutant)
	if lost.Verdict == prove.Possible {
		return Answer{Event: lost.Event}
	}
	gained := solver.Both(mutant, p.rule)
	switch {
	case gained.Verdict == prove.Possible:
		return Answer{Event: gained.Event}
	case lost.Verdict == prove.Unknown:
		return Answer{Unknown: lost.Reason}
	case gained.Verdict == prove.Unknown:
		return Answer{Unknown: gained.Reason}
	}
	return Answer{Equivalent: true}
}

// tells reports whether of two rules one matches an event.
func tells(event map[string]any, r, other *plan.Rule) bool {
	text, err := json.Marshal(event)
	if err != nil {
		panic("mutate: write a record: " + err.Error())
	}
	record, err := eval.Read(text)
	return err == nil && record.Match(r) != record.Match(other)
}

// isSpare reports whether a mutant is known to match the same records because nothing
// but values of one list differ that others in it make needless: whatever begins with
// Create1 begins with Create, too.
func (p *Panel) isSpare(i int) bool {
	a, b, ok := onlyChange(p.whole, p.nodes[i])
	if !ok || a == nil || len(a.parts)+len(b.parts) > 0 {
		return false
	}
	before, after := a.numbers(), b.numbers()
	var kept, changed []int
	for _, n := range before {
		if _, stays := slices.BinarySearch(after, n); stays {
			kept = append(kept, n)
		} else {
			changed = append(changed, n)
		}
	}
	for _, n := range after {
		if _, was := slices.BinarySearch(before, n); !was {
			changed = append(changed, n)
		}
	}
	for _, n := range changed {
		if len(changed) > 2 || !slices.ContainsFunc(kept, func(k int) bool { return prove.Implies(p.alone[n], p.alone[k]) }) {
			return false
		}
	}
	return true
}

// onlyChange returns the nodes in which alone two nodes differ. ok is false where more
// does, or what they are made of.
func onlyChange(a, b *node) (x, y *node, ok bool) {
	if a == b {
		return nil, nil, true
	}
	if a.all != b.all || a.not != b.not || len(a.parts) != len(b.parts) {
		return nil, nil, false
	}
	if !slices.Equal(a.values, b.values) {
		x, y = a, b
	}
	for i := range a.parts {
		u, v, ok := onlyChange(a.parts[i], b.parts[i])
		if !ok || u != nil && x != nil {
			return nil, nil, false
		}
		if u != nil {
			x, y = u, v
		}
	}
	return x, y, true
}

// Lists of more values than longList are shortened to fewValues that the rule and the
// mutant have in common, and as many that they have not.
const (
	longList  = 8
	fewValues = 2
)

// shortened returns a rule and a mutant of it with fewer values. ok is false where they
// have few already.
func (p *Panel) shortened(i int) (rule, mutant *plan.Rule, ok bool) {
	common := map[value]bool{}
	theirs := p.nodes[i].numbers()
	for _, n := range p.values {
		if _, both := slices.BinarySearch(theirs, n); both {
			alone := p.alone[n]
			for _, v := range alone.Values {
				common[value{kindOf(alone), v.Text, v.Prefix}] = true
			}
		}
	}
	rule, ok = shorten(p.rule, common)
	mutant, other := shorten(p.Mutants[i].Rule, common)
	return rule, mutant, ok || other
}

// shorten returns a rule without most of its common values. changed is false where it
// is the same.
func shorten(r *plan.Rule, common map[value]bool) (short *plan.Rule, changed bool) {
	searches := map[*plan.Search]*plan.Search{}
	few := func(all []*plan.Search) []*plan.Search {
		var kept []*plan.Search
		for _, s := range all {
			searches[s] = s
			if hasLongList(s) {
				changed = true
				searches[s] = &plan.Search{Name: s.Name, Fields: s.Fields}
				for _, items := range s.Maps {
					searches[s].Maps = append(searches[s].Maps, shortMap(items, common))
				}
			}
			kept = append(kept, searches[s])
		}
		return kept
	}
	conditions := func(all []plan.Condition) []plan.Condition {
		var copied []plan.Condition
		for _, c := range all {
			copied = append(copied, plan.Condition{Text: c.Text, Expr: copiedExpr(c.Expr, searches)})
		}
		return copied
	}
	short = &plan.Rule{Syntax: r.Syntax, Level: r.Level, Searches: few(r.Searches)}
	short.Conditions = conditions(r.Conditions)
	for _, f := range r.Filters {
		filter := &plan.Filter{Syntax: f.Syntax, Searches: few(f.Searches)}
		filter.Conditions = conditions(f.Conditions)
		short.Filters = append(short.Filters, filter)
	}
	return short, changed
}

func hasLongList(s *plan.Search) bool {
	return slices.ContainsFunc(s.Maps, func(items plan.Map) bool {
		return slices.ContainsFunc(items, func(item plan.Item) bool {
			return slices.ContainsFunc(item.Groups, func(group []plan.Predicate) bool {
				return slices.ContainsFunc(group, func(p plan.Predicate) bool { return len(p.Values) > longList })
			})
		})
	})
}

func shortMap(items plan.Map, common map[value]bool) plan.Map {
	short := slices.Clone(items)
	for i, item := range items {
		short[i].Groups = nil
		for _, group := range item.Groups {
			group = slices.Clone(group)
			for j, p := range group {
				if len(p.Values) <= longList {
					continue
				}
				group[j].Values = nil
				shared, own := 0, 0
				for _, v := range p.Values {
					count := &own
					if common[value{kindOf(p), v.Text, v.Prefix}] {
						count = &shared
					}
					if *count < fewValues {
						group[j].Values = append(group[j].Values, v)
						*count++
					}
				}
			}
			short[i].Groups = append(short[i].Groups, group)
		}
	}
	return short
}

// numbers returns those of all values in a node, each once and sorted.
func (n *node) numbers() []int {
	var all []int
	var walk func(n *node)
	walk = func(n *node) {
		for _, w := range n.values {
			for bit := range 64 {
				if w.bits&(1<<bit) != 0 {
					all = append(all, 64*w.index+bit)
				}
			}
		}
		for _, part := range n.parts {
			walk(part)
		}
	}
	walk(n)
	slices.Sort(all)
	return slices.Compact(all)
}
