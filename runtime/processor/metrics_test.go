package processor

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/emf/emftest"
)

// metrics returns what the last batches have counted, without what is 0.
func (s *stand) metrics(t *testing.T) map[string]float64 {
	t.Helper()
	sums := emftest.Sums(t, s.log.String(), s.now)
	for _, name := range []string{"N Alerts", "N Suppressed", "N NotifyFailed", "N MessagesFailed"} {
		if _, known := sums[name]; !known {
			t.Errorf("no %s, not even 0", name)
		}
	}
	for name, n := range sums {
		if n == 0 {
			delete(sums, name)
		}
	}
	s.log.Reset()
	return sums
}

// A batch is measured once, by what is new with it.
func TestMetrics(t *testing.T) {
	s := newStand(t, map[string]string{"MIN_NOTIFICATION_SEVERITY": "medium"})
	rule := func(key string, level runtime.Level) func(*alert.Finding) {
		return func(f *alert.Finding) { f.Rule.Key, f.Rule.Level = key, level }
	}
	handle := func(wantFailed string, want map[string]float64, bodies ...string) {
		t.Helper()
		if failed := handle(t, s.handler, bodies...); failed != wantFailed {
			t.Errorf("failed %q, want %q", failed, wantFailed)
		}
		if diff := cmp.Diff(want, s.metrics(t)); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	}
	handle("m5", map[string]float64{
		"N Alerts": 3, "N Alerts Severity=high": 2, "N Alerts Severity=critical": 1, "N Alerts Rule=rule": 1, "N Alerts Rule=other": 1, "N Alerts Rule=third": 1, "N LatencySeconds": 60 + 120 + 0,
		"N Suppressed": 2, "N Suppressed Reason=below_severity": 1, "N Suppressed Reason=cooling_down": 1, "N MessagesFailed": 1,
	},
		finding("e1", -1), finding("e1", -2, rule("other", runtime.Critical)), finding("e1", 5, rule("third", runtime.High)), // a clock that is ahead is no time that has passed
		finding("e2", -3, rule("low", runtime.Low)), finding("e3", 0), "poison")

	// What comes again adds a duplicate, and what was below the severity is one, too.
	handle("", map[string]float64{"N Suppressed": 2, "N Suppressed Reason=duplicate": 2}, finding("e1", -1), finding("e2", -3, rule("low", runtime.Low)))

	// An alert that does not arrive is no alert until it does.
	s.hook.fail = 2
	handle("m0", map[string]float64{"N NotifyFailed": 1, "N NotifyFailed Channel=webhook": 1, "N MessagesFailed": 1}, finding("e4", -10, rule("fourth", runtime.High)))
	handle("m0", map[string]float64{"N NotifyFailed": 1, "N NotifyFailed Channel=webhook": 1, "N MessagesFailed": 1}, finding("e4", -10, rule("fourth", runtime.High)))
	s.now = s.now.Add(time.Minute)
	handle("", map[string]float64{"N Alerts": 1, "N Alerts Severity=high": 1, "N Alerts Rule=fourth": 1, "N LatencySeconds": 660}, finding("e4", -10, rule("fourth", runtime.High)))
	handle("", map[string]float64{"N Suppressed": 1, "N Suppressed Reason=duplicate": 1}, finding("e4", -10, rule("fourth", runtime.High)))

	// A record that does not say when it happened has no latency.
	handle("", map[string]float64{"N Alerts": 1, "N Alerts Severity=high": 1, "N Alerts Rule=fifth": 1}, finding("e5", 0, rule("fifth", runtime.High), func(f *alert.Finding) { f.Event.Time = "yesterday" }))
}

// However many alerts a batch has, its metrics are a line for all and one for each
// severity, rule and reason.
func TestMetricsAreAFewLinesABatch(t *testing.T) {
	s := newStand(t, nil)
	var bodies []string
	for i := range 150 {
		bodies = append(bodies, finding(fmt.Sprint("e", i), -i, func(f *alert.Finding) { f.Event.Actor = fmt.Sprint("arn:aws:iam::111122223333:user/", i) }))
	}
	if failed := handle(t, s.handler, bodies...); failed != "" {
		t.Fatalf("failed %q", failed)
	}
	if n := strings.Count(s.log.String(), `"_aws"`); n != 4 { // one more for the times that have no room on the first
		t.Errorf("%d lines of metrics, want 4", n)
	}
	if got := emftest.Read(t, s.log.String(), noon)["N LatencySeconds"]; len(got) != 150 {
		t.Errorf("%d times, want one of each alert", len(got))
	}
	if got := s.metrics(t)["N Alerts Rule=rule"]; got != 150 {
		t.Errorf("%v alerts, want 150", got)
	}
}

// The key of a rule is a text in a message.
func TestHostileRuleKeysInMetrics(t *testing.T) {
	s := newStand(t, nil)
	for i, key := range []string{"Ünïcode\n", strings.Repeat("x", 5000), `","_aws":{`, " "} {
		if failed := handle(t, s.handler, finding(fmt.Sprint("e", i), 0, func(f *alert.Finding) { f.Rule.Key = key })); failed != "" {
			t.Fatalf("failed %q", failed)
		}
		if got := s.metrics(t); got["N Alerts"] != 1 || len(got) != 3 {
			t.Errorf("%.20q: %v", key, got)
		}
	}
}

// Metrics that cannot be written do not fail messages that were processed.
func TestMetricsThatCannotBeWritten(t *testing.T) {
	s := newStand(t, nil)
	s.log.write = func(line string) error {
		if strings.Contains(line, `"_aws"`) {
			return errors.New("disk full")
		}
		return nil
	}
	if failed := handle(t, s.handler, finding("e1", 0)); failed != "" || len(s.hook.received) != 1 {
		t.Errorf("failed %q, received %q", failed, s.hook.received)
	}
	if !strings.Contains(s.log.String(), "metrics not written") {
		t.Errorf("the log does not say so:\n%s", s.log)
	}
}
