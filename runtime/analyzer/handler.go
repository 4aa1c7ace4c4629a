package analyzer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/internal/emf"
	"github.com/trailalerts/trailalerts/runtime/internal/shadow"
)

// objectOpener is what the analyzer needs of S3: the content of an object, to be
// read until ctx ends. Its errors need not name the object.
type objectOpener interface {
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
}

type handler struct {
	set     runtime.Ruleset
	objects objectOpener
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
	queue, metrics, logger := h.live, h.metrics, h.logger
	if shadow.Invoked(ctx) {
		queue, metrics.Namespace, logger = h.shadow, shadow.Namespace(metrics.Namespace), logger.With("shadow", true)
	}
	if queue == nil {
		logger.ErrorContext(ctx, "event refused", "error", errNoShadow.Error())
		return nil, errNoShadow
	}
	reading, sending, cancel := stages(ctx)
	defer cancel()
	i := invocation{handler: h, logger: logger, reading: reading, sending: sending, queue: queue, metrics: &metrics}
	for _, name := range []string{recordsScanned, matches, objectsRead, eventsRead, objectsFailed, eventsSkipped, findingsSent} {
		metrics.Count(name, 0) // an alarm on a metric needs its zeros
	}
	defer func() {
		if err := metrics.Write(h.out, h.now()); err != nil {
			logger.ErrorContext(ctx, "metrics not written", "error", err.Error())
		}
	}()
	batch, ok := messages(event)
	if !ok {
		err := i.do(unwrap(event), 0)
		if err != nil {
			logger.ErrorContext(ctx, "event failed", "error", clipTo(err.Error(), loggedError))
		}
		return nil, err
	}
	response := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for n, m := range batch {
		if err := i.do(unwrap([]byte(m.Body)), len(batch)-n-1); err != nil {
			// The response carries no reason, so this line is where it is told.
			logger.ErrorContext(ctx, "message failed", "message_id", m.MessageID, "error", clipTo(err.Error(), loggedError))
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageID})
		}
	}
	return response, nil
}

var errNoShadow = errors.New("invoked through the alias shadow, and SHADOW_SQS_QUEUE_URL is not set")

// loggedError is how many bytes of an error a line repeats: a notification may
// name thousands of objects.
const loggedError = 2000

// An invocation is one call of the function.
type invocation struct {
	*handler
	logger           *slog.Logger
	reading, sending context.Context
	queue            *queue
	metrics          *emf.Batch
}

// The metrics of the function. All but the last are counts.
const (
	recordsScanned = "RecordsScanned"       // records that could be read
	matches        = "Matches"              // of a rule on a record; also by Rule
	objectsRead    = "ObjectsRead"          // that were read to the end; none of them for an hour means that files do not arrive
	eventsRead     = "EventsRead"           // records by EventBridge that were read
	objectsFailed  = "ObjectsFailed"        // objects and such records that were not, or held an unreadable record, or whose findings were not all sent
	eventsSkipped  = "EventsSkipped"        // events, or parts of one, that the function does not know
	findingsSent   = "FindingsSent"         // that the queue took
	deliveryDelay  = "DeliveryDelaySeconds" // from the first record of an object to its being read
)

// do analyzes what an event, or one message of a batch, leads to. So many messages
// wait behind it.
func (i *invocation) do(w work, waiting int) error {
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
		if err := i.analyze(s, waiting+len(w.sources)-n-1); err != nil {
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
	candidates int       // of the records: those that were parsed, or match
	unreadable int       // records that could not be read
	notRecords int       // values in the place of a record that are none
	skipped    string    // why the source was skipped; "" when it was not
	matches    int       // of a rule on a record; each is a finding
	sent       int       // findings that the queue took
	first      time.Time // eventTime of the first record; zero when it has none
}

// errSlow says why a source was not read to its end.
var errSlow = errors.New("it took half of the time that was left, and others wait")

// patience returns the context for reading a source when others wait behind it:
// one that hangs must not take the time of all.
func (i *invocation) patience(waiting int) (context.Context, context.CancelFunc) {
	deadline, bounded := i.reading.Deadline()
	if !bounded || waiting == 0 {
		return i.reading, func() {}
	}
	return context.WithTimeoutCause(i.reading, time.Until(deadline)/2, errSlow)
}

// analyze reads one source, behind which others wait, and writes one line about
// it.
func (i *invocation) analyze(s source, waiting int) error {
	begun := i.now()
	reading, cancel := i.patience(waiting)
	defer cancel()
	var t tally
	err := i.read(reading, s, &t)
	ended := i.now()
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("bucket", s.bucket), slog.String("key", s.key),
		slog.Int("records", t.records), slog.Int("candidates", t.candidates), slog.Int("matches", t.matches), slog.Int("sent", t.sent), slog.Int("unreadable", t.unreadable),
		slog.Int64("ms", ended.Sub(begun).Milliseconds()), slog.Bool("failed", err != nil),
	}
	if !t.first.IsZero() {
		delay := max(0, begun.Sub(t.first)) // clocks differ, and a record may claim any time
		attrs = append(attrs, slog.Int64("delay_s", int64(delay.Seconds())))
		i.metrics.Seconds(deliveryDelay, delay)
	}
	if t.notRecords > 0 {
		attrs = append(attrs, slog.Int("not_records", t.notRecords))
	}
	if t.skipped != "" {
		attrs = append(attrs, slog.String("skipped", t.skipped))
	}
	i.metrics.Count(recordsScanned, t.records)
	i.metrics.Count(findingsSent, t.sent)
	switch {
	case err != nil:
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", clipTo(err.Error(), loggedError)))
		i.metrics.Count(objectsFailed, 1)
	case s.record != nil:
		i.metrics.Count(eventsRead, 1)
	default:
		i.metrics.Count(objectsRead, 1)
	}
	i.logger.LogAttrs(i.reading, level, "object", attrs...)
	return err
}

// open returns the content of a source.
func (i *invocation) open(reading context.Context, s source) (io.ReadCloser, error) {
	if s.record != nil {
		return io.NopCloser(bytes.NewReader(s.record)), nil
	}
	body, err := i.objects.Open(reading, s.bucket, s.key)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	return body, nil
}

func list(sources []source) string {
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = s.String()
	}
	return strings.Join(names, ", ")
}
