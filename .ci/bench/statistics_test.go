package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var nearly = cmpopts.EquateApprox(0, 1e-9)

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		sentence string
		values   []float64
		want     []float64 // quartiles: 0.25, 0.5, 0.75
	}{
		{"One value is all of them.", []float64{7}, []float64{7, 7, 7}},
		{"An odd number has a middle, in whatever order.", []float64{5, 1, 3}, []float64{2, 3, 4}},
		{"Between two values it is in proportion.", []float64{1, 2, 3, 4}, []float64{1.75, 2.5, 3.25}},
		{"One that is far off moves none of them.", []float64{1, 1, 1, 1, 900}, []float64{1, 1, 1}},
	} {
		got := []float64{quantile(c.values, 0.25), median(c.values), quantile(c.values, 0.75)}
		if diff := cmp.Diff(c.want, got, nearly); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
}

func TestRatio(t *testing.T) {
	// The machine was three times slower in the second round: the ratios of the
	// rounds stay what they are.
	got := ratioOf([]float64{20, 66, 24}, []float64{10, 30, 10})
	if diff := cmp.Diff(ratio{2.4, 2.1, 2.3}, got, cmp.AllowUnexported(ratio{}), nearly); diff != "" {
		t.Errorf("ratio (-want +got):\n%s", diff)
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		sentence string
		bound    bound
		value    float64
		want     string
	}{
		{"Nothing is promised.", bound{}, 3, ""},
		{"It is kept.", bound{limit: 1.35}, 1.31, "at most 1.35: 1.31 ok"},
		{"What is printed as the bound keeps it.", bound{limit: 1.35}, 1.354, "at most 1.35: 1.35 ok"},
		{"It is missed.", bound{limit: 1.35}, 1.356, "at most 1.35: 1.36 MISSED"},
		{"More is better.", bound{limit: 1.7, atLeast: true}, 1.69, "at least 1.7: 1.69 MISSED"},
		{"Large numbers have one digit.", bound{limit: 64, unit: " MB"}, 63.96, "at most 64 MB: 64.0 ok"},
	} {
		if got := c.bound.verdict(c.value); got != c.want {
			t.Errorf("%s %q, want %q", c.sentence, got, c.want)
		}
	}
}
