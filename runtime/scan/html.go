package scan

import (
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	alerthtml "github.com/trailalerts/trailalerts/runtime/report"
)

// htmlPrinter writes all alerts as one document, at the end.
type htmlPrinter struct {
	options options
	dest    *destination
	release alert.Release
	now     func() time.Time
	report  *report
	alerts  []alert.Alert
}

func (p *htmlPrinter) print(a *alert.Alert) error {
	p.alerts = append(p.alerts, *a)
	return nil
}

func (p *htmlPrinter) end(int, bool) error {
	r := p.report
	return alerthtml.WritePage(p.dest, alerthtml.Scan{
		Release: p.release, Finished: p.now(), Paths: p.options.paths, Files: r.files, Records: r.records, Matches: r.matches,
		Duplicates: r.outcomes[alert.Duplicate], Excepted: r.outcomes[alert.Excepted], Counted: r.outcomes[alert.Counted], BelowSeverity: r.outcomes[alert.BelowSeverity], HeldBack: r.outcomes[alert.CoolingDown],
		MinSeverity: p.options.config.MinSeverity, Problems: r.problemLines(), Skipped: r.skippedLines(), Alerts: p.alerts,
	})
}
