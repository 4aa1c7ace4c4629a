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
// least one record.
func CheckTests(file string, text []byte, list *diag.List) {
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
			f.records(m)
		}
		seen[key] = true
	}
	for _, key := range testsKeys {
		if !seen[key] {
			list.Errorf(f.span(*root), "tests/missing-key", "add \""+key+"\": [...]", "the tests have no %q", key)
		}
	}
}

// records checks the list of records of one key.
func (f *jsonFile) records(m jsonMember) {
	if m.value.kind != '[' {
		f.list.Errorf(f.span(m.value), "tests/format", "", "%q takes a list of records, this is %s", m.key.text, m.value.describe())
		return
	}
	if len(m.value.items) == 0 {
		f.list.Errorf(f.span(m.key), "tests/empty", "add a record", "the list %q is empty", m.key.text)
	}
	for i, record := range m.value.items {
		if record.kind != '{' {
			f.list.Errorf(f.span(record), "tests/format", "", "item %d of %q is not a record: a record is a JSON object, this is %s", i+1, m.key.text, record.describe())
		} else if _, delivery := record.get("Records"); delivery {
			f.list.Errorf(f.span(record), "tests/format", "list the records themselves", "item %d of %q is a delivery file, not a record", i+1, m.key.text)
		}
	}
}

// MissingTests reports a rule without tests.
func MissingTests(rule *Rule, list *diag.List) {
	list.Errorf(diag.Span{Position: diag.Position{Path: rule.Path, Line: 1, Column: 1}}, "tests/missing",
		fmt.Sprintf("add %s%s beside it, with records that should match and records that should not", rule.Stem(), testsSuffix), "the rule has no tests")
}

func stem(source string) string {
	return strings.TrimSuffix(path.Base(source), path.Ext(source))
}
