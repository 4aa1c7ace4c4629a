package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// How much is named on stderr without --verbose.
const (
	namedRecords = 10 // unreadable records of a file
	namedFiles   = 25 // files skipped for one reason
)

var errInterrupted = errors.New("interrupted: what was not printed before is lost")

// scan runs the pipeline from paths to output. The error is what made it stop;
// what merely could not be read is reported and shows in the exit code.
func scan(ctx context.Context, extras Extras, set runtime.Ruleset, o options, s streams) (_ int, err error) {
	started := s.now()
	sources, err := find(ctx, extras, o.paths)
	if err != nil {
		return exitEnvironment, err
	}
	rep := newReport(o, sources.problems)
	if err := keepEvidence(o.output, sources.files); err != nil {
		return exitEnvironment, err
	}
	dest, err := openDestination(o.output, s.out)
	if err != nil {
		return exitEnvironment, &environmentError{err}
	}
	defer dest.abort() // also when a matcher panics

	p := pipeline{options: o, set: set, now: s.now, report: rep, dest: dest, printer: newPrinter(o, s, dest, set, rep)}
	if o.store != "" && o.mode == modeDecide {
		store, err := extras.OpenStore(o.store, s.now)
		if err != nil {
			return exitEnvironment, &environmentError{err}
		}
		defer func() { _ = store.Close() }() // it has nothing left to write
		p.store = store
	}
	p.decideOver(alert.NewMemory(s.now))
	bar := newProgress(o, s, sources.toRead())
	err = sources.inTurn(ctx, func() *reader {
		return newReader(set, s.in, sources.buckets, rep.namedRecords, o.keepRecords())
	}, func(in input, c *contents) error {
		if in.isRead() {
			bar.add()
		}
		rep.file(in, c)
		return p.take(ctx, c.findings)
	})
	bar.end()
	if err == nil {
		err = p.finish(ctx)
	}
	switch {
	case errors.Is(err, syscall.EPIPE):
		return exitEnvironment, nil // whoever read the output has seen enough
	case errors.Is(err, context.Canceled):
		return exitEnvironment, &environmentError{errInterrupted}
	case err != nil:
		return exitEnvironment, &environmentError{err}
	}
	if s.outTerminal && s.errTerminal {
		fmt.Fprintln(s.err) // between the data and the summary, on one screen
	}
	rep.print(s.err, s.now().Sub(started))
	switch {
	case rep.failed():
		return exitEnvironment, nil
	case o.failOnMatch && p.printed > 0:
		return exitFound, nil
	}
	return exitClean, nil
}

// pipeline turns the findings of files, in their order, into output.
type pipeline struct {
	options options
	report  *report
	dest    *destination
	printer printer
	printed int

	set       runtime.Ruleset
	now       func() time.Time
	store     Store // nil: what is decided is forgotten
	decisions *alert.Pipeline
	held      []alert.Finding // modeDecide: what is decided when all is read
}

// take takes up the findings of one file.
func (p *pipeline) take(ctx context.Context, findings []alert.Finding) error {
	p.report.matches += len(findings)
	switch p.options.mode {
	case modeDecide:
		p.held = append(p.held, findings...)
		return nil
	case modeAlerts:
		for _, f := range findings {
			if err := p.decide(ctx, f); err != nil {
				return err
			}
		}
	case modeMatches:
		for _, f := range findings {
			if err := p.print(&alert.Alert{Finding: f}); err != nil {
				return err
			}
		}
	}
	return p.dest.flush()
}

func (p *pipeline) print(a *alert.Alert) error {
	p.printed++
	if a.Window != nil {
		p.report.ofCorrelations++
	}
	return p.dest.named(p.printer.print(a))
}

// decideOver begins decisions that remember in a store.
func (p *pipeline) decideOver(store alert.Store) {
	p.decisions = alert.NewPipeline(p.set, p.options.config, alert.Edges{Store: store, Now: p.now, Release: alert.ThisRelease(p.set.Hash)})
}

// finish decides what was held, in order of event time, and completes the
// output. Only then is it remembered: what was decided and not printed would
// never be.
func (p *pipeline) finish(ctx context.Context) error {
	if p.store == nil {
		return p.complete(ctx)
	}
	session, err := p.store.Begin(ctx)
	if err != nil {
		return err
	}
	p.decideOver(session)
	if err := p.complete(ctx); err != nil {
		return errors.Join(err, session.Rollback())
	}
	return session.Commit()
}

func (p *pipeline) complete(ctx context.Context) error {
	slices.SortStableFunc(p.held, func(a, b alert.Finding) int { return alert.Less(&a, &b) })
	for _, f := range p.held {
		if err := p.decide(ctx, f); err != nil {
			return err
		}
	}
	p.report.alerts = p.printed
	if err := p.printer.end(p.report.records, !p.report.failed()); err != nil {
		return p.dest.named(err)
	}
	return p.dest.commit()
}

// decide decides on a finding and prints the alerts that follow from it.
func (p *pipeline) decide(ctx context.Context, f alert.Finding) error {
	result, err := p.decisions.Process(ctx, f)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil { // it is told, and the others go on
		p.report.undecided(fmt.Errorf("%s: record %d: rule %s: %w", f.Location.Path(), f.Location.Record, f.Rule.Key, err))
		return nil
	}
	p.report.outcomes[result.Outcome]++
	for i := range result.Alerts {
		if err := p.print(&result.Alerts[i]); err != nil {
			return err
		}
	}
	return nil
}
