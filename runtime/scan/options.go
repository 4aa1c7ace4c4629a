package scan

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// mode is how far down the pipeline a scan goes.
type mode string

const (
	modeDecide  mode = "decide"  // everything: what is printed are alerts
	modeAlerts  mode = "alerts"  // detection, thresholds and correlations
	modeMatches mode = "matches" // detection only
)

// The formats of --format.
const (
	formatTable = "table"
	formatJSONL = "jsonl"
	formatCSV   = "csv"
	formatHTML  = "html"
)

// options is a valid command line.
type options struct {
	mode        mode
	format      string
	config      alert.Config
	output      string // "" is stdout
	store       string // "" is none
	why         bool
	failOnMatch bool
	verbose     bool
	paths       []string
}

// keepRecords reports whether whole records are shown or remembered.
func (o *options) keepRecords() bool { return o.format == formatHTML || o.store != "" }

// scanFlags are the flags as they were given.
type scanFlags struct {
	failOnMatch, matches, alerts, why, verbose bool
	format, minSeverity, store, output         string
	cooldown                                   string
}

func (f *scanFlags) register(set *pflag.FlagSet) {
	set.SortFlags = false
	set.StringVarP(&f.format, "format", "f", formatTable, "`FORMAT`: table, jsonl, csv or html")
	set.StringVarP(&f.output, "output", "o", "", "write to `FILE`, which appears when it is complete, instead of stdout")
	set.BoolVar(&f.matches, "matches", false, "detection only: print every match of every rule")
	set.BoolVar(&f.alerts, "alerts", false, "detection, thresholds and correlations: no exceptions, severity or cooldown")
	set.StringVar(&f.minSeverity, "min-severity", runtime.Medium.String(), "least `LEVEL` that is alerted: info, low, medium, high or critical")
	set.StringVar(&f.cooldown, "cooldown", "60", "`MINUTES` that an alert holds back further ones of its rule, account and actor; 0 is off")
	set.BoolVar(&f.failOnMatch, "fail-on-match", false, "exit 1 when anything is printed")
	set.BoolVar(&f.why, "why", false, "print with each alert the decisions that led to it (table; the other formats have them)")
	set.BoolVarP(&f.verbose, "verbose", "v", false, "name every skipped file and every unreadable record")
	set.StringVar(&f.store, "store", "", "remember what was decided in the SQLite file `FILE`")
}

// options checks the flags and paths.
func (f *scanFlags) options(paths []string) (options, error) {
	o := options{mode: modeDecide, format: f.format, output: f.output, store: f.store, why: f.why, failOnMatch: f.failOnMatch, verbose: f.verbose, paths: paths}
	switch {
	case f.matches && f.alerts:
		return o, errors.New("--matches and --alerts exclude each other: --matches leaves out everything behind detection, --alerts only the decisions")
	case f.matches:
		o.mode = modeMatches
	case f.alerts:
		o.mode = modeAlerts
	}
	if !slices.Contains([]string{formatTable, formatJSONL, formatCSV, formatHTML}, f.format) {
		return o, fmt.Errorf("unknown format %q: use table, jsonl, csv or html", f.format)
	}
	if f.format == formatHTML && o.mode == modeMatches {
		return o, errors.New("--format html shows alerts: leave out --matches, or use table, jsonl or csv")
	}
	if o.output == standardStream {
		o.output = ""
	}
	level, err := alert.ParseSeverity(strings.ToLower(f.minSeverity))
	if err != nil {
		return o, fmt.Errorf("--min-severity: %w", err)
	}
	cooldown, err := strconv.ParseInt(f.cooldown, 10, 64)
	if err != nil || cooldown < 0 || cooldown > int64(math.MaxInt64/time.Minute) {
		return o, fmt.Errorf("--cooldown %s: write minutes as a number, for example 60; 0 is off", f.cooldown)
	}
	o.config.MinSeverity = level
	o.config.Cooldown = time.Duration(cooldown) * time.Minute
	if strings.HasPrefix(f.store, tableScheme) {
		return o, fmt.Errorf("--store %s: a scan writes what it decides into its store, and this table is that of the processor, who would take it for its own decisions; name a file", f.store)
	}
	for _, path := range paths {
		if path == "" {
			return o, errors.New("an empty PATH: use . for the current directory")
		}
	}
	return o, nil
}
