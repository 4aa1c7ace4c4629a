package awscall

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

func TestOutcome(t *testing.T) {
	answered := func(status int) error {
		return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: errors.New("said so")}}
	}
	for _, test := range []struct {
		sentence string
		err      error
		unknown  bool
	}{
		{"What a service refuses it has not taken.", answered(400), false},
		{"Nor what it throttles.", answered(429), false},
		{"Where it fails it may have.", answered(500), true},
		{"An answer that does not come leaves it open.", context.DeadlineExceeded, true},
		{"A connection that breaks, too.", &net.OpError{Op: "read", Err: errors.New("reset")}, true},
		{"What was never connected was not taken.", &net.OpError{Op: "dial", Err: errors.New("refused")}, false},
		{"Nor what has no address.", &net.DNSError{Err: "no such host"}, false},
	} {
		if got := errors.Is(Describe(test.err), alert.ErrUnknownOutcome); got != test.unknown {
			t.Errorf("%s %v is of unknown outcome: %v", test.sentence, test.err, got)
		}
	}
}
