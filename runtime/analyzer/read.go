package analyzer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
)

// read streams the records of one source through the rules to the queue. What
// was found is sent whatever comes of the rest. Nothing is shared between
// sources, so invocations may run side by side.
func (i *invocation) read(reading context.Context, s source, t *tally) error {
	body, err := i.open(reading, s)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // it was only read; an error changes nothing

	var unreadable, lost problems
	box := &outbox{queue: i.queue, lost: &lost}
	readErr := i.scan(reading, s, body, t, box, &unreadable)
	if errors.Is(readErr, cloudtrail.ErrNotRecords) { // the reader says so only of a file without any record
		t.skipped = readErr.Error()
		readErr = nil
	}
	if box.broken == nil {
		if readErr != nil {
			readErr = fmt.Errorf("read after %d records: %w", t.records, readErr)
		}
		box.flush(i.sending)
	}
	t.sent = box.sent
	return errors.Join(readErr, unreadable.err("unreadable"), lost.err("not sent"), box.broken)
}

// scan goes through the records of one source, up to its end or until the queue
// is out of reach. It returns what is wrong with the source as a whole.
func (i *invocation) scan(reading context.Context, s source, file io.Reader, t *tally, box *outbox, unreadable *problems) error {
	// Stores and people unpack files without renaming them, and a retry would not
	// mend that: the first bytes tell whether a file is compressed.
	reader := cloudtrail.NewReader(file, cloudtrail.FormatOf(s.key).AnyCompression(), cloudtrail.Limits{})
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
			i.refused(s, bad, t, unreadable)
			continue
		}
		if err != nil {
			return err
		}
		event.ResetHead(record.Raw, record.Head)
		found, err := i.try(event, matched[:0])
		if err != nil {
			i.refused(s, &cloudtrail.RecordError{Index: record.Index, Err: err}, t, unreadable)
			continue
		}
		if t.records++; t.records == 1 {
			t.first, _ = time.Parse(time.RFC3339, event.Get("eventTime").Text()) // a record need not say when it was
		}
		if found.candidate {
			t.candidates++
		}
		matched = found.rules
		for _, rule := range matched {
			t.matches++
			i.metrics.Count(matches, 1, emf.Dimension{Name: "Rule", Value: rule.Key})
			m, err := i.describe(rule, event, alert.Location{Bucket: s.bucket, File: s.key, Record: record.Index})
			if err != nil {
				box.lost.add(err)
				continue
			}
			if box.add(i.sending, m); box.broken != nil {
				return nil // the rest is read when the event comes again
			}
		}
	}
}

// trial is what the rules say of a record.
type trial struct {
	rules     []*runtime.Rule // that match, by key
	candidate bool            // it was parsed, or matches
}

// try holds a record against the rules. One that cannot be read is an error if it
// is a candidate, and so is one on which the program panics: a bug on one record
// must not keep the others from being read.
func (i *invocation) try(e *runtime.Event, dst []*runtime.Rule) (found trial, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = i.bug(p)
		}
	}()
	found.rules = i.set.Match(dst, e)
	if found.candidate = len(found.rules) > 0 || e.Parsed(); !found.candidate {
		return found, nil // no rule can match it, whatever else it holds
	}
	if err := e.Err(); err != nil {
		return trial{}, withoutContent(err)
	}
	slices.SortFunc(found.rules, func(a, b *runtime.Rule) int { return cmp.Compare(a.Key, b.Key) })
	return found, nil
}

// describe returns the message about a match.
func (i *invocation) describe(rule *runtime.Rule, e *runtime.Event, at alert.Location) (m message, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("finding of rule %s on record %d: %w", rule.Key, at.Record, i.bug(p))
		}
	}()
	finding := alert.NewFinding(rule, e, at)
	finding.Raw = e.Raw() // newMessage copies it before the reader goes on
	return newMessage(finding)
}

// bug makes a panic an error, and writes the way to it into the log. What a
// matcher may have said in it is left out of both: it may repeat the record.
func (i *invocation) bug(p any) error {
	err := fmt.Errorf("a bug: panic of type %T", p)
	if failure, ok := p.(interface {
		error
		RuntimeError()
	}); ok {
		err = fmt.Errorf("a bug: panic: %w", failure) // of Go itself, as about an index
	}
	i.logger.ErrorContext(i.reading, "panic", "error", err.Error(), "stack", string(debug.Stack()))
	return err
}

// loggedRecords bounds the lines about single records of one source: a broken
// file may have as many of them as it has lines.
const loggedRecords = 10

// refused counts what stands in the place of a record and cannot be read as
// one, and writes a line about it. What is no record at all is no loss;
// anything else fails the source.
func (i *invocation) refused(s source, bad *cloudtrail.RecordError, t *tally, unreadable *problems) {
	message, level, seen := "record unreadable", slog.LevelError, &t.unreadable
	if errors.Is(bad, cloudtrail.ErrNotRecord) {
		message, level, seen = "record skipped", slog.LevelWarn, &t.notRecords
	} else {
		unreadable.add(bad)
	}
	if *seen++; *seen <= loggedRecords {
		i.logger.LogAttrs(i.reading, level, message, slog.String("bucket", s.bucket), slog.String("key", s.key),
			slog.Int("record", bad.Index), slog.String("reason", bad.Err.Error()))
	}
}

// withoutContent returns what a parser says, without the text that it quotes:
// no part of a record belongs in a log.
func withoutContent(err error) error {
	reason, _, _ := strings.Cut(err.Error(), `: "`)
	return errors.New(reason)
}
