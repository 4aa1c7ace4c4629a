package prove

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

func re(expressions ...string) []plan.Predicate {
	var all []plan.Predicate
	for _, e := range expressions {
		all = append(all, plan.Predicate{Op: plan.Regexp, Values: []plan.Value{{Text: e}}})
	}
	return all
}

func TestNearest(t *testing.T) {
	t.Parallel()
	pattern := func(op plan.Op, text string) []plan.Predicate {
		return []plan.Predicate{{Op: op, Values: []plan.Value{{Text: text}}}}
	}
	for _, c := range []struct {
		about      string
		text       string
		hold, fail []plan.Predicate
		want       string
		ok         bool
	}{
		{"what does already stays", "aws-cli/2 x-kali", re("^aws-cli/.*-kali"), nil, "aws-cli/2 x-kali", true},
		{"another branch of an alternation", "aws-cli/2 6.5.0-parrot1", re("-(parrot|pentoo)"), re("-parrot"), "aws-cli/2 6.5.0-pentoo1", true},
		{"a digit less", "arn:aws:iam::111122223333:root", re(":[0-9]{11,12}:"), re(":[0-9]{12}:"), "arn:aws:iam::11122223333:root", true},
		{"a digit more", "111122223333", re("[0-9]{12}"), re("^[0-9]{12}$"), "1111222233330", true},
		{"a text that is not at the beginning", "deploy", re("deploy"), re("^deploy"), "xdeploy", true},
		{"the case of a letter", "Boto3", re("(?i)^boto3$"), re("^Boto3$", "^boto3$"), "BoTo3", true},
		{"the beginning of a line that is not that of the text", "", re("(?m)^a"), re("^a"), "\na", true},
		{"the boundary of a word", "a key", re("key"), re(`\bkey\b`), "akey", true},
		{"no boundary of a word", "key", re(`key\B`), nil, "keyy", true},
		{"what a line does not have", "a", re("(?s)^a.$"), re("^a.$"), "a\n", true},
		{"a pattern beside an expression", "", append(re("[0-9]$"), pattern(plan.Like, `a?c*`)...), nil, "a0c0", true},
		{"a part in another case", "", pattern(plan.Contains, "ab"), re("ab|AB|aB"), "Ab", true},
		{"a text that is cased", "", []plan.Predicate{{Op: plan.Equal, Cased: true, Values: []plan.Value{{Text: "Ab"}}}}, re("^b"), "Ab", true},
		{"one of several values", "", []plan.Predicate{{Op: plan.Regexp, Values: []plan.Value{{Text: "(?i)^a$"}, {Text: "^b$"}}}}, re("^[aA]$"), "b", true},
		{"expressions that are the same", "", re("^(?:ab|ac)$"), re("^a[bc]$"), "", false},
		{"what no text satisfies", "", re("^a", "^b"), nil, "", false},
		{"an end before a beginning", "", re("a$b"), nil, "", false},
		{"the beginning of a text behind a character", "ab", re(`a\Ab|a\b\B`), nil, "", false},
		{"no test on text", "", []plan.Predicate{{Op: plan.Exists}}, nil, "", false},
		{"too large", "", re("((a{100}){100}){1}", "(?:((a{2}){500}|b){900})|c"), nil, "", false},
	} {
		got, ok := "", false
		if l, small := NewLanguage(c.hold, c.fail); small {
			var verdict Verdict
			got, _, verdict = l.Nearest(c.text, false, anyCost)
			ok = verdict == Possible
		}
		if got != c.want || ok != c.ok {
			t.Errorf("%s: %q, %t, want %q, %t", c.about, got, ok, c.want, c.ok)
		}
	}
}

// someExpression makes an expression of few characters.
func someExpression(random *rand.Rand, depth int) string {
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	if depth == 0 || random.IntN(4) == 0 {
		return pick("a", "b", "k", "ab", "[ab]", "[^a]", ".", "_", "^", "$", `\b`, `\B`, "(?i)a", "(?i:k)", "(?m:^)", "(?m:$)", "(?s:.)", `\A`, `\z`, `\n`)
	}
	one, other := someExpression(random, depth-1), someExpression(random, depth-1)
	switch random.IntN(4) {
	case 0:
		return "(" + one + "|" + other + ")"
	case 1:
		return "(?:" + one + ")" + pick("?", "*", "+", "{2}", "{1,2}", "*?")
	}
	return one + other
}

// Whatever Nearest says of expressions is what the package regexp says of texts.
func TestLanguagesAreSound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 5))
	var texts []string
	for _, length := range []int{0, 1, 2, 3, 4} {
		all := []string{""}
		for range length {
			var longer []string
			for _, text := range all {
				for _, r := range "abkA\u212a_\n " {
					longer = append(longer, text+string(r))
				}
			}
			all = longer
		}
		for range min(len(all), 300) {
			texts = append(texts, all[random.IntN(len(all))])
		}
	}
	verdicts := map[Verdict]int{}
	for range 1500 {
		hold, fail := someExpression(random, 3), someExpression(random, 3)
		holds, fails := regexp.MustCompile(hold), regexp.MustCompile(fail)
		l, ok := newLanguage(re(hold), re(fail), false)
		if !ok {
			t.Fatalf("%q, %q: too large", hold, fail)
		}
		from := texts[random.IntN(len(texts))]
		got, _, verdict := l.nearest([]rune(from), anyCost)
		verdicts[verdict]++
		switch verdict {
		case Possible:
			if !holds.MatchString(got) || fails.MatchString(got) {
				t.Errorf("%q and not %q: %q does not", hold, fail, got)
			}
			if holds.MatchString(from) && !fails.MatchString(from) && got != from {
				t.Errorf("%q and not %q: %q is no nearer than %q", hold, fail, got, from)
			}
		case Impossible:
			for _, text := range texts {
				if holds.MatchString(text) && !fails.MatchString(text) {
					t.Errorf("%q and not %q: %q does, which is called impossible", hold, fail, text)
				}
			}
		}
	}
	if verdicts[Impossible] < 200 || verdicts[Possible] < 500 || verdicts[Unknown] > 0 {
		t.Errorf("verdicts: %v", verdicts)
	}
}

// A pattern holds on the texts that its expression matches.
func TestExpressionOf(t *testing.T) {
	t.Parallel()
	texts := []string{"", "a", "A", "ab", "AB", "xab", "abx", "xabx", "a*b", "a.b", "a\nb", "k", "\u212a"}
	for _, op := range []plan.Op{plan.Equal, plan.Prefix, plan.Suffix, plan.Contains, plan.Like} {
		for _, value := range []string{"ab", "a*b", `a\*b`, "a?b", "a.b", "?", "*", "K"} {
			for _, cased := range []bool{false, true} {
				p := plan.Predicate{Op: op, Cased: cased, Values: []plan.Value{{Text: value}, {Text: "zz"}}}
				expression, ok := expressionOf(p)
				if !ok {
					t.Fatalf("%d has no expression", op)
				}
				compiled := regexp.MustCompile(expression)
				for _, text := range texts {
					if compiled.MatchString(text) != eval.Holds(p, text) {
						t.Errorf("%d %q, cased %t, as %s: %q is not the same", op, value, cased, expression, strings.ToValidUTF8(text, "?"))
					}
				}
			}
		}
	}
}
