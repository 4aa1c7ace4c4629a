package alert_test

import (
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// decisionTime is later than every event of the tests.
var decisionTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newPipeline(set runtime.Ruleset, config alert.Config) *alert.Pipeline {
	now := func() time.Time { return decisionTime }
	return alert.NewPipeline(set, config, alert.Edges{Store: alert.NewMemory(now), Now: now})
}
