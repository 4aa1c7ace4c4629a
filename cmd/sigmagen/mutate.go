package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/mutate"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// mutateOptions are the flags of test that say what to do with mutants.
type mutateOptions struct {
	mutate   bool
	minScore float64
	format   string
}

func (o *mutateOptions) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.mutate, "mutate", false, "measure the tests with mutants of the rules")
	cmd.Flags().Float64Var(&o.minScore, "min-score", 0, "with --mutate: exit 1 when the tests of a rule score less, from 0 to 1")
	cmd.Flags().StringVar(&o.format, "format", "text", "with --mutate: text, json or sarif")
}

// check says what is wrong with the flags.
func (o *mutateOptions) check(cmd *cobra.Command) error {
	for _, name := range []string{"min-score", "format"} {
		if cmd.Flags().Changed(name) && !o.mutate {
			return fmt.Errorf("--%s is about mutants: give --mutate as well", name)
		}
	}
	if !(o.minScore >= 0 && o.minScore <= 1) {
		return fmt.Errorf("--min-score %v: a score is a number from 0 to 1", o.minScore)
	}
	switch o.format {
	case "text", "json", "sarif":
		return nil
	}
	return fmt.Errorf("unknown --format %q: use text, json or sarif", o.format)
}

// measured is a rule with what became of its mutants.
type measured struct {
	rule   *plan.Rule
	result mutate.Result
	note   string    // why there is no score
	found  diag.List // what there is to say about its tests
}

// mutate measures the tests of the rules that are selected.
func (p *project) mutate(cmd *cobra.Command, selected selection, o mutateOptions) error {
	var all []measured
	var list diag.List
	correlations := 0
	for _, syntax := range p.tested(selected) {
		if !syntax.IsDetection() {
			correlations++
			continue
		}
		m, err := p.measure(cmd.Context(), p.ruleOf(syntax))
		if err != nil {
			return err
		}
		all = append(all, m)
		for _, d := range m.found.Sorted() {
			list.Add(d)
		}
	}
	if err := p.writeMeasured(cmd, o.format, all, &list); err != nil {
		return err
	}
	if correlations > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s not measured: mutants are made of rules\n", plural(correlations, "correlation"))
	}
	for _, key := range p.filters(selected) {
		if len(all) == 0 { // else it is measured with the rules that it narrows
			fmt.Fprintf(cmd.ErrOrStderr(), noOwnTests, key)
		}
	}
	unscored := 0
	for _, m := range all {
		if m.note != "" {
			unscored++
		}
	}
	if unscored > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s without a score\n", plural(unscored, "rule"))
	}
	below := 0
	for _, m := range all {
		if m.note == "" && m.result.Score() < o.minScore || m.note != "" && o.minScore > 0 {
			below++
		}
	}
	if below > 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s below --min-score %v\n", plural(below, "rule"), o.minScore)
	}
	if list.Count(diag.Warning) > 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "`sigmagen new-test RULE` writes the tests that a rule lacks")
	}
	if below > 0 || list.HasErrors() {
		return exit(exitFindings)
	}
	return nil
}

// writeMeasured writes what was found. As JSON that is an object for each rule, with
// its scores and its survivors; with SARIF, which has no place for them, the scores
// stand on standard error.
func (p *project) writeMeasured(cmd *cobra.Command, format string, all []measured, list *diag.List) error {
	switch format {
	case "json":
		return writeMeasuredJSON(cmd.OutOrStdout(), all)
	case "sarif":
		if err := diag.WriteSARIF(cmd.OutOrStdout(), list.Sorted(), p.source); err != nil {
			return err
		}
		return writeScores(cmd.ErrOrStderr(), all)
	}
	if err := diag.WriteText(cmd.OutOrStdout(), list.Sorted(), p.source); err != nil {
		return err
	}
	return writeScores(cmd.OutOrStdout(), all)
}

// measure holds the tests of a rule against its mutants.
func (p *project) measure(ctx context.Context, rule *plan.Rule) (measured, error) {
	source, ok := p.dirs[0].Tests[rule.Syntax.Key]
	if !ok {
		return measured{rule: rule, note: "no tests"}, nil
	}
	text, err := p.dirs[0].ReadFile(source)
	if err != nil {
		return measured{}, err
	}
	path := p.dirs[0].Path(source)
	tests, err := mutate.ReadTests(text)
	if err != nil {
		return measured{}, fmt.Errorf("%s: %w", path, err)
	}
	m := measured{rule: rule}
	if failing := tests.Failing(rule); len(failing) > 0 {
		for _, name := range failing {
			m.found.Errorf(diag.Span{Position: diag.Position{Path: path}}, "test/failing", "`sigmagen test "+rule.Syntax.Key+"` says why", "%s fails: tests are measured when they pass", name)
		}
		m.note = "tests fail"
		return m, nil
	}
	m.result, err = mutate.Measure(ctx, rule, tests)
	if mutate.IsTooLarge(err) {
		m.note = "too large"
		return m, nil
	}
	if err != nil {
		return measured{}, fmt.Errorf("measure %s: %w", path, err)
	}
	for _, s := range m.result.Survivors {
		message := "nothing fails when " + s.Change
		if s.Unknown != "" {
			message += "; it is not known whether an event could tell: " + s.Unknown
		}
		m.found.Warnf(s.Span, "test/survivor", "", "%s", message)
	}
	return m, nil
}

// writeMeasuredJSON writes an object a line.
func writeMeasuredJSON(w io.Writer, all []measured) error {
	for _, m := range all {
		line := struct {
			Rule       string            `json:"rule"`
			Mutants    int               `json:"mutants"`
			Equivalent int               `json:"equivalent"`
			Killed     int               `json:"killed"`
			Unknown    int               `json:"unknown"`
			Score      *float64          `json:"score"` // null where there is none
			Note       string            `json:"note,omitempty"`
			Found      []diag.Diagnostic `json:"found"`
		}{m.rule.Syntax.Key, m.result.Mutants, m.result.Equivalent, m.result.Killed, m.result.Unknown(), nil, m.note, m.found.Sorted()}
		if m.note == "" {
			score := m.result.Score()
			line.Score = &score
		}
		if line.Found == nil {
			line.Found = []diag.Diagnostic{}
		}
		if err := diag.EncodeJSON(w, "", line); err != nil {
			return err
		}
	}
	return nil
}

// writeScores writes a line for each rule, and one for all.
func writeScores(out io.Writer, all []measured) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "rule\tmutants\tequivalent\tkilled\tunknown\tscore")
	total := mutate.Result{}
	measured := 0
	for _, m := range all {
		if m.note != "" {
			fmt.Fprintf(w, "%s\t\t\t\t\t%s\n", m.rule.Syntax.Key, m.note)
			continue
		}
		measured++
		writeScore(w, m.rule.Syntax.Key, m.result)
		total.Mutants += m.result.Mutants
		total.Equivalent += m.result.Equivalent
		total.Killed += m.result.Killed
		total.Survivors = append(total.Survivors, m.result.Survivors...)
	}
	if measured == 0 {
		fmt.Fprintln(w, "total\t0\t0\t0\t0\t-")
	} else {
		writeScore(w, "total", total)
	}
	return w.Flush()
}

func writeScore(w io.Writer, name string, r mutate.Result) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\n", name, r.Mutants, r.Equivalent, r.Killed, r.Unknown(), score(r))
}

// score writes the score of a result, rounded down: 1.00 is said of nothing less.
func score(r mutate.Result) string {
	percent := 100
	if counted := r.Mutants - r.Equivalent; counted > 0 {
		percent = r.Killed * 100 / counted
	}
	return fmt.Sprintf("%d.%02d", percent/100, percent%100)
}
