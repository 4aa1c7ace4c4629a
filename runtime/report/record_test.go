package report

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLeaves(t *testing.T) {
	for _, test := range []struct {
		about, text string
		want        []leaf
	}{
		{"Members stay in their order, with the text of their numbers.", `{"b": 1.50, "a": {"z": true, "y": "x"}}`, []leaf{{"b", []string{"1.50"}}, {"a.z", []string{"true"}}, {"a.y", []string{"x"}}}},
		{"What says nothing is left out.", `{"a": null, "b": "", "c": {}, "d": [], "e": [null, {"f": null}], "g": false, "h": 0}`, []leaf{{"g", []string{"false"}}, {"h", []string{"0"}}}},
		{"The scalars of a list are one leaf.", `{"a": ["x", 1, null]}`, []leaf{{"a", []string{"x", "1", "null"}}}},
		{"The objects of a list are told apart.", `{"a": [{"b": 1}, {"b": [2, [3]]}]}`, []leaf{{"a[0].b", []string{"1"}}, {"a[1].b[0]", []string{"2"}}, {"a[1].b[1]", []string{"3"}}}},
		{"A scalar has no path.", `"x"`, []leaf{{"", []string{"x"}}}},
	} {
		value, err := parseJSON([]byte(test.text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, value.leaves(), cmp.AllowUnexported(leaf{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
	}
}

func TestParseJSON(t *testing.T) {
	for _, test := range []struct {
		about, text string
		wrong       bool
	}{
		{"A record.", `{"a": [1, {"b": null}]}`, false},
		{"Nothing is no value.", ``, true},
		{"A record that ends early.", `{"a": [1`, true},
		{"Two values are not one.", `{} {}`, true},
		{"Nesting that nobody needs.", strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2), true},
	} {
		if _, err := parseJSON([]byte(test.text)); (err != nil) != test.wrong {
			t.Errorf("%s\nparseJSON(%q): %v", test.about, test.text, err)
		}
	}
}

func TestAt(t *testing.T) {
	record, err := parseJSON([]byte(`{"a": {"b": "first"}, "a": {"b": "last", "c": {"d": 1}, "e": null}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ about, path, want string }{
		{"Of two members the last counts.", "a.b", "last"},
		{"An object has no text.", "a.c", ""},
		{"Null has none.", "a.e", ""},
		{"What is not there has none.", "a.b.c", ""},
		{"A number has.", "a.c.d", "1"},
	} {
		if got := record.at(strings.Split(test.path, ".")...); got != test.want {
			t.Errorf("%s\nat(%s) = %q, want %q", test.about, test.path, got, test.want)
		}
	}
	var none *node
	if got := none.at("a"); got != "" {
		t.Errorf("no record says %q", got)
	}
}

func TestDocument(t *testing.T) {
	for _, test := range []struct {
		about, text string
		lines       int
	}{
		{"A policy is laid out.", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow"}]}`, 8},
		{"A text is not.", `hello {"a":1}`, 0},
		{"Nor what looks like one and is none.", `{"a":`, 0},
		{"Nor what is too large.", `["` + strings.Repeat("x", maxDocument) + `"]`, 0},
		{"Nor what would be many times as large.", strings.Repeat("[", 5000) + strings.Repeat("]", 5000), 0},
	} {
		if got := document(test.text); len(got) != test.lines {
			t.Errorf("%s\ndocument has %d lines, want %d", test.about, len(got), test.lines)
		}
	}
}
