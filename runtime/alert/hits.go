package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// Hits returns the alerts of findings that arrive in this order, after detection,
// thresholds and correlations alone: exceptions, severity, cooldown and delivery
// are left out.
func Hits(set runtime.Ruleset, findings []Finding) []Alert {
	// Nothing expires: the time of the decision plays no part.
	now := func() time.Time { return time.Time{} }
	p := NewPipeline(set, Config{}, Edges{Store: NewMemory(now), Now: now})
	var alerts []Alert
	for _, f := range findings {
		result, err := p.Process(context.Background(), f)
		if err != nil {
			panic(fmt.Sprintf("a store in memory fails: %v", err))
		}
		alerts = append(alerts, result.Alerts...)
	}
	return alerts
}
