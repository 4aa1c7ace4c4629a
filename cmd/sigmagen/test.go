package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
	"github.com/trailalerts/trailalerts/runtime/ruletest"
)

func testCommand() *cobra.Command {
	var o loadOptions
	var mutants mutateOptions
	cmd := &cobra.Command{
		Use:     "test [RULE...]",
		Short:   "Run the tests of the rules, or measure how good they are",
		Long:    "test compiles the rules as they are on disk and runs their *_tests.json through the matchers and the dispatch. RULE is the name of a rule's file, with or without its ending; name#2 is the second document in it alone.\n\nWith --mutate it changes every rule a little, in all ways that it knows, and looks whether a test notices: a predicate, a value, a search or a filter is dropped, negated or misspelt, an operator widened or narrowed, `and` becomes `or`, `1 of` becomes `all of`. The score of a rule is the part of its mutants that a test kills; those that match the very same events as the rule are left out, where that can be proved. Every survivor is named. Nothing is compiled for this. Correlations, and what stands in filter documents, are not mutated.",
		Example: "  sigmagen test\n  sigmagen test iam_user_created\n  sigmagen test --mutate --min-score 0.9",
		RunE: func(cmd *cobra.Command, names []string) error {
			if err := mutants.check(cmd); err != nil {
				return err
			}
			if _, err := o.oneDirectory(); err != nil {
				return err
			}
			o.tests, o.strictIDs = testsRequiredIfStructured, true
			p, err := load(o)
			if err != nil {
				return err
			}
			selected, err := p.selectRules(names)
			if err != nil {
				return err
			}
			if len(names) > 0 {
				p.keepOnly(selected)
			}
			if _, err := p.refuse(cmd.ErrOrStderr(), false); err != nil {
				return err
			}
			if mutants.mutate {
				return p.mutate(cmd, selected, mutants)
			}
			return p.test(cmd, selected)
		},
	}
	addRules(cmd, &o)
	mutants.add(cmd)
	return cmd
}

// test runs the tests of what is selected in one throw-away program.
func (p *project) test(cmd *cobra.Command, selected selection) error {
	var requests bytes.Buffer
	encoder := json.NewEncoder(&requests)
	var tested []*sigma.Rule
	untested := 0
	for _, syntax := range p.tested(selected) {
		source, ok := p.dirs[0].Tests[syntax.Key]
		if !ok {
			untested++
			fmt.Fprintf(cmd.ErrOrStderr(), "%s:%d: no tests\n", syntax.Path, syntax.Title.Span.Line)
			continue
		}
		text, err := p.dirs[0].ReadFile(source)
		if err != nil {
			return err
		}
		if err := encoder.Encode(ruletest.Request{Rule: syntax.Key, Tests: text}); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
		tested = append(tested, syntax)
	}
	if len(tested) == 0 {
		return errors.New("there are no tests to run")
	}
	var results bytes.Buffer
	quiet := *cmd
	quiet.SetIn(&requests)
	quiet.SetOut(&results)
	code, err := p.run(cmd.Context(), testProgram, nil, &quiet)
	if err != nil {
		return err
	}
	if code != exitClean {
		return exit(code)
	}
	return printResults(cmd, tested, json.NewDecoder(&results), untested)
}

func printResults(cmd *cobra.Command, tested []*sigma.Rule, results *json.Decoder, untested int) error {
	failed, events := 0, 0
	for _, rule := range tested {
		var result ruletest.Result
		if err := results.Decode(&result); err != nil {
			return fmt.Errorf("read results of rule %s: %w", rule.Key, err)
		}
		events += result.Events
		if len(result.Failures) == 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "pass  %s (%s)\n", rule.Key, plural(result.Events, "event"))
			continue
		}
		failed++
		fmt.Fprintf(cmd.OutOrStdout(), "FAIL  %s (%d of %s)\n", rule.Key, len(result.Failures), plural(result.Events, "event"))
		for _, failure := range result.Failures {
			for line := range strings.Lines(failure) {
				fmt.Fprintf(cmd.OutOrStdout(), "      %s\n", diag.Printable(strings.TrimSuffix(line, "\n")))
			}
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d passed, %d failed, %d without tests; %s\n", len(tested)-failed, failed, untested, plural(events, "event"))
	if failed > 0 {
		return exit(exitFindings)
	}
	return nil
}
