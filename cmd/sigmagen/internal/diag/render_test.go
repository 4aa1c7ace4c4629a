package diag

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWriteText holds what people see. In the line of the caret, the mark has to
// stand below the text that is meant, as a terminal shows it.
func TestWriteText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about        string
		source       string
		line, column int
		length       int
		want         string
	}{
		{"a word", "a: word here", 1, 4, 4, " 1 | a: word here\n   |    ^~~~\n"},
		{"one character", "a: word", 1, 4, 1, " 1 | a: word\n   |    ^\n"},
		{"no length is one character", "a: word", 1, 4, 0, " 1 | a: word\n   |    ^\n"},
		{"the end of a line", "a:", 1, 3, 1, " 1 | a:\n   |   ^\n"},
		{"behind the end of a line", "a:", 1, 30, 5, " 1 | a:\n   |   ^\n"},
		{"a length behind the end of a line", "a: b", 1, 4, 90, " 1 | a: b\n   |    ^\n"},
		{"column 0 is column 1", "ab", 1, 0, 1, " 1 | ab\n   | ^\n"},
		{"a later line", "a\nb\nc: d\ne", 3, 4, 1, " 3 | c: d\n   |    ^\n"},
		{"a line with more digits", strings.Repeat("\n", 99) + "ab", 100, 2, 1, " 100 | ab\n     |  ^\n"},
		{"the last line without its end", "a\nb", 2, 1, 1, " 2 | b\n   | ^\n"},
		{"a line that is not there", "a", 7, 1, 1, ""},
		{"a carriage return is no part of a line", "ab\r\ncd\r\n", 1, 3, 1, " 1 | ab\n   |   ^\n"},
		{"a byte order mark takes no room", "\ufeffab", 1, 2, 1, " 1 | ab\n   |  ^\n"},
		{"tabs stay, before the caret too", "\ta:\tb", 1, 5, 1, " 1 | \ta:\tb\n   | \t  \t^\n"},
		{"letters beyond ASCII are one wide", "é: ü", 1, 4, 1, " 1 | é: ü\n   |    ^\n"},
		{"wide characters are two wide", "証拠: b", 1, 5, 1, " 1 | 証拠: b\n   |       ^\n"},
		{"wide characters are marked wide", "a: 証拠", 1, 4, 2, " 1 | a: 証拠\n   |    ^~~~\n"},
		{"combining characters have no width", "cafe\u0301: b", 1, 8, 1, " 1 | cafe\u0301: b\n   |       ^\n"},
		{"escape sequences are shown", "a\x1b[2Jb: c", 1, 9, 1, " 1 | a\\x1b[2Jb: c\n   |            ^\n"},
		{"a bell and a backspace are shown", "\a\b: c", 1, 5, 1, " 1 | \\x07\\x08: c\n   |           ^\n"},
		{"a null is shown", "\x00c", 1, 2, 1, " 1 | \\x00c\n   |     ^\n"},
		{"C1 controls are shown", "\u009b31mc", 1, 5, 1, " 1 | \\x9b31mc\n   |        ^\n"},
		{"right-to-left override is shown", "\u202eabc", 1, 2, 3, " 1 | \\u202eabc\n   |       ^~~\n"},
		{"isolates are shown", "\u2066a\u2069b", 1, 4, 1, " 1 | \\u2066a\\u2069b\n   |              ^\n"},
		{"zero-width characters are shown", "a\u200bb", 1, 3, 1, " 1 | a\\u200bb\n   |        ^\n"},
		{"tag characters are shown", "\U000e0041b", 1, 2, 1, " 1 | \\U000e0041b\n   |           ^\n"},
		{"other white space is shown", "a\u00a0b", 1, 3, 1, " 1 | a\\xa0b\n   |      ^\n"},
		{"a hidden character inside a mark counts as shown", "a\u202eb", 1, 1, 3, " 1 | a\\u202eb\n   | ^~~~~~~~\n"},
		{"a carriage return inside a line is shown", "ab\rcd", 1, 4, 1, " 1 | ab\\x0dcd\n   |       ^\n"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			d := Diagnostic{Position: Position{"x.yml", test.line, test.column}, Length: test.length, Severity: Error, Message: "wrong"}
			if err := WriteText(&b, []Diagnostic{d}, func(string) []byte { return []byte(test.source) }); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("x.yml:%d:%d: wrong\n", test.line, max(test.column, 1)) + test.want
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteTextParts(t *testing.T) {
	t.Parallel()
	at := Position{"dir/x.yml", 1, 1}
	tests := []struct {
		about string
		d     Diagnostic
		want  string
	}{
		{"an error bears no label", Diagnostic{Position: at, Severity: Error, Message: "m"}, "dir/x.yml:1:1: m\n 1 | ab\n   | ^\n"},
		{"a warning does", Diagnostic{Position: at, Severity: Warning, Message: "m"}, "dir/x.yml:1:1: warning: m\n 1 | ab\n   | ^\n"},
		{"so does a note", Diagnostic{Position: at, Severity: Note, Message: "m"}, "dir/x.yml:1:1: note: m\n 1 | ab\n   | ^\n"},
		{"a waiver has its reason", Diagnostic{Position: at, Severity: Note, Message: "m", Hint: "h", Waived: "w\x1b"}, "dir/x.yml:1:1: note: m\n 1 | ab\n   | ^\n    hint: h\n    waived: w\\x1b\n"},
		{"a hint ends it", Diagnostic{Position: at, Severity: Error, Message: "m", Hint: "h"}, "dir/x.yml:1:1: m\n 1 | ab\n   | ^\n    hint: h\n"},
		{"a file as a whole has no line", Diagnostic{Position: Position{Path: "x"}, Severity: Error, Message: "m"}, "x: m\n"},
		{"path, message and hint are made printable", Diagnostic{Position: Position{Path: "x\n\x1b"}, Severity: Error, Message: "a\nb\u202e", Hint: "c\rd"},
			"x\\x0a\\x1b: a\\x0ab\\u202e\n    hint: c\\x0dd\n"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := WriteText(&b, []Diagnostic{test.d}, func(string) []byte { return []byte("ab\n") }); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	var b strings.Builder
	if err := WriteText(&b, []Diagnostic{tests[0].d}, func(string) []byte { return nil }); err != nil || b.String() != "dir/x.yml:1:1: m\n" {
		t.Errorf("without the source: %q, %v", b.String(), err)
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	err := WriteJSON(&b, []Diagnostic{
		{Position: Position{"a.yml", 3, 4}, Length: 2, Severity: Error, Code: "condition/operator", Message: `write "<" & so on`, Hint: "h"},
		{Position: Position{Path: "b\n.yml"}, Severity: Warning, Code: "c", Message: "\u202e\x1b"},
		{Position: Position{Path: "c.yml"}, Severity: Note, Code: "c", Message: "m", Waived: "w"},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"path":"a.yml","line":3,"column":4,"severity":"error","code":"condition/operator","message":"write \"<\" & so on","hint":"h"}
{"path":"b\n.yml","line":0,"column":0,"severity":"warning","code":"c","message":"\u202e\u001b","hint":""}
{"path":"c.yml","line":0,"column":0,"severity":"note","code":"c","message":"m","hint":"","waived":"w"}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWritersReturnErrors(t *testing.T) {
	t.Parallel()
	list := []Diagnostic{{Message: "m"}}
	if err := WriteText(failingWriter{}, list, func(string) []byte { return nil }); err == nil {
		t.Error("WriteText: no error")
	}
	if err := WriteJSON(failingWriter{}, list); err == nil {
		t.Error("WriteJSON: no error")
	}
}
