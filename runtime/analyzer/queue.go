package analyzer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

const (
	maxEntries = 10         // of one SendMessageBatch
	maxBytes   = 256 * 1024 // of one message, and of one batch; SQS takes 1 MiB by now, but older queues keep this bound
	attempts   = 5          // to send an entry
	firstWait  = time.Second / 10
	maxWait    = 2 * time.Second
	callTime   = 10 * time.Second // for one call, with the retries of the SDK
)

// batchSender is what the analyzer needs of SQS.
type batchSender interface {
	SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, options ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// A queue sends batches of messages to one SQS queue.
type queue struct {
	client batchSender
	url    string
	sleep  func(context.Context, time.Duration) error
	jitter func(time.Duration) time.Duration // spreads a waiting time
}

// send sends at most maxEntries messages of maxBytes together. SQS takes or
// fails each entry for itself; only those that failed are sent again, and not
// those that it calls the sender's fault, since they would fail again.
//
// Entries that were given up are added to lost; sent counts the others. The
// error is about the call as a whole, which the SDK has repeated by then: there
// is no use in trying the next batch.
func (q *queue) send(ctx context.Context, batch []message, lost *problems) (sent int, err error) {
	pending := batch
	for attempt := 1; ; attempt++ {
		failed, err := q.try(ctx, pending)
		if err != nil {
			return sent, fmt.Errorf("send %d findings: %w", len(pending), err)
		}
		sent += len(pending) - len(failed)
		pending = nil
		for _, f := range failed {
			switch {
			case f.senderFault:
				lost.add(fmt.Errorf("finding %s: refused by SQS: %w", f.message.id, f.err))
			case attempt == attempts:
				lost.add(fmt.Errorf("finding %s: not taken by SQS in %d attempts: %w", f.message.id, attempts, f.err))
			default:
				pending = append(pending, f.message)
			}
		}
		if len(pending) == 0 {
			return sent, nil
		}
		wait := min(firstWait<<(attempt-1), maxWait)
		if err := q.sleep(ctx, q.jitter(wait)); err != nil {
			return sent, fmt.Errorf("send %d findings again: %w", len(pending), err)
		}
	}
}

// failure is an entry that SQS did not take.
type failure struct {
	message     message
	senderFault bool
	err         error
}

// try sends a batch once. An entry that the answer does not call successful
// has failed, also when the answer does not mention it.
func (q *queue) try(ctx context.Context, batch []message) ([]failure, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	entries := make([]types.SendMessageBatchRequestEntry, len(batch))
	for i, m := range batch {
		entries[i] = types.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String(m.body)}
	}
	out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, entry := range out.Successful {
		taken[aws.ToString(entry.Id)] = true
	}
	reasons := map[string]types.BatchResultErrorEntry{}
	for _, entry := range out.Failed {
		reasons[aws.ToString(entry.Id)] = entry
	}
	var failed []failure
	for i, m := range batch {
		id := strconv.Itoa(i)
		if taken[id] {
			continue
		}
		f := failure{message: m, err: errors.New("it is missing in the answer")}
		if reason, ok := reasons[id]; ok {
			f.senderFault = reason.SenderFault
			f.err = fmt.Errorf("%s: %s", aws.ToString(reason.Code), clip(aws.ToString(reason.Message)))
		}
		failed = append(failed, f)
	}
	return failed, nil
}

// An outbox gathers messages into batches.
type outbox struct {
	queue   *queue
	pending []message
	bytes   int
	sent    int
	lost    *problems // entries that were given up
	broken  error     // a call failed as a whole; nothing more is sent
}

// add takes one more message, and sends the gathered ones first when it does
// not fit to them.
func (b *outbox) add(ctx context.Context, m message) {
	if len(b.pending) == maxEntries || b.bytes+len(m.body) > maxBytes {
		b.flush(ctx)
	}
	b.pending = append(b.pending, m)
	b.bytes += len(m.body)
}

// flush sends what was gathered, unless the queue is out of reach.
func (b *outbox) flush(ctx context.Context) {
	if len(b.pending) > 0 && b.broken == nil {
		var sent int
		sent, b.broken = b.queue.send(ctx, b.pending, b.lost)
		b.sent += sent
	}
	b.pending, b.bytes = b.pending[:0], 0
}

// problems collects what went wrong with the parts of one object. It keeps the
// first few, since there can be as many as records.
type problems struct {
	kept []error
	n    int
}

func (p *problems) add(err error) {
	const most = 5
	if p.n++; p.n <= most {
		p.kept = append(p.kept, err)
	}
}

// err returns nil when there are no problems.
func (p *problems) err(what string) error {
	if p.n == 0 {
		return nil
	}
	more := ""
	if p.n > len(p.kept) {
		more = fmt.Sprintf("; the first %d are", len(p.kept))
	}
	return fmt.Errorf("%d %s%s: %w", p.n, what, more, errors.Join(p.kept...))
}
