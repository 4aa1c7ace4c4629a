package diff

import (
	"fmt"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Summary counts what changed, in a phrase.
func (r *Report) Summary() string {
	counts := map[Change]int{}
	for _, rule := range r.Rules {
		counts[rule.Change]++
	}
	var parts []string
	noun := "rule"
	for _, c := range changes {
		n := counts[c]
		if n == 0 {
			continue
		}
		if n > 1 && noun == "rule" {
			noun = "rules"
		}
		if noun != "" {
			parts = append(parts, fmt.Sprintf("%d %s %s", n, noun, c))
		} else {
			parts = append(parts, fmt.Sprintf("%d %s", n, c))
		}
		noun = ""
	}
	for _, other := range []struct {
		noun  string
		items []Item
	}{{"correlation or threshold", r.Correlations}, {"exception", r.Exceptions}, {"placeholder", r.Placeholders}} {
		switch n := len(other.items); {
		case n == 1:
			parts = append(parts, "1 "+other.noun+" changed")
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss changed", n, strings.Replace(other.noun, " or", "s or", 1)))
		}
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return strings.Join(parts, ", ")
}

// Text renders a report for a terminal. What stands in it is text of rules and records,
// and not trusted.
func (r *Report) Text() string {
	w := &textWriter{}
	w.line(0, "%s → %s: %s", r.Old, r.New, r.Summary())
	for _, s := range []struct{ name, refused string }{{r.New, r.NewRefused}, {r.Old, r.OldRefused}} {
		if s.refused != "" {
			w.line(0, "")
			w.line(0, "refused in %s, and left out of what follows:", s.name)
			w.lines(1, s.refused)
		}
	}
	for _, rule := range r.Rules {
		w.rule(rule)
	}
	for _, kind := range r.kinds() {
		for _, item := range kind.items {
			w.item(item, kind.name)
		}
	}
	if r.Logs != nil && r.Logs.Unread {
		w.line(0, "")
		w.line(0, "some of the recorded logs could not be read; what is said of them is about the rest")
	}
	if r.Generated != nil {
		w.line(0, "")
		w.line(0, "generated code: %s", r.Generated)
	}
	return w.String()
}

// A kind is what changed besides rules.
type kind struct {
	name  string
	items []Item
}

func (r *Report) kinds() []kind {
	return []kind{{"correlation", r.Correlations}, {"exception of", r.Exceptions}, {"placeholder", r.Placeholders}}
}

type textWriter struct{ strings.Builder }

func (w *textWriter) line(depth int, format string, args ...any) {
	text := diag.Printable(strings.Repeat("  ", depth) + fmt.Sprintf(format, args...))
	w.WriteString(strings.TrimRight(text, " ") + "\n")
}

// lines writes a text of several lines.
func (w *textWriter) lines(depth int, text string) {
	for line := range strings.Lines(text) {
		w.line(depth, "%s", strings.TrimSuffix(line, "\n"))
	}
}

func (w *textWriter) head(item Item, kind string) {
	key := item.Key
	if item.OldKey != "" {
		key = item.OldKey + " → " + key
	}
	about := ""
	if item.Level != "" {
		about += " (" + item.Level + ")"
	}
	if item.Title != "" {
		about += ": " + item.Title
	}
	w.line(0, "%-10s  %s%s%s", item.Change, kind, key, about)
}

func (w *textWriter) edits(all []Edit) {
	for _, e := range all {
		switch {
		case e.Old == nil && e.New == nil:
			w.line(1, "%s", e.What)
		case !e.List && e.Old == nil:
			w.line(1, "%s: %s", e.What, e.New[0])
		case !e.List && e.New == nil:
			w.line(1, "%s: no longer %s", e.What, e.Old[0])
		case !e.List:
			w.line(1, "%s: %s → %s", e.What, e.Old[0], e.New[0])
		default:
			w.line(1, "%s:", e.What)
			for _, t := range e.Old {
				w.line(2, "− %s", t)
			}
			for _, t := range e.New {
				w.line(2, "+ %s", t)
			}
		}
	}
}

func (w *textWriter) item(item Item, kind string) {
	w.line(0, "")
	if strings.Contains(item.Key, ":") { // correlation:one:other, threshold:one
		w.head(item, "")
	} else {
		w.head(item, kind+" ")
	}
	w.edits(item.Edits)
	if item.silent() {
		w.line(1, "%s", onlyLayout)
	}
}

func (w *textWriter) rule(r Rule) {
	w.line(0, "")
	w.head(r.Item, "")
	w.edits(r.Edits)
	if r.Change == Equivalent {
		w.line(1, "%s", r.equivalence())
	}
	if r.Words != "" {
		w.lines(1, r.Words)
	}
	for _, witness := range r.witnesses() {
		w.line(1, "%s", witness.says)
		w.lines(2, string(witness.record))
	}
	if r.Change == Unknown {
		w.line(1, "What the change means was not decided: %s.", r.Reason)
	}
	if len(r.Correlations) > 0 {
		w.line(1, "Its matches are counted by %s.", strings.Join(r.Correlations, ", "))
	}
	if m := r.Matches; m != nil {
		w.line(1, "recorded events: %s", m)
		for _, side := range []struct {
			sign    string
			matches []Match
		}{{"−", m.Gone}, {"+", m.Gained}} {
			for _, match := range side.matches {
				w.line(2, "%s %s  %s  %s  %s  %s", side.sign, match.place(), match.EventID, match.EventTime, match.event(), match.Actor)
			}
		}
		if m.Contradiction {
			w.line(1, "%s", contradiction)
		}
	}
}
