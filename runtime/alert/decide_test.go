package alert_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
		{"an expression that matches nothing at all excepts no absent name", alert.Finding{Rule: alert.Rule{Key: key}}, runtime.Exception{Rule: key, ActorRegexps: []*regexp.Regexp{regexp.MustCompile(`^$`)}}, ""},
		{"the exception of another rule does not apply", byAlice(), runtime.Exception{Rule: "start_logging", Actors: []string{aliceARN}, SourceIPs: prefixes("0.0.0.0/0"), ActorRegexps: []*regexp.Regexp{regexp.MustCompile(``)}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			state := alert.State{LastAlert: time.Unix(1000, 0), Suppressed: 2}
			config := alert.Config{Exceptions: []runtime.Exception{{Rule: "a_rule"}, test.exception, {Rule: "z_rule"}}}
			d := alert.Decide(&test.finding, state, &config, time.Unix(1010, 0))
			why := strings.Join(d.Why, "\n")
			switch {
			case test.why == "" && d.Outcome != alert.Alerted:
				t.Errorf("%s: %s", d.Outcome, why)
			case test.why != "" && (d.Outcome != alert.Excepted || !strings.Contains(why, test.why)):
				t.Errorf("%s: %q, want excepted: %q", d.Outcome, why, test.why)
			case test.why != "" && d.Next != state:
				t.Errorf("an excepted finding changed the state to %+v", d.Next)
			}
		})
	}
}

func TestSeverity(t *testing.T) {
	tests := []struct {
		name         string
		level, least runtime.Level
		want         alert.Outcome
	}{
		{"below the least severity nothing is alerted", runtime.Medium, runtime.High, alert.BelowSeverity},
		{"the least severity itself is alerted", runtime.High, runtime.High, alert.Alerted},
		{"above it is alerted", runtime.Critical, runtime.High, alert.Alerted},
		{"without a least severity all is alerted", runtime.Informational, 0, alert.Alerted},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := byAlice()
			f.Rule.Level = test.level
			state := alert.State{Suppressed: 3}
			d := alert.Decide(&f, state, &alert.Config{MinSeverity: test.least}, time.Time{})
			if d.Outcome != test.want || d.Severity != test.level {
				t.Errorf("%s at %s, want %s at %s", d.Outcome, d.Severity, test.want, test.level)
			}
			if d.Outcome == alert.BelowSeverity && d.Next != state {
				t.Errorf("a finding below the severity changed the state to %+v", d.Next)
			}
			if !slices.Contains(d.Why, "severity "+test.level.String()+" is the level of the rule") {
				t.Errorf("why: %q", d.Why)
			}
		})
	}
}

func TestCooldown(t *testing.T) {
	type event struct {
		minute         int
		account, actor string
		rule           string
		want           string // outcome, and how many were held back before
	}
	const hour = time.Hour
	tests := []struct {
		name     string
		cooldown time.Duration
		events   []event
	}{
		{"an alert holds back the next within the cooldown, and not at its end", hour, []event{
			{minute: 0, want: "alerted 0"}, {minute: 1, want: "cooling_down 0"}, {minute: 59, want: "cooling_down 0"}, {minute: 60, want: "alerted 2"},
		}},
		{"the count starts again with each alert", hour, []event{
			{minute: 0, want: "alerted 0"}, {minute: 1, want: "cooling_down 0"}, {minute: 70, want: "alerted 1"}, {minute: 140, want: "alerted 0"},
		}},
		{"what is held back does not prolong the cooldown", hour, []event{
			{minute: 0, want: "alerted 0"}, {minute: 50, want: "cooling_down 0"}, {minute: 65, want: "alerted 1"},
		}},
		{"another actor is not held back", hour, []event{
			{minute: 0, actor: "alice", want: "alerted 0"}, {minute: 1, actor: "mallory", want: "alerted 0"}, {minute: 2, actor: "alice", want: "cooling_down 0"},
		}},
		{"another account is not held back", hour, []event{
			{minute: 0, account: "1", want: "alerted 0"}, {minute: 1, account: "2", want: "alerted 0"}, {minute: 2, account: "1", want: "cooling_down 0"},
		}},
		{"another rule is not held back", hour, []event{
			{minute: 0, rule: "a", want: "alerted 0"}, {minute: 1, rule: "b", want: "alerted 0"},
		}},
		{"a late event within the cooldown is held back", hour, []event{
			{minute: 100, want: "alerted 0"}, {minute: 50, want: "cooling_down 0"},
		}},
		{"an event that is later than the cooldown is alerted, and leaves the cooldown as it was", hour, []event{
			{minute: 100, want: "alerted 0"}, {minute: 10, want: "alerted 0"}, {minute: 101, want: "cooling_down 0"}, {minute: 11, want: "alerted 1"},
		}},
		{"an event without a time is not held back, and holds back none", hour, []event{
			{minute: -1, want: "alerted 0"}, {minute: -1, want: "alerted 0"}, {minute: 0, want: "alerted 0"}, {minute: -1, want: "alerted 0"}, {minute: 1, want: "cooling_down 0"},
		}},
		{"without a cooldown nothing is held back", 0, []event{
			{minute: 0, want: "alerted 0"}, {minute: 0, want: "alerted 0"},
		}},
	}
	start := time.Date(2025, 3, 9, 16, 0, 0, 0, time.UTC)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			memory := alert.Memory{}
			var want, got []string
			for _, e := range test.events {
				f := alert.Finding{Rule: alert.Rule{Key: e.rule, Level: runtime.High}, Event: alert.Event{AccountID: e.account, Actor: e.actor}}
				now := start.Add(time.Duration(e.minute) * time.Minute)
				if e.minute < 0 {
					now = time.Time{}
				}
				a, d := memory.Apply(f, &alert.Config{Cooldown: test.cooldown}, now)
				want = append(want, e.want)
				got = append(got, string(d.Outcome)+" "+string(rune('0'+a.Suppressed)))
				if (d.Outcome == alert.Alerted) != (a.Severity == runtime.High) {
					t.Errorf("outcome %s with the alert %+v", d.Outcome, a)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

// Alerts without any configuration are what scan --alerts prints; they must
// need no memory.
func TestApplyWithoutConfig(t *testing.T) {
	a, d := alert.Memory(nil).Apply(byAlice(), &alert.Config{}, time.Time{})
	if d.Outcome != alert.Alerted {
		t.Fatalf("outcome %s", d.Outcome)
	}
	if diff := cmp.Diff([]alert.Related(nil), a.Related()); diff != "" {
		t.Errorf("related (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"severity high is the level of the rule"}, a.Why); diff != "" {
		t.Errorf("why (-want +got):\n%s", diff)
	}
}

func TestWhyOfCooldown(t *testing.T) {
	f := byAlice()
	last := time.Date(2025, 3, 9, 17, 0, 0, 0, time.FixedZone("", 3600))
	config := alert.Config{Cooldown: time.Hour}
	held := alert.Decide(&f, alert.State{LastAlert: last, Suppressed: 1}, &config, last.Add(time.Minute))
	want := []string{"severity high is the level of the rule", "held back by the alert of 2025-03-09T16:00:00Z for the same rule, account and actor"}
	if diff := cmp.Diff(want, held.Why); diff != "" {
		t.Errorf("held back (-want +got):\n%s", diff)
	}
	if held.Next != (alert.State{LastAlert: last, Suppressed: 2}) {
		t.Errorf("next state %+v", held.Next)
	}
	after := alert.Decide(&f, held.Next, &config, last.Add(time.Hour))
	want = []string{"severity high is the level of the rule", "2 like it were held back since 2025-03-09T16:00:00Z"}
	if diff := cmp.Diff(want, after.Why); diff != "" {
		t.Errorf("alerted after (-want +got):\n%s", diff)
	}
}

func TestLess(t *testing.T) {
	at := func(time, file string, record int, rule string) alert.Finding {
		return alert.Finding{Rule: alert.Rule{Key: rule}, Event: alert.Event{Time: time}, Location: alert.Location{File: file, Record: record}}
	}
	sorted := []alert.Finding{
		at("never", "z", 9, "z"),
		at("2025-03-09T17:00:00+01:00", "a", 1, "b"), // 16:00 UTC
		at("2025-03-09T16:00:01Z", "a", 2, "a"),
		at("2025-03-09T16:00:01Z", "a", 2, "b"),
		at("2025-03-09T16:00:01Z", "a", 10, "a"),
		at("2025-03-09T16:00:01Z", "b", 0, "a"),
	}
	got := slices.Clone(sorted)
	slices.Reverse(got)
	slices.SortFunc(got, func(a, b alert.Finding) int { return alert.Less(&a, &b) })
	if diff := cmp.Diff(sorted, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
