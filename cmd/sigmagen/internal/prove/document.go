package prove

import "strings"

// document reads texts that are JSON, such as the policies in requests.
type document struct {
	states []place
	known  map[place]int
}

// place is where in a document of JSON a text ends.
type place struct {
	open  string // the brackets that are
	mode  mode
	rest  string // what true, false or null lacks, for inWord
	digit int    // how many are to come, for inHex
	isKey bool   // of a string: a colon follows
}

type mode uint8

const (
	beforeValue mode = iota
	beforeFirst      // behind a bracket: a value, or the bracket that closes it
	beforeKey
	beforeColon
	behindValue
	inString
	inEscape
	inHex
	inWord
	behindMinus
	behindZero
	inInteger
	behindPoint
	inFraction
	behindE
	behindSign
	inExponent
	nowhere // it is no JSON
)

// maxDepth bounds the objects and lists in each other.
const maxDepth = 10

func newDocument() *document {
	d := &document{known: map[place]int{}}
	d.state(place{})
	return d
}

func (d *document) state(p place) int {
	n, known := d.known[p]
	if !known {
		n = len(d.states)
		d.states = append(d.states, p)
		d.known[p] = n
	}
	return n
}

func (d *document) follow(state, _ int, r rune) int { return d.state(d.states[state].after(r)) }

func (d *document) ends(state int) bool {
	p := d.states[state]
	return p.open == "" && (p.mode == behindValue || p.endsNumber())
}

func (d *document) lost(state int) bool { return d.states[state].mode == nowhere }

// won reports whether any text is a document that begins like this: none is.
func (d *document) won(int) bool { return false }

func (p place) endsNumber() bool {
	return p.mode == behindZero || p.mode == inInteger || p.mode == inFraction || p.mode == inExponent
}

// after returns the place one character further.
func (p place) after(r rune) place {
	is := func(characters string) bool { return strings.ContainsRune(characters, r) }
	to := func(m mode) place { return place{open: p.open, mode: m, isKey: p.isKey} }
	isDigit := '0' <= r && r <= '9'
	space := is(" \t\r\n")
	if p.endsNumber() && (space || is(",]}")) {
		return place{open: p.open, mode: behindValue}.after(r)
	}
	switch p.mode {
	case beforeFirst, beforeValue, beforeKey, beforeColon, behindValue:
		if space {
			return p
		}
	}
	switch p.mode {
	case beforeFirst:
		inObject := strings.HasSuffix(p.open, "{")
		switch {
		case inObject && r == '}' || !inObject && r == ']':
			return p.closed()
		case inObject:
			return place{open: p.open, mode: beforeKey}.after(r)
		}
		return place{open: p.open}.after(r)
	case beforeKey:
		if r == '"' {
			return place{open: p.open, mode: inString, isKey: true}
		}
	case beforeColon:
		if r == ':' {
			return place{open: p.open}
		}
	case behindValue:
		inObject := strings.HasSuffix(p.open, "{")
		switch {
		case p.open == "":
		case r == ',' && inObject:
			return place{open: p.open, mode: beforeKey}
		case r == ',':
			return place{open: p.open}
		case inObject && r == '}' || !inObject && r == ']':
			return p.closed()
		}
	case beforeValue:
		return p.value(r)
	case inString:
		switch {
		case r == '"' && p.isKey:
			return place{open: p.open, mode: beforeColon}
		case r == '"':
			return place{open: p.open, mode: behindValue}
		case r == '\\':
			return to(inEscape)
		case r >= ' ':
			return p
		}
	case inEscape:
		if r == 'u' {
			p.mode, p.digit = inHex, 4
			return p
		}
		if is(`"\/bfnrt`) {
			return to(inString)
		}
	case inHex:
		if is("0123456789abcdefABCDEF") {
			if p.digit--; p.digit == 0 {
				return to(inString)
			}
			return p
		}
	case inWord:
		if strings.HasPrefix(p.rest, string(r)) {
			if p.rest = p.rest[1:]; p.rest == "" {
				return to(behindValue)
			}
			return p
		}
	case behindMinus:
		return p.number(r)
	case behindZero, inInteger:
		switch {
		case r == '.':
			return to(behindPoint)
		case r == 'e', r == 'E':
			return to(behindE)
		case isDigit && p.mode == inInteger:
			return p
		}
	case behindPoint, inFraction:
		switch {
		case isDigit:
			return to(inFraction)
		case p.mode == inFraction && is("eE"):
			return to(behindE)
		}
	case behindE, behindSign, inExponent:
		switch {
		case isDigit:
			return to(inExponent)
		case p.mode == behindE && is("+-"):
			return to(behindSign)
		}
	}
	return place{mode: nowhere}
}

// value returns the place behind the first character of a value.
func (p place) value(r rune) place {
	switch r {
	case '{', '[':
		if len(p.open) < maxDepth {
			return place{open: p.open + string(r), mode: beforeFirst}
		}
	case '"':
		return place{open: p.open, mode: inString}
	case 't':
		return place{open: p.open, mode: inWord, rest: "rue"}
	case 'f':
		return place{open: p.open, mode: inWord, rest: "alse"}
	case 'n':
		return place{open: p.open, mode: inWord, rest: "ull"}
	case '-':
		return place{open: p.open, mode: behindMinus}
	default:
		return p.number(r)
	}
	return place{mode: nowhere}
}

// number returns the place behind the first digit of a number.
func (p place) number(r rune) place {
	switch {
	case r == '0':
		return place{open: p.open, mode: behindZero}
	case '1' <= r && r <= '9':
		return place{open: p.open, mode: inInteger}
	}
	return place{mode: nowhere}
}

// closed returns the place behind the bracket that closes the last one.
func (p place) closed() place {
	return place{open: p.open[:len(p.open)-1], mode: behindValue}
}
