package plan

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// Placeholders are the values that %name% stands for under the modifier expand.
// A nil Placeholders has none.
type Placeholders struct {
	values map[string][]string
	used   map[string]bool
}

// NewPlaceholders returns placeholders with these values.
func NewPlaceholders(values map[string][]string) *Placeholders {
	return &Placeholders{values: values, used: map[string]bool{}}
}

// Used returns what was used since the last call, as text to be hashed with the
// rule: name=value lines.
func (p *Placeholders) Used() string {
	if p == nil {
		return ""
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p.used)) {
		for _, value := range p.values[name] {
			b.WriteString(name + "=" + value + "\n")
		}
	}
	clear(p.used)
	return b.String()
}

// segment is a piece of a value: text of the rule, or what a placeholder stands
// for.
type segment struct {
	text    string
	choices []string // nil for text
}

var placeholder = regexp.MustCompile(`\\.|%[^%\\]*%`)

// segments splits a value at its placeholders. A backslash before a percent sign
// makes it a literal one.
func (p *Placeholders) segments(v sigma.Scalar, list *diag.List) (segments []segment, ok bool) {
	ok = true
	rest := 0
	for _, at := range placeholder.FindAllStringIndex(v.Value, -1) {
		word := v.Value[at[0]:at[1]]
		if word == `\%` {
			segments = append(segments, segment{text: v.Value[rest:at[0]] + "%"})
			rest = at[1]
			continue
		}
		if word[0] != '%' {
			continue // another escape
		}
		name := strings.Trim(word, "%")
		var choices []string
		if p != nil {
			choices = p.values[name]
		}
		if len(choices) == 0 {
			hint := "define it in placeholders.yml: `" + name + ": [...]`"
			if p != nil {
				if other := sigma.DidYouMean(name, slices.Sorted(maps.Keys(p.values))); other != "" {
					hint = other
				}
			}
			list.Errorf(v.Span, "modifier/placeholder", hint, "the placeholder %s has no value", word)
			ok = false
			continue
		}
		p.used[name] = true
		segments = append(segments, segment{text: v.Value[rest:at[0]]}, segment{choices: choices})
		rest = at[1]
	}
	return append(segments, segment{text: v.Value[rest:]}), ok
}

// combine joins segments in every combination of choices.
func combine(segments []segment, text func(string) pattern, choice func(string) pattern) []pattern {
	combined := []pattern{nil}
	for _, s := range segments {
		pieces := []pattern{text(s.text)}
		if s.choices != nil {
			pieces = nil
			for _, c := range s.choices {
				pieces = append(pieces, choice(c))
			}
		}
		var next []pattern
		for _, before := range combined {
			for _, piece := range pieces {
				next = append(next, slices.Concat(before, piece))
			}
		}
		if combined = next; len(combined) > maxAlternatives {
			break
		}
	}
	return combined
}

// literals returns text as a pattern without wildcards.
func literals(text string) pattern {
	var p pattern
	for _, r := range text {
		p = append(p, token{literal: r})
	}
	return p
}

// inPattern returns a value with its placeholders replaced, in every
// combination. What a placeholder stands for has no wildcards.
func (p *Placeholders) inPattern(v sigma.Scalar, list *diag.List) ([]pattern, bool) {
	segments, ok := p.segments(v, list)
	if !ok {
		return nil, false
	}
	return bounded(combine(segments, parsePattern, literals), v, list)
}

// inExpression returns a regular expression with its placeholders replaced by
// expressions for their text.
func (p *Placeholders) inExpression(v sigma.Scalar, list *diag.List) ([]string, bool) {
	segments, ok := p.segments(v, list)
	if !ok {
		return nil, false
	}
	patterns, ok := bounded(combine(segments, literals, func(s string) pattern { return literals(regexp.QuoteMeta(s)) }), v, list)
	var texts []string
	for _, pattern := range patterns {
		texts = append(texts, pattern.text())
	}
	return texts, ok
}

func bounded(patterns []pattern, v sigma.Scalar, list *diag.List) ([]pattern, bool) {
	if len(patterns) > maxAlternatives {
		list.Errorf(v.Span, "modifier/placeholder", "split the value", "the placeholders of the value make more than %d alternatives", maxAlternatives)
		return nil, false
	}
	return patterns, true
}
