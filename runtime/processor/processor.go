// Package processor is the Lambda function behind the queue of findings. It
// decides what becomes of each finding (exceptions, duplicates, thresholds and
// correlations, severity, cooldown) and sends what is alerted to every channel
// that the environment names: SES, SNS, a webhook, Slack, Teams, PagerDuty,
// EventBridge. Without any, alerts are log lines.
//
// What it remembers is in a DynamoDB table that all instances of the function
// share. Without a table it is in the memory of the process: a restart or a second
// instance then knows nothing of it.
package processor

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Main runs the function with the exceptions and correlations of set until
// Lambda ends the process. When the configuration is wrong it writes one line
// that lists every problem and exits with status 1. Starting makes no network
// call.
func Main(set runtime.Ruleset) {
	h, err := newHandler(context.Background(), set, theWorld(os.Getenv, time.Now), os.Stdout)
	if err != nil {
		attrs := []any{"error", err}
		if wrong, ok := errors.AsType[problems](err); ok {
			attrs = []any{"error", "the configuration is wrong", "problems", []string(wrong)}
		}
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("cannot start", attrs...)
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

// newHandler reads the configuration. Lines go to out.
func newHandler(ctx context.Context, set runtime.Ruleset, w world, out io.Writer) (*handler, error) {
	c, edges, err := w.connect(ctx, set)
	if err != nil {
		return nil, err
	}
	if !c.correlations {
		set.Correlations = nil // nothing counts, and nothing silences a rule
	}
	h := &handler{lines: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: c.logLevel}), now: w.now, notifies: len(edges.Notifiers) > 0}
	if !h.notifies {
		edges.Notifiers = []alert.Notifier{h}
		h.log(ctx, slog.LevelWarn, "no channel: alerts are lines of this log")
	}
	if c.table == "" {
		h.log(ctx, slog.LevelWarn, "no table: what is remembered is lost with this process; set DYNAMODB_TABLE_NAME")
	}
	var channels []string
	for _, n := range edges.Notifiers {
		channels = append(channels, n.Channel())
	}
	h.log(ctx, slog.LevelInfo, "configured",
		slog.Any("channels", channels), slog.String("table", c.table), slog.String("min_severity", alert.SeverityName(c.minSeverity)), slog.String("cooldown", c.cooldown.String()),
		slog.Int("exceptions", len(set.Exceptions)), slog.Int("correlations", len(set.Correlations)), slog.Any("release", edges.Release))
	h.pipeline = alert.NewPipeline(set, alert.Config{
		Exceptions: set.Exceptions, MinSeverity: c.minSeverity, Cooldown: c.cooldown, AccountAliases: c.aliases,
	}, edges)
	return h, nil
}
