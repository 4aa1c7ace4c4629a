package eval

import (
	"regexp"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// Text returns Holds for many texts: patterns and expressions are compiled once.
func Text(p plan.Predicate) func(text string) bool {
	if p.Part != "" || p.Op != plan.Like && p.Op != plan.Regexp {
		return func(text string) bool { return Holds(p, text) }
	}
	var expressions []*regexp.Regexp
	for _, value := range p.Values {
		if p.Op == plan.Like {
			expressions = append(expressions, wildcards(value.Text, p.Cased))
		} else {
			expressions = append(expressions, regexp.MustCompile(value.Text))
		}
	}
	return func(text string) bool {
		return slices.ContainsFunc(expressions, func(e *regexp.Regexp) bool { return e.MatchString(text) })
	}
}
