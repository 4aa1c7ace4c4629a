package cloudtrail

import "github.com/trailalerts/trailalerts/runtime/internal/object"

// scanner finds the end of a JSON object or array, and on the way whether the object is a CloudTrail record, and where
// its first members are. It takes the text in pieces of any size and looks at each byte once. Brackets are counted, not
// matched, and strings are stepped over: whether the JSON inside is valid is for the parser to say.
type scanner struct {
	object.Skipper
	at int // offset of the piece from the opening bracket

	// The members of the object, as long as there is something to learn from them.
	watch  bool
	inKey  bool // the string is a key, or the first of a value that lacks one
	colon  bool // a value comes next
	key    key  // the last key read
	text   keyText
	record recordKeys
	member object.Member // the one begun
	begun  bool          // and not yet ended
	head   [maxHead]object.Member
	heads  int
	gap    bool // the text is broken between the members
}

// maxHead is how many members of a record are noted at most. Of what CloudTrail writes it is mostly eight: those up to
// userAgent.
const maxHead = 32

// begin expects the text behind an opening bracket. The members are looked at if it is a brace and watch is true.
func (s *scanner) begin(watch bool) {
	s.Skipper = object.Skipper{Depth: 1}
	s.at = 1
	s.watch, s.inKey, s.colon, s.key, s.record = watch, false, false, otherKey, recordKeys{}
	s.text.n = 0
	s.member, s.begun, s.heads, s.gap = object.Member{}, false, 0, false
}

// known returns what is known of the object that was scanned.
func (s *scanner) known() object.Head {
	if s.gap {
		return object.Head{}
	}
	return object.Head{Members: s.head[:s.heads], NoDots: !s.Dots}
}

// scan looks at the next piece. It returns how many bytes of it belong to the value, and whether the last of these
// closes it.
func (s *scanner) scan(b []byte) (int, bool) {
	i := 0
	for s.watch && s.Depth > 0 && i < len(b) {
		if s.Depth == 1 {
			i = s.scanMembers(b, i)
		} else {
			i = s.Skip(b, i, 1)
		}
	}
	if s.Depth > 0 && i < len(b) {
		i = s.Skip(b, i, 0)
	}
	s.at += i
	return i, s.Depth == 0
}

// scanMembers looks at b[i:] as the members of an object, up to a bracket or the end of the interest in them. Once the
// keys that matter are seen, those members are still noted that are plain.
func (s *scanner) scanMembers(b []byte, i int) int {
	for i < len(b) {
		if b[i] == '"' && !s.InString && !s.colon {
			s.beginMember()
			m, ok := object.KeyAt(b, i)
			if ok && m.Plain(b) {
				s.record.see(keyOf(m.Key(b)), b[m.From] == '"')
				s.member = m.Moved(s.at)
				i = int(m.To) + 1
				s.note(int(m.To))
				continue
			}
			if s.record.all() {
				s.watch = false
				return i
			}
			if ok && b[m.From] == '{' {
				s.record.see(keyOf(m.Key(b)), false)
				s.member = m.Moved(s.at)
				s.Depth++
				return int(m.From) + 1
			}
		}
		if s.InString {
			start := i
			i = s.StringEnd(b, i)
			if s.inKey {
				s.key = s.text.add(b[start:i], !s.InString)
				s.member.KeyTo = int32(s.at + i - 1)
			}
			continue
		}
		c := b[i]
		i++
		switch c {
		case '"':
			s.InString = true
			s.inKey = !s.colon
			if s.colon {
				s.record.see(s.key, true)
				s.colon = false
			} else {
				s.member.KeyFrom = int32(s.at + i)
			}
		case ':':
			s.colon = true
			s.record.see(s.key, false)
			s.member.From = int32(s.at + i)
		case ',':
			s.note(i - 1)
			s.colon, s.key = false, otherKey
		case '{', '[':
			s.colon = false
			s.Depth++
			return i
		case '}', ']':
			s.note(i - 1)
			s.Depth--
			return i
		}
	}
	return i
}

// beginMember expects that the member before has ended.
func (s *scanner) beginMember() {
	s.gap = s.gap || s.begun
	s.begun = true
}

// note adds the member that ends before b[i] to the head. Where members do not begin and end in turn, a comma is missing
// or worse, and nothing is known of any.
func (s *scanner) note(i int) {
	s.gap = s.gap || !s.begun
	s.begun = false
	if s.heads < maxHead {
		s.member.To = int32(s.at + i)
		s.head[s.heads] = s.member
		s.heads++
		return
	}
	s.Dots = true // nobody looks
}
