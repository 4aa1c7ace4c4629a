// Package audit finds what a rule says in vain: rules, searches and branches of a
// condition that no record can satisfy, and what could be left out of a rule, or a
// rule out of a set, without a match more or less.
package audit

import (
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// Satisfiable reports rules, searches and branches that no record can satisfy.
func Satisfiable(rules []*plan.Rule, list *diag.List) {
	for _, r := range rules {
		if answer := prove.Rule(r); answer.Verdict == prove.Impossible {
			impossible(r, answer, list)
			continue
		}
		before := list.Count(diag.Error)
		searches(r, list)
		if list.Count(diag.Error) > before {
			continue // a branch fails with its search
		}
		for i := range r.Conditions {
			branches(r, i, list)
		}
	}
}

// impossible reports a rule that no record can match, and what makes it so.
func impossible(r *plan.Rule, answer prove.Answer, list *diag.List) {
	at := r.Syntax.Conditions[0].Span
	if filter, ok := deadly(r); ok {
		list.Errorf(r.Syntax.Title.Span, "reach-impossible", filter.hint, "no record can match the rule: %s; %s", filter.text, answer.Reason)
		return
	}
	for i, c := range r.Conditions {
		for _, without := range withoutFilters(c.Expr) {
			changed := *r
			changed.Conditions = slices.Clone(r.Conditions)
			changed.Conditions[i].Expr = without.rest
			if prove.Rule(&changed).Verdict == prove.Possible {
				list.Errorf(at, "reach-impossible", "narrow it, or look for what it shares with the rest of the condition", "no record can match the rule: `%s` removes everything; %s", without.text, answer.Reason)
				return
			}
		}
	}
	list.Errorf(at, "reach-impossible", "take one of the two out, or join them by or", "no record can match the rule: %s", answer.Reason)
}

// A culprit says which filter documents of a rule remove everything, and what to do.
type culprit struct{ text, hint string }

// deadly tells which filter documents leave nothing of a rule: one by itself, or all of
// them together.
func deadly(r *plan.Rule) (culprit, bool) {
	with := func(filters ...*plan.Filter) prove.Verdict {
		changed := *r
		changed.Filters = filters
		return prove.Rule(&changed).Verdict
	}
	if len(r.Filters) == 0 || with() != prove.Possible {
		return culprit{}, false
	}
	for _, f := range r.Filters {
		if with(f) == prove.Impossible {
			return culprit{"the filter " + f.Syntax.Path + " removes everything", "narrow that filter, or take the rule out of its targets"}, true
		}
	}
	return culprit{"its filters remove everything", "narrow the filter documents of this rule"}, true
}

// searches reports those that no record satisfies, as a whole or in one of their maps.
func searches(r *plan.Rule, list *diag.List) {
	for s, search := range r.Searches {
		if answer := alone(r, search); answer.Verdict == prove.Impossible {
			list.Errorf(r.Syntax.Searches[s].Name.Span, "reach-impossible", "a search holds when all of its fields do: put alternatives into a list", "no record can satisfy %q: %s", search.Name, answer.Reason)
			continue
		}
		if len(search.Maps) < 2 {
			continue
		}
		for m := range search.Maps {
			one := *search
			one.Maps = search.Maps[m : m+1]
			if answer := alone(r, &one); answer.Verdict == prove.Impossible {
				list.Errorf(r.Syntax.Searches[s].Maps[m][0].Key, "reach-impossible", "take it out, or mend its values", "no record can satisfy alternative %d of %q: %s", m+1, search.Name, answer.Reason)
			}
		}
	}
}

func alone(r *plan.Rule, search *plan.Search) prove.Answer {
	return prove.Expr(r, plan.Ref{Search: search})
}

// branches reports alternatives of a condition that can never hold together with the
// rest of the rule.
func branches(r *plan.Rule, condition int, list *diag.List) {
	c := r.Conditions[condition]
	for _, branch := range alternatives(c.Expr) {
		changed := *r
		changed.Conditions = []plan.Condition{{Text: c.Text, Expr: branch.rest}}
		if answer := prove.Rule(&changed); answer.Verdict == prove.Impossible {
			list.Errorf(r.Syntax.Conditions[condition].Span, "reach-impossible", "take it out of the condition, or mend what contradicts it", "`%s` can never hold together with the rest of the rule: %s", branch.text, answer.Reason)
		}
	}
}

// A variant is a condition without some of it.
type variant struct {
	rest plan.Expr
	text string // what is left alone, or left out
}

// alternatives returns the condition once for each way to satisfy one of its ors.
func alternatives(e plan.Expr) []variant {
	var all []variant
	switch e := e.(type) {
	case plan.And:
		for i, operand := range e.Operands {
			for _, v := range alternatives(operand) {
				operands := slices.Clone(e.Operands)
				operands[i] = v.rest
				all = append(all, variant{plan.And{Operands: operands}, v.text})
			}
		}
	case plan.Or:
		for _, operand := range e.Operands {
			inner := alternatives(operand)
			if len(inner) == 0 {
				inner = []variant{{operand, plan.Words(operand)}}
			}
			all = append(all, inner...)
		}
	case plan.Quantifier:
		if !e.All && len(e.Members) > 1 {
			for _, member := range e.Members {
				all = append(all, variant{plan.Ref{Search: member}, member.Name})
			}
		}
	}
	return all
}

// withoutFilters returns the condition once without each of the negations that it
// joins by and.
func withoutFilters(e plan.Expr) []variant {
	and, ok := e.(plan.And)
	if !ok {
		return nil
	}
	var all []variant
	for i, operand := range and.Operands {
		if _, negated := operand.(plan.Not); negated && len(and.Operands) > 1 {
			rest := slices.Delete(slices.Clone(and.Operands), i, i+1)
			all = append(all, variant{plan.And{Operands: rest}, plan.Words(operand)})
		}
	}
	return all
}
