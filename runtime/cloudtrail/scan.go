package cloudtrail

import "github.com/trailalerts/trailalerts/runtime/internal/object"

// scanner finds the end of a JSON object or array, and on the way whether the object is a CloudTrail record. It takes
// the text in pieces of any size and looks at each byte once. Brackets are counted, not matched, and strings are
// stepped over: whether the JSON inside is valid is for the parser to say.
type scanner struct {
	object.Skipper

	// The keys of the object, as long as it is not known to be a record.
	watch  bool
	inKey  bool // the string is a key, or the first of a value that lacks one
	colon  bool // a value comes next
	key    key  // the last key read
	text   keyText
	record recordKeys
}

// begin expects the text behind an opening bracket. The keys are looked at if it is a brace and watch is true.
func (s *scanner) begin(watch bool) {
	s.Skipper = object.Skipper{Depth: 1}
	s.watch, s.inKey, s.colon, s.key, s.record = watch, false, false, otherKey, recordKeys{}
	s.text.n = 0
}

// scan looks at the next piece. It returns how many bytes of it belong to the value, and whether the last of these
// closes it.
func (s *scanner) scan(b []byte) (int, bool) {
	i := 0
	for s.watch && s.Depth > 0 && i < len(b) {
		if s.Depth == 1 {
			i = s.members(b, i)
		} else {
			i = s.Skip(b, i, 1)
		}
	}
	if s.Depth > 0 && i < len(b) {
		i = s.Skip(b, i, 0)
	}
	return i, s.Depth == 0
}

// members looks at b[i:] as the members of an object, up to a bracket or the end of the interest in its keys.
func (s *scanner) members(b []byte, i int) int {
	for i < len(b) {
		if s.InString {
			start := i
			i = s.StringEnd(b, i)
			if s.inKey {
				s.key = s.text.add(b[start:i], !s.InString)
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
			}
		case ':':
			s.colon = true
			s.record.see(s.key, false)
		case ',':
			s.colon, s.key = false, otherKey
		case '{', '[':
			s.colon = false
			s.Depth++
			return i
		case '}', ']':
			s.Depth--
			return i
		}
		if s.record.complete() {
			s.watch = false
			return i
		}
	}
	return i
}
