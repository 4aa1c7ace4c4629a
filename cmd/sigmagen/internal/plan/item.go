package plan

import (
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// modifiers lists the value modifiers of Sigma 2.1.0 (appendix "Value
// Modifiers"), and which of them are compiled.
var modifiers = map[string]bool{
	"all": true, "cidr": true, "contains": true, "endswith": true, "exists": true, "fieldref": true, "re": true, "startswith": true,

	"base64": false, "base64offset": false, "cased": false, "expand": false, "gt": false, "gte": false, "i": false, "lt": false,
	"lte": false, "m": false, "neq": false, "s": false, "utf16": false, "utf16be": false, "utf16le": false, "wide": false, "windash": false,
	"minute": false, "hour": false, "day": false, "week": false, "month": false, "year": false,
}

// buildItem gives an item its meaning. ok is false after an error.
func buildItem(item sigma.Item, list *diag.List) (planned Item, ok bool) {
	before := list.Count(diag.Error)
	b := itemBuilder{item: item, list: list}
	b.modifiers()
	b.warnFieldName()
	if list.Count(diag.Error) > before {
		return Item{}, false
	}
	planned = Item{Field: item.Field.Value, All: b.all}
	for _, v := range item.Values {
		if p, ok := b.predicate(v); ok {
			planned.add(p)
		}
	}
	return planned, list.Count(diag.Error) == before
}

// fields returns the fields that an item reads: its own, and those that it is
// compared with.
func (i *Item) fields() []string {
	fields := []string{i.Field}
	for _, p := range i.Predicates {
		for _, v := range p.Values {
			if p.Op == Field {
				fields = append(fields, v.Text)
			}
		}
	}
	return fields
}

// add appends a predicate to an item. Values that are tested alike share one
// predicate, unless all of them must hold.
func (i *Item) add(p Predicate) {
	if !i.All {
		for j := range i.Predicates {
			if i.Predicates[j].Op == p.Op && len(p.Values) > 0 {
				i.Predicates[j].Values = append(i.Predicates[j].Values, p.Values...)
				return
			}
		}
	}
	i.Predicates = append(i.Predicates, p)
}

type itemBuilder struct {
	item sigma.Item
	list *diag.List

	all  bool
	kind string // contains, startswith, endswith, re, cidr, exists, fieldref, or "" for equality
}

// modifiers checks the chain of modifiers: known, each once, in a legal
// combination.
func (b *itemBuilder) modifiers() {
	names := b.item.Modifiers
	for i, m := range names {
		supported, known := modifiers[m.Value]
		switch {
		case !known:
			hint := sigma.DidYouMean(m.Value, modifierNames())
			b.list.Errorf(m.Span, "modifier/unknown", hint, "unknown modifier %q", m.Value)
			continue
		case !supported:
			b.list.Errorf(m.Span, "modifier/unsupported", "", "the modifier %q is not supported yet", m.Value)
			continue
		case slices.ContainsFunc(names[:i], func(other sigma.Text) bool { return other.Value == m.Value }):
			b.list.Errorf(m.Span, "modifier/combination", "remove one", "the modifier %q stands here twice", m.Value)
			continue
		}
		if m.Value == "all" {
			b.all = true
			if len(b.item.Values) < 2 {
				b.list.Errorf(m.Span, "modifier/all", "remove it", "the modifier \"all\" needs a list of at least two values")
			}
			continue
		}
		if b.kind == "fieldref" && (m.Value == "contains" || m.Value == "startswith" || m.Value == "endswith") {
			b.list.Errorf(m.Span, "modifier/unsupported", "", "the modifier %q after \"fieldref\" is not supported yet", m.Value)
			continue
		}
		if b.kind != "" {
			b.list.Errorf(m.Span, "modifier/combination", "use one of them", "the modifier %q cannot follow %q", m.Value, b.kind)
			continue
		}
		b.kind = m.Value
	}
	if b.all && b.kind == "exists" {
		b.list.Errorf(b.item.Key, "modifier/combination", "remove `all`", "the modifier \"exists\" stands alone")
	}
}

func modifierNames() []string {
	var names []string
	for name := range modifiers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// predicate gives one value its meaning.
func (b *itemBuilder) predicate(v sigma.Scalar) (p Predicate, ok bool) {
	p = Predicate{Field: b.item.Field.Value}
	value := Value{Text: v.Value, Source: v.Value}
	if v.Kind == sigma.Null && b.kind != "" {
		b.list.Errorf(v.Span, "modifier/value", "remove the modifier: `"+p.Field+": null`", "the modifier %q does not apply to null", b.kind)
		return p, false
	}
	switch b.kind {
	case "":
		return b.equality(p, v)
	case "contains", "startswith", "endswith":
		return b.part(p, v)
	case "re":
		p.Op = Regexp
		ok = b.expression(v)
	case "cidr":
		p.Op = InPrefix
		value.Prefix, ok = b.network(v)
	case "fieldref":
		p.Op = Field
		ok = b.fieldName(v)
	case "exists":
		if v.Kind != sigma.Bool || len(b.item.Values) != 1 {
			b.list.Errorf(v.Span, "modifier/value", "write true or false, without quotes", "the modifier \"exists\" takes one boolean")
			return p, false
		}
		p.Op = Exists
		if v.Value == "false" {
			p.Op = Absent
		}
		return p, true
	default:
		panic("plan: modifier " + b.kind + " has no meaning")
	}
	p.Values = []Value{value}
	return p, ok
}

// equality compiles a value without a modifier: it must cover the field (Sigma
// specification 2.1.0, section Detection Item Value).
func (b *itemBuilder) equality(p Predicate, v sigma.Scalar) (Predicate, bool) {
	value := Value{Text: v.Value, Source: v.Value}
	switch v.Kind {
	case sigma.Null:
		p.Op = IsNull
		return p, true
	case sigma.Bool:
		p.Op = Equal
	case sigma.Number:
		p.Op = Number
	default:
		pattern := parsePattern(v.Value)
		if pattern.literal() {
			p.Op, value.Text = Equal, pattern.text()
		} else {
			p.Op, value.Text = Like, pattern.String()
		}
	}
	p.Values = []Value{value}
	return p, true
}

// part compiles contains, startswith and endswith. They add their asterisks
// after escapes were read, so that a backslash at the end of a value stays one.
func (b *itemBuilder) part(p Predicate, v sigma.Scalar) (Predicate, bool) {
	if v.Value == "" {
		b.list.Errorf(v.Span, "modifier/value", "remove the item, or test with `exists: true`", "an empty value with the modifier %q matches everything", b.kind)
		return p, false
	}
	if b.kind == "contains" {
		b.warnFieldPath(v)
	}
	value := Value{Text: v.Value, Source: v.Value}
	pattern := parsePattern(v.Value)
	if pattern.literal() {
		p.Op = map[string]Op{"contains": Contains, "startswith": Prefix, "endswith": Suffix}[b.kind]
		value.Text = pattern.text()
	} else {
		if b.kind != "startswith" {
			pattern = append([]token{{wildcard: '*'}}, pattern...)
		}
		if b.kind != "endswith" {
			pattern = append(pattern, token{wildcard: '*'})
		}
		p.Op, value.Text = Like, pattern.String()
	}
	p.Values = []Value{value}
	return p, true
}

// recordFields are the top-level fields of a CloudTrail record that hold others.
var recordFields = []string{"userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "tlsDetails", "insightDetails"}

// topLevelFields are the top-level fields of CloudTrail records (CloudTrail User
// Guide, "CloudTrail record contents"), those of Insights and network activity
// events included.
var topLevelFields = []string{
	"additionalEventData", "addendum", "apiVersion", "awsRegion", "edgeDeviceDetails", "errorCode", "errorMessage", "eventCategory", "eventContext", "eventID",
	"eventName", "eventSource", "eventTime", "eventType", "eventVersion", "insightDetails", "managementEvent", "readOnly", "recipientAccountId",
	"requestID", "requestParameters", "resources", "responseElements", "serviceEventDetails", "sessionCredentialFromConsole", "sharedEventID",
	"sourceIPAddress", "tlsDetails", "userAgent", "userIdentity", "vpcEndpointAccountId", "vpcEndpointId",
}

// warnFieldName warns of a field that differs from one of CloudTrail in case
// alone: the names of fields are exact.
func (b *itemBuilder) warnFieldName() {
	first, _, _ := strings.Cut(b.item.Field.Value, ".")
	for _, known := range topLevelFields {
		if first != known && strings.EqualFold(first, known) {
			b.list.Warnf(b.item.Field.Span, "value/field-case", "write "+known+": the case of values does not matter, that of fields does", "CloudTrail records have no field %q", first)
		}
	}
	if b.item.Field.Value != "eventSource" || len(b.item.Modifiers) > 0 {
		return
	}
	for _, v := range b.item.Values {
		if v.Kind == sigma.String && !strings.ContainsAny(v.Value, "*?") && !strings.Contains(v.Value, ".amazonaws.com") {
			b.list.Warnf(v.Span, "value/event-source", "it is the service's name and .amazonaws.com", "no eventSource of CloudTrail looks like %q", v.Value)
		}
	}
}

// warnFieldPath warns of the TrailAlerts dialect, which read such a value as the
// name of another field.
func (b *itemBuilder) warnFieldPath(v sigma.Scalar) {
	first, rest, found := strings.Cut(v.Value, ".")
	if found && rest != "" && slices.Contains(recordFields, first) && !strings.ContainsAny(rest, " */:") {
		b.list.Warnf(v.Span, "value/field-path", "to compare two fields use `"+b.item.Field.Value+"|fieldref`", "the value looks like the name of a field, but is compared as text")
	}
}

func (b *itemBuilder) expression(v sigma.Scalar) bool {
	if v.Kind == sigma.Bool {
		b.list.Errorf(v.Span, "modifier/value", "put it in quotes", "the modifier \"re\" takes text, this is a boolean")
		return false
	}
	if v.Value == "" {
		b.list.Errorf(v.Span, "modifier/value", "", "an empty regular expression matches everything")
		return false
	}
	if _, err := regexp.Compile(v.Value); err != nil {
		message, hint := err.Error(), ""
		if e, ok := err.(*syntax.Error); ok {
			message = string(e.Code) + ": " + e.Expr
			if e.Code == syntax.ErrInvalidPerlOp || e.Code == syntax.ErrInvalidEscape {
				hint = "look-around and back-references are not part of Sigma's expressions; write two items or two searches"
			}
		}
		b.list.Errorf(v.Span, "value/regexp", hint, "invalid regular expression: %s", message)
		return false
	}
	return true
}

func (b *itemBuilder) network(v sigma.Scalar) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(v.Value)
	if err != nil {
		hint := "write address/bits, for example 10.0.0.0/8 or 2001:db8::/32"
		if address, err := netip.ParseAddr(v.Value); err == nil {
			hint = "for one address write " + netip.PrefixFrom(address, address.BitLen()).String()
		}
		b.list.Errorf(v.Span, "value/cidr", hint, "%q is not a network", v.Value)
		return prefix, false
	}
	if prefix != prefix.Masked() {
		b.list.Errorf(v.Span, "value/cidr", "write "+prefix.Masked().String(), "%q has bits set behind its prefix", v.Value)
		return prefix, false
	}
	return prefix, true
}

func (b *itemBuilder) fieldName(v sigma.Scalar) bool {
	switch {
	case v.Kind != sigma.String:
		b.list.Errorf(v.Span, "modifier/value", "name a field", "the modifier \"fieldref\" takes the name of a field as text")
	case !sigma.IsField(v.Value):
		b.list.Errorf(v.Span, "modifier/value", "name a field", "%q is not the name of a field", v.Value)
	case strings.Contains(v.Value, "|"):
		b.list.Errorf(v.Span, "modifier/value", "name the field alone", "the name of a field cannot have modifiers")
	case strings.ContainsAny(v.Value, "*?"):
		b.list.Errorf(v.Span, "modifier/value", "name one field", "the name of a field cannot have wildcards")
	default:
		return true
	}
	return false
}
