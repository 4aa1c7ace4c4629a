// Package awscall says how the channels call services of AWS: which failures are
// worth another attempt, and what is told of them.
package awscall

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
)

const (
	attempts   = 3
	firstWait  = time.Second / 4
	maxMessage = 500 // characters of an error
)

// Retryer repeats only what a service certainly did not take: calls that it
// throttled, and calls that never reached it. The retries of the SDK would also
// repeat a call whose answer was lost, and a mail or a message would come twice.
func Retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Retryables = []retry.IsErrorRetryable{
			retry.NoRetryCanceledError{},
			retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes},
			retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}}, // SNS calls it "Throttled"
			retry.IsErrorRetryableFunc(notConnected),
		}
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
			wait := firstWait << (attempt - 1) // it counts from 1
			return wait/2 + rand.N(wait/2+1), nil
		})
	})
}

// notConnected knows the errors of calls that ended before there was a
// connection.
func notConnected(err error) aws.Ternary {
	var dns *net.DNSError
	var op *net.OpError
	if errors.As(err, &dns) || errors.As(err, &op) && op.Op == "dial" {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// Describe returns an error of the SDK as one line that is not too long for a
// log. A call that was made and not answered is alert.ErrUnknownOutcome.
func Describe(err error) error {
	return &described{plain.Line(err.Error(), maxMessage), err}
}

type described struct {
	text string
	err  error
}

func (d *described) Error() string { return d.text }
func (d *described) Unwrap() error { return d.err }

// Is tells the outcome: a service that refused has not taken the call; one that
// failed may have.
func (d *described) Is(target error) bool {
	if target != alert.ErrUnknownOutcome {
		return false
	}
	// The SDK makes a ResponseError of a call without an answer too; it has the
	// status 0.
	var answer *awshttp.ResponseError
	if errors.As(d.err, &answer) && answer.HTTPStatusCode() != 0 {
		return answer.HTTPStatusCode() >= 500
	}
	return notConnected(d.err) != aws.TrueTernary
}
