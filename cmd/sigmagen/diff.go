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
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diff"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/gogen"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	rules, logs, format, output string
	exitCode                    bool
}

func diffCommand() *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff OLD [NEW]",
		Short: "Say what a change of rules means",
		Long: `diff compares the rules of two revisions or directories. Of each rule that changed it says whether it matches more records than before (wider), fewer (narrower), both (different) or the same (equivalent), which is proven, with a record that only one version matches; or unknown, where that could not be decided. It names what else changed: titles, levels and the like, filters, correlations, thresholds, exceptions, placeholders, and how much of the generated code. With --logs it tries both versions of the changed rules on recorded CloudTrail files, compiled, and lists the records that only one of them matches.

OLD and NEW are directories, or else revisions as git knows them; without NEW it is the working tree. A name that is both is refused: ./NAME is the directory, refs/heads/NAME the branch. A directory is one of rules, or a checkout that holds --rules; a relative --rules counts from there in checkouts, and from the working directory in revisions and the working tree. A rule that has another name and the same id was renamed.

Both sides are read by this sigmagen, so that what differs are the rules. The exit code is 0 also where something changed; with --exit-code it is 1 when that may change what is alerted on. It is 2 when rules of NEW are refused, or can never match in whole or in part, and what the others come to is written all the same.`,
		Example: "  sigmagen diff main\n  sigmagen diff v1.3.0 v1.4.0 --logs recorded --format markdown --output change.md\n  sigmagen diff ../before/rules rules --exit-code",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVarP(&o.rules, "rules", "r", "rules", "rules `directory`, also in revisions and checkouts")
	cmd.Flags().StringVar(&o.logs, "logs", "", "`path` of recorded CloudTrail files to try the changed rules on")
	cmd.Flags().StringVar(&o.format, "format", "text", "text, json, sarif or markdown, which fits a comment under a pull request")
	cmd.Flags().StringVarP(&o.output, "output", "o", "", "`file` to write to, instead of standard output")
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit 1 when what changed may change what is alerted on")
	return cmd
}

func (o diffOptions) run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if !slices.Contains([]string{"text", "json", "sarif", "markdown"}, o.format) {
		return fmt.Errorf("unknown --format %q: use text, json, sarif or markdown", o.format)
	}
	if o.logs != "" {
		if _, err := os.Stat(o.logs); err != nil {
			return fmt.Errorf("open recorded logs: %w", err)
		}
	}
	if slices.Contains(args, "") { // of a variable that is not set
		return errors.New("OLD and NEW have a name: one of them is empty")
	}
	old, err := o.side(ctx, args[0])
	if err != nil {
		return err
	}
	name := "" // the working tree
	if len(args) > 1 {
		name = args[1]
	}
	new, err := o.side(ctx, name)
	if err != nil {
		return err
	}
	if old.project == nil && new.project == nil {
		return errors.New("there are no rules on either side: name their directory with --rules")
	}
	report := diff.Compare(old.Side, new.Side)
	if o.logs != "" {
		if err := addLogs(ctx, report, o.logs, old, new, stderr); err != nil {
			return err
		}
	}
	if err := o.write(report, old, new, stdout); err != nil {
		return err
	}
	switch contradicted := report.Contradicted(); {
	case len(contradicted) > 0:
		return fmt.Errorf("recorded logs contradict what was proven of %s: see the report", strings.Join(contradicted, ", "))
	case new.Refused != "" || new.Impossibilities != "":
		return exit(exitRefused)
	case o.exitCode && report.Alerting():
		return exit(exitFindings)
	default:
		return nil
	}
}

func (o diffOptions) write(report *diff.Report, old, new side, stdout io.Writer) error {
	var b bytes.Buffer
	switch o.format {
	case "json":
		if err := diag.EncodeJSON(&b, "  ", report); err != nil {
			return err
		}
	case "sarif":
		found := report.Diagnostics(func(key string, removed bool) diag.Span {
			if removed || new.project == nil {
				return old.place(key)
			}
			return new.place(key)
		})
		if err := diag.WriteSARIF(&b, found, func(string) []byte { return nil }); err != nil {
			return err
		}
	case "markdown":
		b.WriteString(report.Markdown())
	default:
		b.WriteString(report.Text())
	}
	if o.output != "" {
		return writeFile(o.output, b.Bytes())
	}
	_, err := stdout.Write(b.Bytes())
	return err
}

// place returns where a rule or correlation of a side stands, without the revision that
// it is read from; for anything else the directory.
func (s side) place(key string) diag.Span {
	span := diag.Span{Position: diag.Position{Path: s.project.dirs[0].Name}}
	for _, r := range s.Plan.Rules {
		if r.Syntax.Key == key {
			span = r.Syntax.Title.Span
		}
	}
	for _, c := range s.Plan.Correlations {
		if c.Key == key && c.Syntax != nil {
			span = c.Syntax.Title.Span
		}
	}
	span.Path = strings.TrimPrefix(span.Path, s.Name+":")
	return span
}

// side is the rules of one side, and the project that they were read into; nil where
// there are none.
type side struct {
	diff.Side
	project *project
}

// commitHash is a revision that people read as well when it is shorter.
var commitHash = regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`)

// side reads the rules of a directory, a revision or, for "", the working tree.
func (o diffOptions) side(ctx context.Context, name string) (side, error) {
	shown := cmp.Or(name, "working tree")
	if commitHash.MatchString(name) {
		shown = name[:12]
	}
	s := side{Side: diff.Side{Name: shown, Plan: &plan.Plan{}, Generated: map[string]string{}}}
	p := newProject()
	tree, path, err := o.tree(ctx, name, shown, &s)
	if err != nil || tree == nil {
		return s, err
	}
	dir, err := sigma.Open(tree, path, "", &p.list)
	if err != nil {
		return s, err
	}
	p.dirs = []*sigma.Directory{dir}
	// Rules that no record can match are compared, too, and told apart from those that
	// are refused.
	if err := p.load(loadOptions{tests: testsIgnored, strictIDs: true, deadRules: diag.Note}); err != nil {
		return s, err
	}
	s.project, s.Plan, s.Placeholders, s.Files = p, p.plan, p.placeholders, map[string]string{}
	for path, text := range p.texts {
		s.Files[strings.TrimPrefix(path, dir.Name+"/")] = string(text)
	}
	if err := s.noteImpossible(); err != nil {
		return s, err
	}
	if p.list.HasErrors() {
		return s, s.noteRefused()
	}
	if s.Impossibilities != "" {
		s.Generated = nil // as generate refuses to
		return s, nil
	}
	files, err := gogen.Generate(p.plan, gogen.Options{Package: "generated", RulesName: "rules", RulesPath: "../rules"})
	if err != nil {
		return s, err
	}
	for _, f := range files {
		s.Generated[f.Name] = string(f.Content)
	}
	return s, nil
}

// tree returns the files of one side, and their path for diagnostics; nil where a
// revision or the working tree has no rules. A revision is shown by another name. What
// is not known of it is noted.
func (o diffOptions) tree(ctx context.Context, name, shown string, s *side) (tree fs.FS, path string, err error) {
	dir := o.rules
	if name != "" {
		if !isDirectory(name) {
			tree, submodules, err := readRevision(ctx, name, o.rules)
			for _, submodule := range submodules {
				s.Notes = append(s.Notes, fmt.Sprintf("%s in %s is a submodule, which git does not hold there: rules in it are not read on this side, and may seem to be added or removed", filepath.ToSlash(filepath.Join(o.rules, submodule)), shown))
			}
			if err != nil || tree == nil {
				return nil, "", err
			}
			return tree, shown + ":" + filepath.ToSlash(filepath.Clean(o.rules)), nil
		}
		if revision := revisionNamed(ctx, name); revision != "" {
			return nil, "", fmt.Errorf("%s is a directory and a revision: write %s for the directory, %s for the revision", name, "./"+filepath.ToSlash(name), revision)
		}
		if dir = name; !filepath.IsAbs(o.rules) && isDirectory(filepath.Join(name, o.rules)) {
			dir = filepath.Join(name, o.rules)
		}
	} else if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	return os.DirFS(dir), filepath.ToSlash(filepath.Clean(dir)), nil
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// noteImpossible says what no record can satisfy in the rules of a side.
func (s *side) noteImpossible() error {
	var list diag.List
	s.Impossible = map[string][]string{}
	for key, found := range s.project.impossible {
		for _, d := range found {
			s.Impossible[key] = append(s.Impossible[key], d.Message)
			list.Add(d)
		}
	}
	var text bytes.Buffer
	err := diag.WriteText(&text, list.Sorted(), s.project.source)
	s.Impossibilities = text.String()
	return err
}

// noteRefused says which rules of a side are refused, and why.
func (s *side) noteRefused() error {
	found := slices.DeleteFunc(s.project.list.Sorted(), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	var text bytes.Buffer
	if err := diag.WriteText(&text, found, s.project.source); err != nil {
		return err
	}
	s.Refused, s.RefusedFiles, s.Generated = text.String(), map[string]bool{}, nil
	dir := s.project.dirs[0]
	for path := range s.project.list.Refused() {
		s.RefusedFiles[strings.TrimPrefix(path, dir.Name+"/")] = true
		for _, file := range dir.Files {
			if file.Path == path {
				s.RefusedFiles[file.Key] = true
			}
		}
	}
	return nil
}

// What the keys of rules begin with in the program that tries both versions.
const (
	oldPrefix = "old_"
	newPrefix = "new_"
)

// addLogs compiles both versions of the rules that changed into one program, and runs
// it on recorded logs.
func addLogs(ctx context.Context, report *diff.Report, logs string, old, new side, stderr io.Writer) (err error) {
	var keep, keepOld []string
	for _, rule := range report.Rules {
		if rule.Change != diff.Removed {
			keep = append(keep, rule.Key)
		}
		if rule.Change != diff.Added {
			keepOld = append(keepOld, cmp.Or(rule.OldKey, rule.Key))
		}
	}
	both := newProject()
	for _, s := range []side{new, old} {
		if s.project != nil {
			both.dirs = s.project.dirs
		}
	}
	both.plan.Rules = slices.Concat(prefixed(old.Plan, keepOld, oldPrefix), prefixed(new.Plan, keep, newPrefix))
	slices.SortFunc(both.plan.Rules, func(a, b *plan.Rule) int { return strings.Compare(a.Syntax.Key, b.Syntax.Key) })
	about := diff.Logs{Path: filepath.ToSlash(logs)}
	if len(both.plan.Rules) == 0 {
		report.AddLogs(about, nil, nil)
		return nil
	}
	found, err := both.matches(ctx, logs, &about, stderr)
	if err != nil {
		return err
	}
	var before, after []diff.Match
	for _, m := range found {
		if key, is := strings.CutPrefix(m.Rule, oldPrefix); is {
			m.Rule = key
			before = append(before, m)
		} else {
			m.Rule = strings.TrimPrefix(m.Rule, newPrefix)
			after = append(after, m)
		}
	}
	report.AddLogs(about, before, after)
	return nil
}

// prefixed returns copies of the rules of these keys, which begin with a prefix, as do
// those of their filters.
func prefixed(p *plan.Plan, keys []string, prefix string) []*plan.Rule {
	rename := func(syntax *sigma.Rule) *sigma.Rule {
		renamed := *syntax
		renamed.Key = prefix + syntax.Key
		return &renamed
	}
	var rules []*plan.Rule
	for _, rule := range p.Rules {
		if !slices.Contains(keys, rule.Syntax.Key) {
			continue
		}
		r := *rule
		r.Syntax, r.Filters, r.Capture = rename(rule.Syntax), nil, nil
		for _, filter := range rule.Filters {
			f := *filter
			f.Syntax = rename(filter.Syntax)
			r.Filters = append(r.Filters, &f)
		}
		rules = append(rules, &r)
	}
	return rules
}

// scanned is how a scan says on stderr what it has read, and matched.
var (
	scanned = regexp.MustCompile(`(?m)^scanned \d+ files?, (\d+) records? in `)
	counted = regexp.MustCompile(`(?m)^\d+ match(es)?\n`)
)

// matches compiles the rules and runs them on logs, of which it notes how many records
// were read, and whether some could not be; stderr has which.
func (p *project) matches(ctx context.Context, logs string, about *diff.Logs, stderr io.Writer) (found []diff.Match, err error) {
	temporary, err := os.MkdirTemp("", "sigmagen-diff-")
	if err != nil {
		return nil, fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	binary := filepath.Join(temporary, "trailalerts.exe") // the ending is what Windows asks for, and nothing elsewhere
	if err := p.buildProgram(ctx, scanProgram, binary); err != nil {
		return nil, err
	}
	var out, said bytes.Buffer
	code, err := runProgram(ctx, binary, []string{"scan", "--matches", "--format", "jsonl", "--", logs}, nil, &out, &said)
	// How many matches both versions have together means nothing to anyone.
	if _, failed := stderr.Write(counted.ReplaceAll(said.Bytes(), nil)); failed != nil {
		return nil, fmt.Errorf("write what the scan says: %w", failed)
	}
	if err != nil {
		return nil, err
	}
	if code != exitClean && code != exitError {
		return nil, fmt.Errorf("scan %s: exit code %d", logs, code)
	}
	records := scanned.FindSubmatch(said.Bytes())
	if records == nil {
		return nil, fmt.Errorf("scan %s: it does not say how many records it read", logs)
	}
	if about.Records, err = strconv.Atoi(string(records[1])); err != nil {
		return nil, fmt.Errorf("scan %s: count records: %w", logs, err)
	}
	about.Unread = code == exitError
	decoder := json.NewDecoder(&out)
	for {
		var m diff.Match
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("read matches: %w", err)
		}
		found = append(found, m)
	}
}
