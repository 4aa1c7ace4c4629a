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
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("cannot start", "error", err)
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
	h := &handler{lines: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: c.logLevel}), now: w.now, notifies: len(edges.Notifiers) > 0}
	if !h.notifies {
		edges.Notifiers = []alert.Notifier{h}
	}
	if c.table == "" {
		h.log(ctx, slog.LevelWarn, "no table: what is remembered is lost with this process; set DYNAMODB_TABLE_NAME")
	}
	set.Correlations = c.enabled(set.Correlations)
	h.pipeline = alert.NewPipeline(set, alert.Config{
		Exceptions: set.Exceptions, MinSeverity: c.minSeverity, Cooldown: c.cooldown, AccountAliases: c.aliases,
	}, edges)
	return h, nil
}
