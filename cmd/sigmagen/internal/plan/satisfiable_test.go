package plan

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// conditionOf reads "gt 5, lt 3".
func conditionOf(t *testing.T, text string) []sigma.Comparison {
	t.Helper()
	var all []sigma.Comparison
	for part := range strings.SplitSeq(text, ", ") {
		operator, number, _ := strings.Cut(part, " ")
		value, err := strconv.ParseFloat(number, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sigma.Comparison{Operator: operator, Value: value})
	}
	return all
}

func TestSatisfiable(t *testing.T) {
	t.Parallel()
	unbounded := math.Inf(1)
	tests := []struct {
		about, condition string
		whole            bool
		most             float64
		want             bool
	}{
		{"a count reaches any limit", "gte 1000000", true, unbounded, true},
		{"a count is never below one", "lt 1", true, unbounded, false},
		{"nor at most zero", "lte 0", true, unbounded, false},
		{"a count of one is below two", "lt 2", true, unbounded, true},
		{"a count is above a negative number", "gt -5", true, unbounded, true},
		{"a range may hold one number", "gt 4, lt 6", true, unbounded, true},
		{"which must not be left out", "gt 4, lt 6, neq 5", true, unbounded, false},
		{"no whole number lies between neighbours", "gt 5, lt 6", true, unbounded, false},
		{"but another number does", "gt 5, lt 6", false, unbounded, true},
		{"the ends of a range cross", "gte 6, lte 5", false, unbounded, false},
		{"the ends of a range touch", "gte 5, lte 5", false, unbounded, true},
		{"and one of them is open", "gte 5, lt 5", false, unbounded, false},
		{"what is equal lies in the range", "eq 7, gt 5, lt 9", true, unbounded, true},
		{"or outside", "eq 9, gt 5, lt 9", true, unbounded, false},
		{"two of three rules can match", "gte 2", true, 3, true},
		{"four of three cannot", "gte 4", true, 3, false},
		{"more than three of three cannot", "gt 3", true, 3, false},
		{"any but one of one is none", "neq 1", true, 1, false},
		{"a sum may be negative", "lt -1", false, unbounded, true},
		{"a number differs from one", "neq 0", false, unbounded, true},
		{"large limits are no trouble", "gt 1e300, lt 1e301", true, unbounded, true},
	}
	for _, test := range tests {
		if got := satisfiable(conditionOf(t, test.condition), test.whole, test.most); got != test.want {
			t.Errorf("%s: %s is satisfiable: %v, want %v", test.about, test.condition, got, test.want)
		}
	}
}

// TestSatisfiableAgreesWithTrying holds the answer against trying every number of
// a small range, of which half ones stand for those that are not whole.
func TestSatisfiableAgreesWithTrying(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		operators := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"gt", "gte", "lt", "lte", "eq", "neq"}), 1, 6, rapid.ID).Draw(t, "operators")
		var condition []sigma.Comparison
		for _, operator := range operators {
			condition = append(condition, sigma.Comparison{Operator: operator, Value: float64(rapid.IntRange(-2, 8).Draw(t, operator))})
		}
		whole, most := rapid.Bool().Draw(t, "whole"), float64(rapid.IntRange(1, 20).Draw(t, "most"))
		want := false
		for n := -10.0; n <= 20; n += 0.5 {
			if !whole || n == math.Trunc(n) && n >= 1 && n <= most {
				want = want || holds(condition, n)
			}
		}
		if got := satisfiable(condition, whole, most); got != want {
			t.Fatalf("%s, whole %v, up to %v: satisfiable %v, but %v when all are tried", conditionText(condition), whole, most, got, want)
		}
	})
}
