package eval

import (
	"testing"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// TestText holds that what is compiled once says the same as Holds.
func TestText(t *testing.T) {
	t.Parallel()
	values := []plan.Value{{Text: "Create*"}, {Text: "b?c"}, {Text: "createuser"}}
	for _, op := range []plan.Op{plan.Equal, plan.Prefix, plan.Suffix, plan.Contains, plan.Like, plan.Regexp} {
		for _, cased := range []bool{false, true} {
			p := plan.Predicate{Field: "eventName", Op: op, Cased: cased && op <= plan.Like, Values: values}
			holds := Text(p)
			for _, text := range []string{"", "CreateUser", "createuser", "Create*", "bac", "bc", "*", "a\nb"} {
				if got, want := holds(text), Holds(p, text); got != want {
					t.Errorf("operator %d, cased %v, on %q: %v, want %v", op, cased, text, got, want)
				}
			}
		}
	}
}
