package processor

import (
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
)

// The metrics of the function. All but the last are counts.
const (
	alertsDelivered = "Alerts"         // that were delivered to a first channel; also by Severity, and by Rule
	suppressed      = "Suppressed"     // findings, and hits of correlations, that were decided to be no alert; also by Reason, an alert.Outcome
	notifyFailed    = "NotifyFailed"   // attempts to send an alert to a channel; also by Channel
	messagesFailed  = "MessagesFailed" // that come again, also those that another instance has in hand or that there was no time for
	latency         = "LatencySeconds" // of each alert, from its event to its delivery
)

// newMetrics returns the metrics of a batch in which nothing has happened: an
// alarm on a metric needs its zeros.
func newMetrics(of emf.Batch) *emf.Batch {
	for _, name := range []string{alertsDelivered, suppressed, notifyFailed, messagesFailed} {
		of.Count(name, 0)
	}
	return &of
}

// measure adds what is new with a result. An alert counts when it is delivered,
// not when it is decided: what no channel takes is NotifyFailed, as often as it is
// tried, and an alert once it arrives. Those that follow in other channels, and
// findings that come again, add nothing but a duplicate.
func measure(metrics *emf.Batch, r *alert.Result) {
	for _, s := range r.Suppressed {
		metrics.Count(suppressed, 1, emf.Dimension{Name: "Reason", Value: string(s.Outcome)})
	}
	for _, d := range r.Deliveries {
		if d.Err != nil {
			metrics.Count(notifyFailed, 1, emf.Dimension{Name: "Channel", Value: d.Channel})
		}
	}
	arrivals := map[string]time.Time{}
	for _, arrival := range r.Arrivals {
		arrivals[arrival.Alert] = arrival.At
	}
	for i := range r.Alerts {
		a := &r.Alerts[i]
		at, arrived := arrivals[a.ID()]
		if !arrived {
			continue
		}
		metrics.Count(alertsDelivered, 1, emf.Dimension{Name: "Severity", Value: alert.SeverityName(a.Severity)}, emf.Dimension{Name: "Rule", Value: a.Rule.Key})
		if happened := a.Time(); !happened.IsZero() { // the record may not say
			metrics.Seconds(latency, max(0, at.Sub(happened)))
		}
	}
}
