//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// A record is one of CloudTrail, and the rule of this repository that alerts on
// it.
type record struct {
	json, event string
	rule        string // "" when nothing alerts on it
}

// alert returns the ID of the alert that must follow.
func (r record) alert() string { return r.rule + "/111122223333/" + r.event }

// The records that deployments see. The first counts for a correlation, so that
// deciding on it takes more steps; the second for none.
func (d *deployment) trailStopped() record {
	return d.newRecord("cloudtrail_logging_stopped", "cloudtrail.amazonaws.com", "StopLogging")
}

func (d *deployment) recorderStopped() record {
	return d.newRecord("config_recorder_stopped", "config.amazonaws.com", "StopConfigurationRecorder")
}

func (d *deployment) bucketsListed() record {
	return d.newRecord("", "s3.amazonaws.com", "ListBuckets")
}

// newRecord returns a record of an actor of its own, so that no cooldown holds
// back its alert.
func (d *deployment) newRecord(rule, source, name string) record {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.number++
	event := fmt.Sprintf("%s-0000-4000-8000-%012d", d.name, d.number)
	return record{event: event, rule: rule, json: fmt.Sprintf(`{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:person%[1]d","arn":"arn:aws:sts::111122223333:assumed-role/operators/person%[1]d",`+
		`"accountId":"111122223333","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE%[1]d","arn":"arn:aws:iam::111122223333:role/operators-%[1]d","accountId":"111122223333","userName":"operators-%[1]d"},"attributes":{"mfaAuthenticated":"true"}}},`+
		`"eventTime":"2026-11-20T09:12:%02[2]dZ","eventSource":%[3]q,"eventName":%[4]q,"awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.24","userAgent":"aws-cli/2.19.4",`+
		`"requestParameters":{"name":"main","configurationRecorderName":"default"},"responseElements":null,"requestID":"r-%[1]d","eventID":%[5]q,"readOnly":false,"eventType":"AwsApiCall",`+
		`"managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management"}`, d.number, d.number%60, source, name, event)}
}

// mixed returns records of which every third alerts nobody.
func (d *deployment) mixed(n int) []record {
	var records []record
	for i := range n {
		records = append(records, []func() record{d.trailStopped, d.recorderStopped, d.bucketsListed}[i%3]())
	}
	return records
}

// file returns a delivery file that is not compressed.
func file(records ...record) []byte {
	var texts []string
	for _, r := range records {
		texts = append(texts, r.json)
	}
	return []byte(`{"Records":[` + strings.Join(texts, ",") + `]}`)
}

func compress(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content) // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// s3Notice is the notification of S3 about new objects.
func (d *deployment) s3Notice(keys ...string) []byte {
	var records []any
	for _, key := range keys {
		records = append(records, map[string]any{
			"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": region, "eventTime": "2026-11-20T10:05:00.000Z", "eventName": "ObjectCreated:Put",
			"userIdentity": map[string]any{"principalId": "AWS:AROAEXAMPLE:regionalDeliverySession"}, "requestParameters": map[string]any{"sourceIPAddress": "198.51.100.7"},
			"responseElements": map[string]any{"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
			"s3": map[string]any{
				"s3SchemaVersion": "1.0", "configurationId": "trail",
				"bucket": map[string]any{"name": d.bucket, "ownerIdentity": map[string]any{"principalId": "A3NL1KOZZKExample"}, "arn": "arn:aws:s3:::" + d.bucket},
				"object": map[string]any{"key": formEncoded(key), "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0055AED6DCD90281E5"},
			},
		})
	}
	return encoded(map[string]any{"Records": records})
}

// formEncoded writes a key as S3 does in notifications: a slash stays.
func formEncoded(key string) string {
	return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")
}

// snsEvent is what SNS hands to a function that is subscribed to a topic.
func snsEvent(message []byte) []byte {
	return encoded(map[string]any{"Records": []any{map[string]any{
		"EventVersion": "1.0", "EventSubscriptionArn": "arn:aws:sns:eu-west-1:000000000000:notices:1", "EventSource": "aws:sns",
		"Sns": map[string]any{
			"SignatureVersion": "1", "Timestamp": "2026-11-20T10:05:01.000Z", "Signature": "EXAMPLE", "SigningCertUrl": "EXAMPLE", "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
			"Message": string(message), "MessageAttributes": map[string]any{}, "Type": "Notification", "UnsubscribeUrl": "EXAMPLE", "TopicArn": "arn:aws:sns:eu-west-1:000000000000:notices", "Subject": "Amazon S3 Notification",
		},
	}}})
}

// objectCreated is the event of EventBridge about a new object. The key is as it
// is.
func (d *deployment) objectCreated(key string) []byte {
	return eventBridge("aws.s3", "Object Created", map[string]any{
		"version": "0", "bucket": map[string]any{"name": d.bucket}, "object": map[string]any{"key": key, "size": 1024, "etag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0055AED6DCD90281E5"},
		"request-id": "C3D13FE58DE4C810", "requester": "cloudtrail.amazonaws.com", "source-ip-address": "198.51.100.7", "reason": "PutObject",
	})
}

// viaCloudTrail is the event of EventBridge that carries a record itself.
func viaCloudTrail(r record) []byte {
	return eventBridge("aws.cloudtrail", "AWS API Call via CloudTrail", json.RawMessage(r.json))
}

func eventBridge(source, kind string, detail any) []byte {
	return encoded(map[string]any{
		"version": "0", "id": "17793124-05d4-b198-2fde-7ededc63b103", "detail-type": kind, "source": source, "account": "111122223333", "time": "2026-11-20T10:05:00Z", "region": region,
		"resources": []string{}, "detail": detail,
	})
}

// delivered is CloudTrail's own notice, by SNS, of the files that it has written.
func (d *deployment) delivered(keys ...string) []byte {
	return encoded(map[string]any{"s3Bucket": d.bucket, "s3ObjectKey": keys})
}

// testEvent is what S3 sends when notifications are configured.
func (d *deployment) testEvent() []byte {
	return encoded(map[string]any{"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-11-20T10:00:00.000Z", "Bucket": d.bucket, "RequestId": "5582815E1AEA5ADF", "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR"})
}

func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of texts and numbers can be written
	}
	return b
}

// text returns the value of an attribute of a table.
func text(v types.AttributeValue) string {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case *types.AttributeValueMemberN:
		return v.Value
	}
	return ""
}
