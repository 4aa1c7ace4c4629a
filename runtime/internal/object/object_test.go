package object

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// plain does what Skip does, a byte at a time. dot tells whether there is one where
// one bracket is open.
func plain(b []byte, depth int, inString, escaped bool, floor int) (index, d int, s, e, dot bool) {
	for i, c := range b {
		dot = dot || c == '.' && depth == 1 && !escaped
		switch {
		case escaped:
			escaped = false
		case inString:
			inString, escaped = c != '"', c == '\\'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == floor {
				return i + 1, depth, false, false, dot
			}
		}
	}
	return len(b), depth, inString, escaped, dot
}

// text is made of what matters to a Skipper, and of bytes that look like it.
func text(random *rand.Rand) []byte {
	const alphabet = `{}[]""\\ab|~^_;:, .` + "\x00\xfb\xfd\xdb\xdd\xa2\xdc\x7b\x7d"
	b := make([]byte, random.IntN(200))
	for i := range b {
		if b[i] = 'x'; random.IntN(3) == 0 {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
	}
	return b
}

// A text may come in pieces of any size, cut anywhere.
func TestSkip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := text(random)
		floor := random.IntN(2)
		start := Skipper{Depth: floor + 1 + random.IntN(3), InString: random.IntN(2) == 0}
		want, depth, inString, escaped, dot := plain(b, start.Depth, start.InString, false, floor)

		s, got := start, 0
		for rest := b; ; {
			piece := rest[:random.IntN(len(rest)+1)]
			if random.IntN(2) == 0 {
				piece = rest
			}
			n := s.Skip(piece, 0, floor)
			got += n
			if rest = rest[n:]; len(rest) == 0 || s.Depth == floor {
				break
			}
		}
		if got != want || s != (Skipper{depth, inString, escaped, s.Dots}) {
			t.Fatalf("%q from %+v to %d: %d and %+v, want %d and %+v", b, start, floor, got, s, want, Skipper{depth, inString, escaped, dot})
		}
		if dot && !s.Dots || s.Dots && bytes.IndexByte(b, '.') < 0 {
			t.Fatalf("%q from %+v to %d: Dots is %t, and there is %t", b, start, floor, s.Dots, dot)
		}
	}
}

func TestStringEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		from int
		want int
		open bool // the string goes on behind the text
	}{
		{"the quote that closes", `ab"c`, 0, 3, false},
		{"an escaped quote does not", `a\"b"c`, 0, 5, false},
		{"an escaped backslash escapes nothing", `a\\"b`, 0, 4, false},
		{"what stands before does not escape", `\"`, 1, 2, false},
		{"a text without a quote", `ab`, 0, 2, true},
		{"no text", ``, 0, 0, true},
	} {
		s := Skipper{InString: true}
		if got := s.StringEnd([]byte(c.text), c.from); got != c.want || s.InString != c.open {
			t.Errorf("%s: %d, in string %v; want %d, %v", c.name, got, s.InString, c.want, c.open)
		}
	}
	s := Skipper{InString: true}
	if s.StringEnd([]byte(`a\`), 0); !s.Escaped {
		t.Error("a backslash at the end of a piece does not escape what follows")
	}
	if got := s.StringEnd([]byte(`"b"`), 0); got != 3 || s.InString || s.Escaped {
		t.Errorf("the next piece: %d and %+v, want 3", got, s)
	}
}
