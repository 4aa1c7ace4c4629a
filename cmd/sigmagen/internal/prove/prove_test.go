package prove

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

func TestRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about     string
		detection string
		want      Verdict
		reason    string
	}{
		{"a value", "a: {eventName: CreateUser}\ncondition: a", Possible, ""},
		{"a value that is excluded", "a: {eventName: CreateUser}\nb: {eventName: CreateUser}\ncondition: a and not b", Impossible, `eventName is to be "CreateUser", and is not to be "CreateUser"`},
		{"a value that is excluded in another case", "a: {eventName: CreateUser}\nb: {eventName|startswith: create}\ncondition: a and not b", Impossible, `eventName is to be "CreateUser", and is not to be beginning with "create"`},
		{"case that counts", "a: {eventName: createuser}\nb: {eventName|cased: CreateUser}\ncondition: a and not b", Possible, ""},
		{"two values of a field that has one", "a: {errorCode: A}\nb: {errorCode: B}\ncondition: a and b", Impossible, `errorCode cannot be both "A" and "B"`},
		{"two values of a field that may be a list", "a: {requestParameters.x: A}\nb: {requestParameters.x: B}\ncondition: a and b", Possible, ""},
		{"some values that are excluded", "a: {eventName: [CreateUser, DeleteUser]}\nb: {eventName: CreateUser}\ncondition: a and not b", Possible, ""},
		{"all values excluded", "a: {eventName: [CreateUser, DeleteUser]}\nb: {eventName|endswith: User}\ncondition: a and not b", Impossible, ""},
		{"a pattern within a pattern", "a: {userAgent|contains: aws-cli/2}\nb: {userAgent: '*aws-cli*'}\ncondition: a and not b", Impossible, ""},
		{"absent and a value", "a: {errorCode: A, errorMessage: B}\nb: {errorCode|exists: false}\ncondition: a and b", Impossible, ""},
		{"null and a value", "a: {errorCode: A}\nb: {errorCode: null}\ncondition: a and b", Impossible, ""},
		{"null and a value of a list", "a: {requestParameters.x: A}\nb: {requestParameters.x: null}\ncondition: a and b", Possible, ""},
		{"null that is there", "a: {errorCode|exists: true, errorCode: null}\ncondition: a", Possible, ""},
		{"there without a text", "a: {errorCode|exists: true}\nb: {errorCode: '*'}\ncondition: a and not b", Possible, ""},
		{"an hour without its first minute", "a: {eventTime|hour: 3}\nb: {eventTime|minute: 0}\ncondition: a and not b", Possible, ""},
		{"an hour of an address", "a: {sourceIPAddress|hour: 3, sourceIPAddress|cidr: 10.0.0.0/8}\ncondition: a", Impossible, ""},
		{"a time of another day", "a: {eventTime: '2026-03-01T04:05:06Z'}\nb: {eventTime|day: 2}\ncondition: a and b", Impossible, ""},
		{"a number with an exponent, and a text that may have another", "a: {x: '1e400'}\nb: {x: 1e400}\ncondition: a and not b", Possible, ""},
		{"the last of February", "a: {eventTime|month: 2, eventTime|day: 29}\ncondition: a", Possible, ""},
		{"a number, written in another way", "a: {eventVersion: 5}\nb: {eventVersion: 5.0}\ncondition: a and b", Possible, ""},
		{"a number, and the text of it in another way", "a: {eventVersion: '5'}\nb: {eventVersion: 5.0}\ncondition: a and b", Possible, ""},
		{"a number that begins like another", "a: {eventVersion: 5, eventVersion|startswith: '5.'}\ncondition: a", Unknown, ""},
		{"a number that is another one, however written", "a: {eventVersion: 5}\nb: {eventVersion: 1e400}\ncondition: a and b", Impossible, ""},
		{"a number with letters in it", "a: {eventVersion: 5, eventVersion|contains: five}\ncondition: a", Impossible, ""},
		{"a text, and a number", "a: {errorCode: A}\nb: {errorCode: 5}\ncondition: a and b", Impossible, ""},
		{"a Kelvin sign, which is a k and no part of a word", "a: {eventSource: kms.amazonaws.com}\nb: {eventSource|re|i: '\\bkms\\b'}\ncondition: a and not b", Possible, ""},
		{"the boundary of a word that no case changes", "a: {errorCode: NotFound}\nb: {errorCode|re|i|m: '\\bnotfound\\b'}\ncondition: a and not b", Impossible, ""},
		{"a text that is a number but for white space", "a: {x: '5 '}\nb: {x|fieldref: y}\nc: {y: '5 '}\ncondition: a and c and not b", Unknown, ""},
		{"no hour before midnight", "a: {eventTime|hour|lt: 0}\ncondition: a", Impossible, "no time satisfies eventTime is of the hour less than 0"},
		{"no hour between", "a: {eventTime|hour|gte: 22}\nb: {eventTime|hour|lt: 6}\ncondition: a and b", Impossible, ""},
		{"an hour", "a: {eventTime|hour: 3, eventTime|minute: 30}\ncondition: a", Possible, ""},
		{"networks apart", "a: {sourceIPAddress|cidr: 10.0.0.0/8}\nb: {sourceIPAddress|cidr: 192.168.0.0/16}\ncondition: a and b", Impossible, ""},
		{"a network without a part of it", "a: {sourceIPAddress|cidr: 10.0.0.0/8}\nb: {sourceIPAddress|cidr: 10.0.0.0/30}\ncondition: a and not b", Possible, ""},
		{"a network without its halves", "a: {sourceIPAddress|cidr: 10.0.0.0/8}\nb: {sourceIPAddress|cidr: [10.0.0.0/9, 10.128.0.0/9]}\ncondition: a and not b", Impossible, "sourceIPAddress is to be in 10.0.0.0/8, and is not to be in 10.0.0.0/9 or in 10.128.0.0/9"},
		{"a network without three of its quarters", "a: {sourceIPAddress|cidr: 10.0.0.0/8}\nb: {sourceIPAddress|cidr: [10.0.0.0/10, 10.64.0.0/10, 10.192.0.0/10]}\ncondition: a and not b", Possible, ""},
		{"a network of IPv6 without its halves", "a: {sourceIPAddress|cidr: fd00::/8}\nb: {sourceIPAddress|cidr: ['fd00::/9', 'fd80::/9', 10.0.0.0/8]}\ncondition: a and not b", Impossible, ""},
		{"all hours of an evening excluded", "a: {eventTime|hour|gte: 22}\nb: {eventTime|hour: [22, 23]}\ncondition: a and not b", Impossible, ""},
		{"an hour left", "a: {eventTime|hour|gte: 21}\nb: {eventTime|hour: [22, 23]}\ncondition: a and not b", Possible, ""},
		{"no hour between two, but for one that is excluded", "a: {eventTime|hour|gte: 8, eventTime|hour|lt: 9}\nb: {eventTime|hour: 8}\ncondition: a and not b", Impossible, ""},
		{"the same of a list, where the times may be two", "a: {requestParameters.x|hour|gte: 8, requestParameters.x|hour|lt: 9}\nb: {requestParameters.x|hour: 8}\ncondition: a and not b", Possible, ""},
		{"a network and the name of a service", "a: {sourceIPAddress|cidr: 10.0.0.0/8}\nb: {sourceIPAddress|endswith: .amazonaws.com}\ncondition: a and b", Impossible, `sourceIPAddress cannot be both in 10.0.0.0/8 and ending with ".amazonaws.com"`},
		{"a network and a part of an address", "a: {sourceIPAddress|cidr: fe80::/10}\nb: {sourceIPAddress|contains: 'FE80:'}\ncondition: a and b", Possible, ""},
		{"a network in the one that is excluded", "a: {sourceIPAddress|cidr: 10.1.0.0/16}\nb: {sourceIPAddress|cidr: 10.0.0.0/8}\ncondition: a and not b", Impossible, ""},
		{"an expression", "a: {userIdentity.arn|re: '.+:assumed-role/(a|b)[0-9]{2,}$'}\ncondition: a", Possible, ""},
		{"an expression that no case of a text matches", "a: {eventName: CreateUser}\nb: {eventName|re: '^(Delete|Put)[A-Z]'}\ncondition: a and b", Impossible, ""},
		{"an expression that some case of a text matches", "a: {eventName: createuser}\nb: {eventName|re: '^Create[A-Z]'}\ncondition: a and b", Possible, ""},
		{"what an expression begins with", "a: {userAgent|startswith: Boto3}\nb: {userAgent|re: '^aws-cli/.*'}\ncondition: a and b", Impossible, ""},
		{"what an expression ends with", "a: {userAgent|endswith: '/1'}\nb: {userAgent|re: '^aws.*/2$'}\ncondition: a and b", Impossible, ""},
		{"the end of a line", "a: {userAgent|endswith: '/1'}\nb: {userAgent|re|m: '/2$'}\ncondition: a and b", Possible, ""},
		{"an expression that is free on its left", "a: {userAgent|startswith: Boto3}\nb: {userAgent|re: 'aws|^b'}\ncondition: a and b", Possible, ""},
		{"an expression within a pattern", "a: {userAgent|re: '^aws-cli/[0-9]+$'}\nb: {userAgent|startswith: AWS-}\ncondition: a and not b", Impossible, ""},
		{"an expression in any case within a pattern of one", "a: {userAgent|re: '^(?i)aws-cli/[0-9]+$'}\nb: {userAgent|startswith|cased: aws-}\ncondition: a and not b", Possible, ""},
		{"two expressions", "a: {eventName|re: '^Create'}\nb: {eventName|re: '^Delete'}\ncondition: a and b", Impossible, ""},
		{"a network, and what its addresses begin with", "a: {sourceIPAddress|cidr: 10.2.0.0/15}\nb: {sourceIPAddress|startswith: '10.'}\ncondition: a and not b", Impossible, ""},
		{"a network, and what others begin with", "a: {sourceIPAddress|cidr: 192.168.0.0/16}\nb: {sourceIPAddress|startswith: '10.'}\ncondition: a and b", Impossible, ""},
		{"fields that are equal", "a: {userIdentity.userName|fieldref: requestParameters.userName, requestParameters.userName|startswith: x}\ncondition: a", Possible, ""},
		{"fields that differ", "a: {eventName: CreateAccessKey}\nb: {userIdentity.userName|fieldref: requestParameters.userName}\ncondition: a and not b", Possible, ""},
		{"a field that begins with another and is longer", "a: {requestParameters.userName|fieldref|startswith: userIdentity.userName}\nb: {requestParameters.userName|fieldref: userIdentity.userName}\ncondition: a and not b", Possible, ""},
		{"a field that ends with another and does not begin with it", "a: {requestParameters.userName|fieldref|endswith: userIdentity.userName}\nb: {requestParameters.userName|fieldref|startswith: userIdentity.userName}\ncondition: a and not b", Possible, ""},
		{"parts of a text", "a: {requestParameters.policyDocument|contains|all: ['\"Effect\":\"Allow\"', '\"*\"']}\ncondition: a", Possible, ""},
		{"keywords", "a: [first, second]\nb: [third]\ncondition: a and not b", Possible, ""},
		{"a keyword that every match holds", "a: {x: somebody}\nb: [somebody]\ncondition: a and not b", Impossible, ""},
		{"nothing but a negation", "a: {eventName: CreateUser}\ncondition: not a", Possible, ""},
		{"a negation of everything", "a: {x: A}\ncondition: a or not a", Possible, ""},
		{"numbers as YAML has them and JSON has not", "a: {x: .5, y|lt: +5, z|gt: -.5e3, v|lte: 5.}\ncondition: a", Possible, ""},
		{"numbers that are large", "a: {x: 5e3, y|lt: 5e3, z|gt: 1e400, v|lt: 1e-400}\ncondition: a", Possible, ""},
		{"no number between large ones", "a: {eventVersion|lt: 5e3}\nb: {eventVersion|gt: 6e3}\ncondition: a and b", Impossible, ""},
		{"numbers apart that may be in a list", "a: {requestParameters.port|lt: 10}\nb: {requestParameters.port|gt: 20}\ncondition: a and b", Possible, ""},
		{"an object and a field of it", "a: {requestParameters|contains: secret, requestParameters.name: x}\ncondition: a", Possible, ""},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			got := Rule(provetest.Plan(t, c.detection))
			if got.Verdict != c.want || c.reason != "" && got.Reason != c.reason {
				event, _ := json.Marshal(got.Event)
				t.Errorf("%d (%s) %s, want %d (%s)", got.Verdict, got.Reason, event, c.want, c.reason)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about    string
		old, new string
		want     Relation
	}{
		{"the order of values", "a: {eventName: [A, B]}\ncondition: a", "a: {eventName: [B, A]}\ncondition: a", Equivalent},
		{"one search or two", "a: {eventName: A, errorCode: X}\ncondition: a", "a: {eventName: A}\nb: {errorCode: X}\ncondition: a and b", Equivalent},
		{"De Morgan", "a: {eventName: A}\nb: {x: Y}\nc: {z: W}\ncondition: a and not (b or c)", "a: {eventName: A}\nb: {x: Y}\nc: {z: W}\ncondition: a and not b and not c", Equivalent},
		{"a value more", "a: {eventName: A}\ncondition: a", "a: {eventName: [A, B]}\ncondition: a", Wider},
		{"a filter more", "a: {eventName: A}\ncondition: a", "a: {eventName: A}\nf: {userAgent|contains: x}\ncondition: a and not f", Narrower},
		{"a part for the whole", "a: {userAgent: aws-cli}\ncondition: a", "a: {userAgent|contains: aws-cli}\ncondition: a", Wider},
		{"another value", "a: {eventName: A}\ncondition: a", "a: {eventName: B}\ncondition: a", Different},
		{"wildcards in another order", "a: {x: 'a*?b'}\ncondition: a", "a: {x: 'a?*b'}\ncondition: a", Equivalent},
		{"something, wherever", "a: {x: '?*'}\ncondition: a", "a: {x: '*?*'}\ncondition: a", Equivalent},
		{"something, or anything", "a: {x: '?*'}\ncondition: a", "a: {x: '*'}\ncondition: a", Wider},
		{"a value that a pattern covers", "a: {x: ['ab*', abc]}\ncondition: a", "a: {x|startswith: ab}\ncondition: a", Equivalent},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			got := Compare(provetest.Plan(t, c.old), provetest.Plan(t, c.new))
			if got.Relation != c.want {
				t.Errorf("%s %v %v (%s), want %s", got.Relation, got.OnlyOld, got.OnlyNew, got.Reason, c.want)
			}
			verdicts := map[Relation][2]Verdict{Equivalent: {Impossible, Impossible}, Narrower: {Possible, Impossible}, Wider: {Impossible, Possible}, Different: {Possible, Possible}}
			if want := verdicts[c.want]; got.Lost != want[0] || got.Gained != want[1] || (got.OnlyOld != nil) != (want[0] == Possible) || (got.OnlyNew != nil) != (want[1] == Possible) {
				t.Errorf("lost %d %v, gained %d %v of %s", got.Lost, got.OnlyOld, got.Gained, got.OnlyNew, c.want)
			}
		})
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	form := func(detection string) string { return Form(provetest.Plan(t, detection)) }
	base := form("a: {eventName: [A, B], x: C}\nb: {y: D}\ncondition: a and not b")
	for detection, same := range map[string]bool{
		"a: {x: C, eventName: [B, A]}\nb: {y: D}\ncondition: not b and a":                      true,
		"a: {eventName: [A, B]}\nb: {y: D}\nc: {x: C}\ncondition: a and c and not b and not b": true,
		"a: {eventName: [A, B], x: C}\nb: {y|cased: D}\ncondition: a and not b":                false,
		"a: {eventName: [A, B], x: C}\nb: {y|startswith: D}\ncondition: a and not b":           false,
		"a: {eventName: [A, B], x: C}\nb: {y: D}\ncondition: a and b":                          false,
		"a: {eventName: [A, B], x: C}\nb: {y: D}\ncondition: a or not b":                       false,
		"a: {eventName: [A], x: C}\nb: {y: D}\ncondition: a and not b":                         false,
	} {
		if got := form(detection); (got == base) != same {
			t.Errorf("%s\nhas the form %s\nthe other rule %s", detection, got, base)
		}
	}
}

// TestPropose: values that are proposed are taken where they do.
func TestPropose(t *testing.T) {
	t.Parallel()
	s := Solver{Propose: func(field string, hold, fail []plan.Predicate) []any {
		return []any{"not allowed", "abc of " + field, "abc"}
	}}
	answer := s.Rule(provetest.Plan(t, "a: {x|startswith: abc, y: D}\nb: {x: abc}\ncondition: a and not b"))
	want := map[string]any{"eventVersion": "1.11", "x": "abc of x", "y": "D"}
	if diff := cmp.Diff(want, answer.Event); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOneText: several parts, patterns and expressions are found in one text, not in a
// list.
func TestOneText(t *testing.T) {
	t.Parallel()
	answer := Rule(provetest.Plan(t, "a: {x|contains|all: ['a*b', c, 'd?e', f], y|re: 'a[0-9]', y|contains: cde}\ncondition: a"))
	if _, ok := answer.Event["x"].(string); !ok {
		t.Errorf("%v", answer)
	}
}
