package prove

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// cube is one case: literals that are to hold together.
type cube struct {
	literals  []literal
	scalar    func(field string) bool // it is no list; may be nil
	languages languages               // of all cases
}

func (c *cube) clone() *cube { return &cube{slices.Clone(c.literals), c.scalar, c.languages} }

// add takes up a literal, or says what it contradicts.
func (c *cube) add(l literal) (refutation, bool) {
	if r, refuted := c.refute(l); refuted {
		return r, true
	}
	if !slices.ContainsFunc(c.literals, l.same) {
		c.literals = append(c.literals, l)
	}
	return refutation{}, false
}

// refute says what a literal contradicts, if it does.
func (c *cube) refute(l literal) (refutation, bool) {
	if !l.negated && empty(l.Predicate) {
		return refutation{fmt.Sprintf("no time satisfies %s", describe(l)), []plan.Predicate{l.Predicate}}, true
	}
	for _, other := range c.literals {
		if other.same(l) {
			return refutation{}, false
		}
		if reason := c.contradiction(l, other); reason != "" {
			return refutation{reason, []plan.Predicate{other.Predicate, l.Predicate}}, true
		}
	}
	return c.nothingLeft(l)
}

// open returns those alternatives that are not refuted at once. settled is true when
// one holds already.
func (c *cube) open(choice one) (ways []formula, settled bool, last refutation) {
	for _, way := range choice {
		l, ok := way.(literal)
		if !ok {
			ways = append(ways, way)
			continue
		}
		if slices.ContainsFunc(c.literals, l.same) {
			return nil, true, refutation{}
		}
		if r, refuted := c.refute(l); refuted {
			if last.reason == "" {
				last = r
			}
			continue
		}
		ways = append(ways, way)
	}
	return ways, false, last
}

// contradiction says in words why two literals cannot both hold, and "" when they may.
func (c *cube) contradiction(a, b literal) string {
	switch {
	case a.negated && b.negated:
		if a.Field == b.Field && (a.Op == plan.Exists && b.Op == plan.IsNull || a.Op == plan.IsNull && b.Op == plan.Exists) {
			return fmt.Sprintf("%s cannot be absent and not null", name(a.Field))
		}
	case !a.negated && !b.negated:
		if a.Field == b.Field && c.isScalar(a.Field) && disjoint(a.Predicate, b.Predicate) {
			return fmt.Sprintf("%s cannot be both %s and %s", name(a.Field), what(a), what(b))
		}
	default:
		if a.negated {
			a, b = b, a
		}
		if Implies(a.Predicate, b.Predicate) {
			return fmt.Sprintf("%s is to be %s, and is not to be %s", name(a.Field), what(a), what(b))
		}
	}
	return ""
}

// isScalar reports whether no list is looked at in a field. Keywords look at all there is.
func (c *cube) isScalar(field string) bool {
	return field != "" && (isSingle(field) || c.scalar != nil && c.scalar(field))
}

func name(field string) string {
	if field == "" {
		return "a value of the record"
	}
	return field
}

// describe names a literal for people.
func describe(l literal) string {
	not := ""
	if l.negated {
		not = "not "
	}
	return name(l.Field) + " is " + not + what(l)
}

// what says what a literal asks of its field, without the negation.
func what(l literal) string {
	value := ""
	if len(l.Values) > 0 {
		value = fmt.Sprintf("%q", l.Values[0].Text)
	}
	part := ""
	if l.Part != "" {
		part = "of the " + l.Part + " "
	}
	switch l.Op {
	case plan.Equal:
		return part + value
	case plan.Prefix:
		return "beginning with " + value
	case plan.Suffix:
		return "ending with " + value
	case plan.Contains:
		return "containing " + value
	case plan.Like:
		return "like " + value
	case plan.Number:
		return "the number " + strings.Trim(value, `"`)
	case plan.Regexp:
		return "matched by " + value
	case plan.InPrefix:
		return "in " + l.Values[0].Prefix.String()
	case plan.FieldEqual, plan.FieldPrefix, plan.FieldSuffix, plan.FieldContains:
		return "related to the field " + l.Values[0].Text
	case plan.Less:
		return part + "less than " + strings.Trim(value, `"`)
	case plan.LessOrEqual:
		return part + "at most " + strings.Trim(value, `"`)
	case plan.Greater:
		return part + "greater than " + strings.Trim(value, `"`)
	case plan.GreaterOrEqual:
		return part + "at least " + strings.Trim(value, `"`)
	case plan.Exists:
		return "there"
	case plan.IsNull:
		return "null or absent"
	}
	panic(fmt.Sprintf("prove: unknown predicate %d", l.Op))
}

// hardest names the predicate that a record is hardest to make for, if one is known to
// be.
func (c *cube) hardest() string {
	for _, l := range c.literals {
		if l.Op == plan.Regexp || isField(l.Predicate) {
			return " (" + describe(l) + ")"
		}
	}
	return ""
}

// isSingle reports whether CloudTrail writes one scalar at a path, never a list
// (CloudTrail user guide, "CloudTrail record contents").
func isSingle(path string) bool { return slices.Contains(singles, path) }

var singles = []string{
	"awsRegion", "apiVersion", "errorCode", "errorMessage", "eventCategory", "eventID", "eventName", "eventSource",
	"eventTime", "eventType", "eventVersion", "managementEvent", "readOnly", "recipientAccountId", "requestID",
	"sessionCredentialFromConsole", "sharedEventID", "sourceIPAddress", "userAgent", "vpcEndpointAccountId", "vpcEndpointId",
	"tlsDetails.cipherSuite", "tlsDetails.clientProvidedHostHeader", "tlsDetails.tlsVersion",
	"userIdentity.accessKeyId", "userIdentity.accountId", "userIdentity.arn", "userIdentity.identityProvider",
	"userIdentity.invokedBy", "userIdentity.principalId", "userIdentity.type", "userIdentity.userName",
	"userIdentity.sessionContext.attributes.creationDate", "userIdentity.sessionContext.attributes.mfaAuthenticated",
	"userIdentity.sessionContext.sessionIssuer.accountId", "userIdentity.sessionContext.sessionIssuer.arn",
	"userIdentity.sessionContext.sessionIssuer.principalId", "userIdentity.sessionContext.sessionIssuer.type",
	"userIdentity.sessionContext.sessionIssuer.userName",
}
