package awscall

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
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

// What the SDK makes of calls that get no answer.
func TestOutcomeWithoutAnAnswer(t *testing.T) {
	stop := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") == "AWSEvents.PutEvents" {
			panic(http.ErrAbortHandler)
		}
		<-stop
	}))
	defer server.Close()
	defer close(stop)
	idle, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	idle.Close() // nobody listens there now
	client := func(endpoint string) *eventbridge.Client {
		return eventbridge.New(eventbridge.Options{
			Region: "eu-west-1", BaseEndpoint: &endpoint, Retryer: aws.NopRetryer{}, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
		})
	}
	for _, test := range []struct {
		sentence string
		call     func(ctx context.Context) error
		unknown  bool
	}{
		{"The connection breaks when the call was made.", func(ctx context.Context) error {
			_, err := client(server.URL).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{{}}})
			return err
		}, true},
		{"The time is over before the answer comes.", func(ctx context.Context) error {
			_, err := client(server.URL).ListRules(ctx, &eventbridge.ListRulesInput{})
			return err
		}, true},
		{"Nobody listens.", func(ctx context.Context) error {
			_, err := client("http://"+idle.Addr().String()).ListRules(ctx, &eventbridge.ListRulesInput{})
			return err
		}, false},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := test.call(ctx)
		cancel()
		if err == nil || errors.Is(Describe(err), alert.ErrUnknownOutcome) != test.unknown {
			t.Errorf("%s %v is of unknown outcome: %v", test.sentence, err, !test.unknown)
		}
	}
}
