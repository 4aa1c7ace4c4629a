package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

func checkCommand() *cobra.Command {
	var o loadOptions
	var format string
	var strict bool
	cmd := &cobra.Command{
		Use:     "check [PATH...]",
		Short:   "Say what is wrong with the rules",
		Long:    "check parses and analyses rules and writes what it finds. With PATHs (files or directories) it looks at these alone and asks for no tests.",
		Example: "  sigmagen check\n  sigmagen check --format json my_rule.yml",
		RunE: func(cmd *cobra.Command, paths []string) error {
			switch format {
			case "text", "json", "sarif":
			default:
				return fmt.Errorf("unknown --format %q: use text, json or sarif", format)
			}
			p, checked, err := checkProject(o, paths)
			if err != nil {
				return err
			}
			switch format {
			case "json":
				err = diag.WriteJSON(cmd.OutOrStdout(), p.list.Sorted())
			case "sarif":
				err = diag.WriteSARIF(cmd.OutOrStdout(), p.list.Sorted(), func(path string) []byte { return p.texts[path] })
			default:
				err = p.report(cmd.OutOrStdout())
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s checked: %s\n", plural(checked, "rule"), p.summary())
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
	return cmd
}

// checkProject loads the rules directory, or the paths when there are any.
func checkProject(o loadOptions, paths []string) (p *project, checked int, err error) {
	if len(paths) > 0 {
		return checkPaths(paths)
	}
	if _, err := o.oneDirectory(); err != nil {
		return nil, 0, err
	}
	o.tests, o.strictIDs = testsRequiredIfStructured, true
	p, err = load(o)
	if err != nil {
		return nil, 0, err
	}
	return p, p.rules, nil
}

// checkPaths loads files, and the files of directories, as rules.
func checkPaths(paths []string) (p *project, checked int, err error) {
	p = &project{plan: &plan.Plan{}, texts: map[string][]byte{}}
	var rules []*sigma.Rule
	var placeholders *plan.Placeholders
	parse := func(file sigma.File) (known []*sigma.Rule) {
		p.texts[file.Path] = file.Text
		documents, ok := sigma.Parse(file, &p.list)
		checked += len(documents)
		if ok {
			rules = append(rules, documents...)
		}
		return slices.DeleteFunc(slices.Clone(documents), func(r *sigma.Rule) bool { return r.Filter })
	}
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[filepath.Clean(path)] {
			continue
		}
		seen[filepath.Clean(path)] = true
		info, err := os.Stat(path)
		if err != nil {
			return nil, 0, fmt.Errorf("check: %w", err)
		}
		if info.IsDir() {
			dir, err := openDirectory(path, false, &p.list)
			if err != nil {
				return nil, 0, err
			}
			sigma.Keys([]*sigma.Directory{dir}, &p.list)
			var known []*sigma.Rule
			for _, file := range dir.Files {
				known = append(known, parse(file)...)
			}
			if placeholders, err = p.placeholders(dir); err != nil {
				return nil, 0, err
			}
			exceptions, err := p.configuration(dir)
			if err != nil {
				return nil, 0, err
			}
			plan.BuildExceptions(exceptions, known, &p.list)
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, 0, fmt.Errorf("check: %w", err)
		}
		name := filepath.Base(path)
		if strings.HasSuffix(name, "_tests.json") {
			p.texts[filepath.ToSlash(path)] = text
			sigma.CheckTests(filepath.ToSlash(path), text, &p.list)
			continue
		}
		if ext := filepath.Ext(name); ext != ".yml" && ext != ".yaml" {
			return nil, 0, fmt.Errorf("check %s: a rule is a .yml file; other configuration is checked with its directory", path)
		}
		parse(sigma.File{Key: strings.TrimSuffix(name, filepath.Ext(name)), Path: filepath.ToSlash(path), Source: name, Text: text})
	}
	sigma.Unique(rules, diag.Warning, &p.list)
	p.plan.Rules = plan.Build(rules, placeholders, &p.list)
	return p, checked, nil
}
