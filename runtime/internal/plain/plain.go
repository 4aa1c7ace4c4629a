// Package plain makes texts of unknown origin fit for one line, one header or
// one field of a message. The values of CloudTrail records, the titles of rules
// and the answers of servers are written by others: line breaks, control and
// bidirectional characters in them must not shape what a person reads.
package plain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ellipsis stands where a text was cut.
const Ellipsis = "…"

// Line returns a text as one line of at most so many characters. Runs of white
// space and line breaks become one space; what cannot be seen (control, format
// and bidirectional characters, private ones, bytes that are no UTF-8) is written
// as an escape such as \u202e. A longer text ends with an ellipsis.
func Line(s string, most int) string {
	var b strings.Builder
	length, kept, space := 0, 0, false // kept is the length of what stands when the text is cut
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		bytes := s[:size]
		s = s[size:]
		if unicode.IsSpace(r) {
			space = length > 0
			continue
		}
		text := bytes
		switch {
		case r == utf8.RuneError && size == 1:
			text = fmt.Sprintf(`\x%02x`, bytes)
		case !unicode.IsGraphic(r) && r <= 0xffff:
			text = fmt.Sprintf(`\u%04x`, r)
		case !unicode.IsGraphic(r):
			text = fmt.Sprintf(`\U%08x`, r)
		}
		if space {
			text = " " + text
		}
		needs := utf8.RuneCountInString(text)
		if length+needs > most {
			if most < 1 {
				return ""
			}
			return b.String()[:kept] + Ellipsis
		}
		b.WriteString(text)
		length, space = length+needs, false
		if length < most {
			kept = b.Len()
		}
	}
	return b.String()
}

// ASCII returns a text as a line of at most so many printable ASCII characters,
// with a question mark for each other one. A longer text ends with three dots.
func ASCII(s string, most int) string {
	s = strings.NewReplacer("–", "-", "—", "-", "…", "...", "“", `"`, "”", `"`, "‘", "'", "’", "'").Replace(Line(s, math.MaxInt))
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	if len(ascii) > most {
		return strings.TrimRight(ascii[:most-3], " ") + "..."
	}
	return ascii
}

// Key returns an id where only printable ASCII characters without white space
// may stand, at most so many: the id itself when it is of that kind, else
// "sha256:" and its hash, so that the same id always gives the same key.
func Key(id string, most int) string {
	fits := id != "" && len(id) <= most && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
	if fits && !strings.HasPrefix(id, "sha256:") {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "sha256:" + hex.EncodeToString(sum[:])
}
