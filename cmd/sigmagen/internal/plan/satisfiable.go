package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// checkCondition refuses conditions that no number satisfies, and warns of those
// that hold from the first match on.
func checkCondition(c *sigma.Correlation, list *diag.List) {
	if len(c.Condition) == 0 {
		if c.IsTemporal() && len(c.Rules) == 1 {
			list.Warnf(c.ConditionSpan, "correlation/first", "name the other rules, or use event_count", "it relates one rule alone: each match completes it")
		}
		return
	}
	most := math.Inf(1)
	if c.IsTemporal() {
		most = float64(len(c.Rules))
	}
	if !satisfiable(c.Condition, c.IsCount(), most) {
		switch {
		case c.IsTemporal():
			list.Errorf(c.ConditionSpan, "correlation/never", fmt.Sprintf("write a number from 1 to %d, or leave the condition out: each of the rules must match then", len(c.Rules)),
				"the condition can never hold: it compares how many of the %d rules match", len(c.Rules))
		case c.IsCount():
			list.Errorf(c.ConditionSpan, "correlation/never", "look at the operators that it joins by and", "no count, which is a whole number from 1 on, satisfies the condition: %s", conditionText(c.Condition))
		default:
			list.Errorf(c.ConditionSpan, "correlation/never", "look at the operators that it joins by and", "no number satisfies the condition: %s", conditionText(c.Condition))
		}
		return
	}
	switch {
	case c.IsCount() && holds(c.Condition, 1):
		list.Warnf(c.ConditionSpan, "correlation/first", "with gte or gt it waits for more", "the condition holds from the first match on")
	case c.Type.Value == "value_sum" && !slices.ContainsFunc(c.Condition, func(comparison sigma.Comparison) bool {
		return slices.Contains([]string{"gt", "gte", "eq"}, comparison.Operator)
	}):
		list.Warnf(c.ConditionSpan, "correlation/first", "with gte or gt it waits for more", "the condition may hold from the first match on: a sum begins small")
	}
}

// satisfiable reports whether a number satisfies all comparisons: a whole one
// from 1 to most, or with whole false any.
//
// What satisfies them is an interval without at most one point (each operator
// stands there once), so that it is enough to try the numbers around each limit
// and those between.
func satisfiable(comparisons []sigma.Comparison, whole bool, most float64) bool {
	limits := []float64{1, most}
	for _, c := range comparisons {
		limits = append(limits, c.Value)
	}
	slices.Sort(limits)
	var candidates []float64
	for i, limit := range limits {
		candidates = append(candidates, limit-2, limit-1, math.Nextafter(limit, math.Inf(-1)), limit, math.Nextafter(limit, math.Inf(1)), limit+1, limit+2)
		if i > 0 {
			candidates = append(candidates, limits[i-1]/2+limit/2)
		}
	}
	return slices.ContainsFunc(candidates, func(n float64) bool {
		if math.IsInf(n, 0) || math.IsNaN(n) || whole && (n != math.Trunc(n) || n < 1 || n > most) {
			return false
		}
		return holds(comparisons, n)
	})
}

// holds reports whether a number satisfies all comparisons.
func holds(comparisons []sigma.Comparison, n float64) bool {
	return !slices.ContainsFunc(comparisons, func(c sigma.Comparison) bool {
		switch c.Operator {
		case "gt":
			return n <= c.Value
		case "gte":
			return n < c.Value
		case "lt":
			return n >= c.Value
		case "lte":
			return n > c.Value
		case "eq":
			return n != c.Value
		case "neq":
			return n == c.Value
		default:
			panic(fmt.Sprintf("plan: unknown operator %q of a condition", c.Operator))
		}
	})
}

// conditionText writes comparisons for people.
func conditionText(comparisons []sigma.Comparison) string {
	var parts []string
	for _, c := range comparisons {
		parts = append(parts, c.Operator+" "+strconv.FormatFloat(c.Value, 'f', -1, 64))
	}
	return strings.Join(parts, " and ")
}
