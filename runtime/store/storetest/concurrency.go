package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// RunShared holds two handles on the same empty storage, such as two processes
// have, against the contract of alert.Store.
func RunShared(t *testing.T, open func(t *testing.T, now func() time.Time) (one, other alert.Store)) {
	for _, test := range []struct {
		name string
		run  func(one, other *suite)
	}{
		{"each handle sees at once what the other wrote", func(one, other *suite) {
			for version := range int64(6) {
				if version%2 == 0 {
					one.stored(one.put(one.item("p", "s", version)))
				} else {
					one.stored(other.put(other.item("p", "s", version)))
				}
				if diff := difference(one.get("p", "s"), other.get("p", "s")); diff != "" {
					one.Errorf("Get of one and of the other:\n%s", diff)
				}
			}
			want := other.put(other.item("p", "t", 0))
			if diff := difference([]alert.Item{one.get("p", "s"), want}, one.query("p", "s", "t")); diff != "" {
				one.Errorf("Query (-want +got):\n%s", diff)
			}
		}},
		{"a handle cannot overwrite what the other wrote unseen", func(one, other *suite) {
			one.put(one.item("p", "s", 0))
			other.conflicts(other.item("p", "s", 0))
			want := other.put(other.item("p", "s", 1))
			one.conflicts(one.item("p", "s", 1))
			one.stored(want)
		}},
		{"increments of a counter through both are never lost", func(one, other *suite) { increment(one, one, other) }},
		{"of all creators through both exactly one wins", func(one, other *suite) { create(one, one, other) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			one, other := open(t, c.now)
			test.run(&suite{T: t, Store: one, clock: c}, &suite{T: t, Store: other, clock: c})
		})
	}
}

var concurrency = []conformance{
	{"increments of a counter by eight goroutines are never lost", func(s *suite) { increment(s, s) }},
	{"of many creators of an item exactly one wins", func(s *suite) { create(s, s) }},
}

const (
	goroutines = 8
	increments = 20 // of each goroutine
	rounds     = 10 // of creators
	patience   = time.Minute
)

// increment adds to a counter from many goroutines, which share the handles, by
// reading, writing and beginning again after a conflict.
func increment(s *suite, handles ...alert.Store) {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	type counter struct{ N int }
	read := func(store alert.Store) (alert.Item, counter, error) {
		var c counter
		item, err := store.Get(ctx, "p", "counter")
		if err == nil && item.Version > 0 {
			err = json.Unmarshal(item.Body, &c)
		}
		return item, c, err
	}
	var group sync.WaitGroup
	for i := range goroutines {
		store := handles[i%len(handles)]
		group.Go(func() {
			for done := 0; done < increments; {
				item, c, err := read(store)
				if err != nil {
					s.Errorf("read: %v", err)
					return
				}
				c.N++
				next := s.item("p", "counter", item.Version)
				next.Body, _ = json.Marshal(c)
				switch err := store.Put(ctx, next); {
				case err == nil:
					done++
				case !errors.Is(err, alert.ErrConflict):
					s.Errorf("Put: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	item, c, err := read(handles[0])
	if err != nil {
		s.Fatal(err)
	}
	if want := goroutines * increments; c.N != want || item.Version != int64(want) {
		s.Errorf("the counter is %d in version %d, want %d in both", c.N, item.Version, want)
	}
}

// create has many goroutines, which share the handles, create one item, over and
// over again, on nothing and in the place of one that has expired.
func create(s *suite, handles ...alert.Store) {
	for round := range rounds {
		if round == rounds/2 {
			s.clock.advance(time.Hour) // what the first half created
		}
		key := string(rune('a' + round%(rounds/2)))
		var won atomic.Int32
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range goroutines {
			item := s.item("p", key, 0)
			group.Go(func() {
				<-start
				switch err := handles[i%len(handles)].Put(s.Context(), item); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, alert.ErrConflict):
					s.Errorf("Put: %v", err)
				}
			})
		}
		close(start)
		group.Wait()
		if won.Load() != 1 {
			s.Errorf("round %d: %d creators won", round, won.Load())
		}
		if got := s.get("p", key); got.Version != 1 {
			s.Errorf("round %d: the item has the version %d", round, got.Version)
		}
	}
}
