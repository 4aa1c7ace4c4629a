package analyzer

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// s3Record is a record of an S3 notification; the key as it stands in one.
func s3Record(name, bucket, key string) string {
	return `{"eventSource":"aws:s3","eventName":"` + name + `","s3":{"bucket":{"name":"` + bucket + `"},"object":{"key":"` + key + `"}}}`
}

func records(list ...string) string { return `{"Records":[` + strings.Join(list, ",") + `]}` }

func quoted(s string) string {
	text, _ := json.Marshal(s) // a string always has a JSON form
	return string(text)
}

// bySNS is an event as SNS hands it to a function, with one record a message.
func bySNS(messages ...string) string {
	var list []string
	for _, m := range messages {
		list = append(list, `{"EventSource":"aws:sns","EventVersion":"1.0","EventSubscriptionArn":"arn:aws:sns:eu-west-1:111122223333:t:1","Sns":{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","Subject":"Amazon S3 Notification","Message":`+quoted(m)+`}}`)
	}
	return records(list...)
}

// inSNS is a message as SNS puts it into a queue, unless delivery is raw.
func inSNS(message string) string {
	return `{"Type":"Notification","MessageId":"m","TopicArn":"arn:aws:sns:eu-west-1:111122223333:t","Message":` + quoted(message) + `,"Timestamp":"2025-03-09T16:00:00.000Z","SignatureVersion":"1","Signature":"x"}`
}

// objectCreated is S3's event as EventBridge hands it over.
func objectCreated(bucket, key string) string {
	return `{"version":"0","id":"e-1","detail-type":"Object Created","source":"aws.s3","account":"111122223333","detail":{"version":"0","bucket":{"name":"` + bucket + `"},"object":{"key":` + quoted(key) + `,"size":5},"reason":"PutObject"}}`
}

// apiCall is a record as EventBridge hands it over.
func apiCall(record string) string {
	return `{"version":"0","id":"e-1","detail-type":"AWS API Call via CloudTrail","source":"aws.iam","account":"111122223333","time":"2025-03-09T16:00:00Z","region":"us-east-1","resources":[],"detail":` + record + `}`
}

func TestUnwrap(t *testing.T) {
	put := records(s3Record("ObjectCreated:Put", "b", "k+1"))
	wrapped := put
	for range maxWrapping {
		wrapped = inSNS(wrapped)
	}
	const digest = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2025/03/09/d.json.gz"

	for _, c := range []struct {
		name    string
		event   string
		sources string // comma-separated; with the record behind it where there is one
		skips   string // bucket/key: reason, with ? where it is unknown
		err     string
	}{
		{name: "a notification names its objects in order", event: records(s3Record("ObjectCreated:Put", "b", "k1"), s3Record("ObjectCreated:CompleteMultipartUpload", "b", "k2")), sources: "b/k1, b/k2"},
		{name: "a key is decoded: + is a space, %2B is a plus, UTF-8 is put together", event: records(s3Record("ObjectCreated:Put", "b", "a+b%2Bc/%C3%BC%20%26.json.gz")), sources: "b/a b+c/ü &.json.gz"},
		{name: "a notification written by hand needs no event name", event: records(s3Record("", "b", "k")), sources: "b/k"},
		{name: "a notification comes through SNS", event: bySNS(put), sources: "b/k 1"},
		{name: "several messages of SNS are read", event: bySNS(put, records(s3Record("ObjectCreated:Put", "b", "k2"))), sources: "b/k 1, b/k2"},
		{name: "a message of SNS in a queue", event: inSNS(put), sources: "b/k 1"},
		{name: "a message of SNS in a message of SQS", event: records(`{"eventSource":"aws:sqs","body":` + quoted(inSNS(put)) + `}`), sources: "b/k 1"},
		{name: "EventBridge names an object, whose key is not encoded", event: objectCreated("b", "a+b%20c.json.gz"), sources: "b/a+b%20c.json.gz"},
		{name: "EventBridge through SNS", event: bySNS(objectCreated("b", "k")), sources: "b/k"},
		{name: "CloudTrail's own notification names files, whose keys are not encoded", event: bySNS(`{"s3Bucket":"b","s3ObjectKey":["k+1","` + digest + `"]}`), sources: "b/k+1", skips: "b/" + digest + ": no records in the folder CloudTrail-Digest"},
		{name: "a record by EventBridge is itself what is read", event: apiCall(`{"eventName":"X","recipientAccountId":"444455556666"}`), sources: `eventbridge:e-1 {"eventName":"X","recipientAccountId":"444455556666"}`},
		{name: "a record that names no account gets that of its event", event: apiCall(` {"eventName":"X"}`), sources: `eventbridge:e-1 {"recipientAccountId":"111122223333","eventName":"X"}`},
		{name: "an account that is none is not added", event: strings.Replace(apiCall(`{"eventName":"X"}`), `"111122223333"`, `"1\""`, 1), sources: `eventbridge:e-1 {"eventName":"X"}`},
		{name: "a sign-in is a record too", event: strings.Replace(apiCall(`{}`), "AWS API Call", "AWS Console Sign In", 1), sources: "eventbridge:e-1 {}"},
		{name: "the folders of CloudTrail are read", event: records(
			s3Record("ObjectCreated:Put", "b", "AWSLogs/111122223333/CloudTrail/a"), s3Record("ObjectCreated:Put", "b", "AWSLogs/111122223333/CloudTrail-Insight/b"),
			s3Record("ObjectCreated:Put", "b", "p/AWSLogs/o-1a2b3c4d5e/111122223333/CloudTrail-NetworkActivity/c"), s3Record("ObjectCreated:Put", "b", "AWSLogs/111122223333/CloudTrail-Aggregated/d")),
			sources: "b/AWSLogs/111122223333/CloudTrail/a, b/AWSLogs/111122223333/CloudTrail-Insight/b, b/p/AWSLogs/o-1a2b3c4d5e/111122223333/CloudTrail-NetworkActivity/c, b/AWSLogs/111122223333/CloudTrail-Aggregated/d"},

		{name: "the record of an event whose attempts all failed holds the event", event: `{"version":"1.0","requestContext":{"condition":"RetriesExhausted"},"requestPayload":` + put + `,"responseContext":{"statusCode":200}}`, sources: "b/k 1"},
		{name: "the detail alone of S3's event, as a transformer passes it on", event: `{"version":"0","bucket":{"name":"b"},"object":{"key":"k+1"},"reason":"PutObject"}`, sources: "b/k+1"},
		{name: "one record of S3 without its list", event: s3Record("ObjectCreated:Put", "b", "k+1"), sources: "b/k 1"},

		{name: "a record of another source than AWS is skipped: anybody may have sent it", event: strings.Replace(apiCall(`{"eventName":"X"}`), "aws.iam", "my.app", 1), skips: `?/: an EventBridge event with source "my.app" and detail-type "AWS API Call via CloudTrail"`},
		{name: "what CloudTrail says to its topic when a trail is made is skipped", event: bySNS("CloudTrail validation message."), skips: "/: CloudTrail validation message."},
		{name: "the folder that CloudTrail makes in a bucket is skipped", event: records(s3Record("ObjectCreated:Put", "b", "AWSLogs/111122223333/CloudTrail/")), skips: "b/AWSLogs/111122223333/CloudTrail/: a folder"},
		{name: "a deleted object is skipped", event: records(s3Record("ObjectRemoved:Delete", "b", "k")), skips: "b/k: no new object: ObjectRemoved:Delete"},
		{name: "a digest is skipped by its name", event: records(s3Record("ObjectCreated:Put", "b", digest)), skips: "b/" + digest + ": no records in the folder CloudTrail-Digest"},
		{name: "a digest of an organisation's trail is skipped too", event: records(s3Record("ObjectCreated:Put", "b", "p/AWSLogs/o-1a2b/111122223333/CloudTrail-Digest/x")), skips: "b/p/AWSLogs/o-1a2b/111122223333/CloudTrail-Digest/x: no records in the folder CloudTrail-Digest"},
		{name: "a digest that EventBridge names is skipped", event: objectCreated("b", digest), skips: "b/" + digest + ": no records in the folder CloudTrail-Digest"},
		{name: "a folder of that name elsewhere is no digest", event: records(s3Record("ObjectCreated:Put", "b", "CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/x")), sources: "b/CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/x"},
		{name: "another service's log in the same bucket is skipped", event: records(s3Record("ObjectCreated:Put", "b", "AWSLogs/111122223333/elasticloadbalancing/eu-west-1/x.log.gz")), skips: "b/AWSLogs/111122223333/elasticloadbalancing/eu-west-1/x.log.gz: no records in the folder elasticloadbalancing"},
		{name: "the test event of a new configuration is skipped", event: `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2025-03-09T16:00:00Z","Bucket":"b","RequestId":"r","HostId":"h"}`, skips: "b/: s3:TestEvent"},
		{name: "the test event comes through SNS too", event: bySNS(`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`), skips: "b/: s3:TestEvent"},
		{name: "another service is skipped by name, once", event: records(`{"eventSource":"aws:dynamodb"}`, `{"eventSource":"aws:dynamodb"}`), skips: `?/: a JSON object whose Records have the eventSource "aws:dynamodb"`},
		{name: "another event of EventBridge is skipped by name", event: `{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{}}`, skips: `?/: an EventBridge event with source "aws.events" and detail-type "Scheduled Event"`},
		{name: "Object Created of another source is not S3's", event: strings.Replace(objectCreated("b", "k"), "aws.s3", "my.app", 1), skips: `?/: an EventBridge event with source "my.app" and detail-type "Object Created"`},
		{name: "what the console sends to try a function is named by its keys", event: `{"key2":"b","key1":"a"}`, skips: `?/: a JSON object with the keys "key1, key2"`},
		{name: "a long list of keys is cut", event: `{"` + strings.Repeat("x", 500) + `":1}`, skips: `?/: a JSON object with the keys "` + strings.Repeat("x", 80) + `…"`},
		{name: "no records are skipped", event: records(), skips: "?/: a JSON object whose Records is empty"},
		{name: "Records of another shape are skipped", event: `{"Records":{}}`, skips: "?/: a JSON object whose Records is no array"},
		{name: "null is skipped", event: `null`, skips: `?/: a JSON object with the keys ""`},
		{name: "more envelopes than any service makes are skipped", event: wrapped, skips: "?/: an event in more than 5 envelopes"},
		{name: "a foreign record beside S3 records is skipped, and the others stand", event: records(`{"eventSource":"aws:kinesis"}`, s3Record("ObjectCreated:Put", "b", "k")), sources: "b/k", skips: `?/: a JSON object whose Records have the eventSource "aws:kinesis"`},

		{name: "a key that cannot be decoded is an error, and the others stand", event: records(s3Record("ObjectCreated:Put", "b", "100%"), s3Record("ObjectCreated:Put", "b", "k")), sources: "b/k",
			err: `record 0 of the notification: decode the key of b/100%: invalid URL escape "%"`},
		{name: "a record without a key is an error, and the others stand", event: records(s3Record("ObjectCreated:Put", "b", ""), s3Record("ObjectCreated:Put", "b", "k")), sources: "b/k",
			err: `record 0 of the notification: it names no object (bucket "b", key "")`},
		{name: "a record of another shape is an error, and the others stand", event: records(`5`, s3Record("ObjectCreated:Put", "b", "k")), sources: "b/k",
			err: `record 0 of the notification: json: cannot unmarshal number`},
		{name: "EventBridge without a key is an error", event: objectCreated("b", ""), err: `EventBridge's event e-1: it names no object (bucket "b", key "")`},
		{name: "EventBridge without a record is an error", event: apiCall("null"), err: "the detail of EventBridge's event e-1: it is not a JSON object"},
		{name: "a notification of CloudTrail without files is an error", event: `{"s3Bucket":"b","s3ObjectKey":[]}`, err: `the notification of CloudTrail names no object (bucket "b")`},
		{name: "an array is an error", event: `[1]`, err: "is not a JSON object (3 bytes)"},
		{name: "a message of SNS that is no JSON is an error, and the others stand", event: bySNS("secret", put), sources: "b/k 1", err: "is not a JSON object (6 bytes)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := unwrap([]byte(c.event))
			var sources, reasons []string
			for _, s := range w.sources {
				sources = append(sources, strings.TrimSpace(s.String()+" "+string(s.record)))
			}
			if diff := cmp.Diff(c.sources, strings.Join(sources, ", ")); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
			for _, s := range w.skips {
				mark := map[bool]string{true: "?"}[s.unknown]
				reasons = append(reasons, mark+s.bucket+"/"+s.key+": "+s.reason)
			}
			if diff := cmp.Diff(c.skips, strings.Join(reasons, ", ")); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
			switch err := w.err(); {
			case c.err == "" && err != nil:
				t.Errorf("error: %v", err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("error %v, want one that says %s", err, c.err)
			}
		})
	}
}

// Only a batch that is of SQS alone is answered message by message.
func TestMessages(t *testing.T) {
	sqs := func(id string) string { return `{"messageId":"` + id + `","body":"{}","eventSource":"aws:sqs"}` }
	for event, want := range map[string]int{
		records(sqs("m"), sqs("n")):                                2,
		records(sqs("m"), s3Record("ObjectCreated:Put", "b", "k")): 0,
		records(): 0,
		`{}`:      0, `[`: 0,
		bySNS("{}"): 0,
	} {
		batch, ok := messages([]byte(event))
		if ok != (want > 0) || ok && len(batch) != want {
			t.Errorf("%s: %d messages, %v; want %d", event, len(batch), ok, want)
		}
	}
}
