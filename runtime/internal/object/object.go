// Package object finds where the values of a JSON text end, without building a
// document. It balances brackets and steps over strings; whether the JSON is valid
// is for a parser to say.
package object

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Masks for eight bytes at a time.
const (
	ones        = 0x0101010101010101
	lows        = 0x7f * ones
	highs       = 0x80 * ones
	quotes      = '"' * ones
	dots        = '.' * ones
	upper       = 0x5f * ones         // makes { | } the same as [ \ ], and clears the high bits
	fromBracket = (0x80 - '[') * ones // to add: sets the high bit of a byte from [ on
	fromCaret   = (0x80 - '^') * ones // and of one behind ]
)

// notQuotes returns a word with the high bit of each byte set unless that byte of w
// is a quote. The other bits are noise.
func notQuotes(w uint64) uint64 { return ((w & lows) ^ quotes + lows) | w }

// odd reports whether the number of high bits in w is odd.
func odd(w uint64) bool { return bits.OnesCount64(w&highs)&1 != 0 }

// zeros returns a word with the high bit of each byte set that is zero in w. It is
// exact up to the first that is, so that no bit set means none is.
func zeros(w uint64) uint64 { return (w - ones) &^ w & highs }

// A Skipper steps over a text in which brackets are open. The text may come in
// pieces.
type Skipper struct {
	Depth    int  // of open brackets
	InString bool // the last piece ended inside a string
	Escaped  bool // and the next byte is escaped by a backslash

	Dots bool // Skip has come across a dot where one bracket was open, or may have
}

// Skip looks at b[i:] until no more than floor brackets are open, and returns the
// index behind, or len(b).
//
// It is the loop that nearly all of a delivery file goes through. Most of a record
// is short strings, and a branch at the end of each is what would cost most. So it
// takes eight bytes at a time and branches only where a bracket or a backslash may
// be. Whether a byte is inside a string is the parity of the quotes before it,
// which exclusive or gathers; that of the bytes other than quotes is the same, as a
// word has eight.
func (s *Skipper) Skip(b []byte, i, floor int) int {
	if s.Escaped && i < len(b) {
		s.Escaped = false
		i++
	}
	var seen uint64 // the number of its high bits is odd inside a string
	if s.InString {
		seen = 0x80
	}
	depth := s.Depth
	var dot uint64
words:
	for i+8 <= len(b) {
		rest := b[i:]
		if depth == 1 {
			rest, seen, dot = skipWithDots(rest, seen, dot)
		}
		for len(rest) >= 16 {
			v, w := binary.LittleEndian.Uint64(rest), binary.LittleEndian.Uint64(rest[8:])
			if ((v&upper+fromBracket)|(w&upper+fromBracket))&highs != 0 {
				break
			}
			seen ^= notQuotes(v) ^ notQuotes(w)
			rest = rest[16:]
		}
		i = len(b) - len(rest)
		if len(rest) < 8 {
			break
		}
		// The high bit of each byte of special says that it is one of [ \ ] { | }, which lie side by side in upper.
		w := binary.LittleEndian.Uint64(rest)
		other, t := notQuotes(w), w&upper
		special := (t + fromBracket) &^ (t + fromCaret | w) & highs
		from := 0 // the bit from which on one bracket is open
		for special != 0 {
			bit := bits.TrailingZeros64(special)
			special &= special - 1
			before := seen ^ ^other&(1<<bit-1)
			inString := odd(before)
			if depth == 1 {
				dot |= zeros(w^dots) & (1<<bit - 1) >> from
			}
			switch c := byte(w >> (bit - 7)); {
			case inString && c == '\\':
				seen = before
				i += bit/8 + 2
				continue words
			case inString:
			case c|0x20 == '{': // or [
				depth++
			case c|0x20 == '}': // or ]
				depth--
				from = bit
				if depth == floor {
					s.InString, s.Depth, s.Dots = false, depth, s.Dots || dot != 0
					return i + bit/8 + 1
				}
			}
		}
		if depth == 1 {
			dot |= zeros(w^dots) >> from
		}
		seen ^= other
		i += 8
	}
	s.InString, s.Depth, s.Dots = odd(seen), depth, s.Dots || dot != 0
	if i > len(b) {
		s.Escaped = true
		return len(b)
	}
	return s.skipBytes(b, i, floor)
}

// skipWithDots is the inner loop of Skip where one bracket is open: it also looks for
// dots.
func skipWithDots(rest []byte, seen, dot uint64) ([]byte, uint64, uint64) {
	for len(rest) >= 16 {
		v, w := binary.LittleEndian.Uint64(rest), binary.LittleEndian.Uint64(rest[8:])
		if ((v&upper+fromBracket)|(w&upper+fromBracket))&highs != 0 {
			break
		}
		seen ^= notQuotes(v) ^ notQuotes(w)
		dot |= zeros(v^dots) | zeros(w^dots)
		rest = rest[16:]
	}
	return rest, seen, dot
}

// skipBytes is Skip for the last bytes of a piece.
func (s *Skipper) skipBytes(b []byte, i, floor int) int {
	for ; i < len(b); i++ {
		c := b[i]
		s.Dots = s.Dots || c == '.' && s.Depth == 1
		switch {
		case s.Escaped:
			s.Escaped = false
		case c == '"':
			s.InString = !s.InString
		case s.InString:
			s.Escaped = c == '\\'
		case c|0x20 == '{':
			s.Depth++
		case c|0x20 == '}':
			s.Depth--
			if s.Depth == floor {
				return i + 1
			}
		}
	}
	return i
}

// StringEnd looks for the quote that closes a string, of which b[i:] is the rest
// or the next piece. It returns the index behind the quote, or len(b) when that is
// yet to come.
func (s *Skipper) StringEnd(b []byte, i int) int {
	start := i
	if s.Escaped && start < len(b) {
		s.Escaped = false
		start++
		i = start
	}
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			s.Escaped = s.Escaped || escapes(b[start:])
			return len(b)
		}
		i += n + 1
		if !escapes(b[start : i-1]) {
			s.InString = false
			return i
		}
	}
}

// escapes reports whether the byte behind b, the text of a string so far, is
// escaped: an odd number of backslashes stands before it. An escaped quote ends
// the run, so each byte is counted once.
func escapes(b []byte) bool {
	n := len(b)
	for n > 0 && b[n-1] == '\\' {
		n--
	}
	return (len(b)-n)%2 == 1
}
