package mutate

import (
	"math/big"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// operator is another meaning of an item's predicates.
type operator struct {
	// mutate changes a predicate in place, and reports whether it could.
	mutate func(*plan.Predicate) bool
	format string // takes the name of the item
}

// operators mutates how an item compares: all its predicates of one kind at once, as
// the modifier in the rule is for all its values.
func (m *maker) operators(p place) {
	item := p.of(m.rule)
	var kinds []plan.Predicate
	for _, group := range item.Groups {
		for _, predicate := range group {
			if !slices.ContainsFunc(kinds, func(k plan.Predicate) bool { return sameKind(k, predicate) }) {
				kinds = append(kinds, predicate)
			}
		}
	}
	for _, kind := range kinds {
		for _, o := range operatorsFor(kind) {
			changed, ok := m.copied(), true
			for _, group := range p.of(changed).Groups {
				for i := range group {
					if sameKind(group[i], kind) {
						ok = o.mutate(&group[i]) && ok
					}
				}
			}
			if ok {
				m.add(changed, p.syntax(m.rule).Key, o.format, m.name(p))
			}
		}
	}
}

func sameKind(p, q plan.Predicate) bool {
	return p.Op == q.Op && p.Cased == q.Cased && p.Part == q.Part
}

// becomes returns the change to another operator.
func becomes(op plan.Op) func(*plan.Predicate) bool {
	return func(p *plan.Predicate) bool {
		p.Op = op
		if !takesValues(op) {
			p.Values = nil
		}
		return true
	}
}

// The words of what may be changed. They take the name of an item.
const (
	byContains   = "%s is compared by `contains`"
	byStartswith = "%s is compared by `startswith`"
	byEndswith   = "%s is compared by `endswith`"
	asAWhole     = "%s is compared as a whole"
)

// operatorsFor returns the changes of predicates like p.
func operatorsFor(p plan.Predicate) []operator {
	var all []operator
	switch p.Op {
	case plan.Equal:
		if p.Part == "" && !isClosed(p.Field) && isOpenText(p) {
			all = append(all, operator{becomes(plan.Contains), byContains}, operator{becomes(plan.Prefix), byStartswith})
		}
	case plan.Prefix:
		all = append(all, operator{becomes(plan.Contains), byContains}, operator{becomes(plan.Suffix), byEndswith}, operator{becomes(plan.Equal), asAWhole})
	case plan.Suffix:
		all = append(all, operator{becomes(plan.Contains), byContains}, operator{becomes(plan.Prefix), byStartswith}, operator{becomes(plan.Equal), asAWhole})
	case plan.Contains:
		all = append(all, operator{becomes(plan.Equal), asAWhole})
	case plan.Like:
		all = append(all, operator{patterns(widened), "`*` is put around the patterns of %s"},
			operator{patterns(narrowed), "the patterns of %s lose the `*` at their ends"},
			operator{patterns(loosened), "each `?` of %s becomes `*`"})
	case plan.FieldEqual:
		all = append(all, operator{becomes(plan.FieldContains), byContains}, operator{becomes(plan.FieldPrefix), byStartswith})
	case plan.FieldPrefix:
		all = append(all, operator{becomes(plan.FieldContains), byContains}, operator{becomes(plan.FieldSuffix), byEndswith}, operator{becomes(plan.FieldEqual), asAWhole})
	case plan.FieldSuffix:
		all = append(all, operator{becomes(plan.FieldContains), byContains}, operator{becomes(plan.FieldPrefix), byStartswith}, operator{becomes(plan.FieldEqual), asAWhole})
	case plan.FieldContains:
		all = append(all, operator{becomes(plan.FieldEqual), asAWhole})
	case plan.Less:
		all = append(all, operator{becomes(plan.LessOrEqual), "`lt` of %s becomes `lte`"}, operator{becomes(plan.Greater), "`lt` of %s becomes `gt`"})
	case plan.LessOrEqual:
		all = append(all, operator{becomes(plan.Less), "`lte` of %s becomes `lt`"}, operator{becomes(plan.GreaterOrEqual), "`lte` of %s becomes `gte`"})
	case plan.Greater:
		all = append(all, operator{becomes(plan.GreaterOrEqual), "`gt` of %s becomes `gte`"}, operator{becomes(plan.Less), "`gt` of %s becomes `lt`"})
	case plan.GreaterOrEqual:
		all = append(all, operator{becomes(plan.Greater), "`gte` of %s becomes `gt`"}, operator{becomes(plan.LessOrEqual), "`gte` of %s becomes `lte`"})
	case plan.Exists:
		all = append(all, operator{becomes(plan.Absent), "`exists: true` of %s becomes `false`"}, operator{becomes(plan.IsNull), "`exists: true` of %s becomes `null`"})
	case plan.Absent:
		all = append(all, operator{becomes(plan.Exists), "`exists: false` of %s becomes `true`"})
	case plan.IsNull:
		all = append(all, operator{becomes(plan.Exists), "`null` of %s becomes `exists: true`"})
	}
	switch p.Op {
	case plan.Equal, plan.Prefix, plan.Suffix, plan.Contains, plan.Like:
		if p.Part != "" || isSpelt(p.Field) || !isOpenText(p) || !hasLetters(p) {
			break
		}
		format := "the case of letters counts in %s"
		if p.Cased {
			format = "the case of letters does not count in %s"
		}
		all = append(all, operator{func(p *plan.Predicate) bool {
			p.Cased = !p.Cased
			return true
		}, format})
	}
	return all
}

// isOpenText reports whether a value may be a part of a longer text: it is neither
// empty, which everything contains, nor do the values stand for booleans.
func isOpenText(p plan.Predicate) bool {
	return !slices.ContainsFunc(p.Values, func(v plan.Value) bool { return v.Text == "" }) &&
		slices.ContainsFunc(p.Values, func(v plan.Value) bool { return !isBool(v.Text) })
}

func isBool(text string) bool {
	return strings.EqualFold(text, "true") || strings.EqualFold(text, "false")
}

func hasLetters(p plan.Predicate) bool {
	return slices.ContainsFunc(p.Values, func(v plan.Value) bool {
		return strings.ContainsFunc(v.Text, func(r rune) bool { return unicode.SimpleFold(r) != r })
	})
}

// isSpelt reports whether CloudTrail writes the texts at a path itself, always in the
// same way: no event tells whether the case of their letters counts.
func isSpelt(path string) bool { return isClosed(path) || slices.Contains(spelt, path) }

var spelt = []string{"awsRegion", "errorCode", "eventName", "eventSource", "userIdentity.invokedBy"}

// isClosed reports whether CloudTrail writes one of a few words at a path: no event
// tells whether a longer text would do as well.
func isClosed(path string) bool { return slices.Contains(closed, path) }

var closed = []string{
	"additionalEventData.MFAUsed", "eventCategory", "eventType", "eventVersion", "responseElements.ConsoleLogin",
	"tlsDetails.tlsVersion", "userIdentity.sessionContext.attributes.mfaAuthenticated",
	"userIdentity.sessionContext.sessionIssuer.type", "userIdentity.type",
}

// patterns changes every pattern of a predicate. It cannot where one becomes empty.
func patterns(edit func(string) string) func(*plan.Predicate) bool {
	return func(p *plan.Predicate) bool {
		for i := range p.Values {
			p.Values[i].Text = edit(p.Values[i].Text)
			if p.Values[i].Text == "" {
				return false
			}
		}
		return true
	}
}

// widened puts an asterisk before and behind a pattern.
func widened(pattern string) string {
	if !strings.HasPrefix(pattern, "*") {
		pattern = "*" + pattern
	}
	if !endsWithStar(pattern) {
		pattern += "*"
	}
	return pattern
}

// narrowed takes the asterisks at the ends away.
func narrowed(pattern string) string {
	if endsWithStar(pattern) {
		pattern = strings.TrimSuffix(pattern, "*")
	}
	return strings.TrimPrefix(pattern, "*")
}

// endsWithStar reports whether the last character of a pattern is an asterisk that
// is not escaped.
func endsWithStar(pattern string) bool {
	before, found := strings.CutSuffix(pattern, "*")
	escapes := len(before) - len(strings.TrimRight(before, `\`))
	return found && escapes%2 == 0
}

// loosened makes asterisks of question marks.
func loosened(pattern string) string {
	var b strings.Builder
	escaped := false
	for _, r := range pattern {
		if r == '?' && !escaped {
			r = '*'
		}
		escaped = r == '\\' && !escaped
		b.WriteRune(r)
	}
	return b.String()
}

// misspelling is what makes a value another one.
const misspelling = "~"

// breakValue makes another value of one: a text is misspelt, a number becomes the
// next one, a boolean the other one. Expressions and networks have changes of their
// own.
func (m *maker) breakValue(p place, source string) {
	words := "%q of %s is misspelt"
	broken, others := false, []any{source, m.name(p)}
	edit := func(item *plan.Item) {
		for _, group := range item.Groups {
			for i := range group {
				for j := range group[i].Values {
					v := &group[i].Values[j]
					if v.Source != source {
						continue
					}
					text, isOther, ok := otherValue(group[i], v.Text)
					if !ok {
						continue
					}
					if isOther {
						words, others = "%s of %s becomes %s", []any{source, m.name(p), text}
					}
					v.Text, broken = text, true
				}
			}
		}
	}
	changed := m.copied()
	edit(p.of(changed))
	if broken {
		m.add(changed, spanOf(p.syntax(m.rule), source), words, others...)
	}
}

// otherValue returns a value that a predicate with another one does not ask for.
// isOther says that it is one of the same kind, and no text. ok is false where the
// value is left alone.
func otherValue(p plan.Predicate, text string) (other string, isOther, ok bool) {
	switch {
	case p.Part != "" && p.Op == plan.Equal:
		n, err := strconv.Atoi(text)
		if err != nil {
			return "", false, false
		}
		if n == lastOf[p.Part] {
			n -= 2
		}
		return strconv.Itoa(n + 1), true, true
	case p.Op == plan.Number:
		n, ok := new(big.Rat).SetString(text)
		if !ok || len(text) > 40 || strings.ContainsAny(text, "eE") {
			return text + "1", true, true
		}
		n.Add(n, big.NewRat(1, 1))
		if n.IsInt() {
			return n.Num().String(), true, true
		}
		digits, _ := n.FloatPrec()
		return n.FloatString(digits), true, true
	case p.Op == plan.Equal && isBool(text):
		return map[bool]string{true: "false", false: "true"}[strings.EqualFold(text, "true")], true, true
	}
	switch p.Op {
	case plan.Suffix:
		return misspelling + text, false, true
	case plan.Equal, plan.Prefix, plan.Contains, plan.Like, plan.FieldEqual, plan.FieldPrefix, plan.FieldSuffix, plan.FieldContains:
		return text + misspelling, false, true
	}
	return "", false, false
}

// lastOf is the greatest value of each part of a time.
var lastOf = map[string]int{"minute": 59, "hour": 23, "day": 31, "week": 53, "month": 12, "year": 9999}

// networks mutates the networks of an item: each becomes twice and half as large, and
// the one beside it.
func (m *maker) networks(p place) {
	for i, group := range p.of(m.rule).Groups {
		for j, predicate := range group {
			for k, v := range predicate.Values {
				if predicate.Op != plan.InPrefix {
					continue
				}
				for _, other := range otherNetworks(v.Prefix) {
					m.change(p, spanOf(p.syntax(m.rule), v.Source), func(item *plan.Item) {
						item.Groups[i][j].Values[k].Prefix = other
					}, "%s of %s becomes %s", v.Source, m.name(p), other)
				}
			}
		}
	}
}

// otherNetworks returns the network that a network is a half of, its first half, and
// the other half of the first.
func otherNetworks(network netip.Prefix) []netip.Prefix {
	var all []netip.Prefix
	addr, bits := network.Addr(), network.Bits()
	if bits > 0 {
		all = append(all, netip.PrefixFrom(addr, bits-1).Masked())
	}
	if bits < addr.BitLen() {
		all = append(all, netip.PrefixFrom(addr, bits+1).Masked())
	}
	if bits > 0 {
		beside := addr.AsSlice()
		beside[(bits-1)/8] ^= 0x80 >> ((bits - 1) % 8)
		other, _ := netip.AddrFromSlice(beside) // of the length of an address
		all = append(all, netip.PrefixFrom(other, bits))
	}
	return all
}
