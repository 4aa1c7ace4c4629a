package cloudtrail

import "bytes"

// key is a member's name, as far as this package cares.
type key uint8

const (
	otherKey key = iota
	keyRecords
	keyEventVersion
	keyEventName
	keyEventSource
	keyUserIdentity
)

// names are the keys that may be written with escapes.
var names = [...]struct {
	name string
	key  key
}{
	{"Records", keyRecords},
	{"eventVersion", keyEventVersion},
	{"eventName", keyEventName},
	{"eventSource", keyEventSource},
}

// maxKey is the longest way in bytes to write one of them: eventVersion, with each letter as \uXXXX.
const maxKey = 6 * len("eventVersion")

// keyOf tells the key from its text between the quotes.
func keyOf(raw []byte) key {
	switch string(raw) {
	case "Records":
		return keyRecords
	case "eventVersion":
		return keyEventVersion
	case "eventName":
		return keyEventName
	case "eventSource":
		return keyEventSource
	case "userIdentity":
		return keyUserIdentity
	}
	if len(raw) <= maxKey && bytes.IndexByte(raw, '\\') >= 0 {
		for _, n := range names {
			if spells(raw, n.name) {
				return n.key
			}
		}
	}
	return otherKey
}

// spells reports whether the text of a string means name, which is of letters only, so \uXXXX is the one escape that
// can stand for a part of it.
func spells(raw []byte, name string) bool {
	for i := range len(name) {
		switch {
		case len(raw) > 0 && raw[0] == name[i]:
			raw = raw[1:]
		case len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' && hex4(raw[2:6]) == int(name[i]):
			raw = raw[6:]
		default:
			return false
		}
	}
	return len(raw) == 0
}

// hex4 is the value of hexadecimal digits, or -1.
func hex4(b []byte) int {
	n := 0
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | int(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			n = n<<4 | int(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return n
}

// keyText collects a key that comes in pieces. One longer than maxKey is of no interest, whatever it says.
type keyText struct {
	buf [maxKey + 1]byte
	n   int
}

// add takes the next piece, with the closing quote when it is the last, and then returns the key.
func (t *keyText) add(piece []byte, last bool) key {
	if last {
		piece = piece[:len(piece)-1]
		if t.n == 0 {
			return keyOf(piece)
		}
	}
	t.n += copy(t.buf[t.n:], piece)
	if !last {
		return otherKey
	}
	n := t.n
	t.n = 0
	return keyOf(t.buf[:n])
}

// recordKeys are the keys seen that make an object a record, and those that rules ask for most.
type recordKeys struct {
	version, name, source        bool
	anyName, anySource, identity bool // whatever their values are
}

// see takes a key and whether its value is a string.
func (k *recordKeys) see(name key, isString bool) {
	switch name {
	case keyEventVersion:
		k.version = true
	case keyEventName:
		k.anyName, k.name = true, k.name || isString
	case keyEventSource:
		k.anySource, k.source = true, k.source || isString
	case keyUserIdentity:
		k.identity = true
	}
}

func (k *recordKeys) complete() bool { return k.version || k.name && k.source }

// all reports whether no key that is still to come matters.
func (k *recordKeys) all() bool { return k.complete() && k.anyName && k.anySource && k.identity }
