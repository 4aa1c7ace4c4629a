package analyzer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// A source is something that holds records: an object in S3, or the record that
// an EventBridge event carries.
type source struct {
	bucket string // "" for a record by EventBridge
	key    string // for a record by EventBridge "eventbridge:" and the ID of the event
	record []byte // by EventBridge; nil for an object
}

func (s source) String() string {
	if s.bucket == "" {
		return s.key
	}
	return s.bucket + "/" + s.key
}

// A skip is a part of an event that there is nothing to read for.
type skip struct {
	bucket, key string // where it names an object
	reason      string
	unknown     bool // it is no part of what this function is meant to receive
}

// work is what an event asks for, whatever it was wrapped in.
type work struct {
	sources []source
	skips   []skip
	errs    []error // parts that should lead to records and do not
}

func (w *work) err() error { return errors.Join(w.errs...) }

func (w *work) errorf(format string, values ...any) {
	w.errs = append(w.errs, fmt.Errorf(format, values...))
}

func (w *work) unknown(format string, values ...any) {
	w.skips = append(w.skips, skip{reason: fmt.Sprintf(format, values...), unknown: true})
}

// maxWrapping is how many envelopes may be around a notification: S3 in SNS in
// SQS is three. More is not what any service sends.
const maxWrapping = 5

// An sqsMessage is one of the batch that Lambda takes from a queue.
type sqsMessage struct {
	MessageID   string `json:"messageId"`
	Body        string `json:"body"`
	EventSource string `json:"eventSource"`
}

// messages returns the batch when the event is one of SQS. Each of its messages
// succeeds or fails for itself.
func messages(event []byte) (batch []sqsMessage, ok bool) {
	var top struct{ Records []sqsMessage }
	if json.Unmarshal(event, &top) != nil || len(top.Records) == 0 {
		return nil, false
	}
	return top.Records, !slices.ContainsFunc(top.Records, func(m sqsMessage) bool { return m.EventSource != "aws:sqs" })
}

// unwrap returns the sources that an event leads to. It reads the notifications
// of S3, those of CloudTrail about delivered files, and the events of
// EventBridge, by themselves or in messages of SNS and SQS.
//
// What it does not know is skipped with a reason, since it would not be known the
// next time either. What should name an object and does not is an error beside
// which the others stand: it may stand for a file.
func unwrap(event []byte) work {
	var w work
	w.unwrap(event, maxWrapping)
	return w
}

func (w *work) unwrap(event []byte, depth int) {
	var top map[string]json.RawMessage
	if err := json.Unmarshal(event, &top); err != nil {
		if string(bytes.TrimSpace(event)) == validation {
			w.skips = append(w.skips, skip{reason: validation})
			return
		}
		w.errorf("the event, or what it wraps, is not a JSON object (%d bytes)", len(event))
		return
	}
	switch {
	case depth == 0:
		w.unknown("an event in more than %d envelopes", maxWrapping)
	case text(top["Event"]) == "s3:TestEvent":
		w.skips = append(w.skips, skip{bucket: text(top["Bucket"]), reason: "s3:TestEvent"})
	case top["Records"] != nil:
		w.records(top["Records"], depth)
	case top["detail-type"] != nil:
		w.eventBridge(event)
	case top["requestPayload"] != nil: // of the record that Lambda sends about an event whose attempts all failed
		w.unwrap(top["requestPayload"], depth-1)
	case text(top["Type"]) == "Notification" && top["Message"] != nil:
		w.unwrap([]byte(text(top["Message"])), depth-1)
	case top["s3Bucket"] != nil && top["s3ObjectKey"] != nil:
		w.delivered(event)
	case top["bucket"] != nil && top["object"] != nil: // an event of EventBridge without its envelope
		w.objectCreated("the detail of EventBridge's event", event)
	case top["s3"] != nil: // a record of S3 without its list
		w.records(fmt.Appendf(nil, "[%s]", event), depth)
	default:
		w.unknown("a JSON object with the keys %q", clip(strings.Join(slices.Sorted(maps.Keys(top)), ", ")))
	}
}

// records goes through the Records of S3, SNS or SQS.
func (w *work) records(list json.RawMessage, depth int) {
	var records []json.RawMessage
	if err := json.Unmarshal(list, &records); err != nil {
		w.unknown("a JSON object whose Records is no array")
		return
	}
	if len(records) == 0 {
		w.unknown("a JSON object whose Records is empty")
		return
	}
	foreign := map[string]bool{}
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
			SNS struct {
				Message string `json:"Message"`
			} `json:"Sns"`
			Body string `json:"body"`
		}
		if err := json.Unmarshal(record, &r); err != nil {
			w.errorf("record %d of the notification: %w", i, err)
			continue
		}
		switch r.EventSource {
		case "aws:s3":
			// The key is form-encoded: + is a space, and %2B a plus sign.
			key, err := url.QueryUnescape(r.S3.Object.Key)
			switch {
			case err != nil:
				w.errorf("record %d of the notification: decode the key of %s/%s: %w", i, r.S3.Bucket.Name, r.S3.Object.Key, err)
			case r.EventName != "" && !strings.HasPrefix(r.EventName, "ObjectCreated:"):
				w.skips = append(w.skips, skip{bucket: r.S3.Bucket.Name, key: key, reason: "no new object: " + clip(r.EventName)})
			default:
				w.object(fmt.Sprintf("record %d of the notification", i), r.S3.Bucket.Name, key)
			}
		case "aws:sns":
			w.unwrap([]byte(r.SNS.Message), depth-1)
		case "aws:sqs":
			w.unwrap([]byte(r.Body), depth-1)
		default:
			if !foreign[r.EventSource] {
				w.unknown("a JSON object whose Records have the eventSource %q", clip(r.EventSource))
			}
			foreign[r.EventSource] = true
		}
	}
}

// delivered reads what CloudTrail publishes to its own SNS topic about a file.
// Its keys are not encoded.
func (w *work) delivered(event []byte) {
	var notice struct {
		S3Bucket    string   `json:"s3Bucket"`
		S3ObjectKey []string `json:"s3ObjectKey"`
	}
	if err := json.Unmarshal(event, &notice); err != nil {
		w.errorf("the notification of CloudTrail: %w", err)
		return
	}
	if len(notice.S3ObjectKey) == 0 {
		w.errorf("the notification of CloudTrail names no object (bucket %q)", notice.S3Bucket)
	}
	for _, key := range notice.S3ObjectKey {
		w.object("the notification of CloudTrail", notice.S3Bucket, key)
	}
}

// viaCloudTrail ends the detail-type of events that carry a CloudTrail record:
// API calls, console sign-ins, service events, insights. Only AWS can send events
// whose source begins with "aws."; what says so from any other source is somebody's
// own, and would be a way to forge records.
const viaCloudTrail = " via CloudTrail"

// validation is what CloudTrail publishes to its topic when a trail is made or
// changed.
const validation = "CloudTrail validation message."

// objectCreated reads the detail of S3's event. Its key is not encoded.
func (w *work) objectCreated(where string, event []byte) {
	var detail struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key string `json:"key"`
		} `json:"object"`
	}
	if err := json.Unmarshal(event, &detail); err != nil {
		w.errorf("%s: %w", where, err)
		return
	}
	w.object(where, detail.Bucket.Name, detail.Object.Key)
}

func (w *work) eventBridge(event []byte) {
	var e struct {
		ID         string          `json:"id"`
		Source     string          `json:"source"`
		DetailType string          `json:"detail-type"`
		Account    string          `json:"account"`
		Detail     json.RawMessage `json:"detail"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		w.errorf("the event of EventBridge: %w", err)
		return
	}
	switch {
	case e.Source == "aws.s3" && e.DetailType == "Object Created":
		w.objectCreated("EventBridge's event "+clip(e.ID), e.Detail)
	case strings.HasPrefix(e.Source, "aws.") && strings.HasSuffix(e.DetailType, viaCloudTrail):
		record, err := addAccount(e.Detail, e.Account)
		if err != nil {
			w.errorf("the detail of EventBridge's event %s: %w", clip(e.ID), err)
			return
		}
		w.sources = append(w.sources, source{key: "eventbridge:" + clip(e.ID), record: record})
	default:
		w.unknown("an EventBridge event with source %q and detail-type %q", clip(e.Source), clip(e.DetailType))
	}
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// addAccount gives a record the account of its EventBridge event when it does
// not name the account that it was recorded for, as the same record in S3 does.
// What is known by its account is then the same on both ways.
func addAccount(record json.RawMessage, account string) ([]byte, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(record, &members); err != nil || members == nil {
		return nil, errors.New("it is not a JSON object")
	}
	if len(members) == 0 || members["recipientAccountId"] != nil || !accountID.MatchString(account) {
		return record, nil
	}
	_, rest, _ := strings.Cut(string(record), "{")
	return []byte(`{"recipientAccountId":"` + account + `",` + rest), nil
}

// object adds an object to what is to be read, unless its key says that it holds
// no records.
func (w *work) object(where, bucket, key string) {
	if bucket == "" || key == "" {
		w.errorf("%s: it names no object (bucket %q, key %q)", where, bucket, key)
		return
	}
	if strings.HasSuffix(key, "/") { // CloudTrail makes one for its folder
		w.skips = append(w.skips, skip{bucket: bucket, key: key, reason: "a folder"})
		return
	}
	if folder := cloudtrail.ForeignFolder(key); folder != "" {
		w.skips = append(w.skips, skip{bucket: bucket, key: key, reason: "no records in the folder " + clip(folder)})
		return
	}
	w.sources = append(w.sources, source{bucket: bucket, key: key})
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
func clip(s string) string { return clipTo(s, 80) }

func clipTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
