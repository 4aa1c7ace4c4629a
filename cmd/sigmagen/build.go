package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"
)

func buildCommand() *cobra.Command {
	var o loadOptions
	var output string
	cmd := &cobra.Command{
		Use:     "build --rules DIR --output BIN",
		Short:   "Build a trailalerts program with these rules linked in",
		Long:    "build compiles rules and links them into one self-contained trailalerts program.",
		Example: "  sigmagen build --rules rules --output hunt\n  sigmagen build --rules community/aws --rules ours --prefix --output hunt",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			p, err := load(o)
			if err != nil {
				return err
			}
			refused, err := p.refuse(cmd.ErrOrStderr(), o.skipRefused)
			if err != nil {
				return err
			}
			if err := p.buildProgram(cmd.Context(), scanProgram, output); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", output, p.compiled())
			if refused {
				return exit(exitRefused)
			}
			return nil
		},
	}
	addBuild(cmd, &o)
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write the program to")
	if err := cmd.MarkFlagRequired("output"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

// checkOutput refuses a place where go build would make directories, or choose a
// name.
func checkOutput(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--output %s is a directory: name the file to write", path)
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return fmt.Errorf("--output %s: %w", path, err)
	}
	return nil
}

func replayCommand() *cobra.Command {
	var o loadOptions
	var alerts bool
	var format string
	cmd := &cobra.Command{
		Use:     "replay --rules DIR PATH...",
		Short:   "Try rules on recorded CloudTrail files",
		Long:    "replay builds a program with these rules, as build does, and scans PATHs with it. It shows what matches; with --alerts, what the matches come to by thresholds and correlations, in order of arrival.\n\nOther than `trailalerts scan`, replay leaves out exceptions, the least severity and cooldowns, and remembers nothing. For these build a program, with `sigmagen build --output BIN`, and run `BIN scan`.",
		Example: "  sigmagen replay --rules rules logs/\n  sigmagen replay --rules community/aws --skip-refused --format jsonl logs/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			if !slices.Contains([]string{"table", "jsonl"}, format) {
				return fmt.Errorf("unknown --format %q: use table or jsonl", format)
			}
			p, err := load(o)
			if err != nil {
				return err
			}
			refused, err := p.refuse(cmd.ErrOrStderr(), o.skipRefused)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), p.compiled())
			mode := "--matches"
			if alerts {
				mode = "--alerts"
			}
			arguments := append([]string{"scan", mode, "--format", format, "--"}, paths...)
			code, err := p.run(cmd.Context(), scanProgram, arguments, cmd)
			switch {
			case err != nil:
				return err
			case refused:
				return exit(exitRefused)
			case code != exitClean:
				return exit(code)
			default:
				return nil
			}
		},
	}
	addBuild(cmd, &o)
	cmd.Flags().BoolVar(&alerts, "alerts", false, "print alerts instead of matches: detection, thresholds and correlations in order of arrival, without exceptions, severity and cooldown")
	cmd.Flags().StringVar(&format, "format", "table", "table or jsonl")
	return cmd
}

// run builds a program in a temporary place and runs it once.
func (p *project) run(ctx context.Context, main program, arguments []string, cmd *cobra.Command) (code int, err error) {
	temporary, err := os.MkdirTemp("", "sigmagen-run-")
	if err != nil {
		return exitError, fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	binary := filepath.Join(temporary, "trailalerts.exe") // the ending is what Windows asks for, and nothing elsewhere
	if err := p.buildProgram(ctx, main, binary); err != nil {
		return exitError, err
	}
	return runProgram(ctx, binary, arguments, cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "  sigmagen version",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "sigmagen", version())
			return err
		},
	}
}

// version returns the version that was built, "(devel)" for that of a checkout.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
