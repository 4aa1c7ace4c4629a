package main

import (
	"context"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/mod/module"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/scaffold"
)

func initCommand() *cobra.Command {
	var name, checkout string
	cmd := &cobra.Command{
		Use:     "init DIR",
		Short:   "Begin a repository of rules of your own",
		Long:    "init writes a Go module that holds rules and becomes two Lambda functions: example rules with their tests, what they compile to, the mains, workflows for GitHub, Terraform. It builds, tests and packages as it stands. DIR is empty or not there yet.\n\nThe module requires trailalerts in the version of this sigmagen. A sigmagen that is built from a checkout has none: go.mod then names the checkout, for developing.",
		Example: "  sigmagen init detections --module github.com/example/detections\n  cd detections && make demo test package",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			if name == "" {
				base, err := baseName(dir)
				if err != nil {
					return err
				}
				name = "example.com/" + base
			}
			if err := module.CheckPath(name); err != nil {
				return fmt.Errorf("name the module with --module: %w", err)
			}
			if err := checkEmpty(dir); err != nil {
				return err
			}
			against, err := findRelease(cmd.Context(), checkout)
			if err != nil {
				return err
			}
			if err := writeRepository(dir, name, against); err != nil {
				return err
			}
			w := cmd.ErrOrStderr()
			fmt.Fprintf(w, "%s: module %s\n", dir, name)
			if against.checkout != "" {
				fmt.Fprintf(w, "go.mod names the checkout %s, which other machines do not have: before you share it, go mod edit -dropreplace %s && go get %[2]s@latest\n", against.checkout, modulePath)
			}
			fmt.Fprintf(w, "Next: cd %s && git init && make demo test package\n", dir)
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "module", "", "`path` of the Go module; default example.com/ and the name of DIR")
	cmd.Flags().StringVar(&checkout, "trailalerts", "", "checkout of trailalerts to build with, a `directory`, for developing; default the version of this sigmagen")
	return cmd
}

// checkEmpty refuses a directory that holds anything, and says what.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open directory: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	var names []string
	for _, entry := range entries[:min(5, len(entries))] {
		names = append(names, strconv.Quote(entry.Name()))
	}
	if len(entries) > len(names) {
		names = append(names, "…")
	}
	return fmt.Errorf("%s is not empty, it holds %s: name another directory", dir, strings.Join(names, ", "))
}

// release is the trailalerts that a repository is built with.
type release struct {
	requirements
	checkout string // of which it is; "" for a released version
	ref      string // as git knows it
}

// findRelease returns the named checkout, or the version of this sigmagen, or the
// checkout that it was built from.
func findRelease(ctx context.Context, dir string) (release, error) {
	if dir == "" {
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == modulePath && isRelease(info.Main) {
			r, err := downloadedRequirements(ctx, "", info.Main.Version)
			return release{requirements: r, ref: info.Main.Version}, err
		}
		var ok bool
		if dir, ok = checkout(); !ok {
			return release{}, errors.New("this sigmagen is no release: name the checkout of trailalerts to build with, --trailalerts DIR, or install a released version")
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return release{}, fmt.Errorf("find checkout: %w", err)
	}
	r, err := checkoutRequirements(dir)
	return release{requirements: r, checkout: dir, ref: "main"}, err
}

// writeRepository writes everything into a directory that is empty or not there.
// After an error it is so again.
func writeRepository(dir, name string, against release) (err error) {
	repository := scaffold.Repository{Module: name, Ref: against.ref}
	files, err := repository.Files()
	if err != nil {
		return err
	}
	mod, err := against.moduleFile(name, files)
	if err != nil {
		return err
	}
	files = append(files, scaffold.File{Name: "go.mod", Content: mod}, scaffold.File{Name: "go.sum", Content: against.sums})
	_, statErr := os.Stat(dir)
	defer func() {
		if err != nil {
			err = errors.Join(err, clear(dir, errors.Is(statErr, fs.ErrNotExist)))
		}
	}()
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, filepath.FromSlash(f.Name)), f.Content); err != nil {
			return err
		}
	}
	return generateInto(dir)
}

// moduleFile returns go.mod, with sigmagen as a tool of the module and the toolchain
// of trailalerts: workflows install that one and no other, so that it has to be new
// enough for all that a release is made with.
func (r release) moduleFile(name string, files []scaffold.File) ([]byte, error) {
	if r.toolchain != "" {
		if err := r.file.AddToolchainStmt(r.toolchain); err != nil {
			return nil, fmt.Errorf("write module file: %w", err)
		}
	}
	if err := r.file.AddTool(modulePath + "/cmd/sigmagen"); err != nil {
		return nil, fmt.Errorf("write module file: %w", err)
	}
	var imports []string
	for _, f := range files {
		if path.Ext(f.Name) != ".go" {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name, f.Content, parser.ImportsOnly)
		if err != nil {
			return nil, fmt.Errorf("read scaffold: %w", err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, fmt.Errorf("read scaffold: %w", err)
			}
			imports = append(imports, imported)
		}
	}
	r.markDirect(imports)
	return r.format(name)
}

// generateInto compiles the rules of a repository as generate does in it.
func generateInto(dir string) error {
	rules, out := filepath.Join(dir, "rules"), filepath.Join(dir, "generated")
	p, err := load(loadOptions{dirs: []string{rules}, tests: testsRequired, strictIDs: true, deadRules: diag.Error})
	if err != nil {
		return err
	}
	if len(p.list.Sorted()) > 0 {
		return fmt.Errorf("the example rules are not right: %s", p.summary())
	}
	files, err := p.generate(rules, out, "generated")
	if err != nil {
		return err
	}
	changes, err := compareWith(out, "generated", files)
	if err != nil {
		return err
	}
	return apply(out, changes)
}

// clear removes what was written into a directory that was empty before, and the
// directory if it was not there.
func clear(dir string, whole bool) error {
	if whole {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
	}
	return err
}
