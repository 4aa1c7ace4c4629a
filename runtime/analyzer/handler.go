package analyzer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// objectGetter is what the analyzer needs of S3.
type objectGetter interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

type handler struct {
	set     runtime.Ruleset
	objects objectGetter
	queue   *queue
	logger  *slog.Logger
}

// errNoTime says why work was left undone.
var errNoTime = errors.New("the time of the invocation is nearly over")

// handle analyzes the objects that an event announces. It goes through all of
// them whatever becomes of one, and then returns everything that went wrong, so
// that Lambda repeats the event.
func (h *handler) handle(ctx context.Context, event json.RawMessage) error {
	objects, skips, err := parseNotification(event)
	errs := []error{err}
	for _, s := range skips {
		h.logger.InfoContext(ctx, "notification skipped", "bucket", s.bucket, "key", s.key, "reason", s.reason)
	}

	reading, sending, cancel := stages(ctx)
	defer cancel()
	for i, o := range objects {
		if reading.Err() != nil {
			errs = append(errs, fmt.Errorf("not read: %s: %w", list(objects[i:]), context.Cause(reading)))
			break
		}
		if err := h.analyze(reading, sending, o); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", o, err))
		}
	}
	return errors.Join(errs...)
}

// stages returns the context for reading and the one for sending. Reading ends
// first, so that there is time left to send what was found, and sending ends
// before Lambda kills the process, so that there is time left to say what was
// not done.
func stages(ctx context.Context) (reading, sending context.Context, cancel func()) {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return ctx, ctx, func() {}
	}
	reserve := max(0, min(6*time.Second, time.Until(deadline)/4))
	sending, cancelSending := context.WithDeadlineCause(ctx, deadline.Add(-reserve/3), errNoTime)
	reading, cancelReading := context.WithDeadlineCause(sending, deadline.Add(-reserve), errNoTime)
	return reading, sending, func() { cancelReading(); cancelSending() }
}

// tally counts what was found in one object.
type tally struct {
	records    int    // that could be read
	matches    int    // of a rule on a record; each is a finding
	sent       int    // findings that the queue took
	unreadable int    // records that could not be read
	notRecords int    // values in the place of a record that are none
	skipped    string // why the object was skipped; "" when it was not
}

// analyze reads one object, and writes one line about it.
func (h *handler) analyze(reading, sending context.Context, o object) error {
	begun := time.Now()
	var t tally
	err := h.read(reading, sending, o, &t)
	attrs := []slog.Attr{
		slog.String("bucket", o.bucket), slog.String("key", o.key),
		slog.Int("records", t.records), slog.Int("matches", t.matches), slog.Int("sent", t.sent), slog.Int("unreadable", t.unreadable),
		slog.Int64("ms", time.Since(begun).Milliseconds()), slog.Bool("failed", err != nil),
	}
	if t.notRecords > 0 {
		attrs = append(attrs, slog.Int("not_records", t.notRecords))
	}
	if t.skipped != "" {
		attrs = append(attrs, slog.String("skipped", t.skipped))
	}
	h.logger.LogAttrs(reading, slog.LevelInfo, "object", attrs...)
	return err
}

// read streams the records of one object through the rules to the queue. What
// was found is sent whatever comes of the rest of the object. Nothing is shared
// between objects, so invocations may run side by side.
func (h *handler) read(reading, sending context.Context, o object, t *tally) error {
	out, err := h.objects.GetObject(reading, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key})
	if err != nil {
		return fmt.Errorf("get: %w", err)
	}
	defer func() { _ = out.Body.Close() }() // it was only read; an error changes nothing

	var unreadable, lost problems
	box := &outbox{queue: h.queue, lost: &lost}
	readErr := h.scan(reading, sending, o, out.Body, t, box, &unreadable)
	if errors.Is(readErr, cloudtrail.ErrNotRecords) { // the reader says so only of a file without any record
		t.skipped = readErr.Error()
		readErr = nil
	}
	if box.broken == nil {
		if readErr != nil {
			readErr = fmt.Errorf("read after %d records: %w", t.records, readErr)
		}
		box.flush(sending)
	}
	t.sent = box.sent
	return errors.Join(readErr, unreadable.err("unreadable"), lost.err("not sent"), box.broken)
}

// scan goes through the records of one file, up to its end or until the queue
// is out of reach. It returns what is wrong with the file as a whole.
func (h *handler) scan(reading, sending context.Context, o object, file io.Reader, t *tally, box *outbox, unreadable *problems) error {
	// Stores and people unpack files without renaming them, and a retry would not
	// mend that: the first bytes tell whether a file is compressed.
	reader := cloudtrail.NewReader(file, cloudtrail.FormatOf(o.key).AnyCompression(), cloudtrail.Limits{})
	event := runtime.NewEvent(nil)
	var matched []*runtime.Rule
	for {
		if reading.Err() != nil {
			return context.Cause(reading)
		}
		record, err := reader.Next()
		if err == io.EOF {
			return nil
		}
		if bad, one := errors.AsType[*cloudtrail.RecordError](err); one {
			h.refused(reading, o, bad, t, unreadable)
			continue
		}
		if err != nil {
			return err
		}
		event.Reset(record.Raw)
		if err := event.Err(); err != nil {
			h.refused(reading, o, &cloudtrail.RecordError{Index: record.Index, Err: withoutContent(err)}, t, unreadable)
			continue
		}
		t.records++
		matched = h.set.Match(matched[:0], event)
		slices.SortFunc(matched, func(a, b *runtime.Rule) int { return cmp.Compare(a.Key, b.Key) })
		for _, rule := range matched {
			t.matches++
			finding := alert.NewFinding(rule, event, alert.Location{Bucket: o.bucket, File: o.key, Record: record.Index})
			finding.Raw = record.Raw // newMessage copies it before the reader goes on
			m, err := newMessage(finding)
			if err != nil {
				box.lost.add(err)
				continue
			}
			if box.add(sending, m); box.broken != nil {
				return nil // the rest is read when Lambda repeats the event
			}
		}
	}
}

// loggedRecords bounds the lines about single records of one object: a broken
// file may have as many of them as it has lines.
const loggedRecords = 10

// refused counts what stands in the place of a record and cannot be read as
// one, and writes a line about it. What is no record at all is no loss;
// anything else fails the object.
func (h *handler) refused(ctx context.Context, o object, bad *cloudtrail.RecordError, t *tally, unreadable *problems) {
	message, level, seen := "record unreadable", slog.LevelError, &t.unreadable
	if errors.Is(bad, cloudtrail.ErrNotRecord) {
		message, level, seen = "record skipped", slog.LevelWarn, &t.notRecords
	} else {
		unreadable.add(bad)
	}
	if *seen++; *seen <= loggedRecords {
		h.logger.LogAttrs(ctx, level, message, slog.String("bucket", o.bucket), slog.String("key", o.key),
			slog.Int("record", bad.Index), slog.String("reason", bad.Err.Error()))
	}
}

// withoutContent returns what a parser says, without the text that it quotes:
// no part of a record belongs in a log.
func withoutContent(err error) error {
	reason, _, _ := strings.Cut(err.Error(), `: "`)
	return errors.New(reason)
}

func list(objects []object) string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = o.String()
	}
	return strings.Join(names, ", ")
}
