package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/catalogue"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// field judges the field of a test, and those that it compares it with. It does so
// whether the test is negated or not: a filter on what no record has filters
// nothing.
func (k *checker) field(l *leaf, beside []node) {
	k.path(l.test.Field, l.written.Field.Span, beside)
	switch l.test.Op {
	case plan.FieldEqual, plan.FieldPrefix, plan.FieldSuffix, plan.FieldContains:
		for _, v := range l.values() {
			k.path(v.Text, v.span, beside)
			k.unequal(l, v)
		}
	}
}

func (k *checker) path(path string, span diag.Span, beside []node) {
	unknown, ok := k.c.Field(path)
	if !ok {
		k.unknownPath(unknown, span)
		return
	}
	rest, is := strings.CutPrefix(path, "requestParameters.")
	if !is {
		return
	}
	member, _, _ := strings.Cut(rest, ".")
	k.member(member, span, beside)
}

// unknownPath says that no record has a field.
func (k *checker) unknownPath(path string, span diag.Span) {
	if !strings.Contains(path, ".") && contains(k.fields, path) && !slices.Contains(k.fields, path) {
		return // of the case of such a field the plan warns
	}
	meant := k.beside(path)
	if meant == "" {
		meant = k.elsewhere(path)
	}
	k.warn(span, "reach-unknown-field", didYouMean(meant), "CloudTrail records have no field %q", path)
}

// beside returns the field that a path is probably a misspelling of, among those
// in the same object, or "".
func (k *checker) beside(path string) string {
	parent, last := "", path
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		parent, last = path[:i+1], path[i+1:]
	}
	var names []string
	for _, field := range k.fields {
		if name, is := strings.CutPrefix(field, parent); is && !strings.Contains(name, ".") {
			names = append(names, name)
		}
	}
	if meant := similar(last, names); meant != "" {
		return parent + meant
	}
	return ""
}

// elsewhere returns the field, as far up as there is one, that ends with a path, or
// "".
func (k *checker) elsewhere(path string) string {
	found := ""
	for _, field := range k.fields {
		if strings.HasSuffix(field, "."+path) && (found == "" || strings.Count(field, ".") < strings.Count(found, ".")) {
			found = field
		}
	}
	return found
}

// member judges a member of requestParameters by the events that the other
// conditions allow.
func (k *checker) member(member string, span diag.Span, beside []node) {
	events, all := k.events(beside)
	if !all || len(events) == 0 {
		return
	}
	var names, spelled []string
	loose := false
	for _, event := range events {
		if event.Source.Open && !event.HasMembers || k.c.Member(event, member) {
			return
		}
		names = append(names, event.Name)
		spelled = append(spelled, k.c.Spelled(event)...)
		loose = loose || event.Source.Loose
	}
	slices.Sort(names)
	names = slices.Compact(names)
	meant := ""
	for _, known := range spelled {
		if strings.EqualFold(known, member) {
			meant = known
		}
	}
	if loose && meant == "" {
		return // there may be such a member
	}
	if meant == "" {
		meant = similar(member, spelled)
	}
	if meant != "" {
		meant = "requestParameters." + meant
	}
	k.warn(span, "reach-unknown-field", didYouMean(meant), "the request of %s has no %q", someOf(names), member)
}

func someOf(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("%s and of %d other %s", names[0], len(names)-1, plural(len(names)-1, "event", "events"))
}

// unequal warns of two fields that are asked to be equal and never are: the one is
// an ARN, the other what an ARN ends with at most.
func (k *checker) unequal(l *leaf, v value) {
	a, b := l.test.Field, v.Text
	if l.test.Op == plan.FieldEqual && (isARN(a) && isName(b) || isName(a) && isARN(b)) {
		k.warn(v.span, "reach-wrong-value", "did you mean `"+arnOf(a, b)+"|fieldref|endswith`?", "%s and %s are never equal: one is an ARN, the other is none", a, b)
	}
}

// arn warns of an ARN that is to equal a name, and of a name that is to equal what
// userIdentity and resources have as an ARN.
func (k *checker) arn(field string, v value) {
	whole := strings.HasPrefix(v.Text, "arn:")
	switch {
	case isName(field) && whole:
		k.warn(v.span, "reach-wrong-value", "write the name alone, or look at a field that holds an ARN", "%s is a name or number, and never an ARN", field)
	case isARN(field) && !strings.Contains(v.Text, ":") && (strings.HasPrefix(field, "userIdentity.") || strings.HasPrefix(field, "resources.")):
		k.warn(v.span, "reach-wrong-value", "write all of the ARN, or use `"+field+"|endswith`", "%s is a whole ARN, and never %q", field, v.Text)
	}
}

func arnOf(a, b string) string {
	if isARN(a) {
		return a
	}
	return b
}

func isARN(path string) bool {
	last := path[strings.LastIndexByte(path, '.')+1:]
	return last == "arn" || last == "ARN" || strings.HasSuffix(last, "Arn")
}

// isName reports whether a field holds a plain name or number of AWS, in which
// there is no colon.
func isName(path string) bool {
	last := path[strings.LastIndexByte(path, '.')+1:]
	return slices.Contains([]string{"accessKeyId", "accountId", "awsRegion", "eventName", "eventSource", "groupName", "recipientAccountId", "roleName", "userName"}, last)
}

// values judges the operands of a test by the values that its field is known to
// have in the events that the other conditions allow.
func (k *checker) values(l *leaf, beside []node) {
	if l.negated || l.test.Op != plan.Equal || !isText(l.test) {
		return
	}
	for _, v := range l.values() {
		k.arn(l.test.Field, v)
	}
	if !k.c.HasValues(l.test.Field) {
		return
	}
	events, all := k.events(beside)
	if len(events) == 0 && all {
		return
	}
	known := k.knownValues(l.test.Field, events, all)
	if len(known) == 0 {
		return
	}
	for _, v := range l.values() {
		if !contains(known, v.Text) {
			k.warn(v.span, "reach-wrong-value", didYouMean(similar(v.Text, known)), "%s is %s, and never %q", l.test.Field, quoted(known, "or"), v.Text)
		}
	}
}

// knownValues returns the values of a field in all of some events, or in any
// event; nil when they are not known of one of them.
func (k *checker) knownValues(field string, events []*catalogue.Event, all bool) []string {
	if !all {
		return k.c.AnyValues(field)
	}
	var known []string
	for _, event := range events {
		values := k.c.Values(event, field)
		if values == nil {
			return nil
		}
		for _, v := range values {
			if !slices.Contains(known, v) {
				known = append(known, v)
			}
		}
	}
	return known
}
