package main

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

// What a part says goes to the terminal, and as Markdown to its section, which may
// go to a page.

// title begins what a part says.
func (b *bench) title(format string, values ...any) {
	text := fmt.Sprintf(format, values...)
	fmt.Fprintf(b.out, "\n%s (load %s)\n", text, load())
	fmt.Fprintf(&b.section, "%s (%s, load %s).\n", text, time.Now().UTC().Format("2 January 2006"), load())
}

// table prints rows of cells, the first of which is the head.
func (b *bench) table(rows [][]string) {
	w := tabwriter.NewWriter(b.out, 0, 0, 3, ' ', 0)
	b.section.WriteByte('\n')
	for i, row := range rows {
		fmt.Fprintln(w, "  "+strings.Join(row, "\t"))
		fmt.Fprintf(&b.section, "| %s |\n", strings.ReplaceAll(strings.Join(row, " | "), "MISSED", "**missed**"))
		if i == 0 {
			fmt.Fprintf(&b.section, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
	_ = w.Flush() // of a table that is lost nobody can be told
}

// note says what is to be known about a table.
func (b *bench) note(format string, values ...any) {
	text := b.short(fmt.Sprintf(format, values...))
	fmt.Fprintf(b.out, "  %s\n", text)
	said := strings.TrimSuffix(b.section.String(), "\n")
	if !strings.HasPrefix(said[strings.LastIndexByte(said, '\n')+1:], "- ") {
		b.section.WriteByte('\n') // before the first of a list
	}
	fmt.Fprintf(&b.section, "- %s\n", text)
}

// command says what was run.
func (b *bench) command(text string) {
	text = b.short(text)
	fmt.Fprintf(b.out, "  $ %s\n", text)
	b.commands = append(b.commands, strings.Split(text, "; ")...)
}

// endSection returns what a part has said, and begins anew.
func (b *bench) endSection() string {
	text := b.section.String()
	if len(b.commands) > 0 {
		text += "\n```sh\n" + strings.Join(b.commands, "\n") + "\n```\n"
	}
	b.section.Reset()
	b.commands = nil
	return text
}

// short replaces what is temporary by its name.
func (b *bench) short(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, b.self, "bench"), b.temporary, "$TMP")
}

// replaceSection puts text in the place of the section of a page: the lines between
// the comments <!-- name --> and <!-- /name -->.
func replaceSection(path, name, text string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, begins := strings.Cut(string(page), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		return fmt.Errorf("%s has no section between the lines <!-- %s --> and <!-- /%[2]s -->", path, name)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+strings.TrimSpace(text)+"\n\n"+end+after), 0o644)
}
