package diff

import (
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Diagnostics returns what changed, each as text, with a code such as diff/narrower.
// It is a warning where records are, or may be, matched no longer, an error where
// recorded logs contradict what was proven, else a note. place says where something
// that changed stands: in the new rules, or in the old ones if it was removed.
func (r *Report) Diagnostics(place func(key string, removed bool) diag.Span) []diag.Diagnostic {
	var list diag.List
	add := func(item Item, severity diag.Severity, text string) {
		span := place(item.Key, item.Change == Removed)
		list.Add(diag.Diagnostic{Position: span.Position, Length: span.Length, Severity: severity, Code: "diff/" + string(item.Change), Message: strings.Trim(text, "\n")})
	}
	for _, rule := range r.Rules {
		severity := diag.Note
		switch {
		case rule.Matches != nil && rule.Matches.Contradiction:
			severity = diag.Error
		case rule.Change == Removed || rule.Change == Narrower || rule.Change == Different || rule.Change == Unknown:
			severity = diag.Warning
		}
		w := &textWriter{}
		w.rule(rule)
		add(rule.Item, severity, w.String())
	}
	for _, kind := range r.kinds() {
		for _, item := range kind.items {
			w := &textWriter{}
			w.item(item, kind.name)
			add(item, diag.Note, w.String())
		}
	}
	return list.Sorted()
}
