package mutate

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

// TestEditsOf: what an expression becomes, by what it is about.
func TestEditsOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, expression string
		want              []string
	}{
		{"alternatives as they are written", `ab|ac|a`, []string{`ac|a`, `ab|a`, `ab|ac`, `(?i)ab|ac|a`}},
		{"alternatives in a group", `x(a|[bc]|)y`, []string{`x([bc]|)y`, `x(a|)y`, `x(a|[bc])y`, `(?i)x(a|[bc]|)y`, `xy`, `x~(a|[bc]|)y`, `x(a|[bc]|)y~`}},
		{"a bar that is a character", `a\|b[|]`, []string{`(?i)a\|b[|]`, `a\|b`, `a\|b~[|]`}},
		{"a bracket that is a character", `[]|](a|b)[^]|]`, []string{`[]|](b)[^]|]`, `[]|](a)[^]|]`, `(?i)[]|](a|b)[^]|]`, `(a|b)[^]|]`, `[]|][^]|]`, `[]|](a|b)`}},
		{"a class in a class", `[[:alpha:]|\]]x`, []string{`(?i)[[:alpha:]|\]]x`, `x`, `[[:alpha:]|\]]x~`}},
		{"text that is quoted", `\Qa|b\E|c`, []string{`c`, `\Qa|b\E`, `(?i)\Qa|b\E|c`}},
		{"groups with names, and without", `(?P<n>a|b)(?:c)(?<m>d)`, []string{
			`(?P<n>b)(?:c)(?<m>d)`, `(?P<n>a)(?:c)(?<m>d)`, `(?i)(?P<n>a|b)(?:c)(?<m>d)`, `(?:c)(?<m>d)`, `(?P<n>a|b)(?<m>d)`, `(?P<n>a|b)(?:c)`, `(?P<n>a|b)(?:c~)(?<m>d)`, `(?P<n>a|b)(?:c)(?<m>d~)`,
		}},
		{"flags", `(?is)a(?i:b)(?-i)c`, []string{`(?s)a(?i:b)(?-i)c`, `(?is)a(?:b)(?-i)c`, `(?is)a(?-i)c`, `(?is)a~(?i:b)(?-i)c`, `(?is)a(?i:b~)(?-i)c`, `(?is)a(?i:b)(?-i)c~`}},
		{"a brace that is a character", `{a{,2}`, []string{`(?i){a{,2}`, `{a{,2}~`}},
		{"the last character is what is repeated", `\x{41}b\x42+`, []string{`(?i)\x{41}b\x42+`, `\x{41}b\x42`, `\x{41}b~\x42+`}},
		{"bounds that meet, and none", `a{1,1}b{0,}?`, []string{`(?i)a{1,1}b{0,}?`, `a{0,1}b{0,}?`, `a{1,2}b{0,}?`, `a{1,1}b{1,}?`}},
		{"bounds that are too large", `a{1000}`, []string{`(?i)a{1000}`, `a{999}`}},
		{"places", `\A\ba\Bb\z`, []string{`\ba\Bb\z`, `\Aa\Bb\z`, `\A\bab\z`, `\A\ba\Bb`, `(?i)\A\ba\Bb\z`, `\A\ba~\Bb\z`, `\A\ba\Bb~\z`}},
		{"a place that is an alternative", `:(:|$)`, []string{`:($)`, `:(:)`, `(?i):(:|$)`, `:`, `:~(:|$)`}},
		{"escapes", `\d\pL\p{Greek}\.\101`, []string{`(?i)\d\pL\p{Greek}\.\101`, `\pL\p{Greek}\.\101`, `\d\p{Greek}\.\101`, `\d\pL\.\101`, `\d\pL\p{Greek}\.\101~`}},
		{"nothing but a place", `^`, []string{`(?i)^`}},
	} {
		var got []string
		for _, e := range editsOf(c.expression) {
			if text := e.of(c.expression); compiles(text) {
				got = append(got, text)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", c.about, c.expression, diff)
		}
	}
}

// groups counts the groups that have a number.
func groups(all []branch, text string) int {
	n := 0
	for _, b := range all {
		for _, p := range b.parts {
			if p.kind == group {
				if inner := text[p.start+1:]; !strings.HasPrefix(inner, "?") || strings.HasPrefix(inner, "?P<") || strings.HasPrefix(inner, "?<") {
					n++
				}
			}
			n += groups(p.branches, text)
		}
	}
	return n
}

// Whatever compiles is read to its end, with the groups that it has.
func TestExpressionsAreRead(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 6))
	pieces := []string{"a", "b", "é", "|", "(", ")", "(?:", "(?i)", "(?P<n>", "[", "[^", "]", "-", "^", "$", ".", "*", "+", "?", "{2}", "{1,", "}", "\\", "\\d", "\\Q", "\\E", "[:alpha:]", "\\x{61}", "\\pL", "\\z", "\n"}
	read := 0
	for range 60_000 {
		var b strings.Builder
		for range 1 + random.IntN(8) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		text := b.String()
		compiled, err := regexp.Compile(text)
		if err != nil {
			continue
		}
		read++
		r := expressionReader{text: text}
		all := r.alternatives()
		if r.at != len(text) || groups(all, text) != compiled.NumSubexp() {
			t.Errorf("%q is read up to %d of %d, with %d groups for %d", text, r.at, len(text), groups(all, text), compiled.NumSubexp())
		}
	}
	if read < 5_000 {
		t.Errorf("only %d expressions", read)
	}
}

// TestTooManyEdits: an expression has so many mutants at most, however many it became,
// and first those of its alternatives.
func TestTooManyEdits(t *testing.T) {
	t.Parallel()
	rule := provetest.Plan(t, "a: {x|re: '^("+strings.Repeat("[a]b|", 100)+"c)$'}\ncondition: a")
	dropped, others := 0, []string{}
	for _, m := range everything(rule) {
		if strings.Contains(m.Change, "is dropped from the expression of x") {
			dropped++
		} else {
			others = append(others, m.Change)
		}
	}
	if dropped != maxEdits || len(others) != 2 {
		t.Errorf("%d alternatives are dropped, and %q", dropped, others)
	}
}
