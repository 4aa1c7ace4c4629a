package runtime

import (
	"bytes"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

// Keys returns the record's eventSource and eventName in the form of Fold, for
// Ruleset.Match to switch on; "" stands for a key that is absent or null. ok is
// false when either is neither text nor missing (an array, a number): no switch
// can then tell which rules might hold. Both strings are valid until the next
// call of Keys or Reset.
func (e *Event) Keys() (source, name string, ok bool) {
	s, n, found := e.topLevelKeys()
	if !found {
		e.parse()
		if e.err != nil {
			return "", "", true
		}
		var okSource, okName bool
		root, err := e.root.Object()
		if err != nil {
			return "", "", false
		}
		s, okSource = keyText(e.lookup(root, "eventSource"))
		n, okName = keyText(e.lookup(root, "eventName"))
		if !okSource || !okName {
			return "", "", false
		}
	}
	e.source = appendFold(e.source[:0], s)
	e.name = appendFold(e.name[:0], n)
	return stringOf(e.source), stringOf(e.name), true
}

func keyText(v *fastjson.Value) (text []byte, ok bool) {
	if v == nil || v.Type() == fastjson.TypeNull {
		return nil, true
	}
	text, err := v.StringBytes()
	return text, err == nil
}

// topLevelKeys finds the values of the top-level keys eventSource and eventName
// without building a document. found is false when that takes a real parse: a key
// with an escape, a value that is not a plain string or not UTF-8, and a record that
// lacks one of the two, which CloudTrail does not write. Where a key occurs twice the first counts, as in fastjson, so that nothing behind
// both matters.
func (e *Event) topLevelKeys() (source, name []byte, found bool) {
	var haveSource, haveName bool
	for i := 0; ; i++ {
		m, ok := e.member(i)
		if !ok {
			return nil, nil, false
		}
		switch key := m.Key(e.raw); {
		case !haveSource && string(key) == "eventSource":
			if source, haveSource = plainString(m.Value(e.raw)); !haveSource {
				return nil, nil, false
			}
		case !haveName && string(key) == "eventName":
			if name, haveName = plainString(m.Value(e.raw)); !haveName {
				return nil, nil, false
			}
		case bytes.IndexByte(key, '\\') >= 0:
			return nil, nil, false
		default:
			continue
		}
		if haveSource && haveName {
			return source, name, utf8.Valid(source) && utf8.Valid(name)
		}
	}
}

// member returns the top-level member of a place, counted from 0. It finds those
// that the head of the record does not tell, each once.
func (e *Event) member(i int) (object.Member, bool) {
	if i < len(e.head.Members) {
		return e.head.Members[i], true
	}
	for i -= len(e.head.Members); i >= len(e.more); {
		from := 0
		if n := len(e.more); n > 0 {
			from = int(e.more[n-1].To)
		} else if n := len(e.head.Members); n > 0 {
			from = int(e.head.Members[n-1].To)
		}
		m, ok, end := object.Next(e.raw, from)
		if !ok {
			e.ended = end
			return object.Member{}, false
		}
		e.more = append(e.more, m)
	}
	return e.more[i], true
}

// plainString returns the text of a value that is a string without escapes.
func plainString(value []byte) (text []byte, ok bool) {
	n := len(value)
	if n < 2 || value[0] != '"' || value[n-1] != '"' {
		return nil, false
	}
	text = value[1 : n-1]
	return text, bytes.IndexByte(text, '\\') < 0
}
