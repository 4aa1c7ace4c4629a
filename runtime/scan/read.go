package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// errDamaged says that a record was matched although it is not wholly text.
var errDamaged = errors.New("the record holds invalid UTF-8; it was matched, but values may be damaged")

// contents is what one file held.
type contents struct {
	records  int // CloudTrail records, readable or not
	findings []alert.Finding

	faulty   int     // records that cannot be read or are damaged
	faults   []error // what is wrong with them: the first ones
	foreign  int     // elements that are no CloudTrail records
	foreigns int     // place of the first of them
	skip     string  // why the file does not count
	err      error   // why it could not be read to its end

	crash *crash
}

// crash is a panic in a matcher on its way to the goroutine that called scan.
type crash struct {
	record int
	value  any
	stack  []byte
}

// reader reads files, one after the other, and tries the rules on their
// records. One goroutine owns it.
type reader struct {
	match     func([]*runtime.Rule, *runtime.Event) []*runtime.Rule
	stdin     io.Reader
	buckets   Buckets
	maxFaults int

	keepRecords bool // in the findings

	event   *runtime.Event
	records *cloudtrail.Reader
	matched []*runtime.Rule
}

func newReader(set runtime.Ruleset, stdin io.Reader, buckets Buckets, maxFaults int, keepRecords bool) *reader {
	return &reader{match: set.Match, stdin: stdin, buckets: buckets, maxFaults: maxFaults, keepRecords: keepRecords, event: new(runtime.Event)}
}

// read reads a file to its end, or as far as it can be read.
func (r *reader) read(ctx context.Context, in input) contents {
	if in.path == standardStream {
		c := r.readRecords(ctx, in, r.stdin, cloudtrail.Document)
		c.judge(in)
		return c
	}
	file, err := r.open(ctx, in)
	if err != nil {
		return contents{err: err}
	}
	defer func() { _ = file.Close() }() // it was only read
	format := cloudtrail.FormatOf(in.path)
	c := r.readRecords(ctx, in, file, format)
	if errors.Is(c.err, cloudtrail.ErrNotGzip) {
		c = r.readUnpacked(ctx, in, file, format)
	}
	c.judge(in)
	return c
}

func (r *reader) open(ctx context.Context, in input) (io.ReadCloser, error) {
	if in.bucket != "" {
		return r.buckets.Open(ctx, in.bucket, in.key)
	}
	file, err := os.Open(in.path)
	if err != nil {
		return nil, fmt.Errorf("open: %w", bareCause(err))
	}
	return file, nil
}

// readUnpacked reads a file that is not gzip although its name says so. Browsers
// unpack what they download; whatever the file is, that is worth an error, but
// records that can be read are.
func (r *reader) readUnpacked(ctx context.Context, in input, file io.Reader, format cloudtrail.Format) contents {
	if seeker, ok := file.(io.Seeker); ok {
		if _, err := seeker.Seek(0, io.SeekStart); err != nil {
			return contents{err: cloudtrail.ErrNotGzip}
		}
	} else {
		again, err := r.open(ctx, in)
		if err != nil {
			return contents{err: err}
		}
		defer func() { _ = again.Close() }() // it was only read
		file = again
	}
	c := r.readRecords(ctx, in, file, format.AnyCompression())
	switch {
	case c.records == 0:
		c.err = cloudtrail.ErrNotGzip
	case c.err == nil:
		c.err = fmt.Errorf("%w, though its name says so; it was read as it is", cloudtrail.ErrNotGzip)
	}
	return c
}

func (r *reader) readRecords(ctx context.Context, in input, source io.Reader, format cloudtrail.Format) (c contents) {
	if r.records == nil {
		r.records = cloudtrail.NewReader(source, format, cloudtrail.Limits{})
	} else {
		r.records.Reset(source, format)
	}
	place := 0
	defer func() {
		if value := recover(); value != nil {
			c.crash = &crash{record: place, value: value, stack: debug.Stack()}
		}
	}()
	for ctx.Err() == nil {
		record, err := r.records.Next()
		if one, ok := errors.AsType[*cloudtrail.RecordError](err); ok {
			c.refuse(one, r.maxFaults)
			continue
		}
		if err == io.EOF {
			return c
		}
		if err != nil {
			c.err = bareCause(err)
			return c
		}
		place = record.Index
		c.records++
		r.event.ResetHead(record.Raw, record.Head)
		r.matched = r.match(r.matched[:0], r.event)
		if len(r.matched) == 0 && !r.event.Parsed() {
			continue // no rule can match it, whatever else it holds
		}
		if err := r.event.Err(); err != nil {
			c.fault(fmt.Errorf("record %d: %w", record.Index, err), r.maxFaults)
			continue
		}
		if !utf8.Valid(record.Raw) {
			c.fault(fmt.Errorf("record %d: %w", record.Index, errDamaged), r.maxFaults)
		}
		for _, rule := range sortedByKey(r.matched) {
			f := alert.NewFinding(rule, r.event, in.location(record.Index))
			if r.keepRecords {
				f.Raw = bytes.Clone(record.Raw)
			}
			c.findings = append(c.findings, f)
		}
	}
	c.err = ctx.Err()
	return c
}

// refuse counts what stands in the place of a record.
func (c *contents) refuse(err *cloudtrail.RecordError, maxFaults int) {
	if !errors.Is(err, cloudtrail.ErrNotRecord) {
		c.records++
		c.fault(err, maxFaults)
		return
	}
	if c.foreign == 0 {
		c.foreigns = err.Index
	}
	c.foreign++
}

func (c *contents) fault(err error, maxFaults int) {
	c.faulty++
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, err)
	}
}

// judge tells a file that holds no records from one that cannot be read. In a
// directory such files are to be expected; a file that was named was meant.
func (c *contents) judge(in input) {
	if c.records > 0 || c.crash != nil {
		return
	}
	foreignOnly := c.err == nil && c.foreign > 0
	switch {
	case !foreignOnly && !errors.Is(c.err, cloudtrail.ErrNotRecords):
	case !in.named:
		c.err = nil
		c.foreign = 0 // the file as a whole is named instead
		c.skip = skipNoRecords
	case foreignOnly:
		c.err = fmt.Errorf("%w: none of its %d elements is one", cloudtrail.ErrNotRecords, c.foreign)
		c.foreign = 0
	}
}
