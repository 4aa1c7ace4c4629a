package sigma

import (
	"fmt"
	"path"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

var testsKeys = []string{"should_match", "should_not_match"}

// CheckTests reports what is wrong with the tests of a rule:
// {"should_match":[record...],"should_not_match":[record...]}, both with at
// least one record. In those of a correlation, each item is a list of records:
// a sequence, in order of arrival.
func CheckTests(file string, text []byte, sequences bool, list *diag.List) {
	f := &jsonFile{path: file, text: text, list: list}
	root := f.parse("tests/json")
	if root == nil {
		return
	}
	if root.kind != '{' {
		list.Errorf(f.span(*root), "tests/format", "write {\"should_match\": [...], \"should_not_match\": [...]}", "tests are a JSON object, this is %s", root.describe())
		return
	}
	seen := map[string]bool{}
	for _, m := range root.members {
		key := m.key.text
		switch {
		case key != testsKeys[0] && key != testsKeys[1]:
			list.Errorf(f.span(m.key), "tests/key", DidYouMean(key, testsKeys), "unknown key %q", key)
		case seen[key]:
			list.Errorf(f.span(m.key), "tests/key", "merge the two", "key %q stands here twice", key)
		default:
			f.items(m, sequences)
		}
		seen[key] = true
	}
	for _, key := range testsKeys {
		if !seen[key] {
			list.Errorf(f.span(*root), "tests/missing-key", "add \""+key+"\": [...]", "the tests have no %q", key)
		}
	}
}

// items checks the list of one key.
func (f *jsonFile) items(m jsonMember, sequences bool) {
	one, many := "record", "records"
	if sequences {
		one, many = "list of records", "lists of records"
	}
	if m.value.kind != '[' {
		f.list.Errorf(f.span(m.value), "tests/format", "", "%q takes a list of %s, this is %s", m.key.text, many, m.value.describe())
		return
	}
	if len(m.value.items) == 0 {
		f.list.Errorf(f.span(m.key), "tests/empty", "add a "+one, "the list %q is empty", m.key.text)
	}
	for i, item := range m.value.items {
		place := fmt.Sprintf("item %d of %q", i+1, m.key.text)
		switch {
		case !sequences && item.kind == '[':
			f.list.Errorf(f.span(item), "tests/format", "lists of records test correlations", "%s is a list: the tests of a rule are single records", place)
		case !sequences:
			f.record(item, place)
		case item.kind != '[':
			f.list.Errorf(f.span(item), "tests/format", "put the records of one case into brackets, in order", "%s is %s: the tests of a correlation are lists of records", place, item.describe())
		case len(item.items) == 0:
			f.list.Errorf(f.span(item), "tests/empty", "add a record", "%s is an empty list", place)
		default:
			for j, record := range item.items {
				f.record(record, fmt.Sprintf("record %d in %s", j+1, place))
			}
		}
	}
}

func (f *jsonFile) record(record jsonValue, place string) {
	if record.kind != '{' {
		f.list.Errorf(f.span(record), "tests/format", "", "%s is not a record: a record is a JSON object, this is %s", place, record.describe())
	} else if _, delivery := record.get("Records"); delivery {
		f.list.Errorf(f.span(record), "tests/format", "list the records themselves", "%s is a delivery file, not a record", place)
	}
}

// MissingTests reports a rule or correlation without tests.
func MissingTests(rule *Rule, list *diag.List) {
	what, hold := "rule", "records that should match and records that should not"
	if rule.Correlation != nil {
		what, hold = "correlation", "lists of records that should make it fire and lists that should not"
	}
	// A document says who it is in the line of its title; without one, that is
	// told, and where the file begins has to do.
	at := diag.Position{Path: rule.Path, Line: max(rule.Title.Span.Line, 1), Column: 1}
	list.Errorf(diag.Span{Position: at}, "tests/missing",
		fmt.Sprintf("add %s%s beside it, with %s", rule.Stem(), testsSuffix, hold), "the %s has no tests", what)
}

func stem(source string) string {
	return strings.TrimSuffix(path.Base(source), path.Ext(source))
}
