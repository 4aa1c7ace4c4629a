package review

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarkdown(t *testing.T) {
	for _, c := range []struct {
		name   string
		change Change
		want   string
	}{
		{
			name:   "Nothing changes, and there are no logs.",
			change: Change{},
			want: `## What this change of rules comes to

### Rules

No rule, correlation or threshold is added, removed or changed.

### Matches on recorded logs

There are no recorded logs to try the rules on. Put delivery files of CloudTrail into a directory of the repository, or name a bucket: the workflow says how.

### Generated code

No file of the generated package changes.
`,
		},
		{
			name: "A rule is added, one removed, one changed; one match is new, one gone, one stays.",
			change: Change{
				Logs: "recorded",
				Before: State{
					Rules:     []Rule{{"changed", "Changed", "low", "1"}, {"gone", "Gone", "high", "2"}, {"same", "Same", "high", "3"}},
					Generated: map[string]string{"changed_rule.go": "one\ntwo\n", "same_rule.go": "same\n"},
					Matches:   []Match{{Rule: "gone", File: "a.json", Record: 3}, {Rule: "same", File: "a.json", Record: 4}},
				},
				After: State{
					Rules:     []Rule{{"changed", "Changed", "medium", "4"}, {"new", "New", "critical", "5"}, {"same", "Same", "high", "3"}},
					Generated: map[string]string{"changed_rule.go": "one\n2\n", "same_rule.go": "same\n"},
					Matches: []Match{
						{Rule: "new", File: "a.json", Record: 10, EventTime: "2026-01-02T03:04:05Z", Source: "iam.amazonaws.com", Name: "CreateUser", Account: "111122223333", Actor: "user/mara"},
						{Rule: "same", File: "a.json", Record: 4},
					},
				},
			},
			want: `## What this change of rules comes to

### Rules

|  | rule | title | level |
|---|---|---|---|
| changed | ¬changed¬ | ¬Changed¬ | low → medium |
| removed | ¬gone¬ | ¬Gone¬ | high |
| added | ¬new¬ | ¬New¬ | critical |

### Matches on recorded logs

On ¬recorded¬: 2 before, 2 after.

| rule | before | after | new | gone |
|---|---|---|---|---|
| ¬gone¬ | 1 | 0 | +0 | -1 |
| ¬new¬ | 0 | 1 | +1 | -0 |

<details><summary>New: 1</summary>

| rule | time | event | actor | account | record |
|---|---|---|---|---|---|
| ¬new¬ | ¬2026-01-02T03:04:05Z¬ | ¬iam:CreateUser¬ | ¬user/mara¬ | ¬111122223333¬ | ¬a.json#10¬ |

</details>

<details><summary>Gone: 1</summary>

| rule | time | event | actor | account | record |
|---|---|---|---|---|---|
| ¬gone¬ |  | ¬:¬ |  |  | ¬a.json#3¬ |

</details>

### Generated code

<details><summary>1 file differs</summary>

¬¬¬diff
diff before/changed_rule.go after/changed_rule.go
--- before/changed_rule.go
+++ after/changed_rule.go
@@ -1,2 +1,2 @@
 one
-two
+2
¬¬¬

</details>
`,
		},
		{
			name: "The new rules do not compile.",
			change: Change{
				Logs:   "recorded",
				Before: State{Rules: []Rule{{"a", "A", "low", "1"}}},
				After:  State{Refused: "a.yml:1:1: no title\n"},
			},
			want: `## What this change of rules comes to

**The rules of this change do not compile:**

¬¬¬
a.yml:1:1: no title
¬¬¬

### Generated code

No file of the generated package changes.
`,
		},
		{
			name: "The same matches on logs of which some cannot be read.",
			change: Change{
				Logs:   "recorded",
				Before: State{Matches: []Match{{Rule: "a"}}},
				After:  State{Matches: []Match{{Rule: "a"}}, Unread: true},
			},
			want: `## What this change of rules comes to

### Rules

No rule, correlation or threshold is added, removed or changed.

### Matches on recorded logs

**Some of the recorded logs could not be read:** the log of the job says which. What follows is about the rest.

On ¬recorded¬: 1 before, 1 after.

The same records match the same rules.

### Generated code

No file of the generated package changes.
`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := Marker + "\n" + strings.ReplaceAll(c.want, "¬", "`")
			if diff := cmp.Diff(want, Markdown(c.change)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestCode holds that a text in a cell stays one cell and one piece of code.
func TestCode(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"Plain text is code.", "Trail Stopped", "`Trail Stopped`"},
		{"Nothing stays nothing.", " ", ""},
		{"A mention and HTML are text in code.", "@security <img src=x>", "`@security <img src=x>`"},
		{"Quotes inside have longer ones around them.", "a ``b`` c", "```a ``b`` c```"},
		{"Quotes at an end are kept apart from those around.", "`x", "`` `x ``"},
		{"A line break would end the row.", "a\n| b |", "`a \\| b \\|`"},
		{"A pipe would end the cell, also behind a backslash.", `a|b\|c`, "`a\\|b\\ \\|c`"},
		{"Marks of direction and control characters are seen.", "a\u202eb\x1b[2Jc", "`a\uFFFDb\uFFFD[2Jc`"},
		{"A long text is cut.", strings.Repeat("é", 150), "`" + strings.Repeat("é", 100) + "…`"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, code(c.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestHostile holds that no text ends the block of the difference, and that a
// review of any size can be posted.
func TestHostile(t *testing.T) {
	hostile := []string{
		"```\n</details>\n@everyone <img src=x> |\n", strings.Repeat("`", 5_000), strings.Repeat("|", 300), strings.Repeat("\x00", 300),
		"\n\n# heading\n", "</details>", "<!-- -->", strings.Repeat("💥\n", 8_000),
	}
	for _, text := range hostile {
		change := Change{Logs: text, Before: State{Generated: map[string]string{"a.go": text}}, After: State{Generated: map[string]string{"b.go": strings.Repeat(text, 3)}}}
		for i := range 500 {
			change.After.Rules = append(change.After.Rules, Rule{Key: fmt.Sprint(text, i), Title: text, Level: "high"})
			change.After.Matches = append(change.After.Matches, Match{Rule: fmt.Sprint(i, text), File: text, Record: i, Source: text, Name: text, Actor: text, Account: text, EventTime: text})
			change.Before.Matches = append(change.Before.Matches, Match{Rule: fmt.Sprint(i, text), File: text, Record: -i - 1, Actor: text})
		}
		for _, refused := range []string{"", text} {
			change.Before.Refused = refused
			got := Markdown(change)
			if len(got) > MaxBytes {
				t.Errorf("%.20q: %d bytes", text, len(got))
			}
			lines, end := strings.Split(got, "\n"), ""
			for _, line := range lines {
				switch {
				case end != "":
					if line == end {
						end = ""
					}
				case strings.HasPrefix(line, "```"):
					end = strings.TrimSuffix(line, "diff")
				case line == "", line == Marker, line == "</details>", strings.HasPrefix(line, "| "), strings.HasPrefix(line, "|-"), strings.HasPrefix(line, "… and "),
					strings.HasPrefix(line, "## What"), strings.HasPrefix(line, "### "), strings.HasPrefix(line, "**The rules "), strings.HasPrefix(line, "<details><summary>"):
				case strings.HasPrefix(line, "On `"):
				default:
					t.Fatalf("%.20q: a line of its own: %.100q", text, line)
				}
			}
			if end != "" {
				t.Errorf("%.20q: a block has no end", text)
			}
		}
	}
}
