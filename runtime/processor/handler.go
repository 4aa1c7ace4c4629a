package processor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

type handler struct {
	lines slog.Handler
	now   func() time.Time

	mu       sync.Mutex // Lambda can be configured to run invocations side by side
	pipeline *alert.Pipeline
	notifies bool // beside the log
}

// handle processes a batch of messages. Those that could not be processed are
// named in the response, so that SQS delivers them again, and moves them to the
// dead-letter queue when that does not help, while the others are done with.
func (h *handler) handle(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	if len(batch.Records) == 0 {
		return response, errors.New("the event has no Records; this release accepts batches of SQS messages")
	}
	for i, m := range batch.Records {
		if m.EventSource != "aws:sqs" {
			return response, fmt.Errorf("record %d of the event has the eventSource %q; this release accepts batches of SQS messages (aws:sqs)", i, clip(m.EventSource))
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range batch.Records {
		if err := h.process(ctx, m); err != nil {
			// The response carries no reason, so this line is where it is told.
			h.log(ctx, slog.LevelError, "message failed", slog.String("message_id", m.MessageId), slog.String("error", clip(err.Error())))
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response, nil
}

// process decides on one finding and sends what follows from it. What could not
// be sent fails the message, and is all that is left to be done when it comes
// again.
func (h *handler) process(ctx context.Context, m events.SQSMessage) error {
	if ctx.Err() != nil {
		return fmt.Errorf("not processed: %w", context.Cause(ctx))
	}
	finding, err := alert.ParseFinding([]byte(m.Body))
	if err != nil {
		return err
	}
	result, err := h.pipeline.Process(ctx, finding)
	about := []slog.Attr{
		slog.String("message_id", m.MessageId), slog.String("rule", finding.Rule.Key), slog.String("event_id", clip(finding.Event.ID)),
	}
	if result.Outcome != "" && len(result.Alerts) == 0 {
		h.log(ctx, slog.LevelDebug, "finding", append(about, slog.String("outcome", string(result.Outcome)), slog.Any("why", result.Why))...)
	}
	for i := range result.Alerts {
		if h.notifies && !result.Resumed {
			err = errors.Join(err, h.Notify(ctx, &result.Alerts[i]))
		}
	}
	for _, d := range result.Deliveries {
		attrs := append(about, slog.String("alert", clip(d.Alert)), slog.String("channel", d.Channel), slog.Bool("again_after_unknown_outcome", d.Again))
		switch {
		case d.Err != nil:
			h.log(ctx, slog.LevelWarn, "notification failed", append(attrs, slog.String("error", clip(d.Err.Error())))...)
		case h.notifies:
			h.log(ctx, slog.LevelInfo, "notified", attrs...)
		}
	}
	return err
}

// Channel implements alert.Notifier: without any other channel the log is where
// alerts arrive.
func (h *handler) Channel() string { return "log" }

// Notify writes an alert as one log line. It goes through the handler itself,
// which tells whether it was written, as a Logger does not.
func (h *handler) Notify(ctx context.Context, a *alert.Alert) error {
	line := slog.NewRecord(h.now(), slog.LevelInfo, "alert", 0)
	related := []string{}
	for _, r := range a.Related() {
		related = append(related, fmt.Sprintf("%s/%s/%d %s", r.Location.Bucket, r.Location.File, r.Location.Record, r.Rule))
	}
	line.AddAttrs(
		slog.String("rule", a.Rule.Key), slog.String("title", a.Rule.Title), slog.String("severity", alert.SeverityName(a.Severity)),
		slog.String("event_id", a.Event.ID), slog.String("event_time", a.Event.Time),
		slog.String("actor", a.Event.Actor), slog.String("account_id", a.Event.AccountID), slog.String("region", a.Event.Region), slog.String("source_ip", a.Event.SourceIP),
		slog.String("bucket", a.Location.Bucket), slog.String("key", a.Location.File), slog.Int("record", a.Location.Record),
		slog.Any("related", related), slog.Int("suppressed", a.Suppressed), slog.Any("why", a.Why),
	)
	if err := h.lines.Handle(ctx, line); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	return nil
}

func (h *handler) log(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	slog.New(h.lines).LogAttrs(ctx, level, message, attrs...)
}

// clip bounds what a line repeats of a text from outside.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
