package storetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

var limits = []conformance{
	{"the largest item fits", func(s *suite) {
		item := s.item(strings.Repeat("€", 341)+"x", strings.Repeat("é", 256), 0)
		item.Body = body(alert.MaxBody)
		item = s.put(item)
		s.stored(item)
		s.stored(s.put(item))
	}},
	{"a bound may be longer than any sort key", func(s *suite) {
		want := s.put(s.item("p", strings.Repeat("x", 512), 0))
		if diff := difference([]alert.Item{want}, s.query("p", want.Sort, want.Sort+strings.Repeat("\U0010FFFF", 128))); diff != "" {
			s.Errorf("Query (-want +got):\n%s", diff)
		}
	}},
	{"what cannot be kept is refused by name, before anything is written", func(s *suite) {
		for _, test := range []struct {
			name   string
			change func(item *alert.Item)
			want   []string // parts of the error
		}{
			{"an empty partition", func(i *alert.Item) { i.Partition = "" }, []string{"partition", "empty"}},
			{"a partition that is too long", func(i *alert.Item) { i.Partition = strings.Repeat("p", 1025) }, []string{"partition", "pppp", "1025"}},
			{"a partition of characters that are too many bytes", func(i *alert.Item) { i.Partition = strings.Repeat("é", 513) }, []string{"partition", "éé", "1026"}},
			{"a partition that is no UTF-8", func(i *alert.Item) { i.Partition = "p\xff" }, []string{"partition", `"p\xff"`}},
			{"an empty sort key", func(i *alert.Item) { i.Sort = "" }, []string{`"p"`, "sort", "empty"}},
			{"a sort key that is too long", func(i *alert.Item) { i.Sort = strings.Repeat("s", 513) }, []string{`"p"`, "sort", "ssss", "513"}},
			{"a sort key that is no UTF-8", func(i *alert.Item) { i.Sort = "s\xc3" }, []string{`"p"`, "sort", `"s\xc3"`}},
			{"a version below 0", func(i *alert.Item) { i.Version = -1 }, []string{`"p"`, `"s"`, "version"}},
			{"no expiry", func(i *alert.Item) { i.Expires = time.Time{} }, []string{`"p"`, `"s"`, "expires"}},
			{"a body that is too large", func(i *alert.Item) { i.Body = body(alert.MaxBody + 1) }, []string{`"p"`, `"s"`, "body", "380001"}},
			{"no body", func(i *alert.Item) { i.Body = nil }, []string{`"p"`, `"s"`, "body"}},
			{"a body that is cut off", func(i *alert.Item) { i.Body = []byte(`{"a":1`) }, []string{`"p"`, `"s"`, "body"}},
			{"a body that is an array", func(i *alert.Item) { i.Body = []byte(`[{}]`) }, []string{`"p"`, `"s"`, "body"}},
			{"a body that is no UTF-8", func(i *alert.Item) { i.Body = []byte("{\"a\":\"\xff\"}") }, []string{`"p"`, `"s"`, "body"}},
		} {
			item := s.item("p", "s", 0)
			test.change(&item)
			s.refused("Put of "+test.name, s.Put(s.Context(), item), test.want...)
		}
		s.absent("p", "s")
	}},
	{"a key that no item can have is refused by name when it is read", func(s *suite) {
		long := strings.Repeat("k", 1025)
		for _, test := range []struct {
			partition, sort string
			want            []string
		}{
			{"", "s", []string{"partition", "empty"}},
			{"p", "", []string{`"p"`, "sort", "empty"}},
			{long, "s", []string{"partition", "kkkk", "1025"}},
			{"p", long, []string{`"p"`, "sort", "kkkk", "1025"}},
			{"p", "\xff", []string{`"p"`, "sort", `"\xff"`}},
		} {
			_, err := s.Get(s.Context(), test.partition, test.sort)
			s.refused("Get", err, test.want...)
		}
		for _, test := range []struct {
			partition, from, to string
			want                []string
		}{
			{"", "a", "b", []string{"partition", "empty"}},
			{long, "a", "b", []string{"partition", "kkkk", "1025"}},
			{"p", long, "z", []string{`"p"`, "bound", "kkkk", "1025"}},
			{"p", "a", long, []string{`"p"`, "bound", "kkkk", "1025"}},
			{"p", "a", "\xff", []string{`"p"`, "bound", `"\xff"`}},
		} {
			_, err := s.Query(s.Context(), alert.Range{Partition: test.partition, From: test.from, To: test.to})
			s.refused("Query", err, test.want...)
		}
		_, err := s.Query(s.Context(), alert.Range{Partition: "p", From: "a", To: "b", Limit: -1})
		s.refused("Query", err, `"p"`, "limit", "-1")
	}},
	{"a context that is done ends every call with its error", func(s *suite) {
		s.put(s.item("p", "s", 0))
		ctx, cancel := context.WithCancel(s.Context())
		cancel()
		_, get := s.Get(ctx, "p", "s")
		_, query := s.Query(ctx, alert.Range{Partition: "p", From: "a", To: "z"})
		put := s.Put(ctx, s.item("p", "s", 1))
		for call, err := range map[string]error{"Get": get, "Query": query, "Put": put} {
			if !errors.Is(err, context.Canceled) {
				s.Errorf("%s: %v, want context.Canceled", call, err)
			}
		}
	}},
}

// refused says that err must be no conflict and contain the parts.
func (s *suite) refused(what string, err error, parts ...string) {
	s.Helper()
	if err == nil || errors.Is(err, alert.ErrConflict) {
		s.Errorf("%s: %v, want it to be refused", what, err)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			s.Errorf("%s: %v; want %s in it", what, err, part)
		}
	}
	if len(err.Error()) > 1000 {
		s.Errorf("%s: the error has %d bytes", what, len(err.Error()))
	}
}

// body returns a JSON object of so many bytes.
func body(size int) []byte {
	const frame = `{"a":""}`
	text := strings.Repeat("lorem ipsum ", size/12+1)
	return []byte(frame[:6] + text[:size-len(frame)] + frame[6:])
}
