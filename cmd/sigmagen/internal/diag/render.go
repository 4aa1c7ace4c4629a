package diag

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/rivo/uniseg"
)

// WriteText writes diagnostics for people: path:line:col: message, the source
// line, a caret, a hint, why it is waived. The code of what a rule may waive stands
// behind the message. source returns the text of a file, or nil when it is
// not at hand; the line and the caret are then left out.
func WriteText(w io.Writer, diagnostics []Diagnostic, source func(path string) []byte) error {
	for _, d := range diagnostics {
		if err := writeOne(w, d, source); err != nil {
			return err
		}
	}
	return nil
}

func writeOne(w io.Writer, d Diagnostic, source func(string) []byte) error {
	var b strings.Builder
	if d.Line > 0 {
		fmt.Fprintf(&b, "%s:%d:%d: ", Printable(d.Path), d.Line, max(d.Column, 1))
	} else {
		fmt.Fprintf(&b, "%s: ", Printable(d.Path))
	}
	if d.Severity != Error {
		b.WriteString(d.Severity.String() + ": ")
	}
	b.WriteString(Printable(d.Message))
	if d.Severity != Error && slices.Contains(Waivable, d.Code) {
		b.WriteString(" [" + d.Code + "]")
	}
	b.WriteString("\n")
	if line, ok := sourceLine(source(d.Path), d.Line); ok {
		line, column := window(line, d.Column)
		before, marked := caret(line, column, d.Length)
		gutter := len(fmt.Sprint(d.Line))
		fmt.Fprintf(&b, " %d | %s\n", d.Line, Printable(line))
		fmt.Fprintf(&b, " %*s | %s%s\n", gutter, "", before, marked)
	}
	if d.Hint != "" {
		fmt.Fprintf(&b, "    hint: %s\n", Printable(d.Hint))
	}
	if d.Waived != "" {
		fmt.Fprintf(&b, "    waived: %s\n", Printable(d.Waived))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// sourceLine returns the line of that number, counted from 1, without its end.
func sourceLine(text []byte, number int) (string, bool) {
	if text == nil || number < 1 {
		return "", false
	}
	rest := string(text)
	for ; number > 1; number-- {
		_, after, found := strings.Cut(rest, "\n")
		if !found {
			return "", false
		}
		rest = after
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimPrefix(strings.TrimSuffix(line, "\r"), "\ufeff"), true
}

// Marked returns the text that a diagnostic underlines in the text of its file; "" for
// one about the file as a whole.
func Marked(d Diagnostic, text []byte) string {
	line, ok := sourceLine(text, d.Line)
	if !ok {
		return ""
	}
	runes := []rune(line)
	start := min(max(d.Column-1, 0), len(runes))
	return string(runes[start:min(start+max(d.Length, 1), len(runes))])
}

// widest is how many characters of a source line are shown.
const widest = 150

// window returns the part of a long line around a column, and the column in it.
func window(line string, column int) (part string, columnInPart int) {
	runes := []rune(line)
	if len(runes) <= widest {
		return line, column
	}
	start := max(0, min(column-1-widest/3, len(runes)-widest))
	part = string(runes[start:min(start+widest, len(runes))])
	if start+widest < len(runes) {
		part += "..."
	}
	if start > 0 {
		part = "..." + part
		start -= len("...")
	}
	return part, column - start
}

// caret returns white space as wide as what stands before the column, and a
// mark as wide as length characters from there on, within the line.
func caret(line string, column, length int) (before, marked string) {
	runes := []rune(line)
	start := min(max(column-1, 0), len(runes))
	end := min(start+max(length, 1), len(runes))
	for _, r := range runes[:start] {
		if r == '\t' {
			before += "\t"
		} else {
			before += strings.Repeat(" ", uniseg.StringWidth(Printable(string(r))))
		}
	}
	width := uniseg.StringWidth(Printable(string(runes[start:end])))
	return before, "^" + strings.Repeat("~", max(width-1, 0))
}

// Printable returns s with every character that could steer a terminal, hide
// text or reorder it written as an escape. Tabs stay.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// WriteJSON writes diagnostics one JSON object a line.
func WriteJSON(w io.Writer, diagnostics []Diagnostic) error {
	for _, d := range diagnostics {
		if err := EncodeJSON(w, "", d); err != nil {
			return err
		}
	}
	return nil
}

// EncodeJSON writes a value as JSON and ends the line; with an indent, one member a
// line. Characters that could steer a terminal are escaped, which JSON readers undo.
func EncodeJSON(w io.Writer, indent string, v any) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, EscapeJSON(text.String()))
	return err
}

// EscapeJSON escapes what is not printable in JSON, whose control
// characters of ASCII are escaped already but for those between values.
func EscapeJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\n\r\t", r) || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
