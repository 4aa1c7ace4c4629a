package cloudtrail

import (
	"bytes"
	"fmt"
	"io"
)

// chunk is how much room there is for a read, in bytes.
const chunk = 64 << 10

// maxEmptyReads is how often in a row a source may return neither bytes nor an error, as in bufio.
const maxEmptyReads = 100

// window is the part of the text that is in memory. The bytes before pos are gone unless they are kept; those from
// pos to end are still to be looked at.
type window struct {
	in    input
	buf   []byte
	pos   int
	end   int
	base  int64 // offset of buf[0] in the text
	limit int   // of the bytes kept
	err   error // what ended the input, returned when all before it was looked at

	mark    int  // where the kept bytes begin, or none
	dropped bool // the kept bytes exceeded the limit, and were given up
}

// none says that nothing is kept.
const none = -1

func (w *window) reset(src io.Reader, wantGzip bool) {
	w.in.reset(src, wantGzip)
	w.pos, w.end, w.base, w.err = 0, 0, 0, nil
	w.release()
}

// offset is that of pos in the text.
func (w *window) offset() int64 { return w.base + int64(w.pos) }

// keep begins to keep bytes, the one at pos the first.
func (w *window) keep() { w.mark, w.dropped = w.pos, false }

// release ends that.
func (w *window) release() { w.mark, w.dropped = none, false }

// kept returns the bytes from keep to pos. It is false if they are more than the limit.
func (w *window) kept() ([]byte, bool) {
	if w.dropped || w.pos-w.mark > w.limit {
		return nil, false
	}
	return w.buf[w.mark:w.pos:w.pos], true
}

// fill reads more text to the end of the window. It moves the buffer, so positions held elsewhere are void. An error
// means that not one byte was added: io.EOF at the end of the text, or what befell the input.
//
// The bytes kept move to the front each time. This costs one copy of each record that crosses the end of a read, and
// keeps the buffer as small, and as warm in the cache, as the records are. It grows to the limit and one chunk.
func (w *window) fill() error {
	if w.err != nil {
		return w.err
	}
	if w.mark != none && w.end-w.mark > w.limit {
		w.mark, w.dropped = none, true
	}
	from := w.pos
	if w.mark != none {
		from = w.mark
	}
	if from > 0 {
		copy(w.buf, w.buf[from:w.end])
		w.base += int64(from)
		w.pos, w.end = w.pos-from, w.end-from
		if w.mark != none {
			w.mark = 0
		}
	}
	if len(w.buf)-w.end < chunk/4 {
		grown := make([]byte, min(max(2*len(w.buf), chunk), w.limit+chunk))
		copy(grown, w.buf[:w.end])
		w.buf = grown
	}
	for range maxEmptyReads {
		n, err := w.in.Read(w.buf[w.end:])
		w.end += n
		w.err = err
		if n > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
	w.err = io.ErrNoProgress
	return w.err
}

// skipByteOrderMark accepts that of UTF-8. UTF-16, which Windows tools write, is named, since its first byte alone
// says little to a reader.
func (w *window) skipByteOrderMark() error {
	for w.end < 3 {
		if err := w.fill(); err == io.EOF {
			break
		} else if err != nil {
			return err
		}
	}
	head := w.buf[:w.end]
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		w.pos = 3
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return w.syntax("the text is UTF-16 (byte order mark), not UTF-8")
	}
	return nil
}

// space skips white space and returns the byte behind it, at pos. The error is that of fill.
func (w *window) space() (byte, error) {
	for {
		for _, c := range w.buf[w.pos:w.end] {
			if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
				return c, nil
			}
			w.pos++
		}
		if err := w.fill(); err != nil {
			return 0, err
		}
	}
}

// syntax is the error for the byte at pos.
func (w *window) syntax(what string) error {
	return fmt.Errorf("%w at byte %d: %s", ErrSyntax, w.offset(), what)
}

// unexpected is the error for the byte at pos where another was due.
func (w *window) unexpected(want string) error {
	return w.syntax(fmt.Sprintf("found %q, expected %s", w.buf[w.pos:w.pos+1], want))
}

// cut turns the end of the text into the error that it is inside a value. Other errors pass.
func (w *window) cut(err error) error {
	if err == io.EOF {
		return fmt.Errorf("JSON cut after %d bytes: %w", w.offset(), io.ErrUnexpectedEOF)
	}
	return err
}
