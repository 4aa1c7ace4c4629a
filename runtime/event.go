package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

// maxKept bounds what an Event keeps between records: after a larger record
// it starts afresh, so that one huge record does not pin its memory.
const maxKept = 1 << 20

// Event is one CloudTrail record, as the matchers read it. It parses on the first
// read of a field whose text does not show the value. An Event is reused from
// record to record with Reset and must not be shared between goroutines.
type Event struct {
	raw    []byte
	root   *fastjson.Value
	err    error
	parsed bool
	escape bool // the record holds a backslash somewhere

	parser  fastjson.Parser
	numbers [2][]byte // text of the JSON numbers under comparison, one buffer a side
	source  []byte    // folded eventSource
	name    []byte    // folded eventName

	head  object.Head
	more  []object.Member // behind those of head, as far as they were looked for
	ended bool            // there are no others

	looked  bool // whether escapes
	escapes bool // of the kind that spelled looks for are in the record

	segment segment
}

// NewEvent returns an Event that reads raw, the JSON text of one record.
func NewEvent(raw []byte) *Event {
	e := new(Event)
	e.Reset(raw)
	return e
}

// Reset makes e read raw, the JSON text of one record. raw must not change until the
// next Reset; everything obtained from e before is invalid.
func (e *Event) Reset(raw []byte) { e.ResetHead(raw, object.Head{}) }

// ResetHead is Reset for a record of which something is known already, as
// cloudtrail.Record.Head is. It must not change either.
func (e *Event) ResetHead(raw []byte, head object.Head) {
	if len(e.raw) > maxKept {
		e.parser, e.more = fastjson.Parser{}, nil
	}
	e.raw = raw
	e.root = nil
	e.err = nil
	e.parsed = false
	e.head, e.more = head, e.more[:0]
	e.ended, e.looked, e.segment.known = false, false, false
}

// Raw returns the JSON text that e reads.
func (e *Event) Raw() []byte { return e.raw }

// Err returns why the record cannot be read: it is not one JSON object, or it
// is nested deeper than 300 levels. Such a record matches no rule. Matchers tell
// much from the text without parsing it, and what they say of a broken one before
// Err was asked is worth nothing: whoever acts on a match asks Err first.
func (e *Event) Err() error {
	e.parse()
	return e.err
}

// Parsed reports whether the record has been parsed: the dispatch, which picks the
// rules to try, and predicates on strings that are plain to see do not need it.
func (e *Event) Parsed() bool { return e.parsed }

// Valid reports whether the record can be read. Matchers call it when their
// condition would hold on a record in which no search does.
func (e *Event) Valid() bool { return e.Err() == nil }

// Get returns the value at path: keys joined by dots, as in a Sigma rule. It
// crosses arrays; every element counts. No key is empty.
func (e *Event) Get(path string) Value { return Value{event: e, path: path} }

// Leaves returns everything that the record holds, at any depth: what a keyword
// search, which names no field, looks through. Its predicates see the values of
// fields, never their names.
func (e *Event) Leaves() Value { return Value{event: e} }

var errNotObject = errors.New("the record is not a JSON object")

func (e *Event) parse() {
	if e.parsed {
		return
	}
	e.parsed = true
	e.escape = bytes.IndexByte(e.raw, '\\') >= 0
	root, err := e.parser.ParseBytes(e.raw)
	switch {
	case err != nil:
		e.err = parseError(err)
	case root.Type() != fastjson.TypeObject:
		e.err = errNotObject
	default:
		e.root = root
	}
}

// lookup returns the value of a key, of several equal ones the first. fastjson
// compares keys as they are written until a key is missed, and decodes their
// escapes then: what an escaped key means would depend on what was read before.
// So the keys are decoded first, where there can be anything to decode.
func (e *Event) lookup(object *fastjson.Object, key string) *fastjson.Value {
	if e.escape {
		object.Visit(func([]byte, *fastjson.Value) {})
	}
	return object.Get(key)
}

// parseError shortens fastjson's message, which repeats itself for every level
// of nesting and quotes what it could not read.
func parseError(err error) error {
	text := err.Error()
	if strings.Contains(text, "too big depth") {
		return fmt.Errorf("the record is nested deeper than %d levels", fastjson.MaxDepth)
	}
	for _, wrapper := range []string{"cannot parse JSON: ", "cannot parse object: ", "cannot parse array: ", "cannot parse object value: ", "cannot parse array value: "} {
		for strings.HasPrefix(text, wrapper) {
			text = text[len(wrapper):]
		}
	}
	text, _, _ = strings.Cut(text, "; unparsed tail")
	const most = 120
	if len(text) > most {
		text = text[:most] + "..."
	}
	return fmt.Errorf("the record is not valid JSON: %s", text)
}

// text returns the text that a scalar is compared by: a string's characters, a
// number's JSON text, true or false. ok is false for null, objects and arrays.
// A number's text lives in the buffer of that side (0 or 1) until the next
// number of the same side is read.
func (e *Event) text(v *fastjson.Value, side int) (s string, ok bool) {
	switch v.Type() {
	case fastjson.TypeString:
		b, err := v.StringBytes()
		return stringOf(b), err == nil
	case fastjson.TypeNumber:
		e.numbers[side] = v.MarshalTo(e.numbers[side][:0])
		return stringOf(e.numbers[side]), true
	case fastjson.TypeTrue:
		return "true", true
	case fastjson.TypeFalse:
		return "false", true
	default:
		return "", false
	}
}

// stringOf returns the bytes of b as a string without copying them. The string
// is valid as long as b is not written to; nothing here outlives the record.
func stringOf(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}
