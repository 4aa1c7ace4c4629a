package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
	"github.com/trailalerts/trailalerts/runtime/ruletest"
)

func testCommand() *cobra.Command {
	var o loadOptions
	cmd := &cobra.Command{
		Use:     "test [RULE...]",
		Short:   "Run the tests of the rules",
		Long:    "test compiles the rules as they are on disk and runs their *_tests.json through the matchers and the dispatch. RULE is the name of a rule's file, with or without its ending.",
		Example: "  sigmagen test\n  sigmagen test iam_user_created",
		RunE: func(cmd *cobra.Command, names []string) error {
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
			if _, err := p.refuse(cmd.ErrOrStderr(), false); err != nil {
				return err
			}
			return p.test(cmd, selected)
		},
	}
	addRules(cmd, &o)
	return cmd
}

// selectRules returns the rules of those names, or all.
func (p *project) selectRules(names []string) ([]*plan.Rule, error) {
	if len(names) == 0 {
		return p.plan.Rules, nil
	}
	var selected []*plan.Rule
	for _, name := range names {
		key := strings.TrimSuffix(path.Base(strings.ReplaceAll(name, `\`, "/")), path.Ext(name))
		found := false
		var keys []string
		for _, rule := range p.plan.Rules {
			keys = append(keys, rule.Syntax.Key)
			if rule.Syntax.Key == key || rule.Syntax.Key == name {
				selected, found = append(selected, rule), true
			}
		}
		// A rule that was refused is not in the plan; its diagnostics say more.
		if !found && !p.list.HasErrors() {
			err := fmt.Errorf("no rule is called %q", name)
			if hint := sigma.DidYouMean(key, keys); hint != "" {
				err = fmt.Errorf("%w: %s", err, hint)
			}
			return nil, err
		}
	}
	return selected, nil
}

// test runs the tests of rules in one throw-away program.
func (p *project) test(cmd *cobra.Command, rules []*plan.Rule) error {
	var requests bytes.Buffer
	encoder := json.NewEncoder(&requests)
	var tested []*plan.Rule
	var untested []string
	for _, rule := range rules {
		source, ok := p.dirs[0].Tests[rule.Syntax.Key]
		if !ok {
			untested = append(untested, rule.Syntax.Path)
			continue
		}
		text, err := p.dirs[0].ReadFile(source)
		if err != nil {
			return err
		}
		if err := encoder.Encode(ruletest.Request{Rule: rule.Syntax.Key, Tests: text}); err != nil {
			return fmt.Errorf("write request: %w", err)
		}
		tested = append(tested, rule)
	}
	for _, path := range untested {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: no tests\n", path)
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
	return printResults(cmd, tested, json.NewDecoder(&results), len(untested))
}

func printResults(cmd *cobra.Command, tested []*plan.Rule, results *json.Decoder, untested int) error {
	failed, events := 0, 0
	for _, rule := range tested {
		var result ruletest.Result
		if err := results.Decode(&result); err != nil {
			return fmt.Errorf("read results of rule %s: %w", rule.Syntax.Key, err)
		}
		events += result.Events
		if len(result.Failures) == 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "pass  %s (%s)\n", rule.Syntax.Key, plural(result.Events, "event"))
			continue
		}
		failed++
		fmt.Fprintf(cmd.OutOrStdout(), "FAIL  %s (%d of %s)\n", rule.Syntax.Key, len(result.Failures), plural(result.Events, "event"))
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
