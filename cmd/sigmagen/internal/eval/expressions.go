package eval

import (
	"regexp"
	"sync"
)

// expressions are those that were compiled before. What reasons about rules asks for
// the same few again and again, on thousands of values.
var expressions = struct {
	sync.Mutex
	compiled map[string]*regexp.Regexp
}{compiled: map[string]*regexp.Regexp{}}

// most is how many expressions are kept: more than a few rules have.
const most = 4096

// compile compiles an expression that is known to be one.
func compile(expression string) *regexp.Regexp {
	expressions.Lock()
	defer expressions.Unlock()
	if found := expressions.compiled[expression]; found != nil {
		return found
	}
	if len(expressions.compiled) == most {
		clear(expressions.compiled)
	}
	r := regexp.MustCompile(expression)
	expressions.compiled[expression] = r
	return r
}
