package reach

import (
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// node is a condition in which only tests are negated.
type node interface{ node() }

type (
	all []node // holds when every part does
	one []node // holds when a part does
)

// leaf is a test, or the negation of one, and where the rule writes it.
type leaf struct {
	test    plan.Predicate
	negated bool
	written *sigma.Item
	known   map[string]bool // what it says of those that were asked about
}

func (all) node()   {}
func (one) node()   {}
func (*leaf) node() {}

// document has the searches of a rule or a filter as they are written, by name.
type document map[string]*sigma.Search

func newDocument(rule *sigma.Rule) document {
	d := document{}
	for i := range rule.Searches {
		d[rule.Searches[i].Name.Value] = &rule.Searches[i]
	}
	return d
}

// ruleNode returns what a rule and its filters ask for.
func ruleNode(rule *plan.Rule) node {
	parts := all{newDocument(rule.Syntax).conditions(rule.Conditions)}
	for _, filter := range rule.Filters {
		parts = append(parts, newDocument(filter.Syntax).conditions(filter.Conditions))
	}
	return parts
}

func (d document) conditions(conditions []plan.Condition) node {
	return join(conditions, false, func(c plan.Condition) node { return d.expr(c.Expr, false) })
}

// join makes one condition of parts that are negated already if negated is true:
// all of them, or with every false one of them, before they were.
func join[T any](parts []T, every bool, f func(T) node) node {
	var nodes []node
	for _, part := range parts {
		nodes = append(nodes, f(part))
	}
	if every {
		return all(nodes)
	}
	return one(nodes)
}

func (d document) expr(e plan.Expr, negated bool) node {
	switch e := e.(type) {
	case plan.And:
		return join(e.Operands, !negated, func(o plan.Expr) node { return d.expr(o, negated) })
	case plan.Or:
		return join(e.Operands, negated, func(o plan.Expr) node { return d.expr(o, negated) })
	case plan.Not:
		return d.expr(e.Operand, !negated)
	case plan.Ref:
		return d.search(e.Search, negated)
	case plan.Quantifier:
		return join(e.Members, e.All != negated, func(s *plan.Search) node { return d.search(s, negated) })
	default:
		panic("reach: unknown node of a condition")
	}
}

func (d document) search(s *plan.Search, negated bool) node {
	written := d[s.Name]
	var maps []node
	for i, m := range s.Maps {
		var items []node
		for j, item := range m {
			items = append(items, itemNode(item, &written.Maps[i][j], negated))
		}
		maps = append(maps, join(items, !negated, func(n node) node { return n }))
	}
	return join(maps, negated, func(n node) node { return n })
}

func itemNode(item plan.Item, written *sigma.Item, negated bool) node {
	negated = negated != item.Not
	return join(item.Groups, item.All != negated, func(group []plan.Predicate) node {
		return join(group, negated, func(p plan.Predicate) node {
			return &leaf{test: p, negated: negated, written: written, known: map[string]bool{}}
		})
	})
}

// visit calls f for every test below n, with the conditions that must hold as
// well where it decides.
func visit(n node, beside []node, f func(l *leaf, beside []node)) {
	switch n := n.(type) {
	case all:
		for i, part := range n {
			visit(part, slices.Concat(beside, n[:i], n[i+1:]), f)
		}
	case one:
		for _, part := range n {
			visit(part, beside, f)
		}
	case *leaf:
		f(n, beside)
	}
}

// pair is what is known of a record: its eventSource and eventName, or nil.
type pair struct{ source, name *string }

// mayHold reports whether a record with a pair may satisfy all conditions. What
// they say of other fields is taken to be satisfied.
func mayHold(conditions []node, p pair) bool {
	return !slices.ContainsFunc(conditions, func(n node) bool { return !may(n, p) })
}

func may(n node, p pair) bool {
	switch n := n.(type) {
	case all:
		return mayHold(n, p)
	case one:
		return slices.ContainsFunc(n, func(part node) bool { return may(part, p) })
	case *leaf:
		return n.may(p)
	default:
		panic("reach: unknown node of a condition")
	}
}

func (l *leaf) may(p pair) bool {
	var text *string
	switch l.test.Field {
	case "eventSource":
		text = p.source
	case "eventName":
		text = p.name
	}
	if text == nil {
		return true
	}
	switch l.test.Op {
	case plan.FieldEqual, plan.FieldPrefix, plan.FieldSuffix, plan.FieldContains:
		return true
	}
	return l.says(*text) != l.negated
}

// says reports whether the test, before it is negated, holds on a text.
func (l *leaf) says(text string) bool {
	switch l.test.Op {
	case plan.Exists:
		return true
	case plan.Absent, plan.IsNull:
		return false
	}
	holds, known := l.known[text]
	if !known {
		holds = eval.Holds(l.test, text)
		l.known[text] = holds
	}
	return holds
}

// value is one operand of a test.
type value struct {
	plan.Value
	span diag.Span
}

// values returns the operands of a test with their places.
func (l *leaf) values() []value {
	var values []value
	for _, v := range l.test.Values {
		span := l.written.Key
		for _, scalar := range l.written.Values {
			if scalar.Value == v.Source {
				span = scalar.Span
				break
			}
		}
		values = append(values, value{v, span})
	}
	return values
}

// single returns the test with one of its operands.
func (l *leaf) single(v value) *leaf {
	test := l.test
	test.Values = []plan.Value{v.Value}
	return &leaf{test: test, negated: l.negated, written: l.written, known: map[string]bool{}}
}
