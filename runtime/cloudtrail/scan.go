package cloudtrail

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// scanner finds the end of a JSON object or array, and on the way whether the object is a CloudTrail record. It takes
// the text in pieces of any size and looks at each byte once. Brackets are counted, not matched, and strings are
// stepped over: whether the JSON inside is valid is for the parser to say.
type scanner struct {
	depth    int  // of open brackets
	inString bool // the last piece ended inside a string
	escaped  bool // and the next byte is escaped by a backslash

	// The keys of the object, as long as it is not known to be a record.
	watch  bool
	inKey  bool // the string is a key, or the first of a value that lacks one
	colon  bool // a value comes next
	key    key  // the last key read
	text   keyText
	record recordKeys
}

// begin expects the text behind an opening bracket. The keys are looked at if it is a brace and watch is true.
func (s *scanner) begin(watch bool) {
	s.depth, s.inString, s.escaped = 1, false, false
	s.watch, s.inKey, s.colon, s.key, s.record = watch, false, false, otherKey, recordKeys{}
	s.text.n = 0
}

// scan looks at the next piece. It returns how many bytes of it belong to the value, and whether the last of these
// closes it.
func (s *scanner) scan(b []byte) (int, bool) {
	i := 0
	for s.watch && s.depth > 0 && i < len(b) {
		if s.depth == 1 {
			i = s.members(b, i)
		} else {
			i = s.skip(b, i, 1)
		}
	}
	if s.depth > 0 && i < len(b) {
		i = s.skip(b, i, 0)
	}
	return i, s.depth == 0
}

// members looks at b[i:] as the members of an object, up to a bracket or the end of the interest in its keys.
func (s *scanner) members(b []byte, i int) int {
	for i < len(b) {
		if s.inString {
			start := i
			i = s.stringEnd(b, i, i)
			if s.inKey {
				s.key = s.text.add(b[start:i], !s.inString)
			}
			continue
		}
		c := b[i]
		i++
		switch c {
		case '"':
			s.inString = true
			s.inKey = !s.colon
			if s.colon {
				s.record.see(s.key, true)
				s.colon = false
			}
		case ':':
			s.colon = true
			s.record.see(s.key, false)
		case ',':
			s.colon, s.key = false, otherKey
		case '{', '[':
			s.colon = false
			s.depth++
			return i
		case '}', ']':
			s.depth--
			return i
		}
		if s.record.complete() {
			s.watch = false
			return i
		}
	}
	return i
}

// Masks for eight bytes at a time.
const (
	ones        = 0x0101010101010101
	lows        = 0x7f * ones
	highs       = 0x80 * ones
	quotes      = '"' * ones
	upper       = 0x5f * ones         // makes { | } the same as [ \ ], and clears the high bits
	fromBracket = (0x80 - '[') * ones // to add: sets the high bit of a byte from [ on
	fromCaret   = (0x80 - '^') * ones // and of one behind ]
)

// notQuotes returns a word with the high bit of each byte set unless that byte of w is a quote. The other bits are
// noise.
func notQuotes(w uint64) uint64 { return ((w & lows) ^ quotes + lows) | w }

// odd reports whether the number of high bits in w is odd.
func odd(w uint64) bool { return bits.OnesCount64(w&highs)&1 != 0 }

// skip is the loop that nearly all of the text goes through: it looks at b[i:] until no more than floor brackets are
// open, and returns the index behind.
//
// Most of a record is short strings, and a branch at the end of each is what would cost most. So it takes eight bytes
// at a time and branches only where a bracket or a backslash may be. Whether a byte is inside a string is the parity
// of the quotes before it, which exclusive or gathers; that of the bytes other than quotes is the same, as a word has
// eight.
func (s *scanner) skip(b []byte, i, floor int) int {
	if s.escaped && i < len(b) {
		s.escaped = false
		i++
	}
	var seen uint64 // the number of its high bits is odd inside a string
	if s.inString {
		seen = 0x80
	}
words:
	for i+8 <= len(b) {
		if i+16 <= len(b) {
			v, w := binary.LittleEndian.Uint64(b[i:]), binary.LittleEndian.Uint64(b[i+8:])
			if ((v&upper+fromBracket)|(w&upper+fromBracket))&highs == 0 {
				seen ^= notQuotes(v) ^ notQuotes(w)
				i += 16
				continue
			}
		}
		// The high bit of each byte of special says that it is one of [ \ ] { | }, which lie side by side in upper.
		w := binary.LittleEndian.Uint64(b[i:])
		other, t := notQuotes(w), w&upper
		special := (t + fromBracket) &^ (t + fromCaret | w) & highs
		for special != 0 {
			bit := bits.TrailingZeros64(special)
			special &= special - 1
			before := seen ^ ^other&(1<<bit-1)
			inString := odd(before)
			switch c := byte(w >> (bit - 7)); {
			case inString && c == '\\':
				seen = before
				i += bit/8 + 2
				continue words
			case inString:
			case c|0x20 == '{': // or [
				s.depth++
			case c|0x20 == '}': // or ]
				s.depth--
				if s.depth == floor {
					s.inString = false
					return i + bit/8 + 1
				}
			}
		}
		seen ^= other
		i += 8
	}
	s.inString = odd(seen)
	if i > len(b) {
		s.escaped = true
		return len(b)
	}
	return s.skipBytes(b, i, floor)
}

// skipBytes is skip for the last bytes of a piece.
func (s *scanner) skipBytes(b []byte, i, floor int) int {
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case s.escaped:
			s.escaped = false
		case c == '"':
			s.inString = !s.inString
		case s.inString:
			s.escaped = c == '\\'
		case c|0x20 == '{':
			s.depth++
		case c|0x20 == '}':
			s.depth--
			if s.depth == floor {
				return i + 1
			}
		}
	}
	return i
}

// stringEnd looks for the quote that closes a string. The string, or the piece of it, begins at b[start], and there is
// no closing quote before b[i]. It returns the index behind the quote, or len(b) when that is yet to come.
func (s *scanner) stringEnd(b []byte, start, i int) int {
	if s.escaped && start < len(b) {
		s.escaped = false
		start++
		i = max(i, start)
	}
	for {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			s.escaped = s.escaped || escapes(b[start:])
			return len(b)
		}
		i += n + 1
		if !escapes(b[start : i-1]) {
			s.inString = false
			return i
		}
	}
}

// escapes reports whether the byte behind b, the text of a string so far, is escaped: an odd number of backslashes
// stands before it. An escaped quote ends the run, so each byte is counted once.
func escapes(b []byte) bool {
	n := len(b)
	for n > 0 && b[n-1] == '\\' {
		n--
	}
	return (len(b)-n)%2 == 1
}
