package diff

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCode holds that a text in a line stays one piece of code.
func TestCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sentence, text, want string }{
		{"Plain text is code.", "Trail Stopped", "`Trail Stopped`"},
		{"Nothing stays nothing.", " ", ""},
		{"A mention and HTML are text in code.", "@security <img src=x>", "`@security <img src=x>`"},
		{"Quotes inside have longer ones around them.", "a ``b`` c", "```a ``b`` c```"},
		{"Quotes at an end are kept apart from those around.", "`x", "`` `x ``"},
		{"A line break would end the line.", "a\nb", "`a b`"},
		{"Marks of direction and control characters are seen.", "a\u202eb\x1b[2Jc", "`a\uFFFDb\uFFFD[2Jc`"},
		{"A long text is cut.", strings.Repeat("é", 150), "`" + strings.Repeat("é", 100) + "…`"},
	} {
		if diff := cmp.Diff(c.want, code(c.text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
}

// TestTable holds that a cell stays one cell.
func TestTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	writeTable(&b, []string{"a", "b"}, [][]string{{code(`x|y\|z`), "1"}, {code("|"), "2"}, {"left", "out"}}, 55)
	want := "| a | b |\n|---|---|\n| `x\\|y\\ \\|z` | 1 |\n| `\\|` | 2 |\n\n… and 1 more\n\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestEdit holds an edit in a line of Markdown.
func TestEdit(t *testing.T) {
	t.Parallel()
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for _, c := range []struct {
		edit Edit
		want string
	}{
		{Edit{What: "title", Old: []string{"a|b"}, New: []string{"<c>"}}, "title: `a|b` → `<c>`"},
		{Edit{What: "status", New: []string{"test"}}, "status: `test`"},
		{Edit{What: "name", Old: []string{"x"}}, "name: no longer `x`"},
		{Edit{What: "tags", List: true, Old: []string{"a"}, New: []string{"b", "c"}}, "tags: − `a`, + `b`, + `c`"},
		{Edit{What: "values", List: true, New: many}, "values: + `0`, + `1`, + `2`, + `3`, + `4`, + `5`, + `6`, + `7`, + `8`, + `9`, + 2 more"},
		{Edit{What: "the filter @x changed"}, "`the filter @x changed`"},
	} {
		if got := c.edit.markdown(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestNothing holds the report of a change that is none.
func TestNothing(t *testing.T) {
	t.Parallel()
	want := Marker + "\n## What this change of rules means\n\n`main` → `working tree`: nothing changed.\n"
	if diff := cmp.Diff(want, (&Report{Old: "main", New: "working tree"}).Markdown()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// ours are the lines that are not of strangers, as they may begin.
var ours = regexp.MustCompile(`^(|<!-- sigmagen diff -->|</details>|<details><summary>.*|## What .*|### .*|\*\*Refused in .*|\*\*Some of .*|\*\*The recorded logs .*|\*\*It can .*|\*\*A part of .*|\*\*Can never match in .*|\*\*No records were .*|Whether it .*|Note: .*|Of \d+ records? in .*|\|.*|… and \d+ more|` +
	"`.*|`" + `.*|It .*|What the change means .*|Its matches .*|Of its file .*|- .*|In ` + "`" + `.*)$`)

// TestWitness holds that a record can be pasted from a block of Markdown as it was.
func TestWitness(t *testing.T) {
	t.Parallel()
	event := map[string]any{"userAgent": "x\u200b\u202e\u00ad\x1b\U000e0041 <`| \n```"}
	r := &Report{Rules: []Rule{{Item: Item{Key: "x", Change: Added}, OnlyNew: record(event)}}}
	_, block, _ := strings.Cut(r.Markdown(), "json\n")
	block, _, _ = strings.Cut(block, "}\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(block+"}"), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHostile holds that no text leaves the place that it stands in, and that a report
// of any size can be posted.
func TestHostile(t *testing.T) {
	t.Parallel()
	hostile := []string{
		"```\n</details>\n@everyone <img src=x> |\n", strings.Repeat("`", 2_000), strings.Repeat("|", 300), strings.Repeat("\x00", 300),
		"\n\n# heading\n", "</details>", "<!-- -->", strings.Repeat("💥\n", 1_500), "x\n@everyone\n",
	}
	for _, text := range hostile {
		record, err := json.Marshal(map[string]string{text: text})
		if err != nil {
			t.Fatal(err)
		}
		r := &Report{Old: text, New: text, Generated: &Generated{Files: 3, Text: text + text}, Logs: &Logs{Path: text, Records: 5, Unread: true}, Notes: slices.Repeat([]string{text}, 12)}
		edits := []Edit{{What: text}, {What: "title", Old: []string{text}, New: []string{text}}, {What: "tags", List: true, Old: []string{text}, New: []string{text, text}}, {What: "level", Old: []string{text}, New: []string{text}}}
		for i := range 60 {
			item := Item{Key: fmt.Sprint(text, i), OldKey: text, Title: text, Level: "high", Change: changes[i%len(changes)], Edits: edits}
			m := Match{Rule: text, File: text, Record: i, EventID: text, EventTime: text, Source: text, Name: text, Account: text, Actor: text}
			r.Rules = append(r.Rules, Rule{Item: item, Impossible: []string{"", text}[i/8%2], ImpossibleParts: slices.Repeat([]string{text}, i%4*4), Lost: []extent{undecided, some}[i%2], Gained: []extent{undecided, some, none}[i%3], Reason: text, OnlyOld: record, OnlyNew: record, Words: text, Correlations: []string{text, text}, Matches: &Matches{Old: i, Gone: []Match{m}, Gained: []Match{m}, Contradiction: i%2 == 0}})
			r.Correlations, r.Exceptions, r.Placeholders = append(r.Correlations, item), append(r.Exceptions, item), append(r.Placeholders, item)
		}
		for _, refused := range []string{"", text} {
			r.OldRefused, r.NewRefused, r.NewImpossible = refused, refused, refused
			r.Logs.Records = len(refused) // none, then some
			got := r.Markdown()
			if len(got) > MaxBytes {
				t.Errorf("%.20q: %d bytes", text, len(got))
			}
			end := ""
			for line := range strings.SplitSeq(strings.TrimSuffix(got, "\n"), "\n") {
				switch {
				case end != "":
					if line == end {
						end = ""
					}
				case strings.HasPrefix(line, "```") && strings.Trim(line, "`") == strings.TrimLeft(line, "`") && !strings.Contains(strings.TrimLeft(line, "`"), "`"):
					end = strings.TrimRight(line, "abcdefghijklmnopqrstuvwxyz")
				case !ours.MatchString(line):
					t.Fatalf("%.20q: a line of its own: %.100q", text, line)
				case strings.Contains(withoutCode(line), "@everyone"), strings.Contains(withoutCode(line), "<img"), strings.Contains(withoutCode(line), "# heading"):
					t.Fatalf("%.20q: not in code: %.100q", text, line)
				}
			}
			if end != "" {
				t.Errorf("%.20q: a block has no end", text)
			}
		}
		r.Rules, r.Correlations, r.Exceptions, r.Placeholders = r.Rules[:2], r.Correlations[:2], nil, nil
		for line := range strings.Lines(r.Text()) {
			if strings.ContainsAny(line, "\x00\x1b") {
				t.Fatalf("%.20q: %.100q steers a terminal", text, line)
			}
		}
	}
}

// withoutCode returns a line of Markdown without its pieces of code.
func withoutCode(line string) string {
	for {
		start := strings.IndexByte(line, '`')
		if start < 0 {
			return line
		}
		quotes := line[start : start+len(line[start:])-len(strings.TrimLeft(line[start:], "`"))]
		rest := line[start+len(quotes):]
		for {
			end := strings.Index(rest, quotes)
			if end < 0 {
				return line // there is no end: all of it is text
			}
			run := len(rest[end:]) - len(strings.TrimLeft(rest[end:], "`"))
			if run == len(quotes) {
				rest = rest[end+run:]
				break
			}
			rest = rest[end+run:]
		}
		line = line[:start] + rest
	}
}
