package cloudtrail_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// pack returns text as one gzip member.
func pack(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// typicalRecord is an invented event with the layout and the size of most: eventVersion first, some 60 strings, half
// of the nesting in userIdentity, identifiers that do not compress.
func typicalRecord(i int) string {
	id := func(salt uint64) uint64 { return (uint64(i)*31 + salt) * 0x9e3779b97f4a7c15 }
	return fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROA%016X:session-%d",`+
		`"arn":"arn:aws:sts::111122223333:assumed-role/deploy/session-%d","accountId":"111122223333","accessKeyId":"ASIA%016X",`+
		`"sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROA%016X","arn":"arn:aws:iam::111122223333:role/deploy",`+
		`"accountId":"111122223333","userName":"deploy"},"attributes":{"creationDate":"2025-03-09T16:%02d:%02dZ","mfaAuthenticated":"false"}}},`+
		`"eventTime":"2025-03-09T16:%02d:%02dZ","eventSource":"iam.amazonaws.com","eventName":"PutRolePolicy","awsRegion":"us-east-1",`+
		`"sourceIPAddress":"198.51.100.%d","userAgent":"aws-cli/2.15.30 Python/3.11.8 Linux/6.1.0 botocore/2.4.5",`+
		`"requestParameters":{"roleName":"role-%d","policyName":"inline","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":`+
		`[{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\"],\"Resource\":\"*\"}]}"},"responseElements":null,`+
		`"requestID":"%016x-%016x","eventID":"%016x-%016x","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,`+
		`"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3",`+
		`"cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"iam.amazonaws.com"}}`,
		id(1), i, i, id(2), id(3), i/60%60, i%60, i/60%60, i%60, i%250, i, id(4), id(5), id(6), id(7))
}

// result is what a file yielded: a line for each call of Next, and the error that ended it.
type result struct {
	lines []string
	end   error
}

// readAll drains r. A record becomes "index text", a RecordError its message.
func readAll(tb testing.TB, r *cloudtrail.Reader) result {
	tb.Helper()
	var got result
	for {
		record, err := r.Next()
		var one *cloudtrail.RecordError
		switch {
		case errors.As(err, &one):
			got.lines = append(got.lines, err.Error())
		case err != nil:
			if _, again := r.Next(); again != err {
				tb.Errorf("Next after the end: %v, want %v again", again, err)
			}
			got.end = err
			return got
		default:
			got.lines = append(got.lines, fmt.Sprintf("%d %s", record.Index, record.Raw))
		}
	}
}

// chunkReader returns at most n bytes a call.
type chunkReader struct {
	src io.Reader
	n   int
}

func (c *chunkReader) Read(p []byte) (int, error) { return c.src.Read(p[:min(c.n, len(p))]) }
