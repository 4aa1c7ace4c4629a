package analyzer

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// object names one S3 object.
type object struct {
	bucket, key string
}

func (o object) String() string { return o.bucket + "/" + o.key }

// A skipped notification is one that there is nothing to read for, by design.
type skipped struct {
	object
	reason string
}

// parseNotification returns the objects that an S3 notification announces. An
// error may come beside objects: it is about some records of the notification,
// and the others stand.
func parseNotification(event []byte) (objects []object, skips []skipped, err error) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(event, &top); err != nil {
		return nil, nil, refuse("not a JSON object")
	}
	switch {
	case text(top["Event"]) == "s3:TestEvent":
		return nil, []skipped{{object{bucket: text(top["Bucket"])}, "s3:TestEvent"}}, nil
	case top["Records"] != nil:
		return parseRecords(top["Records"])
	case top["detail-type"] != nil:
		return nil, nil, refuse(fmt.Sprintf("an EventBridge event with source %q and detail-type %q", clip(text(top["source"])), clip(text(top["detail-type"]))))
	default:
		keys := strings.Join(slices.Sorted(maps.Keys(top)), ", ")
		return nil, nil, refuse(fmt.Sprintf("a JSON object with the keys %q", clip(keys)))
	}
}

func parseRecords(list json.RawMessage) (objects []object, skips []skipped, err error) {
	var records []json.RawMessage
	if err := json.Unmarshal(list, &records); err != nil {
		return nil, nil, refuse("a JSON object whose Records is no array")
	}
	if len(records) == 0 {
		return nil, nil, refuse("a JSON object whose Records is empty")
	}
	var foreign error
	var errs []error
	for i, record := range records {
		// Keys are matched whatever their case, so this reads the EventSource of SNS too.
		var r struct {
			EventSource string `json:"eventSource"`
			EventName   string `json:"eventName"`
			S3          struct {
				Bucket struct {
					Name string `json:"name"`
				} `json:"bucket"`
				Object struct {
					Key string `json:"key"`
				} `json:"object"`
			} `json:"s3"`
		}
		if err := json.Unmarshal(record, &r); err != nil {
			errs = append(errs, fmt.Errorf("record %d of the notification: %w", i, err))
			continue
		}
		if r.EventSource != "aws:s3" {
			if foreign == nil {
				foreign = refuse(sourceName(r.EventSource))
			}
			continue
		}
		// The key is form-encoded: + is a space, and %2B a plus sign.
		key, err := url.QueryUnescape(r.S3.Object.Key)
		o := object{r.S3.Bucket.Name, key}
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("record %d of the notification: decode the key of %s/%s: %w", i, o.bucket, r.S3.Object.Key, err))
		case o.bucket == "" || o.key == "":
			errs = append(errs, fmt.Errorf("record %d of the notification: it names no object (bucket %q, key %q)", i, o.bucket, o.key))
		case r.EventName != "" && !strings.HasPrefix(r.EventName, "ObjectCreated:"):
			skips = append(skips, skipped{o, "no new object: " + clip(r.EventName)})
		case isDigest(o.key):
			skips = append(skips, skipped{o, "CloudTrail digest"})
		default:
			objects = append(objects, o)
		}
	}
	return objects, skips, errors.Join(append(errs, foreign)...)
}

// refuse says that the event is of a kind that this release does not read. The
// invocation fails with it: an event that is skipped in silence would be a file
// that nobody looks at.
func refuse(saw string) error {
	return fmt.Errorf("the event is %s; this release accepts direct S3 notifications (Records with eventSource aws:s3)", saw)
}

func sourceName(eventSource string) string {
	switch eventSource {
	case "aws:sns":
		return "an SNS message (Records with EventSource aws:sns)"
	case "aws:sqs":
		return "a batch of SQS messages (Records with eventSource aws:sqs)"
	case "":
		return "a JSON object whose Records have no eventSource"
	default:
		return fmt.Sprintf("a JSON object whose Records have the eventSource %q", clip(eventSource))
	}
}

// isDigest reports whether a key is that of a digest file:
// [prefix/]AWSLogs/[o-org/]account/CloudTrail-Digest/region/…
func isDigest(key string) bool {
	parts := strings.Split(key, "/")
	for i, part := range parts {
		if part == "AWSLogs" && slices.Contains(parts[i+1:min(i+4, len(parts))], "CloudTrail-Digest") {
			return true
		}
	}
	return false
}

// text returns the string that raw holds, and "" when it holds none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// clip bounds what an error repeats of a text from outside.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
