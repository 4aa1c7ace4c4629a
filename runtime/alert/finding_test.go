package alert_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

const sessionRecord = `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:alice@example.org",
"arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef/alice@example.org",
"accountId":"111122223333","accessKeyId":"EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAEXAMPLE",
"arn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_AdministratorAccess_0123456789abcdef",
"accountId":"111122223333","userName":"AWSReservedSSO_AdministratorAccess_0123456789abcdef"},
"attributes":{"creationDate":"2025-03-09T16:00:00Z","mfaAuthenticated":"false"}}},
"eventTime":"2025-03-09T16:39:48Z","eventSource":"cloudtrail.amazonaws.com","eventName":"StopLogging","awsRegion":"us-east-1",
"sourceIPAddress":"198.51.100.7","userAgent":"aws-cli/2.15.30","errorCode":"AccessDenied",
"requestParameters":{"name":"main"},"responseElements":null,"eventID":"2a9c0000-0000-4000-8000-000000000001",
"recipientAccountId":"444455556666"}`

var stopLogging = runtime.Rule{
	Key: "stop_logging", ID: "4db60000-0000-4000-8000-000000000000", Name: "stop", Title: "Logging stopped", Level: runtime.High,
	Tags: []string{"attack.t1562.008"}, Source: "sigma_rules/stop_logging.yml", SourceHash: "abc",
	Match:   func(e *runtime.Event) bool { return e.Get("eventName").EqualFold("StopLogging") },
	Capture: []string{"requestParameters", "requestParameters.nothing", "sourceIPAddress"},
	Searches: []runtime.Search{
		{
			Name: "selection", Match: func(e *runtime.Event) bool { return e.Get("eventName").EqualFold("StopLogging") },
			Fields: []string{"eventName", "requestParameters.nothing", ""},
		},
		{Name: "filter", Match: func(e *runtime.Event) bool { return e.Get("eventName").EqualFold("StartLogging") }},
	},
}

func newFinding(record string) alert.Finding {
	return alert.NewFinding(&stopLogging, runtime.NewEvent([]byte(record)), alert.Location{File: "a.json", Record: 17})
}

func TestNewFinding(t *testing.T) {
	raw := []byte(sessionRecord)
	got := alert.NewFinding(&stopLogging, runtime.NewEvent(raw), alert.Location{Bucket: "logs", File: "a.json", Record: 17})
	for i := range raw {
		raw[i] = 'x' // a Finding shares no memory with the record
	}
	role := "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
	want := alert.Finding{
		Schema: alert.Schema,
		Rule: alert.Rule{
			Key: "stop_logging", ID: "4db60000-0000-4000-8000-000000000000", Name: "stop", Title: "Logging stopped", Level: runtime.High,
			Tags: []string{"attack.t1562.008"}, Source: "sigma_rules/stop_logging.yml", SourceHash: "abc",
		},
		Searches: []alert.Search{{Name: "selection", Fields: []alert.Field{
			{Path: "eventName", Values: []string{"StopLogging"}}, {Path: "requestParameters.nothing", Values: []string{}}, {Path: "", Values: []string{}},
		}}},
		Captured: map[string][]string{"requestParameters": {"main"}, "sourceIPAddress": {"198.51.100.7"}},
		Event: alert.Event{
			ID: "2a9c0000-0000-4000-8000-000000000001", Time: "2025-03-09T16:39:48Z", Source: "cloudtrail.amazonaws.com", Name: "StopLogging",
			AccountID: "444455556666", Region: "us-east-1", Actor: "arn:aws:sts::111122223333:assumed-role/" + role + "/alice@example.org",
			IssuerARN: "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/" + role, ActorName: role,
			SourceIP: "198.51.100.7", UserAgent: "aws-cli/2.15.30", ErrorCode: "AccessDenied",
		},
		Location: alert.Location{Bucket: "logs", File: "a.json", Record: 17},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if want := time.Date(2025, 3, 9, 16, 39, 48, 0, time.UTC); !got.Time().Equal(want) {
		t.Errorf("time %v, want %v", got.Time(), want)
	}

	message, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	back, err := alert.ParseFinding(message)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, back); diff != "" {
		t.Errorf("after a way through a queue (-want +got):\n%s", diff)
	}
}

func TestActorOfRecord(t *testing.T) {
	tests := []struct {
		name, identity string
		actor, bare    string
	}{
		{"an IAM user is known by the ARN, and bare by the name", `{"arn":"arn:aws:iam::1:user/eu/alice","userName":"alice"}`, "arn:aws:iam::1:user/eu/alice", "alice"},
		{"the bare name comes from the ARN where nothing else says it", `{"arn":"arn:aws:iam::1:user/eu/alice"}`, "arn:aws:iam::1:user/eu/alice", "alice"},
		{"the bare name of a session is the role, not what the caller named the session", `{"arn":"arn:aws:sts::1:assumed-role/deploy/admin"}`, "arn:aws:sts::1:assumed-role/deploy/admin", "deploy"},
		{"root has an ARN and no bare name", `{"type":"Root","arn":"arn:aws:iam::1:root"}`, "arn:aws:iam::1:root", ""},
		{"a service is known by its name", `{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}`, "ec2.amazonaws.com", ""},
		{"an account alone is known by its principal", `{"type":"AWSAccount","principalId":"AIDA:x","accountId":"1"}`, "AIDA:x", ""},
		{"with nothing else there is the type", `{"type":"Unknown"}`, "Unknown", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFinding(`{"eventVersion":"1","userIdentity":` + test.identity + `}`)
			if f.Event.Actor != test.actor || f.Event.ActorName != test.bare {
				t.Errorf("actor %q, bare name %q; want %q, %q", f.Event.Actor, f.Event.ActorName, test.actor, test.bare)
			}
		})
	}
}

func TestFindingID(t *testing.T) {
	with := newFinding(`{"eventVersion":"1","eventID":"e1","recipientAccountId":"1"}`)
	if want := "stop_logging/1/e1"; with.ID() != want {
		t.Errorf("ID %q, want %q", with.ID(), want)
	}
	if with.Event.Digest != "" {
		t.Errorf("digest %q of a record with an eventID", with.Event.Digest)
	}
	a, again, b := newFinding(`{"eventVersion":"1","n":1}`), newFinding(`{"eventVersion":"1","n":1}`), newFinding(`{"eventVersion":"1","n":2}`)
	if a.Event.ID != "" {
		t.Errorf("eventID %q of a record without one", a.Event.ID)
	}
	if a.ID() != again.ID() || a.ID() == b.ID() {
		t.Errorf("without eventID the bytes of the record count: %q, %q, %q", a.ID(), again.ID(), b.ID())
	}
}

func TestFindingTime(t *testing.T) {
	for _, text := range []string{"", "yesterday", "1741538388", "2025-03-09 16:39:48"} {
		f := alert.Finding{Event: alert.Event{Time: text}}
		if !f.Time().IsZero() {
			t.Errorf("time %q read as %v", text, f.Time())
		}
	}
}

func TestParseFindingRefuses(t *testing.T) {
	good, err := json.Marshal(newFinding(sessionRecord))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, from, to, want string }{
		{"what is not JSON", `{"schema"`, `{schema`, "read finding: invalid character"},
		{"a message without a schema", `"schema":1`, `"schema":0`, "no schema"},
		{"a message of a newer release", `"schema":1`, `"schema":2`, "newer release"},
		{"a finding of no rule", `"key":"stop_logging"`, `"key":""`, "names no rule"},
		{"a finding on no event", `"id":"2a9c0000-0000-4000-8000-000000000001"`, `"id":""`, "names no event"},
		{"a finding without a level", `"level":"high"`, `"levels":"high"`, "has no level"},
		{"an unknown level", `"level":"high"`, `"level":"grave"`, `unknown level "grave"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			message := strings.Replace(string(good), test.from, test.to, 1)
			if message == string(good) {
				t.Fatalf("%q is not in %s", test.from, good)
			}
			if _, err := alert.ParseFinding([]byte(message)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if _, err := alert.ParseFinding([]byte("null")); err == nil {
		t.Error("null was read as a finding")
	}
	if _, err := alert.ParseFinding(append(good, good...)); err == nil {
		t.Error("two findings were read as one")
	}
	digest := newFinding(`{"eventVersion":"1"}`)
	message, err := json.Marshal(digest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alert.ParseFinding(message); err != nil {
		t.Errorf("a finding on an event without eventID: %v", err)
	}
}

// What identifies a finding must survive the way through a queue and a store.
func TestTextsThatAreNoUTF8(t *testing.T) {
	f := newFinding("{\"eventVersion\":\"1\",\"eventID\":\"a\xffb\",\"recipientAccountId\":\"\xc0\",\"userAgent\":\"x\xf0\"}")
	if !strings.HasPrefix(f.Event.ID, "a?b sha256:") {
		t.Errorf("event ID %q", f.Event.ID)
	}
	message, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	back, err := alert.ParseFinding(message)
	if err != nil || back.ID() != f.ID() || back.CooldownKey() != f.CooldownKey() {
		t.Errorf("ID %q comes back as %q: %v", f.ID(), back.ID(), err)
	}
}
