package alert

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"
)

// A Reader is the part of a Store that reads.
type Reader interface {
	Get(ctx context.Context, partition, sort string) (Item, error)
	Query(ctx context.Context, r Range) ([]Item, error)
}

// A Lister is a Store that a person can look through.
type Lister interface {
	// Items goes through the items of a sort key whose partition begins with a
	// text, each once, in any order. A Put meanwhile may or may not be seen.
	// After an error it ends.
	Items(ctx context.Context, partition, sort string) iter.Seq2[Item, error]
}

// An Explanation is what a Store knows about a finding.
type Explanation struct {
	Finding    Finding // without Raw where nothing was alerted
	Outcome    Outcome
	Why        []string
	Release    Release // that has decided; zero when it did not write that down
	Alerts     []Alert
	Deliveries []Sending
}

// Sending says how the sending of an alert to a channel stands.
type Sending struct {
	Alert    string // its ID
	Channel  string
	Status   string    // "sent"; "failed": nothing was sent; "unknown": it may have been; "claimed": it is under way, or its sender has died
	Sent     time.Time // zero unless the channel has accepted it
	Attempts int
	Unknown  int    // how often the outcome of an attempt was never written down
	Error    string // of the last attempt
}

// Explain returns what became of the finding of that ID, and false when the store
// does not know it, or it is not decided yet.
func Explain(ctx context.Context, store Reader, id string) (Explanation, bool, error) {
	item, err := store.Get(ctx, bounded(findingPartition(id), maxPartition), decisionSort)
	if err != nil || item.Version == 0 {
		return Explanation{}, false, err
	}
	e, decided, err := explainItem(item)
	if err != nil || !decided {
		return Explanation{}, false, err
	}
	for i := range e.Alerts {
		found, err := sendings(ctx, store, e.Alerts[i].ID())
		if err != nil {
			return Explanation{}, false, err
		}
		e.Deliveries = append(e.Deliveries, found...)
	}
	return e, true, nil
}

// explainItem reads the decision about a finding; false: there is none yet.
func explainItem(item Item) (Explanation, bool, error) {
	rec, err := decode[record](item)
	if err != nil || rec.Outcome == "" {
		return Explanation{}, false, err
	}
	rec.restore()
	return Explanation{Finding: rec.Finding, Outcome: rec.Outcome, Why: rec.Why, Release: rec.Release, Alerts: rec.Alerts}, true, nil
}

// Decisions goes through what became of all findings, in the order in which the
// store lists items; those that are not decided yet are left out. The explanations
// have no Deliveries. After an error it ends.
func Decisions(ctx context.Context, store Lister) iter.Seq2[Explanation, error] {
	return func(yield func(Explanation, error) bool) {
		for item, err := range store.Items(ctx, findingPartition(""), decisionSort) {
			var e Explanation
			decided := false
			if err == nil {
				e, decided, err = explainItem(item)
			}
			if err != nil {
				yield(Explanation{}, err)
				return
			}
			if decided && !yield(e, nil) {
				return
			}
		}
	}
}

// sendings returns how the sending of an alert stands, by channel.
func sendings(ctx context.Context, store Reader, alert string) ([]Sending, error) {
	items, err := store.Query(ctx, Range{Partition: bounded(deliveryPartition(alert), maxPartition), To: strings.Repeat("~", 10)})
	if err != nil {
		return nil, err
	}
	list := make([]Sending, len(items))
	for i, item := range items {
		d, err := decode[delivery](item)
		if err != nil {
			return nil, err
		}
		list[i] = Sending{Alert: alert, Channel: item.Sort, Status: d.Status, Sent: d.Sent, Attempts: d.Attempts, Unknown: d.Unknown, Error: d.Error}
	}
	return list, nil
}

// Path names the file as commands do: s3://bucket/key for an object.
func (l Location) Path() string {
	if l.Bucket == "" {
		return l.File
	}
	return "s3://" + l.Bucket + "/" + l.File
}

// Lines returns the explanation as text, for a terminal.
func (e *Explanation) Lines() []string {
	event := &e.Finding.Event
	lines := []string{
		fmt.Sprintf("finding %s: %s", e.Finding.ID(), e.Outcome),
		fmt.Sprintf("  %s %s%s%s, %s record %d", event.Time, event.Name, after(" by ", event.Actor), after(" from ", event.SourceIP), e.Finding.Location.Path(), e.Finding.Location.Record),
	}
	for _, why := range e.Why {
		lines = append(lines, "  "+why)
	}
	for i := range e.Alerts {
		a := &e.Alerts[i]
		id := a.ID()
		lines = append(lines, fmt.Sprintf("alert %s: %s, %s", id, SeverityName(a.Severity), a.Rule.Title))
		if a.Window != nil {
			for _, why := range a.Why {
				lines = append(lines, "  "+why)
			}
		}
		for _, r := range a.Related() {
			lines = append(lines, fmt.Sprintf("  related: %s %s, %s%s, %s record %d", r.Time.UTC().Format(time.RFC3339), r.Rule, r.EventName, after(" by ", r.Actor), r.Location.Path(), r.Location.Record))
		}
		for _, d := range e.Deliveries {
			if d.Alert != id {
				continue
			}
			line := fmt.Sprintf("  %s: %s", d.Channel, d.Status)
			if !d.Sent.IsZero() {
				line += " at " + d.Sent.UTC().Format(time.RFC3339)
			}
			if d.Attempts > 1 {
				line += fmt.Sprintf(" after %d attempts", d.Attempts)
			}
			if d.Unknown > 0 {
				line += fmt.Sprintf(", %d of unknown outcome", d.Unknown)
			}
			if d.Error != "" {
				line += ": " + d.Error
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// after puts words before a text that is there.
func after(words, text string) string {
	if text == "" {
		return ""
	}
	return words + text
}
