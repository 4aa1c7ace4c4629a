package alert_test

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

const (
	aliceARN = "arn:aws:iam::111122223333:user/alice"
	roleName = "AWSReservedSSO_AdministratorAccess_0123456789abcdef"
	roleARN  = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/" + roleName
)

func byAlice() alert.Finding {
	return newFinding(`{"eventVersion":"1","eventID":"e","recipientAccountId":"111122223333","sourceIPAddress":"198.51.100.127","userIdentity":{"arn":"` + aliceARN + `","userName":"alice"}}`)
}

func TestExceptions(t *testing.T) {
	const key = "stop_logging"
	prefixes := func(texts ...string) (list []netip.Prefix) {
		for _, text := range texts {
			list = append(list, netip.MustParsePrefix(text))
		}
		return list
	}
	session := newFinding(sessionRecord)
	from := func(address string) alert.Finding {
		f := byAlice()
		f.Event.SourceIP = address
		return f
	}
	at := func(eventTime string) alert.Finding {
		f := byAlice()
		f.Event.Time = eventTime
		return f
	}
	march10 := time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name      string
		finding   alert.Finding
		exception runtime.Exception
		why       string // "" when the finding is alerted
	}{
		{"a user is excepted by the ARN", byAlice(), runtime.Exception{Rule: key, Actors: []string{"arn:other", aliceARN}}, "actor " + aliceARN},
		{"another user is not", byAlice(), runtime.Exception{Rule: key, Actors: []string{aliceARN + "2"}}, ""},
		{"a session is excepted by the ARN of its role", session, runtime.Exception{Rule: key, Actors: []string{roleARN}}, "actor " + roleARN},
		{"an address in the network is excepted, its last one too", from("198.51.100.127"), runtime.Exception{Rule: key, SourceIPs: prefixes("198.51.100.64/26")}, "198.51.100.127 in 198.51.100.64/26"},
		{"the first address of the network is excepted", from("198.51.100.64"), runtime.Exception{Rule: key, SourceIPs: prefixes("198.51.100.64/26")}, "198.51.100.64 in"},
		{"the address before the network is not", from("198.51.100.63"), runtime.Exception{Rule: key, SourceIPs: prefixes("198.51.100.64/26")}, ""},
		{"the address behind the network is not", from("198.51.100.128"), runtime.Exception{Rule: key, SourceIPs: prefixes("198.51.100.64/26")}, ""},
		{"an IPv6 address is excepted by its network", from("2001:db8::1"), runtime.Exception{Rule: key, SourceIPs: prefixes("10.0.0.0/8", "2001:db8::/32")}, "2001:db8::1 in"},
		{"the name of a service is in no network", from("ec2.amazonaws.com"), runtime.Exception{Rule: key, SourceIPs: prefixes("0.0.0.0/0", "::/0")}, ""},
		{"an expression with an anchor is tried on the bare name of the role", session, runtime.Exception{Rule: key, ActorRegexps: []*regexp.Regexp{regexp.MustCompile(`^AWSReservedSSO_AdministratorAccess.*`)}}, "actor " + roleName + " matches"},
		{"the case of letters counts in an expression", session, runtime.Exception{Rule: key, ActorRegexps: []*regexp.Regexp{regexp.MustCompile(`^awsreservedsso_`)}}, ""},
		{"an expression is tried on the ARN", byAlice(), runtime.Exception{Rule: key, ActorRegexps: []*regexp.Regexp{regexp.MustCompile(`:user/al`)}}, "matches :user/al"},
		{"an expression that matches nothing at all excepts no absent name", alert.Finding{Rule: alert.Rule{Key: key, Level: runtime.High}}, runtime.Exception{Rule: key, ActorRegexps: []*regexp.Regexp{regexp.MustCompile(`^$`)}}, ""},
		{"an account is excepted", byAlice(), runtime.Exception{Rule: key, Accounts: []string{"999988887777", "111122223333"}}, "account 111122223333"},
		{"another account is not", byAlice(), runtime.Exception{Rule: key, Accounts: []string{"999988887777"}}, ""},
		{"the reason and the owner are told", byAlice(), runtime.Exception{Rule: key, Actors: []string{aliceARN}, Reason: "break-glass drill", Owner: "secops"}, "because: break-glass drill (secops)"},
		{"an exception covers events before it expires", at("2025-03-09T23:59:59Z"), runtime.Exception{Rule: key, Actors: []string{aliceARN}, Expires: march10}, "actor " + aliceARN},
		{"it does not cover an event of the time at which it expires, whenever that is processed", at("2025-03-10T00:00:00Z"), runtime.Exception{Rule: key, Actors: []string{aliceARN}, Expires: march10}, ""},
		{"an event without a time is judged by the time of the decision", at(""), runtime.Exception{Rule: key, Actors: []string{aliceARN}, Expires: march10}, ""},
		{"an address written as IPv6 is the same address", from("::ffff:198.51.100.64"), runtime.Exception{Rule: key, SourceIPs: prefixes("198.51.100.64/26")}, "in 198.51.100.64/26"},
		{"the exception of another rule does not apply", byAlice(), runtime.Exception{Rule: "start_logging", Actors: []string{aliceARN}, SourceIPs: prefixes("0.0.0.0/0"), ActorRegexps: []*regexp.Regexp{regexp.MustCompile(``)}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := alert.Config{Exceptions: []runtime.Exception{{Rule: "a_rule"}, test.exception, {Rule: "z_rule"}}}
			d, err := newPipeline(runtime.Ruleset{}, config).Process(t.Context(), test.finding)
			if err != nil {
				t.Fatal(err)
			}
			why := strings.Join(d.Why, "\n")
			switch {
			case test.why == "" && d.Outcome != alert.Alerted:
				t.Errorf("%s: %s", d.Outcome, why)
			case test.why != "" && (d.Outcome != alert.Excepted || !strings.Contains(why, test.why) || len(d.Alerts) > 0):
				t.Errorf("%s: %q with %d alerts, want excepted: %q", d.Outcome, why, len(d.Alerts), test.why)
			}
		})
	}
}
