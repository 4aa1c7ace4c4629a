// Package storetest is the conformance test of alert.Store: what every store
// must do, whatever it keeps items in.
package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Run holds a store against the contract of alert.Store. Each call of open
// returns a store that is empty and tells the time by now, and that is closed
// when t ends.
func Run(t *testing.T, open func(t *testing.T, now func() time.Time) alert.Store) {
	for _, test := range slices.Concat(versions, expiry, queries, ranges, limits, concurrency) {
		t.Run(test.name, func(t *testing.T) {
			c := newClock()
			test.run(&suite{T: t, Store: open(t, c.now), clock: c})
		})
	}
}

// A conformance says in its name what must hold.
type conformance struct {
	name string
	run  func(s *suite)
}

// A suite is a store under test.
type suite struct {
	*testing.T
	alert.Store
	clock *clock
}

// A clock stands still until it is told to move.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanoseconds.Store(time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time           { return time.Unix(0, c.nanoseconds.Load()).UTC() }
func (c *clock) advance(by time.Duration) { c.nanoseconds.Add(int64(by)) }

// item returns one that lasts an hour and has a body of its own.
func (s *suite) item(partition, sort string, version int64) alert.Item {
	body := fmt.Sprintf(`{"written":%d}`, version+1)
	return alert.Item{Partition: partition, Sort: sort, Version: version, Expires: s.clock.now().Add(time.Hour), Body: []byte(body)}
}

// put writes an item and returns it as it must be stored.
func (s *suite) put(item alert.Item) alert.Item {
	s.Helper()
	if err := s.Put(s.Context(), item); err != nil {
		s.Fatalf("Put of version %d: %v", item.Version, err)
	}
	item.Version++
	return item
}

// conflicts says that a Put of the item must be refused.
func (s *suite) conflicts(item alert.Item) {
	s.Helper()
	if err := s.Put(s.Context(), item); !errors.Is(err, alert.ErrConflict) {
		s.Errorf("Put of version %d: %v, want a conflict", item.Version, err)
	}
}

func (s *suite) get(partition, sort string) alert.Item {
	s.Helper()
	item, err := s.Get(s.Context(), partition, sort)
	if err != nil {
		s.Fatalf("Get: %v", err)
	}
	return item
}

func (s *suite) query(partition, from, to string) []alert.Item {
	s.Helper()
	return s.find(alert.Range{Partition: partition, From: from, To: to})
}

func (s *suite) find(r alert.Range) []alert.Item {
	s.Helper()
	items, err := s.Query(s.Context(), r)
	if err != nil {
		s.Fatalf("Query: %v", err)
	}
	return items
}

// stored says that Get and Query must return exactly this item for its keys.
func (s *suite) stored(want alert.Item) {
	s.Helper()
	if diff := difference(want, s.get(want.Partition, want.Sort)); diff != "" {
		s.Errorf("Get (-want +got):\n%s", diff)
	}
	if diff := difference([]alert.Item{want}, s.query(want.Partition, want.Sort, want.Sort)); diff != "" {
		s.Errorf("Query (-want +got):\n%s", diff)
	}
}

// absent says that Get and Query must return nothing for these keys.
func (s *suite) absent(partition, sort string) {
	s.Helper()
	if diff := difference(alert.Item{}, s.get(partition, sort)); diff != "" {
		s.Errorf("Get of what is not there (-want +got):\n%s", diff)
	}
	if got := s.query(partition, sort, sort); len(got) > 0 {
		s.Errorf("Query of what is not there: %v", got)
	}
}

var versions = []conformance{
	{"what was never put has the version 0", func(s *suite) {
		s.absent("p", "s")
	}},
	{"an item comes back byte by byte, with the version 1", func(s *suite) {
		item := s.item("p", "s", 0)
		item.Body = []byte(" {\"z\":1.0,\n\t\"a\":\"é 😀 \\u0000 \\ud800 \\\" </script>\", \"a\":1e400}\n")
		s.stored(s.put(item))
	}},
	{"each write replaces the item and adds one to its version", func(s *suite) {
		for version := range int64(5) {
			item := s.item("p", "s", version)
			item.Expires = item.Expires.Add(time.Duration(version) * time.Minute)
			s.stored(s.put(item))
		}
	}},
	{"a write with any but the stored version conflicts and changes nothing", func(s *suite) {
		s.put(s.item("p", "s", 0))
		s.put(s.item("p", "s", 1))
		want := s.put(s.item("p", "s", 2))
		for _, version := range []int64{0, 1, 2, 4, 1 << 60} {
			s.conflicts(s.item("p", "s", version))
			s.stored(want)
		}
	}},
	{"a write with a version conflicts where there is nothing, and leaves nothing", func(s *suite) {
		s.conflicts(s.item("p", "s", 1))
		s.absent("p", "s")
	}},
	{"items are told apart by the bytes of both keys", func(s *suite) {
		keys := [][2]string{
			{"a", "b|c"}, {"a|b", "c"}, {"a", "b"}, {"A", "b"}, {"a", "B"}, {"a ", "b"}, {"a", "b "}, {"a", "b\x00"}, {"a\x00", "b"},
			{"\u00e9", "s"}, {"e\u0301", "s"}, {"p", "\u00e9"}, {"p", "e\u0301"}, {"%", "_"}, {"a", "%"}, {"a", "'"}, {"1", "1"}, {"1", "01"}, {"1", "1.0"},
		}
		var want []alert.Item
		for _, key := range keys {
			item := s.item(key[0], key[1], 0)
			item.Body, _ = json.Marshal(map[string][2]string{"keys": key})
			want = append(want, s.put(item))
		}
		for _, item := range want {
			s.stored(item)
		}
	}},
	{"the store shares no memory with its caller", func(s *suite) {
		item := s.item("p", "s", 0)
		want := s.put(item)
		want.Body = slices.Clone(want.Body)
		item.Body[1] = 'X'
		s.stored(want)
		s.get("p", "s").Body[1] = 'X'
		s.query("p", "s", "s")[0].Body[1] = 'X'
		s.stored(want)
	}},
}

var expiry = []conformance{
	{"an item is there until it expires, and not from then on", func(s *suite) {
		want := s.put(s.item("p", "s", 0))
		s.clock.advance(time.Hour - time.Nanosecond)
		s.stored(want)
		s.clock.advance(time.Nanosecond)
		s.absent("p", "s")
		s.clock.advance(1000 * time.Hour)
		s.absent("p", "s")
	}},
	{"an item does not end before a fraction of a second, and ends within the second", func(s *suite) {
		item := s.item("p", "s", 0)
		item.Expires = item.Expires.Add(time.Nanosecond)
		want := s.put(item)
		s.clock.advance(time.Hour)
		got := s.get("p", "s")
		if diff := difference(want, got, cmpopts.EquateApproxTime(time.Second)); diff != "" {
			s.Errorf("Get (-want +got):\n%s", diff)
		}
		if got.Expires.Before(want.Expires) {
			s.Errorf("it ends at %v, before %v", got.Expires, want.Expires)
		}
		s.clock.advance(time.Second)
		s.absent("p", "s")
	}},
	{"an expired item is replaced as if it were not there", func(s *suite) {
		for version := range int64(3) {
			s.put(s.item("p", "s", version))
		}
		s.clock.advance(time.Hour)
		s.stored(s.put(s.item("p", "s", 0)))
		s.conflicts(s.item("p", "s", 0))
		s.stored(s.put(s.item("p", "s", 1)))
	}},
	{"whoever saw an item that has expired since cannot write it", func(s *suite) {
		s.put(s.item("p", "s", 0))
		s.put(s.item("p", "s", 1))
		s.clock.advance(time.Hour)
		s.conflicts(s.item("p", "s", 2))
		s.absent("p", "s")
		want := s.put(s.item("p", "s", 0))
		s.conflicts(s.item("p", "s", 2))
		s.stored(want)
	}},
	{"a write can prolong an item, and end it early", func(s *suite) {
		item := s.put(s.item("p", "s", 0))
		s.clock.advance(59 * time.Minute)
		item.Expires = item.Expires.Add(time.Hour)
		item = s.put(item)
		s.clock.advance(time.Hour)
		s.stored(item)
		item.Expires = s.clock.now().Add(time.Second)
		s.put(item)
		s.clock.advance(time.Second)
		s.absent("p", "s")
	}},
	{"an item that has expired when it is put is never seen", func(s *suite) {
		for _, expires := range []time.Time{s.clock.now(), s.clock.now().Add(-time.Hour), time.Unix(0, 0), time.Unix(-1, 0)} {
			item := s.item("p", "s", 0)
			item.Expires = expires
			s.put(item)
			s.absent("p", "s")
		}
		s.stored(s.put(s.item("p", "s", 0)))
	}},
	{"a Query leaves out those that have expired", func(s *suite) {
		var want []alert.Item
		for i := range 6 {
			item := s.item("p", string(rune('a'+i)), 0)
			if i%2 == 0 {
				item.Expires = s.clock.now().Add(time.Minute)
				s.put(item)
				continue
			}
			want = append(want, s.put(item))
		}
		s.clock.advance(time.Minute)
		if diff := difference(want, s.query("p", "a", "z")); diff != "" {
			s.Errorf("Query (-want +got):\n%s", diff)
		}
	}},
}

var queries = []conformance{
	{"a Query of a partition that nothing was put in is empty", func(s *suite) {
		s.put(s.item("other", "s", 0))
		if got := s.query("p", "", "\U0010FFFF"); len(got) > 0 {
			s.Errorf("Query: %v", got)
		}
	}},
	{"both bounds of a Query belong to it, and the order is that of bytes", func(s *suite) {
		// Written in the order of their bytes. That of UTF-16 has 😀 before the
		// last two of the first plane, that of a language é before z.
		keys := []string{
			"\x00", " ", "!", "#", "#a", "-", "10", "2", "A", "Z", "_", "a", "a\x00", "a ", "a#", "a#1", "a/", "aa", "ab", "a|", "a|2026-03-01T00:00:00Z", "a|2026-03-01T00:00:00Z|x",
			"a}", "b", "z", "|", "~", "\u007f", "\u0080", "é", "日本", "\ue000", "～", "\uffff", "😀", "\U0010FFFF",
		}
		if !slices.IsSorted(keys) {
			s.Fatal("the keys of this test are not in order")
		}
		shuffled := slices.Clone(keys)
		random := rand.New(rand.NewPCG(1, 2))
		random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, key := range shuffled {
			s.put(s.item("p", key, 0))
			s.put(s.item("p|", key, 0))
		}
		bounds := append(slices.Clone(keys), "", "\x01", "0", "a\x00\x00", "a|2026", "c", "ÿ", "\ufffe", "\U0001F601")
		for range 200 {
			from, to := bounds[random.IntN(len(bounds))], bounds[random.IntN(len(bounds))]
			want := []string{}
			for _, key := range keys {
				if from <= key && key <= to {
					want = append(want, key)
				}
			}
			got := []string{}
			for _, item := range s.query("p", from, to) {
				got = append(got, item.Sort)
			}
			if diff := difference(want, got); diff != "" {
				s.Errorf("Query from %q to %q (-want +got):\n%s", from, to, diff)
			}
		}
	}},
	{"a Query returns all items, also when they are several megabytes", func(s *suite) {
		var want []alert.Item
		for i := range 10 {
			item := s.item("p", fmt.Sprintf("large %02d", i), 0)
			item.Body = body(300_000 + i)
			want = append(want, s.put(item))
		}
		for i := range 300 {
			item := s.item("p", fmt.Sprintf("small %03d", i), 0)
			item.Body = body(200 + i)
			want = append(want, s.put(item))
		}
		if diff := difference(want, s.query("p", "large", "small 999")); diff != "" {
			s.Errorf("Query (-want +got):\n%s", diff)
		}
		if diff := difference(want[3:305], s.query("p", "large 03", "small 294")); diff != "" {
			s.Errorf("Query of a part (-want +got):\n%s", diff)
		}
		s.clock.advance(time.Hour)
		if got := s.query("p", "", "~"); len(got) > 0 {
			s.Errorf("Query when all have expired: %d items", len(got))
		}
	}},
}

// difference is cmp.Diff for items: bodies are compared as text, since comparing
// megabytes one by one takes seconds, and no difference is longer than a page.
func difference(want, got any, options ...cmp.Option) string {
	text := cmp.Transformer("text", func(b []byte) string { return string(b) })
	diff := cmp.Diff(want, got, append(options, text)...)
	return strings.ToValidUTF8(diff[:min(len(diff), 3000)], "")
}
