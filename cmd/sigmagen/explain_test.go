package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/explain"
)

// TestExplainGolden explains the rule of every construct on its tests: each says
// something, and what its tests say.
func TestExplainGolden(t *testing.T) {
	t.Parallel()
	project := loadGolden(t)
	explained := 0
	for _, rule := range project.plan.Rules {
		source, ok := project.dirs[0].Tests[rule.Syntax.Key]
		if !ok {
			continue
		}
		text, err := os.ReadFile(goldenRules + "/" + source)
		if err != nil {
			t.Fatal(err)
		}
		var tests map[string][]json.RawMessage
		if err := json.Unmarshal(text, &tests); err != nil {
			t.Fatal(err)
		}
		for group, records := range tests {
			for i, record := range records {
				report, e := explain.RuleOn(rule, group, record)
				var out bytes.Buffer
				if err := report.WriteText(&out); err != nil || e.Match != (group == "should_match") {
					t.Errorf("%s, %s#%d: match is %t, %v\n%s", rule.Syntax.Key, group, i, e.Match, err, out.Bytes())
				}
				explained++
			}
		}
	}
	if explained < 100 {
		t.Errorf("only %d records", explained)
	}
}

// TestExplainSaysThatItIsWrong holds what users see when the compiled matcher says
// otherwise.
func TestExplainSaysThatItIsWrong(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"text", "json"} {
		var stdout, stderr bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetOut(&stdout)
		cmd.SetErr(&stderr)
		report := explain.Report{Rule: "rule", Tree: &explain.Node{Join: explain.All}, Disagreement: "the rule, selection\u202e"}
		var code exit
		if err := printReport(cmd, format, report); !errors.As(err, &code) || code != exitError {
			t.Errorf("%s: error %v", format, err)
		}
		if want := `says otherwise of the rule, selection\u202e: this is a bug of sigmagen. Please report it at https://`; !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: %q", format, stderr.String())
		}
		if stdout.Len() == 0 {
			t.Errorf("%s: no report", format)
		}
	}
}
