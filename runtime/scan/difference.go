package scan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// The ways in which two stores differ about an alert.
const (
	onlyLive        = "only_live"
	onlyShadow      = "only_shadow"
	otherSeverity   = "severity"
	otherSuppressed = "suppressed"
)

// What became on one side of what the other alerted on, beside alert.Outcome.
const (
	noFinding  = "no_finding"  // it does not know the finding
	notAlerted = "not_alerted" // of the hit of a correlation: it knows the finding, and there is no alert of a hit
)

// A side is one of the stores that are compared.
type side struct {
	name    string
	history History

	alerts map[string]told   // by ID
	hits   map[string][]told // of correlations, by rule and group
	oldest time.Time         // the event of the oldest finding that it knows; zero: it knows none

	findings int            // of the period
	releases map[string]int // that decided on these
}

// told is an alert, as much of it as is held of each.
type told struct {
	id      string
	finding string // the ID of the finding that led to it

	rule, title                        string
	eventID, eventTime, source, action string
	account, region, actor             string
	at                                 time.Time
	severity                           runtime.Level
	suppressed                         int

	group      string // of the hit of a correlation; "" otherwise
	start, end time.Time
}

func newTold(a *alert.Alert, finding string) told {
	t := told{
		id: a.ID(), finding: finding, rule: a.Rule.Key, title: a.Rule.Title,
		eventID: a.Event.ID, eventTime: a.Event.Time, source: a.Event.Source, action: a.Event.Name,
		account: a.Event.AccountID, region: a.Event.Region, actor: a.Event.Actor,
		at: a.Time(), severity: a.Severity, suppressed: a.Suppressed,
	}
	if a.Window != nil {
		t.group, t.start, t.end = a.Window.GroupKey, a.Window.Start, a.Window.End
	}
	return t
}

func (t *told) hitKey() string { return t.rule + "/" + t.group }

// collect reads what a side alerted on in a period.
func (s *side) collect(ctx context.Context, p period) error {
	s.alerts, s.hits, s.releases = map[string]told{}, map[string][]told{}, map[string]int{}
	for e, err := range alert.Decisions(ctx, s.history) {
		if err != nil {
			return err
		}
		if at := e.Finding.Time(); !at.IsZero() && (s.oldest.IsZero() || at.Before(s.oldest)) {
			s.oldest = at
		}
		if p.holds(e.Finding.Time()) {
			s.findings++
			s.releases[releaseName(e.Release)]++
		}
		for i := range e.Alerts {
			t := newTold(&e.Alerts[i], e.Finding.ID())
			if !p.holds(t.at) {
				continue
			}
			s.alerts[t.id] = t
			if t.group != "" {
				s.hits[t.hitKey()] = append(s.hits[t.hitKey()], t)
			}
		}
	}
	return nil
}

// releaseName tells releases apart for people.
func releaseName(r alert.Release) string {
	parts := []string{cmp.Or(r.Version, "of unknown version")}
	if r.Commit != "" {
		parts = append(parts, "commit "+shortHash(r.Commit))
	}
	if r.Rules != "" {
		parts = append(parts, "rules "+shortHash(r.Rules))
	}
	return strings.Join(parts, ", ")
}

// shortHash is as much of a hash as tells it from the others of a list.
func shortHash(hash string) string { return hash[:min(len(hash), 12)] }

// A difference is an alert about which two stores differ.
type difference struct {
	kind string
	told
	live, shadow verdict
}

// A verdict is what one side made of it.
type verdict struct {
	outcome    string
	severity   runtime.Level // of the alert; 0 when there is none
	suppressed int
	why        []string
}

// pair returns the alerts about which two sides may differ, in order of event time.
func pair(live, shadow *side) []difference {
	var list []difference
	for id, t := range live.alerts {
		other, both := shadow.alerts[id]
		switch {
		case !both:
			list = append(list, difference{kind: onlyLive, told: t})
		case t.severity != other.severity:
			list = append(list, difference{kind: otherSeverity, told: t})
		case t.suppressed != other.suppressed:
			list = append(list, difference{kind: otherSuppressed, told: t})
		}
	}
	for id, t := range shadow.alerts {
		if _, both := live.alerts[id]; !both {
			list = append(list, difference{kind: onlyShadow, told: t})
		}
	}
	slices.SortFunc(list, func(a, b difference) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.rule, b.rule), cmp.Compare(a.account, b.account), cmp.Compare(a.id, b.id))
	})
	return list
}

// look finds out why. It reports whether there is a difference: one that a side
// came to at the edge of the period, or while it was read, is none.
func (d *difference) look(ctx context.Context, live, shadow *side) (differs bool, err error) {
	if d.live, err = live.verdict(ctx, d.told); err != nil {
		return false, err
	}
	if d.shadow, err = shadow.verdict(ctx, d.told); err != nil {
		return false, err
	}
	alerted := string(alert.Alerted)
	switch {
	case d.live.outcome == alerted && d.shadow.outcome != alerted:
		d.kind = onlyLive
	case d.live.outcome != alerted && d.shadow.outcome == alerted:
		d.kind = onlyShadow
	case d.live.severity != d.shadow.severity:
		d.kind = otherSeverity
	case d.live.suppressed != d.shadow.suppressed:
		d.kind = otherSuppressed
	default:
		return false, nil
	}
	return true, nil
}

// verdict returns what a side made of an alert, its own or of the other.
func (s *side) verdict(ctx context.Context, t told) (verdict, error) {
	if own, has := s.alerts[t.id]; has {
		t = own // of the hit of a correlation, another finding may have led to it
	}
	e, known, err := alert.Explain(ctx, s.history, t.finding)
	if err != nil {
		return verdict{}, err
	}
	if !known {
		return verdict{outcome: noFinding, why: append([]string{"no finding"}, s.instead(t)...)}, nil
	}
	for i := range e.Alerts {
		if a := &e.Alerts[i]; a.ID() == t.id {
			return verdict{string(alert.Alerted), a.Severity, a.Suppressed, a.Why}, nil
		}
	}
	if t.group == "" {
		return verdict{outcome: string(e.Outcome), why: e.Why}, nil
	}
	var why []string
	for _, line := range e.Why {
		if strings.Contains(line, t.rule) {
			why = append(why, line)
		}
	}
	if len(why) == 0 {
		why = []string{"the finding counts for no correlation " + t.rule}
	}
	return verdict{outcome: notAlerted, why: append(why, s.instead(t)...)}, nil
}

// instead names the hit of a correlation of which a side has the events in another
// window.
func (s *side) instead(t told) []string {
	for _, other := range s.hits[t.hitKey()] {
		if t.group != "" && !other.start.After(t.end) && !other.end.Before(t.start) {
			return []string{fmt.Sprintf("it fired for the window of %s to %s instead", other.start.UTC().Format(time.RFC3339), other.end.UTC().Format(time.RFC3339))}
		}
	}
	return nil
}

// reasons says in words what the sides decided differently: of what both alerted
// on, what only one of them said.
func (d *difference) reasons() []string {
	var lines []string
	add := func(name string, said, by []string) {
		for _, line := range said {
			if !slices.Contains(by, line) {
				lines = append(lines, name+": "+line)
			}
		}
	}
	switch d.kind {
	case onlyLive:
		add("shadow", d.shadow.why, nil)
	case onlyShadow:
		add("live", d.live.why, nil)
	case otherSeverity:
		lines = append(lines, fmt.Sprintf("live %s, shadow %s", alert.SeverityName(d.live.severity), alert.SeverityName(d.shadow.severity)))
	case otherSuppressed:
		lines = append(lines, fmt.Sprintf("held back before: live %d, shadow %d", d.live.suppressed, d.shadow.suppressed))
	}
	if d.kind == otherSeverity || d.kind == otherSuppressed {
		add("live", d.live.why, d.shadow.why)
		add("shadow", d.shadow.why, d.live.why)
	}
	return lines
}
