package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// Build plans the rules of a directory, with its filters applied. Documents may
// hold correlations, which it passes over. It reports what is wrong to list;
// rules with an error are left out of the result.
func Build(documents []*sigma.Rule, placeholders *Placeholders, list *diag.List) []*Rule {
	var syntaxes []*sigma.Rule
	filters := map[*sigma.Rule][]*Filter{}
	for _, document := range documents {
		if document.IsDetection() {
			syntaxes = append(syntaxes, document)
		}
	}
	// What a filter takes from the placeholders is hashed with every rule that it
	// narrows, so it is planned anew for each.
	for _, document := range documents {
		if !document.Filter {
			continue
		}
		found := targets(document, documents, list)
		for _, target := range found {
			filters[target] = append(filters[target], &Filter{Syntax: document})
		}
		if len(found) == 0 {
			buildDetection(document, placeholders, list) // for what there is to say about it
		}
	}
	var plans []*Rule
	for _, syntax := range syntaxes {
		if rule := buildRule(syntax, filters[syntax], placeholders, list); rule != nil {
			plans = append(plans, rule)
		}
	}
	slices.SortFunc(plans, func(a, b *Rule) int { return strings.Compare(a.Syntax.Key, b.Syntax.Key) })
	return plans
}

// targets returns the rules that a filter applies to: those of its ids and names
// whose logsource lies in its own.
func targets(filter *sigma.Rule, rules []*sigma.Rule, list *diag.List) []*sigma.Rule {
	var found []*sigma.Rule
	rules = slices.DeleteFunc(slices.Clone(rules), func(r *sigma.Rule) bool { return r.Filter })
	names := namesOf(rules)
	for _, target := range filter.Targets {
		known := false
		for _, rule := range rules {
			if !rule.Is(target.Value) {
				continue
			}
			known = true
			switch {
			case rule.Correlation != nil:
				list.Errorf(target.Span, "filter/correlation", "name the rules that it refers to", "%q is a correlation, and these are never filtered", target.Value)
			case !filter.Logsource.Contains(rule.Logsource):
				list.Errorf(target.Span, "filter/logsource", "widen the logsource of the filter", "the logsource of the filter does not contain that of %s", rule.Path)
			case slices.Contains(found, rule):
				list.Errorf(target.Span, "filter/rules", "remove one", "the rule %q stands here twice", target.Value)
			default:
				found = append(found, rule)
			}
		}
		if !known {
			list.Errorf(target.Span, "filter/unknown-rule", cmp.Or(byAnotherName("a filter", target.Value, rules), sigma.DidYouMean(target.Value, names), writeIDOrName), "no rule has the id or the name %q", target.Value)
		}
	}
	if !slices.ContainsFunc(filter.Conditions, func(c sigma.Condition) bool { return hasNot(c.Expr) }) && len(filter.Conditions) > 0 {
		list.Warnf(filter.Conditions[0].Span, "filter/no-not", "to leave matches out write `not selection`", "the rules match only what this condition holds on")
	}
	return found
}

// writeIDOrName is the hint for a name that resembles none.
const writeIDOrName = "write the `id` or the `name` of a rule; its file must be checked together with this one"

// namesOf returns the ids and names of documents.
func namesOf(rules []*sigma.Rule) []string {
	var names []string
	for _, rule := range rules {
		names = append(names, rule.ID.Value, rule.Name.Value)
	}
	return names
}

// byAnotherName returns a hint for a rule that is named by its title or by its
// file, as exceptions and postprocessing rules name them. who names it.
func byAnotherName(who, name string, rules []*sigma.Rule) string {
	for _, rule := range rules {
		if rule.Title.Value != name && rule.Stem() != name || name == "" {
			continue
		}
		names := who + " names rules by id or name: "
		switch {
		case rule.Title.Value == "":
			return "it may stand in " + rule.Path + ", which could not be read"
		case rule.Name.Value != "":
			return names + "this one is called \"" + rule.Name.Value + "\""
		case rule.ID.Value != "":
			return names + "add `name: " + nameFor(rule) + "` to " + place(rule) + ", or write its id"
		default:
			return names + "add `name: " + nameFor(rule) + "` to " + place(rule)
		}
	}
	return ""
}

// nameFor proposes a name for a rule that has none: that of its file, where a #
// would begin a comment for whoever reads it.
func nameFor(rule *sigma.Rule) string { return strings.ReplaceAll(rule.Stem(), "#", "_") }

func hasNot(e sigma.Expr) bool {
	found := false
	sigma.Walk(e, func(e sigma.Expr) {
		if _, is := e.(sigma.Not); is {
			found = true
		}
	})
	return found
}

func buildRule(syntax *sigma.Rule, filters []*Filter, placeholders *Placeholders, list *diag.List) *Rule {
	before := list.Count(diag.Error)
	rule := &Rule{Syntax: syntax, Level: ruleLevel(syntax), Filters: filters}
	var whole Expr
	rule.Searches, rule.Conditions, whole = buildDetection(syntax, placeholders, list)
	hashed := sigma.NormaliseLines(syntax.Text)
	for _, filter := range filters {
		var expr Expr
		filter.Searches, filter.Conditions, expr = buildDetection(filter.Syntax, placeholders, list)
		whole = And{Operands: []Expr{whole, expr}}
		hashed = append(hashed, sigma.NormaliseLines(filter.Syntax.Text)...)
	}
	sum := sha256.Sum256(append(hashed, placeholders.Used()...))
	rule.SourceHash = hex.EncodeToString(sum[:])
	if list.Count(diag.Error) > before {
		return nil
	}
	rule.Keys = exprKeys(whole)
	if slices.Contains(rule.Keys, anyKey) {
		rule.Guard = guard(whole)
	}
	rule.MatchesNothing = holdsOnNothing(whole)
	return rule
}

// buildDetection plans the searches and conditions of a document. whole is the
// conditions as one.
func buildDetection(document *sigma.Rule, placeholders *Placeholders, list *diag.List) (searches []*Search, conditions []Condition, whole Expr) {
	before := list.Count(diag.Error)
	byName := map[string]*Search{}
	for _, s := range document.Searches {
		search := buildSearch(s, placeholders, list)
		searches = append(searches, search)
		byName[search.Name] = search
	}
	if list.Count(diag.Error) > before {
		return nil, nil, And{}
	}
	var operands []Expr
	for _, c := range document.Conditions {
		expr := buildExpr(c.Expr, byName)
		conditions = append(conditions, Condition{Text: c.Text, Expr: expr})
		operands = append(operands, expr)
	}
	return searches, conditions, Or{Operands: operands}
}

func buildSearch(s sigma.Search, placeholders *Placeholders, list *diag.List) *Search {
	search := &Search{Name: s.Name.Value}
	for _, m := range s.Maps {
		var items Map
		for _, item := range m {
			planned, ok := buildItem(item, placeholders, list)
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
		return !slices.ContainsFunc(m, func(item Item) bool { return !itemHoldsOnNothing(item) })
	})
}

func itemHoldsOnNothing(item Item) bool {
	holds := func(group []Predicate) bool {
		return slices.ContainsFunc(group, func(p Predicate) bool { return p.Op == Absent })
	}
	if item.All {
		return item.Not == slices.ContainsFunc(item.Groups, func(g []Predicate) bool { return !holds(g) })
	}
	return item.Not != slices.ContainsFunc(item.Groups, holds)
}
