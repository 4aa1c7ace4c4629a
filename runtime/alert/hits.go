package alert

import (
	"context"
	"fmt"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// Replay returns what becomes of findings that arrive in this order, one Result
// a finding, after detection, thresholds and correlations alone: exceptions,
// severity, cooldown and delivery are left out.
func Replay(set runtime.Ruleset, findings []Finding) []Result {
	// Nothing expires: the time of the decision plays no part.
	now := func() time.Time { return time.Time{} }
	p := NewPipeline(set, Config{}, Edges{Store: NewMemory(now), Now: now})
	results := make([]Result, len(findings))
	for i, f := range findings {
		result, err := p.Process(context.Background(), f)
		if err != nil {
			panic(fmt.Sprintf("a store in memory fails: %v", err))
		}
		results[i] = result
	}
	return results
}

// Hits returns the alerts of a Replay.
func Hits(set runtime.Ruleset, findings []Finding) []Alert {
	var alerts []Alert
	for _, result := range Replay(set, findings) {
		alerts = append(alerts, result.Alerts...)
	}
	return alerts
}
