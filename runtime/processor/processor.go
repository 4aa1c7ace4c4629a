// Package processor is the Lambda function behind the queue of findings. It
// decides what becomes of each finding (exceptions, duplicates, thresholds and
// correlations, severity, cooldown) and sends what is alerted to every channel
// that the environment names: SES, SNS, a webhook, Slack, Teams, PagerDuty,
// EventBridge. Without any, alerts are log lines.
//
// What it remembers is in a DynamoDB table that all instances of the function
// share. Without a table it is in the memory of the process: a restart or a second
// instance then knows nothing of it.
//
// What is invoked through the alias shadow is processed the same way beside it:
// with a table of its own, metrics in a namespace of their own, and the log as its
// only channel, so that a release can be compared with the one that alerts. It
// does not ask vpnapi.io about addresses, since the quota of the key is for alerts
// that somebody gets; no decision depends on that.
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
	"github.com/trailalerts/trailalerts/runtime/internal/lines"
	"github.com/trailalerts/trailalerts/runtime/internal/shadow"
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
		slog.New(lines.NewHandler(os.Stdout, slog.LevelInfo, alert.ThisRelease(set.Hash))).Error("cannot start", attrs...)
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

// newHandler reads the configuration. Lines and metrics go to out.
func newHandler(ctx context.Context, set runtime.Ruleset, w world, out io.Writer) (*handler, error) {
	c, live, shadowed, err := w.connect(ctx, set)
	if err != nil {
		return nil, err
	}
	if !c.correlations {
		set.Correlations = nil // nothing counts, and nothing silences a rule
	}
	release := live.Release
	all := lines.NewHandler(out, c.logLevel, release)
	newLane := func(edges alert.Edges, channel logChannel, to slog.Handler, namespace string) *lane {
		channel.lines, channel.release, channel.now = to, release, w.now
		l := &lane{
			alerts: &channel, notifies: len(edges.Notifiers) > 0, lines: to, out: out, now: w.now, turn: make(chan struct{}, 1),
			metrics: lines.Metrics(namespace, c.logLevel, release),
		}
		if !l.notifies {
			channel.level = max(channel.level, c.logLevel)
			edges.Notifiers = []alert.Notifier{l.alerts}
		}
		l.pipeline = alert.NewPipeline(set, alert.Config{
			Exceptions: set.Exceptions, MinSeverity: c.minSeverity, Cooldown: c.cooldown, AccountAliases: c.aliases,
		}, edges)
		return l
	}
	h := &handler{live: newLane(live, logChannel{name: "log", message: "alert"}, all, c.namespace)}
	if c.shadowTable != "" {
		h.shadow = newLane(shadowed, logChannel{name: "shadow", message: "shadow alert"}, all.WithAttrs([]slog.Attr{slog.Bool("shadow", true)}), shadow.Namespace(c.namespace))
	}

	if !h.live.notifies {
		h.live.log(ctx, slog.LevelWarn, "no channel: alerts are lines of this log")
	}
	if c.table == "" {
		h.live.log(ctx, slog.LevelWarn, "no table: what is remembered is lost with this process; set DYNAMODB_TABLE_NAME")
	}
	var channels, networks []string
	for _, n := range live.Notifiers {
		channels = append(channels, n.Channel())
	}
	if !h.live.notifies {
		channels = []string{h.live.alerts.Channel()}
	}
	for _, n := range c.webhookNetworks {
		networks = append(networks, n.String())
	}
	h.live.log(ctx, slog.LevelInfo, "configured",
		slog.Any("channels", channels), slog.String("table", c.table), slog.String("shadow_table", c.shadowTable), slog.Any("webhook_networks", networks), slog.String("metrics", c.namespace),
		slog.String("min_severity", alert.SeverityName(c.minSeverity)), slog.String("cooldown", c.cooldown.String()), slog.Int("exceptions", len(set.Exceptions)), slog.Int("correlations", len(set.Correlations)))
	return h, nil
}
