package alert

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// An Explanation is what a Store knows about a finding.
type Explanation struct {
	Finding    Finding // without Raw where nothing was alerted
	Outcome    Outcome
	Why        []string
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
// does not know it.
func Explain(ctx context.Context, store Store, id string) (Explanation, bool, error) {
	h := history{store: store}
	_, rec, err := load[record](ctx, h, findingPartition(id), decisionSort)
	if err != nil || rec.Outcome == "" { // unknown, or not decided yet
		return Explanation{}, false, err
	}
	rec.restore()
	e := Explanation{Finding: rec.Finding, Outcome: rec.Outcome, Why: rec.Why, Alerts: rec.Alerts}
	for i := range e.Alerts {
		found, err := sendings(ctx, store, e.Alerts[i].ID())
		if err != nil {
			return Explanation{}, false, err
		}
		e.Deliveries = append(e.Deliveries, found...)
	}
	return e, true, nil
}

// sendings returns how the sending of an alert stands, by channel.
func sendings(ctx context.Context, store Store, alert string) ([]Sending, error) {
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

// Lines returns the explanation as text, for a terminal.
func (e *Explanation) Lines() []string {
	event := &e.Finding.Event
	lines := []string{
		fmt.Sprintf("finding %s: %s", e.Finding.ID(), e.Outcome),
		fmt.Sprintf("  %s %s%s%s, %s record %d", event.Time, event.Name, after(" by ", event.Actor), after(" from ", event.SourceIP), e.Finding.Location.File, e.Finding.Location.Record),
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
			lines = append(lines, fmt.Sprintf("  related: %s %s, %s%s, %s record %d", r.Time.UTC().Format(time.RFC3339), r.Rule, r.EventName, after(" by ", r.Actor), r.Location.File, r.Location.Record))
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
