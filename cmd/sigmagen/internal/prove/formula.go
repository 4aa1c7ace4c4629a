package prove

import (
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// formula is the meaning of a rule in negation normal form: only literals are
// negated.
type formula interface{ formula() }

type (
	all []formula // holds when every part does
	one []formula // holds when a part does
)

// literal is a predicate with at most one value, or its negation.
type literal struct {
	plan.Predicate
	negated bool
}

func (all) formula()     {}
func (one) formula()     {}
func (literal) formula() {}

// ruleFormula returns what a rule and its filters ask for, negated if it is to fail.
func ruleFormula(r *plan.Rule, negated bool) formula {
	parts := []formula{conditionsFormula(r.Conditions, negated)}
	for _, f := range r.Filters {
		parts = append(parts, conditionsFormula(f.Conditions, negated))
	}
	return conjunction(parts, negated)
}

func conditionsFormula(conditions []plan.Condition, negated bool) formula {
	return disjunction(each(conditions, func(c plan.Condition) formula { return exprFormula(c.Expr, negated) }), negated)
}

func exprFormula(e plan.Expr, negated bool) formula {
	switch e := e.(type) {
	case plan.And:
		return conjunction(each(e.Operands, func(o plan.Expr) formula { return exprFormula(o, negated) }), negated)
	case plan.Or:
		return disjunction(each(e.Operands, func(o plan.Expr) formula { return exprFormula(o, negated) }), negated)
	case plan.Not:
		return exprFormula(e.Operand, !negated)
	case plan.Ref:
		return searchFormula(e.Search, negated)
	case plan.Quantifier:
		members := each(e.Members, func(s *plan.Search) formula { return searchFormula(s, negated) })
		if e.All {
			return conjunction(members, negated)
		}
		return disjunction(members, negated)
	default:
		panic("prove: unknown node of a condition")
	}
}

func searchFormula(s *plan.Search, negated bool) formula {
	return disjunction(each(s.Maps, func(m plan.Map) formula {
		return conjunction(each(m, func(item plan.Item) formula { return itemFormula(item, negated) }), negated)
	}), negated)
}

func itemFormula(item plan.Item, negated bool) formula {
	negated = negated != item.Not
	groups := each(item.Groups, func(group []plan.Predicate) formula {
		return disjunction(each(group, func(p plan.Predicate) formula { return predicateFormula(p, negated) }), negated)
	})
	if item.All {
		return conjunction(groups, negated)
	}
	return disjunction(groups, negated)
}

func predicateFormula(p plan.Predicate, negated bool) formula {
	if p.Op == plan.Absent { // one form for what two operators say
		return literal{plan.Predicate{Field: p.Field, Op: plan.Exists}, !negated}
	}
	if len(p.Values) == 0 {
		return literal{p, negated}
	}
	return disjunction(each(p.Values, func(v plan.Value) formula {
		single := p
		single.Values = []plan.Value{v}
		return literal{single, negated}
	}), negated)
}

// conjunction returns that all parts hold, where they are negated already if negated
// is true: then that one of them does.
func conjunction(parts []formula, negated bool) formula {
	if negated {
		return flatten[one](parts)
	}
	return flatten[all](parts)
}

func disjunction(parts []formula, negated bool) formula { return conjunction(parts, !negated) }

// flatten joins parts, those that are joined likewise by what they join.
func flatten[F interface {
	all | one
	formula
}](parts []formula) formula {
	var flat F
	for _, p := range parts {
		if inner, ok := p.(F); ok {
			flat = append(flat, inner...)
		} else {
			flat = append(flat, p)
		}
	}
	if len(flat) == 1 {
		return flat[0]
	}
	return flat
}

func each[T any](list []T, f func(T) formula) []formula {
	out := make([]formula, 0, len(list))
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}

// same reports whether two literals are the same but for what the author wrote.
func (l literal) same(other literal) bool {
	return l.negated == other.negated && samePredicate(l.Predicate, other.Predicate)
}

func samePredicate(p, q plan.Predicate) bool {
	return p.Field == q.Field && sameTest(p, q)
}

// sameTest is samePredicate for two predicates on whatever field.
func sameTest(p, q plan.Predicate) bool {
	return p.Op == q.Op && p.Cased == q.Cased && p.Part == q.Part &&
		slices.EqualFunc(p.Values, q.Values, func(a, b plan.Value) bool { return a.Text == b.Text && a.Prefix == b.Prefix })
}
