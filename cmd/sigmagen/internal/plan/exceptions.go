package plan

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// BuildExceptions resolves exceptions to rules, sorted by key. rules are all
// rules of the run.
func BuildExceptions(entries []sigma.Exception, rules []*sigma.Rule, list *diag.List) []Exception {
	var exceptions []Exception
	first := map[string]sigma.Text{}
	for _, entry := range entries {
		rule := findRule(entry.Rule, rules, list)
		if rule == nil {
			continue
		}
		if other, taken := first[rule.Key]; taken {
			list.Errorf(entry.Rule.Span, "exceptions/duplicate", "merge the two", "%q and %q in line %d are one rule", entry.Rule.Value, other.Value, other.Span.Line)
			continue
		}
		first[rule.Key] = entry.Rule
		exceptions = append(exceptions, buildException(entry, rule.Key, list))
	}
	slices.SortFunc(exceptions, func(a, b Exception) int { return strings.Compare(a.Rule, b.Rule) })
	return exceptions
}

// findRule returns the one rule of that title, id or key.
func findRule(name sigma.Text, rules []*sigma.Rule, list *diag.List) *sigma.Rule {
	var found []*sigma.Rule
	var titles []string
	for _, rule := range rules {
		titles = append(titles, rule.Title.Value, rule.Key)
		if name.Value == rule.Title.Value || name.Value == rule.Key || strings.EqualFold(name.Value, rule.ID.Value) {
			found = append(found, rule)
		}
	}
	switch len(found) {
	case 0:
		list.Errorf(name.Span, "exceptions/unknown-rule", sigma.DidYouMean(name.Value, titles), "no rule has the title, the id or the file name %q", name.Value)
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
		if !strings.HasPrefix(actor.Value, "arn:") {
			list.Errorf(actor.Span, "exceptions/actor", "write the ARN of a user, a role or a session, or use excludedActorsRegex", "%q is not an ARN", actor.Value)
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

func parseNetwork(s string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(s); err == nil {
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	return netip.ParsePrefix(s)
}

// strangers are ARNs that have nothing in common but being ARNs.
var strangers = []string{
	"arn:aws:iam::111122223333:user/q7",
	"arn:aws-cn:sts::444455556666:assumed-role/Zk-9/x.y@example.org",
	"arn:aws-us-gov:iam::000000000000:root",
}

// matchesEveryone reports whether an expression is found in any ARN.
func matchesEveryone(re *regexp.Regexp) bool {
	return re.MatchString("") || !slices.ContainsFunc(strangers, func(arn string) bool { return !re.MatchString(arn) })
}
