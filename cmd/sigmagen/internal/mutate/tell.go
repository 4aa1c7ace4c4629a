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

// givenUp is the work, for each value of a rule, of a question that package prove gives
// up: it went through as many cases as it does for any.
const givenUp = 50_000

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
	// Few values of a long list, and few searches of many, have to do with one mutant.
	// Without most of the others a record is found soon, which is then held against the
	// whole rule.
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
	var unknown string
	for _, pair := range [][2]*plan.Rule{{p.rule, mutant}, {mutant, p.rule}} {
		// For each list a value is chosen, and every value held against every other.
		p.work -= p.lists * len(p.values) * len(p.values)
		switch answer := solver.Both(pair[0], pair[1]); answer.Verdict {
		case prove.Possible:
			return Answer{Event: answer.Event}
		case prove.Unknown:
			p.work -= givenUp * len(p.values)
			if unknown == "" {
				unknown = answer.Reason
			}
		}
	}
	return Answer{Equivalent: unknown == "", Unknown: unknown}
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
	part := p.parts[i]
	if len(part.rule.parts)+len(part.mutant.parts) > 0 || part.rule.all || part.mutant.all || part.rule.not != part.mutant.not {
		return false
	}
	before, after := part.rule.numbers(), part.mutant.numbers()
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

// Lists of more values than longList are shortened to fewValues that the rule and the
// mutant have in common, and as many that they have not; and so are searches of which
// one is enough.
const (
	longList  = 8
	fewValues = 2
)

// shared is what a rule and a mutant have in common: values, and the names of searches
// that are the same in both.
type shared struct {
	values   map[value]bool
	searches map[string]bool
}

// shortened returns a rule and a mutant of it with fewer values and searches. ok is
// false where they have few already.
func (p *Panel) shortened(i int) (rule, mutant *plan.Rule, ok bool) {
	common := shared{map[value]bool{}, map[string]bool{}}
	theirs := p.nodes[i].numbers()
	for _, n := range p.values {
		if _, both := slices.BinarySearch(theirs, n); both {
			alone := p.alone[n]
			for _, v := range alone.Values {
				common.values[value{testKindOf(alone), v.Text, v.Prefix}] = true
			}
		}
	}
	mutant = p.Mutants[i].Rule
	inRule, inMutant := searchesOf(p.rule.Conditions), searchesOf(mutant.Conditions)
	for _, s := range inRule {
		common.searches[s.Name] = slices.Contains(inMutant, s)
	}
	rule, ok = shorten(p.rule, common)
	mutant, other := shorten(mutant, common)
	return rule, mutant, ok || other
}

// shorten returns a rule without most of what is common. changed is false where it is
// the same.
func shorten(r *plan.Rule, common shared) (short *plan.Rule, changed bool) {
	searches := map[*plan.Search]*plan.Search{}
	few := func(all []*plan.Search) []*plan.Search {
		var kept []*plan.Search
		for _, s := range all {
			searches[s] = s
			if hasLongList(s) {
				changed = true
				searches[s] = &plan.Search{Name: s.Name, Fields: s.Fields}
				for _, items := range s.Maps {
					searches[s].Maps = append(searches[s].Maps, shortMap(items, common.values))
				}
			}
			kept = append(kept, searches[s])
		}
		return kept
	}
	conditions := func(all []plan.Condition) []plan.Condition {
		var copied []plan.Condition
		for _, c := range all {
			e, shorter := shortExpr(c.Expr, common.searches)
			changed = changed || shorter
			copied = append(copied, plan.Condition{Text: c.Text, Expr: copiedExpr(e, searches)})
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

// shortExpr returns a condition without most of the common searches of which one is
// enough.
func shortExpr(e plan.Expr, common map[string]bool) (short plan.Expr, changed bool) {
	few := func(operands []plan.Expr) []plan.Expr {
		var all []plan.Expr
		for _, o := range operands {
			inner, shorter := shortExpr(o, common)
			changed = changed || shorter
			all = append(all, inner)
		}
		return all
	}
	switch e := e.(type) {
	case plan.And:
		return plan.And{Operands: few(e.Operands)}, changed
	case plan.Or:
		isCommon := func(o plan.Expr) bool {
			ref, isRef := o.(plan.Ref)
			return isRef && common[ref.Search.Name]
		}
		kept := firstOf(e.Operands, isCommon)
		changed = len(kept) < len(e.Operands)
		return plan.Or{Operands: few(kept)}, changed
	case plan.Not:
		inner, shorter := shortExpr(e.Operand, common)
		return plan.Not{Operand: inner}, shorter
	case plan.Quantifier:
		if !e.All {
			all := e.Members
			e.Members = firstOf(all, func(s *plan.Search) bool { return common[s.Name] })
			changed = len(e.Members) < len(all)
		}
		return e, changed
	default:
		return e, false
	}
}

// firstOf returns the elements of a list but for those that are common, of which it has
// fewValues where the list is long.
func firstOf[T any](all []T, common func(T) bool) []T {
	if len(all) <= longList {
		return all
	}
	left := fewValues
	return slices.DeleteFunc(slices.Clone(all), func(element T) bool {
		if !common(element) {
			return false
		}
		left--
		return left < 0
	})
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
					if common[value{testKindOf(p), v.Text, v.Prefix}] {
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
