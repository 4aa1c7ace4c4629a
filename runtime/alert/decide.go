package alert

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// Config is what the decisions of one release and one deployment depend on.
type Config struct {
	Exceptions  []runtime.Exception // at most one a rule
	MinSeverity runtime.Level       // findings below are not alerted; the zero Level alerts all
	Cooldown    time.Duration       // how long an alert holds back further ones of its CooldownKey; 0 is not at all
}

// Outcome is what becomes of a finding.
type Outcome string

// The outcomes of a decision.
const (
	Alerted       Outcome = "alerted"
	Excepted      Outcome = "excepted"
	BelowSeverity Outcome = "below_severity"
	CoolingDown   Outcome = "cooling_down"
)

// State is what is remembered under one CooldownKey.
type State struct {
	LastAlert  time.Time // event time of the last alert; zero when there was none
	Suppressed int       // findings held back since then
}

// Decision is what becomes of a finding, and why.
type Decision struct {
	Outcome    Outcome
	Severity   runtime.Level
	Suppressed int      // findings like it that were held back since the last alert
	Why        []string // the decisions taken, in words, in order
	Next       State    // what to remember under the finding's CooldownKey
}

// CooldownKey names the findings that share a cooldown: those of one rule, one
// account and one actor. Another actor's attack is never held back; callers
// without an ARN, who may be anybody, are told apart by their address.
func (f *Finding) CooldownKey() string {
	key := f.Rule.Key + "/" + f.Event.AccountID + "/" + f.Event.Actor
	if !strings.HasPrefix(f.Event.Actor, "arn:") {
		key += "/" + f.Event.SourceIP
	}
	return key
}

// Decide decides what becomes of a finding. state is what is remembered under
// its CooldownKey; now is the time by which cooldowns run, a zero time being
// unknown: nothing is then held back.
//
// The stages stand in the order in which they decide: exceptions, severity,
// cooldown. Those before an alert leave no trace in the state.
func Decide(f *Finding, state State, config *Config, now time.Time) Decision {
	d := Decision{Severity: f.Rule.Level, Next: state}
	if reason, excepted := exceptedBy(f, config.Exceptions); excepted {
		d.Outcome = Excepted
		d.Why = append(d.Why, reason)
		return d
	}
	d.Why = append(d.Why, fmt.Sprintf("severity %s is the level of the rule", d.Severity))
	if d.Severity < config.MinSeverity {
		d.Outcome = BelowSeverity
		d.Why = append(d.Why, fmt.Sprintf("severity %s is below %s", d.Severity, config.MinSeverity))
		return d
	}
	if config.Cooldown > 0 && !now.IsZero() && !state.LastAlert.IsZero() && now.Sub(state.LastAlert).Abs() < config.Cooldown {
		d.Outcome = CoolingDown
		d.Next.Suppressed++
		d.Why = append(d.Why, fmt.Sprintf("held back by the alert of %s for the same rule, account and actor", state.LastAlert.UTC().Format(time.RFC3339)))
		return d
	}
	d.Outcome = Alerted
	d.Suppressed = state.Suppressed
	d.Next = State{LastAlert: state.LastAlert}
	if now.After(state.LastAlert) { // an event that arrives late does not shorten the cooldown
		d.Next.LastAlert = now
	}
	if state.Suppressed > 0 {
		d.Why = append(d.Why, fmt.Sprintf("%d like it were held back since %s", state.Suppressed, state.LastAlert.UTC().Format(time.RFC3339)))
	}
	return d
}

// exceptedBy reports which part of the rule's exception covers the finding.
func exceptedBy(f *Finding, exceptions []runtime.Exception) (reason string, excepted bool) {
	i := slices.IndexFunc(exceptions, func(e runtime.Exception) bool { return e.Rule == f.Rule.Key })
	if i < 0 {
		return "", false
	}
	e := exceptions[i]
	for _, actor := range e.Actors {
		if actor == f.Event.Actor || actor == f.Event.IssuerARN {
			return fmt.Sprintf("excepted: actor %s", actor), true
		}
	}
	if address, err := netip.ParseAddr(f.Event.SourceIP); err == nil {
		for _, prefix := range e.SourceIPs {
			if prefix.Contains(address) {
				return fmt.Sprintf("excepted: source address %s in %s", address, prefix), true
			}
		}
	}
	for _, expression := range e.ActorRegexps {
		for _, name := range []string{f.Event.Actor, f.Event.IssuerARN, f.Event.ActorName} {
			if name != "" && expression.MatchString(name) {
				return fmt.Sprintf("excepted: actor %s matches %s", name, expression), true
			}
		}
	}
	return "", false
}

// Memory remembers states by CooldownKey while one process runs.
type Memory map[string]State

// Apply decides what becomes of a finding, remembers what follows from it, and
// returns the alert if it is one.
func (m Memory) Apply(f Finding, config *Config, now time.Time) (Alert, Decision) {
	key := f.CooldownKey()
	d := Decide(&f, m[key], config, now)
	if d.Next != m[key] {
		m.forget(config.Cooldown, now)
		m[key] = d.Next
	}
	if d.Outcome != Alerted {
		return Alert{}, d
	}
	return Alert{Finding: f, Severity: d.Severity, Suppressed: d.Suppressed, Why: d.Why}, d
}

// forget removes what no later decision needs once there is much of it: the
// names in a key are chosen by callers, who could fill the memory otherwise.
func (m Memory) forget(cooldown time.Duration, now time.Time) {
	const many = 10_000
	if len(m) < many || len(m)%many != 0 {
		return
	}
	for key, state := range m {
		if now.Sub(state.LastAlert) >= cooldown {
			delete(m, key)
		}
	}
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
