package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/audit"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/catalogue"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/reach"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

func checkCommand(now func() time.Time) *cobra.Command {
	var o loadOptions
	var format string
	var strict, verbose bool
	cmd := &cobra.Command{
		Use:     "check [PATH...]",
		Short:   "Say what is wrong with the rules",
		Long:    "check parses and analyses rules and writes what it finds. With PATHs (files or directories) it looks at these alone and asks for no tests.\n\nIt knows which events CloudTrail writes and what they hold, up to the date of its catalogue, and warns of a rule that waits for others. A rule that knows better waives the warning: `x-trailalerts: {waive: [reach-unknown-event], reason: a service that is new}`. Notes (recorded events that prove a rule can match, and what is waived) are shown with --verbose, and always as JSON.",
		Example: "  sigmagen check\n  sigmagen check --format json my_rule.yml",
		RunE: func(cmd *cobra.Command, paths []string) error {
			switch format {
			case "text", "json", "sarif":
			default:
				return fmt.Errorf("unknown --format %q: use text, json or sarif", format)
			}
			p, err := checkProject(o, paths)
			if err != nil {
				return err
			}
			plan.Expiring(p.plan.Exceptions, now(), &p.list)
			refused := p.list.Refused(testsMissing)
			if err := p.judge(p.judged, refused); err != nil {
				return err
			}
			sigma.WarnWaivers(p.documents, refused, &p.list, p.source)
			found := p.list.Sorted()
			switch {
			case verbose || format == "json":
			case format == "sarif": // has a place for what is waived
				found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return d.Severity == diag.Note && d.Waived == "" })
			default:
				found = withoutNotes(found)
			}
			switch format {
			case "json":
				err = diag.WriteJSON(cmd.OutOrStdout(), found)
			case "sarif":
				err = diag.WriteSARIF(cmd.OutOrStdout(), found, p.source)
			default:
				err = diag.WriteText(cmd.OutOrStdout(), found, p.source)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s checked: %s\n", p.read, p.summary())
			switch {
			case p.list.HasErrors():
				return exit(exitRefused)
			case strict && p.list.Count(diag.Warning) > 0:
				return exit(exitFindings)
			default:
				return nil
			}
		},
	}
	addRules(cmd, &o)
	cmd.Flags().StringVar(&format, "format", "text", "text, json or sarif")
	cmd.Flags().BoolVar(&strict, "strict", false, "exit 1 when there is a warning")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "show notes, too")
	return cmd
}

// judge says what rules ask for in vain, by themselves, each other and what CloudTrail
// writes, and what of it they waive. Of files that are refused only the last is said.
func (p *project) judge(rules []*plan.Rule, refused map[string]bool) error {
	audit.DeadWeight(slices.DeleteFunc(slices.Clone(rules), func(r *plan.Rule) bool { return refused[r.Syntax.Path] }), &p.list)
	known, err := catalogue.Load()
	if err != nil {
		return fmt.Errorf("load catalogue: %w", err)
	}
	reach.Check(rules, known, &p.list)
	sigma.Waive(p.documents, &p.list, p.source)
	return nil
}

// checkProject loads the rules directory, or the paths when there are any.
func checkProject(o loadOptions, paths []string) (*project, error) {
	if len(paths) > 0 {
		return checkPaths(paths, diag.Error)
	}
	if _, err := o.oneDirectory(); err != nil {
		return nil, err
	}
	o.tests, o.strictIDs, o.deadRules = testsRequiredIfStructured, true, diag.Error
	return load(o)
}

// checkPaths loads files, and the files of directories, as rules. deadRules says how
// grave it is when no record can match one.
func checkPaths(paths []string, deadRules diag.Severity) (*project, error) {
	p := newProject()
	all := &contents{}
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[filepath.Clean(path)] {
			continue
		}
		seen[filepath.Clean(path)] = true
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("check: %w", err)
		}
		if info.IsDir() {
			err = p.checkDirectory(path, all)
		} else {
			err = p.checkFile(path, all)
		}
		if err != nil {
			return nil, err
		}
	}
	sigma.Unique(all.good, diag.Warning, &p.list)
	p.plan.Rules = plan.Build(all.good, all.placeholders, &p.list)
	p.plan.Correlations = plan.BuildCorrelations(all.good, slices.Concat(all.known, all.filters), &p.list)
	p.satisfiable(deadRules)
	p.plan.Correlations = plan.RefuseOverRefused(p.plan.Correlations, &p.list)
	plan.WarnSilenced(p.plan.Correlations, &p.list)
	sigma.Waive(p.documents, &p.list, p.source)
	p.judged = p.plan.Rules
	p.read.rules += len(all.filters)
	return p, nil
}

// checkDirectory adds the files of a directory to those that are checked.
func (p *project) checkDirectory(path string, all *contents) error {
	dir, err := openDirectory(path, false, &p.list)
	if err != nil {
		return err
	}
	sigma.Keys([]*sigma.Directory{dir}, &p.list)
	c, err := p.readDirectory(dir, loadOptions{})
	if err != nil {
		return err
	}
	p.plan.Exceptions = append(p.plan.Exceptions, plan.BuildExceptions(c.exceptions, c.known, &p.list)...)
	plan.BuildPostprocessing(c.postprocessing, c.known, &p.list)
	all.known, all.filters, all.good = append(all.known, c.known...), append(all.filters, c.filters...), append(all.good, c.good...)
	if c.placeholders != nil {
		all.placeholders = c.placeholders
	}
	return nil
}

// checkFile adds a file to those that are checked.
func (p *project) checkFile(path string, all *contents) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("check: %w", err)
	}
	name, slashes := filepath.Base(path), filepath.ToSlash(path)
	if stem, is := strings.CutSuffix(path, "_tests.json"); is {
		p.texts[slashes] = text
		sigma.CheckTests(slashes, text, testsCorrelation(stem), &p.list)
		return nil
	}
	if ext := filepath.Ext(name); ext != ".yml" && ext != ".yaml" {
		return fmt.Errorf("check %s: a rule is a .yml file; other configuration is checked with its directory", path)
	}
	p.parse(sigma.File{Key: strings.TrimSuffix(name, filepath.Ext(name)), Path: slashes, Source: name, Text: text}, all)
	return nil
}

// testsCorrelation reports whether the document beside a file of tests, which is
// called so but for the ending, is a correlation. What is wrong with it is said
// when it is checked itself.
func testsCorrelation(stem string) bool {
	name, number, _ := strings.Cut(filepath.Base(stem), "#")
	document := 1
	if number != "" {
		var err error
		if document, err = strconv.Atoi(number); err != nil {
			return false
		}
	}
	for _, ext := range []string{".yml", ".yaml"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(stem), name+ext))
		if err != nil {
			continue
		}
		documents, _ := sigma.Parse(sigma.File{Key: name, Source: name + ext, Text: text}, &diag.List{})
		return document >= 1 && document <= len(documents) && documents[document-1].Correlation != nil
	}
	return false
}
