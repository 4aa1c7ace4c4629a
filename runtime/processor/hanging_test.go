package processor

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// hangable is a channel that takes an alert, or never answers.
type hangable struct {
	name  string
	hangs bool
	taken *int
}

func (c hangable) Channel() string { return c.name }

func (c hangable) Notify(ctx context.Context, _ *alert.Alert) error {
	if c.hangs {
		<-ctx.Done()
		return fmt.Errorf("%w: %w", alert.ErrUnknownOutcome, ctx.Err())
	}
	*c.taken++
	return nil
}

// A message is received five times before it is given up. Channels that hang
// must not take the time of one behind them.
func TestChannelsThatHangHoldBackNoOther(t *testing.T) {
	for _, c := range []struct{ timeout, hanging int }{{3, 1}, {25, 1}, {30, 2}, {60, 3}, {60, 6}, {900, 6}} {
		t.Run(fmt.Sprintf("%d of them, a time-out of %d s", c.hanging, c.timeout), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := newTestHandler(t, nil)
				taken := 0
				var channels []alert.Notifier
				for i := range c.hanging {
					channels = append(channels, hangable{name: fmt.Sprint("hanging", i), hangs: true})
				}
				channels = append(channels, hangable{name: "well", taken: &taken})
				h.live.pipeline = alert.NewPipeline(runtime.Ruleset{}, alert.Config{Cooldown: time.Hour}, alert.Edges{Store: alert.NewMemory(time.Now), Now: time.Now, Notifiers: channels})
				for range 5 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(c.timeout)*time.Second)
					handleAs(ctx, t, h, finding("e1", 0))
					cancel()
					time.Sleep(time.Duration(6*c.timeout) * time.Second)
				}
				if taken != 1 {
					t.Errorf("the channel that is well got %d alerts in 5 receptions, want 1", taken)
				}
			})
		})
	}
}
