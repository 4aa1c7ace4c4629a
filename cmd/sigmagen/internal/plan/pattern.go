package plan

import (
	"slices"
	"strings"
)

// pattern is a value of a rule with its wildcards told apart from its text.
type pattern []token

// token is a wildcard (* or ?), or a literal character.
type token struct {
	wildcard rune // 0 for a literal
	literal  rune
}

// parsePattern reads a value from left to right: * and ? are wildcards, a
// backslash makes a following *, ? or backslash literal and stands for itself
// before anything else (Sigma specification 2.1.0, section Escaping).
func parsePattern(s string) pattern {
	var p pattern
	runes := []rune(s)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '*' || r == '?':
			p = append(p, token{wildcard: r})
		case r == '\\' && i+1 < len(runes) && strings.ContainsRune(`*?\`, runes[i+1]):
			i++
			p = append(p, token{literal: runes[i]})
		default:
			p = append(p, token{literal: r})
		}
	}
	return p
}

// literal reports whether p has no wildcard.
func (p pattern) literal() bool {
	for _, t := range p {
		if t.wildcard != 0 {
			return false
		}
	}
	return true
}

// text returns the characters of a pattern without wildcards.
func (p pattern) text() string {
	var b strings.Builder
	for _, t := range p {
		b.WriteRune(t.literal)
	}
	return b.String()
}

// String writes p so that every *, ? and backslash is either a wildcard or
// escaped, with runs of * made one.
func (p pattern) String() string {
	var b strings.Builder
	for i, t := range p {
		switch {
		case t.wildcard == '*' && i > 0 && p[i-1].wildcard == '*':
		case t.wildcard != 0:
			b.WriteRune(t.wildcard)
		case strings.ContainsRune(`*?\`, t.literal):
			b.WriteString(`\` + string(t.literal))
		default:
			b.WriteRune(t.literal)
		}
	}
	return b.String()
}

// literals returns the texts between the wildcards of p.
func (p pattern) literals() []string {
	var literals []string
	for len(p) > 0 {
		n := slices.IndexFunc(p, func(t token) bool { return t.wildcard != 0 })
		if n < 0 {
			n = len(p)
		}
		literals = append(literals, p[:n].text())
		p = p[min(n+1, len(p)):]
	}
	return literals
}
