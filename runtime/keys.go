package runtime

import (
	"bytes"

	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

// Keys returns the record's eventSource and eventName in the form of Fold, for
// Ruleset.Match to switch on; "" stands for a key that is absent or null. ok is
// false when either is neither text nor missing (an array, a number): no switch
// can then tell which rules might hold. Both strings are valid until the next
// call of Keys or Reset.
func (e *Event) Keys() (source, name string, ok bool) {
	s, n, found := topLevelKeys(e.raw)
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
// in raw without building a document. found is false when that takes a real
// parse: a key with an escape, a value that is not a plain string, text that is
// not an object. Where a key occurs twice the first counts, as in fastjson, so
// that nothing behind both matters.
func topLevelKeys(raw []byte) (source, name []byte, found bool) {
	i := skipSpace(raw, 0)
	if i == len(raw) || raw[i] != '{' {
		return nil, nil, false
	}
	i = skipSpace(raw, i+1)
	var haveSource, haveName bool
	for i < len(raw) && raw[i] == '"' {
		key, next, plain := plainString(raw, i)
		if !plain {
			return nil, nil, false
		}
		i = skipSpace(raw, next)
		if i == len(raw) || raw[i] != ':' {
			return nil, nil, false
		}
		i = skipSpace(raw, i+1)
		isSource := !haveSource && string(key) == "eventSource"
		if isSource || !haveName && string(key) == "eventName" {
			text, next, plain := plainString(raw, i)
			if !plain {
				return nil, nil, false
			}
			if isSource {
				source, haveSource = text, true
			} else {
				name, haveName = text, true
			}
			if haveSource && haveName {
				return source, name, true
			}
			i = next
		} else if i = skipValue(raw, i); i < 0 {
			return nil, nil, false
		}
		i = skipSpace(raw, i)
		if i == len(raw) || raw[i] != ',' {
			break
		}
		i = skipSpace(raw, i+1)
	}
	return source, name, i < len(raw) && raw[i] == '}'
}

// plainString returns the text of the string that starts at raw[i], and the
// index behind it. plain is false when there is none or it holds an escape.
func plainString(raw []byte, i int) (text []byte, next int, plain bool) {
	if i >= len(raw) || raw[i] != '"' {
		return nil, i, false
	}
	end := bytes.IndexByte(raw[i+1:], '"')
	if end < 0 {
		return nil, i, false
	}
	text = raw[i+1 : i+1+end]
	return text, i + end + 2, bytes.IndexByte(text, '\\') < 0
}

func skipSpace(raw []byte, i int) int {
	for i < len(raw) && (raw[i] == ' ' || raw[i] == '\n' || raw[i] == '\t' || raw[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the index behind the JSON value that starts at raw[i], or
// -1 when it does not end. It balances brackets and checks nothing else.
func skipValue(raw []byte, i int) int {
	if i == len(raw) {
		return -1
	}
	switch raw[i] {
	case '"':
		rest := object.Skipper{InString: true}
		if i = rest.StringEnd(raw, i+1); !rest.InString {
			return i
		}
		return -1
	case '{', '[':
		rest := object.Skipper{Depth: 1}
		if i = rest.Skip(raw, i+1, 0); rest.Depth == 0 {
			return i
		}
		return -1
	}
	for ; i < len(raw); i++ {
		switch raw[i] {
		case ',', '}', ']':
			return i // the end of a scalar, and perhaps of the object around it
		}
	}
	return -1
}
