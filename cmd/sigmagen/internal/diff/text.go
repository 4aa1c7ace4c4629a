package diff

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// summary counts what changed, in a phrase.
func (r *Report) summary() string {
	const gone, never, neverAdded = "can no longer match anything", "can never match", "added that can never match"
	phrases := []string{gone, neverAdded, never}
	for _, c := range changes {
		phrases = append(phrases, string(c))
	}
	counts := map[string]int{}
	inPart := 0
	for _, rule := range r.Rules {
		switch {
		case rule.refused != "": // it is counted with its file
		case rule.Impossible == "":
			counts[string(rule.Change)]++
		case rule.Change == Added:
			counts[neverAdded]++
		case rule.Change == Equivalent:
			counts[never]++
		default:
			counts[gone]++
		}
		if len(rule.ImpossibleParts) > 0 {
			inPart++
		}
	}
	var parts []string
	for _, phrase := range phrases {
		switch n := counts[phrase]; {
		case n == 0:
		case len(parts) > 0:
			parts = append(parts, fmt.Sprintf("%d %s", n, phrase))
		default:
			parts = append(parts, plural(n, "rule")+" "+phrase)
		}
	}
	if inPart > 0 {
		parts = append(parts, "parts of "+plural(inPart, "rule")+" can never match")
	}
	for _, other := range []struct {
		noun  string
		items []Item
	}{{"correlation or threshold", r.Correlations}, {"exception", r.Exceptions}, {"placeholder", r.Placeholders}} {
		n := 0
		for _, item := range other.items {
			if item.refused == "" {
				n++
			}
		}
		switch {
		case n == 1:
			parts = append(parts, "1 "+other.noun+" changed")
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss changed", n, strings.Replace(other.noun, " or", "s or", 1)))
		}
	}
	if n := len(r.Refused); n > 0 {
		noun := "rule"
		if slices.ContainsFunc(r.Refused, isConfiguration) {
			noun = "file"
		}
		parts = append(parts, plural(n, noun)+" refused and not compared")
	}
	if len(parts) == 0 {
		return "nothing changed"
	}
	return strings.Join(parts, ", ")
}

// isConfiguration reports whether a file of a rules directory holds no rules.
func isConfiguration(file string) bool {
	return path.Ext(file) == ".json" || file == sigma.PlaceholdersFile
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// A refusal is what is wrong with the rules of a side.
type refusal struct{ head, side, then, text string }

// refusals returns what is wrong with the rules, the new ones first.
func (r *Report) refusals() []refusal {
	all := []refusal{
		{"can never match in", r.New, ", and refused by check and generate", r.NewImpossible},
		{"refused in", r.New, ", and left out of what follows", r.NewRefused},
		{"refused in", r.Old, ", and left out of what follows", r.OldRefused},
	}
	return slices.DeleteFunc(all, func(one refusal) bool { return one.text == "" })
}

// Text renders a report for a terminal. What stands in it is text of rules and records,
// and not trusted.
func (r *Report) Text() string {
	w := &textWriter{}
	w.line(0, "%s → %s: %s", r.Old, r.New, r.summary())
	for _, one := range r.refusals() {
		w.line(0, "")
		w.line(0, "%s %s%s:", one.head, one.side, one.then)
		w.lines(1, one.text)
	}
	for _, note := range r.Notes {
		w.line(0, "")
		w.line(0, "note: %s", note)
	}
	for _, rule := range r.Rules {
		w.rule(rule)
	}
	for _, kind := range r.kinds() {
		for _, item := range kind.items {
			w.item(item, kind.name)
		}
	}
	if unknown := r.unknownOfLogs(); unknown != "" {
		w.line(0, "")
		w.lines(0, unknown)
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
	if r.Impossible != "" {
		w.line(1, "%s: %s.", r.never(), r.Impossible)
	}
	for _, part := range r.ImpossibleParts {
		w.line(1, "%s: %s.", partNever, part)
	}
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
		w.line(1, "%s was not decided: %s.", r.undecided(), r.Reason)
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
