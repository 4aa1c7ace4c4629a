package sigma

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// conditionNames are the searches of the rules in these tests.
var conditionNames = []string{
	"a", "b", "c", "x_1", "x_2", "x_main_1", "y", "_hidden", "_x_1", "android", "notice", "offer", "allow", "themselves",
	"order", "anderson", "nothing", "office", "a-b", "1st", "2", "x-y-1",
}

// ruleWith returns a rule with that condition, in the YAML given, below its
// searches, and how many lines stand before the condition.
func ruleWith(names []string, condition string) (text string, before int) {
	var b strings.Builder
	b.WriteString("title: Test\nlogsource: {product: aws}\nlevel: low\ndetection:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  '%s': {eventName: x}\n", name)
	}
	before = strings.Count(b.String(), "\n")
	b.WriteString("  condition: " + condition + "\n")
	return b.String(), before
}

// parseCondition returns the expression of a condition, or nil and what is wrong
// with it.
func parseCondition(names []string, condition string) (Expr, []diag.Diagnostic) {
	text, _ := ruleWith(names, strconv.QuoteToASCII(condition))
	var list diag.List
	documents, ok := Parse(File{Key: "test", Path: "test.yml", Source: "test.yml", Text: []byte(text)}, &list)
	rule := documents[0]
	problems := slices.DeleteFunc(list.Sorted(), func(d diag.Diagnostic) bool { return d.Severity != diag.Error })
	if !ok {
		return nil, problems
	}
	return rule.Conditions[0].Expr, problems
}

// show writes an expression with all its parentheses.
func show(e Expr) string {
	join := func(operands []Expr, operator string) string {
		var texts []string
		for _, o := range operands {
			texts = append(texts, show(o))
		}
		return "(" + strings.Join(texts, operator) + ")"
	}
	switch e := e.(type) {
	case And:
		return join(e.Operands, " and ")
	case Or:
		return join(e.Operands, " or ")
	case Not:
		return "not " + show(e.Operand)
	case Ref:
		return e.Name
	case Quantifier:
		operator := " or "
		if e.All {
			operator = " and "
		}
		return "[" + strings.Join(e.Members, operator) + "]"
	default:
		return "?"
	}
}

func TestCondition(t *testing.T) {
	t.Parallel()
	tests := []struct{ about, condition, want string }{
		{"a name", "a", "a"},
		{"and binds closer than or", "a or b and c", "(a or (b and c))"},
		{"and binds closer than or, the other way round", "a and b or c", "((a and b) or c)"},
		{"not binds closer than and", "not a and b", "(not a and b)"},
		{"not binds closer than or", "not a or b", "(not a or b)"},
		{"not of a parenthesis", "not (a or b)", "not (a or b)"},
		{"not of not", "not not a", "not not a"},
		{"a quantifier binds closer than not and and", "not 1 of x* and y", "(not [x_1 or x_2 or x_main_1 or x-y-1] and y)"},
		{"not all of", "a and not all of x_*", "(a and not [x_1 and x_2 and x_main_1])"},
		{"parentheses change the order", "a and (b or c)", "(a and (b or c))"},
		{"parentheses without need", "((a))", "a"},
		{"parentheses without blanks", "a and(b or c)and(not(y))", "(a and (b or c) and not y)"},
		{"chains", "a and b and c or y or a", "((a and b and c) or y or a)"},
		{"tabs, line ends and blanks are the same", "\ta\n\nand\r\nnot\t 1 \n of \t x_*  or\ny ", "((a and not [x_1 or x_2 or x_main_1]) or y)"},
		{"1 of them leaves out names with an underscore in front", "1 of them", "[a or b or c or x_1 or x_2 or x_main_1 or y or android or notice or offer or allow or themselves or order or anderson or nothing or office or a-b or 1st or 2 or x-y-1]"},
		{"a pattern leaves out names with an underscore in front", "all of *x_1", "[x_1]"},
		{"a pattern with an underscore in front, too", "a or 1 of *", "(a or [a or b or c or x_1 or x_2 or x_main_1 or y or android or notice or offer or allow or themselves or order or anderson or nothing or office or a-b or 1st or 2 or x-y-1])"},
		{"a name with an underscore in front can be named", "_hidden and not _x_1", "(_hidden and not _x_1)"},
		{"an asterisk in the middle", "1 of x*1", "[x_1 or x_main_1 or x-y-1]"},
		{"an asterisk in front", "1 of *_1", "[x_1 or x_main_1]"},
		{"two asterisks", "1 of *main*", "[x_main_1]"},
		{"an asterisk stands for nothing, too", "1 of a*b*", "[a-b]"},
		{"a quantifier over one name", "1 of a and all of _hidden", "([a] and [_hidden])"},
		{"a pattern with a dash", "all of x-*", "[x-y-1]"},
		{"a pattern of digits", "1 of 1*", "[1st]"},
		{"a name that begins with and", "android and anderson", "(android and anderson)"},
		{"a name that begins with not", "notice or not nothing", "(notice or not nothing)"},
		{"a name that begins with of or or", "offer or order and office", "(offer or (order and office))"},
		{"a name that begins with all or them", "allow and not themselves", "(allow and not themselves)"},
		{"a pattern that begins with them", "1 of them*", "[themselves]"},
		{"a name with a dash", "a-b and not a", "(a-b and not a)"},
		{"a name with a digit in front", "1st or 2", "(1st or 2)"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			expr, problems := parseCondition(conditionNames, test.condition)
			if expr == nil {
				t.Fatalf("%q: %+v", test.condition, problems)
			}
			if diff := cmp.Diff(test.want, show(expr)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", test.condition, diff)
			}
		})
	}
}

func TestConditionIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ about, condition, code string }{
		{"a pattern that only names with an underscore in front would fit", "1 of _x*", "condition/pattern"},
		{"a pattern in another case", "1 of X_*", "condition/pattern"},
		{"a quantifier of none", "0 of x_*", "condition/quantifier"},
		{"a quantifier with a leading zero", "01 of x_*", "condition/quantifier"},
		{"a quantifier of a quantifier", "1 of 1 of x_*", "condition/quantifier"},
		{"a quantifier of a word of the language", "1 of not", "condition/quantifier"},
		{"of in upper case", "1 OF x_*", "condition/operator"},
		{"a pattern with a question mark", "1 of x_?", "condition/quantifier"},
		{"a name with a question mark", "a?", "condition/syntax"},
		{"a comparison", "a == b", "condition/operator"},
		{"near", "a | near b", "condition/aggregation"},
		{"a word of the language as a name", "all", "condition/unknown-search"},
		{"only operators", "and or not", "condition/operand"},
		{"only parentheses", "()", "condition/operand"},
		{"nested empty parentheses", "(())", "condition/operand"},
		{"parentheses side by side", "(a)(b)", "condition/operator"},
		{"a name behind a parenthesis", "(a) b", "condition/operator"},
		{"a name that sigma-go would get, were it not defined", "operand_0", "condition/unknown-search"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			expr, problems := parseCondition(conditionNames, test.condition)
			if expr != nil || len(problems) == 0 {
				t.Fatalf("%q is accepted", test.condition)
			}
			if problems[0].Code != test.code {
				t.Errorf("%q: code %s (%s), want %s", test.condition, problems[0].Code, problems[0].Message, test.code)
			}
		})
	}
}

func TestConditionDepth(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("(", n) + "a" + strings.Repeat(")", n) }
	if expr, problems := parseCondition(conditionNames, nested(maxParentheses)); expr == nil {
		t.Errorf("%d parentheses: %+v", maxParentheses, problems)
	}
	if expr, _ := parseCondition(conditionNames, nested(maxParentheses+1)); expr != nil {
		t.Errorf("%d parentheses are accepted", maxParentheses+1)
	}
	if expr, problems := parseCondition(conditionNames, strings.Repeat("not ", 2000)+"a"); expr == nil {
		t.Errorf("2,000 not: %+v", problems)
	}
	long := "a" + strings.Repeat(" or a", (maxConditionBytes-1)/len(" or a"))
	if expr, problems := parseCondition(conditionNames, long); expr == nil {
		t.Errorf("%d bytes: %+v", len(long), problems)
	}
	if expr, _ := parseCondition(conditionNames, long+strings.Repeat(" ", maxConditionBytes)); expr != nil {
		t.Errorf("%d bytes are accepted", len(long)+maxConditionBytes)
	}
}

// FuzzCondition holds conditions against a reading of the grammar that shares
// nothing with this package, for every combination of what the searches say.
func FuzzCondition(f *testing.F) {
	for _, seed := range []string{
		"a", "not a or b", "a and b or c and not x_1", "1 of x_* and not all of x*", "(a or b) and not (c)", "1 of them", "a and", "2 of x_*",
		"a AND b", "a | count() > 5", "((a)", "a\n\tand\tb", "notice", "1\u00a0of them", "\x00", "a && b", "not not not a", "a-b or -", "1 of *",
	} {
		f.Add(seed)
	}
	names := []string{"a", "b", "c", "x_1", "x_2", "_x", "not-a", "1st"}
	f.Fuzz(func(t *testing.T, condition string) {
		if strings.ContainsRune(condition, '\ufffd') {
			return // it stands for bytes that are not UTF-8, which no file may hold
		}
		got, problems := parseCondition(names, condition)
		reference := referenceParser{words: strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(condition)), names: names}
		want := reference.or()
		if reference.failed || len(reference.words) > 0 || strings.ContainsFunc(condition, func(r rune) bool { return r > 0x7e || r < ' ' && !isSpace(r) }) {
			want = nil
		}
		if got == nil && len(problems) == 0 {
			t.Fatalf("%q: neither an expression nor a problem", condition)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Code == "structure/ambiguous" {
				t.Fatalf("%q: %+v", condition, p)
			}
		}
		if got == nil || want == nil {
			// What is refused for its length or depth alone, the reference accepts.
			if got != nil || want != nil && len(condition) < 100 {
				t.Fatalf("%q: accepted: %v, by the reference: %v %+v", condition, got != nil, want != nil, problems)
			}
			return
		}
		for bits := range 1 << len(names) {
			holds := map[string]bool{}
			for i, name := range names {
				holds[name] = bits>>i&1 == 1
			}
			if eval(got, holds) != want(holds) {
				t.Fatalf("%q is read as %s: on %v that is %v", condition, show(got), holds, eval(got, holds))
			}
		}
	})
}

func eval(e Expr, holds map[string]bool) bool {
	switch e := e.(type) {
	case And:
		return !slices.ContainsFunc(e.Operands, func(o Expr) bool { return !eval(o, holds) })
	case Or:
		return slices.ContainsFunc(e.Operands, func(o Expr) bool { return eval(o, holds) })
	case Not:
		return !eval(e.Operand, holds)
	case Ref:
		return holds[e.Name]
	case Quantifier:
		n := 0
		for _, member := range e.Members {
			if holds[member] {
				n++
			}
		}
		return e.All && n == len(e.Members) || !e.All && n > 0
	default:
		panic(fmt.Sprintf("unknown node %T", e))
	}
}

// referenceParser reads a condition by recursive descent.
type referenceParser struct {
	words  []string
	names  []string
	failed bool
}

type predicate func(holds map[string]bool) bool

func (p *referenceParser) next() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *referenceParser) take() string {
	word := p.next()
	if word == "" {
		p.failed = true
	} else {
		p.words = p.words[1:]
	}
	return word
}

func (p *referenceParser) or() predicate {
	left := p.and()
	for p.next() == "or" {
		p.take()
		before, right := left, p.and()
		left = func(holds map[string]bool) bool { return before(holds) || right(holds) }
	}
	return left
}

func (p *referenceParser) and() predicate {
	left := p.not()
	for p.next() == "and" {
		p.take()
		before, right := left, p.not()
		left = func(holds map[string]bool) bool { return before(holds) && right(holds) }
	}
	return left
}

func (p *referenceParser) not() predicate {
	switch word := p.take(); {
	case word == "not":
		operand := p.not()
		return func(holds map[string]bool) bool { return !operand(holds) }
	case word == "(":
		inner := p.or()
		if p.take() != ")" {
			p.failed = true
		}
		return inner
	case (word == "1" || word == "all") && p.next() == "of":
		p.take()
		pattern := p.take()
		var members []string
		for _, name := range p.names {
			if name == pattern || name[0] != '_' && (pattern == "them" || glob(pattern, name)) {
				members = append(members, name)
			}
		}
		p.failed = p.failed || len(members) == 0
		return func(holds map[string]bool) bool {
			return slices.ContainsFunc(members, func(name string) bool { return holds[name] != (word == "all") }) != (word == "all")
		}
	default:
		p.failed = p.failed || !slices.Contains(p.names, word)
		return func(holds map[string]bool) bool { return holds[word] }
	}
}

// glob reports whether a pattern with asterisks covers a name.
func glob(pattern, name string) bool {
	if strings.HasPrefix(pattern, "**") {
		return glob(pattern[1:], name)
	}
	if pattern == "" || name == "" {
		return strings.Trim(pattern, "*") == "" && name == ""
	}
	if pattern[0] == '*' {
		return glob(pattern[1:], name) || glob(pattern, name[1:])
	}
	return pattern[0] == name[0] && glob(pattern[1:], name[1:])
}
