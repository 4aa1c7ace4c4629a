// Package explain says in words what a rule asks for and, of a record, which
// predicates held, which did not, and how near it is to a match. It reads plans and
// asks package eval; it decides nothing itself.
package explain

import (
	"encoding/json"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// Join says how the parts of a Node make it hold. A predicate has none.
type Join string

// A node holds when all its parts do, when any of them does, or when its one part
// does not.
const (
	All Join = "all"
	Any Join = "any"
	Not Join = "not"
)

// A Node is a part of what a rule asks for, down to single predicates.
type Node struct {
	// Name is that of a search or filter, or the quantifier as the rule writes it.
	Name  string  `json:"name,omitempty"`
	Join  Join    `json:"join,omitempty"`
	Parts []*Node `json:"parts,omitempty"`

	// Written is an item as the rule writes it, where its words do not show that:
	// its field with the modifiers, and its values if these became others.
	Written string `json:"written,omitempty"`

	// Of a predicate: the field, which keywords do not have, what it asks, such as
	// "eventName is one of", of which values, and how it takes letters.
	Field  string   `json:"field,omitempty"`
	Says   string   `json:"says,omitempty"`
	Values []string `json:"values,omitempty"`
	Note   string   `json:"note,omitempty"`

	// Of a record: whether the node held and, of a predicate, the values that it
	// looked at.
	Held *bool             `json:"held,omitempty"`
	Read []json.RawMessage `json:"read,omitempty"`

	predicate *plan.Predicate // of a predicate
	one       string          // what it says before one value
	item      string          // field of an item that is Written
	search    *plan.Search    // of a search
}

// Tree returns what a rule asks for, with the filters that narrow it.
func Tree(r *plan.Rule) *Node {
	parts := []*Node{conditions(r.Conditions, r.Syntax)}
	for _, f := range r.Filters {
		n := conditions(f.Conditions, f.Syntax)
		parts = append(parts, &Node{Name: "filter " + f.Syntax.Key, Join: All, Parts: []*Node{n}})
	}
	return join(All, parts)
}

// join returns the one part that there is, or a node of all.
func join(j Join, parts []*Node) *Node {
	if len(parts) == 1 {
		return parts[0]
	}
	return &Node{Join: j, Parts: parts}
}

func conditions(all []plan.Condition, syntax *sigma.Rule) *Node {
	return join(Any, each(all, func(c plan.Condition) *Node { return expression(c.Expr, syntax) }))
}

func expression(e plan.Expr, syntax *sigma.Rule) *Node {
	operand := func(e plan.Expr) *Node { return expression(e, syntax) }
	switch e := e.(type) {
	case plan.And:
		return join(All, each(e.Operands, operand))
	case plan.Or:
		return join(Any, each(e.Operands, operand))
	case plan.Not:
		return &Node{Join: Not, Parts: []*Node{operand(e.Operand)}}
	case plan.Ref:
		return search(e.Search, syntax)
	case plan.Quantifier:
		n := &Node{Name: "1 of " + e.Pattern, Join: Any}
		if e.All {
			n.Name, n.Join = "all of "+e.Pattern, All
		}
		n.Parts = each(e.Members, func(s *plan.Search) *Node { return search(s, syntax) })
		return n
	default:
		panic("explain: unknown node of a condition")
	}
}

// search returns a search with its items in the words of its author. syntax is the
// document that it stands in.
func search(s *plan.Search, syntax *sigma.Rule) *Node {
	var written []sigma.Map
	for _, w := range syntax.Searches {
		if w.Name.Value == s.Name {
			written = w.Maps
		}
	}
	var maps []*Node
	for i := range s.Maps {
		var items []*Node
		for k := range s.Maps[i] {
			n := item(&s.Maps[i][k])
			if i < len(written) && k < len(written[i]) {
				n.Written, n.item = asWritten(&s.Maps[i][k], written[i][k]), s.Maps[i][k].Field
			}
			items = append(items, n)
		}
		maps = append(maps, join(All, items))
	}
	n := join(Any, maps)
	if len(s.Maps) == 1 && len(s.Maps[0]) == 1 { // the node of an item, which stays one
		n = &Node{Join: All, Parts: []*Node{n}}
	}
	n.Name, n.search = s.Name, s
	return n
}

func item(i *plan.Item) *Node {
	var groups []*Node
	for g := range i.Groups {
		var predicates []*Node
		for p := range i.Groups[g] {
			predicates = append(predicates, predicate(&i.Groups[g][p]))
		}
		groups = append(groups, join(Any, predicates))
	}
	n := join(Any, groups)
	if i.All {
		n = join(All, groups)
	}
	if i.Not {
		n = &Node{Join: Not, Parts: []*Node{n}}
	}
	return n
}

// asWritten returns an item as its author wrote it, or "" where its words show that.
func asWritten(planned *plan.Item, written sigma.Item) string {
	key := written.Field.Value
	for _, m := range written.Modifiers {
		key += "|" + m.Value
	}
	shown := true
	for _, group := range planned.Groups {
		for _, p := range group {
			for _, v := range p.Values {
				shown = shown && (v.Text == v.Source || p.Op == plan.InPrefix || p.Op == plan.Regexp)
			}
		}
	}
	switch {
	case shown && len(written.Modifiers) == 0:
		return ""
	case shown:
		return key
	}
	var values []string
	for _, v := range written.Values {
		values = append(values, v.Value)
	}
	if key == "" {
		return strings.Join(values, ", ")
	}
	return key + ": " + strings.Join(values, ", ")
}

func each[T any](list []T, f func(T) *Node) []*Node {
	var nodes []*Node
	for _, v := range list {
		nodes = append(nodes, f(v))
	}
	return nodes
}
