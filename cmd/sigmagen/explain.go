package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/explain"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
	"github.com/trailalerts/trailalerts/runtime/ruletest"
)

func explainCommand() *cobra.Command {
	var o loadOptions
	var format string
	cmd := &cobra.Command{
		Use:   "explain RULE [EVENT]",
		Short: "Say in words what a rule asks for, and why a record matches or not",
		Long: `explain writes the condition of a rule as a tree in words. With an EVENT it says which predicates held on it with which values, whether the rule matches, and if not, what the nearest miss is: the fewest predicates that would have to turn out otherwise. Without one it says whether any record can match, with an example.

RULE is the name of a rule's file, with or without its ending; name#2 is the second document in it. A file outside of the rules directory is read by itself: no filter and no placeholder applies to it.

EVENT is a file of one record, or - for standard input; FILE#17 for a record of a delivery file, counted from 0 as scan and diff write it; or an item of the rule's own tests, should_match#0 or should_not_match#2. Files may be compressed with gzip.

Every record, and every example, is also tried on the compiled matcher. Where that says otherwise sigmagen has a bug, and the exit code is 3.`,
		Example: "  sigmagen explain iam_user_created\n  sigmagen explain iam_user_created logs/2026-03-01.json.gz#17\n  sigmagen explain iam_user_created should_not_match#0",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("unknown --format %q: use text or json", format)
			}
			p, err := loadOne(o, args[0])
			if err != nil {
				return err
			}
			if p.list.HasErrors() {
				_, err := p.refuse(cmd.ErrOrStderr(), false)
				return err
			}
			rule, err := p.oneRule(args[0])
			if err != nil {
				return err
			}
			if err := p.judge([]*plan.Rule{rule}, nil); err != nil {
				return err
			}
			if err := p.report(cmd.ErrOrStderr()); err != nil {
				return err
			}
			var report explain.Report
			var explanation explain.Explanation
			var record []byte
			if len(args) > 1 {
				if record, err = readEvent(args[1], rule, cmd.InOrStdin()); err != nil {
					return err
				}
				report, explanation = explain.RuleOn(rule, args[1], record)
			} else {
				report, explanation = explain.Rule(rule)
				record = report.Example
			}
			if record != nil {
				if report.Disagreement, err = p.disagreement(cmd, rule, record, explanation); err != nil {
					return err
				}
			}
			return printReport(cmd, format, report)
		},
	}
	addRules(cmd, &o)
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	return cmd
}

// printReport writes a report, and says what to do where the compiled matcher says
// otherwise.
func printReport(cmd *cobra.Command, format string, report explain.Report) (err error) {
	if format == "json" {
		err = diag.EncodeJSON(cmd.OutOrStdout(), "  ", report)
	} else {
		err = report.WriteText(cmd.OutOrStdout())
	}
	if err != nil || report.Disagreement == "" {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sigmagen: the compiled matcher says otherwise of %s: this is a bug of sigmagen. Please report it at https://%s/issues with the file of the rule, the record and what this printed, without what is confidential in them. What detects is the compiled matcher.\n", diag.Printable(report.Disagreement), modulePath)
	return exit(exitError)
}

// loadOne loads the rules directory, and keeps what there is in and to say about the
// file that a rule is named by; or, when that lies elsewhere, the file alone.
func loadOne(o loadOptions, name string) (*project, error) {
	dir, err := o.oneDirectory()
	if err != nil {
		return nil, err
	}
	if isOutside(name, dir) {
		return loadFile(name, o.deadRules)
	}
	p, err := load(o)
	if err != nil {
		return nil, err
	}
	selected, err := p.selectRules([]string{name})
	if err != nil {
		return nil, err
	}
	p.keepOnly(selected)
	p.plan.Rules = slices.DeleteFunc(p.plan.Rules, func(r *plan.Rule) bool { return !selected.holds(r.Syntax) })
	return p, nil
}

// loadFile loads a file by itself, with the tests that lie beside it.
func loadFile(name string, deadRules diag.Severity) (*project, error) {
	p, err := checkPaths([]string{name}, deadRules)
	if err != nil {
		return nil, err
	}
	dir := &sigma.Directory{FS: os.DirFS(filepath.Dir(name)), Name: filepath.ToSlash(filepath.Dir(name)), Tests: map[string]string{}}
	for _, document := range p.documents {
		source := document.Stem() + "_tests.json"
		if info, err := os.Stat(filepath.Join(filepath.Dir(name), source)); err == nil && !info.IsDir() {
			dir.Tests[document.Key] = source
		}
	}
	p.dirs = []*sigma.Directory{dir}
	return p, nil
}

// oneRule returns the rule that is meant by a name, the first of those that are loaded
// for it, and forgets all others.
func (p *project) oneRule(name string) (*plan.Rule, error) {
	if len(p.plan.Rules) == 0 {
		for _, c := range p.plan.Correlations {
			return nil, fmt.Errorf("%s is a correlation: explain the rules that it refers to, %s", c.Key, strings.Join(c.Rules, ", "))
		}
		return nil, fmt.Errorf("%s holds no rule: a filter is explained with the rules that it narrows", name)
	}
	chosen := p.plan.Rules[0]
	p.plan.Rules, p.plan.Correlations, p.plan.Exceptions = []*plan.Rule{chosen}, nil, nil
	return chosen, nil
}

// disagreement asks the compiled matcher of the only rule about a record, and names
// what it says otherwise than an explanation.
func (p *project) disagreement(cmd *cobra.Command, rule *plan.Rule, record []byte, e explain.Explanation) (string, error) {
	if e.Problem != "" || !utf8.Valid(record) {
		// Of what is no proper JSON there is no second reading to compare with.
		return "", nil
	}
	request, err := json.Marshal(ruletest.Request{Rule: rule.Syntax.Key, Record: record})
	if err != nil {
		return "", fmt.Errorf("write request: %w", err)
	}
	var result bytes.Buffer
	quiet := *cmd
	quiet.SetIn(bytes.NewReader(request))
	quiet.SetOut(&result)
	code, err := p.run(cmd.Context(), testProgram, nil, &quiet)
	if err != nil {
		return "", err
	}
	if code != exitClean {
		return "", exit(code)
	}
	var verdict ruletest.Verdict
	if err := json.Unmarshal(result.Bytes(), &verdict); err != nil {
		return "", fmt.Errorf("read verdict on the record: %w", err)
	}
	switch {
	case verdict.Problem != "":
		return "whether the record can be read (" + verdict.Problem + ")", nil
	case verdict.Match != verdict.Dispatched:
		return "the rule, by the dispatch", nil
	}
	return e.Disagreement(verdict.Match, verdict.Searches), nil
}
