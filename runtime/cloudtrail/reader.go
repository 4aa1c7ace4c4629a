// Package cloudtrail reads CloudTrail delivery files: it turns the bytes of one file into records, one at a time.
//
// CloudTrail delivers gzip files that hold one JSON object, {"Records":[…]}, with an event as each element of the
// array. People keep exported events as bare objects or as JSON lines; these are read too. Files of other shapes that lie
// in the same buckets (digests, Config snapshots) are told apart by [ErrNotRecords].
//
// A file is untrusted and may be of any size. It is never held whole: memory is bounded by [Limits.Record] plus a
// constant, also for a gzip bomb, a record of a gigabyte or a nesting of a million levels. The bytes are walked once,
// without recursion, only to find where a record begins and ends; the JSON within a record is left to its parser, so
// that one malformed record costs no other.
//
//	r := cloudtrail.NewReader(body, cloudtrail.GzipDocument, cloudtrail.Limits{})
//	for {
//		record, err := r.Next()
//		if bad, ok := errors.AsType[*cloudtrail.RecordError](err); ok {
//			skipped(bad) // concerns one record, the next may be fine
//			continue
//		}
//		if err == io.EOF {
//			return nil
//		}
//		if err != nil {
//			return err // the file ends here; what was returned before stands
//		}
//		evaluate(record)
//	}
package cloudtrail

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

const (
	// DefaultRecordLimit is the size of the largest record read when [Limits.Record] is 0: 4 MiB, four times the
	// largest event that CloudTrail writes (256 KB, or 1 MB where a larger maximum event size is configured).
	DefaultRecordLimit = 4 << 20
	// DefaultInflatedLimit is the most that a gzip file may inflate to when [Limits.Inflated] is 0: 1 GiB.
	DefaultInflatedLimit = 1 << 30
)

// Limits bound what one delivery file may cost. The zero value means the defaults.
type Limits struct {
	// Record is the size in bytes of the largest record, from its first brace to its last. A larger one is skipped
	// in constant memory and reported as a [RecordError] that wraps [ErrTooLarge]. In the format [Lines] it bounds
	// the line without its leading white space. 0, or less, means [DefaultRecordLimit].
	Record int
	// Inflated is how many bytes a gzip file may hold after decompression; with more the file ends with
	// [ErrInflated]. It bounds time, since memory is bounded anyway, so a file that is not compressed, whose
	// cost its own size tells, has no such limit. 0, or less, means [DefaultInflatedLimit].
	Inflated int64
}

// A Format is the layout of a file, which its name tells.
type Format int

const (
	// Document is a sequence of JSON objects separated by white space, usually a single one: either
	// {"Records":[…]}, as CloudTrail delivers, or a bare record. The file may be gzip or plain.
	Document Format = iota
	// Lines is one record a line (.jsonl), gzip or plain. Blank lines are counted and yield nothing.
	Lines
	// GzipDocument is a [Document] whose name promises gzip (.json.gz). A plain file is refused with [ErrNotGzip].
	GzipDocument
	// GzipLines is [Lines] whose name promises gzip (.jsonl.gz). A plain file is refused with [ErrNotGzip].
	GzipLines
)

// FormatOf returns the layout that the name of a file promises, ignoring case: lines for .jsonl and .ndjson, else a
// document; gzip for a further .gz.
func FormatOf(name string) Format {
	name, zipped := strings.CutSuffix(strings.ToLower(name), ".gz")
	lines := strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson")
	switch {
	case lines && zipped:
		return GzipLines
	case lines:
		return Lines
	case zipped && strings.HasSuffix(name, ".json"):
		return GzipDocument
	default:
		return Document
	}
}

// AnyCompression returns the layout f for a file whose first bytes are to tell whether it is gzip.
func (f Format) AnyCompression() Format {
	switch f {
	case GzipDocument:
		return Document
	case GzipLines:
		return Lines
	default:
		return f
	}
}

// Errors that [Reader.Next] returns, wrapped with what is known about the place. Besides these there are
// [io.ErrUnexpectedEOF] for a file that is cut, be it the gzip stream or the JSON within, or that is empty,
// gzip.ErrHeader and gzip.ErrChecksum of the standard library for a damaged gzip stream, and the errors of the source.
var (
	// ErrNotRecords ends a file that is JSON, but no CloudTrail records: a digest, a Config snapshot, an array, a
	// number. Callers skip such a file and name it.
	ErrNotRecords = errors.New("no CloudTrail records")
	// ErrNotGzip ends a file of [GzipDocument] or [GzipLines] that does not start with the magic bytes of gzip.
	ErrNotGzip = errors.New("not a gzip file")
	// ErrInflated ends a file that holds more than [Limits.Inflated] bytes.
	ErrInflated = errors.New("over the limit on decompressed bytes")
	// ErrSyntax says that the JSON around the records is broken. The offset in the message counts bytes of the
	// decompressed text from 0. In a [RecordError] it concerns a line only, otherwise it ends the file.
	ErrSyntax = errors.New("invalid JSON")
	// ErrDuplicate stands in place of [io.EOF] at the end of a file that has an object with a second key "Records".
	// The array of the first was returned, that of the second was not read.
	ErrDuplicate = errors.New(`second key "Records"`)
	// ErrNotRecord is the reason of a [RecordError] on a value that is no CloudTrail record: see [Record].
	ErrNotRecord = errors.New("not a CloudTrail record")
	// ErrTooLarge is the reason of a [RecordError] on a record of more than [Limits.Record] bytes.
	ErrTooLarge = errors.New("record over the size limit")
)

// A Record is one CloudTrail event: a JSON object that has the key eventVersion, or that has both eventName and
// eventSource with strings as values.
type Record struct {
	// Index is the place of the record in its file, from 0: the position in the Records array, the ordinal of a
	// bare object among those of the file, or the line number minus one. A file that mixes shapes or holds several
	// Records arrays is counted through, so (file, Index) is always unique.
	Index int
	// Raw is the text of the record from its first brace to its last, byte for byte as in the file: it may hold
	// invalid UTF-8 or be malformed inside. It is valid until the next call of [Reader.Next] or [Reader.Reset].
	Raw []byte
	// Head is what the reader has seen of the record on its way: where the first members are, mostly up to eventSource
	// and eventName. [runtime.Event.ResetHead] makes use of it. It is valid as long as Raw.
	Head object.Head
}

// A RecordError concerns one record, or what stands in the place of one. Reading goes on with the next.
type RecordError struct {
	// Index is the place in the file, as in [Record].
	Index int
	// Err is the reason: it wraps [ErrNotRecord], [ErrTooLarge] or, for a line, [ErrSyntax] or
	// [io.ErrUnexpectedEOF] when it is the last line of a file and cut.
	Err error
}

// Error names the record by its index.
func (e *RecordError) Error() string { return fmt.Sprintf("record %d: %v", e.Index, e.Err) }

// Unwrap returns the reason.
func (e *RecordError) Unwrap() error { return e.Err }

// A Reader returns the records of one delivery file after another. It is not safe for concurrent use.
type Reader struct {
	window
	lines  bool
	begun  bool  // the byte order mark is behind us
	index  int   // of the next record
	failed error // what ended the file

	// The rest is for documents.
	values    int       // top-level values begun
	place     place     // where pos stands
	object    container // the top-level object that pos is in
	fresh     bool      // no element, or no member, came before pos in the array or object
	duplicate error     // to be returned in place of io.EOF
	scan      scanner
}

// NewReader returns a reader of the file r. Whether it is gzip or plain JSON is told by its first two bytes; gzip
// streams of several members are read through. Nothing is read before the first call of [Reader.Next].
func NewReader(r io.Reader, format Format, limits Limits) *Reader {
	if limits.Record <= 0 {
		limits.Record = DefaultRecordLimit
	}
	limits.Record = min(limits.Record, math.MaxInt32-chunk)
	if limits.Inflated <= 0 {
		limits.Inflated = DefaultInflatedLimit
	}
	reader := &Reader{window: window{limit: limits.Record, in: input{limit: limits.Inflated}}}
	reader.Reset(r, format)
	return reader
}

// Reset turns to another file under the same limits, whatever became of the last one, and keeps the buffers and the
// state of the decompressor.
func (r *Reader) Reset(src io.Reader, format Format) {
	r.window.reset(src, format == GzipDocument || format == GzipLines)
	r.lines = format == Lines || format == GzipLines
	r.begun, r.index, r.failed = false, 0, nil
	r.values, r.place, r.duplicate = 0, betweenValues, nil
}

// Next returns the next record, and io.EOF after the last. A [*RecordError] concerns one record, and reading can go
// on. Any other error ends the file and is returned again from then on; the records before it stand, also when a
// checksum at the end of the file turns out to be wrong.
func (r *Reader) Next() (Record, error) {
	if r.failed != nil {
		return Record{}, r.failed
	}
	record, err := r.next()
	if err != nil {
		if _, one := err.(*RecordError); !one {
			r.failed = err
		}
	}
	return record, err
}

func (r *Reader) next() (Record, error) {
	r.release()
	if !r.begun {
		if err := r.skipByteOrderMark(); err != nil {
			return Record{}, err
		}
		r.begun = true
	}
	if r.lines {
		return r.nextLine()
	}
	return r.nextInDocument()
}

// take returns the kept bytes as the record of the next index, unless they were too many.
func (r *Reader) take() (Record, error) {
	raw, whole := r.kept()
	if !whole {
		return r.refuse(ErrTooLarge)
	}
	r.index++
	return Record{Index: r.index - 1, Raw: raw}, nil
}

// refuse returns the error for what stands in the place of the record of the next index.
func (r *Reader) refuse(reason error) (Record, error) {
	r.index++
	return Record{}, &RecordError{Index: r.index - 1, Err: reason}
}
