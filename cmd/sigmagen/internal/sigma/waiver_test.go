package sigma

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

const waivedRule = `title: Rule
logsource: {product: aws}
level: low
detection: {selection: {eventName: A}, condition: selection}
`

func parseWaiver(t *testing.T, lines string) (*Rule, *diag.List) {
	t.Helper()
	var list diag.List
	documents, _ := Parse(File{Key: "rule", Path: "rule.yml", Source: "rule.yml", Text: []byte(waivedRule + lines)}, &list)
	return documents[0], &list
}

// TestWaiver holds what a waiver may say.
func TestWaiver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		about, lines string
		want         []string // line:column message
	}{
		{"a code and a reason", "x-trailalerts: {waive: [metadata/level], reason: levels are set elsewhere}", nil},
		{"custom attributes of others", "x-other: [1, {a: b}]\nx-trailalert: 7", nil},
		{"nothing", "x-trailalerts:", []string{"5:15 x-trailalerts is a map, this is empty"}},
		{"a list", "x-trailalerts: [a]", []string{"5:16 x-trailalerts is a map, this is a list"}},
		{"no reason", "x-trailalerts: {waive: [metadata/level]}", []string{"5:1 a waiver needs a reason"}},
		{"a reason of blanks", "x-trailalerts: {waive: [metadata/level], reason: ' '}", []string{"5:50 the reason is text, this is empty"}},
		{"a reason that is no text", "x-trailalerts: {waive: [metadata/level], reason: true}", []string{"5:50 the reason is text, this is a boolean"}},
		{"no codes", "x-trailalerts: {reason: because}", []string{"5:16 nothing is waived"}},
		{"an empty list of codes", "x-trailalerts: {waive: [], reason: because}", []string{"5:24 waive takes a list of codes, this is empty"}},
		{"a code without a list", "x-trailalerts: {waive: metadata/level, reason: because}", []string{"5:24 waive takes a list of codes, this is text"}},
		{"a code that is none", "x-trailalerts: {waive: [metadata/levl], reason: because}", []string{"5:25 no warning about a rule has the code \"metadata/levl\""}},
		{"the code of an error", "x-trailalerts: {waive: [structure/yaml], reason: because}", []string{"5:25 no warning about a rule has the code \"structure/yaml\""}},
		{"the code of what is proven", "x-trailalerts: {waive: [reach-impossible], reason: because}", []string{"5:25 reach-impossible is an error, and cannot be waived"}},
		{"one of two findings of a code", "x-trailalerts: {waive: [reach-unknown-event A, reach-unknown-event B], reason: because}", nil},
		{"a finding twice", "x-trailalerts: {waive: [reach-unknown-event A, 'reach-unknown-event  A'], reason: because}", []string{"5:48 \"reach-unknown-event A\" stands here twice"}},
		{"a code twice", "x-trailalerts: {waive: [metadata/level, metadata/level], reason: because}", []string{"5:41 \"metadata/level\" stands here twice"}},
		{"a code that is a map", "x-trailalerts: {waive: [{a: b}], reason: because}", []string{"5:25 a code is text, this is a map"}},
		{"another key", "x-trailalerts: {wave: [metadata/level], waive: [metadata/level], reason: because}", []string{"5:17 x-trailalerts has no key \"wave\""}},
	} {
		rule, list := parseWaiver(t, test.lines)
		var got []string
		for _, d := range list.Sorted() {
			got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Column, d.Message))
			if d.Code != "metadata/x-trailalerts" || d.Severity != diag.Error || d.Hint == "" {
				t.Errorf("%s: %s is a %s, hint %q", test.about, d.Code, d.Severity, d.Hint)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.about, diff)
		}
		if waives := rule.Waiver != nil; test.about == "a code and a reason" && !waives {
			t.Errorf("%s: there is no waiver", test.about)
		}
	}
}

// TestWaive holds which warnings become notes: those of the waived codes, in the
// document that waives them and no other, and never an error.
func TestWaive(t *testing.T) {
	t.Parallel()
	waiver := "x-trailalerts:\n  waive: [metadata/level, metadata/id, reach-unknown-event]\n  reason: >\n    it is\n    known\n"
	text := waivedRule + waiver + "---\n" + waivedRule
	var list diag.List
	documents, ok := Parse(File{Key: "rule", Path: "rule.yml", Source: "rule.yml", Text: []byte(text)}, &list)
	if !ok || len(documents) != 2 {
		t.Fatalf("%d documents, %+v", len(documents), list.Sorted())
	}
	source := func(string) []byte { return []byte(text) }
	at := func(path string, line int) diag.Span {
		return diag.Span{Position: diag.Position{Path: path, Line: line, Column: 1}}
	}
	list.Warnf(at("rule.yml", 4), "reach-unknown-event", "", "waived")
	list.Warnf(at("rule.yml", 0), "metadata/level", "", "about the file as a whole")
	list.Warnf(at("rule.yml", 4), "reach-wrong-source", "", "another code")
	list.Warnf(at("rule.yml", 13), "reach-unknown-event", "", "another document")
	list.Warnf(at("other.yml", 4), "reach-unknown-event", "", "another file")
	list.Errorf(at("rule.yml", 5), "metadata/id", "", "an error")
	Waive(documents, &list, source)
	var got []string
	for _, d := range list.Sorted() {
		got = append(got, d.Severity.String()+" "+d.Message+": "+d.Waived)
	}
	want := []string{
		"warning another file: ",
		"note about the file as a whole: it is known",
		"note waived: it is known",
		"warning another code: ",
		"error an error: ",
		"warning another document: ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	refused := list.Count(diag.Warning)
	WarnWaivers(documents, list.Refused(), &list, source)
	if got := list.Count(diag.Warning); got != refused {
		t.Errorf("a refused document has %d warnings about its waivers", got-refused)
	}
	list.Keep(func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	WarnWaivers(documents, list.Refused(), &list, source)
	list.Keep(func(d diag.Diagnostic) bool { return d.Code == "waiver/unused" })
	if unused := list.Sorted(); len(unused) != 1 || unused[0].Message != "there is no warning metadata/id to waive" || unused[0].Line != 6 {
		t.Errorf("unused waivers: %+v", unused)
	}
}

// TestWaiveOne holds that a waiver that names what it is about silences that alone, and
// that one that does not is asked to where it silences more.
func TestWaiveOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, waive string
		want         []string // severity, code, and the hint if that says what to write
	}{
		{"the one of two", "reach-unknown-event A", []string{"note reach-unknown-event", "warning reach-unknown-event"}},
		{"both by their names", "reach-unknown-event A, reach-unknown-event selection", []string{"note reach-unknown-event", "note reach-unknown-event"}},
		{"both by one code", "reach-unknown-event", []string{"note reach-unknown-event", "note reach-unknown-event", "warning waiver/several name each that is meant: `waive: [reach-unknown-event A, reach-unknown-event selection]`"}},
		{"another", "reach-unknown-event B", []string{"warning reach-unknown-event", "warning reach-unknown-event", "warning waiver/unused remove it"}},
	} {
		text := waivedRule + "x-trailalerts: {waive: [" + c.waive + "], reason: because}\n"
		source := func(string) []byte { return []byte(text) }
		var list diag.List
		documents, _ := Parse(File{Key: "rule", Path: "rule.yml", Source: "rule.yml", Text: []byte(text)}, &list)
		for _, at := range []struct{ column, length int }{{36, 1}, {13, 9}} {
			list.Warnf(diag.Span{Position: diag.Position{Path: "rule.yml", Line: 4, Column: at.column}, Length: at.length}, "reach-unknown-event", "", "finding at %d", at.column)
		}
		Waive(documents, &list, source)
		WarnWaivers(documents, nil, &list, source)
		var got []string
		for _, d := range list.Sorted() {
			got = append(got, strings.TrimSpace(d.Severity.String()+" "+d.Code+" "+d.Hint))
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.about, diff)
		}
	}
}
