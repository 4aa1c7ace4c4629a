// Package scan is the command trailalerts: the whole pipeline, from delivery
// files to alerts, on one machine. It needs neither AWS nor a database, so that
// a binary for one incident is small and self-contained; what needs them comes in
// as Extras.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// The exit codes of every command. When several apply, the highest counts.
const (
	exitClean       = 0
	exitFound       = 1
	exitEnvironment = 3
)

// Main runs the command trailalerts with the rules of set and returns its exit
// code. Data goes to stdout, everything else to stderr.
//
// When stdout is a pipe whose reader is gone, a program that writes to the real
// os.Stdout dies of SIGPIPE, as cat and grep do.
func Main(set runtime.Ruleset, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return MainWith(Extras{}, set, args, stdin, stdout, stderr)
}

// Extras are what a binary can do beyond Main: what needs a database or AWS, so
// that a binary for one incident stays small. What is nil it cannot do, and says
// so. now tells the time by which what is remembered expires.
type Extras struct {
	// OpenStore opens a SQLite file, which it creates when there is none.
	OpenStore func(path string, now func() time.Time) (Store, error)

	// OpenTable opens the table of a processor to be looked at. say is told, in
	// words, what that costs.
	OpenTable func(ctx context.Context, table string, now func() time.Time, say func(note string)) (History, error)

	// OpenBuckets connects to S3.
	OpenBuckets func(ctx context.Context) (Buckets, error)
}

// MainWith is Main with extras.
func MainWith(extras Extras, set runtime.Ruleset, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	// An interrupted scan removes the unfinished file of --output. A second
	// interrupt ends the process at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, extras, set, args, newStreams(stdin, stdout, stderr))
}

func run(ctx context.Context, extras Extras, set runtime.Ruleset, args []string, s streams) int {
	code := exitClean
	root := rootCommand(ctx, extras, set, s, &code)
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	if cmd, err := root.ExecuteC(); err != nil {
		fmt.Fprintf(s.err, "error: %s\n", cleanText(oneLine(err.Error())))
		if _, environment := errors.AsType[*environmentError](err); !environment {
			fmt.Fprintf(s.err, "Run '%s --help' for usage.\n", cmd.CommandPath())
		}
		return exitEnvironment
	}
	return code
}

// oneLine folds the lines of a message, such as cobra's suggestions, into one.
func oneLine(message string) string { return strings.Join(strings.Fields(message), " ") }

// environmentError is an error that the user's command line is not to blame
// for, so that a pointer to the usage would mislead.
type environmentError struct{ error }

func (e *environmentError) Unwrap() error { return e.error }

func rootCommand(ctx context.Context, extras Extras, set runtime.Ruleset, s streams, code *int) *cobra.Command {
	root := &cobra.Command{
		Use:   "trailalerts",
		Short: "Find threats in AWS CloudTrail records",
		Long: "trailalerts finds threats in AWS CloudTrail records with Sigma rules that are\n" +
			"compiled into it. Scanning files needs no network, no AWS account and no\n" +
			"configuration; buckets and tables are read with the AWS configuration that other\n" +
			"tools use.",
		Example: "  trailalerts scan AWSLogs/\n" +
			"  trailalerts scan --matches --format jsonl AWSLogs/ > matches.jsonl\n" +
			"  trailalerts version",
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.AddCommand(scanCommand(ctx, extras, set, s, code), explainCommand(ctx, extras, s), compareCommand(ctx, extras, s, code), versionCommand(set, s))
	root.SetHelpCommand(helpCommand(root))
	return root
}

// helpCommand replaces cobra's own, which exits 0 after an unknown topic.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command",
		Example: "  trailalerts help scan",
		RunE: func(_ *cobra.Command, args []string) error {
			target, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return fmt.Errorf("unknown command %q for %q", rest[0], target.CommandPath())
			}
			target.InitDefaultHelpFlag()
			return target.Help()
		},
	}
}

func scanCommand(ctx context.Context, extras Extras, set runtime.Ruleset, s streams, code *int) *cobra.Command {
	var flags scanFlags
	cmd := &cobra.Command{
		Use:   "scan [flags] PATH...",
		Short: "Scan CloudTrail files and print alerts",
		Long: `scan reads CloudTrail records, tries every rule on each, and prints alerts.

PATH is a file, a directory that is searched for .json, .jsonl, .json.gz and
.jsonl.gz at any depth, s3://BUCKET/PREFIX, or - for standard input. A file holds
{"Records":[...]}, as CloudTrail delivers, single records, or one record a line
(.jsonl).

s3://BUCKET/PREFIX is the object of that key, else all objects whose keys begin
with PREFIX, up to a day or an hour: AWSLogs/111122223333/CloudTrail/us-east-1/2025/03/09/.
They are read as they come, into no file, with the credentials and the region that
the environment (AWS_PROFILE, AWS_REGION, ...) names; that needs the rights
s3:ListBucket and s3:GetObject.

By default a match becomes an alert unless exceptions.json excuses it, its
severity is below --min-severity, or an alert of the same rule, account and
actor came less than --cooldown minutes before it in event time. Correlation
rules and thresholds are decided in event time, too. The alerts are printed in
order of event time; matches (--matches) and undecided alerts (--alerts) by
file, record and rule.

With --store FILE what was decided is remembered in a SQLite file: the next scan
with it alerts nothing twice, and goes on with cooldowns and correlations where
this one ends. It is written when the output is complete.

The table shortens what is long and escapes control characters; jsonl and csv
hold values of up to 4 KiB whole. In csv a value that a spreadsheet would run as a formula
gets an apostrophe in front.

Exit codes: 0 clean, 1 something was printed and --fail-on-match is set, 3 wrong
usage or something that could not be read or written. 3 goes before 1. When a
file or record cannot be read, the others still are.`,
		Example: `  trailalerts scan AWSLogs/
  trailalerts scan --min-severity high --cooldown 0 --format csv -o alerts.csv AWSLogs/
  trailalerts scan --store alerts.db --format html -o report.html AWSLogs/
  AWS_PROFILE=logs trailalerts scan s3://trail-bucket/AWSLogs/111122223333/CloudTrail/us-east-1/2025/03/
  trailalerts scan --matches --format jsonl AWSLogs/ | jq -r .rule | sort | uniq -c
  zcat delivery.json.gz | trailalerts scan --fail-on-match -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("scan needs at least one PATH: a file, a directory, s3://BUCKET/PREFIX, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := flags.options(args)
			if err != nil {
				return err
			}
			if options.store != "" && extras.OpenStore == nil {
				return fmt.Errorf("%w, or leave out --store", errNoStore)
			}
			for _, path := range options.paths {
				if strings.HasPrefix(path, bucketScheme) && extras.OpenBuckets == nil {
					return errNoBuckets(path)
				}
			}
			for _, name := range []string{"min-severity", "cooldown", "store"} {
				if options.mode != modeDecide && cmd.Flags().Changed(name) {
					fmt.Fprintf(s.err, "note: --%s has no effect with --%s\n", name, options.mode)
				}
			}
			switch {
			case options.why && options.mode == modeMatches:
				fmt.Fprintln(s.err, "note: --why has no effect with --matches")
			case options.why && options.format != formatTable:
				fmt.Fprintf(s.err, "note: --why has no effect with --format %s, which has the decisions anyway\n", options.format)
			}
			if options.mode == modeDecide {
				options.config.Exceptions = set.Exceptions
			} else {
				options.config = alert.Config{}
			}
			*code, err = scan(ctx, extras, set, options, s)
			return err
		},
	}
	flags.register(cmd.Flags())
	return cmd
}

// sortedByKey puts the rules that a record satisfies into the order in which
// they are printed.
func sortedByKey(rules []*runtime.Rule) []*runtime.Rule {
	slices.SortFunc(rules, func(a, b *runtime.Rule) int { return strings.Compare(a.Key, b.Key) })
	return rules
}
