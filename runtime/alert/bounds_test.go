package alert_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// patient waits until it is told to stop.
type patient struct{ waited bool }

func (p *patient) Enrich(ctx context.Context, _ *alert.Address) error {
	_, bounded := ctx.Deadline()
	p.waited = bounded
	return context.DeadlineExceeded
}

// An enricher has a time of its own, however long the caller has.
func TestEnrichmentIsBounded(t *testing.T) {
	b := newBench()
	p := &patient{}
	b.enrichers = []alert.Enricher{p}
	if result, err := b.pipeline().Process(context.Background(), one("r", "10:00:00")); err != nil || len(result.Alerts) != 1 || !p.waited {
		t.Errorf("%+v, %v; bounded %v", result, err, p.waited)
	}
}

// A group that fires again and again remembers where it has fired, and old windows
// do not fire anew.
func TestManyWindows(t *testing.T) {
	set := document(func(c *runtime.Correlation) {
		c.Condition, c.Window = comparison(runtime.GreaterOrEqual, 1), time.Second
	})
	var matches []match
	for i := range 300 {
		matches = append(matches, match{rule: "r", at: fmt.Sprintf("%02d:%02d:00", 10+i/60, i%60)})
	}
	late := matches[0]
	late.id = "late"
	if alerts := alert.Hits(set, findingsOf(append(matches, late))); len(alerts) != 300 {
		t.Errorf("%d alerts, want one a minute: 300", len(alerts))
	}
}
