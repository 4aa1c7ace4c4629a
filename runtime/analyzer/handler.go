package analyzer

import (
	"bytes"
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

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
	"github.com/trailalerts/trailalerts/runtime/internal/shadow"
)

// objectGetter is what the analyzer needs of S3.
type objectGetter interface {
	GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

type handler struct {
	set     runtime.Ruleset
	objects objectGetter
	live    *queue
	shadow  *queue // nil when SHADOW_SQS_QUEUE_URL is not set
	prefix  string // keys of objects that are read begin with it
	now     func() time.Time
	logger  *slog.Logger

	out     io.Writer // of metrics, which are lines beside those of the logger
	metrics emf.Batch // what those of an invocation begin with
}

// errNoTime says why work was left undone.
var errNoTime = errors.New("the time of the invocation is nearly over")

// handle analyzes what an event leads to. It goes through all of it whatever
// becomes of one source. Of a batch of SQS messages it names those that are to be
// delivered again; for any other event it returns everything that went wrong, so
// that Lambda repeats the event.
func (h *handler) handle(ctx context.Context, event json.RawMessage) (any, error) {
	queue, metrics := h.live, h.metrics
	if shadow.Invoked(ctx) {
		queue, metrics.Namespace = h.shadow, shadow.Namespace(metrics.Namespace)
	}
	if queue == nil {
		return nil, errors.New("invoked through the alias shadow, and SHADOW_SQS_QUEUE_URL is not set")
	}
	reading, sending, cancel := stages(ctx)
	defer cancel()
	i := invocation{handler: h, reading: reading, sending: sending, queue: queue, metrics: &metrics}
	for _, name := range []string{recordsScanned, matches, objectsRead, objectsFailed, eventsSkipped, findingsSent} {
		metrics.Count(name, 0) // an alarm on a metric needs its zeros
	}
	defer func() {
		if err := metrics.Write(h.out, h.now()); err != nil {
			h.logger.ErrorContext(ctx, "metrics not written", "error", err.Error())
		}
	}()
	batch, ok := messages(event)
	if !ok {
		return nil, i.do(unwrap(event))
	}
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range batch {
		if err := i.do(unwrap([]byte(m.Body))); err != nil {
			// The response carries no reason, so this line is where it is told.
			h.logger.ErrorContext(ctx, "message failed", "message_id", m.MessageID, "error", err.Error())
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageID})
		}
	}
	return response, nil
}

// An invocation is one call of the function.
type invocation struct {
	*handler
	reading, sending context.Context
	queue            *queue
	metrics          *emf.Batch
}

// The metrics of the function. All but the last are counts.
const (
	recordsScanned = "RecordsScanned"       // records that could be read
	matches        = "Matches"              // of a rule on a record; also by Rule
	objectsRead    = "ObjectsRead"          // objects, and records by EventBridge, that were read to the end
	objectsFailed  = "ObjectsFailed"        // those that were not, or held an unreadable record, or whose findings were not all sent
	eventsSkipped  = "EventsSkipped"        // events, or parts of one, that the function does not know
	findingsSent   = "FindingsSent"         // that the queue took
	deliveryDelay  = "DeliveryDelaySeconds" // from the first record of an object to its being read
)

// do analyzes what an event, or one message of a batch, leads to.
func (i *invocation) do(w work) error {
	for _, s := range w.skips {
		level := slog.LevelInfo
		if s.unknown {
			level = slog.LevelWarn
			i.metrics.Count(eventsSkipped, 1)
		}
		i.logger.LogAttrs(i.reading, level, "skipped", slog.String("bucket", s.bucket), slog.String("key", s.key), slog.String("reason", s.reason))
	}
	errs := []error{w.err()}
	for n, s := range w.sources {
		if i.reading.Err() != nil {
			errs = append(errs, fmt.Errorf("not read: %s: %w", list(w.sources[n:]), context.Cause(i.reading)))
			break
		}
		if !strings.HasPrefix(s.key, i.prefix) && s.record == nil {
			i.logger.LogAttrs(i.reading, slog.LevelInfo, "skipped", slog.String("bucket", s.bucket), slog.String("key", s.key),
				slog.String("reason", "its key does not begin with "+i.prefix))
			continue
		}
		if err := i.analyze(s); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s, err))
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

// tally counts what was found in one source.
type tally struct {
	records    int       // that could be read
	candidates int       // of the records: those that the dispatch gave to a rule
	unreadable int       // records that could not be read
	notRecords int       // values in the place of a record that are none
	skipped    string    // why the source was skipped; "" when it was not
	matches    int       // of a rule on a record; each is a finding
	sent       int       // findings that the queue took
	first      time.Time // eventTime of the first record; zero when it has none
}

// analyze reads one source, and writes one line about it.
func (i *invocation) analyze(s source) error {
	begun := i.now()
	var t tally
	err := i.read(s, &t)
	ended := i.now()
	attrs := []slog.Attr{
		slog.String("bucket", s.bucket), slog.String("key", s.key),
		slog.Int("records", t.records), slog.Int("candidates", t.candidates), slog.Int("matches", t.matches), slog.Int("sent", t.sent), slog.Int("unreadable", t.unreadable),
		slog.Int64("ms", ended.Sub(begun).Milliseconds()), slog.Bool("failed", err != nil),
	}
	if !t.first.IsZero() {
		attrs = append(attrs, slog.Int64("delay_s", int64(begun.Sub(t.first).Seconds())))
		i.metrics.Seconds(deliveryDelay, begun.Sub(t.first))
	}
	if t.notRecords > 0 {
		attrs = append(attrs, slog.Int("not_records", t.notRecords))
	}
	if t.skipped != "" {
		attrs = append(attrs, slog.String("skipped", t.skipped))
	}
	i.logger.LogAttrs(i.reading, slog.LevelInfo, "object", attrs...)
	i.metrics.Count(recordsScanned, t.records)
	i.metrics.Count(findingsSent, t.sent)
	if err != nil {
		i.metrics.Count(objectsFailed, 1)
	} else {
		i.metrics.Count(objectsRead, 1)
	}
	return err
}

// open returns the content of a source.
func (i *invocation) open(s source) (io.ReadCloser, error) {
	if s.record != nil {
		return io.NopCloser(bytes.NewReader(s.record)), nil
	}
	out, err := i.objects.GetObject(i.reading, &s3.GetObjectInput{Bucket: &s.bucket, Key: &s.key})
	if err != nil {
		return nil, fmt.Errorf("get: %w", err)
	}
	return out.Body, nil
}

// read streams the records of one source through the rules to the queue. What
// was found is sent whatever comes of the rest. Nothing is shared between
// sources, so invocations may run side by side.
func (i *invocation) read(s source, t *tally) error {
	body, err := i.open(s)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }() // it was only read; an error changes nothing

	var unreadable, lost problems
	box := &outbox{queue: i.queue, lost: &lost}
	readErr := i.scan(s, body, t, box, &unreadable)
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
func (i *invocation) scan(s source, file io.Reader, t *tally, box *outbox, unreadable *problems) error {
	// Stores and people unpack files without renaming them, and a retry would not
	// mend that: the first bytes tell whether a file is compressed.
	reader := cloudtrail.NewReader(file, cloudtrail.FormatOf(s.key).AnyCompression(), cloudtrail.Limits{})
	event := runtime.NewEvent(nil)
	var matched []*runtime.Rule
	for {
		if i.reading.Err() != nil {
			return context.Cause(i.reading)
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
		event.Reset(record.Raw)
		matched = i.set.Match(matched[:0], event)
		candidate := event.Parsed()
		if err := event.Err(); err != nil {
			i.refused(s, &cloudtrail.RecordError{Index: record.Index, Err: withoutContent(err)}, t, unreadable)
			continue
		}
		if t.records++; t.records == 1 {
			t.first, _ = time.Parse(time.RFC3339, event.Get("eventTime").Text()) // a record need not say when it was
		}
		if candidate {
			t.candidates++
		}
		slices.SortFunc(matched, func(a, b *runtime.Rule) int { return cmp.Compare(a.Key, b.Key) })
		for _, rule := range matched {
			t.matches++
			i.metrics.Count(matches, 1, emf.Dimension{Name: "Rule", Value: rule.Key})
			finding := alert.NewFinding(rule, event, alert.Location{Bucket: s.bucket, File: s.key, Record: record.Index})
			finding.Raw = record.Raw // newMessage copies it before the reader goes on
			m, err := newMessage(finding)
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

func list(sources []source) string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}
