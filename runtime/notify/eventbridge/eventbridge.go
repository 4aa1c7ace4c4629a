// Package eventbridge puts alerts on an EventBridge bus, for rules that start
// other things.
//
// An event has the source "trailalerts", the detail-type "TrailAlerts Alert" and
// the JSON of package payload as its detail. Rules can match detail.severity,
// detail.rule.key, detail.account and whatever the record has. Events may come
// twice; both then have the same detail.alert_id.
package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/awscall"
	"github.com/trailalerts/trailalerts/runtime/notify/payload"
)

const (
	channel    = "eventbridge"
	source     = "trailalerts"
	detailType = "TrailAlerts Alert"

	// maxEntry is what an entry must stay below, and 14 what its time counts for.
	// EventBridge takes 1 MiB by now; the targets of rules take this much.
	maxEntry  = 256 << 10
	maxDetail = maxEntry - 1 - len(source) - len(detailType) - 14
)

// Client is what is needed of EventBridge.
type Client interface {
	PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, options ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error)
}

// Config says where alerts go.
type Config struct {
	Bus string           // the name or the ARN of the bus
	Now func() time.Time // nil is time.Now
}

// Notifier is the EventBridge channel.
type Notifier struct {
	client  Client
	bus     string
	now     func() time.Time
	retryer aws.Retryer
}

var _ alert.Notifier = (*Notifier)(nil)

var busForm = regexp.MustCompile(`^(arn:aws[\w-]*:events:[a-z0-9-]+:\d{12}:event-bus/)?([/.\-_A-Za-z0-9]+)$`) // its name of at most maxBusName bytes

const maxBusName = 256

func isBus(bus string) bool {
	parts := busForm.FindStringSubmatch(bus)
	return parts != nil && len(parts[2]) <= maxBusName
}

// New returns the channel. The error says what is wrong with the name of the bus.
func New(client Client, c Config) (*Notifier, error) {
	n := &Notifier{client: client, bus: c.Bus, now: c.Now, retryer: awscall.Retryer()}
	switch {
	case c.Bus == "":
		return nil, errors.New(channel + ": it has no bus")
	case !isBus(c.Bus):
		return nil, fmt.Errorf("%s: %q is neither the name nor the ARN of a bus", channel, c.Bus)
	}
	if n.now == nil {
		n.now = time.Now
	}
	return n, nil
}

// Channel returns "eventbridge".
func (n *Notifier) Channel() string { return channel }

// Notify puts an alert on the bus. It returns nil when EventBridge took the
// event. The call as a whole succeeds also when its entry did not.
func (n *Notifier) Notify(ctx context.Context, a *alert.Alert) error {
	if err := n.send(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", channel, err)
	}
	return nil
}

func (n *Notifier) send(ctx context.Context, a *alert.Alert) error {
	now := n.now()
	detail, err := payload.JSON(a, now, maxDetail)
	if err != nil {
		return err
	}
	out, err := n.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{
		EventBusName: &n.bus, Source: aws.String(source), DetailType: aws.String(detailType), Detail: aws.String(string(detail)), Time: &now,
	}}}, func(o *eventbridge.Options) { o.Retryer = n.retryer })
	if err != nil {
		return awscall.Describe(err)
	}
	if len(out.Entries) != 1 {
		return fmt.Errorf("the answer is about %d entries, not one: %w", len(out.Entries), alert.ErrUnknownOutcome)
	}
	entry := out.Entries[0]
	if out.FailedEntryCount != 0 || entry.ErrorCode != nil || aws.ToString(entry.EventId) == "" {
		return fmt.Errorf("the entry failed: %s: %s", plain.Line(aws.ToString(entry.ErrorCode), 100), plain.Line(aws.ToString(entry.ErrorMessage), 300))
	}
	return nil
}
