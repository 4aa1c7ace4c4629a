package analyzer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseNotification(t *testing.T) {
	record := func(name, bucket, key string) string {
		return `{"eventSource":"aws:s3","eventName":"` + name + `","s3":{"bucket":{"name":"` + bucket + `"},"object":{"key":"` + key + `"}}}`
	}
	records := func(list ...string) string { return `{"Records":[` + strings.Join(list, ",") + `]}` }
	const only = "; this release accepts direct S3 notifications (Records with eventSource aws:s3)"

	for _, c := range []struct {
		name    string
		event   string
		objects string // bucket/key, comma-separated
		skips   string // bucket/key: reason
		err     string
	}{
		{name: "a notification names its objects in order", event: records(record("ObjectCreated:Put", "b", "k1"), record("ObjectCreated:CompleteMultipartUpload", "b", "k2")), objects: "b/k1, b/k2"},
		{name: "a key is decoded: + is a space, %2B is a plus, UTF-8 is put together", event: records(record("ObjectCreated:Put", "b", "a+b%2Bc/%C3%BC%20%26.json.gz")), objects: "b/a b+c/ü &.json.gz"},
		{name: "a notification written by hand needs no event name", event: records(record("", "b", "k")), objects: "b/k"},
		{name: "a key that cannot be decoded is an error, and the others stand", event: records(record("ObjectCreated:Put", "b", "100%"), record("ObjectCreated:Put", "b", "k")), objects: "b/k",
			err: `record 0 of the notification: decode the key of b/100%: invalid URL escape "%"`},
		{name: "a record without a key is an error, and the others stand", event: records(record("ObjectCreated:Put", "b", ""), record("ObjectCreated:Put", "b", "k")), objects: "b/k",
			err: `record 0 of the notification: it names no object (bucket "b", key "")`},
		{name: "a record of another shape is an error, and the others stand", event: records(`5`, record("ObjectCreated:Put", "b", "k")), objects: "b/k",
			err: `record 0 of the notification: json: cannot unmarshal number`},
		{name: "a deleted object is skipped", event: records(record("ObjectRemoved:Delete", "b", "k")), skips: "b/k: no new object: ObjectRemoved:Delete"},
		{name: "a digest is skipped by its name", event: records(record("ObjectCreated:Put", "b", "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2025/03/09/d.json.gz")), skips: "b/AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2025/03/09/d.json.gz: CloudTrail digest"},
		{name: "a digest of an organisation's trail is skipped too", event: records(record("ObjectCreated:Put", "b", "p/AWSLogs/o-1/111122223333/CloudTrail-Digest/x")), skips: "b/p/AWSLogs/o-1/111122223333/CloudTrail-Digest/x: CloudTrail digest"},
		{name: "a folder of that name elsewhere is no digest", event: records(record("ObjectCreated:Put", "b", "CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/x")), objects: "b/CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/x"},
		{name: "the test event of a new configuration is skipped", event: `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2025-03-09T16:00:00Z","Bucket":"b","RequestId":"r","HostId":"h"}`, skips: "b/: s3:TestEvent"},

		{name: "SNS is refused by name", event: `{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","Sns":{"Message":"{}"}}]}`, err: "the event is an SNS message (Records with EventSource aws:sns)" + only},
		{name: "SQS is refused by name", event: `{"Records":[{"messageId":"m","body":"{}","eventSource":"aws:sqs"},{"messageId":"n","body":"{}","eventSource":"aws:sqs"}]}`, err: "the event is a batch of SQS messages (Records with eventSource aws:sqs)" + only},
		{name: "EventBridge is refused by name", event: `{"version":"0","detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"}}}`, err: `the event is an EventBridge event with source "aws.s3" and detail-type "Object Created"` + only},
		{name: "another service is refused by name", event: `{"Records":[{"eventSource":"aws:dynamodb"}]}`, err: `the event is a JSON object whose Records have the eventSource "aws:dynamodb"` + only},
		{name: "a delivery file is refused", event: `{"Records":[{"eventVersion":"1.11"}]}`, err: "the event is a JSON object whose Records have no eventSource" + only},
		{name: "what a scheduler sends is named by its keys", event: `{"b":1,"a":2}`, err: `the event is a JSON object with the keys "a, b"` + only},
		{name: "a long list of keys is cut", event: `{"` + strings.Repeat("x", 500) + `":1}`, err: strings.Repeat("x", 80) + `…"` + only},
		{name: "no records are refused", event: `{"Records":[]}`, err: "the event is a JSON object whose Records is empty" + only},
		{name: "Records of another shape are refused", event: `{"Records":{}}`, err: "the event is a JSON object whose Records is no array" + only},
		{name: "an array is refused", event: `[1]`, err: "the event is not a JSON object" + only},
		{name: "null is refused", event: `null`, err: `the event is a JSON object with the keys ""` + only},
		{name: "a foreign record beside S3 records is refused, and the others stand", event: records(`{"eventSource":"aws:sqs"}`, record("ObjectCreated:Put", "b", "k")), objects: "b/k", err: "aws:sqs)" + only},
	} {
		t.Run(c.name, func(t *testing.T) {
			objects, skips, err := parseNotification([]byte(c.event))
			if diff := cmp.Diff(c.objects, list(objects)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			var reasons []string
			for _, s := range skips {
				reasons = append(reasons, s.String()+": "+s.reason)
			}
			if diff := cmp.Diff(c.skips, strings.Join(reasons, ", ")); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
			switch {
			case c.err == "" && err != nil:
				t.Errorf("error: %v", err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error %v, want one that says %s", err, c.err)
			}
		})
	}
}
