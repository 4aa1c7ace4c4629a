package scan

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// tally counts how two stores compare.
type tally struct {
	live, shadow   string
	period         period
	lives, shadows int // alerts of each
	differences    int
	rules          map[string]*ruleTally

	// Differences about events that are older than all that the other side knows.
	beforeLive, beforeShadow int
	oldestLive, oldestShadow time.Time

	sides [2]*side
}

// ruleTally counts the alerts of one rule.
type ruleTally struct {
	live, shadow int // alerts of each
	kinds        map[string]int
}

// kinds are the differences in the order in which they are told.
var kinds = []string{onlyLive, onlyShadow, otherSeverity, otherSuppressed}

// kindText names a difference in words.
func kindText(kind string) string {
	switch kind {
	case otherSeverity:
		return "other severity"
	case otherSuppressed:
		return "other held back"
	}
	return strings.ReplaceAll(kind, "_", " ")
}

func newTally(c comparison, live, shadow *side) *tally {
	t := &tally{
		live: c.live, shadow: c.shadow, period: c.period, lives: len(live.alerts), shadows: len(shadow.alerts), rules: map[string]*ruleTally{},
		oldestLive: live.oldest, oldestShadow: shadow.oldest, sides: [2]*side{live, shadow},
	}
	for _, a := range live.alerts {
		t.rule(a.rule).live++
	}
	for _, a := range shadow.alerts {
		t.rule(a.rule).shadow++
	}
	return t
}

func (t *tally) rule(key string) *ruleTally {
	if t.rules[key] == nil {
		t.rules[key] = &ruleTally{kinds: map[string]int{}}
	}
	return t.rules[key]
}

func (t *tally) add(d *difference) {
	t.differences++
	t.rule(d.rule).kinds[d.kind]++
	switch {
	case d.at.IsZero():
	case d.kind == onlyLive && d.at.Before(t.oldestShadow):
		t.beforeShadow++
	case d.kind == onlyShadow && d.at.Before(t.oldestLive):
		t.beforeLive++
	}
}

// verdict says in a sentence how the stores compare.
func (t *tally) verdict() string {
	switch {
	case t.silent() != "":
		return "No verdict, " + count(t.differences, "difference")
	case t.differences > 0:
		return count(t.differences, "difference")
	case t.lives+t.shadows == 0:
		return "No alerts on either side"
	}
	return "No differences"
}

// scope says in words what was compared.
func (t *tally) scope() string {
	return fmt.Sprintf("%s of live and %d of shadow, %s", count(t.lives, "alert"), t.shadows, t.period)
}

// rows are the counts of each rule, below header.
func (t *tally) rows() [][]string {
	var rows [][]string
	for _, key := range slices.Sorted(maps.Keys(t.rules)) {
		r := t.rules[key]
		row := []string{key, fmt.Sprint(r.live), fmt.Sprint(r.shadow)}
		for _, kind := range kinds {
			row = append(row, fmt.Sprint(r.kinds[kind]))
		}
		rows = append(rows, row)
	}
	return rows
}

func (t *tally) header() []string {
	header := []string{"rule", "live", "shadow"}
	for _, kind := range kinds {
		header = append(header, kindText(kind))
	}
	return header
}

// notes say what to make of differences that a change of rules does not explain.
func (t *tally) notes() []string {
	var notes []string
	note := func(n int, name string, oldest time.Time) {
		if oldest.IsZero() {
			notes = append(notes, name+" knows no finding at all")
		}
		if n > 0 {
			notes = append(notes, fmt.Sprintf("%s from before %s, the time of the oldest event that %s knows; --since leaves out what it cannot know", count(n, "difference"), oldest.UTC().Format(time.RFC3339), name))
		}
	}
	note(t.beforeLive, "live", t.oldestLive)
	note(t.beforeShadow, "shadow", t.oldestShadow)
	for i, name := range sideNames {
		var releases []string
		for _, release := range slices.Sorted(maps.Keys(t.sides[i].releases)) {
			releases = append(releases, fmt.Sprintf("%s (%d)", cleanText(release), t.sides[i].releases[release]))
		}
		if len(releases) > 0 {
			notes = append(notes, fmt.Sprintf("%s decided on %s: %s", name, count(t.sides[i].findings, "finding"), strings.Join(releases, "; ")))
		}
	}
	return notes
}

var sideNames = [2]string{"live", "shadow"}

// silent says that one side knows nothing of the period while the other does, so
// that nothing was compared; "" when that is not so.
func (t *tally) silent() string {
	for i, name := range sideNames {
		if other := t.sides[1-i]; t.sides[i].findings == 0 && other.findings > 0 {
			return fmt.Sprintf("no verdict: %s knows no finding %s, and %s knows %d: is %s running, and since when?", name, t.period, sideNames[1-i], other.findings, name)
		}
	}
	return ""
}

// print writes the summary. An error of writing to stderr has nowhere to go.
func (t *tally) print(w io.Writer) {
	var b strings.Builder
	for _, note := range t.notes() {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	fmt.Fprintf(&b, "live %s, shadow %s\n%s: %s\n", cleanText(t.live), cleanText(t.shadow), t.verdict(), t.scope())
	if rows := t.rows(); len(rows) > 0 {
		widths := make([]int, len(rows[0]))
		rows = append([][]string{t.header()}, rows...)
		for _, row := range rows {
			row[0] = shorten(cleanText(row[0]), maxTitle)
			for i, cell := range row {
				widths[i] = max(widths[i], len(cell))
			}
		}
		for _, row := range rows {
			fmt.Fprintf(&b, "    %-*s", widths[0], row[0])
			for i, cell := range row[1:] {
				fmt.Fprintf(&b, "  %*s", widths[i+1], cell)
			}
			b.WriteString("\n")
		}
	}
	_, _ = io.WriteString(w, b.String())
}
