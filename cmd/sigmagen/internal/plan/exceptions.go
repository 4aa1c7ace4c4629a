package plan

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// BuildExceptions resolves the exceptions of a rules directory to its rules and
// correlations, sorted by key. rules are all of that directory, also those that
// are refused: a mistake in a rule must not make its exception look wrong.
func BuildExceptions(entries []sigma.Exception, rules []*sigma.Rule, list *diag.List) []Exception {
	var exceptions []Exception
	first := map[string]sigma.Text{} // by key: the name that an exception was found by
	for _, entry := range entries {
		rule := findRule(entry.Rule, rules, "exceptions", list)
		if rule == nil {
			continue
		}
		if other, taken := first[rule.Key]; taken {
			list.Errorf(entry.Rule.Span, "exceptions/duplicate", "merge the two", "%q and %q in line %d of %s are one rule", entry.Rule.Value, other.Value, other.Span.Line, other.Span.Path)
			continue
		}
		first[rule.Key] = entry.Rule
		exceptions = append(exceptions, buildException(entry, rule.Key, list))
	}
	slices.SortFunc(exceptions, func(a, b Exception) int { return strings.Compare(a.Rule, b.Rule) })
	return exceptions
}

// findRule returns the one rule of that title, id or file name. area is the
// first part of the codes of what it reports.
func findRule(name sigma.Text, rules []*sigma.Rule, area string, list *diag.List) *sigma.Rule {
	var found []*sigma.Rule
	var titles []string
	unread := false
	for _, rule := range rules {
		unread = unread || rule.Title.Value == ""
		titles = append(titles, rule.Title.Value, rule.Stem())
		if name.Value == "" {
			continue
		}
		if name.Value == rule.Title.Value || name.Value == rule.Stem() || rule.ID.Value != "" && strings.EqualFold(name.Value, rule.ID.Value) {
			found = append(found, rule)
		}
	}
	switch len(found) {
	case 0:
		if unread {
			return nil // it may be the title of a rule that could not be read
		}
		list.Errorf(name.Span, area+"/unknown-rule", cmp.Or(sigma.DidYouMean(name.Value, titles), exampleName(rules)), "no rule has the title, the id or the file name (without its ending) %q", name.Value)
		return nil
	case 1:
		return found[0]
	default:
		list.Errorf(name.Span, area+"/ambiguous-rule", "name it by its file, without the ending", "%q is the name of %s and of %s", name.Value, found[0].Path, found[1].Path)
		return nil
	}
}

// exampleName returns a hint that says how a rule is named, and where its title
// stands.
func exampleName(rules []*sigma.Rule) string {
	if len(rules) == 0 {
		return "there is no rule yet that it could name"
	}
	return fmt.Sprintf("write the `title` of a rule, or the name of its file: %s is %q or %q", rules[0].Path, rules[0].Title.Value, rules[0].Stem())
}

func buildException(entry sigma.Exception, key string, list *diag.List) Exception {
	e := Exception{Rule: key, Reason: entry.Reason.Value, Owner: entry.Owner.Value, Expires: parseExpiry(entry.Expires, list), ExpiresSpan: entry.Expires.Span}
	for _, account := range entry.Accounts {
		if !accountID.MatchString(account.Value) {
			list.Errorf(account.Span, "exceptions/account", "write the 12 digits of an account id", "%q is not the id of an account", account.Value)
		}
		e.Accounts = append(e.Accounts, account.Value)
	}
	for _, actor := range entry.Actors {
		switch {
		case strings.ContainsAny(actor.Value, "*?"):
			list.Errorf(actor.Span, "exceptions/actor", "use excludedActorsRegex", "an actor is compared as it stands: %q covers nobody", actor.Value)
		case !actorARN.MatchString(actor.Value):
			list.Errorf(actor.Span, "exceptions/actor", "write the ARN of a user, a role or a session, or use excludedActorsRegex", "%q is not the ARN of an actor", actor.Value)
		}
		e.Actors = append(e.Actors, actor.Value)
	}
	for _, ip := range entry.SourceIPs {
		prefix, err := parseNetwork(ip.Value)
		if err != nil {
			list.Errorf(ip.Span, "exceptions/source-ip", "write an address or address/bits", "%q is neither an IP address nor a network", ip.Value)
			continue
		}
		if prefix != prefix.Masked() {
			list.Errorf(ip.Span, "exceptions/source-ip", "write "+prefix.Masked().String(), "%q has bits set behind its prefix", ip.Value)
		}
		if prefix.Bits() == 0 {
			list.Errorf(ip.Span, "exceptions/source-ip", "name the networks that are excepted", "%q covers every address: the rule would never alert on one", ip.Value)
		}
		e.SourceIPs = append(e.SourceIPs, prefix)
	}
	for _, expression := range entry.ActorRegexps {
		re, err := regexp.Compile(expression.Value)
		if err != nil {
			list.Errorf(expression.Span, "exceptions/regexp", "", "invalid regular expression: %v", err)
			continue
		}
		if matchesEveryone(re) {
			list.Errorf(expression.Span, "exceptions/regexp", "name what the excepted actors have in common", "the expression %q covers every actor: the rule would never alert", expression.Value)
		}
		e.ActorRegexps = append(e.ActorRegexps, expression.Value)
	}
	return e
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// parseExpiry reads when an exception ends: a date, which is its first moment in
// UTC, or a date with a time.
func parseExpiry(text sigma.Text, list *diag.List) time.Time {
	if text.Value == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text.Value)
	if err != nil {
		t, err = time.Parse(time.RFC3339, text.Value)
	}
	if err != nil {
		list.Errorf(text.Span, "exceptions/expires", "write 2027-01-31, or 2027-01-31T18:00:00Z", "%q is neither a day of the calendar nor a time with its zone", text.Value)
	}
	return t.UTC()
}

// soon is how long before it ends an exception is told of.
const soon = 14 * 24 * time.Hour

// Expiring warns of exceptions that have expired at a time, or will within two
// weeks. It is said by check alone, since what generate does and says depends on
// the rules alone.
func Expiring(exceptions []Exception, now time.Time, list *diag.List) {
	for _, e := range exceptions {
		left := e.Expires.Sub(now)
		switch {
		case e.Expires.IsZero() || left > soon:
		case left <= 0:
			list.Warnf(e.ExpiresSpan, "exceptions/expires", "remove the exception, or give it a later date", "the exception of %s has expired: it covers nothing that happened since %s", e.Rule, e.Expires.Format(time.RFC3339))
		default:
			list.Warnf(e.ExpiresSpan, "exceptions/expires", "give it a later date if it is still needed", "the exception of %s expires on %s", e.Rule, e.Expires.Format(time.RFC3339))
		}
	}
}

// actorARN is the form of userIdentity.arn and of the ARN of a role behind a
// session; a path may hold any printable ASCII character.
var actorARN = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[!-~]+$`)

func parseNetwork(s string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(s); err == nil && address.Zone() == "" {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// strangers are ARNs, and bare names, that have nothing in common but being so.
var strangers = [][]string{
	{"arn:aws:iam::111122223333:user/q7", "arn:aws:sts::444455556666:assumed-role/Zk-9/x.y@example.org", "arn:aws:iam::000000000000:root"},
	{"q7", "Zk-9", "x.y@example.org", "AWSReservedSSO_J+=,_0"},
}

// matchesEveryone reports whether an expression is found in any ARN, or in any
// bare name of a user or role.
func matchesEveryone(re *regexp.Regexp) bool {
	return slices.ContainsFunc(strangers, func(group []string) bool {
		return !slices.ContainsFunc(group, func(name string) bool { return !re.MatchString(name) })
	})
}
