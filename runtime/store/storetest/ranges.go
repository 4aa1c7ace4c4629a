package storetest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// fill puts 20 items, "00" to "19", of which those that expired says so have done
// when it returns. The others are what it returns.
func (s *suite) fill(partition string, expired func(i int) bool) (living []alert.Item) {
	s.Helper()
	for i := range 20 {
		item := s.item(partition, fmt.Sprintf("%02d", i), 0)
		if expired(i) {
			item.Expires = s.clock.now().Add(time.Minute)
			s.put(item)
			continue
		}
		living = append(living, s.put(item))
	}
	s.clock.advance(time.Minute)
	return living
}

// within is what a Query must find among the items of its partition, given in
// order.
func within(r alert.Range, items []alert.Item) []alert.Item {
	var found []alert.Item
	for _, item := range items {
		if r.From <= item.Sort && item.Sort <= r.To {
			found = append(found, item)
		}
	}
	if r.Backwards {
		slices.Reverse(found)
	}
	if r.Limit > 0 && r.Limit < len(found) {
		found = found[:r.Limit]
	}
	return found
}

// finds says what a Query must find, by sort key.
func (s *suite) finds(name string, r alert.Range, want ...string) {
	s.Helper()
	var got []string
	for _, item := range s.find(r) {
		got = append(got, item.Sort)
	}
	if diff := difference(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func none(int) bool { return false }

var ranges = []conformance{
	{"a Query finds the first or the last items of its range", func(s *suite) {
		s.fill("o", none)
		s.fill("p", none)
		s.fill("q", none)
		s.finds("limited", alert.Range{Partition: "p", From: "05", To: "14", Limit: 3}, "05", "06", "07")
		s.finds("backwards", alert.Range{Partition: "p", From: "05", To: "08", Backwards: true}, "08", "07", "06", "05")
		s.finds("both", alert.Range{Partition: "p", From: "05", To: "14", Backwards: true, Limit: 3}, "14", "13", "12")
		s.finds("one", alert.Range{Partition: "p", From: "05", To: "14", Limit: 1}, "05")
		s.finds("the last one of all", alert.Range{Partition: "p", To: "~", Backwards: true, Limit: 1}, "19")
		s.finds("the first one of all", alert.Range{Partition: "p", To: "~", Limit: 1}, "00")
		s.finds("backwards between items", alert.Range{Partition: "p", From: "05 ", To: "08 ", Backwards: true}, "08", "07", "06")
	}},
	{"a limit may be more than there is", func(s *suite) {
		s.fill("p", none)
		for _, limit := range []int{3, 4, 1000, math.MaxInt32, math.MaxInt32 + 1, math.MaxInt} {
			s.finds("forwards", alert.Range{Partition: "p", From: "05", To: "07", Limit: limit}, "05", "06", "07")
			s.finds("backwards", alert.Range{Partition: "p", From: "05", To: "07", Backwards: true, Limit: limit}, "07", "06", "05")
		}
		s.finds("nothing there", alert.Range{Partition: "other", To: "~", Backwards: true, Limit: 3})
		s.finds("no range", alert.Range{Partition: "p", From: "07", To: "05", Backwards: true, Limit: 3})
	}},
	{"a limit does not count items that have expired", func(s *suite) {
		s.fill("p", func(i int) bool { return i%5 != 0 })
		s.finds("in between", alert.Range{Partition: "p", From: "00", To: "19", Limit: 2}, "00", "05")
		s.finds("in front", alert.Range{Partition: "p", From: "06", To: "19", Limit: 2}, "10", "15")
		s.finds("behind", alert.Range{Partition: "p", From: "00", To: "19", Backwards: true, Limit: 2}, "15", "10")
		s.finds("all over", alert.Range{Partition: "p", From: "00", To: "19", Limit: 5}, "00", "05", "10", "15")
		s.finds("nothing else", alert.Range{Partition: "p", From: "06", To: "09", Backwards: true, Limit: 2})
	}},
	{"any range is found in any order, up to any limit", func(s *suite) {
		random := rand.New(rand.NewPCG(3, 4))
		living := s.fill("p", func(int) bool { return random.IntN(2) == 0 })
		for range 200 {
			from, to := random.IntN(21), random.IntN(21)
			r := alert.Range{Partition: "p", From: fmt.Sprintf("%02d", min(from, to)), To: fmt.Sprintf("%02d", max(from, to)), Backwards: random.IntN(2) == 0, Limit: random.IntN(12)}
			if diff := difference(within(r, living), s.find(r)); diff != "" {
				s.Errorf("Query of %+v (-want +got):\n%s", r, diff)
			}
		}
	}},
	{"the last items are found in order, also when they are several megabytes", func(s *suite) {
		var items []alert.Item
		for i := range 12 {
			item := s.item("p", fmt.Sprintf("%02d", i), 0)
			item.Body = body(300_000 + i)
			if i == 9 {
				item.Expires = s.clock.now().Add(time.Minute)
				s.put(item)
				continue
			}
			items = append(items, s.put(item))
		}
		s.clock.advance(time.Minute)
		for _, limit := range []int{0, 1, 7} {
			r := alert.Range{Partition: "p", From: "01", To: "10", Backwards: true, Limit: limit}
			if diff := difference(within(r, items), s.find(r)); diff != "" {
				s.Errorf("Query of %+v (-want +got):\n%s", r, diff)
			}
		}
	}},
}
