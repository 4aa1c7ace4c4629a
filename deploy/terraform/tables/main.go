// Command tables writes the tables of inputs and outputs into the README of the
// Terraform module, from the module itself.
//
//	go run -C deploy/terraform/tables . [--check]
//
// With --check it writes nothing and exits with 1 when the README differs. It is a
// module of its own so that nothing of Terraform is among the modules of the
// project's programs.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-config-inspect/tfconfig"
)

func main() { os.Exit(run(os.Args[1:], "..", os.Stderr)) }

// run does the work on the module in a directory. It returns 0 when the README is,
// or was made, up to date, 1 when it is stale, and 3 for everything else.
func run(args []string, directory string, stderr io.Writer) int {
	flags := flag.NewFlagSet("tables", flag.ContinueOnError)
	flags.SetOutput(stderr)
	check := flags.Bool("check", false, "only say whether the README is up to date")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		fmt.Fprintln(stderr, "usage: tables [--check]")
		return 3
	}
	stale, err := update(directory, !*check)
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "tables:", err)
		return 3
	case stale && *check:
		fmt.Fprintf(stderr, "the tables in %s are not those of the module: go run -C deploy/terraform/tables .\n", filepath.Join(directory, "README.md"))
		return 1
	}
	return 0
}

// update compares the README of a module with its inputs and outputs, and writes
// it when that is wanted. It says whether the two differed.
func update(directory string, write bool) (stale bool, err error) {
	module, diagnostics := tfconfig.LoadModule(directory)
	if diagnostics.HasErrors() {
		return false, fmt.Errorf("read the module: %w", diagnostics.Err())
	}
	path := filepath.Join(directory, "README.md")
	before, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("read the README: %w", err)
	}
	after, err := render(string(before), module)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	if after == string(before) {
		return false, nil
	}
	if write {
		if err := os.WriteFile(path, []byte(after), 0o644); err != nil {
			return true, fmt.Errorf("write the README: %w", err)
		}
	}
	return true, nil
}
