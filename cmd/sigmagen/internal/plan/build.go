package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// Build plans rules. It reports what is wrong to list; rules with an error are
// left out of the result.
func Build(rules []*sigma.Rule, list *diag.List) []*Rule {
	var plans []*Rule
	for _, syntax := range rules {
		if rule := buildRule(syntax, list); rule != nil {
			plans = append(plans, rule)
		}
	}
	slices.SortFunc(plans, func(a, b *Rule) int { return strings.Compare(a.Syntax.Key, b.Syntax.Key) })
	return plans
}

func buildRule(syntax *sigma.Rule, list *diag.List) *Rule {
	before := list.Count(diag.Error)
	sum := sha256.Sum256(sigma.NormaliseLines(syntax.Text))
	rule := &Rule{Syntax: syntax, Level: syntax.Level.Value, SourceHash: hex.EncodeToString(sum[:])}
	if rule.Level == "" {
		rule.Level = "medium"
	}
	byName := map[string]*Search{}
	for _, s := range syntax.Searches {
		search := buildSearch(s, list)
		rule.Searches = append(rule.Searches, search)
		byName[search.Name] = search
	}
	if list.Count(diag.Error) > before {
		return nil
	}
	var whole []Expr
	for _, c := range syntax.Conditions {
		expr := buildExpr(c.Expr, byName)
		rule.Conditions = append(rule.Conditions, Condition{Text: c.Text, Expr: expr})
		whole = append(whole, expr)
	}
	rule.Keys = exprKeys(Or{Operands: whole})
	if len(rule.Keys) == 0 {
		list.Errorf(syntax.Conditions[0].Span, "condition/never", "look at the values of eventSource and eventName that it joins by and",
			"the rule can never match: no record has the eventSource and eventName that it asks for")
		return nil
	}
	rule.MatchesNothing = holdsOnNothing(Or{Operands: whole})
	return rule
}

func buildSearch(s sigma.Search, list *diag.List) *Search {
	search := &Search{Name: s.Name.Value}
	for _, m := range s.Maps {
		var items Map
		for _, item := range m {
			planned, ok := buildItem(item, list)
			if !ok {
				continue
			}
			items = append(items, planned)
			for _, field := range planned.fields() {
				if !slices.Contains(search.Fields, field) {
					search.Fields = append(search.Fields, field)
				}
			}
		}
		search.Maps = append(search.Maps, items)
	}
	return search
}

func buildExpr(e sigma.Expr, byName map[string]*Search) Expr {
	switch e := e.(type) {
	case sigma.And:
		return And{Operands: buildExprs(e.Operands, byName)}
	case sigma.Or:
		return Or{Operands: buildExprs(e.Operands, byName)}
	case sigma.Not:
		return Not{Operand: buildExpr(e.Operand, byName)}
	case sigma.Ref:
		return Ref{Search: byName[e.Name]}
	case sigma.Quantifier:
		q := Quantifier{All: e.All, Pattern: e.Pattern}
		for _, name := range e.Members {
			q.Members = append(q.Members, byName[name])
		}
		return q
	default:
		panic("plan: unknown node of a condition")
	}
}

func buildExprs(operands []sigma.Expr, byName map[string]*Search) []Expr {
	var all []Expr
	for _, operand := range operands {
		all = append(all, buildExpr(operand, byName))
	}
	return all
}

// holdsOnNothing reports whether a condition holds when no predicate does.
func holdsOnNothing(e Expr) bool {
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e.Operands, func(o Expr) bool { return !holdsOnNothing(o) })
	case Or:
		return slices.ContainsFunc(e.Operands, holdsOnNothing)
	case Not:
		return !holdsOnNothing(e.Operand)
	case Ref:
		return searchHoldsOnNothing(e.Search)
	case Quantifier:
		if e.All {
			return !slices.ContainsFunc(e.Members, func(s *Search) bool { return !searchHoldsOnNothing(s) })
		}
		return slices.ContainsFunc(e.Members, searchHoldsOnNothing)
	default:
		panic("plan: unknown node of a condition")
	}
}

// searchHoldsOnNothing reports whether a search holds when no predicate of the
// runtime does: only absence is tested by the negation of one.
func searchHoldsOnNothing(s *Search) bool {
	return slices.ContainsFunc(s.Maps, func(m Map) bool {
		return !slices.ContainsFunc(m, func(item Item) bool {
			return !slices.ContainsFunc(item.Predicates, func(p Predicate) bool { return p.Op == Absent })
		})
	})
}
