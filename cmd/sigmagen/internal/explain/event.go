package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// An Explanation says why a rule matches a record, or not.
type Explanation struct {
	Match bool
	// Problem says why the record cannot be read; there is nothing else to say then.
	Problem string
	Tree    *Node
	// Miss is how a record that does not match would; nil if it matches.
	Miss *Miss

	searches map[string]bool // whether each search held, and each filter as a whole
}

// Event explains a rule on a record, as JSON text.
func Event(r *plan.Rule, record []byte) Explanation {
	explained := eval.Explain(r, record)
	e := Explanation{Match: explained.Match, Problem: explained.Problem}
	if e.Problem != "" {
		return e
	}
	leaves := collect(r, explained)
	e.Tree = Tree(r)
	if held := leaves.hold(e.Tree); held != explained.Match {
		panic(fmt.Sprintf("explain: the tree of rule %s says %t where eval says %t", r.Syntax.Key, held, explained.Match))
	}
	e.searches = map[string]bool{}
	for _, s := range explained.Searches {
		if s.Filter == "" {
			e.searches[s.Name] = s.Held
		}
	}
	for _, c := range explained.Conditions {
		if name := "filter " + c.Filter; c.Filter != "" {
			e.searches[name] = e.searches[name] || c.Held
		}
	}
	if !e.Match {
		e.Miss = leaves.nearest(r, e.Tree)
	}
	return e
}

// Disagreement compares an explanation with what the compiled matcher says of the
// same record: whether it matches, and whether each of its searches holds. It names
// what differs, or returns "".
func (e Explanation) Disagreement(match bool, searches map[string]bool) string {
	if e.Problem != "" {
		return ""
	}
	var all []string
	for name, held := range searches {
		if known, ok := e.searches[name]; !ok || known != held {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	if match != e.Match {
		all = append([]string{"the rule"}, all...)
	}
	return strings.Join(all, ", ")
}

// leaves are the predicates of a rule, and what came of them on a record.
type leaves struct {
	at   map[*plan.Predicate]int
	all  []*plan.Predicate
	held []bool
	read [][]json.RawMessage
	name []string // of the search that it stands in
}

// collect pairs the predicates of a rule with what eval says of them, which is in the
// order of the plan.
func collect(r *plan.Rule, explained eval.Explanation) *leaves {
	l := &leaves{at: map[*plan.Predicate]int{}}
	next := 0
	add := func(prefix string, searches []*plan.Search) {
		for _, s := range searches {
			results := explained.Searches[next].Predicates
			next++
			for m := range s.Maps {
				for i := range s.Maps[m] {
					for g := range s.Maps[m][i].Groups {
						for p := range s.Maps[m][i].Groups[g] {
							leaf := &s.Maps[m][i].Groups[g][p]
							l.at[leaf] = len(l.all)
							l.all = append(l.all, leaf)
							l.held = append(l.held, results[0].Held)
							l.read = append(l.read, raw(results[0].Read))
							l.name = append(l.name, prefix+s.Name)
							results = results[1:]
						}
					}
				}
			}
		}
	}
	add("", r.Searches)
	for _, f := range r.Filters {
		add("filter "+f.Syntax.Key+": ", f.Searches)
	}
	return l
}

func raw(texts []string) []json.RawMessage {
	var all []json.RawMessage
	for _, text := range texts {
		all = append(all, json.RawMessage(text))
	}
	return all
}

// hold notes in a tree which nodes hold, and returns whether the whole does.
func (l *leaves) hold(n *Node) bool {
	held := n.Join == All
	if n.predicate != nil {
		i := l.at[n.predicate]
		held, n.Read = l.held[i], l.read[i]
	}
	for _, part := range n.Parts {
		h := l.hold(part)
		switch n.Join {
		case All:
			held = held && h
		case Any:
			held = held || h
		case Not:
			held = !h
		}
	}
	n.Held = &held
	return held
}
