package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"time"
)

// absent are evaluators that no registry serves as a release, with what was looked
// for.
var absent = []struct{ name, why string }{
	{"TrailAlerts, the Python project", "no package `trailalerts` on PyPI"},
	{"sigmalite", "`github.com/runreveal/sigmalite` has no tagged release, and the Go module proxy lists none"},
	{"Zircolite", "no package `zircolite` on PyPI; zargunlite works the same way"},
	{"Chainsaw", "Cargo finds another program of that name; `tau-engine`, which it stands on, does not read Sigma"},
	{"Hayabusa", "Cargo finds another program of that name"},
	{"Matano", "PyPI has its converter of rules, not its engine"},
}

// print writes what was measured: a table a corpus, and what is to be known about it.
func (c *comparison) print(w io.Writer, rounds int) error {
	machine, err := machine()
	if err != nil {
		return err
	}
	p := &printer{w: w}
	p.line("Measured on %s: %s.", time.Now().UTC().Format(time.DateOnly), machine)
	p.line("\nCPU is user and system time of the whole process on one core in milliseconds, the median of %d runs in turn. Start is a run over a file without records. It is taken off the others, which are for 10,000 records: reading is a run without rules, all a run with them. All are given the same %d rules; an engine that refuses some has less to do, and its matches are compared without those.", rounds, c.offered)
	ours := c.engines[0]
	for _, corpus := range c.corpora {
		p.line("\n**%s**: %d records in %d files", corpus.name, corpus.records/corpus.repeats, len(corpus.files)/corpus.repeats)
		if corpus.repeats > 1 {
			p.line("(measured on %d copies of them)", corpus.repeats)
		}
		p.line("\n| engine | version | language | rules | start | reading | all | times ours | same matches | not found | found besides |")
		p.line("|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|")
		scale := 10000 / float64(corpus.records)
		net := func(e *engine, key, start string) float64 {
			return scale * (median(e.cpu[key]) - median(e.cpu[start]))
		}
		for _, e := range c.engines {
			reading := ""
			if !e.compiled {
				reading = fmt.Sprintf("%.0f", net(e, readingKey+corpus.name, startAloneKey))
			}
			all := net(e, corpus.name, startKey)
			same, missing, extra := compare(ours.matches[corpus.name], e.matches[corpus.name], e.refused)
			p.line("| %s | %s | %s | %d | %.0f | %s | %.0f | %.1f | %d | %d | %d |",
				e.name, e.version, e.language, c.offered-len(e.refused), median(e.cpu[startKey]), reading, all, all/net(ours, corpus.name, startKey), same, missing, extra)
		}
	}
	p.line("\nAbsent, since no registry serves a release:\n")
	for _, a := range absent {
		p.line("- %s: %s", a.name, a.why)
	}
	return p.err
}

// A printer keeps the first error of writing lines.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, values ...any) {
	if _, err := fmt.Fprintf(p.w, format+"\n", values...); err != nil {
		p.err = cmp.Or(p.err, err)
	}
}

// compare counts the matches of want that got has and has not, and those that only
// got has, leaving out the rules that are refused.
func compare(want, got map[match]bool, refused map[string]bool) (same, missing, extra int) {
	for m := range want {
		switch {
		case refused[m.rule]:
		case got[m]:
			same++
		default:
			missing++
		}
	}
	for m := range got {
		if !refused[m.rule] && !want[m] {
			extra++
		}
	}
	return same, missing, extra
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// machine names the processor and the languages' versions.
func machine() (string, error) {
	processor := goruntime.GOARCH
	// Other systems than Linux have no such file, and go by their architecture.
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
				processor = strings.TrimSpace(value)
				break
			}
		}
	}
	parts := []string{processor, goruntime.GOOS, goruntime.Version()}
	for _, command := range [][]string{{"python3", "--version"}, {"rustc", "--version"}} {
		version, err := output(command...)
		if err != nil {
			return "", err
		}
		parts = append(parts, version)
	}
	return strings.Join(parts, ", "), nil
}
