package mutate

import (
	"fmt"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// condition mutates a condition, and drops it where there are several.
func (m *maker) condition(i int) {
	c, syntax := m.rule.Conditions[i], m.rule.Syntax.Conditions[i]
	if len(m.rule.Conditions) > 1 {
		changed := m.copied()
		changed.Conditions = slices.Delete(changed.Conditions, i, i+1)
		m.add(changed, syntax.Span, "the condition `%s` is removed", c.Text)
	}
	e := expression{rule: m.rule, span: syntax.Span}
	all := e.changes(c.Expr, syntax.Expr)
	if _, isAnd := c.Expr.(plan.And); !isAnd {
		if _, isOr := c.Expr.(plan.Or); !isOr {
			all = append(all, e.negated(c.Expr, syntax.Expr))
		}
	}
	for _, change := range all {
		changed := &plan.Rule{Syntax: m.rule.Syntax, Level: m.rule.Level, Searches: m.rule.Searches, Filters: m.rule.Filters, Conditions: slices.Clone(m.rule.Conditions)}
		changed.Conditions[i] = plan.Condition{Text: c.Text, Expr: change.expr}
		m.add(changed, change.span, "%s", change.words)
	}
}

// expression makes changes of the condition that stands at span.
type expression struct {
	rule *plan.Rule
	span diag.Span
}

// change is a node of a condition that takes the place of another.
type change struct {
	expr  plan.Expr
	words string
	span  diag.Span
}

// changes returns what a node, written as syntax, may be changed to by one change in
// it.
func (e expression) changes(x plan.Expr, syntax sigma.Expr) []change {
	switch x := x.(type) {
	case plan.And:
		return e.operands(x.Operands, syntax.(sigma.And).Operands, false)
	case plan.Or:
		return e.operands(x.Operands, syntax.(sigma.Or).Operands, true)
	case plan.Not:
		inner := e.changes(x.Operand, syntax.(sigma.Not).Operand)
		for i := range inner {
			inner[i].expr = plan.Not{Operand: inner[i].expr}
		}
		return inner
	case plan.Ref:
		return nil
	case plan.Quantifier:
		return e.quantifier(x, syntax.(sigma.Quantifier))
	default:
		panic(fmt.Sprintf("mutate: unknown node %T of a condition", x))
	}
}

// operands changes what is joined by and, or by or: an operand is dropped, negated or
// changed itself, or the word is the other one.
func (e expression) operands(operands []plan.Expr, syntaxes []sigma.Expr, isOr bool) []change {
	join := func(operands []plan.Expr, isOr bool) plan.Expr {
		switch {
		case len(operands) == 1:
			return operands[0]
		case isOr:
			return plan.Or{Operands: operands}
		default:
			return plan.And{Operands: operands}
		}
	}
	whole, other := join(operands, isOr), join(operands, !isOr)
	all := []change{{expr: other, words: fmt.Sprintf("`%s` becomes `%s`", plan.Words(whole), plan.Words(other)), span: e.span}}
	for i, operand := range operands {
		without := slices.Delete(slices.Clone(operands), i, i+1)
		removed := operand
		if not, is := removed.(plan.Not); is {
			removed = not.Operand
		}
		all = append(all, change{join(without, isOr), fmt.Sprintf("`%s` is removed", plan.Words(removed)), e.spanOf(syntaxes[i])})
		for _, inner := range append(e.changes(operand, syntaxes[i]), e.negated(operand, syntaxes[i])) {
			changed := slices.Clone(operands)
			changed[i] = inner.expr
			all = append(all, change{join(changed, isOr), inner.words, inner.span})
		}
	}
	return all
}

// negated changes a node to its opposite.
func (e expression) negated(x plan.Expr, syntax sigma.Expr) change {
	if not, is := x.(plan.Not); is {
		return change{not.Operand, fmt.Sprintf("the `not` before `%s` is dropped", plan.Words(not.Operand)), e.spanOf(syntax)}
	}
	return change{plan.Not{Operand: x}, fmt.Sprintf("`%s` is negated", plan.Words(x)), e.spanOf(syntax)}
}

// quantifier changes `1 of` to `all of` and back, and drops and negates searches that
// it stands for.
func (e expression) quantifier(q plan.Quantifier, syntax sigma.Quantifier) []change {
	if len(q.Members) < 2 {
		return nil
	}
	other := q
	other.All = !q.All
	all := []change{{other, fmt.Sprintf("`%s` becomes `%s`", plan.Words(q), plan.Words(other)), syntax.Span}}
	for i, member := range q.Members {
		span := e.searchSpan(member)
		fewer := q
		fewer.Members = slices.Delete(slices.Clone(q.Members), i, i+1)
		all = append(all, change{fewer, fmt.Sprintf("`%s` is removed", member.Name), span})
		var refs []plan.Expr
		for j, other := range q.Members {
			var ref plan.Expr = plan.Ref{Search: other}
			if i == j {
				ref = plan.Not{Operand: ref}
			}
			refs = append(refs, ref)
		}
		negated := change{expr: plan.Or{Operands: refs}, words: fmt.Sprintf("`%s` is negated", member.Name), span: span}
		if q.All {
			negated.expr = plan.And{Operands: refs}
		}
		all = append(all, negated)
	}
	return all
}

// spanOf returns where a node stands: that of the condition for what is joined.
func (e expression) spanOf(syntax sigma.Expr) diag.Span {
	switch s := syntax.(type) {
	case sigma.Not:
		return e.spanOf(s.Operand)
	case sigma.Ref:
		return s.Span
	case sigma.Quantifier:
		return s.Span
	default:
		return e.span
	}
}

// searchSpan returns where a search is named.
func (e expression) searchSpan(s *plan.Search) diag.Span {
	return e.rule.Syntax.Searches[slices.Index(e.rule.Searches, s)].Name.Span
}
