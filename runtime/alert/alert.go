package alert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// An Alert is what reaches a person: a finding that was decided to be alerted,
// or the hit of a correlation, which carries the rule texts of the correlation
// and the event that completed it.
type Alert struct {
	Finding
	Severity   runtime.Level `json:"severity"`
	Completed  []Completed   `json:"completed,omitempty"`  // the thresholds and correlations that it completes
	Suppressed int           `json:"suppressed,omitempty"` // alerts like it that the cooldown held back since the last one
	Why        []string      `json:"why"`                  // the decisions taken, in words, in order
	Address    *Address      `json:"address,omitempty"`    // what is known about Event.SourceIP
	Release    Release       `json:"release"`

	AccountAlias string `json:"account_alias,omitempty"` // the name of Event.AccountID, when it is known
}

// Completed is a threshold or correlation whose condition became true.
type Completed struct {
	Key         string                  `json:"key"`
	Type        runtime.CorrelationType `json:"type"`
	Title       string                  `json:"title,omitempty"`       // of a correlation document
	Description string                  `json:"description,omitempty"` // as the author wrote it
	Severity    runtime.Level           `json:"severity"`
	Group       []GroupValue            `json:"group,omitempty"`
	Start       time.Time               `json:"start"` // of the window, by eventTime
	End         time.Time               `json:"end"`
	Count       float64                 `json:"count"` // what the condition compared: events, values, rules, a sum or an average
	Condition   []runtime.Comparison    `json:"condition,omitempty"`
	Related     []Related               `json:"related"`            // the matches in the window, by time; at most relatedLimit
	Omitted     int                     `json:"omitted,omitempty"`  // how many more there were
	Cooldown    *time.Duration          `json:"cooldown,omitempty"` // until the next is alerted; nil is the configured time
}

// Threshold reports whether it counts events of one kind, and is not about
// different ones.
func (c *Completed) Threshold() bool {
	return c.Type != runtime.Temporal && c.Type != runtime.TemporalOrdered
}

// GroupValue is one part of what the matches in a window have in common.
type GroupValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Related is a match that a completed threshold or correlation goes back to.
type Related struct {
	Rule      string    `json:"rule"` // its key
	Title     string    `json:"title"`
	Time      time.Time `json:"time"`
	EventID   string    `json:"event_id"`
	EventName string    `json:"event_name"`
	AccountID string    `json:"account_id"`
	Region    string    `json:"region"`
	Actor     string    `json:"actor"`
	SourceIP  string    `json:"source_ip"`
	Location  Location  `json:"location"`
}

// Related returns the matches of all that the alert completes, each once, by
// time, without the finding itself.
func (a *Alert) Related() []Related {
	var related []Related
	for _, c := range a.Completed {
		related = append(related, c.Related...)
	}
	slices.SortStableFunc(related, func(x, y Related) int {
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(x.Location.File, y.Location.File), cmp.Compare(x.Location.Record, y.Location.Record), cmp.Compare(x.Rule, y.Rule))
	})
	return slices.CompactFunc(slices.DeleteFunc(related, func(r Related) bool {
		return r.Rule == a.Rule.Key && r.Location == a.Location
	}), func(x, y Related) bool { return x.Rule == y.Rule && x.Location == y.Location })
}

// Address is what enrichment knows about a source address. An empty field is
// not known.
type Address struct {
	IP       string   `json:"ip"`
	Country  string   `json:"country,omitempty"`
	Region   string   `json:"region,omitempty"`
	City     string   `json:"city,omitempty"`
	Network  string   `json:"network,omitempty"`  // the network in CIDR notation
	ASN      string   `json:"asn,omitempty"`      // "AS64500"
	Operator string   `json:"operator,omitempty"` // who runs the network
	VPN      *bool    `json:"vpn,omitempty"`
	Proxy    *bool    `json:"proxy,omitempty"`
	Tor      *bool    `json:"tor,omitempty"`
	Relay    *bool    `json:"relay,omitempty"`
	Sources  []string `json:"sources,omitempty"` // who says so, such as "vpnapi.io"
}

// Release says which build decided.
type Release struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Rules   string `json:"rules"` // Ruleset.Hash
}

// SeverityName returns the name of a severity in alerts: critical, high, medium,
// low or info. Rules write the last as "informational".
func SeverityName(l runtime.Level) string {
	if l == runtime.Informational {
		return "info"
	}
	return l.String()
}

// ParseSeverity returns the severity of that name; "informational" is "info".
func ParseSeverity(name string) (runtime.Level, error) {
	if name == "info" {
		return runtime.Informational, nil
	}
	level, err := runtime.ParseLevel(name)
	if err != nil {
		return 0, fmt.Errorf("unknown severity %q: use info, low, medium, high or critical", name)
	}
	return level, nil
}

// A Notifier sends alerts to one channel.
type Notifier interface {
	// Channel names the channel, uniquely among those of a deployment: "ses".
	Channel() string

	// Notify sends an alert, and returns when ctx ends at the latest. When it
	// returns nil the provider has accepted it; when it may have, the error is
	// ErrUnknownOutcome. It may be called again with the same alert then: the
	// message carries the same ID, so that the receiver can tell.
	Notify(ctx context.Context, a *Alert) error
}

// ErrUnknownOutcome: the provider was asked, and did not say whether it accepted.
var ErrUnknownOutcome = errors.New("it is not known whether it was accepted")

// An Enricher adds what is known about the source address. Fields of Address
// that are known already stay.
type Enricher interface {
	Enrich(ctx context.Context, address *Address) error
}
