package cloudtrail

import (
	"bytes"
	"fmt"
	"io"
)

// Reasons told apart in messages only.
var (
	errNotObject = fmt.Errorf("%w: not an object", ErrNotRecord)
	errNoKeys    = fmt.Errorf("%w: no eventVersion, nor eventName and eventSource as strings", ErrNotRecord)
)

// place is where in a document the next record is looked for.
type place uint8

const (
	betweenValues place = iota
	inObject
	inRecords
)

// container is what is known of a top-level object while its members are read.
type container struct {
	records bool // a key Records came
	array   bool // and its value is an array, so the object is no record itself
	keys    recordKeys
}

func (r *Reader) nextInDocument() (Record, error) {
	for {
		switch r.place {
		case betweenValues:
			if err := r.beginValue(); err != nil {
				return Record{}, err
			}
		case inObject:
			closed, err := r.members()
			if err != nil {
				return Record{}, err
			}
			if closed && !r.object.array {
				return r.bareObject()
			}
		case inRecords:
			c, err := r.beginElement()
			if err != nil {
				return Record{}, err
			}
			if c != 0 {
				return r.element(c)
			}
		}
	}
}

// beginValue goes to the members of the next top-level object. At the end of the file it returns io.EOF, or what is
// wrong with the file as a whole.
func (r *Reader) beginValue() error {
	c, err := r.space()
	switch {
	case err == io.EOF && r.values == 0:
		return fmt.Errorf("no JSON in %d bytes: %w", r.offset(), io.ErrUnexpectedEOF)
	case err == io.EOF && r.duplicate != nil:
		return r.duplicate
	case err != nil:
		return err
	case c == '{':
		r.keep()
		r.pos++
		r.values++
		r.place, r.fresh, r.object = inObject, true, container{}
		return nil
	case r.values > 0:
		return r.unexpected("an object or the end of the file")
	case c == '[' || c == '"':
		return fmt.Errorf("%w: the file is not an object", ErrNotRecords)
	}
	if err := r.scalar(c); err != nil && err != io.EOF {
		return err
	}
	return fmt.Errorf("%w: the file is not an object", ErrNotRecords)
}

// members reads the members of a top-level object up to its end, or up to the elements of its Records array.
func (r *Reader) members() (closed bool, err error) {
	for {
		c, err := r.space()
		if err != nil {
			return false, r.cut(err)
		}
		if c == '}' {
			r.pos++
			r.place = betweenValues
			return true, nil
		}
		if !r.fresh {
			if c != ',' {
				return false, r.unexpected("a comma or the end of the object")
			}
			r.pos++
			if c, err = r.space(); err != nil {
				return false, r.cut(err)
			}
		}
		r.fresh = false
		if c != '"' {
			return false, r.unexpected("a key")
		}
		name, err := r.key()
		if err != nil {
			return false, err
		}
		if c, err = r.space(); err != nil {
			return false, r.cut(err)
		}
		if c != ':' {
			return false, r.unexpected("a colon")
		}
		r.pos++
		if c, err = r.space(); err != nil {
			return false, r.cut(err)
		}
		if name == keyRecords {
			if r.object.records && r.duplicate == nil {
				r.duplicate = fmt.Errorf("%w in one object, its value at byte %d was not read", ErrDuplicate, r.offset())
			}
			if !r.object.records && c == '[' {
				r.pos++
				r.release()
				r.object.records, r.object.array = true, true
				r.place, r.fresh = inRecords, true
				return false, nil
			}
			r.object.records = true
		}
		r.object.keys.see(name, c == '"')
		if err := r.skipValue(c); err != nil {
			return false, err
		}
	}
}

// bareObject decides on a top-level object without Records, which has just been closed.
func (r *Reader) bareObject() (Record, error) {
	if r.object.keys.complete() {
		return r.take()
	}
	r.release()
	if r.values > 1 {
		return r.refuse(errNoKeys)
	}
	// It is a matter of the file if the file is nothing else, and whole.
	c, err := r.space()
	switch {
	case err == io.EOF && r.duplicate != nil:
		return Record{}, r.duplicate
	case err == io.EOF:
		return Record{}, fmt.Errorf("%w: one object without the keys of a record or a Records array", ErrNotRecords)
	case err != nil:
		return Record{}, err
	case c != '{':
		return Record{}, r.unexpected("an object or the end of the file")
	}
	return r.refuse(errNoKeys)
}

// beginElement goes to the next element of the Records array and returns its first byte, or 0 behind the array.
func (r *Reader) beginElement() (byte, error) {
	c, err := r.space()
	if err != nil {
		return 0, r.cut(err)
	}
	if c == ']' {
		r.pos++
		r.place, r.fresh = inObject, false
		return 0, nil
	}
	if !r.fresh {
		if c != ',' {
			return 0, r.unexpected("a comma or the end of the array")
		}
		r.pos++
		if c, err = r.space(); err != nil {
			return 0, r.cut(err)
		}
	}
	r.fresh = false
	return c, nil
}

// element reads the element of the Records array that begins with c.
func (r *Reader) element(c byte) (Record, error) {
	if c != '{' {
		if err := r.skipValue(c); err != nil {
			return Record{}, err
		}
		return r.refuse(errNotObject)
	}
	r.keep()
	if err := r.skipBrackets(c, true); err != nil {
		return Record{}, err
	}
	if !r.scan.record.complete() {
		return r.refuse(errNoKeys)
	}
	record, err := r.take()
	record.Head = r.scan.known()
	return record, err
}

// key reads the key whose first quote is at pos.
func (r *Reader) key() (key, error) {
	r.pos++
	r.scan.begin(false)
	r.scan.InString = true
	for {
		start := r.pos
		r.pos = r.scan.StringEnd(r.buf[:r.end], start)
		name := r.scan.text.add(r.buf[start:r.pos], !r.scan.InString)
		if !r.scan.InString {
			return name, nil
		}
		if err := r.fill(); err != nil {
			return otherKey, r.cut(err)
		}
	}
}

// skipValue steps over the value at pos, which begins with c.
func (r *Reader) skipValue(c byte) error {
	switch c {
	case '{', '[':
		return r.skipBrackets(c, false)
	case '"':
		_, err := r.key()
		return err
	}
	return r.cut(r.scalar(c))
}

// skipBrackets steps over the object or array at pos, which begins with c. If watch is true the scanner knows then
// whether it is a record.
func (r *Reader) skipBrackets(c byte, watch bool) error {
	r.pos++
	r.scan.begin(watch)
	for {
		n, closed := r.scan.scan(r.buf[r.pos:r.end])
		r.pos += n
		if closed {
			break
		}
		if err := r.fill(); err != nil {
			return r.cut(err)
		}
	}
	// In ASCII a closing bracket comes two after its opening one.
	if found := r.buf[r.pos-1]; found != c+2 {
		r.pos--
		return r.unexpected(fmt.Sprintf("%q", c+2))
	}
	return nil
}

// scalar steps over the number or literal at pos, which begins with c. The error is io.EOF if the text ends with it.
func (r *Reader) scalar(c byte) error {
	literal := ""
	switch c {
	case 't':
		literal = "true"
	case 'f':
		literal = "false"
	case 'n':
		literal = "null"
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
	default:
		return r.unexpected("a value")
	}
	for n := 0; ; n++ {
		if r.pos == r.end {
			err := r.fill()
			if err != nil && n < len(literal) {
				return r.cut(err)
			}
			if err != nil {
				return err
			}
		}
		switch c := r.buf[r.pos]; {
		case n < len(literal):
			if c != literal[n] {
				return r.unexpected(literal)
			}
		case literal == "" && ('0' <= c && c <= '9' || bytes.IndexByte([]byte("+-.eE"), c) >= 0):
		case bytes.IndexByte([]byte(",]} \t\r\n"), c) >= 0:
			return nil
		default:
			return r.unexpected("the end of a value")
		}
		r.pos++
	}
}
