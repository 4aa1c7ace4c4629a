package diff

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCode bounds a text in a line, in bytes.
const maxCode = 200

// writeTable writes a table of at most limit bytes, and how many rows are left out
// for that. The cells are Markdown of one line.
func writeTable(b *strings.Builder, head []string, rows [][]string, limit int) {
	limit += b.Len()
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for i, row := range rows {
		var cells []string
		for _, cell := range row {
			// A pipe ends a cell also in code, unless there is a backslash before it.
			// One that stands there already would make it a pipe again.
			cells = append(cells, strings.ReplaceAll(strings.ReplaceAll(cell, `\|`, `\ |`), "|", `\|`))
		}
		line := "| " + strings.Join(cells, " | ") + " |\n"
		if b.Len()+len(line) > limit {
			fmt.Fprintf(b, "\n… and %d more\n", len(rows)-i)
			break
		}
		b.WriteString(line)
	}
	b.WriteString("\n")
}

// code renders a text as it stands, as code in a line: nothing in it is a link, a
// mention or HTML.
func code(text string) string {
	text = strings.TrimSpace(visible(strings.ReplaceAll(cut(text, maxCode), "\n", " ")))
	if text == "" {
		return ""
	}
	quotes := strings.Repeat("`", longestRun(text)+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return quotes + text + quotes
}

// fence renders a text as a block of code. No line of the text ends it.
func fence(language, text string) string {
	quotes := strings.Repeat("`", max(3, longestRun(text)+1))
	return quotes + language + "\n" + strings.TrimRight(visible(text), "\n") + "\n" + quotes + "\n"
}

func longestRun(text string) int {
	longest, run := 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// visible replaces what cannot be seen, or changes how the rest is shown: control
// characters, marks of direction, invalid UTF-8.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// cut shortens a text to at most limit bytes and says so: a text of several lines
// after a line.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	short := strings.ToValidUTF8(text[:max(0, limit)], "")
	if end := strings.LastIndexByte(short, '\n'); end >= 0 {
		return fmt.Sprintf("%s\n… %d more lines", short[:end], strings.Count(text[end+1:], "\n"))
	}
	return short + "…"
}
