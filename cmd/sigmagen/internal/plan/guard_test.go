package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about     string
		detection string
		want      Guard
	}{
		{"a value is mentioned", "a: {userIdentity.type: Root}\ncondition: a", Guard{"userIdentity.type": {"Root"}}},
		{"one of several values", "a: {userIdentity.type: [Root, SAMLUser]}\ncondition: a", Guard{"userIdentity.type": {"Root", "SAMLUser"}}},
		{"a value that is too short says nothing", "a: {x: [Root, no]}\ncondition: a", nil},
		{"a rule with keys needs no guard", "a: {eventName: CreateUser, userAgent: curl}\ncondition: a", nil},
		{"of a value with wildcards the longest text between them", "a: {userAgent: 'aws*S3 Browser?x'}\ncondition: a", Guard{"userAgent": {"S3 Browser"}}},
		{"of what JSON escapes the longest text between", `a: {x: 'C:\Users\admin "tool"'}` + "\ncondition: a", Guard{"x": {"admin "}}},
		{"a string modifier", "a: {userAgent|contains: [TruffleHog, pacu]}\ncondition: a", Guard{"userAgent": {"TruffleHog", "pacu"}}},
		{"all of several values: the longest", "a: {userAgent|contains|all: [Boto, TruffleHog]}\ncondition: a", Guard{"userAgent": {"TruffleHog"}}},
		{"an expression has its literal text", "a: {userIdentity.arn|re: '.+:assumed-role/aws:.+'}\ncondition: a", Guard{"userIdentity.arn": {":assumed-role/aws:"}}},
		{"one of its alternatives", "a: {userAgent|re: '^(pacu|cloudgoat)/[0-9]'}\ncondition: a", Guard{"userAgent": {"cloudgoat", "pacu"}}},
		{"an alternative without a text", "a: {userAgent|re: 'pacu|.*'}\ncondition: a", nil},
		{"what an expression repeats at least once", "a: {userAgent|re: '(?:pacu){2,}x?(goat)*'}\ncondition: a", Guard{"userAgent": {"pacu"}}},
		{"what need not occur in it", "a: {userAgent|re: '(pacu)?'}\ncondition: a", nil},
		{"of items that must all hold the better one", "a: {x: Root, userAgent|contains: TruffleHog}\ncondition: a", Guard{"userAgent": {"TruffleHog"}}},
		{"not what most records share", "a: {userIdentity.type: Root, eventType: AwsApiCall}\ncondition: a", Guard{"userIdentity.type": {"Root"}}},
		{"a field before the whole record", "a: {x: Root}\nb: [somebody-unknown]\ncondition: a and b", Guard{"x": {"Root"}}},
		{"a list of maps is one of them", "a: [{x: Root}, {y: Rooms}]\ncondition: a", Guard{"x": {"Root"}, "y": {"Rooms"}}},
		{"or is one of them", "a: {x: Root}\nb: {x: Rooms}\ncondition: a or b", Guard{"x": {"Rooms", "Root"}}},
		{"or with a search that mentions nothing", "a: {x: Root}\nb: {y: 17}\ncondition: a or b", nil},
		{"1 of is one of them", "a: {x: Root}\nb: {y: Rooms}\ncondition: 1 of them", Guard{"x": {"Root"}, "y": {"Rooms"}}},
		{"all of is the better one", "a: {x: Root}\nb: {x: Rooms}\ncondition: all of them", Guard{"x": {"Rooms"}}},
		{"a negation mentions nothing", "a: {x: Root}\nb: {x: Rooms}\ncondition: a and not b", Guard{"x": {"Root"}}},
		{"nor does a negated value", "a: {x|neq: Root}\ncondition: a", nil},
		{"a number has many forms", "a: {x: 1000}\ncondition: a", nil},
		{"no other field says what a field is", "a: {userName|fieldref: target}\ncondition: a", nil},
		{"presence mentions nothing", "a: {userName|exists: true}\ncondition: a", nil},
		{"keywords are anywhere", "a: [TruffleHog, pacu]\ncondition: a", Guard{"": {"TruffleHog", "pacu"}}},
		{"a key that JSON may write otherwise", "a: {'x/y': Root}\ncondition: a", nil},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, build(t, test.detection).Guard); diff != "" {
				t.Errorf("guard (-want +got):\n%s", diff)
			}
		})
	}
}
