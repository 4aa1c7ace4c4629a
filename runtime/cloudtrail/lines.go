package cloudtrail

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// errOpenLine says that a line ends inside its object.
var errOpenLine = errors.New("the line ends inside the record")

func (r *Reader) nextLine() (Record, error) {
	for {
		if err := r.lineSpace(); err != nil {
			return Record{}, err
		}
		if r.buf[r.pos] == '\n' {
			r.pos++
			r.index++
			continue
		}
		r.keep()
		end := r.lineEnd()
		line, whole := r.kept()
		if end == nil {
			r.pos++
		}
		if !whole {
			return r.refuse(ErrTooLarge)
		}
		raw, err := r.splitLine(line)
		switch {
		case err == nil:
			r.index++
			return Record{Index: r.index - 1, Raw: raw, Head: r.scan.known()}, nil
		case end != nil && end != io.EOF:
			// The rest of the line could not be read, so nothing is known about it.
			return Record{}, end
		case err == errOpenLine && end == io.EOF:
			return r.refuse(fmt.Errorf("%w: %w", errOpenLine, io.ErrUnexpectedEOF))
		case err == errOpenLine:
			return r.refuse(fmt.Errorf("%w: %w", ErrSyntax, errOpenLine))
		}
		return r.refuse(err)
	}
}

// lineSpace skips white space within a line, so that there is a byte at pos. The error is that of fill.
func (r *Reader) lineSpace() error {
	for {
		for _, c := range r.buf[r.pos:r.end] {
			if c != ' ' && c != '\t' && c != '\r' {
				return nil
			}
			r.pos++
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// lineEnd goes to the end of the line. The error is that of fill, if the text ended instead.
func (r *Reader) lineEnd() error {
	for {
		if n := bytes.IndexByte(r.buf[r.pos:r.end], '\n'); n >= 0 {
			r.pos += n
			return nil
		}
		r.pos = r.end
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// splitLine returns the record in a line without leading white space.
func (r *Reader) splitLine(line []byte) ([]byte, error) {
	if line[0] != '{' {
		if bytes.IndexByte([]byte(`["-0123456789tfn`), line[0]) >= 0 {
			return nil, errNotObject
		}
		return nil, fmt.Errorf("%w: the line begins with %q", ErrSyntax, line[:1])
	}
	r.scan.begin(true)
	n, closed := r.scan.scan(line[1:])
	if !closed {
		return nil, errOpenLine
	}
	raw, rest := line[:n+1], bytes.TrimLeft(line[n+1:], " \t\r")
	switch {
	case raw[n] != '}':
		return nil, fmt.Errorf("%w: found %q, expected '}'", ErrSyntax, raw[n])
	case len(rest) > 0:
		return nil, fmt.Errorf("%w: %q behind the record", ErrSyntax, rest[:1])
	case !r.scan.record.complete():
		return nil, errNoKeys
	}
	return raw, nil
}
