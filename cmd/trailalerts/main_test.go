package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/bucket/buckettest"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
	"github.com/trailalerts/trailalerts/runtime/trailalerts"
)

const stopLogging = `{"eventVersion":"1.11","eventID":"2a9c0000-0000-4000-8000-000000000001","eventName":"StopLogging","eventSource":"cloudtrail.amazonaws.com","eventTime":"%s",` +
	`"awsRegion":"us-east-1","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.1","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/alice"}}`

// environment is the AWS configuration of the test, and nothing of the machine's.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_DYNAMODB",
		"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"} {
		t.Setenv(name, "")
	}
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(home, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(home, "credentials"))
	for name, value := range variables {
		t.Setenv(name, value)
	}
	t.Chdir(home)
}

func program(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = trailalerts.Main(generated.Set, args, strings.NewReader(""), &out, &err)
	return code, out.String(), err.String()
}

func TestScanOfABucket(t *testing.T) {
	server := buckettest.New(t, map[string]map[string]string{"logs": {"a.json": `{"Records":[` + fmt.Sprintf(stopLogging, "2025-03-09T16:39:48Z") + `]}`}})
	environment(t, map[string]string{"AWS_REGION": buckettest.Region, "AWS_ENDPOINT_URL_S3": server.Endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
	code, stdout, stderr := program("scan", "--store", "alerts.db", "-f", "jsonl", "s3://logs/")
	if code != 0 || !strings.Contains(stdout, `"file":"s3://logs/a.json","record":0,`) || !strings.Contains(stderr, "scanned 1 file, 1 record ") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = program("explain-alert", "--store", "alerts.db", "2a9c0000")
	if code != 0 || !strings.Contains(stdout, "s3://logs/a.json record 0") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestTables(t *testing.T) {
	server := dynamotest.New(t, "live", "shadow")
	environment(t, map[string]string{"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_DYNAMODB": server.Endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
	record := fmt.Sprintf(stopLogging, time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	pipeline := alert.NewPipeline(generated.Set, alert.Config{}, alert.Edges{Store: dynamodb.New(dynamotest.Client(server.Endpoint), "live", time.Now), Now: time.Now})
	e := runtime.NewEvent([]byte(record))
	matched := generated.Set.Match(nil, e)
	for _, rule := range matched {
		if _, err := pipeline.Process(t.Context(), alert.NewFinding(rule, e, alert.Location{Bucket: "logs", File: "a.json"})); err != nil {
			t.Fatal(err)
		}
	}
	if len(matched) == 0 {
		t.Fatal("no rule is about StopLogging")
	}
	code, stdout, stderr := program("explain-alert", "--store", "dynamodb:live", "2a9c0000")
	if code != 0 || !strings.Contains(stdout, "s3://logs/a.json record 0") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = program("compare", "--since", "2h", "dynamodb:live", "dynamodb:shadow")
	if code != 3 || !strings.Contains(stdout, "ONLY LIVE") || !strings.Contains(stderr, "error: no verdict: shadow knows no finding") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

func TestWithoutAWS(t *testing.T) {
	credentials := map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
	tests := []struct {
		name        string
		environment map[string]string
		args        string
		want        string
	}{
		{"a bucket without a region", credentials, "scan s3://logs/", "error: no AWS region: set AWS_REGION, or region in the profile that AWS_PROFILE names\n"},
		{"a table without a region", credentials, "explain-alert --store dynamodb:alerts e", "error: no AWS region: set AWS_REGION"},
		{"a bucket without credentials", map[string]string{"AWS_REGION": "eu-central-1"}, "scan s3://logs/", "error: no AWS credentials: set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in: "},
		{"a profile that is not there", map[string]string{"AWS_PROFILE": "nope"}, "scan s3://logs/", "error: read the AWS configuration: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			environment(t, test.environment)
			code, stdout, stderr := program(strings.Fields(test.args)...)
			if code != 3 || stdout != "" || !strings.HasPrefix(stderr, test.want) {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
		})
	}
}
