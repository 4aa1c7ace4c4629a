package cloudtrail

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// input is the text of a file: the source, decompressed when it is gzip.
type input struct {
	src      *bufio.Reader
	gz       gzip.Reader
	limit    int64 // bytes after decompression
	n        int64 // bytes returned
	opened   bool
	packed   bool // the source is gzip
	wantGzip bool
}

// sourceBuffer is the size of a read of the source, in bytes.
const sourceBuffer = 64 << 10

var gzipMagic = []byte{0x1f, 0x8b}

func (in *input) reset(src io.Reader, wantGzip bool) {
	if in.src == nil {
		in.src = bufio.NewReaderSize(src, sourceBuffer)
	} else {
		in.src.Reset(src)
	}
	in.n, in.opened, in.packed, in.wantGzip = 0, false, false, wantGzip
}

// Read returns io.EOF only where the file is complete: at the end of a plain file, or behind a gzip member whose
// checksum is right and that nothing follows.
func (in *input) Read(p []byte) (int, error) {
	if !in.opened {
		if err := in.open(); err != nil {
			return 0, err
		}
		in.opened = true
	}
	if !in.packed {
		n, err := in.src.Read(p)
		in.n += int64(n)
		if err != nil && err != io.EOF {
			err = fmt.Errorf("read after %d bytes: %w", in.n, err)
		}
		return n, err
	}
	return in.inflate(p)
}

// open tells gzip from plain text.
func (in *input) open() error {
	head, err := in.src.Peek(len(gzipMagic))
	if err != nil && err != io.EOF {
		return fmt.Errorf("read: %w", err)
	}
	if bytes.Equal(head, gzipMagic) {
		in.packed = true
		return in.openMember()
	}
	if in.wantGzip {
		if bytes.HasPrefix(gzipMagic, head) {
			return fmt.Errorf("gzip stream cut after %d bytes: %w", len(head), io.ErrUnexpectedEOF)
		}
		return ErrNotGzip
	}
	return nil
}

// openMember reads a gzip header. Members are read one by one, because a gzip.Reader that goes through them by itself
// takes a cut in the file name of the second header for a clean end.
func (in *input) openMember() error {
	err := in.gz.Reset(in.src)
	if err != nil {
		return in.damage(err)
	}
	in.gz.Multistream(false)
	return nil
}

// inflate reads a gzip stream, and at most one byte over the limit, to see that there is more.
func (in *input) inflate(p []byte) (int, error) {
	if left := in.limit - in.n; int64(len(p))-1 > left {
		p = p[:left+1]
	}
	for {
		n, err := in.gz.Read(p)
		in.n += int64(n)
		if in.n > in.limit {
			in.n--
			return n - 1, fmt.Errorf("%w (%d)", ErrInflated, in.limit)
		}
		if err == io.EOF {
			err = in.nextMember()
		} else if err != nil {
			err = in.damage(err)
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// nextMember returns io.EOF when the last member is read.
func (in *input) nextMember() error {
	head, err := in.src.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		if err == io.EOF {
			return io.EOF
		}
		return in.damage(err)
	case !bytes.HasPrefix(gzipMagic, head):
		return fmt.Errorf("other bytes follow the gzip stream of %d inflated bytes: %w", in.n, gzip.ErrHeader)
	}
	return in.openMember()
}

// damage says how far a gzip stream could be read.
func (in *input) damage(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("gzip stream cut after %d inflated bytes: %w", in.n, io.ErrUnexpectedEOF)
	}
	return fmt.Errorf("inflate after %d bytes: %w", in.n, err)
}
