package alert_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// counts writes what is new with a result.
func counts(r alert.Result) string {
	var all []string
	for _, s := range r.Suppressed {
		all = append(all, fmt.Sprintf("%s %s", s.Outcome, s.Finding))
	}
	for _, a := range r.Arrivals {
		all = append(all, fmt.Sprintf("arrived %s %s", a.Alert, a.At.Format(time.TimeOnly)))
	}
	return strings.Join(all, ", ")
}

// However often a finding comes, and whatever is left to be done each time, what
// becomes of it is counted once.
func TestWhatIsNewIsCountedOnce(t *testing.T) {
	type step struct {
		down    string // channels that refuse
		finding alert.Finding
		want    string
	}
	first := one("r", "10:00:00")
	other := numbered("other", one("r", "10:01:00"))
	for _, c := range []struct {
		name  string
		set   runtime.Ruleset
		setup func(*bench)
		steps []step
	}{
		{name: "an alert arrives when the first channel accepts it", steps: []step{
			{"", first, "arrived r//event-0 00:00:01"}, {"", first, "duplicate r//event-0"}, {"", other, "cooling_down r//other"}, {"", other, "duplicate r//other"},
		}},
		{name: "the channels that follow are no arrivals", steps: []step{
			{"webhook", first, "arrived r//event-0 00:00:01"}, {"webhook", first, ""}, {"", first, ""}, {"", first, "duplicate r//event-0"},
		}},
		{name: "neither is the one that comes first of them", steps: []step{
			{"mail", first, "arrived r//event-0 00:00:01"}, {"mail", first, ""}, {"", first, ""}, {"", first, "duplicate r//event-0"},
		}},
		{name: "what arrives nowhere is not counted until it does", steps: []step{
			{"mail webhook", first, ""}, {"mail webhook", first, ""}, {"mail", first, "arrived r//event-0 00:00:03"}, {"", first, ""},
		}},
		{name: "without any cooldown it is the same", setup: func(b *bench) { b.config.Cooldown = 0 }, steps: []step{
			{"mail", first, "arrived r//event-0 00:00:01"}, {"", first, ""}, {"", first, "duplicate r//event-0"}, {"", other, "arrived r//other 00:00:04"},
		}},
		{name: "what others held back before it could be sent is held back, once", steps: []step{
			{"mail webhook", first, ""}, {"", other, "arrived r//other 00:00:02"}, {"", first, "cooling_down r//event-0"}, {"", first, "duplicate r//event-0"},
		}},
		{name: "an exception", setup: func(b *bench) { b.config.Exceptions = []runtime.Exception{{Rule: "r", Accounts: []string{""}}} }, steps: []step{
			{"", first, "excepted r//event-0"}, {"", first, "duplicate r//event-0"},
		}},
		{name: "a severity", setup: func(b *bench) { b.config.MinSeverity = runtime.High }, steps: []step{
			{"", first, "below_severity r//event-0"}, {"", first, "duplicate r//event-0"},
		}},
		{name: "a rule that only counts, and its correlation", set: document(func(c *runtime.Correlation) { c.Condition = comparison(runtime.GreaterOrEqual, 1) }), steps: []step{
			{"mail webhook", first, "counted r//event-0"}, {"", first, "arrived corr/"}, {"", first, "duplicate r//event-0"},
		}},
		{
			name: "a correlation that is no alert", set: document(func(c *runtime.Correlation) { c.Condition = comparison(runtime.GreaterOrEqual, 1) }),
			setup: func(b *bench) { b.config.MinSeverity = runtime.Critical },
			steps: []step{{"", first, "counted r//event-0, below_severity corr/"}, {"", first, "duplicate r//event-0"}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench()
			b.set = c.set
			if c.setup != nil {
				c.setup(b)
			}
			for i, s := range c.steps {
				b.now = b.now.Add(time.Second)
				for _, channel := range []*channel{b.mail, b.webhook} {
					channel.notify = nil
					if strings.Contains(s.down, channel.name) {
						channel.notify = func(*alert.Alert) error { return errors.New("503") }
					}
				}
				result, err := b.pipeline().Process(t.Context(), s.finding)
				if failed := s.down != "" && len(result.Deliveries) > 0; (err != nil) != failed {
					t.Fatalf("step %d: %v", i, err)
				}
				got := counts(result)
				if prefix, isLong := strings.CutSuffix(s.want, "corr/"); isLong && strings.HasPrefix(got, prefix+"corr/") {
					continue // the rest is a group and a time
				}
				if diff := cmp.Diff(s.want, got); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

// Two processes have one alert in hand: it arrives with one of them.
func TestAnArrivalWithTwoProcesses(t *testing.T) {
	b := newBench()
	var second alert.Result
	b.webhook.notify = func(*alert.Alert) error {
		b.now = b.now.Add(time.Second)
		b.webhook.notify = nil
		second, _ = b.pipeline().Process(t.Context(), one("r", "10:00:00")) // finds the mail sent, the webhook claimed
		return nil
	}
	result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("arrived r//event-0 00:00:00", strings.Join(slices.DeleteFunc([]string{counts(result), counts(second)}, func(s string) bool { return s == "" }), ", ")); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}
