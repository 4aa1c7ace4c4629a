// Package analyzer is the Lambda function that S3 tells about new CloudTrail
// delivery files. It reads each file as a stream, holds every record against
// the rules that are compiled into the binary, and sends one alert.Finding per
// match to an SQS queue.
//
// This release accepts S3 notifications that reach the function directly.
// Notifications wrapped by SNS, SQS or EventBridge are refused by name.
//
// Findings are sent at least once: a file that could not be read to its end, or
// whose findings the queue did not all take, fails the invocation, so that
// Lambda repeats it. What was sent before is then sent again, and the consumer
// tells by Finding.ID that it has seen it.
package analyzer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/trailalerts/trailalerts/runtime"
)

// Main runs the function with the rules of set until Lambda ends the process.
// When the configuration is wrong it writes one line that lists every problem
// and exits with status 1. Starting makes no network call.
func Main(set runtime.Ruleset) {
	logger := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	h, err := newHandler(context.Background(), set, os.Getenv, logger)
	if err != nil {
		logger.Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

// config is what the environment says.
type config struct {
	queueURL string // SQS_QUEUE_URL: where findings go
}

// configFrom reads the environment. The error lists everything that is wrong
// with it, so that a deployment is repaired in one go.
func configFrom(getenv func(string) string) (config, error) {
	var problems []string
	c := config{queueURL: getenv("SQS_QUEUE_URL")}
	switch u, err := url.Parse(c.queueURL); {
	case c.queueURL == "":
		problems = append(problems, "SQS_QUEUE_URL is not set")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		problems = append(problems, fmt.Sprintf("SQS_QUEUE_URL is %q, which is not the URL of a queue", c.queueURL))
	case strings.HasSuffix(u.Path, ".fifo"):
		problems = append(problems, fmt.Sprintf("SQS_QUEUE_URL is %q, a FIFO queue; this release sends to a standard queue", c.queueURL))
	}
	if getenv("AWS_REGION") == "" && getenv("AWS_DEFAULT_REGION") == "" {
		problems = append(problems, "AWS_REGION is not set")
	}
	if len(problems) > 0 {
		return config{}, errors.New("configuration: " + strings.Join(problems, "; "))
	}
	return c, nil
}

// newHandler reads the configuration and builds the AWS clients, both once for
// the life of the process.
func newHandler(ctx context.Context, set runtime.Ruleset, getenv func(string) string, logger *slog.Logger) (*handler, error) {
	if set.Match == nil {
		return nil, errors.New("the ruleset has no Match: generate it with sigmagen")
	}
	for _, rule := range set.Rules {
		if _, err := rule.Level.MarshalText(); err != nil { // its findings could not be written
			return nil, fmt.Errorf("rule %s: %w", rule.Key, err)
		}
	}
	c, err := configFrom(getenv)
	if err != nil {
		return nil, err
	}
	aws, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	return &handler{
		set: set,
		objects: s3.NewFromConfig(aws, func(o *s3.Options) {
			// Old files have no checksum; a warning for each says nothing.
			o.DisableLogOutputChecksumValidationSkipped = true
		}),
		queue:  &queue{client: sqs.NewFromConfig(aws), url: c.queueURL, sleep: sleep, jitter: jitter},
		logger: logger,
	}, nil
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// jitter returns a time up to d, so that functions which failed together do
// not try again together.
func jitter(d time.Duration) time.Duration { return rand.N(d) + 1 }
