package eval

import (
	"regexp"
	"sync"
)

// expression is a regular expression, or with like a pattern with wildcards.
type expression struct {
	text        string
	like, cased bool
}

// expressions are those that were compiled before. What reasons about rules asks for
// the same few again and again, on thousands of values.
var expressions = struct {
	sync.Mutex
	compiled map[expression]*regexp.Regexp
}{compiled: map[expression]*regexp.Regexp{}}

// most is how many expressions are kept: more than a few rules have.
const most = 4096

// compile compiles an expression that is known to be one.
func compile(x expression) *regexp.Regexp {
	expressions.Lock()
	defer expressions.Unlock()
	if found := expressions.compiled[x]; found != nil {
		return found
	}
	text := x.text
	if x.like {
		text = wildcards(text, x.cased)
	}
	if len(expressions.compiled) == most {
		clear(expressions.compiled)
	}
	r := regexp.MustCompile(text)
	expressions.compiled[x] = r
	return r
}
