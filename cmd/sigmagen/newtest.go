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
		Long:    "new-test adds records to the *_tests.json of rules, until as many mutants of the rule as can be are killed (see `sigmagen test --mutate`). It makes each of a record that is there by one edit, or solves the rule for it, writes none that kills nothing, and leaves the rest of the file as it is. Without a file it makes one.\n\nEach new record has `\"x-origin\": \"synthetic\"`: nobody recorded it. Such tests hold the rule as it is, be that right or wrong; read them before you commit them. RULE is the name of a rule's file, with or without its ending; name#2 is the second document in it alone. With --dry-run it may be a file outside of the rules directory, which is then read by itself. The same rule and tests give the same records.",
		Example: "  sigmagen new-test iam_user_created\n  sigmagen new-test --dry-run rules/sigma_rules/iam_user_created.yml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, names []string) error {
			if _, err := o.oneDirectory(); err != nil {
				return err
			}
			o.tests = testsChecked
			if dryRun {
				inside, err := o.newTestsOutside(cmd, names)
				if err != nil || len(inside) == 0 {
					return err
				}
				names = inside
			}
			p, err := load(o)
			if err != nil {
				return err
			}
			selected, err := p.selectRules(names)
			if err != nil {
				return err
			}
			p.keepOnly(selected)
			p.tolerateFewTests(selected)
			if err := p.judgeSelected(selected); err != nil {
				return err
			}
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

// newTestsOutside prints the tests of the files among names that lie outside of the
// rules directory, each by itself, and returns the other names.
func (o loadOptions) newTestsOutside(cmd *cobra.Command, names []string) (inside []string, err error) {
	for _, name := range names {
		if !isOutside(name, o.dirs[0]) {
			inside = append(inside, name)
			continue
		}
		p, err := loadFile(name, o.deadRules)
		if err != nil {
			return nil, err
		}
		selected := selection{filepath.ToSlash(name): nil}
		for _, syntax := range p.tested(selected) {
			if source, ok := p.dirs[0].Tests[syntax.Key]; ok {
				text, err := p.readFile(p.dirs[0], source)
				if err != nil {
					return nil, err
				}
				sigma.CheckTests(p.dirs[0].Path(source), text, !syntax.IsDetection(), &p.list)
			}
		}
		p.tolerateFewTests(selected)
		if err := p.judgeSelected(selected); err != nil {
			return nil, err
		}
		if _, err := p.refuse(cmd.ErrOrStderr(), false); err != nil {
			return nil, err
		}
		if err := p.newTests(cmd, selected, true); err != nil {
			return nil, err
		}
	}
	return inside, nil
}

// judgeSelected says what selected rules ask for in vain: tests that are made of a rule
// pass on one that CloudTrail never satisfies.
func (p *project) judgeSelected(selected selection) error {
	return p.judge(slices.DeleteFunc(slices.Clone(p.plan.Rules), func(r *plan.Rule) bool { return !selected.holds(r.Syntax) }), nil)
}

// tolerateFewTests forgets that lists of tests of selected rules are empty or missing:
// they are to be filled.
func (p *project) tolerateFewTests(selected selection) {
	filled := map[string]bool{}
	for _, syntax := range p.tested(selected) {
		if source, ok := p.dirs[0].Tests[syntax.Key]; ok && syntax.IsDetection() {
			filled[p.dirs[0].Path(source)] = true
		}
	}
	p.list.Keep(func(d diag.Diagnostic) bool {
		return !filled[d.Path] || d.Code != "tests/empty" && d.Code != "tests/missing-key"
	})
}

// noOwnTests is what there is to say about a filter.
const noOwnTests = "%s: a filter has no tests of its own: name a rule that it narrows\n"

// newTests writes the missing tests of the rules that are selected.
func (p *project) newTests(cmd *cobra.Command, selected selection, dryRun bool) error {
	for _, key := range p.filters(selected) {
		fmt.Fprintf(cmd.ErrOrStderr(), noOwnTests, key)
	}
	failed := false
	for _, syntax := range p.tested(selected) {
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
