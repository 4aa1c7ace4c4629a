package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shown is text that is fit to be shown: it went through visible, or it stands
// in this package. What a template prints is shown, and a text from outside does
// not become shown without a conversion, of which there are few.
type shown string

// maxMarks is how many combining marks may follow a letter. Scripts need two;
// more are a heap that hides the lines above.
const maxMarks = 2

// visible writes everything in a text that cannot be seen, or that changes how
// other text is seen, as an escape: control characters, line breaks, changes of
// the direction of writing, characters without width, unusual spaces, heaps of
// combining marks, bytes that are not UTF-8. The result is one line.
func visible(text string) shown {
	var b strings.Builder
	marks := 0
	for i, r := range text {
		if r >= 0x300 && unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case isVisible(r) && marks <= maxMarks:
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return shown(b.String())
}

// isVisible reports whether a character takes its place and leaves the others in
// theirs.
func isVisible(r rune) bool {
	switch {
	case r >= 0x20 && r < 0x7F:
		return true
	case !unicode.IsPrint(r): // controls, formats such as bidi overrides, spaces but " "
		return false
	case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
		return false
	case r == '\u2800': // a Braille pattern without dots
		return false
	}
	return true
}

// folded is visible for titles and descriptions, in which a line break and a
// tab mean no more than a space.
func folded(text string) shown {
	return visible(strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return r == ' ' || r == '\n' || r == '\r' || r == '\t'
	}), " "))
}

// cut keeps the two ends of a text that has more than most characters, and says
// how many it left out: names differ at their ends, and a command line says at
// its end what it does.
func cut(text string, most int) string {
	// A text has no more characters than bytes, and most texts are short.
	if len(text) <= most {
		return text
	}
	characters := utf8.RuneCountInString(text)
	if characters <= most {
		return text
	}
	tail := most / 4
	end := len(text)
	for range tail {
		_, size := utf8.DecodeLastRuneInString(text[:end])
		end -= size
	}
	return fmt.Sprintf("%s … [%s characters left out] … %s", firstRunes(text, most-tail), thousands(characters-most), text[end:])
}

// firstRunes returns the beginning of a text.
func firstRunes(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}

// thousands writes a number with commas: 12,345.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted puts a number before a noun.
func counted(n int, one, more string) shown {
	if n == 1 {
		return shown("1 " + one)
	}
	return shown(thousands(n) + " " + more)
}
