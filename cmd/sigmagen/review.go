package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/review"
)

// reviewOptions are the flags of review.
type reviewOptions struct{ base, rules, generated, logs, output string }

func reviewCommand() *cobra.Command {
	var o reviewOptions
	cmd := &cobra.Command{
		Use:     "review --base DIR",
		Short:   "Say what a change of rules comes to",
		Long:    "review compares the rules of this checkout with those of another, as it was before: rules added, removed and changed, the matches of both on recorded CloudTrail files, and the difference of the generated code. It writes Markdown, short enough for a comment under a pull request, in which titles and records are no more than text.\n\nBoth are compiled by this sigmagen, so that what differs are the rules. Logs that are not there are no error; the review says so. The exit code is 2 when rules are refused; the review is written all the same.",
		Example: "  git worktree add ../base origin/main\n  sigmagen review --base ../base --logs recorded > review.md",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.base, "base", "", "`directory` that holds the checkout of before")
	cmd.Flags().StringVarP(&o.rules, "rules", "r", "rules", "rules `directory`, in both")
	cmd.Flags().StringVar(&o.generated, "generated", "generated", "`directory` of the generated package, in both")
	cmd.Flags().StringVar(&o.logs, "logs", "recorded", "`path` of recorded CloudTrail files")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "`file` to write to, instead of standard output")
	if err := cmd.MarkFlagRequired("base"); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

func (o reviewOptions) run(ctx context.Context, stdout, stderr io.Writer) error {
	if info, err := os.Stat(o.base); err != nil {
		return fmt.Errorf("open the checkout of before: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("open the checkout of before: %s is a file", o.base)
	}
	var change review.Change
	switch _, err := os.Stat(o.logs); {
	case err == nil:
		change.Logs = filepath.ToSlash(o.logs)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("open recorded logs: %w", err)
	}
	var err error
	if change.Before, err = o.state(ctx, o.base, change.Logs, stderr); err != nil {
		return err
	}
	if change.After, err = o.state(ctx, ".", change.Logs, stderr); err != nil {
		return err
	}
	text := review.Markdown(change)
	if o.output != "" {
		err = writeFile(o.output, []byte(text))
	} else {
		_, err = io.WriteString(stdout, text)
	}
	if err != nil {
		return err
	}
	if change.After.Refused != "" {
		return exit(exitRefused)
	}
	return nil
}

// state compiles the rules of a checkout and runs them on the logs.
func (o reviewOptions) state(ctx context.Context, checkout, logs string, stderr io.Writer) (review.State, error) {
	var s review.State
	generated, err := goFiles(filepath.Join(checkout, o.generated))
	if err != nil {
		return s, err
	}
	s.Generated = generated
	dir := filepath.Join(checkout, o.rules)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return s, nil // the change brings the first rules, or removes the last
	}
	p, err := load(loadOptions{dirs: []string{dir}, tests: testsIgnored, strictIDs: true})
	if err != nil {
		return s, err
	}
	if p.list.HasErrors() {
		var text bytes.Buffer
		if err := p.report(&text); err != nil {
			return s, err
		}
		s.Refused = text.String()
		return s, nil
	}
	for _, rule := range p.plan.Rules {
		s.Rules = append(s.Rules, review.Rule{Key: rule.Syntax.Key, Title: rule.Syntax.Title.Value, Level: rule.Level, SourceHash: rule.SourceHash})
	}
	for _, c := range p.plan.Correlations {
		title := c.Description
		if c.Syntax != nil {
			title = c.Syntax.Title.Value
		}
		s.Rules = append(s.Rules, review.Rule{Key: c.Key, Title: cmp.Or(title, c.Type), Level: c.Level, SourceHash: c.SourceHash})
	}
	if logs == "" {
		return s, nil
	}
	s.Matches, s.Unread, err = p.matches(ctx, logs, stderr)
	return s, err
}

// matches compiles the rules and runs them on logs. unread says that some of these
// could not be read; stderr has which.
func (p *project) matches(ctx context.Context, logs string, stderr io.Writer) (found []review.Match, unread bool, err error) {
	temporary, err := os.MkdirTemp("", "sigmagen-review-")
	if err != nil {
		return nil, false, fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	binary := filepath.Join(temporary, "trailalerts.exe") // the ending is what Windows asks for, and nothing elsewhere
	if err := p.buildProgram(ctx, scanProgram, binary); err != nil {
		return nil, false, err
	}
	var out bytes.Buffer
	code, err := runProgram(ctx, binary, []string{"scan", "--matches", "--format", "jsonl", "--", logs}, nil, &out, stderr)
	if err != nil {
		return nil, false, err
	}
	if code != exitClean && code != exitError {
		return nil, false, fmt.Errorf("scan %s: exit code %d", logs, code)
	}
	decoder := json.NewDecoder(&out)
	for {
		var m review.Match
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return found, code == exitError, nil
		} else if err != nil {
			return nil, false, fmt.Errorf("read matches: %w", err)
		}
		found = append(found, m)
	}
}

// goFiles reads the Go files of a directory, which need not be there.
func goFiles(dir string) (map[string]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list generated files: %w", err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		if entry.IsDir() || filepath.Ext(entry.Name()) != ".go" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read generated file: %w", err)
		}
		files[entry.Name()] = string(text)
	}
	return files, nil
}
