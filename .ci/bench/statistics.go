package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// quantile returns the value below which the share q (0 to 1) of the values lies,
// between two of them in proportion. There is at least one value.
func quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	place := q * float64(len(sorted)-1)
	below := int(math.Floor(place))
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (place-float64(below))*(sorted[above]-sorted[below])
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// A ratio says how many times as much one program needed as another, which ran in
// the same rounds.
type ratio struct {
	medians      float64 // of the medians of both
	lower, upper float64 // quartiles of the ratios of single rounds
}

// ratioOf compares what was measured in the same rounds, in that order.
func ratioOf(values, of []float64) ratio {
	var rounds []float64
	for i := range values {
		rounds = append(rounds, values[i]/of[i])
	}
	return ratio{median(values) / median(of), quantile(rounds, 0.25), quantile(rounds, 0.75)}
}

func (r ratio) spread() string { return fmt.Sprintf("%.2f to %.2f", r.lower, r.upper) }

// A bound is what the project promises about a number. The zero value promises
// nothing.
type bound struct {
	limit   float64
	atLeast bool   // else at most
	unit    string // with its space, as in " ms"
}

// verdict says what was promised, and whether value keeps it at the precision at
// which it is printed.
func (b bound) verdict(value float64) string {
	if b.limit == 0 {
		return ""
	}
	digits := 2
	if b.limit >= 10 {
		digits = 1
	}
	scale := math.Pow10(digits)
	order := cmp.Compare(math.Round(value*scale), math.Round(b.limit*scale))
	words, kept := "at most", order <= 0
	if b.atLeast {
		words, kept = "at least", order >= 0
	}
	result := "MISSED"
	if kept {
		result = "ok"
	}
	return fmt.Sprintf("%s %g%s: %.*f %s", words, b.limit, b.unit, digits, value, result)
}

func milliseconds(durations []time.Duration) []float64 {
	var values []float64
	for _, d := range durations {
		values = append(values, float64(d)/float64(time.Millisecond))
	}
	return values
}
