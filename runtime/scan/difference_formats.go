package scan

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// differencePrinter writes differences in one format.
type differencePrinter interface {
	print(*difference) error
	end() error
}

func newDifferencePrinter(format string, s streams, dest *destination, t *tally) differencePrinter {
	switch format {
	case formatJSONL:
		encoder := json.NewEncoder(dest)
		encoder.SetEscapeHTML(false)
		return &differenceLines{encoder}
	case formatMarkdown:
		return &differenceMarkdown{dest: dest, tally: t}
	default:
		return &differenceTable{table: tablePrinter{dest: dest, width: s.width, color: s.color}, tally: t}
	}
}

// differenceRow is a difference as one JSON object. The order of its fields is
// part of the contract.
type differenceRow struct {
	Difference  string     `json:"difference"`
	Alert       string     `json:"alert"`
	Rule        string     `json:"rule"`
	Title       string     `json:"title"`
	EventID     string     `json:"event_id"`
	EventTime   string     `json:"event_time"`
	EventSource string     `json:"event_source"`
	EventName   string     `json:"event_name"`
	AccountID   string     `json:"account_id"`
	Region      string     `json:"region"`
	Actor       string     `json:"actor"`
	Live        verdictRow `json:"live"`
	Shadow      verdictRow `json:"shadow"`
}

type verdictRow struct {
	Outcome    string   `json:"outcome"`
	Severity   string   `json:"severity,omitempty"`   // of an alert
	Suppressed *int     `json:"suppressed,omitempty"` // of an alert
	Why        []string `json:"why"`
}

func newVerdictRow(v *verdict) verdictRow {
	row := verdictRow{Outcome: v.outcome, Why: append([]string{}, v.why...)}
	if v.outcome == string(alert.Alerted) {
		row.Severity, row.Suppressed = alert.SeverityName(v.severity), &v.suppressed
	}
	return row
}

type differenceLines struct{ encoder *json.Encoder }

func (p *differenceLines) print(d *difference) error {
	return p.encoder.Encode(differenceRow{
		Difference: d.kind, Alert: d.id, Rule: d.rule, Title: d.title, EventID: d.eventID, EventTime: d.eventTime, EventSource: d.source, EventName: d.action,
		AccountID: d.account, Region: d.region, Actor: d.actor, Live: newVerdictRow(&d.live), Shadow: newVerdictRow(&d.shadow),
	})
}

func (p *differenceLines) end() error { return nil }

// differenceTable lays out differences for a person.
type differenceTable struct {
	table tablePrinter
	tally *tally
}

// when writes the time of an event, as the record has it where that cannot be read.
func (d *difference) when() string {
	if d.at.IsZero() {
		return shorten(cleanText(endsOf(d.eventTime)), maxShort)
	}
	return d.at.UTC().Format(time.DateTime)
}

func (p *differenceTable) print(d *difference) error {
	clean := func(text string, most int) string { return shorten(cleanText(endsOf(text)), most) }
	event := alert.Event{Source: d.source, Name: d.action, Actor: d.actor, AccountID: d.account}
	reasons := d.reasons()
	for i, reason := range reasons {
		reasons[i] = clean(reason, 2*maxTitle)
	}
	what := []string{clean(d.rule, maxTitle), clean(shortEvent(&event), maxEvent), clean(d.eventID, maxEvent)}
	who := nonEmpty(clean(shortActor(&event), maxActor), clean(d.account, maxShort))
	row := tableRow{level: d.severity, cells: [][]string{{strings.ToUpper(kindText(d.kind))}, {d.when()}, nonEmpty(what...), who, reasons}}
	if p.table.narrow() {
		row.cells[1] = strings.SplitN(d.when(), " ", 2)
		row.cells = [][]string{row.cells[0], row.cells[1], append(row.cells[2], who...), reasons}
	}
	p.table.rows = append(p.table.rows, row)
	return nil
}

func (p *differenceTable) end() error {
	if len(p.table.rows) == 0 {
		_, err := fmt.Fprintf(p.table.dest, "%s: %s.\n", p.tally.verdict(), p.tally.scope())
		return err
	}
	header := []string{"DIFFERENCE", "TIME (UTC)", "RULE AND EVENT", "ACTOR", "WHY"}
	if p.table.narrow() {
		header = []string{"DIFFERENCE", "TIME (UTC)", "RULE, EVENT, ACTOR", "WHY"}
	}
	_, err := fmt.Fprintln(p.table.dest, p.table.layout(header).Render())
	return err
}

// differenceMarkdown writes a comment for a pull request: the counts of each rule,
// and folded below them as many differences as a comment can have.
type differenceMarkdown struct {
	dest    *destination
	tally   *tally
	rows    strings.Builder
	omitted int
}

// markdownBytes is what the differences may take of the 65,536 characters of a
// comment on GitHub.
const markdownBytes = 48 << 10

func (p *differenceMarkdown) print(d *difference) error {
	event := alert.Event{Source: d.source, Name: d.action, Actor: d.actor, AccountID: d.account}
	cells := []string{kindText(d.kind), code(d.when())}
	for _, text := range []string{d.rule, strings.TrimSpace(shortEvent(&event) + " " + d.eventID), shortActor(&event), d.account} {
		cells = append(cells, code(text))
	}
	var reasons []string
	for _, reason := range d.reasons() {
		reasons = append(reasons, code(reason))
	}
	row := "| " + strings.Join(append(cells, strings.Join(reasons, "<br>")), " | ") + " |\n"
	if p.omitted > 0 || p.rows.Len()+len(row) > markdownBytes {
		p.omitted++
		return nil
	}
	p.rows.WriteString(row)
	return nil
}

func (p *differenceMarkdown) end() error {
	t := p.tally
	var b strings.Builder
	fmt.Fprintf(&b, "### Live and shadow\n\n**%s**: %s.\n", t.verdict(), t.scope())
	for _, note := range t.notes() {
		fmt.Fprintf(&b, "\n%s.\n", note)
	}
	if rows := t.rows(); len(rows) > 0 {
		fmt.Fprintf(&b, "\n| %s |\n|---|%s\n", strings.Join(t.header(), " | "), strings.Repeat("--:|", len(t.header())-1))
		for _, row := range rows {
			fmt.Fprintf(&b, "| %s | %s |\n", code(row[0]), strings.Join(row[1:], " | "))
		}
	}
	if t.differences > 0 {
		fmt.Fprintf(&b, "\n<details><summary>%s</summary>\n\n| difference | time (UTC) | rule | event | actor | account | why |\n|---|---|---|---|---|---|---|\n%s", t.verdict(), p.rows.String())
		if p.omitted > 0 {
			fmt.Fprintf(&b, "\nand %d more, which `--format jsonl` has\n", p.omitted)
		}
		b.WriteString("\n</details>\n")
	}
	_, err := p.dest.WriteString(b.String())
	return err
}

// code writes text as code in Markdown. Whoever makes an API call chooses it, so
// that nothing in it may be markup, a link, or a mention that notifies people: all
// but letters, digits and spaces are character references.
func code(text string) string {
	text = shorten(cleanText(endsOf(text)), maxTitle)
	if text == "" {
		return ""
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r >= 0x80, strings.ContainsRune(" -,:", r), '0' <= r && r <= '9', 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return "<code>" + b.String() + "</code>"
}
