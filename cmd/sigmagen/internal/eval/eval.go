// Package eval interprets the plan of a rule on a record, and says why it holds
// or not. It is the oracle of the compiled matchers: it shares no code with
// package runtime, and states every predicate as plainly as it can, whatever
// that costs.
package eval

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// An Explanation says whether a rule holds on a record, and why.
type Explanation struct {
	Match bool
	// Problem says why the record cannot be read, in which case no rule holds
	// on it and there is nothing else to say.
	Problem string
	// Searches are those of the rule, then those of its filters, all in the
	// order of their files.
	Searches   []Search
	Conditions []Condition
}

// A Search is one search identifier.
type Search struct {
	Filter     string // key of the filter that it belongs to, or ""
	Name       string
	Held       bool
	Predicates []Predicate
}

// A Predicate is one predicate of a search.
type Predicate struct {
	plan.Predicate
	// Map is the alternative of the search that it belongs to, counted from 0;
	// Negated says that the item around it is (modifier neq).
	Map     int
	Negated bool
	Held    bool
	// Read holds the JSON texts of the values that the predicate looked at.
	Read []string
}

// A Condition is one condition of the rule or of a filter.
type Condition struct {
	Filter string // key of the filter that it belongs to, or ""
	Text   string
	Held   bool
}

// A Record is a record that was read once, to be matched with many rules.
type Record struct {
	root object
}

// Read reads a record: JSON text.
func Read(record []byte) (*Record, error) {
	root, err := decode(record)
	if err != nil {
		return nil, err
	}
	return &Record{root: root}, nil
}

// Holding reports of each value of a predicate whether the predicate would hold if it
// had that value alone. Of one that takes no values it reports whether that holds.
func (r *Record) Holding(p plan.Predicate) []bool {
	e := &explainer{root: r.root, silent: true}
	if len(p.Values) == 0 {
		held, _ := e.predicate(p)
		return []bool{held}
	}
	_, looked := e.looked(p)
	holding := make([]bool, len(p.Values))
	for i, value := range p.Values {
		holding[i] = slices.ContainsFunc(looked, func(v any) bool { return e.holds(p, v, value) })
	}
	return holding
}

// Match reports whether the record satisfies a rule and the filters that narrow
// it.
func (r *Record) Match(rule *plan.Rule) bool {
	e := &explainer{root: r.root, silent: true}
	return e.rule(rule).Match
}

// Match reports whether a record, as JSON text, satisfies a rule and the filters
// that narrow it. No rule holds on a record that cannot be read.
func Match(rule *plan.Rule, record []byte) bool {
	r, err := Read(record)
	return err == nil && r.Match(rule)
}

// Explain says whether a record satisfies a rule, and why.
func Explain(rule *plan.Rule, record []byte) Explanation {
	root, err := decode(record)
	if err != nil {
		return Explanation{Problem: err.Error()}
	}
	e := &explainer{root: root}
	return e.rule(rule)
}

// Holds reports whether a predicate holds for a scalar: a string, a json.Number, a
// bool or nil. It compares with no other field.
func Holds(p plan.Predicate, scalar any) bool {
	e := explainer{}
	for _, value := range p.Values {
		if e.holds(p, scalar, value) {
			return true
		}
	}
	return p.Op == plan.Exists || p.Op == plan.IsNull && scalar == nil
}

type explainer struct {
	root        object
	silent      bool // what predicates read is not written down
	held        map[*plan.Search]bool
	explanation Explanation
}

func (e *explainer) rule(rule *plan.Rule) Explanation {
	e.held = map[*plan.Search]bool{}
	e.explanation.Match = e.detection("", rule.Searches, rule.Conditions)
	for _, f := range rule.Filters {
		if !e.detection(f.Syntax.Key, f.Searches, f.Conditions) {
			e.explanation.Match = false
		}
	}
	return e.explanation
}

// detection evaluates the searches and conditions of one document. It holds when
// one of the conditions does.
func (e *explainer) detection(filter string, searches []*plan.Search, conditions []plan.Condition) bool {
	for _, s := range searches {
		explained := Search{Filter: filter, Name: s.Name}
		for i, m := range s.Maps {
			if e.all(&explained, i, m) {
				explained.Held = true
			}
		}
		e.held[s] = explained.Held
		e.explanation.Searches = append(e.explanation.Searches, explained)
	}
	any := false
	for _, c := range conditions {
		held := e.expr(c.Expr)
		e.explanation.Conditions = append(e.explanation.Conditions, Condition{Filter: filter, Text: c.Text, Held: held})
		any = any || held
	}
	return any
}

// all evaluates the items of a map, all of them also behind one that does not
// hold.
func (e *explainer) all(s *Search, index int, items plan.Map) bool {
	all := true
	for _, item := range items {
		var groups []bool
		for _, group := range item.Groups {
			held := false
			for _, p := range group {
				explained := Predicate{Predicate: p, Map: index, Negated: item.Not}
				explained.Held, explained.Read = e.predicate(p)
				held = held || explained.Held
				s.Predicates = append(s.Predicates, explained)
			}
			groups = append(groups, held)
		}
		held := slices.Contains(groups, true)
		if item.All {
			held = !slices.Contains(groups, false)
		}
		all = all && held != item.Not
	}
	return all
}

func (e *explainer) expr(x plan.Expr) bool {
	switch x := x.(type) {
	case plan.And:
		for _, operand := range x.Operands {
			if !e.expr(operand) {
				return false
			}
		}
		return true
	case plan.Or:
		for _, operand := range x.Operands {
			if e.expr(operand) {
				return true
			}
		}
		return false
	case plan.Not:
		return !e.expr(x.Operand)
	case plan.Ref:
		return e.held[x.Search]
	case plan.Quantifier:
		count := 0
		for _, member := range x.Members {
			if e.held[member] {
				count++
			}
		}
		if x.All {
			return count == len(x.Members)
		}
		return count > 0
	default:
		panic(fmt.Sprintf("eval: unknown node %T of a condition", x))
	}
}

// maxRead bounds how much of what a predicate read is printed.
const maxRead = 10

// String writes an explanation as lines for people.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "match: %v\n", e.Match)
	if e.Problem != "" {
		fmt.Fprintf(&b, "%s\n", e.Problem)
	}
	for _, c := range e.Conditions {
		fmt.Fprintf(&b, "%scondition %q: %v\n", prefix(c.Filter), c.Text, c.Held)
	}
	for _, s := range e.Searches {
		fmt.Fprintf(&b, "%ssearch %s: %v\n", prefix(s.Filter), s.Name, s.Held)
		for _, p := range s.Predicates {
			fmt.Fprintf(&b, "  %s\n", p)
		}
	}
	return b.String()
}

func prefix(filter string) string {
	if filter == "" {
		return ""
	}
	return "filter " + filter + ": "
}

// String writes a predicate, whether it held, and what it read.
func (p Predicate) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "map %d: ", p.Map)
	if p.Negated {
		b.WriteString("not ")
	}
	if p.Field == "" {
		b.WriteString("keywords")
	} else {
		b.WriteString(p.Field)
	}
	if p.Part != "" {
		b.WriteString(" " + p.Part)
	}
	b.WriteString(" " + opNames[p.Op])
	if p.Cased {
		b.WriteString(" (cased)")
	}
	for i, v := range p.Values {
		if i > 0 {
			b.WriteString(" or")
		}
		fmt.Fprintf(&b, " %q", v.Text)
	}
	fmt.Fprintf(&b, ": %v, ", p.Held)
	switch {
	case len(p.Read) == 0:
		b.WriteString("read nothing")
	case len(p.Read) > maxRead:
		fmt.Fprintf(&b, "read %s and %d more", strings.Join(p.Read[:maxRead], " "), len(p.Read)-maxRead)
	default:
		fmt.Fprintf(&b, "read %s", strings.Join(p.Read, " "))
	}
	return b.String()
}

var opNames = map[plan.Op]string{
	plan.Equal: "equals", plan.Prefix: "begins with", plan.Suffix: "ends with", plan.Contains: "contains", plan.Like: "is like",
	plan.Number: "is the number", plan.Regexp: "matches", plan.InPrefix: "is in",
	plan.FieldEqual: "equals the field", plan.FieldPrefix: "begins with the field", plan.FieldSuffix: "ends with the field", plan.FieldContains: "contains the field",
	plan.Less: "is less than", plan.LessOrEqual: "is at most", plan.Greater: "is greater than", plan.GreaterOrEqual: "is at least",
	plan.Exists: "exists", plan.Absent: "is absent", plan.IsNull: "is null",
}
