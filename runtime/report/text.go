package report

import (
	"strings"

	"github.com/rivo/uniseg"
)

// columns is how wide lines of plain text are.
const columns = 80

// nameColumns is how wide the names of rows may be for their values to stand
// beside them.
const nameColumns = 22

// plain writes a view as plain text.
func (v *view) plain() string {
	t := &plainText{}
	t.wrap("", "", strings.ToUpper(string(v.Severity))+" - "+string(v.Title))
	t.line(strings.Repeat("=", columns))
	for _, sentence := range v.Intro {
		t.line("")
		t.wrap("", "", string(sentence))
	}
	for _, s := range v.Sections {
		t.line("")
		t.line("")
		t.line(strings.ToUpper(string(s.Title)))
		t.line(strings.Repeat("-", columns))
		for i, p := range s.Parts {
			if i > 0 {
				t.line("")
			}
			t.part(p)
		}
	}
	t.line("")
	t.line("")
	t.line(strings.Repeat("-", columns))
	for _, line := range v.Footer {
		t.wrap("", "  ", string(line))
	}
	return t.String()
}

type plainText struct{ strings.Builder }

func (t *plainText) line(text string) {
	t.WriteString(strings.TrimRight(text, " "))
	t.WriteByte('\n')
}

func (t *plainText) part(p part) {
	if p.Heading != "" {
		t.wrap("* ", "  ", string(p.Heading))
	}
	for _, sentence := range p.Prose {
		t.wrap("", "", string(sentence))
	}
	t.rows(p.Rows)
	for _, e := range p.Events {
		what := string(e.Time + "  " + e.What)
		if e.This {
			what += "  (this event)"
		}
		t.wrap("  ", "      ", what)
		for _, r := range e.Rows {
			t.wrap("      ", "        ", string(r))
		}
	}
	for _, item := range p.List {
		t.wrap("  - ", "    ", string(item))
	}
	for _, l := range p.Links {
		switch {
		case l.URL == "":
			t.wrap("  - ", "    ", string(l.Text))
		case string(l.Text) == l.URL:
			t.line("  - " + l.URL)
		default:
			t.wrap("  - ", "    ", string(l.Text))
			t.line("    " + l.URL)
		}
	}
	for _, b := range p.Blocks {
		t.line("")
		t.line("  " + string(b.Name) + ":")
		t.line("")
		for line := range strings.SplitSeq(string(b.Text), "\n") {
			t.line("    " + line)
		}
	}
	if p.Note != "" {
		t.wrap("  ", "  ", string(p.Note))
	}
}

// rows writes names with their values beside them, or below names that are long.
func (t *plainText) rows(rows []row) {
	width := 0
	for _, r := range rows {
		if w := uniseg.StringWidth(string(r.Name)); w <= nameColumns {
			width = max(width, w)
		}
	}
	beside := strings.Repeat(" ", width+4)
	for _, r := range rows {
		first := "  " + string(r.Name)
		if w := uniseg.StringWidth(string(r.Name)); w <= nameColumns {
			first += strings.Repeat(" ", width-w+2)
		} else {
			t.wrap("  ", "  ", string(r.Name))
			first = beside
		}
		for _, value := range append(append(r.Values, r.Lines...), r.Note) {
			if value != "" {
				t.wrap(first, beside, string(value))
				first = beside
			}
		}
	}
}

// wrap writes a text in lines of at most columns, the first behind first and the
// others behind indent. It breaks at spaces, and within what is longer than a
// line.
func (t *plainText) wrap(first, indent, text string) {
	for {
		room := columns - uniseg.StringWidth(first)
		head, rest := breakLine(text, room)
		t.line(first + head)
		if rest == "" {
			return
		}
		text, first = rest, indent
	}
}

// breakLine splits a text behind what fits in a number of columns.
func breakLine(text string, room int) (head, rest string) {
	used, end, space := 0, 0, -1
	for state, left := -1, text; left != ""; {
		var cluster string
		var width int
		cluster, left, width, state = uniseg.FirstGraphemeClusterInString(left, state)
		if cluster == " " {
			space = end
		}
		if used+width > room && end > 0 {
			if space > 0 {
				return text[:space], strings.TrimLeft(text[space:], " ")
			}
			return text[:end], text[end:]
		}
		used += width
		end += len(cluster)
	}
	return text, ""
}
