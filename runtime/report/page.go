package report

import (
	"bufio"
	"cmp"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Bounds of a page. A browser shows what is below them within seconds.
const (
	DetailLimit = 1000   // alerts that open to everything about them
	ListLimit   = 10_000 // alerts that are listed

	ruleLimit = 200 // rules and accounts that are listed, and can be chosen
	lineLimit = 200 // paths, problems and skipped files that are listed
)

// alertLimit is the most bytes of text of an alert in the page.
const alertLimit = 60_000

// pageBounds are those of an alert in a page. The others are for one that is too
// long then; the last ones are enough for every alert.
var (
	pageBounds   = bounds{value: 1000, prose: 4000, values: 20, lines: 150, rows: 80, fields: 150, items: 30, completed: 5, related: 100, block: 6000}
	tightBounds  = bounds{value: 200, prose: 1000, values: 5, lines: 20, rows: 30, fields: 40, items: 10, completed: 3, related: 10, block: 3000}
	detailBounds = []bounds{pageBounds, tightBounds, mailBounds[len(mailBounds)-1]}
	listBounds   = bounds{value: 200, prose: 300} // of what stands in the lists of alerts, rules and accounts
)

// A Scan is what a page shows: the run of a scan and what it found.
type Scan struct {
	Release  alert.Release
	Finished time.Time
	Paths    []string // as they were given
	Files    int      // that were read
	Records  int
	Matches  int // of rules

	// What became of the matches that are no alerts.
	Duplicates, Excepted, Counted, BelowSeverity, HeldBack int
	MinSeverity                                            runtime.Level // 0: there was no least severity

	Problems []string // what could not be read: the scan is not complete
	Skipped  []string // what was not read on purpose

	Alerts []alert.Alert // in any order; WritePage does not change it
}

// WritePage writes a scan as one HTML document that needs nothing else, neither
// a script nor the network. The most severe alerts stand first. Beyond
// DetailLimit alerts are listed without details, and beyond ListLimit they are
// only counted; the page says so.
func WritePage(w io.Writer, s Scan) error {
	out := bufio.NewWriterSize(w, 64<<10)
	p := newPage(&s)
	if err := pageTemplates().ExecuteTemplate(out, "top", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	for i := range p.order[:p.Listed] {
		if err := p.writeAlert(out, i); err != nil {
			return fmt.Errorf("write alert %s to the page: %w", named(p.order[i]), err)
		}
	}
	if err := pageTemplates().ExecuteTemplate(out, "bottom", p); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

// page is what the templates of the page read.
type page struct {
	Style      template.CSS
	Filters    template.CSS // hide the alerts that are not chosen
	Release    []shown
	Finished   shown
	Facts      []row
	Summary    shown
	Problems   lines
	Skipped    lines
	Severities []share
	Alerts     int
	Timeline   timeline
	Matrix     []column
	Rules      []ruleSummary
	RuleNote   shown
	Accounts   []choice
	Detailed   int
	Listed     int
	DetailNote shown

	order   []*alert.Alert // the most severe first, then by time
	rules   map[string]int // by rule key: index in Rules
	account map[string]int // by account: index in Accounts
}

// A share is how many alerts have a severity.
type share struct {
	Name, Class string
	Count       int
	Percent     float64 // of all alerts
}

// A choice is an entry of a filter.
type choice struct {
	Class string // of the alerts that it chooses
	Name  shown
	Count int
}

// A ruleSummary is what a rule found.
type ruleSummary struct {
	choice
	Severity      shown
	SeverityClass string
	First, Last   shown
	Alert         int // the first in the list; -1 when none of them is listed
}

// lines are texts of which only some are shown.
type lines struct {
	Count int
	Lines []shown
	Note  shown
}

func newLines(texts []string) lines {
	l := lines{Count: len(texts)}
	most := min(len(texts), lineLimit)
	for _, text := range texts[:most] {
		l.Lines = append(l.Lines, pageBounds.text(text))
	}
	l.Note = more(len(texts)-most, "line", "lines")
	return l
}

func newPage(s *Scan) *page {
	p := &page{Style: pageStyle, Alerts: len(s.Alerts), Problems: newLines(s.Problems), Skipped: newLines(s.Skipped)}
	for i := range s.Alerts {
		p.order = append(p.order, &s.Alerts[i])
	}
	slices.SortStableFunc(p.order, func(a, b *alert.Alert) int {
		return cmp.Or(int(severity(b))-int(severity(a)), a.Time().Compare(b.Time()))
	})
	p.Listed = min(len(p.order), ListLimit)
	p.Detailed = min(len(p.order), DetailLimit)
	p.Release = releaseLines(&s.Release)
	if !s.Finished.IsZero() {
		p.Finished = clock(s.Finished)
	}
	p.Facts, p.Summary = facts(s), outcome(s)
	p.countSeverities()
	p.countRules()
	p.countAccounts()
	p.Filters = p.filters()
	p.Timeline = newTimeline(p.order)
	p.Matrix = newMatrix(p.order)
	p.DetailNote = p.detailNote()
	return p
}

func releaseLines(r *alert.Release) []shown {
	a := alert.Alert{Release: *r}
	return footer(&a, &pageBounds)[:1]
}

// facts are what was scanned.
func facts(s *Scan) []row {
	r := rows{bounds: &pageBounds}
	paths := newLines(s.Paths)
	if len(paths.Lines) > 0 {
		r.put(row{Name: "Scanned", Values: paths.Lines, Note: paths.Note})
	}
	r.say("Files", shown(thousands(s.Files)))
	r.say("Records", shown(thousands(s.Records)))
	r.say("Matches", shown(thousands(s.Matches)))
	if s.MinSeverity != 0 {
		r.say("Least severity", severityName(s.MinSeverity))
	}
	return r.list
}

// outcome says what became of the matches.
func outcome(s *Scan) shown {
	var others []string
	for _, other := range []struct {
		n         int
		one, many string
	}{
		{s.Duplicates, "was a duplicate", "were duplicates"},
		{s.Excepted, "was excepted", "were excepted"},
		{s.Counted, "counted for correlations only", "counted for correlations only"},
		{s.BelowSeverity, "was below the least severity", "were below the least severity"},
		{s.HeldBack, "was held back by the cooldown", "were held back by the cooldown"},
	} {
		if other.n > 0 {
			others = append(others, string(counted(other.n, other.one, other.many)))
		}
	}
	text := counted(len(s.Alerts), "alert", "alerts") + " from " + counted(s.Records, "record", "records") + "."
	if len(others) > 0 {
		text += " Of the other matches, " + shown(strings.Join(others, ", ")) + "."
	}
	return text
}

func (p *page) countSeverities() {
	count := map[runtime.Level]int{}
	for _, a := range p.order {
		count[severity(a)]++
	}
	for _, l := range []runtime.Level{runtime.Critical, runtime.High, runtime.Medium, runtime.Low, runtime.Informational, 0} {
		if l == 0 && count[l] == 0 {
			continue
		}
		p.Severities = append(p.Severities, share{string(severityName(l)), severityClass(l), count[l], 100 * float64(count[l]) / float64(max(1, len(p.order)))})
	}
}

func (p *page) countRules() {
	p.rules = map[string]int{}
	type tally struct {
		choice
		level       runtime.Level
		first, last time.Time
		alert       int
	}
	var all []*tally
	byKey := map[string]*tally{}
	for i, a := range p.order {
		t := byKey[a.Rule.Key]
		if t == nil {
			t = &tally{choice: choice{Name: listBounds.sentence(ruleTitle(&a.Rule))}, level: severity(a), alert: -1}
			if i < p.Listed {
				t.alert = i
			}
			byKey[a.Rule.Key] = t
			all = append(all, t)
		}
		t.Count++
		if at := a.Time(); !at.IsZero() {
			if t.first.IsZero() || at.Before(t.first) {
				t.first = at
			}
			if at.After(t.last) {
				t.last = at
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *tally) int {
		return cmp.Or(int(b.level)-int(a.level), b.Count-a.Count, cmp.Compare(a.Name, b.Name))
	})
	index := map[*tally]int{}
	most := min(len(all), ruleLimit)
	for i, t := range all[:most] {
		t.Class = fmt.Sprintf("r%d", i)
		index[t] = i
		r := ruleSummary{choice: t.choice, Severity: severityName(t.level), SeverityClass: severityClass(t.level), Alert: t.alert}
		if !t.first.IsZero() {
			r.First, r.Last = clock(t.first), clock(t.last)
		}
		p.Rules = append(p.Rules, r)
	}
	for key, t := range byKey {
		if i, listed := index[t]; listed {
			p.rules[key] = i
		}
	}
	p.RuleNote = more(len(all)-most, "rule", "rules")
}

func (p *page) countAccounts() {
	p.account = map[string]int{}
	count, names := map[string]int{}, map[string]shown{}
	var ids []string
	for _, a := range p.order {
		id := a.Event.AccountID
		if count[id] == 0 {
			ids = append(ids, id)
		}
		count[id]++
		if names[id] == "" || a.AccountAlias != "" {
			names[id] = account(a, &listBounds)
		}
	}
	slices.SortStableFunc(ids, func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	for i, id := range ids[:min(len(ids), ruleLimit)] {
		name := names[id]
		if id == "" {
			name = notRecorded
		}
		p.account[id] = i
		p.Accounts = append(p.Accounts, choice{fmt.Sprintf("c%d", i), name, count[id]})
	}
}

// filters returns the style sheet that hides what is not chosen. It holds names
// of this package and numbers alone. What :has looks through is the form alone,
// and the list stands right behind it: browsers take minutes over thousands of
// alerts when they look for a choice among them.
func (p *page) filters() template.CSS {
	var b strings.Builder
	for _, s := range p.Severities {
		fmt.Fprintf(&b, ".filters:has(#show-%s:not(:checked))+.list>.s-%s{display:none}\n", s.Class, s.Class)
	}
	for _, r := range p.Rules {
		fmt.Fprintf(&b, ".filters:has(#rule [value=%s]:checked)+.list>:not(.%s){display:none}\n", r.Class, r.Class)
	}
	for _, c := range p.Accounts {
		fmt.Fprintf(&b, ".filters:has(#account [value=%s]:checked)+.list>:not(.%s){display:none}\n", c.Class, c.Class)
	}
	return template.CSS(b.String())
}

func (p *page) detailNote() shown {
	var notes []string
	if p.Detailed < p.Listed {
		notes = append(notes, fmt.Sprintf("The %s most severe alerts open to everything about them; the others are listed without.", thousands(p.Detailed)))
	}
	if p.Listed < p.Alerts {
		notes = append(notes, fmt.Sprintf("The list ends after %s of %s alerts; the counts above are of all.", thousands(p.Listed), thousands(p.Alerts)))
	}
	if len(notes) > 0 {
		notes = append(notes, "Scan with --format jsonl for all of them whole, or scan fewer files.")
	}
	return shown(strings.Join(notes, " "))
}

// An entry is an alert in the list of a page.
type entry struct {
	*view
	Number   int
	Class    string
	Severity shown
	Classes  string
	Title    shown
	Time     shown
	Call     shown
	Actor    shown
	Account  shown
	Source   shown
}

func (p *page) writeAlert(w io.Writer, i int) error {
	a, b := p.order[i], &listBounds
	level := severity(a)
	rec := &record{}
	if i < p.Detailed || !strings.HasPrefix(a.Event.Actor, "arn:") { // else nothing reads it
		rec = parseRecord(a)
	}
	e := entry{
		Number: i, Class: severityClass(level), Severity: severityName(level), Title: b.sentence(ruleTitle(&a.Rule)), Time: eventTime(a, b),
		Call: b.text(callName(&a.Event)), Actor: b.text(actorName(&a.Event, &rec.node)), Account: account(a, b), Source: source(a, b),
	}
	e.Classes = "s-" + severityClass(level)
	if rule, ok := p.rules[a.Rule.Key]; ok {
		e.Classes += fmt.Sprintf(" r%d", rule)
	}
	if account, ok := p.account[a.Event.AccountID]; ok {
		e.Classes += fmt.Sprintf(" c%d", account)
	}
	if i >= p.Detailed {
		return pageTemplates().ExecuteTemplate(w, "listed", e)
	}
	for _, b := range detailBounds {
		v, fits := newView(a, rec, b, alertLimit)
		if e.view = &v; fits {
			break
		}
	}
	return pageTemplates().ExecuteTemplate(w, "detailed", e)
}
