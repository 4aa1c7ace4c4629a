package object

import "bytes"

// A Member is where a member of an object is, as offsets in the text of the
// object: the key between its quotes, and the value with the white space around it.
type Member struct {
	KeyFrom, KeyTo int32
	From, To       int32
}

// A Head is what is known of an object from looking for its end.
type Head struct {
	// Members are its first members, without a gap.
	Members []Member
	// NoDots says that the keys of the others hold no dot. False says nothing.
	NoDots bool
}

// Key returns the key of m as text writes it.
func (m Member) Key(text []byte) []byte { return text[m.KeyFrom:m.KeyTo] }

// Value returns the value of m without the white space around it.
func (m Member) Value(text []byte) []byte {
	from, to := skipSpace(text, int(m.From)), int(m.To)
	for to > from && isSpace(text[to-1]) {
		to--
	}
	return text[from:to]
}

// Moved returns m as it is in a text that has n more bytes before it.
func (m Member) Moved(n int) Member {
	by := int32(n)
	return Member{m.KeyFrom + by, m.KeyTo + by, m.From + by, m.To + by}
}

// Next finds the member behind the one that ends at from, or with from 0 the first,
// of an object whose text begins with its brace. ok is false when there is none;
// end says whether the object ends there, as it must unless its text is broken.
func Next(text []byte, from int) (m Member, ok, end bool) {
	i := skipSpace(text, from)
	switch {
	case i == len(text):
		return Member{}, false, false
	case text[i] == '}' && from > 0:
		return Member{}, false, true
	case from > 0 && text[i] != ',', from == 0 && text[i] != '{':
		return Member{}, false, false
	}
	i = skipSpace(text, i+1)
	if i < len(text) && text[i] == '}' {
		return Member{}, false, from == 0
	}
	if i == len(text) || text[i] != '"' {
		return Member{}, false, false
	}
	if m, ok := KeyAt(text, i); ok && m.Plain(text) {
		return m, true, false
	}
	m.KeyFrom = int32(i + 1)
	s := Skipper{InString: true}
	if i = s.StringEnd(text, i+1); s.InString {
		return Member{}, false, false
	}
	m.KeyTo = int32(i - 1)
	if i = skipSpace(text, i); i == len(text) || text[i] != ':' {
		return Member{}, false, false
	}
	m.From = int32(i + 1)
	to, ok := valueEnd(text, skipSpace(text, i+1))
	if !ok {
		return Member{}, false, false
	}
	m.To = int32(to)
	return m, true, false
}

// KeyAt returns where the key is that begins at text[i], and where its value begins,
// if it is written as most are: without an escape at its end, and without white
// space behind it. Where the value ends is still to be found.
func KeyAt(text []byte, i int) (m Member, ok bool) {
	to := i + 1 + bytes.IndexByte(text[i+1:], '"')
	if to == i || to+2 >= len(text) || text[to-1] == '\\' || text[to+1] != ':' {
		return Member{}, false
	}
	return Member{KeyFrom: int32(i + 1), KeyTo: int32(to), From: int32(to + 2)}, true
}

// Plain completes m, whose value is a string or a scalar, if it is written as most
// are: without an escape at the end of a string, and with a comma behind.
func (m *Member) Plain(text []byte) bool {
	to := int(m.From)
	if text[to] == '"' {
		n := bytes.IndexByte(text[to+1:], '"')
		if to += n + 2; n < 0 || text[to-2] == '\\' {
			return false
		}
	} else {
		for to < len(text) && ('a' <= text[to] && text[to] <= 'z' || '0' <= text[to] && text[to] <= '9') {
			to++
		}
	}
	m.To = int32(to)
	return to < len(text) && text[to] == ','
}

// valueEnd returns the index behind the value that begins at text[i].
func valueEnd(text []byte, i int) (end int, ok bool) {
	if i == len(text) {
		return i, false
	}
	switch text[i] {
	case '"':
		s := Skipper{InString: true}
		end = s.StringEnd(text, i+1)
		return end, !s.InString
	case '{', '[':
		s := Skipper{Depth: 1}
		end = s.Skip(text, i+1, 0)
		return end, s.Depth == 0
	}
	for end = i; end < len(text) && text[end] != ',' && text[end] != '}' && text[end] != ']'; end++ {
	}
	return end, end < len(text)
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	return i
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
