package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/newtest"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

func newTestCommand() *cobra.Command {
	var o loadOptions
	var dryRun bool
	cmd := &cobra.Command{
		Use:     "new-test RULE...",
		Short:   "Write the tests that a rule lacks",
		Long:    "new-test adds records to the *_tests.json of rules, until as many mutants of the rule as can be are killed (see `sigmagen test --mutate`). It makes each of a record that is there by one edit, or solves the rule for it, writes none that kills nothing, and leaves the rest of the file as it is. Without a file it makes one.\n\nEach new record has `\"x-origin\": \"synthetic\"`: nobody recorded it. Such tests hold the rule as it is, be that right or wrong; read them before you commit them. RULE is the name of a rule's file, with or without its ending. The same rule and tests give the same records.",
		Example: "  sigmagen new-test iam_user_created\n  sigmagen new-test --dry-run rules/sigma_rules/iam_user_created.yml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			if _, err := o.oneDirectory(); err != nil {
				return err
			}
			o.tests = testsChecked
			p, err := load(o)
			if err != nil {
				return err
			}
			selected, err := p.selectRules(names)
			if err != nil {
				return err
			}
			p.keepOnly(selected)
			if _, err := p.refuse(cmd.ErrOrStderr(), false); err != nil {
				return err
			}
			return p.newTests(cmd, selected, dryRun)
		},
	}
	addRules(cmd, &o)
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print the files and write nothing")
	return cmd
}

// newTests writes the missing tests of the rules of files.
func (p *project) newTests(cmd *cobra.Command, files []sigma.File, dryRun bool) error {
	failed := false
	for _, syntax := range p.tested(files) {
		if !syntax.IsDetection() {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: a correlation; its tests are written by hand\n", syntax.Key)
			continue
		}
		if err := p.newTest(cmd, p.ruleOf(syntax), dryRun); err != nil {
			var refused testsRefused
			if !errors.As(err, &refused) {
				return err
			}
			failed = true
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", syntax.Key, diag.Printable(err.Error()))
		}
	}
	if failed {
		return exit(exitFindings)
	}
	return nil
}

// testsRefused says why no tests are written for a rule.
type testsRefused struct{ error }

// ruleOf returns the plan of a rule that is tested.
func (p *project) ruleOf(syntax *sigma.Rule) *plan.Rule {
	return p.plan.Rules[slices.IndexFunc(p.plan.Rules, func(r *plan.Rule) bool { return r.Syntax == syntax })]
}

func (p *project) newTest(cmd *cobra.Command, rule *plan.Rule, dryRun bool) error {
	source, exists := p.dirs[0].Tests[rule.Syntax.Key]
	var text []byte
	if exists {
		var err error
		if text, err = p.dirs[0].ReadFile(source); err != nil {
			return err
		}
	} else {
		source = filepath.ToSlash(filepath.Join(filepath.Dir(rule.Syntax.Source), rule.Syntax.Stem()+"_tests.json"))
	}
	path := p.dirs[0].Path(source)
	tests, err := newtest.Write(cmd.Context(), rule, text)
	if cmd.Context().Err() != nil {
		return err
	}
	if err != nil {
		return testsRefused{err}
	}
	added := tests.ShouldMatch + tests.ShouldNotMatch
	if dryRun {
		shown := diag.EscapeJSON(strings.TrimPrefix(string(tests.Text), "\ufeff"))
		if _, err := io.WriteString(cmd.OutOrStdout(), shown); err != nil {
			return err
		}
	} else if !bytes.Equal(tests.Text, text) {
		if err := writeFile(filepath.FromSlash(path), tests.Text); err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s new, %d of them should match; score %s, was %s\n", diag.Printable(path), plural(added, "record"), tests.ShouldMatch, score(tests.After), score(tests.Before))
	for _, s := range tests.After.Survivors {
		unknown := ""
		if s.Unknown != "" {
			unknown = " (it is not known whether a record could tell: " + diag.Printable(s.Unknown) + ")"
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "  nothing fails when %s%s\n", diag.Printable(s.Change), unknown)
	}
	return nil
}
