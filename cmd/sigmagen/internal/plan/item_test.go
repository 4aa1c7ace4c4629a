package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var opNames = map[Op]string{
	Equal: "equal", Prefix: "prefix", Suffix: "suffix", Contains: "contains", Like: "like", Number: "number", Regexp: "regexp",
	InPrefix: "in", FieldEqual: "field", FieldPrefix: "prefix field", FieldSuffix: "suffix field", FieldContains: "contains field",
	Less: "less", LessOrEqual: "at most", Greater: "greater", GreaterOrEqual: "at least",
	Exists: "exists", Absent: "absent", IsNull: "null",
}

// TestItems holds what one entry of a map means: its predicates, joined by | or,
// under the modifier all, by &.
func TestItems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about string
		item  string
		want  string
	}{
		{"text covers the field", `f: a`, `equal "a"`},
		{"a list is an or of one predicate", `f: [a, b]`, `equal "a" "b"`},
		{"an escape is resolved", `f: 'a\*'`, `equal "a*"`},
		{"a wildcard is kept", `f: 'a*\?'`, `like "a*\\?"`},
		{"text and wildcards of one list are two predicates", `f: [a, 'b*', c]`, `equal "a" "c" | like "b*"`},
		{"the empty text is one", `f: ''`, `equal ""`},
		{"a number is compared as one", `f: 5.0`, `number "5.0"`},
		{"a quoted number is text", `f: '5.0'`, `equal "5.0"`},
		{"a boolean is its text", `f: True`, `equal "true"`},
		{"a quoted boolean keeps its case", `f: 'True'`, `equal "True"`},
		{"null is a test of its own", `f: null`, `null`},
		{"nothing is null", `f:`, `null`},
		{"a tilde is null", `f: ~`, `null`},
		{"a quoted null is text", `f: 'null'`, `equal "null"`},
		{"a date is text", `f: 2024-01-31`, `equal "2024-01-31"`},
		{"a mixed list keeps the order of the kinds", `f: [5, a, 6, true]`, `number "5" "6" | equal "a" "true"`},
		{"contains", `f|contains: a`, `contains "a"`},
		{"contains a list", `f|contains: [a, b]`, `contains "a" "b"`},
		{"contains all", `f|contains|all: [a, b]`, `contains "a" & contains "b"`},
		{"all may come first", `f|all|contains: [a, b]`, `contains "a" & contains "b"`},
		{"contains with a wildcard keeps it", `f|contains: 'a*b'`, `like "*a*b*"`},
		{"contains of a number compares its text", `f|contains: 12`, `contains "12"`},
		{"contains of a boolean compares its text", `f|contains: TRUE`, `contains "true"`},
		{"startswith is a prefix", `f|startswith: a`, `prefix "a"`},
		{"startswith with a wildcard is anchored at the start only", `f|startswith: 'a*b'`, `like "a*b*"`},
		{"endswith is a suffix", `f|endswith: a`, `suffix "a"`},
		{"endswith with a wildcard is anchored at the end only", `f|endswith: 'a?b'`, `like "*a?b"`},
		{"a backslash at the end stays one", `f|contains: '\Desktop\'`, `contains "\\Desktop\\"`},
		{"a backslash at the end of a pattern stays one", `f|contains: '*\Desktop\'`, `like "*\\\\Desktop\\\\*"`},
		{"an escaped wildcard under contains is text", `f|contains: '\*'`, `contains "*"`},
		{"contains of an asterisk is any text", `f|contains: '*'`, `like "*"`},
		{"an expression is taken as it is", `f|re: 'a\\d*\*'`, `regexp "a\\\\d*\\*"`},
		{"a number may be an expression", `f|re: 12`, `regexp "12"`},
		{"expressions under all", `f|re|all: [a, b]`, `regexp "a" & regexp "b"`},
		{"a network", `f|cidr: [10.0.0.0/8, '2001:db8::/32']`, `in "10.0.0.0/8" "2001:db8::/32"`},
		{"another field", `f|fieldref: a.b`, `field "a.b"`},
		{"a field is there", `f|exists: true`, `exists`},
		{"a field is not there", `f|exists: False`, `absent`},
		{"cased", `f|contains|cased: A`, `cased contains "A"`},
		{"cased may come first", `f|cased|startswith: 'A*'`, `cased like "A*"`},
		{"a cased number is text", `f|cased: 5`, `cased equal "5"`},
		{"neq negates the item", `f|neq: [a, 'b*']`, `not equal "a" | like "b*"`},
		{"neq and all", `f|contains|all|neq: [a, b]`, `not contains "a" & contains "b"`},
		{"flags go to the expression", `f|re|s|i: 'a.b'`, `regexp "(?si)a.b"`},
		{"a field within", `f|fieldref|contains: a.b`, `contains field "a.b"`},
		{"a field at the end, negated", `f|fieldref|endswith|neq: a.b`, `not suffix field "a.b"`},
		{"a comparison", `f|gte: 0.25`, `at least "0.25"`},
		{"a part of a time", `f|hour: [22, 23, 0]`, `hour equal "22" "23" "0"`},
		{"a part of a time, compared", `f|hour|lt: 7`, `hour less "7"`},
		{"base64", `f|base64: 'ping'`, `equal "cGluZw=="`},
		{"base64 counts bytes", `f|base64|contains: 'né'`, `contains "bsOp"`},
		{"base64offset has three forms", `f|base64offset|contains: 'wget'`, `contains "d2dld" "dnZX" "3Z2V0"`},
		{"base64offset under all stays together", `f|base64offset|contains|all: ['wget', 'curl']`, `contains "d2dld" "dnZX" "3Z2V0" & contains "Y3Vyb" "N1cm" "jdXJs"`},
		{"wide is UTF-16, little end first", `f|wide|base64: 'cmd'`, `equal "YwBtAGQA"`},
		{"utf16be has the big end first", `f|utf16be|base64: 'cmd'`, `equal "AGMAbQBk"`},
		{"utf16 has a mark", `f|utf16|base64: 'a'`, `equal "//5hAA=="`},
		{"an astral character is two units", `f|utf16le|base64: '😀'`, `equal "PdgA3g=="`},
		{"windash replaces the dash of a flag", `f|contains|windash: ' -a'`, `contains " -a" " /a" " –a" " —a" " ―a"`},
		{"windash leaves a dash within a word", `f|windash: 'a-b'`, `equal "a-b"`},
		{"a keyword is looked for anywhere in a value", "'|contains': a", `contains "a"`},
		{"all without another modifier compares", `f|all: [a, b]`, `equal "a" & equal "b"`},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			item := build(t, "a:\n  "+test.item+"\ncondition: a").Searches[0].Maps[0][0]
			var predicates []string
			for _, group := range item.Groups {
				var one []string
				for _, p := range group {
					text := opNames[p.Op]
					if p.Cased {
						text = "cased " + text
					}
					if p.Part != "" {
						text = p.Part + " " + text
					}
					for _, v := range p.Values {
						text += fmt.Sprintf(" %q", v.Text)
					}
					one = append(one, text)
				}
				predicates = append(predicates, strings.Join(one, " | "))
			}
			joint := " | "
			if item.All {
				joint = " & "
			}
			got := strings.Join(predicates, joint)
			if item.Not {
				got = "not " + got
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.item, diff)
			}
		})
	}
}
