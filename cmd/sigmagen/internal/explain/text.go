package explain

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// Bounds of what is shown of the values that a predicate looked at.
const (
	maxRead       = 5
	maxReadLength = 200 // characters
)

// Text writes a tree for people, a line a part, those of a part indented below it.
// Where the tree is of a record, "yes" or "no" before a line says whether it held.
func (n *Node) Text() string {
	w := textWriter{shown: map[*plan.Search]bool{}}
	w.node(n, 0)
	return w.String()
}

type textWriter struct {
	strings.Builder
	shown map[*plan.Search]bool
}

// line writes a line. What stands in it is text of rules and records, and not trusted.
func (w *textWriter) line(held *bool, marked bool, depth int, text string) {
	mark := ""
	switch {
	case held != nil && *held:
		mark = "yes  "
	case held != nil:
		mark = "no   "
	case marked:
		mark = "     "
	}
	w.WriteString(diag.Printable(mark+strings.Repeat("  ", depth)+text) + "\n")
}

func (w *textWriter) node(n *Node, depth int) {
	label := ""
	if n.Name != "" {
		label = n.Name + ": "
	}
	if n.search != nil && w.shown[n.search] {
		w.line(n.Held, false, depth, label+"as above")
		return
	}
	if n.search != nil {
		w.shown[n.search] = true
	}
	if n.Name != "" && len(n.Parts) == 1 && n.Parts[0].Name == "" {
		n = n.Parts[0] // a search of one item is one line
	}
	text, below := "", []string(nil)
	switch {
	case n.predicate != nil:
		text, below = n.sentence()
		text += n.was()
	case n.Join == Not:
		text = "not"
	case strings.HasPrefix(label, "1 of ") || strings.HasPrefix(label, "all of "):
		label, text = n.Name, ""
	default:
		text = string(n.Join) + " of"
	}
	if n.Written != "" {
		text += "   [" + strings.TrimPrefix(n.Written, n.item) + "]" // the field stands in the line already
	}
	w.line(n.Held, false, depth, label+text)
	for _, value := range below {
		w.line(nil, n.Held != nil, depth+1, value)
	}
	for _, part := range n.Parts {
		w.node(part, depth+1)
	}
}

// was says what a predicate found in a record.
func (n *Node) was() string {
	switch {
	case n.Held == nil:
		return ""
	case n.predicate.Field == "":
		return fmt.Sprintf("; the record has %d", len(n.Read))
	case len(n.Read) == 0:
		return "; there is none"
	}
	var values []string
	for _, read := range n.Read[:min(maxRead, len(n.Read))] {
		v := string(read)
		if utf8.RuneCountInString(v) > maxReadLength {
			v = string([]rune(v)[:maxReadLength]) + "…"
		}
		values = append(values, v)
	}
	if more := len(n.Read) - len(values); more > 0 {
		values = append(values, fmt.Sprintf("and %d more", more))
	}
	return "; it is " + strings.Join(values, ", ")
}

// Text writes the nearest miss for people.
func (m *Miss) Text() string {
	var b strings.Builder
	how := "of all ways to match this one changes the fewest predicates"
	if !m.Exhaustive {
		how = "of the ways to match that were looked at this one changes the fewest predicates"
	}
	switch len(m.Changes) {
	case 0:
		if m.Exhaustive {
			return "nearest miss: none, since no record can match\n"
		}
		return "nearest miss: not found; the ways to match that were looked at contradict themselves\n"
	case 1:
		fmt.Fprintf(&b, "nearest miss: 1 predicate; %s\n", how)
	default:
		fmt.Fprintf(&b, "nearest miss: %d predicates; %s\n", len(m.Changes), how)
	}
	for _, c := range m.Changes {
		must := "must hold:     "
		if !c.Must {
			must = "must not hold: "
		}
		text, below := c.Node.sentence()
		if below != nil {
			text += " (" + strings.Join(below, ", ") + ")"
		}
		b.WriteString("  " + diag.Printable(must+c.Search+": "+text+c.Node.was()) + "\n")
	}
	return b.String()
}
