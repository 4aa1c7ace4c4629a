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
	config alert.Config
	lines  slog.Handler
	now    func() time.Time

	mu     sync.Mutex // Lambda can be configured to run invocations side by side
	memory alert.Memory
	seen   *seen
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

// process decides about one finding. The alert is written before anything is
// remembered of it: a finding whose line could not be written is as if it had
// never come, and alerts when it comes again.
func (h *handler) process(ctx context.Context, m events.SQSMessage) error {
	if ctx.Err() != nil {
		return fmt.Errorf("not processed: %w", context.Cause(ctx))
	}
	finding, err := alert.ParseFinding([]byte(m.Body))
	if err != nil {
		return err
	}
	id := finding.ID()
	about := []slog.Attr{
		slog.String("message_id", m.MessageId), slog.String("rule", finding.Rule.Key), slog.String("event_id", finding.Event.ID),
	}
	if h.seen.has(id) {
		h.log(ctx, slog.LevelDebug, "finding", append(about, slog.String("outcome", "seen_before"))...)
		return nil
	}
	now := finding.Time()
	if now.IsZero() {
		now = h.now()
	}
	key := finding.CooldownKey()
	before, remembered := h.memory[key] // to be put back when the alert cannot be written
	a, decision := h.memory.Apply(finding, &h.config, now)
	if decision.Outcome == alert.Alerted {
		if err := h.write(ctx, &a); err != nil {
			delete(h.memory, key)
			if remembered {
				h.memory[key] = before
			}
			return fmt.Errorf("write the alert: %w", err)
		}
	} else {
		h.log(ctx, slog.LevelDebug, "finding", append(about, slog.String("outcome", string(decision.Outcome)), slog.Any("why", decision.Why))...)
	}
	h.seen.add(id)
	return nil
}

// write writes the line that is the alert. It goes to the slog.Handler itself,
// as a slog.Logger hides whether the line was written.
func (h *handler) write(ctx context.Context, a *alert.Alert) error {
	line := slog.NewRecord(h.now(), slog.LevelInfo, "alert", 0)
	line.AddAttrs(
		slog.String("rule", a.Rule.Key), slog.String("title", a.Rule.Title), slog.String("severity", a.Severity.String()),
		slog.String("event_id", a.Event.ID), slog.String("event_time", a.Event.Time),
		slog.String("actor", a.Event.Actor), slog.String("account_id", a.Event.AccountID), slog.String("region", a.Event.Region), slog.String("source_ip", a.Event.SourceIP),
		slog.String("bucket", a.Location.Bucket), slog.String("key", a.Location.File), slog.Int("record", a.Location.Record),
		slog.Int("suppressed", a.Suppressed), slog.Any("why", a.Why),
	)
	return h.lines.Handle(ctx, line)
}

// log writes a line that nothing depends on.
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
