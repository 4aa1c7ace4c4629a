package explain

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// words says what a predicate asks: of one value, and of several.
var words = map[plan.Op][2]string{
	plan.Equal:          {"is", "is one of"},
	plan.Prefix:         {"begins with", "begins with one of"},
	plan.Suffix:         {"ends with", "ends with one of"},
	plan.Contains:       {"contains", "contains one of"},
	plan.Like:           {"is like", "is like one of"},
	plan.Number:         {"is the number", "is one of the numbers"},
	plan.Regexp:         {"is matched by", "is matched by one of"},
	plan.InPrefix:       {"is an address in", "is an address in one of"},
	plan.FieldEqual:     {"equals the field", "equals one of the fields"},
	plan.FieldPrefix:    {"begins with the field", "begins with one of the fields"},
	plan.FieldSuffix:    {"ends with the field", "ends with one of the fields"},
	plan.FieldContains:  {"contains the field", "contains one of the fields"},
	plan.Less:           {"is less than", "is less than one of"},
	plan.LessOrEqual:    {"is at most", "is at most one of"},
	plan.Greater:        {"is greater than", "is greater than one of"},
	plan.GreaterOrEqual: {"is at least", "is at least one of"},
	plan.Exists:         {"is there"},
	plan.Absent:         {"is not there"},
	plan.IsNull:         {"is null or not there"},
}

func predicate(p *plan.Predicate) *Node {
	says, known := words[p.Op]
	if !known {
		panic(fmt.Sprintf("explain: unknown predicate %d on %q", p.Op, p.Field))
	}
	subject := p.Field
	switch {
	case p.Part != "":
		subject = "the " + p.Part + " of " + p.Field
	case p.Field == "":
		subject = "a value of the record"
	}
	n := &Node{predicate: p, Field: p.Field, one: subject + " " + says[0], Note: note(p)}
	n.Says = n.one
	if len(p.Values) > 1 {
		n.Says = subject + " " + says[1]
	}
	for _, v := range p.Values {
		n.Values = append(n.Values, v.Text)
	}
	return n
}

// note says how a predicate takes letters, where its values have any, and which
// characters of a pattern stand for others.
func note(p *plan.Predicate) string {
	var notes []string
	if p.Op == plan.Like {
		notes = append(notes, "* is any text and ? one character")
	}
	if p.Op >= plan.Equal && p.Op <= plan.Like && p.Part == "" && hasLetters(p.Values) {
		if p.Cased {
			notes = append(notes, "in just these letters")
		} else {
			notes = append(notes, "whatever the case")
		}
	}
	return strings.Join(notes, ", ")
}

func hasLetters(values []plan.Value) bool {
	for _, v := range values {
		if strings.ContainsFunc(v.Text, func(r rune) bool { return unicode.SimpleFold(r) != r }) {
			return true
		}
	}
	return false
}

// quoted returns the values of a predicate as they stand in a sentence.
func (n *Node) quoted() []string {
	var all []string
	for _, v := range n.Values {
		switch op := n.predicate.Op; {
		case op == plan.Regexp:
			all = append(all, "/"+v+"/")
		case op >= plan.Equal && op <= plan.Like && n.predicate.Part == "":
			all = append(all, fmt.Sprintf("%q", v))
		default:
			all = append(all, v)
		}
	}
	return all
}

// maxInline is how many values stand in the sentence itself, not below it.
const maxInline = 3

// sentence returns a predicate in words, and those of its values that do not stand in
// them.
func (n *Node) sentence() (text string, below []string) {
	values := n.quoted()
	text = n.one
	switch {
	case len(values) > maxInline:
		text, below = n.Says, values
	case len(values) > 1:
		text += " " + strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1]
	case len(values) == 1:
		text += " " + values[0]
	}
	if n.Note != "" {
		text += ", " + n.Note
	}
	return text, below
}
