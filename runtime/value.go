package runtime

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/valyala/fastjson"
)

// Value is a field of a record: what Event.Get found at a path. Its methods are
// the predicates that Sigma rules compile to. A predicate holds when it holds
// for any of the values that the path reaches; the elements of an array are
// such values each. Predicates on text also look at everything inside an
// object, as if it were an array of its scalars. On an absent field, and on a
// record that cannot be read, every predicate is false but IsNull, which is
// false on an unreadable record alone; but see Event.Err.
//
// Predicates ignore the case of letters as strings.EqualFold does, unless they
// say otherwise.
type Value struct {
	event *Event
	path  string
}

// EqualFold reports whether a value equals one of texts as a whole.
func (v Value) EqualFold(texts ...string) bool {
	return v.any(&test{kind: testEqual}, texts)
}

// HasPrefixFold reports whether a value begins with one of texts.
func (v Value) HasPrefixFold(texts ...string) bool {
	return v.any(&test{kind: testPrefix}, texts)
}

// HasSuffixFold reports whether a value ends with one of texts.
func (v Value) HasSuffixFold(texts ...string) bool {
	return v.any(&test{kind: testSuffix}, texts)
}

// ContainsFold reports whether a value contains one of texts.
func (v Value) ContainsFold(texts ...string) bool {
	return v.any(&test{kind: testContains}, texts)
}

// Equal, HasPrefix, HasSuffix, Contains and Like are the predicates of these names
// with Fold, but mind the case of letters.

// Equal reports whether a value equals one of texts as a whole, case included.
func (v Value) Equal(texts ...string) bool {
	return v.any(&test{kind: testEqual, cased: true}, texts)
}

// HasPrefix reports whether a value begins with one of texts, case included.
func (v Value) HasPrefix(texts ...string) bool {
	return v.any(&test{kind: testPrefix, cased: true}, texts)
}

// HasSuffix reports whether a value ends with one of texts, case included.
func (v Value) HasSuffix(texts ...string) bool {
	return v.any(&test{kind: testSuffix, cased: true}, texts)
}

// Contains reports whether a value contains one of texts, case included.
func (v Value) Contains(texts ...string) bool {
	return v.any(&test{kind: testContains, cased: true}, texts)
}

// Like reports whether one of patterns covers a value, case included.
func (v Value) Like(patterns ...string) bool {
	return v.any(&test{kind: testLike, cased: true}, patterns)
}

// LikeFold reports whether one of patterns covers a value as a whole. In a
// pattern * stands for any text, ? for one character, and \*, \? and \\ for
// those characters themselves.
func (v Value) LikeFold(patterns ...string) bool {
	return v.any(&test{kind: testLike}, patterns)
}

// EqualNumber reports whether a value is a number of exactly the value of one
// of numbers (decimal text), or a text that equals one of them as it stands.
func (v Value) EqualNumber(numbers ...string) bool {
	return v.any(&test{kind: testNumber}, numbers)
}

// Matches reports whether the expression is found in a value. The case of
// letters counts unless the expression says otherwise.
func (v Value) Matches(expression *regexp.Regexp) bool {
	return v.any(&test{kind: testRegexp, regexp: expression}, nil)
}

// InPrefix reports whether a value is the text of an IP address in prefix. IPv4 addresses mapped into IPv6 are IPv6 addresses here. It does
// not look inside objects.
func (v Value) InPrefix(prefix netip.Prefix) bool {
	return v.any(&test{kind: testPrefixIP, prefix: prefix}, nil)
}

// EqualField reports whether a value equals, ignoring case, a value of the
// field at one of paths; numbers are equal when their values are. It does not
// look inside objects.
func (v Value) EqualField(paths ...string) bool {
	return v.any(&test{kind: testField}, paths)
}

// HasPrefixField reports whether a value begins, ignoring case, with a value of
// the field at one of paths that is not empty. It does not look inside objects.
func (v Value) HasPrefixField(paths ...string) bool {
	return v.any(&test{kind: testField, field: testPrefix}, paths)
}

// HasSuffixField reports whether a value ends so.
func (v Value) HasSuffixField(paths ...string) bool {
	return v.any(&test{kind: testField, field: testSuffix}, paths)
}

// ContainsField reports whether a value contains such a value.
func (v Value) ContainsField(paths ...string) bool {
	return v.any(&test{kind: testField, field: testContains}, paths)
}

// Less reports whether a value is a number, or the text of one, less than one of
// numbers (decimal text). It does not look inside objects.
func (v Value) Less(numbers ...string) bool {
	return v.any(&test{kind: testCompare, order: less}, numbers)
}

// LessOrEqual reports whether a value is a number at most one of numbers.
func (v Value) LessOrEqual(numbers ...string) bool {
	return v.any(&test{kind: testCompare, order: less | equal}, numbers)
}

// Greater reports whether a value is a number greater than one of numbers.
func (v Value) Greater(numbers ...string) bool {
	return v.any(&test{kind: testCompare, order: greater}, numbers)
}

// GreaterOrEqual reports whether a value is a number at least one of numbers.
func (v Value) GreaterOrEqual(numbers ...string) bool {
	return v.any(&test{kind: testCompare, order: greater | equal}, numbers)
}

// Exists reports whether the path reaches anything at all, be it null or empty.
func (v Value) Exists() bool {
	return v.any(&test{kind: testExists}, nil)
}

// IsNull reports whether the path reaches nothing, or reaches a JSON null,
// directly or as an element of an array.
func (v Value) IsNull() bool {
	v.event.parse()
	if v.event.err != nil {
		return false
	}
	t := test{event: v.event, kind: testNull}
	reached, held := t.walk(v.event.root, v.path, nil)
	return held || !reached
}

// Text returns the first scalar that the path reaches as text, and "" if there
// is none. The text is a copy.
func (v Value) Text() string {
	if texts := v.Texts(1); len(texts) > 0 {
		return texts[0]
	}
	return ""
}

// Texts returns the scalars that the path reaches, also inside objects, as
// text, at most limit of them. The texts are copies.
func (v Value) Texts(limit int) []string {
	t := test{kind: testCollect, limit: limit}
	v.any(&t, nil)
	return t.collected
}

func (v Value) any(t *test, texts []string) bool {
	if t.kind <= testRegexp && !v.event.parsed {
		if text, ok := v.event.plain(v.path); ok {
			return t.compare(text, fastjson.TypeString, texts)
		}
	}
	v.event.parse()
	if v.event.err != nil {
		return false
	}
	t.event = v.event
	_, held := t.walk(v.event.root, v.path, texts)
	return held
}

type testKind uint8

const (
	testEqual testKind = iota
	testPrefix
	testSuffix
	testContains
	testLike
	testNumber
	testRegexp
	testCollect
	// Kinds up to here are tests on text: they look inside objects.
	testPrefixIP
	testField
	testCompare
	testTime
	testFieldOther
	testExists
	testNull
)

// test is one predicate on its way through a record. It stays on the stack. The
// texts that a value is compared with are handed on beside it: what a test
// points to counts as escaping, since regular expressions and the parser keep
// some of it, and a list of texts must not be allocated for every predicate.
type test struct {
	event  *Event
	kind   testKind
	cased  bool
	regexp *regexp.Regexp
	prefix netip.Prefix

	// testField: how the two are compared, testEqual or a part of it.
	field testKind

	// testCompare and testTime: which outcomes of a comparison hold.
	order order

	// testTime: what of a time is compared, and with what.
	part   TimePart
	number int

	// testFieldOther: the value of the first field.
	other       string
	otherNumber bool

	// testCollect.
	limit     int
	collected []string
}

// walk follows path from v. It reports whether the path reaches anything, and
// whether the test holds for anything it reaches; it stops where it does.
//
// At an object it takes the next segment of the path as a key and, where that
// did not lead to the test holding, any longer run of segments: a key may hold
// dots itself.
func (t *test) walk(v *fastjson.Value, path string, texts []string) (reached, held bool) {
	if path == "" {
		return true, t.holds(v, texts)
	}
	switch v.Type() {
	case fastjson.TypeObject:
		object, err := v.Object()
		if err != nil {
			return false, false
		}
		for end := nextDot(path, 0); ; end = nextDot(path, end+1) {
			if child := t.event.lookup(object, path[:end]); child != nil {
				rest := ""
				if end < len(path) {
					rest = path[end+1:]
				}
				r, h := t.walk(child, rest, texts)
				reached = reached || r
				if h {
					return true, true
				}
			}
			if end == len(path) {
				return reached, false
			}
		}
	case fastjson.TypeArray:
		elements, err := v.Array()
		if err != nil {
			return false, false
		}
		for _, element := range elements {
			r, h := t.walk(element, path, texts)
			reached = reached || r
			if h {
				return true, true
			}
		}
	}
	return reached, false
}

// nextDot returns the index of the next dot in path from start on, or the
// length of path.
func nextDot(path string, start int) int {
	if i := strings.IndexByte(path[start:], '.'); i >= 0 {
		return start + i
	}
	return len(path)
}

// holds applies the test to what the path reached.
func (t *test) holds(v *fastjson.Value, texts []string) bool {
	switch {
	case t.kind == testExists:
		return true
	case v.Type() == fastjson.TypeArray:
		elements, err := v.Array()
		if err != nil {
			return false
		}
		for _, element := range elements {
			if t.holds(element, texts) {
				return true
			}
		}
		return false
	case t.kind == testNull:
		return v.Type() == fastjson.TypeNull
	case v.Type() == fastjson.TypeObject:
		return t.kind <= testCollect && t.holdsInside(v, texts)
	default:
		return t.scalar(v, texts)
	}
}

func (t *test) holdsInside(v *fastjson.Value, texts []string) bool {
	object, err := v.Object()
	if err != nil {
		return false
	}
	held := false
	object.Visit(func(_ []byte, child *fastjson.Value) {
		held = held || t.holds(child, texts)
	})
	return held
}

func (t *test) scalar(v *fastjson.Value, texts []string) bool {
	side := 0
	if t.kind == testFieldOther {
		side = 1
	}
	s, ok := t.event.text(v, side)
	return ok && t.compare(s, v.Type(), texts)
}

// compare reports whether the test holds for the text of a scalar.
func (t *test) compare(s string, scalar fastjson.Type, texts []string) bool {
	switch t.kind {
	case testEqual, testPrefix, testSuffix, testContains, testLike:
		for _, text := range texts {
			if compareText(t.kind, t.cased, s, text) {
				return true
			}
		}
	case testNumber:
		isNumber := scalar == fastjson.TypeNumber
		for _, text := range texts {
			if isNumber && equalNumber(s, text) || scalar == fastjson.TypeString && s == text {
				return true
			}
		}
	case testRegexp:
		return t.regexp.MatchString(s)
	case testPrefixIP:
		if scalar != fastjson.TypeString {
			return false
		}
		address, ok := parseAddr(s)
		return ok && t.prefix.Contains(address)
	case testField:
		return t.equalsField(s, scalar == fastjson.TypeNumber, texts)
	case testFieldOther:
		if t.field != testEqual && s == "" {
			return false // every text has an empty part
		}
		if t.field == testEqual && t.otherNumber && scalar == fastjson.TypeNumber {
			return equalNumber(s, t.other)
		}
		return compareText(t.field, false, t.other, s)
	case testCompare:
		if scalar != fastjson.TypeNumber && scalar != fastjson.TypeString {
			return false
		}
		for _, number := range texts {
			if o, ok := compareNumbers(s, number); ok && o&t.order != 0 {
				return true
			}
		}
	case testTime:
		if scalar != fastjson.TypeString {
			return false
		}
		return t.holdsTime(s)
	case testCollect:
		t.collected = append(t.collected, strings.Clone(s))
		return len(t.collected) >= t.limit
	}
	return false
}

// compareText reports whether s equals text, begins or ends with it, contains it,
// or is covered by it as a pattern.
func compareText(kind testKind, cased bool, s, text string) bool {
	switch {
	case kind == testEqual && cased:
		return s == text
	case kind == testEqual:
		return strings.EqualFold(s, text)
	case kind == testPrefix && cased:
		return strings.HasPrefix(s, text)
	case kind == testPrefix:
		return hasPrefixFold(s, text)
	case kind == testSuffix && cased:
		return strings.HasSuffix(s, text)
	case kind == testSuffix:
		return hasSuffixFold(s, text)
	case kind == testContains && cased:
		return strings.Contains(s, text)
	case kind == testContains:
		return containsFold(s, text)
	default:
		return like(s, text, cased)
	}
}

// equalsField reports whether s compares so to a value of one of the fields at paths. The inner test is declared outside of the loop: so it stays on the
// stack.
func (t *test) equalsField(s string, isNumber bool, paths []string) bool {
	other := test{event: t.event, kind: testFieldOther, field: t.field, other: s, otherNumber: isNumber}
	for _, path := range paths {
		if _, held := other.walk(t.event.root, path, nil); held {
			return true
		}
	}
	return false
}

// parseAddr reads an IP address. It looks before it parses, since the error of
// netip.ParseAddr allocates and most sources that are no address are the names
// of AWS services.
func parseAddr(s string) (address netip.Addr, ok bool) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !(c == '.' || c == ':' || '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F') {
			return netip.Addr{}, false
		}
	}
	if len(s) < 2 {
		return netip.Addr{}, false
	}
	address, err := netip.ParseAddr(s)
	return address, err == nil
}
