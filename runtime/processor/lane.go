package processor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
)

// A lane is what one side of the function works with, the live one or its shadow:
// neither sees what the other remembers.
type lane struct {
	pipeline *alert.Pipeline
	alerts   *logChannel // writes each alert that is decided
	notifies bool        // by other channels; else alerts is the channel
	lines    slog.Handler
	out      io.Writer // of metrics, which are lines beside the others
	metrics  emf.Batch // what those of a batch begin with
	now      func() time.Time
	turn     chan struct{} // has room for one: Lambda can be configured to run invocations side by side
}

// errNoTime says why a message was left undone.
var errNoTime = errors.New("the time of the invocation is nearly over")

// handle processes the messages one after the other, whatever becomes of one, and
// returns those that failed or that there was no time for.
func (l *lane) handle(ctx context.Context, batch []events.SQSMessage) events.SQSEventResponse {
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	working, last, cancel := timesOf(ctx)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-working.Done(): // nothing is begun below
	}
	metrics := newMetrics(l.metrics)
	left := 0
	for _, m := range batch {
		var err error
		if working.Err() != nil || !last.IsZero() && time.Now().After(last) {
			left++
			err = errNoTime
		} else {
			err = l.process(working, m, metrics)
		}
		if err != nil {
			metrics.Count(messagesFailed, 1)
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	if left > 0 {
		l.log(ctx, slog.LevelWarn, "messages not processed", slog.Int("messages", left), slog.String("reason", errNoTime.Error()))
	}
	if err := metrics.Write(l.out, l.now()); err != nil {
		l.log(ctx, slog.LevelError, "metrics not written", slog.String("error", err.Error()))
	}
	return response
}

// timesOf returns a context that ends before Lambda ends the process, so that
// there is time left to write down what was sent and to say what was not done,
// and when the last message may begin: one that is cut off may be sent twice.
func timesOf(ctx context.Context) (working context.Context, last time.Time, cancel func()) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return ctx, time.Time{}, func() {}
	}
	reserve := max(0, min(6*time.Second, time.Until(deadline)/4))
	working, cancel = context.WithDeadlineCause(ctx, deadline.Add(-reserve), errNoTime)
	return working, deadline.Add(-2 * reserve), cancel
}

// process decides on one finding and sends what follows from it. What could not
// be sent fails the message, and is all that is left to be done when it comes
// again. A message that makes the program panic fails alone.
func (l *lane) process(ctx context.Context, m events.SQSMessage, metrics *emf.Batch) (err error) {
	subject := []slog.Attr{slog.String("message_id", m.MessageId)}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a bug: panic: %v", p)
			subject = append(subject, slog.String("stack", string(debug.Stack())))
		}
		if err != nil {
			// The response carries no reason, so this line is where it is told.
			l.log(ctx, slog.LevelError, "message failed", append(subject, slog.String("error", clip(err.Error())))...)
		}
	}()
	finding, err := alert.ParseFinding([]byte(m.Body))
	if err != nil {
		return err
	}
	subject = about(m, &finding)
	result, err := l.pipeline.Process(ctx, finding)
	measure(metrics, &result)
	if result.Outcome != "" && len(result.Alerts) == 0 {
		l.log(ctx, slog.LevelDebug, "finding", append(slices.Clip(subject), slog.String("outcome", string(result.Outcome)), slog.Any("why", result.Why))...)
	}
	alerts := map[string]*alert.Alert{}
	for i := range result.Alerts {
		a := &result.Alerts[i]
		alerts[a.ID()] = a
		if l.notifies && !result.Resumed {
			err = errors.Join(err, l.alerts.Notify(ctx, a))
		}
	}
	for _, d := range result.Deliveries {
		attrs := append(about(m, &alerts[d.Alert].Finding), slog.String("alert", clip(d.Alert)), slog.String("channel", d.Channel), slog.Bool("again_after_unknown_outcome", d.Again))
		switch {
		case d.Err != nil:
			l.log(ctx, slog.LevelWarn, "notification failed", append(attrs, slog.String("error", clip(d.Err.Error())))...)
		case l.notifies:
			l.log(ctx, slog.LevelInfo, "notified", attrs...)
		}
	}
	return err
}

// about says which message and which finding or hit of a correlation a line is
// about.
func about(m events.SQSMessage, f *alert.Finding) []slog.Attr {
	return []slog.Attr{
		slog.String("message_id", m.MessageId), slog.String("rule", clip(f.Rule.Key)), slog.String("source_hash", clip(f.Rule.SourceHash)), slog.String("event_id", clip(f.Event.ID)),
	}
}

func (l *lane) log(ctx context.Context, level slog.Level, message string, attrs ...slog.Attr) {
	slog.New(l.lines).LogAttrs(ctx, level, message, attrs...)
}
