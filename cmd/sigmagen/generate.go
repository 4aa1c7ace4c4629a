package main

import (
	"bytes"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/gogen"
)

func generateCommand() *cobra.Command {
	var o loadOptions
	var out, pkg string
	var check bool
	cmd := &cobra.Command{
		Use:     "generate",
		Short:   "Write Go from the rules",
		Long:    "generate writes one Go file a rule, and its test, to a package directory, with the dispatch over all of them. Files of rules that are gone are removed. Any error leaves the directory as it was.",
		Example: "  sigmagen generate\n  sigmagen generate --rules rules --out generated --check",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := o.oneDirectory()
			if err != nil {
				return err
			}
			if !token.IsIdentifier(pkg) || pkg == "_" || pkg == "main" {
				return fmt.Errorf("--package %q cannot name a package of rules", pkg)
			}
			o.tests, o.strictIDs, o.deadRules = testsRequired, true, diag.Error
			p, err := load(o)
			if err != nil {
				return err
			}
			if _, err := p.refuse(cmd.ErrOrStderr(), false); err != nil {
				return err
			}
			files, err := p.generate(dir, out, pkg)
			if err != nil {
				return err
			}
			changes, err := compareWith(out, pkg, files)
			if err != nil {
				return err
			}
			if check {
				for _, c := range changes {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", filepath.ToSlash(filepath.Join(out, c.name)), c.kind)
				}
				if len(changes) > 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%s to date: run sigmagen generate\n", plural(len(changes), "file")+" not up")
					return exit(exitFindings)
				}
				return nil
			}
			if err := apply(out, changes); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s, %s written, %s removed\n", p.planned(), plural(countChanges(changes, false), "file"), plural(countChanges(changes, true), "file"))
			return nil
		},
	}
	addRules(cmd, &o)
	cmd.Flags().StringVar(&out, "out", "generated", "`directory` of the package to write")
	cmd.Flags().StringVar(&pkg, "package", "generated", "`name` of the package")
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; exit 1 if a file is missing, different or extra")
	return cmd
}

// generate renders the plan as a package in out.
func (p *project) generate(dir, out, pkg string) ([]gogen.File, error) {
	name, err := baseName(dir)
	if err != nil {
		return nil, err
	}
	relative, err := relativePath(out, dir)
	if err != nil {
		return nil, err
	}
	if relative == "." {
		return nil, fmt.Errorf("--out %s is the rules directory: choose another", out)
	}
	return gogen.Generate(p.plan, gogen.Options{Package: pkg, RulesName: name, RulesPath: relative, Tests: true, Tested: p.dirs[0].Tests})
}

// relativePath returns the slash-separated path from one directory to another,
// also when the first does not exist yet.
func relativePath(from, to string) (string, error) {
	absoluteFrom, err := filepath.Abs(from)
	if err != nil {
		return "", fmt.Errorf("find directory %s: %w", from, err)
	}
	absoluteTo, err := filepath.Abs(to)
	if err != nil {
		return "", fmt.Errorf("find directory %s: %w", to, err)
	}
	relative, err := filepath.Rel(absoluteFrom, absoluteTo)
	if err != nil {
		return "", fmt.Errorf("find %s from %s: %w", to, from, err)
	}
	return filepath.ToSlash(relative), nil
}

// change is a file that is not as it should be.
type change struct {
	name    string
	kind    string // missing, differs or extra
	content []byte // nil for extra: the file goes
}

// countChanges counts the files that are written, or those that are removed.
func countChanges(changes []change, removed bool) int {
	n := 0
	for _, c := range changes {
		if (c.content == nil) == removed {
			n++
		}
	}
	return n
}

// compareWith returns how a directory differs from files. Only files that begin
// with the header of sigmagen count as extra; one that does not, but has the
// name of a file to write, is an error: it is somebody's work.
func compareWith(dir, pkg string, files []gogen.File) ([]change, error) {
	var changes []change
	known := map[string]bool{}
	for _, file := range files {
		known[file.Name] = true
		current, err := os.ReadFile(filepath.Join(dir, file.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			changes = append(changes, change{file.Name, "missing", file.Content})
		case err != nil:
			return nil, fmt.Errorf("read generated file: %w", err)
		case bytes.Equal(current, file.Content):
		case !ours(current):
			return nil, fmt.Errorf("%s was not written by sigmagen: move it, or choose another --out", filepath.Join(dir, file.Name))
		default:
			changes = append(changes, change{file.Name, "differs", file.Content})
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list generated files: %w", err)
	}
	for _, entry := range entries {
		if known[entry.Name()] || entry.IsDir() || filepath.Ext(entry.Name()) != ".go" {
			continue
		}
		current, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read generated file: %w", err)
		}
		if ours(current) {
			changes = append(changes, change{entry.Name(), "extra", nil})
		} else if name := packageName(current); name != pkg && name != pkg+"_test" {
			return nil, fmt.Errorf("%s belongs to package %s: a directory holds one package; choose another --out", filepath.Join(dir, entry.Name()), name)
		}
	}
	slices.SortFunc(changes, func(a, b change) int { return strings.Compare(a.name, b.name) })
	return changes, nil
}

// packageName returns the package that a Go file belongs to, "" if it does not
// say so.
func packageName(source []byte) string {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return file.Name.Name
}

func ours(content []byte) bool { return bytes.HasPrefix(content, []byte(gogen.Header)) }
