package prove

import (
	"iter"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// anywhere is where a record gets a value that may be of any field.
const anywhere = "additionalEventData.note"

// maxTries is how many values are tried for the field of a record that was found to
// fail as a whole.
const maxTries = 8

// events makes records on which the literals should hold. They are candidates: fields
// are looked at one by one.
func (c *cube) events(propose func(field string, hold, fail []plan.Predicate) []any) iter.Seq[map[string]any] {
	return func(yield func(map[string]any) bool) {
		fields := c.fields()
		values := make([][]any, len(fields))
		for i, f := range fields {
			if values[i] = slices.Collect(first(f.values(propose), maxTries)); len(values[i]) == 0 {
				return
			}
		}
		// One value after the other takes its turn, the others stay at their first.
		try := make([]any, len(fields))
		for i := range fields {
			try[i] = values[i][0]
		}
		if event, ok := assemble(fields, try); ok && !yield(event) {
			return
		}
		for i := range fields {
			for _, value := range values[i][1:] {
				other := slices.Clone(try)
				other[i] = value
				if event, ok := assemble(fields, other); ok && !yield(event) {
					return
				}
			}
		}
		// What a field begins with, ends with or contains need not be all of it.
		for _, l := range c.literals {
			i := slices.IndexFunc(fields, func(f *field) bool { return slices.Contains(f.paths, l.Field) })
			if l.negated || !isField(l.Predicate) || l.Op == plan.FieldEqual || i < 0 {
				continue
			}
			part, isString := try[i].(string)
			if !isString {
				continue
			}
			for _, longer := range []string{part + "-x", "x-" + part, "x-" + part + "-x"} {
				event, ok := assemble(fields, try)
				if ok && put(event, l.Field, longer) && !yield(event) {
					return
				}
			}
		}
	}
}

// first is the beginning of a sequence.
func first(all iter.Seq[any], n int) iter.Seq[any] {
	return func(yield func(any) bool) {
		left := n
		for v := range all {
			if left--; !yield(v) || left == 0 {
				return
			}
		}
	}
}

// field is what the literals ask of the values at paths that are to be equal.
type field struct {
	paths []string
	hold  []plan.Predicate
	fail  []plan.Predicate
	texts languages
}

// fields groups what must be there. A path for which everything is negated stays away.
func (c *cube) fields() []*field {
	var all []*field
	at := func(path string) *field {
		if path == "" {
			path = anywhere
		}
		for _, f := range all {
			if slices.Contains(f.paths, path) {
				return f
			}
		}
		f := &field{paths: []string{path}, texts: c.languages}
		all = append(all, f)
		return f
	}
	for _, l := range c.literals {
		switch {
		case l.negated && l.Op == plan.IsNull: // it is to be there
			at(l.Field).fail = append(at(l.Field).fail, l.Predicate)
		case l.negated:
		case l.Op == plan.IsNull && !slices.ContainsFunc(c.literals, func(o literal) bool {
			return !o.negated && o.Field == l.Field && o.Op != plan.IsNull
		}): // absence will do
		case isField(l.Predicate):
			a, b := at(l.Field), at(l.Values[0].Text)
			if a != b { // what is equal also begins with it
				a.paths = append(a.paths, b.paths...)
				a.hold = append(a.hold, b.hold...)
				a.fail = append(a.fail, b.fail...)
				all = slices.DeleteFunc(all, func(f *field) bool { return f == b })
			}
		default:
			f := at(l.Field)
			f.hold = append(f.hold, l.Predicate)
		}
	}
	for _, l := range c.literals {
		if !l.negated || l.Op == plan.Exists || l.Op == plan.IsNull || isField(l.Predicate) {
			continue
		}
		for _, f := range all {
			if l.Field == "" || slices.ContainsFunc(f.paths, func(p string) bool { return p == l.Field || strings.HasPrefix(p, l.Field+".") }) {
				f.fail = append(f.fail, l.Predicate)
			}
		}
	}
	return all
}

// values returns what the field may be: a scalar that does everything, or else a list
// in which an element does each thing.
func (f *field) values(propose func(field string, hold, fail []plan.Predicate) []any) iter.Seq[any] {
	return func(yield func(any) bool) {
		found := false
		for v := range f.candidates(propose, f.hold, f.fail) {
			if allowed(v, f.hold, f.fail) {
				if found = true; !yield(v) {
					return
				}
			}
		}
		if found || len(f.hold) < 2 || slices.ContainsFunc(f.paths, isSingle) {
			return
		}
		var list []any
		for _, p := range f.hold {
			one := []plan.Predicate{p}
			for v := range f.candidates(propose, one, f.fail) {
				if allowed(v, one, f.fail) {
					list = append(list, v)
					break
				}
			}
		}
		if len(list) == len(f.hold) {
			yield(list)
		}
	}
}

// candidates returns what is proposed for the field, then what may do, then what tells
// expressions apart.
func (f *field) candidates(propose func(field string, hold, fail []plan.Predicate) []any, hold, fail []plan.Predicate) iter.Seq[any] {
	return func(yield func(any) bool) {
		if propose != nil {
			for _, v := range propose(f.paths[0], hold, fail) {
				if !yield(v) {
					return
				}
			}
		}
		for v := range candidates(hold, fail) {
			if !yield(v) {
				return
			}
		}
		if text, verdict := f.texts.shortest(hold, fail); verdict == Possible {
			yield(text)
		}
	}
}

// allowed reports whether a scalar satisfies all of hold and none of fail.
func allowed(scalar any, hold, fail []plan.Predicate) bool {
	return !slices.ContainsFunc(hold, func(p plan.Predicate) bool { return !eval.Holds(p, scalar) }) &&
		!slices.ContainsFunc(fail, func(p plan.Predicate) bool { return eval.Holds(p, scalar) })
}

// assemble makes a record. ok is false when the paths are in each other's way.
func assemble(fields []*field, values []any) (event map[string]any, ok bool) {
	event = map[string]any{"eventVersion": "1.11"}
	for i, f := range fields {
		for _, path := range f.paths {
			if !put(event, path, values[i]) {
				return nil, false
			}
		}
	}
	return event, true
}

// put sets the value at a path. Where an object is already, or has to be, the value
// becomes one of its members: tests on text look inside.
func put(at map[string]any, path string, value any) bool {
	key, rest, nested := strings.Cut(path, ".")
	old, taken := at[key]
	inner, isObject := old.(map[string]any)
	switch {
	case !nested && isObject:
		inner["value"] = value
	case !nested:
		at[key] = value
	case taken && !isObject:
		at[key] = map[string]any{"value": old}
		return put(at[key].(map[string]any), rest, value)
	case isObject:
		return put(inner, rest, value)
	default:
		inner = map[string]any{}
		at[key] = inner
		return put(inner, rest, value)
	}
	return true
}
