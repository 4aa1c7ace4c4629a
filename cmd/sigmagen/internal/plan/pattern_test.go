package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePattern(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about   string
		value   string
		literal bool
		text    string // of a literal
		pattern string // as String writes it
	}{
		{"plain text is itself", `CreateUser`, true, `CreateUser`, `CreateUser`},
		{"the empty value is the empty text", ``, true, ``, ``},
		{"an asterisk is a wildcard", `Create*`, false, ``, `Create*`},
		{"a question mark is a wildcard", `t?.micro`, false, ``, `t?.micro`},
		{"an escaped asterisk is literal", `a\*b`, true, `a*b`, `a\*b`},
		{"an escaped question mark is literal", `a\?b`, true, `a?b`, `a\?b`},
		{"an escaped backslash is one", `a\\b`, true, `a\b`, `a\\b`},
		{"a backslash before anything else is itself", `C:\Users`, true, `C:\Users`, `C:\\Users`},
		{"a backslash at the end is itself", `\Desktop\`, true, `\Desktop\`, `\\Desktop\\`},
		{"three backslashes are two", `a\\\b`, true, `a\\b`, `a\\\\b`},
		{"four backslashes are two", `a\\\\b`, true, `a\\b`, `a\\\\b`},
		{"an escaped backslash leaves the asterisk a wildcard", `a\\*`, false, ``, `a\\*`},
		{"an escaped backslash and an escaped asterisk are both literal", `a\\\*`, true, `a\*`, `a\\\*`},
		{"two backslashes at the end are one", `a\\`, true, `a\`, `a\\`},
		{"a run of asterisks is one", `a***b`, false, ``, `a*b`},
		{"an escaped asterisk ends a run", `*\**`, false, ``, `*\**`},
		{"question marks are counted", `a??b`, false, ``, `a??b`},
		{"asterisks around a question mark stay", `*?*`, false, ``, `*?*`},
		{"the characters of other languages are literal", `[a-z]{1}$^.+()|`, true, `[a-z]{1}$^.+()|`, `[a-z]{1}$^.+()|`},
		{"a placeholder of another language is literal", `Jersey/${project.version}`, true, `Jersey/${project.version}`, `Jersey/${project.version}`},
		{"characters are code points", `é\é?`, false, ``, `é\\é?`},
		{"line ends are text", "a\n*\nb", false, ``, "a\n*\nb"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			p := parsePattern(test.value)
			if p.literal() != test.literal {
				t.Errorf("literal = %v, want %v", p.literal(), test.literal)
			}
			if test.literal {
				if diff := cmp.Diff(test.text, p.text()); diff != "" {
					t.Errorf("text (-want +got):\n%s", diff)
				}
			}
			if diff := cmp.Diff(test.pattern, p.String()); diff != "" {
				t.Errorf("pattern (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.pattern, parsePattern(p.String()).String()); diff != "" {
				t.Errorf("the written pattern reads differently (-want +got):\n%s", diff)
			}
		})
	}
}
