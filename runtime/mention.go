package runtime

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

// Texts are texts that [Event.Mentions] looks for, all in one pass.
//
// It is the search of Wu and Manber: from the last four bytes that any text could
// have at a place, a table tells how far the next such place is at least. So of
// texts of twelve bytes, one look at a ninth of the places will mostly do.
type Texts struct {
	texts    []string
	shortest int
	skips    [1 << hashBits]uint8 // by the hash of four bytes; 0: a text may end its first part here
}

const (
	hashBits = 10
	// block is how many bytes are looked at together. No text is shorter.
	block = 4
)

// NewTexts returns a set of texts, each of which must be [Mentionable] as a whole.
func NewTexts(all ...string) *Texts {
	t := &Texts{texts: all, shortest: math.MaxUint8}
	for _, text := range all {
		if text == "" || Mentionable(text) != text {
			panic(fmt.Sprintf("runtime: %q is no text to look for in JSON", text))
		}
		t.shortest = min(t.shortest, len(text))
	}
	last := t.shortest - block
	for i := range t.skips {
		t.skips[i] = uint8(last + 1)
	}
	for _, text := range all {
		for i := range last + 1 {
			skip := &t.skips[hash([]byte(text[i:]))]
			*skip = min(*skip, uint8(last-i))
		}
	}
	return t
}

// hash maps the first four bytes of text to an index of skips, whatever the case of
// letters.
func hash(text []byte) uint32 {
	const lower = 0x20202020 // makes letters lower case, and other bytes at most more alike
	return (binary.LittleEndian.Uint32(text) | lower) * 0x9e3779b1 >> (32 - hashBits)
}

// in reports whether text contains one of t, whatever the case of letters.
func (t *Texts) in(text []byte) bool {
	if t.shortest == block { // no place can be skipped, and none need wait for the one before
		for i := range max(0, len(text)-block+1) {
			if t.skips[hash(text[i:])] == 0 && t.begin(text[i:]) {
				return true
			}
		}
		return false
	}
	for i := t.shortest - block; i+block <= len(text); {
		skip := int(t.skips[hash(text[i:])])
		if skip == 0 {
			if t.begin(text[i+block-t.shortest:]) {
				return true
			}
			skip = 1
		}
		i += skip
	}
	return false
}

// begin reports whether text begins with one of t.
func (t *Texts) begin(text []byte) bool {
	for _, want := range t.texts {
		if want[0]|0x20 == text[0]|0x20 && len(want) <= len(text) && strings.EqualFold(stringOf(text[:len(want)]), want) {
			return true
		}
	}
	return false
}

// Mentionable returns the longest part of text that [Event.Mentions] can look for, of
// several the first, and "" when there is none. It is of four bytes at least, all of
// them ASCII but no controls, quotes and backslashes, which JSON must escape.
func Mentionable(text string) string {
	longest, from := "", 0
	for i := range len(text) + 1 {
		if i < len(text) && ' ' <= text[i] && text[i] <= '~' && text[i] != '"' && text[i] != '\\' {
			continue
		}
		if i-from >= block && i-from > len(longest) {
			longest = text[from:i]
		}
		from = i + 1
	}
	return longest
}

// Mentions reports whether a value at path, or of any field when path is "", may
// contain one of texts, whatever the case of letters. It looks at the text of the
// record without parsing it, and errs on the side of true: false is certain. A
// Ruleset.Match asks it before it tries rules that it cannot tell by their keys.
func (e *Event) Mentions(path string, texts *Texts) bool {
	if e.spelled() {
		return true
	}
	text, known, _ := e.find(path)
	return !known || texts.in(text) || !isASCII(text)
}

// spelled reports whether the record writes a character of a [Mentionable] text in
// another way than as itself: \uXXXX may stand for any, and \/ for a slash.
func (e *Event) spelled() bool {
	if !e.looked {
		e.looked = true
		e.escapes = bytes.IndexByte(e.raw, '\\') >= 0 && (bytes.Contains(e.raw, []byte(`\u`)) || bytes.Contains(e.raw, []byte(`\/`)))
	}
	return e.escapes
}

// find returns JSON text that holds everything that path reaches, and none when it
// reaches nothing. known is false when that takes a real parse. With exact, path
// reaches the value that text is, and nothing else.
func (e *Event) find(path string) (text []byte, known, exact bool) {
	if path == "" {
		return e.raw, true, false
	}
	first, rest, nested := strings.Cut(path, ".")
	if s := &e.segment; !s.known || s.key != first {
		*s = segment{key: first, known: true}
		s.value, s.found = e.valueOf(first)
	}
	if !nested {
		return e.segment.value, e.segment.found, true
	}
	if s := &e.segment; !s.looked {
		s.looked, s.joined = true, e.joins(first)
	}
	text, exact = narrow(e.segment.value, rest)
	return text, e.segment.found && !e.segment.joined, exact
}

// segment is what is known of the first segment of a path. Paths that are asked for
// one after the other often share it.
type segment struct {
	key    string
	known  bool
	value  []byte
	found  bool // value is all that it reaches
	looked bool // whether joined
	joined bool // a key may join it with other segments
}

// valueOf returns the value of a top-level key, of several equal ones the first, and
// none when there is none.
func (e *Event) valueOf(key string) (value []byte, known bool) {
	for i := range e.head.Members {
		if string(e.head.Members[i].Key(e.raw)) == key {
			return e.head.Members[i].Value(e.raw), true
		}
	}
	for i := len(e.head.Members); ; i++ {
		m, ok := e.member(i)
		if !ok {
			return nil, e.ended
		}
		if string(m.Key(e.raw)) == key {
			return m.Value(e.raw), true
		}
	}
}

// joins reports whether a key may begin with a segment of a path and a dot: a path
// leads through keys that hold dots themselves, as in {"a.b": …}, too.
func (e *Event) joins(segment string) bool {
	joins := func(m object.Member) bool {
		dot := int(m.KeyFrom) + len(segment)
		return dot < int(m.KeyTo) && e.raw[dot] == '.' && string(e.raw[m.KeyFrom:dot]) == segment
	}
	for _, m := range e.head.Members {
		if joins(m) {
			return true
		}
	}
	if e.head.NoDots {
		return false
	}
	for i := len(e.head.Members); ; i++ {
		m, ok := e.member(i)
		if !ok {
			return !e.ended
		}
		if joins(m) {
			return true
		}
	}
}

// maxNarrowed is the size in bytes of the largest object that narrow looks through. It
// does so for every path, and parsing once is faster in the end.
const maxNarrowed = 4 << 10

// narrow returns the part of the text of a value that holds everything that path
// reaches there. It is exact in the object that text mostly is: the value of a key.
func narrow(text []byte, path string) (part []byte, exact bool) {
	if len(text) == 0 || len(text) > maxNarrowed || text[0] != '{' || strings.IndexByte(path, '.') >= 0 {
		return text, false
	}
	for end := 0; ; {
		m, ok, _ := object.Next(text, end)
		if !ok {
			return text, false
		}
		if string(m.Key(text)) == path {
			return m.Value(text), true
		}
		end = int(m.To)
	}
}

// plain returns the string that path leads to, if the text of the record shows
// that: it is written without escapes, and path leads nowhere else.
func (e *Event) plain(path string) (text string, ok bool) {
	if e.spelled() || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return "", false // a key that is not written as it reads
	}
	value, known, exact := e.find(path)
	if !known || !exact {
		return "", false
	}
	s, ok := plainString(value)
	return stringOf(s), ok
}

func isASCII(text []byte) bool {
	for ; len(text) >= 8; text = text[8:] {
		if binary.LittleEndian.Uint64(text)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range text {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
