package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// DeadWeight reports what can be left out of rules that can match, and of the set of
// them, without a match more or less.
func DeadWeight(rules []*plan.Rule, list *diag.List) {
	rules = slices.DeleteFunc(slices.Clone(rules), func(r *plan.Rule) bool { return prove.Rule(r).Verdict == prove.Impossible })
	for _, r := range rules {
		onlyLists(r, list)
		values(r, list)
		filters(r, list)
	}
	pairs(rules, list)
}

// onlyLists reports a rule, or else its searches, that ask for two values of a field
// at once, as only a list has them, where nothing says that a list is meant.
func onlyLists(r *plan.Rule, list *diag.List) {
	if found, ok := onlyList(r, r); ok {
		list.Warnf(r.Syntax.Conditions[0].Span, "reach-only-list", "mend the values; if the field is a list, waive this", "no record with one value in %s can match the rule: %s", found.where, found.reason)
		return
	}
	for s, search := range r.Searches {
		one := *r
		one.Filters, one.Conditions = nil, []plan.Condition{{Expr: plan.Ref{Search: search}}}
		if found, ok := onlyList(r, &one); ok {
			list.Warnf(r.Syntax.Searches[s].Name.Span, "reach-only-list", "mend the values; if the field is a list, waive this", "no record with one value in %s can satisfy %q: %s", found.where, search.Name, found.reason)
		}
	}
}

type inLists struct{ where, reason string }

// onlyList tells whether only lists have what a part of a rule asks for, and in which
// field: that which is to blame, where it is enough that this is no list.
func onlyList(r, part *plan.Rule) (found inLists, ok bool) {
	scalars := prove.Solver{Scalar: func(string) bool { return true }}
	answer := scalars.Rule(part)
	if answer.Verdict != prove.Impossible || listMeant(r, answer.Blame) {
		return inLists{}, false
	}
	field := answer.Blame[0].Field
	alone := prove.Solver{Scalar: func(f string) bool { return f == field }}
	if alone.Rule(part).Verdict != prove.Impossible {
		return inLists{"each field", answer.Reason}, true
	}
	return inLists{field, answer.Reason}, true
}

// listMeant reports whether what contradicts each other in one value may well be
// asked of several: numbers are not, nor is what lies at most one level into a part
// of the record, unless the rule asks the field for `|all` of some values.
func listMeant(r *plan.Rule, blame []plan.Predicate) bool {
	if !slices.ContainsFunc(blame, func(p plan.Predicate) bool { return !numeric(p) }) {
		return false
	}
	field := blame[0].Field
	if strings.Count(field, ".") > 1 {
		return true
	}
	for _, search := range r.Searches {
		for _, items := range search.Maps {
			if slices.ContainsFunc(items, func(i plan.Item) bool { return i.All && i.Field == field }) {
				return true
			}
		}
	}
	return false
}

func numeric(p plan.Predicate) bool {
	switch p.Op {
	case plan.Number, plan.Less, plan.LessOrEqual, plan.Greater, plan.GreaterOrEqual:
		return true
	}
	return false
}

// values reports those of a list that another one covers.
func values(r *plan.Rule, list *diag.List) {
	for s, search := range r.Searches {
		for m, items := range search.Maps {
			for i, item := range items {
				if !item.All {
					coveredValues(item, r.Syntax.Searches[s].Maps[m][i].Values, list)
				}
			}
		}
	}
}

// asked is what one value of a list became: a record has what it asks for when it
// satisfies one of the predicates.
type asked struct {
	source string
	any    []plan.Predicate
}

func coveredValues(item plan.Item, written []sigma.Scalar, list *diag.List) {
	twice := map[string]bool{}
	for _, s := range written {
		if key := fmt.Sprint(s.Kind, s.Value); twice[key] {
			list.Warnf(s.Span, "reach-covered-value", "take one out", "%q stands in the list twice", s.Value)
		} else {
			twice[key] = true
		}
	}
	var all []asked
	for _, group := range item.Groups {
		for _, p := range group {
			for _, v := range p.Values {
				single := p
				single.Values = []plan.Value{v}
				i := slices.IndexFunc(all, func(a asked) bool { return a.source == v.Source })
				if i < 0 {
					all = append(all, asked{source: v.Source})
					i = len(all) - 1
				}
				all[i].any = append(all[i].any, single)
			}
		}
	}
	for i, a := range all {
		for j, b := range all {
			if i == j || !covers(b, a) || i < j && covers(a, b) { // of two that are equal, the later is told
				continue
			}
			at := slices.IndexFunc(written, func(s sigma.Scalar) bool { return s.Value == a.source })
			if at < 0 {
				break // it came out of a placeholder
			}
			list.Warnf(written[at].Span, "reach-covered-value", "take it out, or write what only it should match", "%q is covered by %q of the same list", a.source, b.source)
			break
		}
	}
}

// covers reports whether all that b asks for is asked for by a.
func covers(a, b asked) bool {
	return !slices.ContainsFunc(b.any, func(p plan.Predicate) bool {
		return !slices.ContainsFunc(a.any, func(q plan.Predicate) bool { return prove.Implies(p, q) })
	})
}

// filters reports negated parts of a condition, and filter documents, that never hold
// where the rest does.
func filters(r *plan.Rule, list *diag.List) {
	// Of two that remove the same, one is idle as long as the other is there: what is
	// idle is left out at once, the later first.
	left := *r
	left.Conditions, left.Filters = slices.Clone(r.Conditions), slices.Clone(r.Filters)
	for i := range left.Conditions {
		for n := len(withoutFilters(left.Conditions[i].Expr)) - 1; n >= 0; n-- {
			all := withoutFilters(left.Conditions[i].Expr)
			if n >= len(all) {
				continue // only it is left
			}
			changed := left
			changed.Conditions = slices.Clone(left.Conditions)
			changed.Conditions[i].Expr = all[n].rest
			if answer := prove.Both(&changed, &left); answer.Verdict == prove.Impossible {
				list.Warnf(r.Syntax.Conditions[i].Span, "reach-idle-filter", "take it out, or mend the fields and values that it looks at", "`%s` removes nothing: the rest of the condition never holds together with it", all[n].text)
				left = changed
			}
		}
	}
	for i := len(r.Filters) - 1; i >= 0; i-- {
		changed := left
		changed.Filters = slices.Delete(slices.Clone(left.Filters), i, i+1)
		if prove.Both(&changed, &left).Verdict == prove.Impossible {
			list.Warnf(r.Filters[i].Syntax.Conditions[0].Span, "reach-idle-filter", "take the rule out of its targets, or mend it", "the filter removes nothing from the rule %s", r.Syntax.Key)
			left = changed
		}
	}
}

var levels = []string{"informational", "low", "medium", "high", "critical"}

// pairs reports rules that another one makes superfluous. There are many pairs, and a
// verdict on one is worth little: all of them together have a budget.
func pairs(rules []*plan.Rule, list *diag.List) {
	solver := prove.Solver{Budget: &prove.Budget{Question: 1000, Left: 1000_000}}
	for i, r := range rules {
		for j, other := range rules {
			if i == j || !within(r.Keys, other.Keys) || solver.Both(r, other).Verdict != prove.Impossible {
				continue
			}
			same := within(other.Keys, r.Keys) && solver.Both(other, r).Verdict == prove.Impossible
			switch {
			case same && i > j:
				list.Warnf(r.Syntax.Title.Span, "reach-same-rule", "take one of the two out, or make them differ", "it matches exactly what %s does (%s)", other.Syntax.Key, other.Syntax.Title.Value)
			case same:
				continue // it is told at the other
			case slices.Index(levels, other.Level) >= slices.Index(levels, r.Level):
				list.Warnf(r.Syntax.Title.Span, "reach-implied-rule", "take it out, raise its level, or exclude its records from the other", "whatever it matches, %s matches as well (%s, %s)", other.Syntax.Key, other.Syntax.Title.Value, other.Level)
			default:
				continue
			}
			break
		}
	}
}

// within reports whether every record that has a key of a has one of b.
func within(a, b []plan.Key) bool {
	return !slices.ContainsFunc(a, func(x plan.Key) bool {
		return !slices.ContainsFunc(b, func(y plan.Key) bool {
			return (y.Source == "" || x.Source == y.Source) && (y.Name == "" || x.Name == y.Name)
		})
	})
}
