package analyzer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// send puts messages of the sizes into an outbox and flushes it. Message i begins with its number.
func send(b *bench, sizes ...int) (box *outbox, lost *problems) {
	lost = new(problems)
	box = &outbox{queue: b.live, lost: lost}
	for i, size := range sizes {
		id := fmt.Sprintf("m%d", i)
		box.add(context.Background(), message{id: id, body: id + strings.Repeat(" ", size-len(id))})
	}
	box.flush(context.Background())
	return box, lost
}

// ids writes the batches as the numbers of their messages.
func ids(batches [][]string) string {
	var all []string
	for _, batch := range batches {
		var one []string
		for _, body := range batch {
			one = append(one, strings.TrimSpace(body)[1:])
		}
		all = append(all, strings.Join(one, " "))
	}
	return strings.Join(all, " | ")
}

func TestBatchesAreBounded(t *testing.T) {
	const whole = 262_144
	for _, c := range []struct {
		name  string
		sizes []int
		want  string
	}{
		{"nothing is sent for nothing", nil, ""},
		{"ten fit into a batch", []int{9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, "0 1 2 3 4 5 6 7 8 9"},
		{"the eleventh begins another", []int{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}, "0 1 2 3 4 5 6 7 8 9 | 10"},
		{"bytes fill a batch to the last", []int{whole - 9, 9}, "0 1"},
		{"one byte more begins another", []int{whole - 9, 10, 9}, "0 | 1 2"},
		{"messages of the largest size go alone", []int{whole, whole, 9}, "0 | 1 | 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			box, lost := send(b, c.sizes...)
			if got := ids(b.batches); got != c.want {
				t.Errorf("batches %s, want %s", got, c.want)
			}
			if box.sent != len(c.sizes) || box.broken != nil || lost.n != 0 || len(b.slept) != 0 {
				t.Errorf("sent %d of %d, broken: %v, lost: %v, slept %v", box.sent, len(c.sizes), box.broken, lost.err(""), b.slept)
			}
		})
	}
}

func TestOnlyFailedEntriesAreSentAgain(t *testing.T) {
	throttled := func() *types.BatchResultErrorEntry {
		return &types.BatchResultErrorEntry{Code: aws.String("ThrottlingException"), Message: aws.String("slow down")}
	}
	const ms = time.Millisecond
	for _, c := range []struct {
		name   string
		answer func(call int, body string) *types.BatchResultErrorEntry
		calls  string
		sent   int
		lost   string
		slept  []time.Duration
	}{
		{"entries that fail once are taken the second time", func(call int, body string) *types.BatchResultErrorEntry {
			if call == 1 && strings.HasPrefix(body, "m1") || call <= 2 && strings.HasPrefix(body, "m3") {
				return throttled()
			}
			return nil
		}, "0 1 2 3 | 1 3 | 3", 4, "", []time.Duration{100 * ms, 200 * ms}},
		{"retries are bounded, and the others are taken", func(_ int, body string) *types.BatchResultErrorEntry {
			if strings.HasPrefix(body, "m2") {
				return throttled()
			}
			return nil
		}, "0 1 2 3 | 2 | 2 | 2 | 2", 3, "1 not sent: finding m2: not taken by SQS in 5 attempts: ThrottlingException: slow down", []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms}},
		{"the sender's fault is not sent again", func(_ int, body string) *types.BatchResultErrorEntry {
			if strings.HasPrefix(body, "m0") {
				return &types.BatchResultErrorEntry{Code: aws.String("InvalidMessageContents"), SenderFault: true}
			}
			return nil
		}, "0 1 2 3", 3, "1 not sent: finding m0: refused by SQS: InvalidMessageContents: ", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.answer = c.answer
			box, lost := send(b, 9, 9, 9, 9)
			if got := ids(b.calls); got != c.calls {
				t.Errorf("calls %s, want %s", got, c.calls)
			}
			got := ""
			if err := lost.err("not sent"); err != nil {
				got = err.Error()
			}
			if box.sent != c.sent || got != c.lost || box.broken != nil {
				t.Errorf("sent %d, want %d; lost %q, want %q; broken: %v", box.sent, c.sent, got, c.lost, box.broken)
			}
			if diff := cmp.Diff(c.slept, b.slept); diff != "" {
				t.Errorf("slept (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnEntryMissingInTheAnswerIsSentAgain(t *testing.T) {
	b := newBench(t)
	calls := 0
	b.live.client = fakeSQS{func(ctx context.Context, _ string, entries []types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
		if calls++; calls == 1 {
			return &sqs.SendMessageBatchOutput{Successful: []types.SendMessageBatchResultEntry{{Id: entries[1].Id}, {Id: nil}}}, nil
		}
		return b.take(ctx, "", entries)
	}}
	if box, lost := send(b, 9, 9, 9); box.sent != 3 || lost.n != 0 || ids(b.batches) != "0 2" {
		t.Errorf("sent %d, lost %d, second call %s; want 3, 0 and 0 2", box.sent, lost.n, ids(b.batches))
	}
}

func TestACallThatFailsEndsTheObject(t *testing.T) {
	down := errors.New("no such host")
	b := newBench(t)
	calls := 0
	b.live.client = fakeSQS{func(context.Context, string, []types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
		calls++
		return nil, down
	}}
	var records []string
	for i := range 50 {
		records = append(records, event(fmt.Sprint("e", i), "CreateUser", ""))
	}
	b.files["logs/a.json"], b.files["logs/b.json"] = file(records...), file(records...)
	_, err := b.handle(t.Context(), notice("a.json", "b.json"))
	for _, says := range []string{"logs/a.json: send 10 findings: no such host", "logs/b.json: send 10 findings: no such host"} {
		if !errors.Is(err, down) || !strings.Contains(err.Error(), says) {
			t.Errorf("error: %v, want one that wraps %v and says %s", err, down, says)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want one for each object: the SDK repeats them", calls)
	}
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	b := newBench(t)
	b.answer = func(int, string) *types.BatchResultErrorEntry { return &types.BatchResultErrorEntry{} }
	b.live.sleep = func(context.Context, time.Duration) error { return errNoTime }
	if box, _ := send(b, 9, 9); !errors.Is(box.broken, errNoTime) || !strings.Contains(box.broken.Error(), "send 2 findings again") {
		t.Errorf("error: %v, want one that wraps %v", box.broken, errNoTime)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errNoTime)
	if err := sleep(ctx, time.Hour); err != errNoTime {
		t.Errorf("sleep: %v, want %v", err, errNoTime)
	}
	for range 1000 {
		if d := jitter(time.Second); d <= 0 || d > time.Second {
			t.Fatalf("jitter(1s) = %v", d)
		}
	}
}
