package alert

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// Config is what the decisions of one deployment depend on beside its rules. The
// zero Config alerts every finding.
type Config struct {
	Exceptions     []runtime.Exception // at most one a rule
	MinSeverity    runtime.Level       // what is below is not alerted; the zero Level alerts all
	Cooldown       time.Duration       // how long an alert holds back further ones of its CooldownKey; 0 is not at all
	AccountAliases map[string]string   // names of accounts, by id
}

// Outcome is what becomes of a finding.
type Outcome string

// The outcomes of a decision.
const (
	Alerted       Outcome = "alerted"
	Excepted      Outcome = "excepted"
	Duplicate     Outcome = "duplicate"      // it was decided and delivered before
	Counted       Outcome = "counted"        // its rule counts for a correlation and has no alerts of its own
	BelowSeverity Outcome = "below_severity" // of Config.MinSeverity
	CoolingDown   Outcome = "cooling_down"
)

// State is what is remembered under one CooldownKey.
type State struct {
	Alerts      []Told               `json:"alerts,omitempty"`    // that were delivered, by event time; the latest few
	Completed   map[string]time.Time `json:"completed,omitempty"` // when an alert that completed a threshold or correlation was delivered, by its key
	Suppressed  int                  `json:"suppressed"`          // findings held back since the last alert
	Held        []string             `json:"held,omitempty"`      // the last of those, so that a finding that comes again is counted once
	Reservation *Reservation         `json:"reservation,omitempty"`
}

// Told is an alert that was delivered to at least one channel.
type Told struct {
	Finding  string        `json:"finding"`
	At       time.Time     `json:"at"` // event time
	Severity runtime.Level `json:"severity"`
}

// told reports whether a finding was alerted.
func (s *State) told(finding string) bool {
	return slices.ContainsFunc(s.Alerts, func(t Told) bool { return t.Finding == finding })
}

// A Reservation is the right to alert: others of the same CooldownKey wait until
// it is known whether the alert was delivered, or until the reservation ends.
type Reservation struct {
	Finding string    `json:"finding"`
	Until   time.Time `json:"until"`
}

// Decision is what becomes of a finding, and why.
type Decision struct {
	Outcome    Outcome
	Severity   runtime.Level
	Suppressed int      // findings like it that were held back since the last alert
	Why        []string // the decisions taken, in words, in order
	Next       State    // what to remember under the finding's CooldownKey; after an alert was delivered, what Delivered returns
}

// Circumstances are what a decision depends on beside the finding itself.
type Circumstances struct {
	Completed []Completed // the thresholds and correlations that annotate the finding
	CountsFor []string    // the correlations that its rule counts for instead of alerting
	State     State       // what is remembered under its CooldownKey
	Now       time.Time   // when the event happened; where the record does not say so, the time of the decision
}

// CooldownKey names the findings that share a cooldown: those of one rule, one
// account and one actor. Another actor's attack is never held back; callers
// without an ARN, who may be anybody, are told apart by their address. The hits
// of a correlation share one by group.
func (f *Finding) CooldownKey() string {
	if f.Window != nil {
		return f.Rule.Key + "/" + f.Window.GroupKey
	}
	key := f.Rule.Key + "/" + f.Event.AccountID + "/" + f.Event.Actor
	if !strings.HasPrefix(f.Event.Actor, "arn:") {
		key += "/" + f.Event.SourceIP
	}
	return key
}

// Decide decides what becomes of a finding that no exception covers and that was
// not decided before. The stages stand in the order in which they decide: what
// completes a threshold or correlation, severity, cooldown.
func Decide(f *Finding, c Circumstances, config *Config) Decision {
	d := Decision{Severity: f.Rule.Level, Next: c.State}
	if len(c.Completed) > 0 {
		d.Severity = 0
		for _, completed := range c.Completed {
			d.Severity = max(d.Severity, completed.Severity)
		}
		d.say("severity %s: the highest of what it completes; the rule says %s", SeverityName(d.Severity), SeverityName(f.Rule.Level))
	} else if len(c.CountsFor) > 0 {
		d.Outcome = Counted
		d.say("no alert of its own: it counts for %s", strings.Join(c.CountsFor, ", "))
		return d
	} else {
		d.say("severity %s is the level of the rule", SeverityName(d.Severity))
	}
	if d.Severity < config.MinSeverity {
		d.Outcome = BelowSeverity
		d.say("severity %s is below %s", SeverityName(d.Severity), SeverityName(config.MinSeverity))
		return d
	}
	id := f.ID()
	if c.State.told(id) {
		d.Outcome = Alerted
		d.say("it was alerted before")
		return d
	}
	heldBefore := slices.Contains(c.State.Held, id)
	cooling := d.coolingDown(&c, config)
	if !cooling && heldBefore && len(c.Completed) == 0 {
		d.say("held back before")
		cooling = true
	}
	if cooling {
		d.Outcome = CoolingDown
		d.hold(id)
		return d
	}
	if heldBefore { // and has come again, after others that make it complete something
		d.Next.Suppressed = max(0, d.Next.Suppressed-1)
		d.Next.Held = slices.DeleteFunc(slices.Clone(d.Next.Held), func(held string) bool { return held == id })
	}
	d.Outcome = Alerted
	d.Suppressed = d.Next.Suppressed
	if d.Suppressed > 0 {
		were := "were"
		if d.Suppressed == 1 {
			were = "was"
		}
		since := ""
		if n := len(c.State.Alerts); n > 0 {
			since = " since " + c.State.Alerts[n-1].At.UTC().Format(time.RFC3339)
		}
		d.say("%d like it %s held back%s", d.Suppressed, were, since)
	}
	return d
}

func (d *Decision) say(format string, values ...any) {
	d.Why = append(d.Why, fmt.Sprintf(format, values...))
}

// coolingDown reports whether another alert holds this one back, and says what it
// looked at. Alerts lie before and after an event that arrives late.
func (d *Decision) coolingDown(c *Circumstances, config *Config) bool {
	cooldown := config.Cooldown
	if len(c.Completed) > 0 {
		// What completes something is news, also shortly after an alert that
		// did not. It is held back by the last completion of the same.
		cooldown = 0
		for _, completed := range c.Completed {
			own := config.Cooldown
			if completed.Cooldown != nil {
				own = *completed.Cooldown
			}
			last, known := c.State.Completed[completed.Key]
			if !known || c.Now.Sub(last).Abs() >= own {
				return false
			}
			cooldown = max(cooldown, own)
		}
	}
	lower := Told{}
	for _, told := range slices.Backward(c.State.Alerts) {
		if c.Now.Sub(told.At).Abs() >= cooldown {
			continue
		}
		if told.Severity >= d.Severity {
			d.say("held back by the alert of %s for the same rule, account and actor", told.At.UTC().Format(time.RFC3339))
			return true
		}
		lower = told
	}
	if lower.Severity > 0 {
		d.say("not held back: severity %s is above %s, that of the last alert for the same rule, account and actor", SeverityName(d.Severity), SeverityName(lower.Severity))
	}
	return false
}

// rememberedHeld is how many findings that were held back are known by name.
const rememberedHeld = 50

// hold counts a finding that is held back, once.
func (d *Decision) hold(id string) {
	if slices.Contains(d.Next.Held, id) {
		return
	}
	d.Next.Suppressed++
	held := append(slices.Clone(d.Next.Held), id)
	d.Next.Held = held[max(0, len(held)-rememberedHeld):]
}

// rememberedTold is how many alerts are remembered of one key.
const rememberedTold = 20

// Delivered returns the state after an alert was delivered to at least one
// channel. Only that starts a cooldown. It may be called again for the same
// alert.
func (s State) Delivered(a *Alert, now time.Time) State {
	id := a.ID()
	if s.Reservation != nil && s.Reservation.Finding == id {
		s.Reservation = nil
	}
	if s.told(id) {
		return s
	}
	s.Suppressed -= min(a.Suppressed, s.Suppressed)
	alerts := append(slices.Clone(s.Alerts), Told{Finding: id, At: now, Severity: a.Severity})
	slices.SortStableFunc(alerts, func(x, y Told) int { return x.At.Compare(y.At) })
	s.Alerts = alerts[max(0, len(alerts)-rememberedTold):]
	if len(a.Completed) > 0 && a.Window == nil {
		completed := maps.Clone(s.Completed)
		if completed == nil {
			completed = map[string]time.Time{}
		}
		for _, c := range a.Completed {
			if last := completed[c.Key]; last.Before(now) {
				completed[c.Key] = now
			}
		}
		s.Completed = completed
	}
	return s
}

// Less orders findings by event time, then by where they were read, then by
// rule. Findings without a time come first.
func Less(a, b *Finding) int {
	if c := a.Time().Compare(b.Time()); c != 0 {
		return c
	}
	if c := strings.Compare(a.Location.File, b.Location.File); c != 0 {
		return c
	}
	if a.Location.Record != b.Location.Record {
		return a.Location.Record - b.Location.Record
	}
	return strings.Compare(a.Rule.Key, b.Rule.Key)
}
