package eval

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// predicate reports whether a predicate holds, and the values that it looked at.
func (e *explainer) predicate(p plan.Predicate) (held bool, read []string) {
	reached, looked := e.looked(p)
	if !e.silent {
		for _, v := range looked {
			read = append(read, jsonText(v))
		}
	}
	switch p.Op {
	case plan.Exists:
		return len(reached) > 0, read
	case plan.Absent:
		return len(reached) == 0, read
	case plan.IsNull:
		held = len(reached) == 0
		for _, v := range looked {
			held = held || v == nil
		}
		return held, read
	}
	for _, v := range looked {
		for _, value := range p.Values {
			if e.holds(p, v, value) {
				return true, read
			}
		}
	}
	return false, read
}

// looked returns what the field of a predicate leads to, and what of that the predicate
// looks at: tests on text look into objects; the others look at what the path reaches
// and at the elements of arrays there.
func (e *explainer) looked(p plan.Predicate) (reached, looked []any) {
	if opNames[p.Op] == "" {
		panic(fmt.Sprintf("eval: unknown predicate %d on %q", p.Op, p.Field))
	}
	reached = []any{e.root}
	if p.Field != "" {
		reached = reach(e.root, p.Field)
	}
	switch p.Op {
	case plan.Equal, plan.Prefix, plan.Suffix, plan.Contains, plan.Like, plan.Number, plan.Regexp:
		if p.Part == "" {
			return reached, leaves(reached)
		}
	case plan.Exists, plan.Absent:
		return reached, reached
	}
	return reached, elements(reached)
}

// holds reports whether a test with one value holds for one value of the record.
func (e *explainer) holds(p plan.Predicate, v any, value plan.Value) bool {
	s, isText := text(v)
	if !isText {
		return false
	}
	if p.Part != "" {
		return holdsTime(p, v, value)
	}
	switch p.Op {
	case plan.Equal, plan.Prefix, plan.Suffix, plan.Contains:
		return compareText(p.Op, p.Cased, s, value.Text)
	case plan.Like:
		return compile(expression{text: value.Text, like: true, cased: p.Cased}).MatchString(s)
	case plan.Number:
		if number, ok := v.(json.Number); ok {
			order, ok := compareNumbers(number.String(), value.Text)
			return ok && order == 0
		}
		return s == value.Text
	case plan.Regexp:
		return compile(expression{text: value.Text}).MatchString(s)
	case plan.InPrefix:
		_, isString := v.(string)
		return isString && inNetwork(s, value.Prefix)
	case plan.FieldEqual, plan.FieldPrefix, plan.FieldSuffix, plan.FieldContains:
		for _, other := range elements(reach(e.root, value.Text)) {
			if compareFields(p.Op, v, other) {
				return true
			}
		}
		return false
	case plan.Less, plan.LessOrEqual, plan.Greater, plan.GreaterOrEqual:
		if _, isBool := v.(bool); isBool {
			return false
		}
		order, ok := compareNumbers(s, value.Text)
		return ok && ordered(p.Op, order)
	default:
		panic(fmt.Sprintf("eval: unknown predicate %d on %q", p.Op, p.Field))
	}
}

// compareText compares two texts character by character.
func compareText(op plan.Op, cased bool, s, value string) bool {
	equal := strings.EqualFold
	if cased {
		equal = func(a, b string) bool { return a == b }
	}
	if op == plan.Equal {
		return equal(s, value)
	}
	text, part := []rune(s), len([]rune(value))
	if len(text) < part {
		return false
	}
	switch op {
	case plan.Prefix:
		return equal(string(text[:part]), value)
	case plan.Suffix:
		return equal(string(text[len(text)-part:]), value)
	case plan.Contains:
		for i := 0; i+part <= len(text); i++ {
			if equal(string(text[i:i+part]), value) {
				return true
			}
		}
		return false
	default:
		panic(fmt.Sprintf("eval: %d does not compare texts", op))
	}
}

// wildcards returns a regular expression for a pattern: * is any text, ? one character,
// and a backslash before one of these or before a backslash makes it literal
// (Sigma specification 2.1.0, sections String Wildcard and Escaping).
func wildcards(pattern string, cased bool) string {
	flags := "(?is)"
	if cased {
		flags = "(?s)"
	}
	expression := wildcardToken.ReplaceAllStringFunc(pattern, func(token string) string {
		switch {
		case token == "*":
			return ".*"
		case token == "?":
			return "."
		case len(token) == 2 && token[0] == '\\':
			return regexp.QuoteMeta(token[1:])
		default:
			return regexp.QuoteMeta(token)
		}
	})
	return flags + `\A(?:` + expression + `)\z`
}

var wildcardToken = regexp.MustCompile(`(?s)\\[*?\\]|.`)

// compareFields compares the values of two fields: numbers by value where they
// must be equal, else texts, ignoring case. The empty text, which is a part of
// every text, is not looked for: as a value of a rule it is refused.
func compareFields(op plan.Op, a, b any) bool {
	x, isNumberX := a.(json.Number)
	y, isNumberY := b.(json.Number)
	if op == plan.FieldEqual && isNumberX && isNumberY {
		order, ok := compareNumbers(x.String(), y.String())
		return ok && order == 0
	}
	s, okS := text(a)
	t, okT := text(b)
	if op != plan.FieldEqual && t == "" {
		return false
	}
	textual := map[plan.Op]plan.Op{plan.FieldEqual: plan.Equal, plan.FieldPrefix: plan.Prefix, plan.FieldSuffix: plan.Suffix, plan.FieldContains: plan.Contains}
	return okS && okT && compareText(textual[op], false, s, t)
}

// inNetwork reports whether s is an IP address, without a zone, in a network of
// its own family. An IPv4 address that is mapped into IPv6 is of IPv6.
func inNetwork(s string, network netip.Prefix) bool {
	address, err := netip.ParseAddr(s)
	if err != nil || address.Zone() != "" || address.BitLen() != network.Addr().BitLen() {
		return false
	}
	bits := func(a netip.Addr) *big.Int {
		whole := new(big.Int).SetBytes(a.AsSlice())
		return whole.Rsh(whole, uint(a.BitLen()-network.Bits()))
	}
	return bits(address).Cmp(bits(network.Addr())) == 0
}

var decimal = regexp.MustCompile(`^([-+]?)(?:([0-9]+)\.?([0-9]*)|\.([0-9]+))(?:[eE]([-+]?[0-9]+))?$`)

// compareNumbers compares two decimal numbers exactly: -1, 0 or 1. ok is false
// when one is no number.
func compareNumbers(a, b string) (order int, ok bool) {
	x, exponentX, okX := parseNumber(a)
	y, exponentY, okY := parseNumber(b)
	if !okX || !okY {
		return 0, false
	}
	if x.Sign() != y.Sign() || x.Sign() == 0 {
		return big.NewInt(int64(x.Sign())).Cmp(big.NewInt(int64(y.Sign()))), true
	}
	// With one digit before the point, a larger exponent is a larger number.
	digitsX, digitsY := int64(len(digits(x))), int64(len(digits(y)))
	sizeX := new(big.Int).Add(exponentX, big.NewInt(digitsX))
	sizeY := new(big.Int).Add(exponentY, big.NewInt(digitsY))
	if order := sizeX.Cmp(sizeY); order != 0 {
		return order * x.Sign(), true
	}
	// Else the digits decide, written to the same length.
	ten := big.NewInt(10)
	if digitsX < digitsY {
		x.Mul(x, new(big.Int).Exp(ten, big.NewInt(digitsY-digitsX), nil))
	} else {
		y.Mul(y, new(big.Int).Exp(ten, big.NewInt(digitsX-digitsY), nil))
	}
	return x.Cmp(y), true
}

// parseNumber reads a decimal number as a whole one times a power of ten.
func parseNumber(s string) (whole, exponent *big.Int, ok bool) {
	m := decimal.FindStringSubmatch(s)
	if m == nil {
		return nil, nil, false
	}
	fraction := m[3] + m[4]
	whole, _ = new(big.Int).SetString(m[2]+fraction, 10)
	if m[1] == "-" {
		whole.Neg(whole)
	}
	exponent = new(big.Int)
	if m[5] != "" {
		exponent.SetString(m[5], 10)
	}
	return whole, exponent.Sub(exponent, big.NewInt(int64(len(fraction)))), true
}

func digits(n *big.Int) string { return new(big.Int).Abs(n).String() }

// ordered reports whether a comparison with that outcome holds.
func ordered(op plan.Op, order int) bool {
	switch op {
	case plan.Equal:
		return order == 0
	case plan.Less:
		return order < 0
	case plan.LessOrEqual:
		return order <= 0
	case plan.Greater:
		return order > 0
	case plan.GreaterOrEqual:
		return order >= 0
	default:
		panic(fmt.Sprintf("eval: %d does not compare numbers", op))
	}
}

// holdsTime compares a part of the time that a value writes.
func holdsTime(p plan.Predicate, v any, value plan.Value) bool {
	want, err := strconv.Atoi(value.Text)
	if err != nil {
		panic(fmt.Sprintf("eval: %q is no %s", value.Text, p.Part))
	}
	s, isString := v.(string)
	if !isString {
		return false
	}
	t, hasClock, ok := parseTime(s)
	if !ok {
		return false
	}
	got := 0
	switch p.Part {
	case "minute", "hour":
		if !hasClock {
			return false
		}
		got = t.Minute()
		if p.Part == "hour" {
			got = t.Hour()
		}
	case "day":
		got = t.Day()
	case "week":
		_, got = t.ISOWeek()
	case "month":
		got = int(t.Month())
	case "year":
		got = t.Year()
	default:
		panic(fmt.Sprintf("eval: unknown part %q of a time", p.Part))
	}
	switch {
	case got < want:
		return ordered(p.Op, -1)
	case got > want:
		return ordered(p.Op, 1)
	default:
		return ordered(p.Op, 0)
	}
}

var (
	layouts = timeLayouts()
	// paddedTime excludes what time.Parse reads beyond ISO 8601: an hour of one
	// digit.
	paddedTime = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}|$)`)
	leapSecond = regexp.MustCompile(`(:[0-9]{2}):60`)
)

func timeLayouts() []string {
	var all []string
	for _, clock := range []string{"T15:04", "T15:04:05", " 15:04", " 15:04:05"} {
		for _, zone := range []string{"", "Z07:00", "Z0700", "Z07"} {
			all = append(all, time.DateOnly+clock+zone)
		}
	}
	return all
}

// parseTime reads a date of ISO 8601 with or without a time of day, a fraction
// of a second and a zone. The parts are those of the text: nothing is converted.
func parseTime(s string) (t time.Time, hasClock, ok bool) {
	s = strings.ToUpper(s)
	if !paddedTime.MatchString(s) {
		return t, false, false
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, false, true
	}
	s = leapSecond.ReplaceAllString(s, "$1:59")
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true, true
		}
	}
	return t, false, false
}
