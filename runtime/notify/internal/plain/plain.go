// Package plain makes texts of unknown origin fit for one line, one header or
// one field of a message. The values of CloudTrail records, the titles of rules
// and the answers of servers are written by others: line breaks, control and
// bidirectional characters in them must not shape what a person reads.
package plain

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ellipsis stands where a text was cut.
const Ellipsis = "…"

// Line returns a text as one line of at most so many characters: runs of white
// space and line breaks become one space, characters that are not shown (control,
// format, bidirectional, private use, bytes that are no UTF-8) are left out. A
// longer text ends with an ellipsis.
func Line(s string, most int) string {
	var b strings.Builder
	length, space := 0, false
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case unicode.IsSpace(r):
			space = length > 0
			continue
		case r == utf8.RuneError && size == 1, !unicode.IsGraphic(r):
			continue
		}
		needs := 1
		if space {
			needs = 2
		}
		if length+needs > most {
			return cut(b.String(), most)
		}
		if space {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		length, space = length+needs, false
	}
	return b.String()
}

// cut makes room for the ellipsis in a line that is nearly full.
func cut(line string, most int) string {
	for utf8.RuneCountInString(line) >= most && line != "" {
		_, size := utf8.DecodeLastRuneInString(line)
		line = line[:len(line)-size]
	}
	if most < 1 {
		return ""
	}
	return strings.TrimRight(line, " ") + Ellipsis
}

// ASCII returns a text as a line of at most so many printable ASCII characters,
// with a question mark for each other one. A longer text ends with three dots.
func ASCII(s string, most int) string {
	s = strings.NewReplacer("–", "-", "—", "-", "…", "...", "“", `"`, "”", `"`, "‘", "'", "’", "'").Replace(Line(s, len(s)))
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
