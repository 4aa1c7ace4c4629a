package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	a, b, c := match{"1.json.gz", 0, "a"}, match{"1.json.gz", 0, "b"}, match{"2.json.gz", 7, "a"}
	for _, test := range []struct {
		sentence  string
		want, got map[match]bool
		refused   map[string]bool
		counts    [3]int // same, missing, extra
	}{
		{"Equal sets differ in nothing.", map[match]bool{a: true, b: true}, map[match]bool{a: true, b: true}, nil, [3]int{2, 0, 0}},
		{"A match is of one record, and what is found on another is no substitute.", map[match]bool{a: true}, map[match]bool{c: true}, nil, [3]int{0, 1, 1}},
		{"A rule that is refused counts on neither side, also where it matched before it was.", map[match]bool{a: true, b: true}, map[match]bool{a: true, c: true}, map[string]bool{"a": true}, [3]int{0, 1, 0}},
	} {
		same, missing, extra := compare(test.want, test.got, test.refused)
		if diff := cmp.Diff(test.counts, [3]int{same, missing, extra}); diff != "" {
			t.Errorf("%s (-want +got)\n%s", test.sentence, diff)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, test := range []struct {
		sentence string
		values   []float64
		want     float64
	}{
		{"The middle of an odd number of values, whatever their order.", []float64{9, 1, 2}, 2},
		{"The mean of the two in the middle of an even number.", []float64{1, 100, 2, 4}, 3},
	} {
		if got := median(test.values); got != test.want {
			t.Errorf("%s: got %v, want %v", test.sentence, got, test.want)
		}
	}
}
