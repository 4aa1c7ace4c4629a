// Package pagerduty triggers incidents by PagerDuty's Events API v2.
//
// The dedup_key of an event is the id of its alert, or "sha256:" and its hash
// where that is too long, so that an alert that is sent twice adds to its
// incident.
package pagerduty

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/PagerDuty/go-pagerduty"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/brief"
	"github.com/trailalerts/trailalerts/runtime/notify/payload"
	"github.com/trailalerts/trailalerts/runtime/report"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

const (
	channel = "pagerduty"

	// DefaultURL takes the events of accounts in the US service region.
	DefaultURL = "https://events.pagerduty.com/v2/enqueue"

	// Limits of the Events API. The details are JSON inside of the event, of which
	// the rest has at most some tens of KB.
	maxSummary = 1024
	maxKey     = 255
	maxEvent   = 512 << 10
	maxDetails = 400 << 10
	maxField   = 250
	keyLength  = 32
)

// Config says where alerts go.
type Config struct {
	RoutingKey *secret.Setting  // of an integration of the kind "Events API v2": 32 letters and digits
	URL        string           // "" is DefaultURL; that of the EU service region is https://events.eu.pagerduty.com/v2/enqueue
	Now        func() time.Time // nil is time.Now
}

// Notifier is the PagerDuty channel.
type Notifier struct {
	client *egress.Client
	url    *url.URL
	key    *secret.Setting
	now    func() time.Time
}

var _ alert.Notifier = (*Notifier)(nil)

// New returns the channel. The error lists everything that is wrong.
func New(client *egress.Client, c Config) (*Notifier, error) {
	n := &Notifier{client: client, key: c.RoutingKey, now: c.Now}
	if n.now == nil {
		n.now = time.Now
	}
	var err error
	var problems []string
	if n.url, err = egress.ParseURL(cmp.Or(c.URL, DefaultURL)); err != nil {
		problems = append(problems, fmt.Sprintf("URL: %v", err))
	}
	if c.RoutingKey == nil {
		problems = append(problems, "it has no routing key")
	} else if value, atHand := c.RoutingKey.AtHand(); atHand {
		if err := checkKey(value); err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", c.RoutingKey.Name(), err))
		}
	}
	if len(problems) > 0 {
		return nil, errors.New(channel + ": " + strings.Join(problems, "; "))
	}
	return n, nil
}

func checkKey(value secret.Value) error {
	text := value.Reveal()
	wrong := func(r rune) bool { return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }
	if len(text) != keyLength || strings.ContainsFunc(text, wrong) {
		return fmt.Errorf("it is no routing key, which has %d letters and digits", keyLength)
	}
	return nil
}

// Channel returns "pagerduty".
func (n *Notifier) Channel() string { return channel }

// Notify sends an alert. It returns nil when PagerDuty took the event.
func (n *Notifier) Notify(ctx context.Context, a *alert.Alert) error {
	if err := n.send(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", channel, err)
	}
	return nil
}

func (n *Notifier) send(ctx context.Context, a *alert.Alert) error {
	key, err := n.key.Get(ctx)
	if err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return fmt.Errorf("%s: %w", n.key.Name(), err)
	}
	body, err := event(a, key, n.now())
	if err != nil {
		return err
	}
	// The client of the library drops what PagerDuty says about a wrong event, and
	// reads answers of any size; its types are what is used.
	answer, err := n.client.Send(ctx, egress.Request{
		Method: http.MethodPost, URL: n.url, Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Repeatable: true, Secrets: []string{key.Reveal()},
	})
	if err != nil {
		return err
	}
	var said pagerduty.V2EventResponse
	if err := json.Unmarshal(answer.Body, &said); err != nil {
		return fmt.Errorf("answered %d, but not success: %s: %w", answer.Status, answer.Message, alert.ErrUnknownOutcome)
	}
	if said.Status != "success" {
		return fmt.Errorf("answered %d, but not success: %s", answer.Status, answer.Message)
	}
	return nil
}

// event returns the JSON of the event about an alert.
func event(a *alert.Alert, key secret.Value, now time.Time) ([]byte, error) {
	details, err := payload.JSON(a, now, maxDetails)
	if err != nil {
		return nil, err
	}
	e := pagerduty.V2Event{
		RoutingKey: key.Reveal(),
		Action:     "trigger",
		DedupKey:   plain.Key(a.ID(), maxKey),
		Client:     "TrailAlerts",
		Payload: &pagerduty.V2Payload{
			Summary:   plain.Line(report.Subject(a), maxSummary),
			Source:    cmp.Or(plain.Line(a.Event.AccountID, maxField), "AWS"),
			Severity:  severity(a.Severity),
			Component: plain.Line(a.Event.Source, maxField),
			Group:     plain.Line(a.Event.Region, maxField),
			Class:     plain.Line(a.Rule.Key, maxField),
			Details:   json.RawMessage(details),
		},
	}
	if at := a.Time(); !at.IsZero() {
		e.Payload.Timestamp = at.UTC().Format(time.RFC3339)
	}
	for _, link := range brief.Of(a).Links {
		e.Links = append(e.Links, map[string]string{"href": link.URL, "text": link.Title})
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // a record with much markup would grow beyond the limit
	if err := encoder.Encode(e); err != nil {
		return nil, fmt.Errorf("write alert %s: %w", a.ID(), err)
	}
	if body.Len() > maxEvent {
		return nil, fmt.Errorf("write alert %s: it has %d bytes, and %d are the most", a.ID(), body.Len(), maxEvent)
	}
	return body.Bytes(), nil
}

// severity returns what PagerDuty calls a severity.
func severity(level runtime.Level) string {
	switch level {
	case runtime.Critical:
		return "critical"
	case runtime.High:
		return "error"
	case runtime.Medium:
		return "warning"
	default:
		return "info"
	}
}
