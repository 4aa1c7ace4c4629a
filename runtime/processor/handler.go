package processor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/trailalerts/trailalerts/runtime/internal/shadow"
)

type handler struct {
	live   *lane
	shadow *lane // nil when SHADOW_DYNAMODB_TABLE_NAME is not set
}

// handle processes a batch of messages. Those that could not be processed are
// named in the response, so that SQS delivers them again, and moves them to the
// dead-letter queue when that does not help, while the others are done with. Of
// what is no batch of SQS messages nothing is processed; the error says what it is.
func (h *handler) handle(ctx context.Context, event json.RawMessage) (events.SQSEventResponse, error) {
	of := h.live
	if shadow.Invoked(ctx) {
		of = h.shadow
	}
	err := errNoShadow
	if of != nil {
		var batch []events.SQSMessage
		if batch, err = parseBatch(event); err == nil {
			return of.handle(ctx, batch), nil
		}
	}
	// Whoever sent the event may not look at what comes back.
	h.live.log(ctx, slog.LevelError, "event refused", slog.String("error", clip(err.Error())))
	return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}, err
}

var errNoShadow = errors.New("invoked through the alias shadow, and SHADOW_DYNAMODB_TABLE_NAME is not set")

// parseBatch reads the event of a function that an SQS queue invokes.
func parseBatch(event json.RawMessage) ([]events.SQSMessage, error) {
	const accepted = "this release accepts batches of SQS messages"
	var members map[string]json.RawMessage
	if err := json.Unmarshal(event, &members); err != nil {
		return nil, fmt.Errorf("the event is no JSON object: %s", accepted)
	}
	if records := bytes.TrimSpace(members["Records"]); len(records) == 0 || records[0] != '[' {
		return nil, fmt.Errorf("the event has no Records, but %s: %s; to try the function, send a finding to its queue", names(members), accepted)
	}
	var batch events.SQSEvent
	if err := json.Unmarshal(event, &batch); err != nil {
		return nil, fmt.Errorf("the event is no batch of SQS messages: %w", err)
	}
	if len(batch.Records) == 0 {
		return nil, fmt.Errorf("the event has no Records: %s", accepted)
	}
	for i, m := range batch.Records {
		if m.EventSource != "aws:sqs" {
			return nil, fmt.Errorf("record %d of the event has the eventSource %q: %s (aws:sqs)", i, clip(m.EventSource), accepted)
		}
	}
	return batch.Records, nil
}

// names lists the members of an object, so that a person sees what was sent.
func names(members map[string]json.RawMessage) string {
	if len(members) == 0 {
		return "nothing"
	}
	var list []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		list = append(list, fmt.Sprintf("%q", clip(name)))
	}
	const most = 10
	if len(list) > most {
		list = append(list[:most], "...")
	}
	return strings.Join(list, ", ")
}

// clip bounds what a line repeats of a text from outside.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
