// Package analyzer is the Lambda function that S3 tells about new CloudTrail
// delivery files. It reads each file as a stream, holds every record against
// the rules that are compiled into the binary, and sends one alert.Finding per
// match to an SQS queue.
//
// It is told about files by S3, by CloudTrail or by EventBridge, directly or in
// messages of SNS and SQS, and takes the records that EventBridge carries itself
// within seconds of the call. A record that comes on both ways is one finding for
// the consumer, since its Finding.ID is the same.
//
// Findings are sent at least once: a file that could not be read to its end, or
// whose findings the queue did not all take, fails the invocation, or its message
// of a batch, so that it comes again. What was sent before is then sent again, and the consumer
// tells by Finding.ID that it has seen it.
package analyzer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/bucket"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
	"github.com/trailalerts/trailalerts/runtime/internal/lines"
	"github.com/trailalerts/trailalerts/runtime/internal/shadow"
)

// Main runs the function with the rules of set until Lambda ends the process.
// When the configuration is wrong it writes one line that lists every problem
// and exits with status 1. Starting makes no network call.
func Main(set runtime.Ruleset) {
	h, err := newHandler(context.Background(), set, os.Getenv, os.Stdout)
	if err != nil {
		slog.New(lines.NewHandler(os.Stdout, slog.LevelInfo, alert.ThisRelease(set.Hash))).Error("cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(h.handle)
}

// config is what the environment says, where an empty variable is one that is
// not set.
type config struct {
	queueURL  string     // SQS_QUEUE_URL: where findings go
	shadowURL string     // SHADOW_SQS_QUEUE_URL: where those of the alias shadow go
	prefix    string     // CLOUDTRAIL_LOG_FILTER_PREFIX: the beginning of the keys of objects that are read
	namespace string     // METRICS_NAMESPACE, default TrailAlerts
	logLevel  slog.Level // AWS_LAMBDA_LOG_LEVEL, which Lambda sets from the function's logging configuration
}

// configFrom reads the environment. The error lists everything that is wrong
// with it, so that a deployment is repaired in one go.
func configFrom(getenv func(string) string) (config, error) {
	var problems []string
	c := config{
		queueURL: getenv("SQS_QUEUE_URL"), shadowURL: getenv("SHADOW_SQS_QUEUE_URL"),
		prefix: getenv("CLOUDTRAIL_LOG_FILTER_PREFIX"), namespace: cmp.Or(getenv("METRICS_NAMESPACE"), "TrailAlerts"), logLevel: lines.Level(getenv("AWS_LAMBDA_LOG_LEVEL")),
	}
	if c.queueURL == "" {
		problems = append(problems, "SQS_QUEUE_URL is not set")
	}
	for _, queue := range []struct{ name, url string }{{"SQS_QUEUE_URL", c.queueURL}, {"SHADOW_SQS_QUEUE_URL", c.shadowURL}} {
		switch u, err := url.Parse(queue.url); {
		case queue.url == "":
		case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
			problems = append(problems, fmt.Sprintf("%s is %q, which is not the URL of a queue", queue.name, queue.url))
		case strings.HasSuffix(u.Path, ".fifo"):
			problems = append(problems, fmt.Sprintf("%s is %q, a FIFO queue; findings go to a standard queue", queue.name, queue.url))
		}
	}
	if c.shadowURL != "" && c.shadowURL == c.queueURL {
		problems = append(problems, "SHADOW_SQS_QUEUE_URL is the queue of SQS_QUEUE_URL: what is tried in the shadow would alert")
	}
	if strings.HasPrefix(c.prefix, "/") || strings.Contains(c.prefix, "://") {
		problems = append(problems, fmt.Sprintf("CLOUDTRAIL_LOG_FILTER_PREFIX is %q, which no key begins with; it is the beginning of a key, as in AWSLogs/", c.prefix))
	}
	if getenv("AWS_REGION") == "" && getenv("AWS_DEFAULT_REGION") == "" {
		problems = append(problems, "AWS_REGION is not set")
	}
	if err := emf.CheckNamespace(shadow.Namespace(c.namespace)); err != nil { // the longer one of the two
		problems = append(problems, fmt.Sprintf("METRICS_NAMESPACE: %v", err))
	}
	if len(problems) > 0 {
		return config{}, errors.New("configuration: " + strings.Join(problems, "; "))
	}
	return c, nil
}

// stallTime is how long S3 may be silent before a connection is taken for dead, as
// those are that slept through a freeze of the function.
const stallTime = 10 * time.Second

// newHandler reads the configuration and builds the AWS clients, both once for
// the life of the process. Lines and metrics go to out.
func newHandler(ctx context.Context, set runtime.Ruleset, getenv func(string) string, out io.Writer) (*handler, error) {
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
	release := alert.ThisRelease(set.Hash)
	h := &handler{
		set:     set,
		objects: bucket.Connect(aws, stallTime),
		prefix:  c.prefix, now: time.Now, out: out,
		metrics: lines.Metrics(c.namespace, c.logLevel, release),
		logger:  slog.New(lines.NewHandler(out, c.logLevel, release)),
	}
	client := sqs.NewFromConfig(aws)
	h.live = &queue{client: client, url: c.queueURL, sleep: sleep, jitter: jitter}
	if c.shadowURL != "" {
		h.shadow = &queue{client: client, url: c.shadowURL, sleep: sleep, jitter: jitter}
	}
	return h, nil
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
