// Package review says what a change of rules comes to, as Markdown that is posted
// under a pull request. Titles, file names and records are texts of strangers:
// none of them can be more than text in it.
package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Marker is the first line of a review: whoever posts it finds by it the comment
// that it replaces.
const Marker = "<!-- sigmagen review -->"

// MaxBytes bounds a review. GitHub takes comments of 65,536 characters.
const MaxBytes = 60_000

// Bounds of the parts of a review, in bytes. The difference of the generated code
// has what the others leave.
const (
	maxRules   = 14_000
	maxCounts  = 8_000
	maxMatches = 9_000 // of each list
	maxRefused = 4_000 // of each state
)

// A Change is a change of rules: what there was and what there is.
type Change struct {
	Before, After State

	// Logs says what the matches are of: a directory. "" means that there are
	// no recorded logs.
	Logs string
}

// State is the rules of one revision and what they come to.
type State struct {
	// Refused says why there is nothing else here: the rules do not compile.
	Refused string

	Rules     []Rule
	Generated map[string]string // the files of the generated package, by name
	Matches   []Match
	Unread    bool // some of the logs could not be read
}

// Rule is a rule, correlation or postprocessing rule.
type Rule struct {
	Key, Title, Level, SourceHash string
}

// A Match is one rule on one record, as `scan --matches --format jsonl` writes it.
type Match struct {
	Rule      string `json:"rule"`
	Level     string `json:"level"`
	File      string `json:"file"`
	Record    int    `json:"record"`
	EventTime string `json:"event_time"`
	Source    string `json:"event_source"`
	Name      string `json:"event_name"`
	Account   string `json:"account_id"`
	Actor     string `json:"actor"`
}

// Markdown renders a review of at most MaxBytes bytes.
func Markdown(c Change) string {
	var b strings.Builder
	b.WriteString(Marker + "\n## What this change of rules comes to\n\n")
	for _, s := range []struct {
		name    string
		refused string
	}{{"The rules of this change", c.After.Refused}, {"The rules before this change", c.Before.Refused}} {
		if s.refused != "" {
			fmt.Fprintf(&b, "**%s do not compile:**\n\n%s\n", s.name, fence("", cut(s.refused, maxRefused)))
		}
	}
	if c.Before.Refused == "" && c.After.Refused == "" {
		writeRules(&b, c)
		writeMatches(&b, c)
	}
	writeDiff(&b, c)
	return b.String()
}

func writeRules(b *strings.Builder, c Change) {
	before, after := rulesByKey(c.Before), rulesByKey(c.After)
	var rows [][]string
	for _, key := range keys(before, after) {
		old, was := before[key]
		now, is := after[key]
		switch {
		case !was:
			rows = append(rows, []string{"added", code(key), code(now.Title), now.Level})
		case !is:
			rows = append(rows, []string{"removed", code(key), code(old.Title), old.Level})
		case old != now:
			level := now.Level
			if old.Level != now.Level {
				level = old.Level + " → " + now.Level
			}
			rows = append(rows, []string{"changed", code(key), code(now.Title), level})
		}
	}
	b.WriteString("### Rules\n\n")
	if len(rows) == 0 {
		b.WriteString("No rule, correlation or threshold is added, removed or changed.\n\n")
		return
	}
	writeTable(b, []string{"", "rule", "title", "level"}, rows, maxRules)
}

func rulesByKey(s State) map[string]Rule {
	byKey := map[string]Rule{}
	for _, r := range s.Rules {
		byKey[r.Key] = r
	}
	return byKey
}

// occurrence is what makes two matches the same one.
type occurrence struct {
	rule, file string
	record     int
}

func writeMatches(b *strings.Builder, c Change) {
	b.WriteString("### Matches on recorded logs\n\n")
	if c.Logs == "" {
		b.WriteString("There are no recorded logs to try the rules on. Put delivery files of CloudTrail into a directory of the repository, or name a bucket: the workflow says how.\n\n")
		return
	}
	if c.Before.Unread || c.After.Unread {
		b.WriteString("**Some of the recorded logs could not be read:** the log of the job says which. What follows is about the rest.\n\n")
	}
	before, after := occurrences(c.Before), occurrences(c.After)
	var added, gone []Match
	counts := map[string][4]int{} // before, after, added, gone
	for o, m := range after {
		n := counts[o.rule]
		n[1]++
		if _, there := before[o]; !there {
			added = append(added, m)
			n[2]++
		}
		counts[o.rule] = n
	}
	for o, m := range before {
		n := counts[o.rule]
		n[0]++
		if _, there := after[o]; !there {
			gone = append(gone, m)
			n[3]++
		}
		counts[o.rule] = n
	}
	fmt.Fprintf(b, "On %s: %d before, %d after.\n\n", code(c.Logs), len(before), len(after))
	if len(added)+len(gone) == 0 {
		b.WriteString("The same records match the same rules.\n\n")
		return
	}
	var rows [][]string
	for _, rule := range keys(counts, nil) {
		if n := counts[rule]; n[2]+n[3] > 0 {
			rows = append(rows, []string{code(rule), fmt.Sprint(n[0]), fmt.Sprint(n[1]), fmt.Sprintf("+%d", n[2]), fmt.Sprintf("-%d", n[3])})
		}
	}
	writeTable(b, []string{"rule", "before", "after", "new", "gone"}, rows, maxCounts)
	for _, list := range []struct {
		name    string
		matches []Match
	}{{"New", added}, {"Gone", gone}} {
		if len(list.matches) == 0 {
			continue
		}
		slices.SortFunc(list.matches, func(a, b Match) int {
			return cmp.Or(strings.Compare(a.Rule, b.Rule), strings.Compare(a.File, b.File), cmp.Compare(a.Record, b.Record))
		})
		var rows [][]string
		for _, m := range list.matches {
			service, _, _ := strings.Cut(m.Source, ".")
			rows = append(rows, []string{code(m.Rule), code(m.EventTime), code(service + ":" + m.Name), code(m.Actor), code(m.Account), code(fmt.Sprintf("%s#%d", m.File, m.Record))})
		}
		fmt.Fprintf(b, "<details><summary>%s: %d</summary>\n\n", list.name, len(list.matches))
		writeTable(b, []string{"rule", "time", "event", "actor", "account", "record"}, rows, maxMatches)
		b.WriteString("</details>\n\n")
	}
}

func occurrences(s State) map[occurrence]Match {
	all := map[occurrence]Match{}
	for _, m := range s.Matches {
		all[occurrence{m.Rule, m.File, m.Record}] = m
	}
	return all
}

// writeDiff writes how the generated package changes, as far as there is room for
// it.
func writeDiff(b *strings.Builder, c Change) {
	var text strings.Builder
	files := 0
	for _, name := range keys(c.Before.Generated, c.After.Generated) {
		before, after := c.Before.Generated[name], c.After.Generated[name]
		if before == after {
			continue
		}
		files++
		text.Write(diff.Diff("before/"+name, []byte(before), "after/"+name, []byte(after)))
	}
	b.WriteString("### Generated code\n\n")
	if files == 0 {
		b.WriteString("No file of the generated package changes.\n")
		return
	}
	noun := "files differ"
	if files == 1 {
		noun = "file differs"
	}
	fmt.Fprintf(b, "<details><summary>%d %s</summary>\n\n", files, noun)
	const end = "\n</details>\n"
	// Characters that are replaced grow, and so do the fences around many quotes.
	for room := MaxBytes - b.Len() - len(end); ; room /= 2 {
		if block := fence("diff", cut(text.String(), room)); b.Len()+len(block)+len(end) <= MaxBytes {
			b.WriteString(block + end)
			return
		}
	}
}

// keys returns the keys of two maps, sorted, each once.
func keys[V any](a, b map[string]V) []string {
	var all []string
	for key := range a {
		all = append(all, key)
	}
	for key := range b {
		all = append(all, key)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
