package scan

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/rivo/uniseg"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// The most columns of the screen that a value gets, and the most lines of a
// cell. Longer values are in the other formats.
const (
	maxTitle    = 160
	maxEvent    = 80
	maxActor    = 120
	maxAddress  = 60
	maxShort    = 20 // time, account, region
	maxLines    = 6
	columnGap   = 2
	narrowTable = 130 // below, several values share a column
)

// tablePrinter lays out a table for a person. It holds all rows, because the
// widths of the columns follow from them.
type tablePrinter struct {
	dest    *destination
	width   int
	color   bool
	decided bool
	rows    []tableRow
}

type tableRow struct {
	level runtime.Level
	cells [][]string // lines of each cell
}

func (t *tablePrinter) narrow() bool { return t.width < narrowTable }

func (t *tablePrinter) print(a *alert.Alert) error {
	level := a.Rule.Level
	if t.decided {
		level = a.Severity
	}
	short := func(s string, most int) string { return shorten(cleanText(endsOf(s)), most) }
	when := short(a.Event.Time, maxShort)
	if at := a.Time(); !at.IsZero() {
		when = at.UTC().Format(time.DateTime)
	}
	title := []string{short(a.Rule.Title, maxTitle)}
	if a.Suppressed > 0 {
		title = append(title, fmt.Sprintf("+%d held back", a.Suppressed))
	}
	event := short(shortEvent(&a.Event), maxEvent)
	actor := short(shortActor(&a.Event), maxActor)
	address := short(a.Event.SourceIP, maxAddress)
	account, region := short(a.Event.AccountID, maxShort), short(a.Event.Region, maxShort)

	row := tableRow{level: level, cells: [][]string{{strings.ToUpper(alert.SeverityName(level))}, {when}}}
	if t.narrow() {
		row.cells[1] = strings.SplitN(when, " ", 2)
		row.cells = append(row.cells, append(title, event), nonEmpty(actor, address, strings.TrimSpace(account+" "+region)))
	} else {
		row.cells = append(row.cells, title, []string{event}, []string{actor}, []string{address}, nonEmpty(account, region))
	}
	t.rows = append(t.rows, row)
	return nil
}

func nonEmpty(lines ...string) []string {
	var kept []string
	for _, line := range lines {
		if line != "" {
			kept = append(kept, line)
		}
	}
	return kept
}

func (t *tablePrinter) end(records int, readAll bool) error {
	if len(t.rows) == 0 {
		what := "No alerts"
		if !t.decided {
			what = "No matches"
		}
		switch {
		case records == 0:
			what = "No CloudTrail records were read" // as a verdict this would reassure
		case !readAll:
			what += " in what could be read" // silence about the rest would reassure
		}
		_, err := fmt.Fprintln(t.dest, what+".")
		return err
	}
	header := []string{"SEVERITY", "TIME (UTC)", "RULE", "EVENT", "ACTOR", "SOURCE", "ACCOUNT"}
	if t.narrow() {
		header = []string{"SEVERITY", "TIME (UTC)", "RULE AND EVENT", "ACTOR AND SOURCE"}
	}
	_, err := fmt.Fprintln(t.dest, t.layout(header).Render())
	return err
}

// layout hands the rows to the table library, with the width that each column
// may take: two blanks between columns, a line below the header, and between the
// rows of a narrow table, which have several lines each, an empty one.
func (t *tablePrinter) layout(header []string) table.Writer {
	w := table.NewWriter()
	w.SetStyle(table.Style{
		Box:     table.BoxStyle{MiddleHorizontal: "─", MiddleSeparator: "──", MiddleVertical: "  "},
		Options: table.Options{SeparateColumns: true, SeparateHeader: true},
	})
	w.SuppressTrailingSpaces()
	titles := table.Row{}
	var columns []table.ColumnConfig
	widths := t.widths(header)
	for i, width := range widths {
		titles = append(titles, header[i])
		columns = append(columns, table.ColumnConfig{Number: i + 1, WidthMax: width, WidthMaxEnforcer: wrapCell})
	}
	w.AppendHeader(titles)
	color := t.color && widths[0] == t.needed(0, header)
	if color {
		columns = columns[1:] // a colour is no text to wrap, and this column need not be
	}
	w.SetColumnConfigs(columns)
	for n, row := range t.rows {
		var cells table.Row
		for i, lines := range row.cells {
			cell := strings.Join(lines, "\n")
			if i == 0 && color {
				cell = levelColors[row.level].Sprint(cell)
			}
			if i == 1 && t.narrow() && n < len(t.rows)-1 {
				cell += strings.Repeat("\n", 1+t.height(row, widths)-len(lines))
			}
			cells = append(cells, cell)
		}
		w.AppendRow(cells)
	}
	return w
}

// height returns how many lines a row has once its cells are wrapped.
func (t *tablePrinter) height(row tableRow, widths []int) int {
	height := 0
	for i, lines := range row.cells {
		height = max(height, 1+strings.Count(wrapCell(strings.Join(lines, "\n"), widths[i]), "\n"))
	}
	return height
}

// wrapCell wraps the lines of a cell, at most maxLines of them.
func wrapCell(cell string, width int) string {
	var wrapped []string
	for line := range strings.SplitSeq(cell, "\n") {
		wrapped = append(wrapped, wrap(line, width)...)
	}
	if len(wrapped) > maxLines {
		wrapped = append(wrapped[:maxLines-1:maxLines-1], "…")
	}
	return strings.Join(wrapped, "\n")
}

// widths gives each column what its longest line needs. Where that is more than
// there is, the widest of rule, event and actor give way first, since an address
// or a time that is broken up is hard to read.
func (t *tablePrinter) widths(header []string) []int {
	widths := make([]int, len(header))
	for i := range header {
		widths[i] = t.needed(i, header)
	}
	room := t.width - columnGap*(len(widths)-1)
	for _, flexible := range []struct{ from, to, least int }{{2, 5, 16}, {0, len(widths), 4}} {
		for {
			total, widest := 0, -1
			for i, w := range widths {
				total += w
				if i >= flexible.from && i < flexible.to && w > flexible.least && (widest < 0 || w > widths[widest]) {
					widest = i
				}
			}
			if total <= room {
				return widths
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

// needed returns the width of the longest line of a column.
func (t *tablePrinter) needed(column int, header []string) int {
	width := len(header[column])
	for _, row := range t.rows {
		for _, line := range row.cells[column] {
			width = max(width, uniseg.StringWidth(line))
		}
	}
	return width
}

// levelColors are the colours of the severities; what is not listed has none.
var levelColors = map[runtime.Level]text.Colors{
	runtime.Critical: {text.Bold, text.FgRed},
	runtime.High:     {text.FgRed},
	runtime.Medium:   {text.FgYellow},
	runtime.Low:      {text.FgCyan},
}
