package plan

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// class says where a modifier may stand.
type class uint8

const (
	linking   class = iota + 1 // all, neq: anywhere
	folding                    // cased: anywhere with text
	expansion                  // expand: with text and expressions
	encoding                   // bytes out of text: before a part of it is asked for
	dashes                     // windash: with text
	part                       // contains, startswith, endswith
	whole                      // re, cidr, exists, fieldref: the first, and but for some alone
	flag                       // i, m, s: behind re
	comparing                  // lt, lte, gt, gte
	timing                     // minute to year: the first
)

// modifiers lists the value modifiers of Sigma 2.1.0 (appendix "Value
// Modifiers").
var modifiers = map[string]class{
	"all": linking, "neq": linking,
	"cased":  folding,
	"expand": expansion,
	"base64": encoding, "base64offset": encoding, "wide": encoding, "utf16": encoding, "utf16le": encoding, "utf16be": encoding,
	"windash":  dashes,
	"contains": part, "startswith": part, "endswith": part,
	"re": whole, "cidr": whole, "exists": whole, "fieldref": whole,
	"i": flag, "m": flag, "s": flag,
	"lt": comparing, "lte": comparing, "gt": comparing, "gte": comparing,
	"minute": timing, "hour": timing, "day": timing, "week": timing, "month": timing, "year": timing,
}

// buildItem gives an item its meaning. ok is false after an error.
func buildItem(item sigma.Item, placeholders *Placeholders, list *diag.List) (planned Item, ok bool) {
	before := list.Count(diag.Error)
	b := itemBuilder{item: item, placeholders: placeholders, list: list}
	b.chain()
	b.warnFieldName()
	if list.Count(diag.Error) > before {
		return Item{}, false
	}
	planned = Item{Field: item.Field.Value, All: b.all, Not: b.not}
	for _, v := range item.Values {
		planned.add(b.predicates(v))
	}
	return planned, list.Count(diag.Error) == before
}

// fields returns the fields that an item reads: its own, and those that it is
// compared with.
func (i *Item) fields() []string {
	var fields []string
	if i.Field != "" {
		fields = append(fields, i.Field)
	}
	for _, group := range i.Groups {
		for _, p := range group {
			if p.Op.isField() {
				for _, v := range p.Values {
					fields = append(fields, v.Text)
				}
			}
		}
	}
	return fields
}

// add appends what one value of an item became. Where one value of several is
// enough, those that are tested alike share a predicate.
func (i *Item) add(predicates []Predicate) {
	if i.All || len(i.Groups) == 0 {
		i.Groups = append(i.Groups, nil)
	}
	group := &i.Groups[len(i.Groups)-1]
	for _, p := range predicates {
		same := slices.IndexFunc(*group, func(other Predicate) bool {
			return other.Op == p.Op && other.Cased == p.Cased && other.Part == p.Part && len(p.Values) > 0
		})
		if same >= 0 {
			(*group)[same].Values = append((*group)[same].Values, p.Values...)
		} else {
			*group = append(*group, p)
		}
	}
}

type itemBuilder struct {
	item         sigma.Item
	placeholders *Placeholders
	list         *diag.List

	all, not, cased, expand bool
	steps                   []string // encodings and windash, in order
	part                    string   // contains, startswith, endswith
	whole                   string   // re, cidr, exists, fieldref
	flags                   string   // of re
	compare                 string   // lt, lte, gt, gte
	time                    string   // minute to year
}

// chain checks the chain of modifiers: known, each once, in a legal order, since
// they are applied in the order in which they stand.
func (b *itemBuilder) chain() {
	names := b.item.Modifiers
	for i, m := range names {
		class, known := modifiers[m.Value]
		if !known {
			b.list.Errorf(m.Span, "modifier/unknown", b.suggest(m.Value), "unknown modifier %q", m.Value)
			continue
		}
		repeated := slices.ContainsFunc(names[:i], func(other sigma.Text) bool { return other.Value == m.Value })
		if repeated && class != encoding {
			b.list.Errorf(m.Span, "modifier/combination", "remove one", "the modifier %q stands here twice", m.Value)
			continue
		}
		if class == flag && b.whole != "re" {
			b.list.Errorf(m.Span, "modifier/combination", "write re|"+m.Value, "the modifier %q belongs behind \"re\"", m.Value)
			continue
		}
		if conflict := b.conflict(m.Value, class); conflict != "" {
			b.list.Errorf(m.Span, "modifier/combination", wayOut(m.Value, conflict), "the modifier %q cannot follow %q", m.Value, conflict)
			continue
		}
		b.take(m.Value, class)
	}
	if b.all && len(b.item.Values) < 2 {
		b.list.Errorf(b.modifierSpan("all"), "modifier/all", "remove it", "the modifier \"all\" needs a list of at least two values")
	}
	if b.item.Field.Value == "" && (b.whole != "" && b.whole != "re" || b.compare != "" || b.time != "") {
		b.list.Errorf(b.item.Key, "modifier/keyword", "name a field before it", "a search without a field cannot have the modifier %q", b.whole+b.compare+b.time)
	}
	if b.expand && !slices.ContainsFunc(b.item.Values, func(v sigma.Scalar) bool { return strings.Contains(v.Value, "%") }) {
		b.list.Warnf(b.modifierSpan("expand"), "modifier/expand", "write a placeholder as %name%", "no value has a placeholder for the modifier \"expand\"")
	}
	if slices.Contains(b.steps, "base64offset") && b.part != "contains" && b.item.Field.Value != "" {
		b.list.Warnf(b.modifierSpan("base64offset"), "modifier/base64offset", "write base64offset|contains", "without \"contains\" the modifier \"base64offset\" asks for a field that is nothing but the value")
	}
}

// wayOut returns a hint for a modifier that stands behind one that it does not go
// with.
func wayOut(next, before string) string {
	switch {
	case before == "exists":
		return "it stands alone: write `exists: true` or `exists: false`"
	case modifiers[before] == part && (modifiers[next] == encoding || next == "fieldref"):
		return "write " + next + "|" + before
	case next == "expand":
		return "write expand|" + before
	default:
		return "use one of them, or two items"
	}
}

func (b *itemBuilder) suggest(name string) string {
	if hint := sigma.DidYouMean(name, modifierNames()); hint != "" {
		return hint
	}
	return "the modifiers are: " + strings.Join(modifierNames(), ", ")
}

func (b *itemBuilder) modifierSpan(name string) diag.Span {
	for _, m := range b.item.Modifiers {
		if m.Value == name {
			return m.Span
		}
	}
	return b.item.Key
}

// conflict returns the modifier before that does not go with the next one, or "".
func (b *itemBuilder) conflict(next string, class class) string {
	text := ""
	if len(b.steps) > 0 {
		text = b.steps[len(b.steps)-1]
	}
	text = cmp.Or(b.part, text)
	switch class {
	case linking:
		if b.whole == "exists" {
			return b.whole
		}
	case folding:
		return cmp.Or(b.whole, b.compare, b.time)
	case expansion:
		if b.whole == "re" {
			return ""
		}
		return cmp.Or(b.whole, b.compare, b.time, b.encoded())
	case encoding:
		return cmp.Or(b.whole, b.compare, b.time, b.part)
	case dashes:
		return cmp.Or(b.whole, b.compare, b.time, b.encoded())
	case part:
		if b.whole == "fieldref" && b.part == "" {
			return ""
		}
		return cmp.Or(b.whole, b.compare, b.time, b.part)
	case whole:
		expand := ""
		if b.expand && next != "re" {
			expand = "expand"
		}
		linked := ""
		if next == "exists" && (b.all || b.not) {
			linked = b.item.Modifiers[0].Value
		}
		cased := ""
		if b.cased {
			cased = "cased"
		}
		return cmp.Or(b.whole, b.compare, b.time, text, expand, linked, cased)
	case comparing:
		return cmp.Or(b.whole, b.compare, text, b.casedOrExpand())
	case timing:
		return cmp.Or(b.whole, b.compare, b.time, text, b.casedOrExpand())
	}
	return ""
}

func (b *itemBuilder) casedOrExpand() string {
	switch {
	case b.cased:
		return "cased"
	case b.expand:
		return "expand"
	default:
		return ""
	}
}

// encoded returns the last encoding of the chain, or "".
func (b *itemBuilder) encoded() string {
	for _, step := range slices.Backward(b.steps) {
		if modifiers[step] == encoding {
			return step
		}
	}
	return ""
}

func (b *itemBuilder) take(name string, class class) {
	switch class {
	case linking:
		b.all = b.all || name == "all"
		b.not = b.not || name == "neq"
	case folding:
		b.cased = true
	case expansion:
		b.expand = true
	case encoding, dashes:
		b.steps = append(b.steps, name)
	case part:
		b.part = name
	case whole:
		b.whole = name
	case flag:
		b.flags += name
	case comparing:
		b.compare = name
	case timing:
		b.time = name
	}
}

func modifierNames() []string { return slices.Sorted(maps.Keys(modifiers)) }

// predicates gives one value its meaning: predicates of which one must hold. It
// returns none after an error.
func (b *itemBuilder) predicates(v sigma.Scalar) []Predicate {
	if v.Kind == sigma.Null && len(b.item.Modifiers) > 0 {
		hint := "remove the modifier: `" + b.item.Field.Value + ": null`"
		if b.not {
			hint = "put `" + b.item.Field.Value + ": null` into a search of its own, and `not` before it in the condition"
		}
		b.list.Errorf(v.Span, "modifier/value", hint, "the modifier %q does not apply to null", b.item.Modifiers[0].Value)
		return nil
	}
	one := func(op Op, ok bool, values ...Value) []Predicate {
		if !ok {
			return nil
		}
		return []Predicate{{Field: b.item.Field.Value, Op: op, Values: values}}
	}
	value := Value{Text: v.Value, Source: v.Value}
	switch b.whole {
	case "re":
		return b.expressions(v)
	case "cidr":
		prefix, ok := b.network(v)
		value.Prefix = prefix
		return one(InPrefix, ok, value)
	case "fieldref":
		op := map[string]Op{"": FieldEqual, "startswith": FieldPrefix, "endswith": FieldSuffix, "contains": FieldContains}[b.part]
		return one(op, b.fieldName(v), value)
	case "exists":
		if v.Kind != sigma.Bool || len(b.item.Values) != 1 {
			b.list.Errorf(v.Span, "modifier/value", "write true or false, without quotes", "the modifier \"exists\" takes one boolean")
			return nil
		}
		if v.Value == "false" {
			return one(Absent, true)
		}
		return one(Exists, true)
	}
	switch {
	case b.time != "":
		return b.timePart(v)
	case b.compare != "":
		if v.Kind != sigma.Number {
			b.list.Errorf(v.Span, "modifier/value", "write a number, without quotes", "the modifier %q takes a number", b.compare)
			return nil
		}
		return one(comparisons[b.compare], true, value)
	case v.Kind == sigma.Null:
		return one(IsNull, true)
	case v.Kind == sigma.Number && b.isPlain() && b.item.Field.Value != "":
		return one(Number, true, value)
	default:
		return b.text(v)
	}
}

// isPlain reports whether nothing is asked of a value but that it covers the
// field.
func (b *itemBuilder) isPlain() bool {
	return b.part == "" && len(b.steps) == 0 && !b.expand && !b.cased
}

var comparisons = map[string]Op{"": Equal, "lt": Less, "lte": LessOrEqual, "gt": Greater, "gte": GreaterOrEqual}

// ranges are the numbers that a part of a time can be.
var ranges = map[string][2]int{"minute": {0, 59}, "hour": {0, 23}, "day": {1, 31}, "week": {1, 53}, "month": {1, 12}, "year": {0, 9999}}

func (b *itemBuilder) timePart(v sigma.Scalar) []Predicate {
	n, err := strconv.Atoi(v.Value)
	limits := ranges[b.time]
	if v.Kind != sigma.Number || err != nil || n < limits[0] || n > limits[1] {
		b.list.Errorf(v.Span, "modifier/value", fmt.Sprintf("write a number from %d to %d, without quotes", limits[0], limits[1]), "%q is no %s", v.Value, b.time)
		return nil
	}
	return []Predicate{{Field: b.item.Field.Value, Op: comparisons[b.compare], Part: b.time, Values: []Value{{Text: strconv.Itoa(n), Source: v.Value}}}}
}

// topLevelFields are the top-level fields of CloudTrail records (CloudTrail User
// Guide, "CloudTrail record contents"), those of Insights and network activity
// events included.
var topLevelFields = []string{
	"additionalEventData", "addendum", "apiVersion", "awsRegion", "edgeDeviceDetails", "errorCode", "errorMessage", "eventCategory", "eventContext", "eventID",
	"eventName", "eventSource", "eventTime", "eventType", "eventVersion", "insightDetails", "managementEvent", "readOnly", "recipientAccountId",
	"requestID", "requestParameters", "resources", "responseElements", "serviceEventDetails", "sessionCredentialFromConsole", "sharedEventID",
	"sourceIPAddress", "tlsDetails", "userAgent", "userIdentity", "vpcEndpointAccountId", "vpcEndpointId",
}

// warnFieldCase warns of a field that differs from one of CloudTrail in case
// alone: the names of fields are exact.
func warnFieldCase(field sigma.Text, list *diag.List) {
	first, _, _ := strings.Cut(field.Value, ".")
	for _, known := range topLevelFields {
		if first != known && strings.EqualFold(first, known) {
			list.Warnf(field.Span, "value/field-case", "write "+known+": the case of values does not matter, that of fields does", "CloudTrail records have no field %q", first)
		}
	}
}

// warnFieldName warns of a field, or an eventSource, that no record has. Few sources
// end otherwise than with .amazonaws.com, but signin.amazon.com does; which of those
// there are is for the catalogue to say.
func (b *itemBuilder) warnFieldName() {
	warnFieldCase(b.item.Field, b.list)
	if b.item.Field.Value != "eventSource" || len(b.item.Modifiers) > 0 {
		return
	}
	for _, v := range b.item.Values {
		if v.Kind == sigma.String && !strings.ContainsAny(v.Value, "*?") && !strings.Contains(strings.ToLower(v.Value), ".amazon") {
			b.list.Warnf(v.Span, "value/event-source", "it is the service's name and .amazonaws.com", "no eventSource of CloudTrail looks like %q", v.Value)
		}
	}
}

// recordFields are those of them that hold other fields.
var recordFields = []string{"userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails", "tlsDetails", "insightDetails"}

// warnFieldPath warns of the TrailAlerts dialect, which read such a value as the
// name of another field.
func (b *itemBuilder) warnFieldPath(v sigma.Scalar) {
	first, rest, found := strings.Cut(v.Value, ".")
	if found && rest != "" && slices.Contains(recordFields, first) && !strings.ContainsAny(rest, " */:") {
		b.list.Warnf(v.Span, "value/field-path", "to compare two fields use `"+b.item.Field.Value+"|fieldref`", "the value looks like the name of a field, but is compared as text")
	}
}

// expressions compiles re. Its flags become those of the expression; no wildcard
// and no escape of Sigma is read.
func (b *itemBuilder) expressions(v sigma.Scalar) []Predicate {
	if v.Kind == sigma.Bool {
		b.list.Errorf(v.Span, "modifier/value", "put it in quotes", "the modifier \"re\" takes text, this is a boolean")
		return nil
	}
	if v.Value == "" {
		b.list.Errorf(v.Span, "modifier/value", "remove the item, or test with `exists: true`", "an empty regular expression matches everything")
		return nil
	}
	texts := []string{v.Value}
	if b.expand {
		var ok bool
		if texts, ok = b.placeholders.inExpression(v, b.list); !ok {
			return nil
		}
	}
	p := Predicate{Field: b.item.Field.Value, Op: Regexp}
	for _, text := range texts {
		if b.flags != "" {
			text = "(?" + b.flags + ")" + text
		}
		if !b.compiles(v, text) {
			return nil
		}
		p.Values = append(p.Values, Value{Text: text, Source: v.Value})
	}
	return []Predicate{p}
}

func (b *itemBuilder) compiles(v sigma.Scalar, text string) bool {
	_, err := regexp.Compile(text)
	if err == nil {
		return true
	}
	message, hint := err.Error(), ""
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		message = string(e.Code) + ": " + e.Expr
		if e.Code == syntax.ErrInvalidPerlOp || e.Code == syntax.ErrInvalidEscape {
			hint = "look-around and back-references are not part of Sigma's expressions; write two items or two searches"
		}
	}
	b.list.Errorf(v.Span, "modifier/regexp", hint, "invalid regular expression: %s", message)
	return false
}

func (b *itemBuilder) network(v sigma.Scalar) (netip.Prefix, bool) {
	prefix, err := netip.ParsePrefix(v.Value)
	if err != nil {
		hint := "write address/bits, for example 10.0.0.0/8 or 2001:db8::/32"
		if address, err := netip.ParseAddr(v.Value); err == nil {
			hint = "for one address write " + netip.PrefixFrom(address, address.BitLen()).String()
		}
		b.list.Errorf(v.Span, "modifier/cidr", hint, "%q is not a network", v.Value)
		return prefix, false
	}
	if prefix != prefix.Masked() {
		b.list.Errorf(v.Span, "modifier/cidr", "write "+prefix.Masked().String(), "%q has bits set behind its prefix", v.Value)
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
