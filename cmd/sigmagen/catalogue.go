package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/catalogue"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

func catalogueCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "catalogue",
		Short:   "Look up and rebuild what is known of CloudTrail",
		Long:    "The catalogue says which events CloudTrail writes and what their requests hold. check judges rules by it.",
		Example: "  sigmagen catalogue show s3.amazonaws.com\n  sigmagen catalogue show lambda.amazonaws.com CreateFunction20150331",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(catalogueShowCommand(), catalogueUpdateCommand())
	return cmd
}

func catalogueShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "show [SOURCE [EVENT]]",
		Short:   "List sources, the events of a source, or what the request of an event holds",
		Example: "  sigmagen catalogue show\n  sigmagen catalogue show s3.amazonaws.com\n  sigmagen catalogue show s3.amazonaws.com PutBucketLifecycle",
		Args:    cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := catalogue.Load()
			if err != nil {
				return fmt.Errorf("load catalogue: %w", err)
			}
			lines, err := catalogueLines(c, args)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "catalogue of %s\n", c.Date)
			if len(lines) == 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "there is one, and nobody lists what it holds: check takes anything")
				return nil
			}
			_, err = io.WriteString(cmd.OutOrStdout(), strings.Join(append(lines, ""), "\n"))
			return err
		},
	}
}

// catalogueLines returns what the catalogue has about a source, or about an event
// of it.
func catalogueLines(c *catalogue.Catalogue, args []string) ([]string, error) {
	var lines []string
	if len(args) == 0 {
		for _, source := range c.Sources() {
			lines = append(lines, source.Name)
		}
		return lines, nil
	}
	source := c.Source(args[0])
	if source == nil && !strings.Contains(args[0], ".") {
		source = c.Source(args[0] + ".amazonaws.com")
	}
	if source == nil {
		return nil, unknownIn("source", args[0], c.ServiceOf(firstLabel(args[0])), sourceNames(c.Sources()))
	}
	if len(args) == 1 {
		for _, event := range source.Events() {
			lines = append(lines, event.Name)
		}
		return lines, nil
	}
	event := source.Event(args[1])
	switch {
	case event == nil:
		if action, is := c.Action(args[1], func(s string) bool { return s == source.Name }); is && len(action.Events) > 0 {
			return nil, fmt.Errorf("%s is an action of IAM: CloudTrail writes %s", action.Name, strings.Join(action.Events, " or "))
		}
		var names []string
		for _, e := range source.Events() {
			names = append(names, e.Name)
		}
		return nil, unknownIn("event", args[1], nil, names)
	case len(event.Instead) > 0:
		return nil, fmt.Errorf("CloudTrail writes %s for %s", strings.Join(event.Instead, " or "), event.Name)
	}
	for _, member := range c.Spelled(event) {
		lines = append(lines, "requestParameters."+member)
	}
	return lines, nil
}

// unknownIn says that the catalogue does not have something.
func unknownIn(what, name string, likely, known []string) error {
	hint := ""
	if len(likely) > 0 {
		hint = fmt.Sprintf("did you mean %q?", likely[0])
	} else if hint = sigma.DidYouMean(name, known); hint == "" {
		hint = "leave it out for a list"
	}
	return fmt.Errorf("the catalogue has no %s %s: %s", what, diag.Printable(name), hint)
}

func firstLabel(source string) string {
	label, _, _ := strings.Cut(source, ".")
	return label
}

func sourceNames(sources []*catalogue.Source) []string {
	var names []string
	for _, s := range sources {
		names = append(names, s.Name)
	}
	return names
}

// catalogueUpdate are the flags of catalogue update.
type catalogueUpdate struct {
	models, date, origin string
	logs                 []string
	facts                string
}

func catalogueUpdateCommand() *cobra.Command {
	var o catalogueUpdate
	cmd := &cobra.Command{
		Use:     "update [--models FILE --date YYYY-MM] [--logs PATH]...",
		Short:   "Rebuild the catalogue in a checkout of this project",
		Long:    "update rebuilds what the catalogue has from AWS's API models, and adds the events that recorded CloudTrail files show. It says what came and what went; the exceptions that are kept by hand stay as they are.\n\nThe models are JSON lines, one a service: {\"service\", \"event_source\", \"arn_namespace\", \"operations\": {NAME: {\"input\": [MEMBER...]}}}. Records that are marked as synthetic, or that name an operation of another service, prove nothing; they are counted and left out.",
		Example: "  sigmagen catalogue update --models operations.jsonl.gz --date 2025-04\n  sigmagen catalogue update --logs recorded",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&o.models, "models", "", "`file` of AWS's API models")
	cmd.Flags().StringVar(&o.date, "date", "", "`month` that the models are of")
	cmd.Flags().StringVar(&o.origin, "origin", "AWS's API models", "where the models come from, in `words`")
	cmd.Flags().StringArrayVar(&o.logs, "logs", nil, "`path` of recorded CloudTrail files; may be given several times")
	cmd.Flags().StringVar(&o.facts, "facts", "cmd/sigmagen/internal/catalogue/facts", "`directory` of the facts")
	cmd.MarkFlagsRequiredTogether("models", "date")
	cmd.MarkFlagsOneRequired("models", "logs")
	return cmd
}

// run makes the files anew and writes them when all is well.
func (o catalogueUpdate) run(stdout, stderr io.Writer) error {
	made := map[string][]byte{}
	facts := func(name string) ([]byte, error) {
		if text, is := made[name]; is {
			return text, nil
		}
		return os.ReadFile(filepath.Join(o.facts, name))
	}
	read := func() (*catalogue.Catalogue, error) {
		c, err := catalogue.Read(facts)
		if err != nil {
			return nil, fmt.Errorf("read the catalogue in %s: %w", o.facts, err)
		}
		return c, nil
	}
	before := map[string]bool{}
	if c, err := read(); err == nil {
		before = eventSet(c)
	} else if o.models == "" && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w (the catalogue is part of sigmagen: run this in a checkout of it, or name its facts with --facts)", err)
	} else if o.models == "" || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if o.models != "" {
		text, err := o.readModels()
		if err != nil {
			return err
		}
		made[catalogue.ModelsFile] = text
	}
	// What the models say decides which recorded pairs prove anything.
	c, err := read()
	if err != nil {
		return err
	}
	if len(o.logs) > 0 {
		if made[catalogue.SeenFile], err = o.readSeen(facts, c, stderr); err != nil {
			return err
		}
		if c, err = read(); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if err := writeFile(filepath.Join(o.facts, name), made[name]); err != nil {
			return err
		}
	}
	after := eventSet(c)
	for _, line := range catalogueChanges(before, after) {
		fmt.Fprintln(stdout, line)
	}
	fmt.Fprintf(stdout, "catalogue of %s: %s, %s\n", c.Date, plural(len(c.Sources()), "source"), plural(len(after), "event"))
	return nil
}

// readModels returns the file of facts that is made of models.
func (o catalogueUpdate) readModels() (text []byte, err error) {
	file, err := os.Open(o.models)
	if err != nil {
		return nil, fmt.Errorf("open models: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	models, err := catalogue.ParseAPIModels(file, o.date, o.origin)
	if err != nil {
		return nil, fmt.Errorf("read models %s: %w", o.models, err)
	}
	if text, err = models.Compressed(); err != nil {
		return nil, fmt.Errorf("compress models: %w", err)
	}
	return text, nil
}

// readSeen returns the file of facts about what was seen, with what recorded files
// show.
func (o catalogueUpdate) readSeen(facts catalogue.Facts, c *catalogue.Catalogue, stderr io.Writer) ([]byte, error) {
	text, err := facts(catalogue.SeenFile)
	if err != nil {
		return nil, fmt.Errorf("read what was seen: %w", err)
	}
	seen, err := catalogue.ParseSeen(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", catalogue.SeenFile, err)
	}
	records, left := 0, map[string]int{}
	for _, path := range o.logs {
		err := readRecorded(path, stderr, func(record []byte) {
			records++
			if pair, err := seen.Add(c, record); err != nil {
				left[strings.TrimPrefix(pair+": "+err.Error(), ": ")]++
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, what := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(stderr, "left out: %s: %s\n", plural(left[what], "record"), diag.Printable(what))
	}
	fmt.Fprintf(stderr, "%s read\n", plural(records, "record"))
	return seen.Text(), nil
}

// readRecorded calls take for every record in a file, or in the files below a
// directory. The record is valid during the call.
func readRecorded(path string, stderr io.Writer, take func(record []byte)) error {
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read recorded files: %w", err)
		}
		if entry.IsDir() || name != path && !isRecorded(name) {
			return nil
		}
		return readRecordedFile(name, stderr, take)
	})
}

func isRecorded(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson")
}

func readRecordedFile(name string, stderr io.Writer, take func(record []byte)) (err error) {
	file, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("read recorded files: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	reader := cloudtrail.NewReader(file, cloudtrail.FormatOf(name), cloudtrail.Limits{})
	var first *cloudtrail.RecordError // of what is no record
	none := 0
	for {
		record, err := reader.Next()
		if bad, ok := errors.AsType[*cloudtrail.RecordError](err); ok {
			if none++; first == nil {
				first = bad
			}
			continue
		}
		if err == nil {
			take(record.Raw)
			continue
		}
		if none > 0 {
			fmt.Fprintf(stderr, "left out: %s: %s that %s none: %v\n", diag.Printable(name), plural(none, "record"), isOrAre(none), first)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, cloudtrail.ErrNotRecords):
			fmt.Fprintf(stderr, "left out: %s: %v\n", diag.Printable(name), err)
			return nil
		default:
			return fmt.Errorf("read %s: %w", name, err)
		}
	}
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// catalogueChanges lists the events that came, were seen for the first time, and
// went.
func catalogueChanges(before, after map[string]bool) []string {
	var lines []string
	for _, pair := range slices.Sorted(maps.Keys(after)) {
		if seen, known := before[pair]; !known {
			lines = append(lines, "new: "+pair)
		} else if after[pair] && !seen {
			lines = append(lines, "seen: "+pair)
		}
	}
	for _, pair := range slices.Sorted(maps.Keys(before)) {
		if _, known := after[pair]; !known {
			lines = append(lines, "gone: "+pair)
		}
	}
	return lines
}

// eventSet returns the pairs of source and event, and whether they were seen.
func eventSet(c *catalogue.Catalogue) map[string]bool {
	set := map[string]bool{}
	for _, source := range c.Sources() {
		for _, event := range source.Events() {
			set[source.Name+" "+event.Name] = event.Seen
		}
	}
	return set
}
