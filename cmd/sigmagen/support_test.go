package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// examples say what files are made of the example of a row, by the heading of its
// table in docs/SIGMA.md. Sections that are not here hold no examples.
var examples = map[string]func(example string) map[string]string{
	"Values and fields": itemExample,
	"Modifiers":         itemExample,
	"Searches": func(example string) map[string]string {
		return ruleExample("detection:\n" + indent(2, example+"\ncondition: 1 of them"))
	},
	"Conditions": func(example string) map[string]string {
		var searches string
		for _, name := range []string{"a", "b", "selection_x", "selection_y", "filter_z", "_c"} {
			searches += name + ": {requestParameters." + name + ": 1}\n"
		}
		if strings.Contains(example, "never") {
			searches += "never_a: {eventName: A}\nnever_b: {eventName: B}\n"
		}
		return ruleExample("detection:\n" + indent(2, searches+example))
	},
	"Metadata": func(example string) map[string]string {
		return ruleExample(example + "\ndetection: {selection: {eventName: StopLogging}, condition: selection}")
	},
	"Documents":            documentExample,
	"Correlations":         correlationExample,
	"Postprocessing rules": func(example string) map[string]string { return postprocessingExample(example) },
	"Exceptions":           func(example string) map[string]string { return map[string]string{"exceptions.json": example} },
}

func documentExample(example string) map[string]string {
	return map[string]string{"sigma_rules/example.yml": example}
}

func itemExample(example string) map[string]string {
	return ruleExample("detection:\n  selection:\n" + indent(4, example) + "  condition: selection")
}

func ruleExample(lines string) map[string]string { return documentExample(exampleRule(lines)) }

// correlationExample returns a correlation of the lines, with the keys that it has
// to have where the lines do not give them. What rows refer to beside the rules
// is there only for them, since some of it is wrong.
func correlationExample(lines string) map[string]string {
	defaults := []string{"type: event_count", "rules: [target]", "timespan: 10m"}
	if !strings.Contains(lines, "type: temporal") {
		defaults = append(defaults, "condition: {gte: 3}")
	}
	for _, line := range defaults {
		key, _, _ := strings.Cut(line, ":")
		if !strings.Contains("\n"+lines, "\n"+key+":") {
			lines += "\n" + line
		}
	}
	files := documentExample("title: Example Correlation\nname: example\nlevel: high\ncorrelation:\n" + indent(2, lines))
	for reference, document := range map[string]string{
		"narrowed": "title: Narrowed\nname: narrowed\nlogsource: {product: aws}\nfilter: {rules: [target], selection: {userAgent: curl}, condition: not selection}\n",
		"broken":   exampleRule("name: broken\ndetection: {selection: {eventName: A}, condition: selecton}"),
		"grave":    exampleRule("name: grave\nlevel: critical\ndetection: {selection: {eventName: A}, condition: selection}"),
		"5d3a9c3e": exampleRule("id: 5d3a9c3e-2f8e-4c53-9d0f-0f1a5c9e7a11\nname: one\ndetection: {selection: {eventName: A}, condition: selection}") +
			"---\n" + exampleRule("id: 5d3a9c3e-2f8e-4c53-9d0f-0f1a5c9e7a11\nname: two\ndetection: {selection: {eventName: A}, condition: selection}"),
	} {
		if strings.Contains(lines, reference) {
			files["sigma_rules/referred.yml"] = document
		}
	}
	return files
}

func postprocessingExample(example string) map[string]string {
	files := map[string]string{"postprocessing_rules/example.json": example}
	if strings.Contains(example, "Correlation") {
		maps.Copy(files, correlationExample(""))
	}
	return files
}

// exampleRule returns a rule that holds lines, and the attributes that a rule
// has to have where the lines do not give them.
func exampleRule(lines string) string {
	text := "\n" + lines + "\n"
	for _, attribute := range []string{"level: medium", "logsource: {product: aws, service: cloudtrail}", "title: Example"} {
		key, _, _ := strings.Cut(attribute, ":")
		if !strings.Contains(text, "\n"+key+":") {
			text = "\n" + attribute + text
		}
	}
	return strings.TrimPrefix(text, "\n")
}

func indent(spaces int, lines string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(lines, "\n") + "\n") {
		b.WriteString(strings.Repeat(" ", spaces) + line)
	}
	return b.String()
}

// loadExample plans a structured directory of these files, beside rules that
// documents can name, and placeholders.
func loadExample(t *testing.T, examples map[string]string) *project {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"placeholders.yml":       "admins: [root, break-glass]\n",
		"sigma_rules/target.yml": exampleRule("title: Example Target\nname: target\ndetection: {selection: {eventName: StopLogging}, condition: selection}"),
		"sigma_rules/other.yml":  exampleRule("title: Example Other\nname: other\ndetection: {selection: {eventName: DeleteTrail}, condition: selection}"),
	}
	maps.Copy(files, examples)
	for name, text := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(name)), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	p, err := load(loadOptions{dirs: []string{dir}, tests: testsIgnored, strictIDs: true, deadRules: diag.Error})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// supportRow is a row of a table of docs/SIGMA.md.
type supportRow struct{ section, construct, state, example string }

var (
	codeSpan    = regexp.MustCompile("`([^`]*)`")
	cellEnd     = regexp.MustCompile(`[^\\]\|`)
	stateSyntax = regexp.MustCompile("^(supported|supported, warning `([a-z-]+/[a-z0-9-]+)`|refused `([a-z-]+/[a-z0-9-]+|reach-[a-z-]+)`)$")
)

// supportRows reads the tables of docs/SIGMA.md that have examples.
func supportRows(t *testing.T) []supportRow {
	t.Helper()
	text, err := os.ReadFile("../../docs/SIGMA.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []supportRow
	section := ""
	for line := range strings.Lines(string(text)) {
		if heading, is := strings.CutPrefix(line, "## "); is {
			section = strings.TrimSpace(heading)
		}
		if examples[section] == nil || !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| construct |") {
			continue
		}
		cells := tableCells(line)
		if len(cells) != 3 {
			t.Fatalf("a row of %q has %d cells: %s", section, len(cells), line)
		}
		var example []string
		for _, span := range codeSpan.FindAllStringSubmatch(cells[2], -1) {
			example = append(example, span[1])
		}
		rows = append(rows, supportRow{section, cells[0], cells[1], strings.Join(example, "\n")})
	}
	return rows
}

// tableCells splits a row of a table; a pipe behind a backslash is text.
func tableCells(line string) []string {
	rest := strings.TrimSpace(line)[1:]
	var cells []string
	for {
		end := cellEnd.FindStringIndex(rest)
		if end == nil {
			return cells
		}
		cells = append(cells, strings.ReplaceAll(strings.TrimSpace(rest[:end[1]-1]), `\|`, "|"))
		rest = rest[end[1]:]
	}
}

// TestSupport holds every row of the tables of docs/SIGMA.md against the
// compiler.
func TestSupport(t *testing.T) {
	rows := supportRows(t)
	for section := range examples {
		if !slices.ContainsFunc(rows, func(r supportRow) bool { return r.section == section }) {
			t.Errorf("docs/SIGMA.md has no rows about %q", section)
		}
	}
	for _, row := range rows {
		t.Run(row.section+"/"+row.construct, func(t *testing.T) {
			state := stateSyntax.FindStringSubmatch(row.state)
			if state == nil {
				t.Fatalf("the state is not supported, supported with a warning, or refused with a code: %q", row.state)
			}
			want := map[diag.Severity][]string{}
			if state[2] != "" {
				want[diag.Warning] = []string{state[2]}
			}
			if state[3] != "" {
				want[diag.Error] = []string{state[3]}
			}
			files := examples[row.section](row.example)
			p := loadExample(t, files)
			got := map[diag.Severity][]string{}
			for _, d := range p.list.Sorted() {
				if filepath.Base(d.Path) == "referred.yml" {
					continue // said about what the example refers to
				}
				expected := slices.Contains(want[d.Severity], d.Code)
				if d.Severity == diag.Warning && !expected && (state[3] != "" || d.Code == "condition/unused-search") {
					continue // said about a rule that is refused, or about the searches around an example
				}
				if !slices.Contains(got[d.Severity], d.Code) {
					got[d.Severity] = append(got[d.Severity], d.Code)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v\n%s", diff, p.list.Sorted(), files)
			}
		})
	}
}

// TestSupportNamesModifiers holds that the modifiers of the planner are those of
// the table.
func TestSupportNamesModifiers(t *testing.T) {
	var named []string
	for _, row := range supportRows(t) {
		if row.section != "Modifiers" || row.state != "supported" {
			continue
		}
		construct, _, _ := strings.Cut(row.construct, ":")
		for _, span := range codeSpan.FindAllStringSubmatch(construct, -1) {
			named = append(named, span[1])
		}
	}
	slices.Sort(named)
	if diff := cmp.Diff(knownModifiers(t), slices.Compact(named)); diff != "" {
		t.Errorf("docs/SIGMA.md (-the planner +the table):\n%s", diff)
	}
}

// skipShort leaves a test out under -short, and says what is then not known. CI
// must know it.
func skipShort(t *testing.T, unknown string) {
	t.Helper()
	if !testing.Short() {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("-short in CI: %s", unknown)
	}
	t.Skipf("-short: %s", unknown)
}
