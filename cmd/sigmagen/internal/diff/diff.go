// Package diff says what a change of rules means: which rules match more, fewer or
// other records than before, with a record that shows it, and what else changed. It
// compares two plans; what it calls equivalent, narrower or wider is proven.
package diff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	unified "github.com/rogpeppe/go-internal/diff"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/explain"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// A Side is the rules of one revision or directory.
type Side struct {
	Name         string // as the user called it
	Plan         *plan.Plan
	Placeholders map[string][]string

	// Files holds the texts of what was read, by their path in the rules directory.
	Files map[string]string

	// Impossible says, by the keys of rules, what of them no record can satisfy.
	// These are in the plan; Impossibilities is the same as diagnostics.
	Impossible      map[string][]string
	Impossibilities string

	// Refused says what is wrong with what is refused, and not in the plan;
	// RefusedFiles holds the files, relative to the rules directory, and the keys
	// of those of rules.
	Refused      string
	RefusedFiles map[string]bool

	// Notes say what is not known of this side.
	Notes []string

	// Generated holds the package that the rules compile to, by file. Nil where
	// rules are refused.
	Generated map[string]string
}

// A Report is what a change comes to. What did not change is not in it.
type Report struct {
	Old        string `json:"old"`
	New        string `json:"new"`
	OldRefused string `json:"old_refused,omitempty"` // diagnostics
	NewRefused string `json:"new_refused,omitempty"`

	// NewImpossible says what no record can satisfy in the new rules, also in those
	// that did not change.
	NewImpossible string   `json:"new_impossible,omitempty"`
	Notes         []string `json:"notes,omitempty"`

	// Refused lists the files that are refused on a side, and differ or hold what
	// is on the other one. What they come to is not known.
	Refused []string `json:"refused,omitempty"`

	Rules        []Rule `json:"rules"`
	Correlations []Item `json:"correlations"` // and thresholds
	Exceptions   []Item `json:"exceptions"`
	Placeholders []Item `json:"placeholders"`

	Logs      *Logs      `json:"logs,omitempty"`
	Generated *Generated `json:"generated,omitempty"`
}

// Change says what became of something.
type Change string

// The changes of rules are those of prove.Relation; an equivalent one may have its
// detection as it was, or say the same in other words. Of anything else it is not told
// what a change means: it is Changed.
const (
	Added      Change = "added"
	Removed    Change = "removed"
	Narrower   Change = "narrower"
	Wider      Change = "wider"
	Different  Change = "different"
	Unknown    Change = "unknown"
	Equivalent Change = "equivalent"
	Changed    Change = "changed"
)

// changes lists them in the order in which they are summed up.
var changes = []Change{Added, Removed, Narrower, Wider, Different, Unknown, Changed, Equivalent}

// An Item is something that changed.
type Item struct {
	Key    string `json:"key"` // of a rule or correlation, the name of a placeholder
	OldKey string `json:"old_key,omitempty"`
	Title  string `json:"title,omitempty"`
	Level  string `json:"level,omitempty"`
	Change Change `json:"change"`
	Edits  []Edit `json:"edits,omitempty"`

	refused string // the file for which it is on one side alone: it is refused on the other
}

// extent says whether there are records that one version of a rule alone matches: some
// where one is shown, none where that is proven.
type extent string

const (
	none      extent = "none"
	some      extent = "some"
	undecided extent = "unknown"
)

func extentOf(v prove.Verdict) extent {
	return map[prove.Verdict]extent{prove.Impossible: none, prove.Possible: some, prove.Unknown: undecided}[v]
}

// A Rule is a rule that changed.
type Rule struct {
	Item

	// Impossible says why no record can match the rule as it is now. Otherwise
	// ImpossibleParts says so of its searches and branches.
	Impossible      string   `json:"impossible,omitempty"`
	ImpossibleParts []string `json:"impossible_parts,omitempty"`

	// Lost says whether there are records that are matched no longer, Gained whether
	// there are some that were not matched before. Of a rule with two versions only.
	Lost   extent `json:"lost,omitempty"`
	Gained extent `json:"gained,omitempty"`
	// Reason says what was not decided of an unknown change.
	Reason string `json:"reason,omitempty"`
	// OnlyOld is a record that the old rule matches and the new one does not,
	// OnlyNew the other way round.
	OnlyOld json.RawMessage `json:"only_old,omitempty"`
	OnlyNew json.RawMessage `json:"only_new,omitempty"`
	// Words is the difference of what both ask for, in words, as unified lines. It
	// is empty where the detection is as it was.
	Words string `json:"words,omitempty"`
	// Correlations lists those that count its matches.
	Correlations []string `json:"correlations,omitempty"`

	Matches *Matches `json:"matches,omitempty"` // on recorded logs, if there are any
}

// Generated is the difference of the generated code.
type Generated struct {
	Files   int    `json:"files"`
	Added   int    `json:"added_lines"`
	Removed int    `json:"removed_lines"`
	Text    string `json:"-"` // as unified lines
}

// Compare returns what changed from one side to the other.
func Compare(old, new Side) *Report {
	r := &Report{Old: old.Name, New: new.Name, OldRefused: old.Refused, NewRefused: new.Refused, NewImpossible: new.Impossibilities, Rules: []Rule{}}
	r.Notes = slices.Concat(old.Notes, new.Notes)
	renamed := renames(old, new)
	for _, pair := range rulePairs(old.Plan, new.Plan, renamed) {
		if rule, changed := compareRules(pair[0], pair[1]); changed {
			rule.noteRefused(old, new, rule.Key, source(pair))
			if rule.Impossible == "" && pair[1] != nil {
				rule.ImpossibleParts = new.Impossible[rule.Key]
			}
			rule.noteCorrelations(new.Plan)
			r.Rules = append(r.Rules, rule)
		}
	}
	slices.SortFunc(r.Rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(a.Key, b.Key), strings.Compare(string(a.Change), string(b.Change)))
	})
	r.Correlations = compareCorrelations(old, new, renamed)
	r.Exceptions = compareExceptions(old, new, renamed)
	r.Placeholders = comparePlaceholders(old.Placeholders, new.Placeholders)
	r.noteRefused(old, new)
	if old.Generated != nil && new.Generated != nil {
		r.Generated = compareGenerated(old.Generated, new.Generated)
	}
	return r
}

// renames returns the new keys of rules and correlations, by the old ones, that were
// renamed: they have one id, and their key is not on the other side.
func renames(old, new Side) map[string]string {
	before, after := documents(old.Plan), documents(new.Plan)
	byID := map[string]string{}
	for _, key := range keys(after, nil) {
		syntax := after[key]
		if id := strings.ToLower(syntax.ID.Value); id != "" && before[key] == nil && !old.refuses(key) {
			byID[id] = key
		}
	}
	renamed := map[string]string{}
	for _, key := range keys(before, nil) {
		syntax := before[key]
		id := strings.ToLower(syntax.ID.Value)
		if now := byID[id]; id != "" && now != "" && after[key] == nil && !new.refuses(key) && syntax.IsDetection() == after[now].IsDetection() {
			renamed[key] = now
			delete(byID, id) // ids are told apart in structured directories alone
		}
	}
	return renamed
}

// documents returns the rules and correlations of a plan by their keys.
func documents(p *plan.Plan) map[string]*sigma.Rule {
	all := map[string]*sigma.Rule{}
	for _, r := range p.Rules {
		all[r.Syntax.Key] = r.Syntax
	}
	for _, c := range p.Correlations {
		if c.Syntax != nil {
			all[c.Key] = c.Syntax
		}
	}
	return all
}

func (s Side) refuses(key string) bool {
	file, _, _ := strings.Cut(key, "#")
	return s.RefusedFiles[file]
}

// rulePairs returns the rules of both plans, the old one first. Either may be nil.
func rulePairs(old, new *plan.Plan, renamed map[string]string) [][2]*plan.Rule {
	pairs := map[string]*[2]*plan.Rule{}
	at := func(key string) *[2]*plan.Rule {
		if pairs[key] == nil {
			pairs[key] = &[2]*plan.Rule{}
		}
		return pairs[key]
	}
	for _, r := range old.Rules {
		at(cmp.Or(renamed[r.Syntax.Key], r.Syntax.Key))[0] = r
	}
	for _, r := range new.Rules {
		at(r.Syntax.Key)[1] = r
	}
	var all [][2]*plan.Rule
	for _, pair := range pairs {
		all = append(all, *pair)
	}
	return all
}

// compareRules says how a rule changed. changed is false when nothing of it did.
func compareRules(old, new *plan.Rule) (rule Rule, changed bool) {
	switch {
	case old == nil:
		rule.Item = Item{Key: new.Syntax.Key, Title: new.Syntax.Title.Value, Level: new.Level, Change: Added}
		answer := prove.Rule(new)
		rule.OnlyNew = record(answer.Event)
		if answer.Verdict == prove.Impossible {
			rule.Impossible = answer.Reason
		}
		return rule, true
	case new == nil:
		rule.Item = Item{Key: old.Syntax.Key, Title: old.Syntax.Title.Value, Level: old.Level, Change: Removed}
		rule.OnlyOld = record(prove.Rule(old).Event)
		return rule, true
	}
	rule.Item = Item{Key: new.Syntax.Key, Title: new.Syntax.Title.Value, Level: new.Level}
	if old.Syntax.Key != new.Syntax.Key {
		rule.OldKey = old.Syntax.Key
	} else if old.SourceHash == new.SourceHash {
		return rule, false
	}
	c := prove.Compare(old, new)
	if now := prove.Rule(new); now.Verdict == prove.Impossible {
		rule.Impossible, c = now.Reason, vanished(old)
	}
	rule.Change = map[prove.Relation]Change{prove.Undecided: Unknown, prove.Equivalent: Equivalent, prove.Narrower: Narrower, prove.Wider: Wider, prove.Different: Different}[c.Relation]
	rule.OnlyOld, rule.OnlyNew, rule.Reason = record(c.OnlyOld), record(c.OnlyNew), c.Reason
	rule.Lost, rule.Gained = extentOf(c.Lost), extentOf(c.Gained)
	rule.Words = lines(explain.Tree(old).Text(), explain.Tree(new).Text())
	rule.Edits = append(editMetadata(old.Syntax, new.Syntax), scalar("level", old.Level, new.Level).alerting()...)
	rule.Edits = append(rule.Edits, editFilters(old.Filters, new.Filters)...)
	return rule, true
}

// vanished compares a rule with a version that no record can match.
func vanished(old *plan.Rule) prove.Comparison {
	before := prove.Rule(old)
	relation := map[prove.Verdict]prove.Relation{prove.Possible: prove.Narrower, prove.Impossible: prove.Equivalent, prove.Unknown: prove.Undecided}[before.Verdict]
	c := prove.Comparison{Relation: relation, OnlyOld: before.Event, Lost: before.Verdict, Gained: prove.Impossible}
	if relation == prove.Undecided {
		c.Reason = before.Reason
	}
	return c
}

// noteRefused says of what is on one side alone when it is refused on the other. key is
// that of a rule, or else the file that it stands in.
func (i *Item) noteRefused(old, new Side, key, file string) {
	switch {
	case i.Change == Added && old.refuses(key):
		i.Edits = append(i.Edits, Edit{What: "it was refused before"})
	case i.Change == Removed && new.refuses(key):
		i.Edits = append(i.Edits, Edit{What: "it is refused now"})
	default:
		return
	}
	i.refused = file
}

// source returns the file of a rule: the new one, where there are two.
func source(pair [2]*plan.Rule) string {
	if pair[1] != nil {
		return pair[1].Syntax.Source
	}
	return pair[0].Syntax.Source
}

// noteRefused lists the files that are refused on a side, and that there is something
// to say about: they differ, or what they hold is on the other side alone.
func (r *Report) noteRefused(old, new Side) {
	for _, file := range keys(old.Files, new.Files) {
		if !old.RefusedFiles[file] && !new.RefusedFiles[file] {
			continue
		}
		before, was := old.Files[file]
		after, is := new.Files[file]
		if was != is || before != after {
			r.Refused = append(r.Refused, file)
		}
	}
	var items []Item
	for _, rule := range r.Rules {
		items = append(items, rule.Item)
	}
	for _, item := range slices.Concat(items, r.Correlations, r.Exceptions) {
		if item.refused != "" {
			r.Refused = append(r.Refused, item.refused)
		}
	}
	slices.Sort(r.Refused)
	r.Refused = slices.Compact(r.Refused)
}

// rank puts the rules first that can match nothing now, and behind the others those
// that match the same as before.
func (r *Rule) rank() int {
	switch {
	case r.Change == Equivalent:
		return 1
	case r.Impossible != "":
		return -1
	}
	return 0
}

// noteCorrelations lists the correlations that count the matches of a rule, where
// these changed.
func (r *Rule) noteCorrelations(p *plan.Plan) {
	for _, c := range p.Correlations {
		if slices.Contains(c.Rules, r.Key) && r.Change != Equivalent {
			r.Correlations = append(r.Correlations, c.Key)
		}
	}
}

// record writes a witness, or nothing where there is none. What cannot be seen in it is
// escaped, so that it means the same wherever it is pasted.
func record(event map[string]any) json.RawMessage {
	if event == nil {
		return nil
	}
	var text bytes.Buffer
	if err := diag.EncodeJSON(&text, "", event); err != nil {
		panic("diff: write a record: " + err.Error())
	}
	return bytes.TrimSpace(text.Bytes())
}

// lines returns the difference of two texts as unified lines, without a head.
func lines(old, new string) string {
	text := unified.Diff("old", []byte(old), "new", []byte(new))
	for range 3 {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return string(text)
}

// compareGenerated returns how the generated code differs, or nil if it does not.
func compareGenerated(old, new map[string]string) *Generated {
	var g Generated
	var text strings.Builder
	for _, name := range keys(old, new) {
		if old[name] == new[name] || name == manifest {
			continue
		}
		g.Files++
		changed := lines(old[name], new[name])
		fmt.Fprintf(&text, "--- old/%s\n+++ new/%[1]s\n%s", name, changed)
		for line := range strings.Lines(changed) {
			switch line[0] {
			case '+':
				g.Added++
			case '-':
				g.Removed++
			}
		}
	}
	if g.Files == 0 {
		return nil
	}
	g.Text = text.String()
	return &g
}

// manifest is the generated file that differs whenever another one does.
const manifest = "manifest.go"

// Alerting reports whether anything changed in what is alerted on, or could have: not
// if rules say the same in other words, or are called and described otherwise.
func (r *Report) Alerting() bool {
	if len(r.Refused) > 0 {
		return true
	}
	for _, rule := range r.Rules {
		if rule.OldKey != "" || rule.Change != Equivalent || slices.ContainsFunc(rule.Edits, isAlerting) {
			return true
		}
	}
	for _, item := range slices.Concat(r.Correlations, r.Exceptions) {
		if item.OldKey != "" || item.Change == Added || item.Change == Removed || slices.ContainsFunc(item.Edits, isAlerting) {
			return true
		}
	}
	return false
}

func isAlerting(e Edit) bool { return e.alerts }

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
