// Package processor is the Lambda function behind the queue of findings. It
// decides what becomes of each finding (exceptions, severity, cooldown) and
// writes those that are alerts as structured log lines.
//
// What it remembers, cooldowns and the findings already seen, lives in the
// memory of the process in this release: a restart or a second instance of the
// function knows nothing of it, and may alert again on what is cooling down or
// was alerted before. A store shared by all instances comes in a later step, and
// so do mail, SNS, webhooks, enrichment and correlation; a configuration that
// asks for any of them is refused at the start, by name.
package processor

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Main runs the function with the exceptions of set until Lambda ends the
// process. When the configuration is wrong it writes one line that lists every
// problem and exits with status 1.
func Main(set runtime.Ruleset) {
	h, err := newHandler(set, os.Getenv, os.Stdout, time.Now)
	if err != nil {
		slog.New(slog.NewJSONHandler(os.Stdout, nil)).Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

// config is what the environment says.
type config struct {
	minSeverity runtime.Level // MIN_NOTIFICATION_SEVERITY, default medium
	cooldown    time.Duration // NOTIFICATION_COOLDOWN_MINUTES, default 60
	logLevel    slog.Level    // AWS_LAMBDA_LOG_LEVEL, which Lambda sets from the function's logging configuration
}

// memoryLimit is how many bytes of history a processor without a table keeps.
const memoryLimit = 32 << 20

// maxCooldown is a year in minutes: more is a mistake.
const maxCooldown = 365 * 24 * 60

// configFrom reads the environment, where an empty variable is one that is not
// set. The error lists everything that is wrong, so that a deployment is
// repaired in one go.
func configFrom(getenv func(string) string) (config, error) {
	c := config{minSeverity: runtime.Medium, cooldown: time.Hour}
	var problems []string
	if s := getenv("MIN_NOTIFICATION_SEVERITY"); s != "" {
		level, err := alert.ParseSeverity(strings.ToLower(s))
		if err != nil {
			problems = append(problems, fmt.Sprintf("MIN_NOTIFICATION_SEVERITY: %v", err))
		}
		c.minSeverity = level
	}
	if s := getenv("NOTIFICATION_COOLDOWN_MINUTES"); s != "" {
		minutes, err := strconv.ParseUint(s, 10, 32)
		if err != nil || minutes > maxCooldown {
			problems = append(problems, fmt.Sprintf("NOTIFICATION_COOLDOWN_MINUTES: %q is no whole number from 0 to %d", s, maxCooldown))
		}
		c.cooldown = time.Duration(minutes) * time.Minute
	}
	switch getenv("AWS_LAMBDA_LOG_LEVEL") {
	case "TRACE", "DEBUG":
		c.logLevel = slog.LevelDebug
	}
	problems = append(problems, refused(getenv)...)
	if len(problems) > 0 {
		return config{}, errors.New("configuration: " + strings.Join(problems, "; "))
	}
	return c, nil
}

// refused names the settings that ask for what this release does not do. Who
// sets them waits for mails or thresholds that would never come, so the
// function does not start. Values are not repeated: some are secrets.
func refused(getenv func(string) string) []string {
	var problems []string
	for _, s := range []struct{ names, missing string }{
		{"SOURCE_EMAIL EMAIL_RECIPIENT", "mail"},
		{"SNS_TOPIC_ARN", "SNS notifications"},
		{"WEBHOOK_URL WEBHOOK_URL_SECRET_ARN WEBHOOK_HEADERS WEBHOOK_HEADERS_SECRET_ARN", "webhooks"},
		{"VPNAPI_KEY VPNAPI_KEY_SECRET_ARN", "enrichment of addresses"},
		{"DYNAMODB_TABLE_NAME", "store"},
		{"CORRELATION_ENABLED", "correlation"},
	} {
		for name := range strings.FieldsSeq(s.names) {
			value := getenv(name)
			if value == "" || name == "CORRELATION_ENABLED" && value == "false" {
				continue
			}
			problems = append(problems, fmt.Sprintf("%s is set, but this release has no %s: it writes alerts to its log", name, s.missing))
		}
	}
	return problems
}

// newHandler reads the configuration. Lines go to out.
func newHandler(set runtime.Ruleset, getenv func(string) string, out io.Writer, now func() time.Time) (*handler, error) {
	c, err := configFrom(getenv)
	if err != nil {
		return nil, err
	}
	h := &handler{lines: slog.NewJSONHandler(out, &slog.HandlerOptions{Level: c.logLevel}), now: now}
	memory := alert.NewMemory(now)
	memory.Limit = memoryLimit
	h.pipeline = alert.NewPipeline(set, alert.Config{Exceptions: set.Exceptions, MinSeverity: c.minSeverity, Cooldown: c.cooldown}, alert.Edges{
		Store: memory, Notifiers: []alert.Notifier{h}, Now: now,
	})
	return h, nil
}
