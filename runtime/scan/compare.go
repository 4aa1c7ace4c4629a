package scan

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

const formatMarkdown = "markdown"

// comparison is a valid command line of compare.
type comparison struct {
	live, shadow string // stores
	format       string
	period       period
}

func compareCommand(ctx context.Context, extras Extras, s streams, code *int) *cobra.Command {
	var format, since, until string
	cmd := &cobra.Command{
		Use:   "compare [flags] LIVE SHADOW",
		Short: "Compare what two deployments alerted on",
		Long: `compare prints the alerts that only one of two stores has, and those that have
another severity in one, or held back another number of others, each with the
decisions that led to it: why the other one did not.

LIVE and SHADOW are each the file of scan --store, or dynamodb:TABLE, the table of
a processor. A table is read whole, which is billed, with the credentials and the
region that the environment (AWS_PROFILE, AWS_REGION, ...) names, and never
written; that needs the rights dynamodb:GetItem, dynamodb:Query and dynamodb:Scan.

Two alerts are the same when rule, account and event are; those of correlations,
when rule, group and the start of the window are. What is compared is told by the
time of the event. The last 15 minutes are left out, since CloudTrail delivers
late and one of the two may be behind the other; --until says how long a time
instead. Records without a time that can be read are always compared.

Which of several events alerts, when the cooldown holds the others back, depends on
the order in which they arrive. Such a pair shows as an alert of each side, held
back on the other.

Exit codes: 0 both alerted on the same, 1 they differ, 3 wrong usage, something
that could not be read, or no verdict: one of the two knows no finding of that
time. The notes say which releases decided on each side.`,
		Example: `  trailalerts compare live.db shadow.db
  trailalerts compare --since 24h dynamodb:trailalerts-live dynamodb:trailalerts-shadow
  trailalerts compare --since 7d --format markdown dynamodb:trailalerts-live dynamodb:trailalerts-shadow > comment.md`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 || slices.Contains(args, "") {
				return errors.New("compare needs LIVE and SHADOW: two files of scan --store, or dynamodb:TABLE")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c := comparison{live: args[0], shadow: args[1], format: format}
			if c.live == c.shadow {
				return fmt.Errorf("LIVE and SHADOW are both %s", c.live)
			}
			if !slices.Contains([]string{formatTable, formatJSONL, formatMarkdown}, format) {
				return fmt.Errorf("unknown format %q: use table, jsonl or markdown", format)
			}
			var err error
			if c.period, err = parsePeriod(since, until, s.now()); err != nil {
				return err
			}
			*code, err = compare(ctx, extras, c, s)
			switch {
			case errors.Is(err, syscall.EPIPE):
				return nil // whoever read the output has seen enough
			case errors.Is(err, context.Canceled):
				return &environmentError{errors.New("interrupted")}
			case err != nil:
				return &environmentError{err}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&since, "since", "", "leave out events of more than `DURATION` ago, such as 24h or 7d; all that is remembered is compared otherwise")
	flags.StringVar(&until, "until", "15m", "leave out events of less than `DURATION` ago")
	flags.StringVarP(&format, "format", "f", formatTable, "`FORMAT`: table, jsonl or markdown")
	return cmd
}

// A period is a time of events, both ends included.
type period struct{ from, until time.Time } // from is zero when nothing is too old

// holds reports whether an event of that time is compared; that of the zero time
// cannot be left out.
func (p period) holds(at time.Time) bool {
	return at.IsZero() || !at.Before(p.from) && !at.After(p.until)
}

func (p period) String() string {
	until := "until " + p.until.UTC().Format(time.RFC3339)
	if p.from.IsZero() {
		return until
	}
	return "from " + p.from.UTC().Format(time.RFC3339) + " " + until
}

func parsePeriod(since, until string, now time.Time) (period, error) {
	last, err := parseAgo(until)
	if err != nil {
		return period{}, fmt.Errorf("--until %w", err)
	}
	p := period{until: now.Add(-last)}
	if since == "" {
		return p, nil
	}
	first, err := parseAgo(since)
	if err != nil {
		return period{}, fmt.Errorf("--since %w", err)
	}
	if first <= last {
		return period{}, fmt.Errorf("--since %s is not before --until %s: nothing would be compared", since, until)
	}
	p.from = now.Add(-first)
	return p, nil
}

// parseAgo reads a duration of Go, or a whole number of days.
func parseAgo(text string) (time.Duration, error) {
	ago, err := time.ParseDuration(text)
	if days, found := strings.CutSuffix(text, "d"); found {
		var n int64
		n, err = strconv.ParseInt(days, 10, 64)
		if err == nil && (n < 0 || n > math.MaxInt64/int64(24*time.Hour)) {
			err = strconv.ErrRange
		}
		ago = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || ago < 0 {
		return 0, fmt.Errorf("%s: write a duration such as 30m, 24h or 7d", text)
	}
	return ago, nil
}

// compare prints the differences between two stores, and reports in its exit code
// whether there are any.
func compare(ctx context.Context, extras Extras, c comparison, s streams) (_ int, err error) {
	var sides [2]side
	for i, name := range []string{c.live, c.shadow} {
		history, err := openHistory(ctx, extras, name, s)
		if err != nil {
			return exitEnvironment, err
		}
		defer func() { _ = history.Close() }() // nothing was written
		sides[i] = side{name: name, history: history}
		if err := sides[i].collect(ctx, c.period); err != nil {
			return exitEnvironment, err
		}
	}
	live, shadow := &sides[0], &sides[1]
	dest, err := openDestination("", s.out)
	if err != nil {
		return exitEnvironment, err
	}
	sum := newTally(c, live, shadow)
	out := newDifferencePrinter(c.format, s, dest, sum)
	for _, d := range pair(live, shadow) {
		differs, err := d.look(ctx, live, shadow)
		if err != nil {
			return exitEnvironment, err
		}
		if !differs {
			continue
		}
		sum.add(&d)
		if err := out.print(&d); err != nil {
			return exitEnvironment, dest.named(err)
		}
	}
	if err := out.end(); err != nil {
		return exitEnvironment, dest.named(err)
	}
	if err := dest.commit(); err != nil {
		return exitEnvironment, err
	}
	sum.print(s.err)
	if silent := sum.silent(); silent != "" {
		return exitEnvironment, errors.New(silent)
	}
	if sum.differences > 0 {
		return exitFound, nil
	}
	return exitClean, nil
}
