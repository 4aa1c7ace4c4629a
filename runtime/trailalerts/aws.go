package trailalerts

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/trailalerts/trailalerts/runtime/bucket"
	"github.com/trailalerts/trailalerts/runtime/scan"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
)

// answerTime is how long a server may take for the beginning of an answer. The
// client would wait for ever by itself.
const answerTime = time.Minute

// keptConnections is more than a scan reads from at once, so that none is closed
// only to be opened again.
const keptConnections = 64

// connect reads the AWS configuration as every tool does: environment, profile,
// single sign-on, the role of the machine. Credentials are looked for at once, so
// that their lack is told once and not of every object.
func connect(ctx context.Context) (aws.Config, error) {
	client := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = answerTime
		t.MaxIdleConnsPerHost = keptConnections
	})
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithHTTPClient(client))
	if err != nil {
		return aws.Config{}, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if config.Region == "" {
		return aws.Config{}, errors.New("no AWS region: set AWS_REGION, or region in the profile that AWS_PROFILE names")
	}
	if _, err := config.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, fmt.Errorf("no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in: %w", err)
	}
	return config, nil
}

func openBuckets(ctx context.Context) (scan.Buckets, error) {
	config, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	return bucket.Connect(config, answerTime), nil
}

// table is a table of DynamoDB as scan uses it.
type table struct{ *dynamodb.History }

// Close has nothing to end.
func (table) Close() error { return nil }

func openTable(ctx context.Context, name string, now func() time.Time, say func(string)) (scan.History, error) {
	config, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	return table{dynamodb.NewHistory(awsdynamodb.NewFromConfig(config), name, now, say)}, nil
}
