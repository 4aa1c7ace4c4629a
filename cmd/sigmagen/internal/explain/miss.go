package explain

import (
	"cmp"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// A Miss is the fewest predicates, of those ways to match that were looked at, that
// would have to turn out otherwise for a record to match.
type Miss struct {
	// Changes is empty when no way was found.
	Changes []Change `json:"changes"`
	// Exhaustive says that all ways through the condition were looked at, each as
	// far as it does not ask for what is known to be impossible.
	Exhaustive bool `json:"exhaustive"`
}

// A Change is a predicate that would have to turn out otherwise.
type Change struct {
	Search string `json:"search"`
	Must   bool   `json:"must_hold"` // else it must not
	Node   *Node  `json:"predicate"` // with what it read
}

// Bounds of the search for the nearest miss: how many ways through each part of the
// condition are kept, the nearest ones, and how many of the whole are looked at for
// contradictions.
const (
	maxWays   = 64
	maxProofs = 16
)

// A way says of every predicate whether it has to hold (1), must not (-1), or does not
// matter (0).
type way []int8

// nearest looks for the way to a match that changes the fewest predicates.
func (l *leaves) nearest(r *plan.Rule, tree *Node) *Miss {
	w := wayfinder{leaves: l}
	ways := w.ways(tree, true)
	miss := &Miss{Changes: []Change{}, Exhaustive: !w.cut}
	for i, candidate := range ways {
		if i == maxProofs {
			miss.Exhaustive = false
			break
		}
		if prove.Rule(candidate.rule(r, l)).Verdict == prove.Impossible {
			continue
		}
		for leaf, want := range candidate {
			if want != 0 && l.held[leaf] != (want > 0) {
				n := predicate(l.all[leaf])
				n.Held, n.Read = &l.held[leaf], l.read[leaf]
				miss.Changes = append(miss.Changes, Change{Search: l.name[leaf], Must: want > 0, Node: n})
			}
		}
		break
	}
	return miss
}

// rule returns a rule that asks for what a way does, and nothing else.
func (w way) rule(r *plan.Rule, l *leaves) *plan.Rule {
	var items plan.Map
	for leaf, want := range w {
		if want != 0 {
			p := l.all[leaf]
			items = append(items, plan.Item{Field: p.Field, Groups: [][]plan.Predicate{{*p}}, Not: want < 0})
		}
	}
	s := &plan.Search{Name: "way", Maps: []plan.Map{items}}
	return &plan.Rule{Syntax: r.Syntax, Searches: []*plan.Search{s}, Conditions: []plan.Condition{{Expr: plan.Ref{Search: s}}}}
}

type wayfinder struct {
	*leaves
	cut bool // some ways were left out
}

// ways returns the ways to make a node hold, or fail: the nearest ones first, at most
// maxWays.
func (w *wayfinder) ways(n *Node, want bool) []way {
	if n.predicate != nil {
		one := make(way, len(w.all))
		one[w.at[n.predicate]] = -1
		if want {
			one[w.at[n.predicate]] = 1
		}
		return []way{one}
	}
	if n.Join == Not {
		return w.ways(n.Parts[0], !want)
	}
	var found []way
	if (n.Join == All) != want { // one part is enough
		for _, part := range n.Parts {
			found = append(found, w.ways(part, want)...)
		}
		return w.nearestOf(found)
	}
	found = []way{make(way, len(w.all))}
	for _, part := range n.Parts {
		var longer []way
		for _, more := range w.ways(part, want) {
			for _, so := range found {
				if both, ok := so.and(more); ok {
					longer = append(longer, both)
				}
			}
		}
		found = w.nearestOf(longer)
	}
	return found
}

// and joins two ways. ok is false when a predicate would have to hold and to fail.
func (w way) and(other way) (both way, ok bool) {
	both = slices.Clone(w)
	for i, want := range other {
		switch {
		case want == 0:
		case both[i] == -want:
			return nil, false
		default:
			both[i] = want
		}
	}
	return both, true
}

func (w *wayfinder) nearestOf(found []way) []way {
	slices.SortStableFunc(found, func(a, b way) int { return cmp.Compare(w.distance(a), w.distance(b)) })
	var kept []way
	for _, one := range found {
		if !slices.ContainsFunc(kept, func(k way) bool { return slices.Equal(k, one) }) {
			kept = append(kept, one)
		}
		if len(kept) > maxWays {
			w.cut = true
			return kept[:maxWays]
		}
	}
	return kept
}

// distance is how many predicates would have to turn out otherwise.
func (w *wayfinder) distance(one way) int {
	n := 0
	for i, want := range one {
		if want != 0 && w.held[i] != (want > 0) {
			n++
		}
	}
	return n
}
