package plan

import (
	"net/netip"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

func TestBuildExceptions(t *testing.T) {
	t.Parallel()
	rules := []*sigma.Rule{
		{Key: "trail_stopped", Path: "trail_stopped.yml", Source: "trail_stopped.yml", Title: sigma.Text{Value: "Trail Stopped"}, ID: sigma.Text{Value: "276e6f5d-4e92-441c-b472-a4859f1b639a"}},
		{Key: "trail_deleted", Path: "trail_deleted.yml", Source: "trail_deleted.yml", Title: sigma.Text{Value: "Trail Deleted"}},
		{Key: "trail_deleted_too", Path: "trail_deleted_too.yml", Source: "trail_deleted_too.yml", Title: sigma.Text{Value: "Trail Deleted"}},
	}
	tests := []struct {
		about    string
		text     string
		want     []Exception
		problems []string
	}{
		{"a rule is named by its title", `{"Trail Stopped": {"excludedActors": ["arn:aws:iam::111122223333:user/a"]}}`,
			[]Exception{{Rule: "trail_stopped", Actors: []string{"arn:aws:iam::111122223333:user/a"}}}, nil},
		{"a rule is named by its id, in any case", `{"276E6F5D-4E92-441C-B472-A4859F1B639A": {"excludedActors": ["arn:aws:iam::111122223333:user/a"]}}`,
			[]Exception{{Rule: "trail_stopped", Actors: []string{"arn:aws:iam::111122223333:user/a"}}}, nil},
		{"a rule is named by its file", `{"trail_deleted": {"excludedActors": ["arn:aws:iam::111122223333:user/a"]}}`,
			[]Exception{{Rule: "trail_deleted", Actors: []string{"arn:aws:iam::111122223333:user/a"}}}, nil},
		{"exceptions are sorted by key", `{"trail_stopped": {"excludedActorsRegex": ["x"]}, "trail_deleted": {"excludedActorsRegex": ["y"]}}`,
			[]Exception{{Rule: "trail_deleted", ActorRegexps: []string{"y"}}, {Rule: "trail_stopped", ActorRegexps: []string{"x"}}}, nil},
		{"an address is a network of its own", `{"trail_stopped": {"excludedSourceIPs": ["192.0.2.1", "2001:db8::1", "10.0.0.0/8"]}}`,
			[]Exception{{Rule: "trail_stopped", SourceIPs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32"), netip.MustParsePrefix("2001:db8::1/128"), netip.MustParsePrefix("10.0.0.0/8")}}}, nil},
		{"an exception may be for accounts, and say why, and for how long", `{"trail_stopped": {"excludedAccounts": ["111122223333"], "expires": "2027-01-31", "reason": "Rebuilt", "owner": "Platform"}}`,
			[]Exception{{Rule: "trail_stopped", Accounts: []string{"111122223333"}, Expires: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), Reason: "Rebuilt", Owner: "Platform"}}, nil},
		{"it may end at a time of any zone", `{"trail_stopped": {"excludedAccounts": ["111122223333"], "expires": "2027-01-31T01:30:00+02:00"}}`,
			[]Exception{{Rule: "trail_stopped", Accounts: []string{"111122223333"}, Expires: time.Date(2027, 1, 30, 23, 30, 0, 0, time.UTC)}}, nil},
		{"a title of two rules is ambiguous", `{"Trail Deleted": {"excludedActors": ["arn:aws:iam::111122223333:user/a"]}}`,
			nil, []string{`exceptions/ambiguous-rule: "Trail Deleted" is the name of trail_deleted.yml and of trail_deleted_too.yml`}},
		{"no id is no name", `{"": {"excludedActors": ["arn:aws:iam::111122223333:user/a"]}}`,
			nil, []string{`exceptions/unknown-rule: no rule has the title, the id or the file name (without its ending) ""`}},
		{"an address with a zone is none", `{"trail_stopped": {"excludedSourceIPs": ["fe80::1%eth0"]}}`,
			[]Exception{{Rule: "trail_stopped"}}, []string{`exceptions/source-ip: "fe80::1%eth0" is neither an IP address nor a network`}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			var list diag.List
			entries := sigma.ParseExceptions("exceptions.json", []byte(test.text), &list)
			got := BuildExceptions(entries, rules, &list)
			if diff := cmp.Diff(test.problems, messages(&list), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(Exception{}, "ExpiresSpan"), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Errorf("exceptions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExpiring(t *testing.T) {
	t.Parallel()
	expires := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		about string
		now   time.Time
		want  []string
	}{
		{"long before, there is nothing to say", expires.Add(-14*24*time.Hour - time.Second), nil},
		{"two weeks before, it is told", expires.Add(-14 * 24 * time.Hour), []string{"exceptions/expires: the exception of stop expires on 2027-01-31T00:00:00Z"}},
		{"on the last day, too", expires.Add(-time.Second), []string{"exceptions/expires: the exception of stop expires on 2027-01-31T00:00:00Z"}},
		{"at that moment it has expired", expires, []string{"exceptions/expires: the exception of stop has expired: it covers nothing that happened since 2027-01-31T00:00:00Z"}},
		{"and ever after", expires.AddDate(5, 0, 0), []string{"exceptions/expires: the exception of stop has expired: it covers nothing that happened since 2027-01-31T00:00:00Z"}},
	}
	for _, test := range tests {
		var list diag.List
		Expiring([]Exception{{Rule: "always"}, {Rule: "stop", Expires: expires}}, test.now, &list)
		if diff := cmp.Diff(test.want, messages(&list)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
		if list.HasErrors() {
			t.Errorf("%s: the clock refuses rules", test.about)
		}
	}
}

func TestMatchesEveryone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		expression string
		want       bool
	}{
		{`.*`, true},
		{`.`, true},
		{``, true},
		{`^`, true},
		{`$`, true},
		{`x*`, true},
		{`deploy|`, true},
		{`^arn:`, true},
		{`^arn:.*$`, true},
		{`arn:aws.*:.*`, true},
		{`:`, true},
		{`\w+`, true},
		{`[a-z]`, true},
		{`(?i)ARN`, true},
		{`^.+$`, true},
		{`deploy`, false},
		{`^AWSReservedSSO_`, false},
		{`:user/`, false},
		{`:role/deploy-.*$`, false},
		{`^arn:aws:iam::111122223333:`, false},
		{`(?i)admin`, false},
	}
	for _, test := range tests {
		if got := matchesEveryone(regexp.MustCompile(test.expression)); got != test.want {
			t.Errorf("matchesEveryone(%q) = %v, want %v", test.expression, got, test.want)
		}
	}
}
