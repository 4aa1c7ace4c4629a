package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var opNames = map[Op]string{
	Equal: "equal", Prefix: "prefix", Suffix: "suffix", Contains: "contains", Like: "like", Number: "number", Regexp: "regexp",
	InPrefix: "in", Field: "field", Exists: "exists", Absent: "absent", IsNull: "null",
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
		{"all without another modifier compares", `f|all: [a, b]`, `equal "a" & equal "b"`},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			item := build(t, "a:\n  "+test.item+"\ncondition: a").Searches[0].Maps[0][0]
			var predicates []string
			for _, p := range item.Predicates {
				text := opNames[p.Op]
				for _, v := range p.Values {
					text += fmt.Sprintf(" %q", v.Text)
				}
				predicates = append(predicates, text)
			}
			joint := " | "
			if item.All {
				joint = " & "
			}
			if diff := cmp.Diff(test.want, strings.Join(predicates, joint)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.item, diff)
			}
		})
	}
}
