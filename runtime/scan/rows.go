package scan

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// printer writes alerts in one format. With --matches the decisions of the
// alerts are empty and left out.
type printer interface {
	print(*alert.Alert) error
	end(records int, readAll bool) error
}

func newPrinter(o options, s streams, dest *destination, set runtime.Ruleset, rep *report) printer {
	decided := o.mode != modeMatches
	switch o.format {
	case formatJSONL:
		encoder := json.NewEncoder(dest)
		encoder.SetEscapeHTML(false)
		return &jsonlPrinter{encoder: encoder, decided: decided}
	case formatCSV:
		return &csvPrinter{writer: csv.NewWriter(dest), decided: decided}
	case formatHTML:
		return &htmlPrinter{options: o, dest: dest, release: alert.ThisRelease(set.Hash), now: s.now, report: rep}
	default:
		if o.why && decided {
			return &whyPrinter{dest: dest}
		}
		t := &tablePrinter{dest: dest, width: s.width, color: s.color, decided: decided}
		if o.output != "" {
			t.width, t.color = plainWidth, false
		}
		return t
	}
}

// matchRow is a match as one JSON object. The order of its fields is part of
// the contract.
type matchRow struct {
	RuleID      string `json:"rule_id"`
	Rule        string `json:"rule"`
	Title       string `json:"title"`
	Level       string `json:"level"`
	File        string `json:"file"`
	Record      int    `json:"record"`
	EventID     string `json:"event_id"`
	EventTime   string `json:"event_time"`
	EventSource string `json:"event_source"`
	EventName   string `json:"event_name"`
	AccountID   string `json:"account_id"`
	Region      string `json:"region"`
	Actor       string `json:"actor"`
	SourceIP    string `json:"source_ip"`
}

// alertRow is an alert as one JSON object.
type alertRow struct {
	matchRow
	Severity   string       `json:"severity"`
	Name       string       `json:"name"`
	Related    []relatedRow `json:"related"`
	Suppressed int          `json:"suppressed"`
	Why        []string     `json:"why"`
}

// relatedRow names a match that an alert goes back to.
type relatedRow struct {
	File   string `json:"file"`
	Record int    `json:"record"`
	Rule   string `json:"rule"`
}

func newMatchRow(f *alert.Finding) matchRow {
	return matchRow{
		RuleID: f.Rule.ID, Rule: f.Rule.Key, Title: f.Rule.Title, Level: f.Rule.Level.String(),
		File: f.Location.Path(), Record: f.Location.Record,
		EventID: f.Event.ID, EventTime: f.Event.Time, EventSource: f.Event.Source, EventName: f.Event.Name,
		AccountID: f.Event.AccountID, Region: f.Event.Region, Actor: f.Event.Actor, SourceIP: f.Event.SourceIP,
	}
}

func newAlertRow(a *alert.Alert) alertRow {
	related := []relatedRow{}
	for _, r := range a.Related() {
		related = append(related, relatedRow{r.Location.Path(), r.Location.Record, r.Rule})
	}
	return alertRow{
		matchRow: newMatchRow(&a.Finding), Severity: alert.SeverityName(a.Severity), Name: a.Rule.Name,
		Related: related, Suppressed: a.Suppressed, Why: append([]string{}, a.Why...),
	}
}

type jsonlPrinter struct {
	encoder *json.Encoder
	decided bool
}

func (p *jsonlPrinter) print(a *alert.Alert) error {
	if p.decided {
		return p.encoder.Encode(newAlertRow(a))
	}
	return p.encoder.Encode(newMatchRow(&a.Finding))
}

func (p *jsonlPrinter) end(int, bool) error { return nil }

type csvPrinter struct {
	writer  *csv.Writer
	decided bool
	begun   bool
}

func (p *csvPrinter) begin() error {
	if p.begun {
		return nil
	}
	p.begun = true
	header := []string{
		"rule_id", "rule", "title", "level", "file", "record", "event_id", "event_time",
		"event_source", "event_name", "account_id", "region", "actor", "source_ip",
	}
	if p.decided {
		header = append(header, "severity", "name", "related", "suppressed", "why")
	}
	return p.writer.Write(header)
}

func (p *csvPrinter) print(a *alert.Alert) error {
	if err := p.begin(); err != nil {
		return err
	}
	r := newAlertRow(a)
	cells := []string{
		r.RuleID, r.Rule, r.Title, r.Level, r.File, strconv.Itoa(r.Record), r.EventID, r.EventTime,
		r.EventSource, r.EventName, r.AccountID, r.Region, r.Actor, r.SourceIP,
	}
	if p.decided {
		var related []string
		for _, other := range r.Related {
			related = append(related, fmt.Sprintf("%s record %d %s", other.File, other.Record, other.Rule))
		}
		cells = append(cells, r.Severity, r.Name, strings.Join(related, "; "), strconv.Itoa(r.Suppressed), strings.Join(r.Why, "; "))
	}
	for i := range cells {
		cells[i] = noFormula(cells[i])
	}
	if err := p.writer.Write(cells); err != nil {
		return err
	}
	p.writer.Flush() // the destination buffers
	return p.writer.Error()
}

// end writes the header of a table without rows, too.
func (p *csvPrinter) end(int, bool) error {
	if err := p.begin(); err != nil {
		return err
	}
	p.writer.Flush()
	return p.writer.Error()
}

// noFormula keeps spreadsheets from running a value: whoever makes an API call
// chooses some of them, and a cell that begins like a formula is one.
func noFormula(cell string) string {
	if len(cell) > 1 && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
