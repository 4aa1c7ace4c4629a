// Package diag holds what sigmagen has to say about its input: diagnostics with
// a position, and their rendering.
package diag

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says what a diagnostic means for the run.
type Severity uint8

// An Error refuses the input; a Warning never does. A Note says what is worth
// knowing, and counts for nothing.
const (
	Warning Severity = iota
	Error
	Note
)

// String returns the severity as the JSON output writes it.
func (s Severity) String() string {
	return [...]string{"warning", "error", "note"}[s]
}

// MarshalText is String, for encoding/json.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Position is a place in an input file. Line and Column count from 1, Column in
// characters; Line 0 stands for the file as a whole.
type Position struct {
	Path   string `json:"path"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
}

// Diagnostic is one thing to say. Code is stable and has the form area/what;
// Hint, if any, is a way out.
type Diagnostic struct {
	Position
	Length   int      `json:"-"` // characters to underline; 0 and 1 underline one
	Severity Severity `json:"severity"`
	Code     string   `json:"code"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint"`

	// Waived is the reason for which the author waives what was a warning. It is
	// a Note then. Empty: nobody does.
	Waived string `json:"waived,omitempty"`
}

// List collects diagnostics. The zero List is empty and ready for use.
type List struct {
	all []Diagnostic
}

// Add appends d, unless the list holds it already.
func (l *List) Add(d Diagnostic) {
	if !slices.Contains(l.all, d) {
		l.all = append(l.all, d)
	}
}

// Span is a Position and how many characters from there on are meant.
type Span struct {
	Position
	Length int
}

// Errorf appends an error about the text at span. hint may be empty.
func (l *List) Errorf(span Span, code, hint, format string, args ...any) {
	l.Add(Diagnostic{Position: span.Position, Length: span.Length, Severity: Error, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Warnf appends a warning about the text at span. hint may be empty.
func (l *List) Warnf(span Span, code, hint, format string, args ...any) {
	l.Add(Diagnostic{Position: span.Position, Length: span.Length, Severity: Warning, Code: code, Message: fmt.Sprintf(format, args...), Hint: hint})
}

// Notef appends a note about the text at span.
func (l *List) Notef(span Span, code, format string, args ...any) {
	l.Add(Diagnostic{Position: span.Position, Length: span.Length, Severity: Note, Code: code, Message: fmt.Sprintf(format, args...)})
}

// Waive makes a note of every warning for which a reason is given.
func (l *List) Waive(reason func(Diagnostic) string) {
	for i, d := range l.all {
		if d.Severity != Warning {
			continue
		}
		if why := reason(d); why != "" {
			l.all[i].Severity, l.all[i].Waived = Note, why
		}
	}
}

// Sorted returns the diagnostics by path, line, column and code.
func (l *List) Sorted() []Diagnostic {
	sorted := slices.Clone(l.all)
	slices.SortStableFunc(sorted, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return sorted
}

// Count returns how many diagnostics of a severity the list holds.
func (l *List) Count(s Severity) int {
	n := 0
	for _, d := range l.all {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// HasErrors reports whether anything in the list refuses the input.
func (l *List) HasErrors() bool { return l.Count(Error) > 0 }

// Keep removes the diagnostics for which keep is false.
func (l *List) Keep(keep func(Diagnostic) bool) {
	l.all = slices.DeleteFunc(l.all, func(d Diagnostic) bool { return !keep(d) })
}

// Refused returns the set of paths that have an error, other than of the codes
// that are left out.
func (l *List) Refused(except ...string) map[string]bool {
	refused := map[string]bool{}
	for _, d := range l.all {
		if d.Severity == Error && !slices.Contains(except, d.Code) {
			refused[d.Path] = true
		}
	}
	return refused
}
