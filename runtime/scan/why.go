package scan

import (
	"fmt"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// whyPrinter writes each alert with the decisions that led to it.
type whyPrinter struct {
	dest    *destination
	printed bool
}

func (p *whyPrinter) print(a *alert.Alert) error {
	clean := func(text string) string { return shorten(cleanText(endsOf(text)), maxTitle) }
	when := clean(a.Event.Time)
	if at := a.Time(); !at.IsZero() {
		when = at.UTC().Format(time.DateTime)
	}
	var b strings.Builder
	if p.printed {
		b.WriteString("\n")
	}
	p.printed = true
	fmt.Fprintf(&b, "%s  %s  %s (%s)\n", strings.ToUpper(alert.SeverityName(a.Severity)), when, clean(a.Rule.Title), clean(a.Rule.Key))
	fmt.Fprintf(&b, "    %s\n", strings.Join(nonEmpty(clean(shortEvent(&a.Event)), clean(a.Event.Actor), clean(a.Event.SourceIP), strings.TrimSpace(clean(a.Event.AccountID)+" "+clean(a.Event.Region))), ", "))
	fmt.Fprintf(&b, "    %s record %d\n", clean(a.Location.Path()), a.Location.Record)
	for _, why := range a.Why {
		fmt.Fprintf(&b, "    - %s\n", cleanText(why))
	}
	for _, r := range a.Related() {
		fmt.Fprintf(&b, "    related: %s %s, %s record %d\n", r.Time.UTC().Format(time.DateTime), clean(r.Rule), clean(r.Location.Path()), r.Location.Record)
	}
	_, err := p.dest.WriteString(b.String())
	return err
}

func (p *whyPrinter) end(records int, readAll bool) error {
	if p.printed {
		return nil
	}
	empty := tablePrinter{dest: p.dest, decided: true}
	return empty.end(records, readAll)
}
