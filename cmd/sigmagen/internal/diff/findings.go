package diff

import (
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Diagnostics returns what changed, each as text, with a code such as diff/narrower.
// It is a warning where records are, or may be, matched no longer, an error where a
// rule or a part of it can never match or recorded logs contradict what was proven, else
// a note. place says where something
// that changed stands: in the new rules, or in the old ones if it was removed.
func (r *Report) Diagnostics(place func(key string, removed bool) diag.Span) []diag.Diagnostic {
	var list diag.List
	add := func(item Item, code string, severity diag.Severity, text string) {
		span := place(item.Key, item.Change == Removed)
		list.Add(diag.Diagnostic{Position: span.Position, Length: span.Length, Severity: severity, Code: "diff/" + code, Message: strings.Trim(text, "\n")})
	}
	for _, rule := range r.Rules {
		severity, code := diag.Note, string(rule.Change)
		switch {
		case rule.Impossible != "" || len(rule.ImpossibleParts) > 0:
			severity, code = diag.Error, "impossible"
		case rule.Matches != nil && rule.Matches.Contradiction:
			severity = diag.Error
		case rule.Change == Removed || rule.Change == Narrower || rule.Change == Different || rule.Change == Unknown:
			severity = diag.Warning
		}
		w := &textWriter{}
		w.rule(rule)
		add(rule.Item, code, severity, w.String())
	}
	for _, kind := range r.kinds() {
		for _, item := range kind.items {
			w := &textWriter{}
			w.item(item, kind.name)
			add(item, string(item.Change), diag.Note, w.String())
		}
	}
	for _, note := range r.Notes {
		span := place("", false) // of the directory
		list.Add(diag.Diagnostic{Position: span.Position, Severity: diag.Note, Code: "diff/note", Message: note})
	}
	return list.Sorted()
}
