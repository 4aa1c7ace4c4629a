package plan

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// BuildExceptions resolves the exceptions of a rules directory to its rules,
// sorted by key. rules are all rules of that directory, also those that are
// refused: a mistake in a rule must not make its exception look wrong.
func BuildExceptions(entries []sigma.Exception, rules []*sigma.Rule, list *diag.List) []Exception {
	var exceptions []Exception
	first := map[string]sigma.Text{} // by key: the name that an exception was found by
	for _, entry := range entries {
		rule := findRule(entry.Rule, rules, list)
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

// findRule returns the one rule of that title, id or file name.
func findRule(name sigma.Text, rules []*sigma.Rule, list *diag.List) *sigma.Rule {
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
		list.Errorf(name.Span, "exceptions/unknown-rule", sigma.DidYouMean(name.Value, titles), "no rule has the title, the id or the file name (without its ending) %q", name.Value)
		return nil
	case 1:
		return found[0]
	default:
		list.Errorf(name.Span, "exceptions/ambiguous-rule", "name it by its file, without the ending", "%q is the name of %s and of %s", name.Value, found[0].Path, found[1].Path)
		return nil
	}
}

func buildException(entry sigma.Exception, key string, list *diag.List) Exception {
	e := Exception{Rule: key}
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
