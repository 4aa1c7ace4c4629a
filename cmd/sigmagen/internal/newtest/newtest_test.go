package newtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

// records returns those of a list in a file of tests.
func records(t *testing.T, text []byte, list string) []map[string]any {
	t.Helper()
	var file map[string][]map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return file[list]
}

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, detection string
		tests            string
		match, not       int // new ones
	}{
		{"nothing is there", "a: {eventSource: iam.amazonaws.com, eventName: CreateUser}\ncondition: a", "", 1, 2},
		{"each value has a record", "a: {eventSource: ec2.amazonaws.com, eventName: [A1, B1, C1]}\ncondition: a", "", 3, 2},
		{"a filter", "a: {eventName: CreateUser}\nf: {userIdentity.sessionContext.sessionIssuer.userName|startswith: deploy-}\ncondition: a and not f", "", 1, 2},
		{"a filter that a test is about already", "a: {eventName: CreateUser}\nf: {userIdentity.invokedBy: a.amazonaws.com}\ncondition: a and not f",
			`{"should_match": [{"eventName": "CreateUser"}], "should_not_match": [{"eventName": "CreateUserV2"}, {"eventName": "CreateUser", "userIdentity": {"invokedBy": "a.amazonaws.com"}}]}`, 1, 0},
		{"nothing is missing", "a: {userIdentity.type: Root}\ncondition: a",
			`{"should_match": [{"userIdentity": {"type": "Root"}}], "should_not_match": [{"userIdentity": {"type": "IAMUser"}}]}`, 0, 0},
		{"a list that a test has to be in", "a: {eventName: CreateUser}\nb: {userIdentity.type: Root}\ncondition: a and not b", "", 1, 2},
		{"a number, a network and an expression", "a: {requestParameters.days|lt: 8, sourceIPAddress|cidr: 10.0.0.0/8, requestParameters.instanceType|re: '^p[2-9]\\.'}\ncondition: a", "", 1, 4},
		{"each alternative of an expression", "a: {eventName: A, userAgent|re: '^(aws-cli|Boto3)/.*-(parrot|pentoo)'}\ncondition: a", "", 3, 4},
		{"an expression that is excluded", "a: {eventName: A}\nf: {requestParameters.principal|re: '^(arn:aws:iam::)?[0-9]{12}(:|$)'}\ncondition: a and not f", "", 2, 3},
		{"networks that are excluded", "a: {eventName: A}\nf: {sourceIPAddress|cidr: [10.0.0.0/8, 'fc00::/7']}\ncondition: a and not f", "", 2, 3},
		{"fields that are equal", "a: {eventName: CreateAccessKey}\nb: {requestParameters.userName|fieldref: userIdentity.userName}\ncondition: a and not b", "", 1, 2},
		{"absent", "a: {eventName: A, errorCode: null, requestParameters.x|exists: false}\ncondition: a", "", 1, 3},
		{"keywords", "a: [first, second]\ncondition: a", "", 3, 1},
		{"a keyword that new records hold", "a: {eventName: A}\nb: [synthetic]\ncondition: a and not b", "", 0, 0},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			rule := provetest.Plan(t, c.detection)
			var old []byte
			if c.tests != "" {
				old = []byte(c.tests)
			}
			got, err := Write(t.Context(), rule, old)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range got.After.Survivors {
				t.Errorf("nothing fails when %s", s.Change)
			}
			if c.match+c.not > 0 && (got.ShouldMatch != c.match || got.ShouldNotMatch != c.not) {
				t.Errorf("%d and %d records, want %d and %d:\n%s", got.ShouldMatch, got.ShouldNotMatch, c.match, c.not, got.Text)
			}
			again, err := Write(t.Context(), rule, old)
			if err != nil || !bytes.Equal(again.Text, got.Text) {
				t.Errorf("a second run writes something else, %v:\n%s", err, again.Text)
			}
			more, err := Write(t.Context(), rule, got.Text)
			if err != nil || !bytes.Equal(more.Text, got.Text) {
				t.Errorf("what is complete grows, %v:\n%s", err, more.Text)
			}
			for _, list := range []string{"should_match", "should_not_match"} {
				all := records(t, got.Text, list)
				if len(all) == 0 {
					t.Errorf("%s is empty", list)
				}
				for i, r := range all {
					if old != nil && i < len(records(t, old, list)) {
						continue
					}
					checkEnvelope(t, r)
				}
			}
		})
	}
}

var id = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// checkEnvelope holds a record against what every record of CloudTrail has.
func checkEnvelope(t *testing.T, record map[string]any) {
	t.Helper()
	want := []string{
		"eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent",
		"requestID", "eventID", "eventType", "managementEvent", "recipientAccountId",
	}
	for _, name := range want {
		if _, known := record[name]; !known {
			t.Errorf("a record has no %s: %v", name, record)
		}
	}
	for _, name := range []string{"requestID", "eventID"} {
		if s, _ := record[name].(string); !id.MatchString(s) {
			t.Errorf("%s is %v", name, record[name])
		}
	}
	identity, _ := record["userIdentity"].(map[string]any)
	if identity["type"] == nil {
		t.Errorf("userIdentity has no type: %v", identity)
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ detection, tests, want string }{
		{"a: {eventName: A}\ncondition: a", `{"should_match": [{"eventName": "B"}], "should_not_match": [{}]}`, "should_match[0] fails: new tests are written when the others pass"},
		{"a: {errorCode: A}\nb: {errorCode: B}\ncondition: a and b", "", `no record is known that the rule matches: errorCode cannot be both "A" and "B"`},
		{"a: {x: A}\ncondition: a or not a", "", "no record is known that the rule does not match"},
		{"a: {eventName: A}\ncondition: a", `{"should_match": [5], "should_not_match": [{}]}`, "read tests: should_match[0]: the record is not a JSON object"},
	} {
		var old []byte
		if c.tests != "" {
			old = []byte(c.tests)
		}
		if _, err := Write(t.Context(), provetest.Plan(t, c.detection), old); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.detection, err, c.want)
		}
	}
}

// TestWriteLarge: rules that are far larger than those that people write by hand are
// done in seconds, and where that is too little the rest is named.
func TestWriteLarge(t *testing.T) {
	t.Parallel()
	list := func(n int, format string) string {
		var values []string
		for i := range n {
			values = append(values, fmt.Sprintf(format, i))
		}
		return "[" + strings.Join(values, ", ") + "]"
	}
	searches := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+"\n", i, i, i)
		}
		return b.String()
	}
	for _, c := range []struct {
		about, detection string
		match, not       int  // new ones
		survive          bool // some may
	}{
		{"beginnings of names", "a: {eventName|startswith: " + list(200, "N%dx") + "}\ncondition: a", 200, 1, false},
		{"most of which begin with another", "a: {eventName|startswith: " + list(200, "N%d") + "}\ncondition: a", 10, 1, false},
		{"addresses", "a: {sourceIPAddress: " + list(200, "10.0.0.%d") + "}\ncondition: a", 200, 1, false},
		{"searches of which one is enough", searches(60, "s%d: {requestParameters.f%d: [x%d, y]}") + "condition: 1 of s*", 120, 60, false},
		{"searches all of which must hold", searches(60, "s%d: {requestParameters.f%d: [x%d, y]}") + "condition: all of s*", 61, 60, false},
		{"searches and filters", searches(12, "s%d: {requestParameters.f%d: x%d}") + searches(12, "f%d: {requestParameters.g%d: x%d, userIdentity.arn|contains: [u, v]}") + "condition: 1 of s* and not 1 of f*", 0, 0, false},
		{"what takes too long", searches(100, "s%d: {requestParameters.f: [x%d, y%d]}") + "condition: all of s*", 0, 0, true},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			got, err := Write(t.Context(), provetest.Plan(t, c.detection), nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.match > 0 && (got.ShouldMatch != c.match || got.ShouldNotMatch != c.not) {
				t.Errorf("%d and %d records, want %d and %d", got.ShouldMatch, got.ShouldNotMatch, c.match, c.not)
			}
			if survive := len(got.After.Survivors) > 0; survive != c.survive {
				t.Errorf("%d mutants survive", len(got.After.Survivors))
			}
			for _, s := range got.After.Survivors {
				if !strings.Contains(s.Unknown, "within the bound") {
					t.Fatalf("nothing fails when %s: %s", s.Change, s.Unknown)
				}
			}
		})
	}
}

// TestWriteCompletes: lists may be empty, or missing.
func TestWriteCompletes(t *testing.T) {
	t.Parallel()
	rule := provetest.Plan(t, "a: {eventName: [A, B]}\ncondition: a")
	for _, text := range []string{
		`{}`, `{"should_match": [], "should_not_match": []}`, `{"should_match": [{"eventName": "A"}]}`, `{"should_not_match": [{"eventName": "C"}]}`,
		`{"should_match": [{"eventName": "A"}], "should_not_match": []}`,
	} {
		got, err := Write(t.Context(), rule, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if len(got.After.Survivors) > 0 || len(records(t, got.Text, "should_match")) == 0 || len(records(t, got.Text, "should_not_match")) == 0 {
			t.Errorf("%s is completed to\n%s", text, got.Text)
		}
	}
}

// TestWriteEscapes: what a rule or a record holds does not steer the terminal on which
// the tests are printed, and means the same.
func TestWriteEscapes(t *testing.T) {
	t.Parallel()
	rule := provetest.Plan(t, "a: {userAgent: \"x\\u009b31m\\u202ey\\U000E0001\", eventName: A}\ncondition: a")
	got, err := Write(t.Context(), rule, []byte("{\"should_not_match\": [{\"eventName\": \"B\", \"\\u009b\": \"\\u202e\"}]}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range string(got.Text) {
		if r != '\n' && !unicode.IsPrint(r) {
			t.Errorf("%U is written into\n%s", r, got.Text)
		}
	}
	if !strings.Contains(string(got.Text), `"x\u009b31m\u202ey\udb40\udc01"`) {
		t.Errorf("the value of the rule is written otherwise:\n%s", got.Text)
	}
}

// TestWriteStops: an interrupted run has nothing to write.
func TestWriteStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := Write(ctx, provetest.Plan(t, "a: {eventName: A}\ncondition: a"), nil)
	if !errors.Is(err, context.Canceled) || got.Text != nil {
		t.Errorf("%q, %v", got.Text, err)
	}
}

// TestIdentities: what the rule asks of the caller makes a caller that there could be.
func TestIdentities(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ about, detection, want string }{
		{"nothing is asked", "a: {eventName: A}", `{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/mary.major","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"mary.major"}`},
		{"the root user", "a: {userIdentity.type: Root}", `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333"}`},
		{"a user of a name", "a: {userIdentity.userName: ops}", `{"type":"IAMUser","principalId":"AIDACKCEVSQ6C2EXAMPLE","arn":"arn:aws:iam::111122223333:user/ops","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"ops"}`},
		{"a role of a name", "a: {userIdentity.sessionContext.sessionIssuer.userName|startswith: deploy-}", `{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:session","arn":"arn:aws:sts::111122223333:assumed-role/deploy-orders/session","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADBQP57FF2AEXAMPLE","arn":"arn:aws:iam::111122223333:role/deploy-orders","accountId":"111122223333","userName":"deploy-orders"},"attributes":{"creationDate":"2026-11-20T08:55:12Z","mfaAuthenticated":"false"}}}`},
		{"a role in an ARN", "a: {userIdentity.arn|contains: ':assumed-role/deploy-'}", `{"type":"AssumedRole","principalId":"AROADBQP57FF2AEXAMPLE:session","arn":"arn:aws:sts::111122223333:assumed-role/deploy-orders/session","accountId":"111122223333","accessKeyId":"ASIAIOSFODNN7EXAMPLE","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROADBQP57FF2AEXAMPLE","arn":"arn:aws:iam::111122223333:role/deploy-orders","accountId":"111122223333","userName":"deploy-orders"},"attributes":{"creationDate":"2026-11-20T08:55:12Z","mfaAuthenticated":"false"}}}`},
		{"no access key", "a: {eventName: A, userIdentity.accessKeyId: null, userIdentity.type: IAMUser}", `{"type":"IAMUser"}`},
	} {
		rule := provetest.Plan(t, c.detection+"\ncondition: a")
		w := writer{rule: rule}
		answer := prove.Solver{Propose: propose}.Rule(rule)
		event := w.completed(fromMap(answer.Event))
		identity, _ := event.get("userIdentity")
		if diff := cmp.Diff(c.want, string(identity.(*object).json())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.about, diff)
		}
	}
}

// TestEdits: what goes with an edit is edited, too.
func TestEdits(t *testing.T) {
	t.Parallel()
	const user = `"userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ops","userName":"ops"}`
	const role = `"userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/ops/s","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/path/ops","userName":"ops"}}}`
	for _, c := range []struct {
		about, event string
		edit         edit
		mentioned    []string
		path, want   string // what stands at a path then, as JSON
	}{
		{"a call that fails has no response", `{"responseElements":{"x":1}}`, edit{field: "errorCode", value: "AccessDenied"}, nil, "responseElements", `null`},
		{"unless the rule asks for it", `{"responseElements":{"x":1}}`, edit{field: "errorCode", value: "AccessDenied"}, []string{"responseElements.x"}, "responseElements", `{"x":1}`},
		{"a call that fails has a message", `{}`, edit{field: "errorCode", value: "Throttled"}, nil, "errorMessage", `"The request could not be completed"`},
		{"another call is another line of the shell", `{"eventName":"DeleteTrail","userAgent":"aws-cli/2 md/command#cloudtrail.delete-trail"}`, edit{field: "eventName", value: "GetTrail"}, nil, "userAgent", `"aws-cli/2"`},
		{"a call that reads", `{"eventName":"DeleteTrail","readOnly":false}`, edit{field: "eventName", value: "GetTrail"}, nil, "readOnly", `true`},
		{"another service is another host", `{"eventSource":"sts.amazonaws.com","tlsDetails":{"clientProvidedHostHeader":"sts.eu-west-1.amazonaws.com"}}`, edit{field: "eventSource", value: "iam.amazonaws.com"}, nil, "tlsDetails.clientProvidedHostHeader", `"iam.eu-west-1.amazonaws.com"`},
		{"a service calls from itself", `{"sourceIPAddress":"203.0.113.1"}`, edit{field: "userIdentity.invokedBy", value: "a.amazonaws.com"}, nil, "sourceIPAddress", `"a.amazonaws.com"`},
		{"a role of another name", `{` + role + `}`, edit{field: issuerName, value: "x"}, nil, "userIdentity", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/x/s","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/path/x","userName":"x"}}}`},
		{"a role in place of a user", `{` + user + `}`, edit{field: issuerName, value: "x"}, nil, "userIdentity.arn", `"arn:aws:sts::111122223333:assumed-role/x/session"`},
		{"a user of another name", `{` + user + `}`, edit{field: "userIdentity.userName", value: "x"}, nil, "userIdentity", `{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/x","userName":"x"}`},
		{"a user in place of a role", `{` + role + `}`, edit{field: issuerName, remove: true}, nil, "userIdentity.type", `"IAMUser"`},
		{"a boolean that CloudTrail writes as text", `{` + role + `}`, edit{field: "userIdentity.sessionContext.attributes.mfaAuthenticated", value: true}, nil, "userIdentity.sessionContext.attributes.mfaAuthenticated", `"true"`},
		{"a list stays one", `{"requestParameters":{"x":["a","b"]}}`, edit{field: "requestParameters.x", value: "c"}, nil, "requestParameters.x", `["c"]`},
		{"the first of several", `{"requestParameters":{"x":[{"y":1},{"y":2}]}}`, edit{field: "requestParameters.x.y", value: "c"}, nil, "requestParameters.x", `[{"y":"c"},{"y":2}]`},
		{"each of several", `{"requestParameters":{"x":[{"y":1},{"y":2}]}}`, edit{field: "requestParameters.x.y", value: "c", every: true}, nil, "requestParameters.x", `[{"y":"c"},{"y":"c"}]`},
		{"the last parameter", `{"requestParameters":{"x":1}}`, edit{field: "requestParameters.x", remove: true}, nil, "requestParameters", `null`},
	} {
		event, err := decode([]byte(c.event))
		if err != nil {
			t.Fatal(err)
		}
		mentioned := map[string]bool{}
		for _, field := range c.mentioned {
			mentioned[field] = true
		}
		value, _ := c.edit.apply(event, mentioned).at(c.path)
		got, err := compact(value)
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %s is %s, %v, want %s", c.about, c.path, got, err, c.want)
		}
		if string(event.json()) != c.event {
			t.Errorf("%s: the event that was edited is %s now", c.about, event.json())
		}
	}
	event, err := decode([]byte(`{"eventName":"A","requestParameters":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []edit{{field: "eventName", value: "A"}, {field: "errorCode", remove: true}, {field: "requestParameters.x", value: "y"}} {
		if c := e.apply(event, nil); c != nil {
			t.Errorf("%+v makes %s", e, c.json())
		}
	}
}

// TestInsert: nothing but the new records changes in a file.
func TestInsert(t *testing.T) {
	t.Parallel()
	record, err := decode([]byte(`{"eventName":"<A>"}`))
	if err != nil {
		t.Fatal(err)
	}
	one := []*object{record}
	for _, c := range []struct {
		about, text string
		match, not  []*object
		want        string
	}{
		{"a new file", "", one, one, "{\n  \"should_match\": [\n    {\n      \"eventName\": \"<A>\"\n    }\n  ],\n  \"should_not_match\": [\n    {\n      \"eventName\": \"<A>\"\n    }\n  ]\n}\n"},
		{"a file as we write them", "{\n  \"should_match\": [\n    {}\n  ],\n  \"should_not_match\": [\n    {}\n  ]\n}\n", nil, one,
			"{\n  \"should_match\": [\n    {}\n  ],\n  \"should_not_match\": [\n    {},\n    {\n      \"eventName\": \"<A>\"\n    }\n  ]\n}\n"},
		{"one line, and the lists the other way round", `{"should_not_match": [{}],"should_match": [ {"x" : "]" } ]}`, one, nil,
			"{\"should_not_match\": [{}],\"should_match\": [ {\"x\" : \"]\" },\n    {\n      \"eventName\": \"<A>\"\n    }\n  ]}"},
		{"a file of Windows", "\ufeff{\r\n  \"should_match\": [\r\n    {}\r\n  ],\r\n  \"should_not_match\": []\r\n}", one, nil,
			"\ufeff{\r\n  \"should_match\": [\r\n    {},\r\n    {\r\n      \"eventName\": \"<A>\"\r\n    }\r\n  ],\r\n  \"should_not_match\": []\r\n}"},
		{"a file with tabs", "{\n\t\"should_match\": [\n\t\t{\n\t\t\t\"x\": 1\n\t\t}\n\t],\n\t\"should_not_match\": []\n}\n", one, one,
			"{\n\t\"should_match\": [\n\t\t{\n\t\t\t\"x\": 1\n\t\t},\n\t\t{\n\t\t\t\"eventName\": \"<A>\"\n\t\t}\n\t],\n\t\"should_not_match\": [\n\t\t{\n\t\t\t\"eventName\": \"<A>\"\n\t\t}\n\t]\n}\n"},
		{"tabs, on Windows, and a list is missing", "{\r\n\t\"should_not_match\": [\r\n\t\t{}\r\n\t]\r\n}\r\n", one, nil,
			"{\r\n\t\"should_not_match\": [\r\n\t\t{}\r\n\t],\r\n\t\"should_match\": [\r\n\t\t{\r\n\t\t\t\"eventName\": \"<A>\"\r\n\t\t}\r\n\t]\r\n}\r\n"},
		{"four spaces", "{\n    \"should_match\": [\n    ]\n}\n", one, nil, "{\n    \"should_match\": [\n        {\n            \"eventName\": \"<A>\"\n        }\n    ]\n}\n"},
		{"nothing but braces", "{ }", one, one, "{\n  \"should_match\": [\n    {\n      \"eventName\": \"<A>\"\n    }\n  ],\n  \"should_not_match\": [\n    {\n      \"eventName\": \"<A>\"\n    }\n  ]\n}"},
		{"a list of that name in a record", `{"should_match": [{"should_not_match": [1]}]}`, nil, one,
			"{\"should_match\": [{\"should_not_match\": [1]}],\n  \"should_not_match\": [\n    {\n      \"eventName\": \"<A>\"\n    }\n  ]\n}"},
	} {
		var text []byte
		if c.text != "" {
			text = []byte(c.text)
		}
		got, err := insert(text, c.match, c.not)
		if err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.about, diff)
		}
	}
	if _, err := insert([]byte(`{"should_match": [`), one, nil); err == nil || !strings.HasPrefix(err.Error(), "read tests: ") {
		t.Errorf("a file that breaks off: %v", err)
	}
}

// Records of random rules are written until nothing survives that is known to be a
// mutant of another meaning.
func TestWriteKillsWhatCanBeKilled(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 4))
	rules, survivors := 0, 0
	for range 40 {
		rule := provetest.Rule(t, random)
		got, err := Write(t.Context(), rule, nil)
		if err != nil {
			if prove.Rule(rule).Verdict == prove.Possible {
				t.Errorf("%s\n%v", rule.Syntax.Text, err)
			}
			continue
		}
		rules++
		for _, s := range got.After.Survivors {
			survivors++
			if s.Unknown == "" {
				t.Errorf("%s\nnothing fails when %s", rule.Syntax.Text, s.Change)
			}
		}
	}
	if rules < 15 || survivors > rules {
		t.Errorf("%d rules with %d survivors", rules, survivors)
	}
}
