package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// A Report is what there is to say about a rule, and about it and a record.
type Report struct {
	Rule       string   `json:"rule"` // its key
	Title      string   `json:"title"`
	Level      string   `json:"level"`
	Path       string   `json:"path"`
	Conditions []string `json:"conditions"` // as written
	Tree       *Node    `json:"tree"`

	// CanMatch says whether any record can match: "possible", "impossible" or
	// "unknown", with the reason or an example. Empty where a record was given.
	CanMatch string          `json:"can_match,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Example  json.RawMessage `json:"example,omitempty"`

	Record *Record `json:"record,omitempty"`

	// Disagreement names what the compiled matcher says otherwise of the record or
	// the example: a bug of sigmagen.
	Disagreement string `json:"disagreement,omitempty"`
}

// A Record is what a rule says of a record.
type Record struct {
	Source    string `json:"source"` // where it comes from
	EventID   string `json:"event_id,omitempty"`
	EventTime string `json:"event_time,omitempty"`
	Match     bool   `json:"match"`
	Problem   string `json:"problem,omitempty"` // why it cannot be read, and matches nothing
	Miss      *Miss  `json:"nearest_miss,omitempty"`
}

// Rule reports on a rule alone. The explanation is that of the example, if there is
// one.
func Rule(r *plan.Rule) (Report, Explanation) {
	report := about(r)
	report.Tree = Tree(r)
	answer := prove.Rule(r)
	report.CanMatch = map[prove.Verdict]string{prove.Unknown: "unknown", prove.Possible: "possible", prove.Impossible: "impossible"}[answer.Verdict]
	report.Reason = answer.Reason
	if answer.Event == nil {
		return report, Explanation{}
	}
	example, err := json.Marshal(answer.Event)
	if err != nil {
		panic("explain: write a record: " + err.Error())
	}
	report.Example = example
	return report, Event(r, example)
}

// RuleOn reports on a rule and a record, as JSON text. source says where that is from.
func RuleOn(r *plan.Rule, source string, record []byte) (Report, Explanation) {
	report, e := about(r), Event(r, record)
	report.Tree = e.Tree
	if e.Tree == nil {
		report.Tree = Tree(r)
	}
	var known struct{ EventID, EventTime string }
	_ = json.Unmarshal(record, &known) // what cannot be read is not known
	report.Record = &Record{Source: source, EventID: known.EventID, EventTime: known.EventTime, Match: e.Match, Problem: e.Problem, Miss: e.Miss}
	return report, e
}

func about(r *plan.Rule) Report {
	report := Report{Rule: r.Syntax.Key, Title: r.Syntax.Title.Value, Level: r.Level, Path: r.Syntax.Path}
	for _, c := range r.Conditions {
		report.Conditions = append(report.Conditions, strings.Join(strings.Fields(c.Text), " "))
	}
	return report
}

// WriteText writes a report for people.
func (r Report) WriteText(w io.Writer) error {
	var b bytes.Buffer
	line := func(format string, args ...any) { b.WriteString(diag.Printable(fmt.Sprintf(format, args...)) + "\n") }
	line("%s (%s): %s", r.Rule, r.Level, r.Title)
	line("%s", r.Path)
	for _, c := range r.Conditions {
		line("condition: %s", c)
	}
	b.WriteByte('\n')
	if r.Record != nil {
		r.Record.writeVerdict(line)
	}
	b.WriteString(r.Tree.Text())
	switch {
	case r.Record != nil && r.Record.Miss != nil:
		b.WriteString("\n" + r.Record.Miss.Text())
	case r.CanMatch == "impossible":
		b.WriteByte('\n')
		line("no record can match it: %s", r.Reason)
	case r.CanMatch == "unknown":
		b.WriteByte('\n')
		line("whether a record can match it was not decided: %s", r.Reason)
	case r.CanMatch == "possible":
		b.WriteString("\nfor example, this matches:\n")
		if err := diag.EncodeJSON(&b, "  ", r.Example); err != nil {
			return err
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func (r *Record) writeVerdict(line func(string, ...any)) {
	verdict := "does not match"
	if r.Match {
		verdict = "matches"
	}
	if r.Problem != "" {
		line("%s cannot be read, and matches nothing: %s", r.Source, r.Problem)
		return
	}
	line("%s (event %s, %s) %s", r.Source, cmp.Or(r.EventID, "without an id"), cmp.Or(r.EventTime, "without a time"), verdict)
}
