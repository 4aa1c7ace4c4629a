package processor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A logChannel writes each alert as a line of the log: "log", where alerts arrive
// without any other channel, and "shadow", where they would have.
type logChannel struct {
	name    string
	message string // of its lines
	lines   slog.Handler
	level   slog.Level // at least that of the log where the line is all that there is of an alert
	release alert.Release
	now     func() time.Time
}

var _ alert.Notifier = (*logChannel)(nil)

// Channel implements alert.Notifier.
func (c *logChannel) Channel() string { return c.name }

// Notify writes an alert as one log line. It goes through the handler itself,
// which tells whether it was written, as a Logger does not.
func (c *logChannel) Notify(ctx context.Context, a *alert.Alert) error {
	if !c.lines.Enabled(ctx, c.level) {
		return nil
	}
	line := slog.NewRecord(c.now(), c.level, c.message, 0)
	related := []string{}
	for _, r := range a.Related() {
		related = append(related, fmt.Sprintf("%s/%s/%d %s", r.Location.Bucket, r.Location.File, r.Location.Record, r.Rule))
	}
	line.AddAttrs(
		slog.String("alert", a.ID()), slog.String("rule", a.Rule.Key), slog.String("source_hash", a.Rule.SourceHash), slog.String("title", a.Rule.Title), slog.String("severity", alert.SeverityName(a.Severity)),
		slog.String("event_id", a.Event.ID), slog.String("event_time", a.Event.Time),
		slog.String("actor", a.Event.Actor), slog.String("account_id", a.Event.AccountID), slog.String("region", a.Event.Region), slog.String("source_ip", a.Event.SourceIP),
		slog.String("bucket", a.Location.Bucket), slog.String("key", a.Location.File), slog.Int("record", a.Location.Record),
		slog.Any("related", related), slog.Int("suppressed", a.Suppressed), slog.Any("why", a.Why),
	)
	if a.Release != c.release { // it was decided before this release was there
		line.AddAttrs(slog.Any("decided_by", a.Release))
	}
	if err := c.lines.Handle(ctx, line); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	return nil
}
