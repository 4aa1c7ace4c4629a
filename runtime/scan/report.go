package scan

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// report collects what a scan says on stderr.
type report struct {
	mode           mode
	minSeverity    string
	namedRecords   int
	namedFiles     int
	keptNames      int
	files, records int
	matches        int
	alerts         int
	ofCorrelations int // alerts that are hits of correlations, not matches

	outcomes map[alert.Outcome]int

	problems    names             // what could not be read, in the order of the files
	faulty      int               // records among it
	paths       int               // files and other paths among it
	skipped     map[string]*names // by reason
	foreign     int               // elements of files with records that are none
	foreignFile names             // in which they are
}

// keptNames is how many names of one kind are held for the summary: a bucket may
// have any number.
const keptNames = 1000

// names are names of files, in their order.
type names struct {
	first []string
	count int
}

func (n *names) add(name string, most int) {
	n.count++
	if len(n.first) < most {
		n.first = append(n.first, name)
	}
}

func newReport(o options, problems []error) *report {
	r := &report{mode: o.mode, minSeverity: alert.SeverityName(o.config.MinSeverity), namedRecords: namedRecords, namedFiles: namedFiles, keptNames: keptNames, skipped: map[string]*names{}, outcomes: map[alert.Outcome]int{}}
	if o.verbose {
		r.namedRecords, r.namedFiles, r.keptNames = math.MaxInt, math.MaxInt, math.MaxInt
	}
	for _, problem := range problems {
		r.paths++
		r.problem(problem.Error())
	}
	return r
}

// failed reports whether something could not be read.
func (r *report) failed() bool { return r.faulty > 0 || r.paths > 0 }

// undecided takes up a finding that could not be decided.
func (r *report) undecided(err error) {
	r.faulty++
	if r.problems.count < r.namedFiles {
		r.problem(err.Error())
	}
}

func (r *report) skip(path, reason string) {
	if r.skipped[reason] == nil {
		r.skipped[reason] = &names{}
	}
	r.skipped[reason].add(path, r.keptNames)
}

// problem takes up what could not be read.
func (r *report) problem(text string) { r.problems.add(text, r.keptNames) }

// file takes up what one file held.
func (r *report) file(in input, c *contents) {
	path := in.path
	if in.bad != nil {
		r.paths++
		r.problem(in.bad.Error())
		return
	}
	if c.skip != "" {
		r.skip(path, c.skip)
		return
	}
	r.files++
	r.records += c.records
	r.faulty += c.faulty
	for _, fault := range c.faults {
		r.problem(fmt.Sprintf("%s: %v", path, fault))
	}
	if more := c.faulty - len(c.faults); more > 0 {
		r.problem(fmt.Sprintf("%s: and %d more", path, more))
	}
	if c.err != nil {
		r.paths++
		r.problem(fmt.Sprintf("%s: %v", path, c.err))
	}
	if c.foreign > 0 {
		r.foreign += c.foreign
		r.foreignFile.add(fmt.Sprintf("%s: %d, the first is element %d", path, c.foreign, c.foreigns), r.keptNames)
	}
}

// print writes the problems and the summary. An error of writing to stderr has
// nowhere to go.
func (r *report) print(w io.Writer, took time.Duration) {
	var b strings.Builder
	for _, problem := range r.problems.first {
		fmt.Fprintf(&b, "error: %s\n", cleanText(problem))
	}
	if more := r.problems.count - len(r.problems.first); more > 0 {
		fmt.Fprintf(&b, "error: and %d more (--verbose names all)\n", more)
	}
	fmt.Fprintf(&b, "scanned %s, %s in %.2f s (%.0f records/s)\n", count(r.files, "file"), count(r.records, "record"), took.Seconds(), float64(r.records)/max(took.Seconds(), 1e-6))
	matches := count(r.matches, "match")
	switch r.mode {
	case modeMatches:
		fmt.Fprintf(&b, "%s\n", matches)
	default:
		alerts := count(r.alerts, "alert")
		if r.ofCorrelations > 0 {
			alerts += fmt.Sprintf(", %d of them of correlations", r.ofCorrelations)
		}
		fmt.Fprintf(&b, "%s, %s%s\n", matches, alerts, r.others())
	}
	for _, reason := range skipReasons {
		if names := r.skipped[reason]; names != nil {
			fmt.Fprintf(&b, "skipped %s: %s\n", count(names.count, "file"), reason)
			r.name(&b, names)
		}
	}
	if r.foreign > 0 {
		fmt.Fprintf(&b, "skipped %s of files: not a CloudTrail record\n", count(r.foreign, "element"))
		r.name(&b, &r.foreignFile)
	}
	if r.failed() {
		fmt.Fprintf(&b, "not read, or not wholly: %s, %s\n", count(r.paths, "path"), count(r.faulty, "record"))
	}
	_, _ = io.WriteString(w, b.String())
}

// problemLines says what could not be read, for the page.
func (r *report) problemLines() []string {
	lines := slices.Clip(r.problems.first)
	if more := r.problems.count - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

// skippedLines says what was not read, and why, for the page.
func (r *report) skippedLines() []string {
	var lines []string
	list := func(names *names, reason string) {
		for _, name := range names.first {
			lines = append(lines, name+": "+reason)
		}
		if more := names.count - len(names.first); more > 0 {
			lines = append(lines, fmt.Sprintf("and %d more: %s", more, reason))
		}
	}
	for _, reason := range skipReasons {
		if names := r.skipped[reason]; names != nil {
			list(names, reason)
		}
	}
	list(&r.foreignFile, "not a CloudTrail record")
	return lines
}

// others says what became of the matches that are no alerts.
func (r *report) others() string {
	var parts []string
	for _, o := range []struct {
		outcome alert.Outcome
		text    string
		always  bool // also when there are none
	}{
		{alert.Duplicate, "duplicate", r.mode == modeDecide},
		{alert.Excepted, "excepted", r.mode == modeDecide},
		{alert.Counted, "counted for correlations only", false},
		{alert.BelowSeverity, "below " + r.minSeverity, r.mode == modeDecide},
		{alert.CoolingDown, "held back by the cooldown", r.mode == modeDecide},
	} {
		n := r.outcomes[o.outcome]
		switch {
		case n == 0 && !o.always:
		case o.outcome == alert.Duplicate:
			parts = append(parts, count(n, o.text))
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, o.text))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// name lists names, and how many there are beyond what a person reads.
func (r *report) name(b *strings.Builder, names *names) {
	for _, name := range names.first[:min(len(names.first), r.namedFiles)] {
		fmt.Fprintf(b, "    %s\n", cleanText(name))
	}
	if more := names.count - r.namedFiles; more > 0 {
		fmt.Fprintf(b, "    and %d more (--verbose names all)\n", more)
	}
}

// count puts a number before a noun.
func count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ch"):
		return fmt.Sprintf("%d %ses", n, noun)
	default:
		return fmt.Sprintf("%d %ss", n, noun)
	}
}
