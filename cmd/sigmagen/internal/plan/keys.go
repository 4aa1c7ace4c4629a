package plan

import (
	"cmp"
	"slices"

	"github.com/trailalerts/trailalerts/runtime"
)

// A Key is a pair of eventSource and eventName that a matching record can have,
// both in the form of runtime.Fold. "" stands for any value.
type Key struct{ Source, Name string }

// anyKey stands for every record.
var anyKey = Key{}

// maxKeys bounds the keys of one rule; a rule with more is tried on every record.
const maxKeys = 256

// exprKeys returns keys that cover every record on which e can hold. None means
// that e cannot hold at all. What a negation needs is not looked at.
func exprKeys(e Expr) []Key {
	switch e := e.(type) {
	case And:
		keys := []Key{anyKey}
		for _, operand := range e.Operands {
			keys = intersect(keys, exprKeys(operand))
		}
		return keys
	case Or:
		var keys []Key
		for _, operand := range e.Operands {
			keys = union(keys, exprKeys(operand))
		}
		return keys
	case Not:
		return []Key{anyKey}
	case Ref:
		return searchKeys(e.Search)
	case Quantifier:
		var operands []Expr
		for _, member := range e.Members {
			operands = append(operands, Ref{Search: member})
		}
		if e.All {
			return exprKeys(And{Operands: operands})
		}
		return exprKeys(Or{Operands: operands})
	default:
		panic("plan: unknown node of a condition")
	}
}

func searchKeys(s *Search) []Key {
	var keys []Key
	for _, m := range s.Maps {
		mapKeys := []Key{anyKey}
		for _, item := range m {
			mapKeys = intersect(mapKeys, itemKeys(item))
		}
		keys = union(keys, mapKeys)
	}
	return keys
}

// itemKeys returns the keys that an item asks for. A list of values under the
// modifier all is left alone: it makes sense on arrays only.
func itemKeys(item Item) []Key {
	if item.All || item.Not || len(item.Groups) != 1 || len(item.Groups[0]) != 1 || item.Groups[0][0].Op != Equal || item.Groups[0][0].Part != "" {
		return []Key{anyKey}
	}
	var keys []Key
	for _, v := range item.Groups[0][0].Values {
		switch item.Field {
		case "eventSource":
			keys = append(keys, Key{Source: runtime.Fold(v.Text)})
		case "eventName":
			keys = append(keys, Key{Name: runtime.Fold(v.Text)})
		default:
			return []Key{anyKey}
		}
	}
	return normalise(keys)
}

func intersect(a, b []Key) []Key {
	var keys []Key
	for _, x := range a {
		for _, y := range b {
			source, okSource := meet(x.Source, y.Source)
			name, okName := meet(x.Name, y.Name)
			if okSource && okName {
				keys = append(keys, Key{source, name})
			}
		}
	}
	return normalise(keys)
}

// meet returns the value that satisfies both constraints, "" being none.
func meet(a, b string) (string, bool) {
	if a == "" || b == "" || a == b {
		return cmp.Or(a, b), true
	}
	return "", false
}

func union(a, b []Key) []Key { return normalise(slices.Concat(a, b)) }

// normalise sorts keys and removes those that another covers, so that no record
// is covered twice: a rule must not be tried twice on one record.
func normalise(keys []Key) []Key {
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Name, b.Name))
	})
	keys = slices.Compact(keys)
	if len(keys) > maxKeys || slices.Contains(keys, anyKey) {
		return []Key{anyKey}
	}
	bySource, byName := map[string]bool{}, map[string]bool{}
	for _, k := range keys {
		if k.Name == "" {
			bySource[k.Source] = true
		}
		if k.Source == "" {
			byName[k.Name] = true
		}
	}
	if len(bySource) > 0 && len(byName) > 0 {
		return []Key{anyKey} // source s with any name, and name n of any source, overlap in (s, n)
	}
	return slices.DeleteFunc(keys, func(k Key) bool {
		return k.Source != "" && k.Name != "" && (bySource[k.Source] || byName[k.Name])
	})
}
