package gogen

import (
	"strings"
	"unicode"
)

// commentLine returns text as one line of a comment. Text of rules is not
// trusted: what could end the line, steer a terminal or reorder what a reviewer
// sees becomes a space or is left out, and the space behind the slashes keeps
// the line from being a directive. jennifer writes a comment that begins with
// slashes as it is; no other comment may be written.
func commentLine(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.IsPrint(r):
			b.WriteRune(r)
		}
	}
	return "// " + strings.TrimSpace(b.String())
}

// codeLine returns text as one indented line of a doc comment, which gofmt
// leaves alone.
func codeLine(text string) string {
	return "//\t" + strings.TrimPrefix(commentLine(text), "// ")
}

// oneLine folds the white space of a text that spans lines.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
