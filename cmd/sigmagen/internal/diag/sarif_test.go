package diag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

var sarifDiagnostics = []Diagnostic{
	{Position: Position{"rules/a.yml", 3, 4}, Length: 2, Severity: Error, Code: "modifier/cidr", Message: "first", Hint: "write {a: b}"},
	{Position: Position{"rules/b.yml", 1, 3}, Length: 9, Severity: Warning, Code: "condition/operator", Message: "second \u202e"},
	{Position: Position{Path: "c d%é.yml"}, Severity: Error, Code: "modifier/cidr", Message: "third"},
	{Position: Position{"/tmp/d.yml", 2, 0}, Severity: Error, Code: "structure/yaml", Message: "fourth"},
	{Position: Position{"x:y.yml", 2, 9}, Severity: Error, Code: "structure/yaml", Message: "fifth"},
	{Position: Position{"rules/a.yml", 3, 4}, Length: 2, Severity: Note, Code: "modifier/cidr", Message: "sixth", Waived: "it is {known}"},
}

func sarifSource(path string) []byte {
	return map[string][]byte{"rules/b.yml": []byte("\ufeff日本: d\n"), "x:y.yml": []byte("a\nb\n")}[path]
}

// TestWriteSARIF holds the log against the JSON schema of SARIF 2.1.0, which
// go-sarif embeds, and reads it back.
func TestWriteSARIF(t *testing.T) {
	t.Parallel()
	log := readSARIF(t, sarifDiagnostics)
	run := log.Runs[0]
	if len(log.Runs) != 1 || *run.Tool.Driver.Name != "sigmagen" || *run.ColumnKind != "unicodeCodePoints" {
		t.Errorf("%d runs, tool %q, columns in %q", len(log.Runs), *run.Tool.Driver.Name, *run.ColumnKind)
	}
	var rules []string
	for _, rule := range run.Tool.Driver.Rules {
		rules = append(rules, *rule.ID)
	}
	if diff := cmp.Diff([]string{"condition/operator", "modifier/cidr", "structure/yaml"}, rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	type result struct {
		Rule, Level, Text, URI string
		Line, Start, End       int
	}
	want := []result{
		{"modifier/cidr", "error", "first\nhint: write {{a: b}}", "rules/a.yml", 3, 4, 6},
		{"condition/operator", "warning", "second \u202e", "rules/b.yml", 1, 3, 6}, // the line has five characters
		{"modifier/cidr", "error", "third", "c%20d%25%C3%A9.yml", 0, 0, 0},
		{"structure/yaml", "error", "fourth", "file:///tmp/d.yml", 2, 1, 2},
		{"structure/yaml", "error", "fifth", "./x:y.yml", 2, 2, 2}, // behind the end of the line
		{"modifier/cidr", "note", "sixth", "rules/a.yml", 3, 4, 6},
	}
	var got []result
	for _, r := range run.Results {
		if *r.RuleID != rules[r.RuleIndex] {
			t.Errorf("result of %s has the index of %s", *r.RuleID, rules[r.RuleIndex])
		}
		place := r.Locations[0].PhysicalLocation
		one := result{Rule: *r.RuleID, Level: r.Level, Text: *r.Message.Text, URI: *place.ArtifactLocation.URI}
		if place.Region != nil {
			one.Line, one.Start, one.End = *place.Region.StartLine, *place.Region.StartColumn, *place.Region.EndColumn
		}
		got = append(got, one)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	for i, r := range run.Results {
		waived := sarifDiagnostics[i].Waived
		if (len(r.Suppressions) > 0) != (waived != "") {
			t.Errorf("result %d has %d suppressions", i, len(r.Suppressions))
		}
		for _, s := range r.Suppressions {
			if *s.Kind != "inSource" || *s.Justification != waived {
				t.Errorf("result %d is suppressed %s because %q", i, *s.Kind, *s.Justification)
			}
		}
	}
}

// TestWriteSARIFNothing holds that a clean run has an empty list of results,
// which tells a service that what it knew of is mended.
func TestWriteSARIFNothing(t *testing.T) {
	t.Parallel()
	if log := readSARIF(t, nil); len(log.Runs) != 1 || log.Runs[0].Results == nil || len(log.Runs[0].Results) > 0 {
		t.Errorf("%+v", log.Runs)
	}
}

func readSARIF(t *testing.T, diagnostics []Diagnostic) *sarif.Report {
	t.Helper()
	first, second := writeSARIF(t, diagnostics), writeSARIF(t, diagnostics)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("two logs of the same differ (-first +second):\n%s", diff)
	}
	if strings.ContainsRune(first, '\u202e') {
		t.Error("a character that reorders text stands in the log as it is")
	}
	log, err := sarif.FromBytes([]byte(first), sarif.WithStrictValidation())
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Validate(); err != nil {
		t.Errorf("the log is not SARIF 2.1.0: %v", err)
	}
	return log
}

func writeSARIF(t *testing.T, diagnostics []Diagnostic) string {
	t.Helper()
	var b strings.Builder
	if err := WriteSARIF(&b, diagnostics, sarifSource); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWriteSARIFReturnsErrors(t *testing.T) {
	t.Parallel()
	if err := WriteSARIF(failingWriter{}, nil, sarifSource); err == nil {
		t.Error("no error")
	}
}
