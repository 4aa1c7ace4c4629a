package mutate

import (
	"fmt"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// maker collects the mutants of a rule.
type maker struct {
	rule    *plan.Rule
	mutants []Mutant
}

func (m *maker) add(changed *plan.Rule, span diag.Span, format string, args ...any) {
	m.share(changed)
	m.mutants = append(m.mutants, Mutant{Rule: changed, Change: fmt.Sprintf(format, args...), Span: span})
}

// share lets a changed rule share the searches again that were copied for it and are as
// they were: the mutants of a rule would be as many copies of it otherwise.
func (m *maker) share(changed *plan.Rule) {
	searches := map[*plan.Search]*plan.Search{}
	shared := false
	for i, s := range changed.Searches {
		searches[s] = s
		if original := m.rule.Searches[i]; s != original && sameMaps(s.Maps, original.Maps) {
			searches[s], changed.Searches[i] = original, original
			shared = true
		}
	}
	if !shared {
		return
	}
	for i, c := range changed.Conditions {
		changed.Conditions[i].Expr = copiedExpr(c.Expr, searches)
	}
}

func sameMaps(a, b []plan.Map) bool {
	return slices.EqualFunc(a, b, func(a, b plan.Map) bool {
		return slices.EqualFunc(a, b, func(a, b plan.Item) bool {
			return a.Field == b.Field && a.All == b.All && a.Not == b.Not && slices.EqualFunc(a.Groups, b.Groups, func(a, b []plan.Predicate) bool {
				return slices.EqualFunc(a, b, func(a, b plan.Predicate) bool {
					return a.Field == b.Field && a.Op == b.Op && a.Cased == b.Cased && a.Part == b.Part && slices.Equal(a.Values, b.Values)
				})
			})
		})
	})
}

// copied returns a rule that shares no search and no node of a condition with the one
// that is mutated.
func (m *maker) copied() *plan.Rule {
	searches := map[*plan.Search]*plan.Search{}
	r := &plan.Rule{Syntax: m.rule.Syntax, Level: m.rule.Level, Filters: slices.Clone(m.rule.Filters)}
	for _, s := range m.rule.Searches {
		c := &plan.Search{Name: s.Name, Fields: s.Fields}
		for _, items := range s.Maps {
			c.Maps = append(c.Maps, copiedMap(items))
		}
		searches[s] = c
		r.Searches = append(r.Searches, c)
	}
	for _, c := range m.rule.Conditions {
		r.Conditions = append(r.Conditions, plan.Condition{Text: c.Text, Expr: copiedExpr(c.Expr, searches)})
	}
	return r
}

func copiedMap(items plan.Map) plan.Map {
	var c plan.Map
	for _, item := range items {
		groups := item.Groups
		item.Groups = nil
		for _, group := range groups {
			group = slices.Clone(group)
			for i := range group {
				group[i].Values = slices.Clone(group[i].Values)
			}
			item.Groups = append(item.Groups, group)
		}
		c = append(c, item)
	}
	return c
}

func copiedExpr(e plan.Expr, searches map[*plan.Search]*plan.Search) plan.Expr {
	operands := func(all []plan.Expr) []plan.Expr {
		var c []plan.Expr
		for _, o := range all {
			c = append(c, copiedExpr(o, searches))
		}
		return c
	}
	switch e := e.(type) {
	case plan.And:
		return plan.And{Operands: operands(e.Operands)}
	case plan.Or:
		return plan.Or{Operands: operands(e.Operands)}
	case plan.Not:
		return plan.Not{Operand: copiedExpr(e.Operand, searches)}
	case plan.Ref:
		return plan.Ref{Search: searches[e.Search]}
	case plan.Quantifier:
		c := plan.Quantifier{All: e.All, Pattern: e.Pattern}
		for _, member := range e.Members {
			c.Members = append(c.Members, searches[member])
		}
		return c
	default:
		panic(fmt.Sprintf("mutate: unknown node %T of a condition", e))
	}
}

// filter mutates a filter document: it is removed. What stands in it has tests
// nowhere, so that no more is asked of those of the rule.
func (m *maker) filter(i int) {
	changed := m.copied()
	title := changed.Filters[i].Syntax.Title.Value
	changed.Filters = slices.Delete(changed.Filters, i, i+1)
	m.add(changed, m.rule.Syntax.Title.Span, "the filter document %q is removed", title)
}

// search mutates what a search asks for.
func (m *maker) search(i int) {
	s, syntax := m.rule.Searches[i], m.rule.Syntax.Searches[i]
	for j := range s.Maps {
		if len(s.Maps) > 1 {
			changed := m.copied()
			changed.Searches[i].Maps = slices.Delete(changed.Searches[i].Maps, j, j+1)
			m.add(changed, syntax.Maps[j][0].Key, "alternative %d of `%s` is removed", j+1, s.Name)
		}
		for k := range s.Maps[j] {
			m.item(place{i, j, k})
		}
	}
}

// place says where an item stands: the index of its search, of its map there, and
// its own.
type place struct{ search, mapping, item int }

func (p place) of(r *plan.Rule) *plan.Item { return &r.Searches[p.search].Maps[p.mapping][p.item] }

func (p place) syntax(r *plan.Rule) sigma.Item {
	return r.Syntax.Searches[p.search].Maps[p.mapping][p.item]
}

// name names an item: its field, and where several items are about that, its search.
func (m *maker) name(p place) string {
	field := p.of(m.rule).Field
	if field == "" {
		field = "the keywords"
	}
	n := 0
	for _, s := range m.rule.Searches {
		for _, items := range s.Maps {
			for _, item := range items {
				if item.Field == p.of(m.rule).Field {
					n++
				}
			}
		}
	}
	if n > 1 {
		return fmt.Sprintf("%s of `%s`", field, m.rule.Searches[p.search].Name)
	}
	return field
}

// change adds the mutant that an edit of an item makes.
func (m *maker) change(p place, span diag.Span, edit func(*plan.Item), format string, args ...any) {
	changed := m.copied()
	edit(p.of(changed))
	m.add(changed, span, format, args...)
}

// item mutates an item: it is dropped or negated, its values are, its operators and
// its modifier all.
func (m *maker) item(p place) {
	item, syntax := p.of(m.rule), p.syntax(m.rule)
	name := m.name(p)
	if len(m.rule.Searches[p.search].Maps[p.mapping]) > 1 {
		changed := m.copied()
		maps := changed.Searches[p.search].Maps
		maps[p.mapping] = slices.Delete(maps[p.mapping], p.item, p.item+1)
		m.add(changed, syntax.Key, "`%s` no longer asks for %s", m.rule.Searches[p.search].Name, name)
	}
	m.change(p, syntax.Key, func(item *plan.Item) { item.Not = !item.Not }, "%s is negated", name)
	if item.All && len(item.Groups) > 1 {
		m.change(p, syntax.Key, func(item *plan.Item) { item.All = false }, "`all` is dropped from %s", name)
	}
	sources := valuesOf(item)
	for _, source := range sources {
		if len(sources) > 1 {
			m.change(p, spanOf(syntax, source), func(item *plan.Item) { dropValue(item, source) }, "%q is taken out of %s", source, name)
		}
		m.breakValue(p, source)
	}
	m.expressions(p)
	m.networks(p)
	m.operators(p)
}

// valuesOf returns the values of an item as the rule writes them.
func valuesOf(item *plan.Item) []string {
	var sources []string
	for _, group := range item.Groups {
		for _, predicate := range group {
			for _, value := range predicate.Values {
				if !slices.Contains(sources, value.Source) {
					sources = append(sources, value.Source)
				}
			}
		}
	}
	return sources
}

// spanOf returns where a value stands.
func spanOf(item sigma.Item, source string) diag.Span {
	for _, v := range item.Values {
		if v.Value == source {
			return v.Span
		}
	}
	return item.Key
}

// dropValue removes whatever became of a value.
func dropValue(item *plan.Item, source string) {
	for i := range item.Groups {
		for j := range item.Groups[i] {
			p := &item.Groups[i][j]
			p.Values = slices.DeleteFunc(p.Values, func(v plan.Value) bool { return v.Source == source })
		}
		item.Groups[i] = slices.DeleteFunc(item.Groups[i], func(p plan.Predicate) bool { return len(p.Values) == 0 && takesValues(p.Op) })
	}
	item.Groups = slices.DeleteFunc(item.Groups, func(g []plan.Predicate) bool { return len(g) == 0 })
}

func takesValues(op plan.Op) bool {
	return op != plan.Exists && op != plan.Absent && op != plan.IsNull
}
