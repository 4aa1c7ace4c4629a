package alert_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Decide is a function of values: every case is one sentence.
func TestDecide(t *testing.T) {
	noon := time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)
	minutes := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }
	short := 5 * time.Minute
	none := time.Duration(0)
	threshold := func(severity runtime.Level, cooldown *time.Duration) []alert.Completed {
		return []alert.Completed{{Key: "threshold:rule", Type: runtime.EventCount, Severity: severity, Cooldown: cooldown}}
	}
	before := alert.State{Alerts: []alert.Told{{Finding: "rule//before", At: noon, Severity: runtime.Medium}}, Suppressed: 2}
	completedBefore := before
	completedBefore.Completed = map[string]time.Time{"threshold:rule": noon}
	heldBefore := before
	heldBefore.Held = []string{"rule//e"}
	tests := []struct {
		name       string
		level      runtime.Level
		config     alert.Config
		in         alert.Circumstances
		want       alert.Outcome
		severity   runtime.Level
		suppressed int    // told by the alert
		remembered int    // in the state
		why        string // is part of it
	}{
		{"a finding is alerted at the level of its rule", runtime.Medium, alert.Config{}, alert.Circumstances{Now: noon}, alert.Alerted, runtime.Medium, 0, 0, "severity medium is the level of the rule"},
		{"informational is info", runtime.Informational, alert.Config{}, alert.Circumstances{Now: noon}, alert.Alerted, runtime.Informational, 0, 0, "severity info"},
		{"below the least severity it is not", runtime.Medium, alert.Config{MinSeverity: runtime.High}, alert.Circumstances{Now: noon}, alert.BelowSeverity, runtime.Medium, 0, 0, "severity medium is below high"},
		{"at the least severity it is", runtime.High, alert.Config{MinSeverity: runtime.High}, alert.Circumstances{Now: noon}, alert.Alerted, runtime.High, 0, 0, ""},
		{"what is below the least severity is not counted as held back", runtime.Low, alert.Config{MinSeverity: runtime.High, Cooldown: time.Hour}, alert.Circumstances{State: before, Now: minutes(1)}, alert.BelowSeverity, runtime.Low, 0, 2, ""},
		{"a rule that only counts has no alerts", runtime.High, alert.Config{}, alert.Circumstances{CountsFor: []string{"a", "b"}, Now: noon}, alert.Counted, runtime.High, 0, 0, "it counts for a, b"},
		{"unless a finding of it completes a threshold", runtime.Low, alert.Config{}, alert.Circumstances{CountsFor: []string{"a"}, Completed: threshold(runtime.High, nil), Now: noon}, alert.Alerted, runtime.High, 0, 0, ""},
		{"what completes a threshold has the severity of that", runtime.Low, alert.Config{MinSeverity: runtime.High}, alert.Circumstances{Completed: threshold(runtime.High, nil), Now: noon}, alert.Alerted, runtime.High, 0, 0, "severity high: the highest of what it completes; the rule says low"},
		{"of two that it completes the higher severity counts", runtime.Low, alert.Config{}, alert.Circumstances{Completed: append(threshold(runtime.High, nil), threshold(runtime.Medium, nil)...), Now: noon}, alert.Alerted, runtime.High, 0, 0, ""},
		{"within the cooldown of an alert it is held back and counted", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: before, Now: minutes(59)}, alert.CoolingDown, runtime.Medium, 0, 3, "held back by the alert of 2025-03-09T12:00:00Z"},
		{"at the end of the cooldown it is alerted, and says how many were held back", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: before, Now: minutes(60)}, alert.Alerted, runtime.Medium, 2, 2, "2 like it were held back since 2025-03-09T12:00:00Z"},
		{"a late event within the cooldown is held back", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: before, Now: minutes(-59)}, alert.CoolingDown, runtime.Medium, 0, 3, ""},
		{"a severity above that of the last alert is never held back", runtime.High, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: before, Now: minutes(1)}, alert.Alerted, runtime.High, 2, 2, "severity high is above medium"},
		{"a severity below it is", runtime.Low, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: before, Now: minutes(1)}, alert.CoolingDown, runtime.Low, 0, 3, ""},
		{"completing a threshold for the first time is news of any severity", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: before, Completed: threshold(runtime.Medium, nil), Now: minutes(1)}, alert.Alerted, runtime.Medium, 2, 2, ""},
		{"completing it again within the cooldown is held back", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: completedBefore, Completed: threshold(runtime.Medium, nil), Now: minutes(59)}, alert.CoolingDown, runtime.Medium, 0, 3, ""},
		{"the cooldown of a threshold itself counts for it", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: completedBefore, Completed: threshold(runtime.Medium, &short), Now: minutes(5)}, alert.Alerted, runtime.Medium, 2, 2, ""},
		{"it may be none", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: completedBefore, Completed: threshold(runtime.Medium, &none), Now: minutes(0)}, alert.Alerted, runtime.Medium, 2, 2, ""},
		{"a finding that was counted as held back is not counted again", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: heldBefore, Now: minutes(5)}, alert.CoolingDown, runtime.Medium, 0, 2, ""},
		{"the finding that was alerted last is alerted when it comes again", runtime.Medium, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: alert.State{Alerts: []alert.Told{{Finding: "rule//e", At: noon, Severity: runtime.Medium}}}, Now: noon}, alert.Alerted, runtime.Medium, 0, 0, "alerted before"},
		{"a higher severity in the cooldown of two alerts is measured by the higher of them", runtime.High, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: alert.State{Alerts: []alert.Told{
			{Finding: "1", At: minutes(-200), Severity: runtime.Critical}, {Finding: "2", At: noon, Severity: runtime.High}, {Finding: "3", At: minutes(10), Severity: runtime.Medium}}}, Now: minutes(20)}, alert.CoolingDown, runtime.High, 0, 1, "the alert of 2025-03-09T12:00:00Z"},
		{"an alert of long before with a higher severity holds back nothing", runtime.High, alert.Config{Cooldown: time.Hour}, alert.Circumstances{State: alert.State{Alerts: []alert.Told{
			{Finding: "1", At: minutes(-200), Severity: runtime.Critical}, {Finding: "3", At: minutes(10), Severity: runtime.Medium}}}, Now: minutes(20)}, alert.Alerted, runtime.High, 0, 0, "severity high is above medium"},
		{"without a cooldown nothing is held back", runtime.Medium, alert.Config{}, alert.Circumstances{State: before, Now: noon}, alert.Alerted, runtime.Medium, 2, 2, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := alert.Finding{Rule: alert.Rule{Key: "rule", Level: test.level}, Event: alert.Event{ID: "e"}}
			d := alert.Decide(&f, test.in, &test.config)
			if d.Outcome != test.want || d.Severity != test.severity || d.Suppressed != test.suppressed || d.Next.Suppressed != test.remembered {
				t.Errorf("%s at %s, %d told, %d remembered; want %s at %s, %d, %d", d.Outcome, d.Severity, d.Suppressed, d.Next.Suppressed, test.want, test.severity, test.suppressed, test.remembered)
			}
			if why := strings.Join(d.Why, "\n"); why == "" || !strings.Contains(why, test.why) {
				t.Errorf("why: %q, want %q", why, test.why)
			}
		})
	}
}

// Callers without an ARN may be anybody: their address tells them apart.
func TestCooldownKey(t *testing.T) {
	key := func(actor, address string) string {
		f := alert.Finding{Rule: alert.Rule{Key: "r"}, Event: alert.Event{AccountID: "1", Actor: actor, SourceIP: address}}
		return f.CooldownKey()
	}
	const arn = "arn:aws:iam::111122223333:user/alice"
	if key(arn, "192.0.2.1") != key(arn, "192.0.2.2") {
		t.Error("an actor with an ARN is another from another address")
	}
	if key("Unknown", "192.0.2.1") == key("Unknown", "192.0.2.2") {
		t.Error("callers without an ARN from two addresses are one")
	}
}

func TestDelivered(t *testing.T) {
	noon := time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)
	a := alert.Alert{Finding: alert.Finding{Rule: alert.Rule{Key: "rule"}, Event: alert.Event{ID: "e"}}, Severity: runtime.Medium, Suppressed: 2}
	before := alert.Told{Finding: "x", At: noon, Severity: runtime.High}
	told := func(at time.Time) alert.Told { return alert.Told{Finding: "rule//e", At: at, Severity: runtime.Medium} }
	reserved := alert.State{Alerts: []alert.Told{before}, Suppressed: 3, Reservation: &alert.Reservation{Finding: a.ID()}}
	tests := []struct {
		name string
		in   alert.State
		at   time.Time
		want alert.State
	}{
		{"the cooldown starts, and those that the alert told are not told again", reserved, noon.Add(time.Hour), alert.State{Alerts: []alert.Told{before, told(noon.Add(time.Hour))}, Suppressed: 1}},
		{"an event that is late has a cooldown of its own", reserved, noon.Add(-time.Hour), alert.State{Alerts: []alert.Told{told(noon.Add(-time.Hour)), before}, Suppressed: 1}},
		{"the reservation of another stays", alert.State{Suppressed: 3, Reservation: &alert.Reservation{Finding: "other"}}, noon, alert.State{Alerts: []alert.Told{told(noon)}, Suppressed: 1, Reservation: &alert.Reservation{Finding: "other"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := test.in.Delivered(&a, test.at)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(got, got.Delivered(&a, test.at)); diff != "" {
				t.Errorf("a second time changes it (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCooldown(t *testing.T) {
	type event struct {
		minute         int
		account, actor string
		rule           string
		want           string // outcome, and how many were held back before
	}
	const hour = time.Hour
	tests := []struct {
		name     string
		cooldown time.Duration
		events   []event
	}{
		{"an alert holds back the next within the cooldown, and not at its end", hour, []event{
			{minute: 0, want: "alerted 0"}, {minute: 1, want: "cooling_down 0"}, {minute: 59, want: "cooling_down 0"}, {minute: 60, want: "alerted 2"},
		}},
		{"the count starts again with each alert", hour, []event{
			{minute: 0, want: "alerted 0"}, {minute: 1, want: "cooling_down 0"}, {minute: 70, want: "alerted 1"}, {minute: 140, want: "alerted 0"},
		}},
		{"what is held back does not prolong the cooldown", hour, []event{
			{minute: 0, want: "alerted 0"}, {minute: 50, want: "cooling_down 0"}, {minute: 65, want: "alerted 1"},
		}},
		{"another actor is not held back", hour, []event{
			{minute: 0, actor: "alice", want: "alerted 0"}, {minute: 1, actor: "mallory", want: "alerted 0"}, {minute: 2, actor: "alice", want: "cooling_down 0"},
		}},
		{"another account is not held back", hour, []event{
			{minute: 0, account: "1", want: "alerted 0"}, {minute: 1, account: "2", want: "alerted 0"}, {minute: 2, account: "1", want: "cooling_down 0"},
		}},
		{"another rule is not held back", hour, []event{
			{minute: 0, rule: "a", want: "alerted 0"}, {minute: 1, rule: "b", want: "alerted 0"},
		}},
		{"a late event within the cooldown is held back", hour, []event{
			{minute: 100, want: "alerted 0"}, {minute: 50, want: "cooling_down 0"},
		}},
		{"an event that is later than the cooldown is alerted, and has a cooldown of its own", hour, []event{
			{minute: 100, want: "alerted 0"}, {minute: 10, want: "alerted 0"}, {minute: 101, want: "cooling_down 0"}, {minute: 11, want: "cooling_down 0"}, {minute: 161, want: "alerted 2"},
		}},
		{"an event without a time counts as of the decision", hour, []event{
			{minute: -1, want: "alerted 0"}, {minute: -1, want: "cooling_down 0"}, {minute: 0, want: "alerted 1"}, {minute: -1, want: "cooling_down 0"},
		}},
		{"without a cooldown nothing is held back", 0, []event{
			{minute: 0, want: "alerted 0"}, {minute: 0, want: "alerted 0"},
		}},
	}
	start := time.Date(2025, 3, 9, 16, 0, 0, 0, time.UTC)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPipeline(runtime.Ruleset{}, alert.Config{Cooldown: test.cooldown})
			var want, got []string
			for i, e := range test.events {
				f := alert.Finding{Rule: alert.Rule{Key: e.rule, Level: runtime.High}, Event: alert.Event{ID: fmt.Sprint(i), AccountID: e.account, Actor: e.actor}}
				if e.minute >= 0 {
					f.Event.Time = start.Add(time.Duration(e.minute) * time.Minute).Format(time.RFC3339)
				}
				result, err := p.Process(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				suppressed := 0
				for _, a := range result.Alerts {
					suppressed += a.Suppressed
				}
				want = append(want, e.want)
				got = append(got, fmt.Sprintf("%s %d", result.Outcome, suppressed))
				if (result.Outcome == alert.Alerted) != (len(result.Alerts) == 1) {
					t.Errorf("outcome %s with %d alerts", result.Outcome, len(result.Alerts))
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLess(t *testing.T) {
	at := func(time, file string, record int, rule string) alert.Finding {
		return alert.Finding{Rule: alert.Rule{Key: rule}, Event: alert.Event{Time: time}, Location: alert.Location{File: file, Record: record}}
	}
	sorted := []alert.Finding{
		at("never", "z", 9, "z"),
		at("2025-03-09T17:00:00+01:00", "a", 1, "b"), // 16:00 UTC
		at("2025-03-09T16:00:01Z", "a", 2, "a"),
		at("2025-03-09T16:00:01Z", "a", 2, "b"),
		at("2025-03-09T16:00:01Z", "a", 10, "a"),
		at("2025-03-09T16:00:01Z", "b", 0, "a"),
	}
	got := slices.Clone(sorted)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b alert.Finding) int { return alert.Less(&a, &b) })
	if diff := cmp.Diff(sorted, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
