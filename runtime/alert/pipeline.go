package alert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// A Pipeline takes findings and decides, remembers and delivers: everything
// between a match and a person. It may be used by one goroutine at a time; any
// number of Pipelines, also in different processes, may share a Store.
type Pipeline struct {
	relations relations
	config    Config
	history   history
	notifiers []Notifier
	enrichers []Enricher
	now       func() time.Time
	release   Release
	pause     func(context.Context, time.Duration) error
}

// Edges are what a Pipeline needs of the world. Store and Now are required.
type Edges struct {
	Store     Store
	Notifiers []Notifier // with distinct channels; without any, an alert is delivered when it is decided
	Enrichers []Enricher
	Now       func() time.Time
	Release   Release
}

// NewPipeline returns a Pipeline for the correlations of set. The exceptions are
// those of config.
func NewPipeline(set runtime.Ruleset, config Config, edges Edges) *Pipeline {
	return &Pipeline{
		relations: newRelations(set.Correlations), config: config, history: history{edges.Store, edges.Now},
		notifiers: edges.Notifiers, enrichers: edges.Enrichers, now: edges.Now, release: edges.Release, pause: pause,
	}
}

// A Result says what became of a finding.
type Result struct {
	Outcome    Outcome
	Why        []string
	Alerts     []Alert    // its own first, then those of the correlations that it completed; none of a Duplicate
	Deliveries []Delivery // what this call sent or tried to send
	Resumed    bool       // it was decided before, and something was left to be delivered

	// What is new with this call, to be counted: however often a finding comes, and
	// whoever takes up what is left of it, the same is new once. Of a process that
	// dies nothing is counted.
	Suppressed []Suppression
	Arrivals   []Arrival // where there are Notifiers
}

// A Suppression is a finding, or the hit of a correlation, that was decided to be
// no alert.
type Suppression struct {
	Finding string // its ID
	Outcome Outcome
}

// An Arrival is an alert that has reached a channel, the first of all.
type Arrival struct {
	Alert string    // its ID
	At    time.Time // when the channel had accepted it
}

// A Delivery is one attempt to send an alert.
type Delivery struct {
	Alert   string // its ID
	Channel string
	Again   bool  // the outcome of an earlier attempt is unknown: it may arrive twice
	Err     error // nil: the provider has accepted it
}

// ErrBusy: another process has this finding, or one of the same cooldown, in
// hand. The finding is to be processed again later; nothing is lost.
var ErrBusy = errors.New("another process is at it")

// Process decides on a finding, in this order: exceptions, duplicates,
// thresholds and correlations, severity, cooldown; then it enriches and sends
// what is alerted. It returns an error when something is left to be done: the
// finding is to be processed again then, which takes up where this ended.
func (p *Pipeline) Process(ctx context.Context, f Finding) (Result, error) {
	f.Trim(MaxBody)
	var why []string
	reason, excepted := exceptedBy(&f, p.config.Exceptions, p.now())
	if reason != "" {
		why = append(why, reason)
	}
	item, rec, err := load[record](ctx, p.history, findingPartition(f.ID()), decisionSort)
	if err != nil {
		return Result{}, err
	}
	if pending := rec.Outcome != "" && !rec.Done; excepted && !pending {
		// What was decided before the exception was made is still to be sent.
		return p.except(ctx, f, why, item, rec)
	}
	if rec.Outcome == Excepted {
		rec = record{} // the exception is gone
	}
	if rec.Done {
		return Result{
			Outcome: Duplicate, Why: []string{"it was decided and delivered before: " + string(rec.Outcome)}, Suppressed: []Suppression{{f.ID(), Duplicate}},
		}, nil
	}
	resumed := rec.Outcome != ""
	var suppressed []Suppression
	if !resumed {
		if p.now().Before(rec.Deciding) {
			return Result{}, fmt.Errorf("finding %s: %w", f.ID(), ErrBusy)
		}
		if len(p.relations.of[f.Rule.Key]) > 0 {
			// What a finding completes depends on when one looks. Two that
			// look at once could disagree about it.
			if err := p.reserveDecision(ctx, f, &item); err != nil {
				return Result{}, err
			}
		}
		rec, suppressed, err = p.decide(ctx, f, why)
		if err != nil {
			return Result{}, errors.Join(err, p.releaseDecision(ctx, item))
		}
		short, err := stored(rec)
		if err != nil {
			return Result{}, err
		}
		err = p.history.save(ctx, item, short, findingRetention)
		if errors.Is(err, ErrConflict) {
			// Another process decided on the same finding meanwhile; what it
			// decided holds.
			return Result{}, fmt.Errorf("finding %s: %w", f.ID(), ErrBusy)
		}
		if err != nil {
			return Result{}, err
		}
	}
	rec.restore()
	if resumed {
		if suppressed, err = p.reconsider(ctx, item, &rec); err != nil {
			return Result{}, err
		}
	}
	result := Result{Outcome: rec.Outcome, Why: rec.Why, Alerts: rec.Alerts, Resumed: resumed, Suppressed: suppressed}
	if rec.Done {
		return result, nil
	}
	result.Deliveries, result.Arrivals, err = p.deliver(ctx, rec.Alerts)
	if err != nil {
		return result, err
	}
	err = update(ctx, p.history, findingPartition(f.ID()), decisionSort, findingRetention, func(stored *record) (bool, error) {
		write := !stored.Done
		stored.Done = true
		return write, nil
	})
	return result, err
}

// reconsider decides again on alerts that no channel has, and none may have,
// before they are sent at last: others may have been alerted meanwhile, so that
// their cooldown holds these back. It returns those.
func (p *Pipeline) reconsider(ctx context.Context, item Item, rec *record) ([]Suppression, error) {
	var kept []Alert
	var suppressed []Suppression
	for _, a := range rec.Alerts {
		sendings, err := sendings(ctx, p.history.store, a.ID())
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(sendings, func(s Sending) bool { return s.Status != statusFailed }) {
			kept = append(kept, a)
			continue
		}
		completed := a.Completed
		if a.Window != nil {
			completed = nil // its own window
		}
		d, err := p.decideOne(ctx, &a.Finding, completed)
		if err != nil {
			return nil, err
		}
		if d.Outcome != CoolingDown {
			kept = append(kept, a)
			continue
		}
		suppressed = append(suppressed, Suppression{a.ID(), CoolingDown})
		said := "not sent before: " + strings.Join(d.Why, "; ")
		if a.Window == nil {
			rec.Outcome = CoolingDown
		} else {
			said = fmt.Sprintf("correlation %s: %s", a.Rule.Key, said)
		}
		rec.Why = append(slices.Clip(rec.Why), said)
	}
	if len(suppressed) == 0 {
		return nil, nil
	}
	rec.Alerts, rec.Done = kept, len(kept) == 0
	short, err := stored(*rec)
	if err != nil {
		return nil, err
	}
	err = p.history.save(ctx, item, short, findingRetention)
	if errors.Is(err, ErrConflict) {
		err = fmt.Errorf("finding %s: %w", rec.Finding.ID(), ErrBusy)
	}
	return suppressed, err
}

// except remembers that an exception covers a finding, for people who ask. What
// was decided before it was made stays as it was.
func (p *Pipeline) except(ctx context.Context, f Finding, why []string, item Item, rec record) (Result, error) {
	result := Result{Outcome: Excepted, Why: why, Suppressed: []Suppression{{f.ID(), Duplicate}}}
	if rec.Outcome != "" {
		return result, nil
	}
	short, err := stored(record{Finding: f, Outcome: Excepted, Why: why, Done: true, Release: p.release})
	if err != nil {
		return result, err
	}
	err = p.history.save(ctx, item, short, findingRetention)
	if errors.Is(err, ErrConflict) {
		return result, nil // another process has the same finding in hand
	}
	result.Suppressed[0].Outcome = Excepted
	return result, err
}

// reserveDecision keeps other processes from deciding on a finding for a while.
func (p *Pipeline) reserveDecision(ctx context.Context, f Finding, item *Item) error {
	short, err := stored(record{Finding: f, Deciding: p.now().Add(claimTime)})
	if err != nil {
		return err
	}
	err = p.history.save(ctx, *item, short, findingRetention)
	if errors.Is(err, ErrConflict) {
		err = fmt.Errorf("%s: %w", item.Partition, ErrBusy)
	}
	item.Version++
	return err
}

// releaseDecision lets others decide at once after a decision that failed. When
// that fails as well they wait.
func (p *Pipeline) releaseDecision(ctx context.Context, item Item) error {
	if item.Version == 0 {
		return nil
	}
	return update(ctx, p.history, item.Partition, item.Sort, findingRetention, func(stored *record) (bool, error) {
		write := stored.Outcome == "" && !stored.Deciding.IsZero()
		stored.Deciding = time.Time{}
		return write, nil
	})
}

// decide takes the decisions about a finding and about the correlations that it
// completes. What it writes on the way is written once, however often it is
// called for one finding. It returns also what is no alert.
func (p *Pipeline) decide(ctx context.Context, f Finding, why []string) (record, []Suppression, error) {
	hits, completed, said, err := p.correlate(ctx, &f, f.ID())
	if err != nil {
		return record{}, nil, err
	}
	why = append(why, said...)
	rec := record{Finding: f, Release: p.release}
	var suppressed []Suppression
	d, err := p.decideOne(ctx, &f, completed)
	if err != nil {
		return record{}, nil, err
	}
	rec.Outcome, rec.Why = d.Outcome, append(why, d.Why...)
	if d.Outcome == Alerted {
		rec.Alerts = append(rec.Alerts, p.newAlert(f, d, rec.Why, completed))
	} else {
		suppressed = append(suppressed, Suppression{f.ID(), d.Outcome})
	}
	for _, h := range hits {
		d, err := p.decideOne(ctx, &h.finding, nil)
		if err != nil {
			return record{}, nil, err
		}
		if d.Outcome == Alerted {
			rec.Alerts = append(rec.Alerts, p.newAlert(h.finding, d, append([]string{h.why}, d.Why...), []Completed{h.completed}))
		} else {
			rec.Why = append(rec.Why, fmt.Sprintf("correlation %s: %s", h.finding.Rule.Key, strings.Join(d.Why, "; ")))
			suppressed = append(suppressed, Suppression{h.finding.ID(), d.Outcome})
		}
	}
	rec.Done = len(rec.Alerts) == 0
	p.enrich(ctx, rec.Alerts)
	return rec, suppressed, nil
}

// A correlationHit is a correlation document whose condition became true.
type correlationHit struct {
	finding   Finding
	completed Completed
	why       string
}

// correlate counts a finding for the correlations of its rule and returns what
// it completes: hits of correlation documents, also of those that count hits of
// others, and what annotates the finding. by is the finding that all of this
// goes back to.
func (p *Pipeline) correlate(ctx context.Context, f *Finding, by string) (hits []correlationHit, annotations []Completed, why []string, err error) {
	for _, c := range p.relations.of[f.Rule.Key] {
		if f.Time().IsZero() {
			why = append(why, c.name()+": not counted, since the record does not say when it happened")
			continue
		}
		if !c.Annotates {
			// An exception of the correlation covers what it would count: were
			// it judged by the match that happens to come last, the order of
			// arrival would decide.
			of := *f
			of.Rule.Key = c.Key
			reason, excepted := exceptedBy(&of, p.config.Exceptions, p.now())
			if reason != "" {
				why = append(why, c.name()+": "+reason)
			}
			if excepted {
				continue
			}
		}
		group, key := c.group(f)
		if err := p.history.remember(ctx, c, key, c.observe(f)); err != nil {
			return nil, nil, nil, fmt.Errorf("count for %s: %w", c.name(), err)
		}
		window, said, err := p.history.complete(ctx, c, key, group, f, by)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("complete %s: %w", c.name(), err)
		}
		why = append(why, said)
		if window == nil {
			continue
		}
		done := c.completed(window, group)
		if c.Annotates {
			annotations = append(annotations, done)
			continue
		}
		h := correlationHit{finding: c.hit(f, window, group, key), completed: done, why: said}
		outer, outerAnnotations, outerWhy, err := p.correlate(ctx, &h.finding, by)
		if err != nil {
			return nil, nil, nil, err
		}
		hits = append(append(hits, h), outer...)
		annotations = append(annotations, outerAnnotations...)
		why = append(why, outerWhy...)
	}
	// A correlation of a rule and of another correlation of that rule is reached
	// on two ways.
	hits = distinct(hits, func(h correlationHit) string { return h.finding.ID() })
	annotations = distinct(annotations, func(c Completed) string { return c.Key + c.Start.Format(sortableTime) })
	return hits, annotations, why, nil
}

// distinct leaves out what has the key of something before it.
func distinct[T any](list []T, key func(T) string) []T {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(item T) bool {
		again := seen[key(item)]
		seen[key(item)] = true
		return again
	})
}

// decideOne decides on a finding or a hit, and reserves its cooldown when it is
// to be alerted.
func (p *Pipeline) decideOne(ctx context.Context, f *Finding, completed []Completed) (Decision, error) {
	now := f.Time()
	if now.IsZero() {
		now = p.now()
	}
	circumstances := Circumstances{Completed: completed, CountsFor: p.relations.silent[f.Rule.Key], Now: now}
	if !p.remembersCooldown(completed) {
		return Decide(f, circumstances, &p.config), nil
	}
	if d := Decide(f, circumstances, &p.config); d.Outcome != Alerted {
		return d, nil // for reasons that no state changes
	}
	var d Decision
	id := f.ID()
	err := update(ctx, p.history, cooldownPartition(f.CooldownKey()), stateSort, p.stateRetention(), func(state *State) (bool, error) {
		if r := state.Reservation; r != nil && r.Finding != id && p.now().Before(r.Until) {
			return false, fmt.Errorf("finding %s: the alert of %s is being delivered: %w", id, r.Finding, ErrBusy)
		}
		circumstances.State = *state
		d = Decide(f, circumstances, &p.config)
		before := state.Suppressed
		*state = d.Next
		switch d.Outcome {
		case Alerted:
			if state.told(id) {
				return false, nil
			}
			state.Reservation = &Reservation{Finding: id, Until: p.now().Add(reservationTime)}
			return true, nil
		default:
			return state.Suppressed != before, nil
		}
	})
	return d, err
}

// stateRetention is longer than any cooldown.
func (p *Pipeline) stateRetention() time.Duration { return findingRetention + p.config.Cooldown }

// remembersCooldown reports whether a cooldown can hold back anything.
func (p *Pipeline) remembersCooldown(completed []Completed) bool {
	return p.config.Cooldown > 0 || slices.ContainsFunc(completed, func(c Completed) bool { return c.Cooldown != nil && *c.Cooldown > 0 })
}

func (p *Pipeline) newAlert(f Finding, d Decision, why []string, completed []Completed) Alert {
	return Alert{
		Finding: f, Severity: d.Severity, Completed: completed, Suppressed: d.Suppressed, Why: why,
		Release: p.release, AccountAlias: p.config.AccountAliases[f.Event.AccountID],
	}
}

// enrich adds what is known about the source address. That it fails never holds
// an alert back; the alert says so.
func (p *Pipeline) enrich(ctx context.Context, alerts []Alert) {
	if len(alerts) == 0 || len(p.enrichers) == 0 {
		return
	}
	address := &Address{IP: alerts[0].Event.SourceIP} // all of them are about one event
	var failures []string
	for _, enricher := range p.enrichers {
		within, cancel := context.WithTimeout(ctx, enrichTime)
		err := enricher.Enrich(within, address)
		cancel()
		if err != nil {
			failures = append(failures, "not enriched: "+cut(err.Error(), shownBytes))
		}
	}
	for i := range alerts {
		alerts[i].Why = append(slices.Clip(alerts[i].Why), failures...)
		if len(address.Sources) > 0 {
			alerts[i].Address = address
		}
	}
}

// restore puts back into the alerts what stored left out.
func (rec *record) restore() {
	for i := range rec.Alerts {
		a := &rec.Alerts[i]
		a.Raw, a.Trimmed = rec.Finding.Raw, rec.Finding.Trimmed
		if a.Window == nil {
			a.Searches = rec.Finding.Searches
		}
	}
}

// stored returns a record as it is kept: what the alerts repeat is left out, and
// what would not fit is shortened, the raw event first.
func stored(rec record) (record, error) {
	if len(rec.Alerts) == 0 {
		rec.Finding.Raw = nil // it can be read where it was found
	}
	rec.Finding.Captured = nil // it was counted
	rec.Alerts = slices.Clone(rec.Alerts)
	for i := range rec.Alerts {
		a := &rec.Alerts[i]
		a.Raw, a.Captured, a.Searches = nil, nil, nil
	}
	trim := func(tooMany int) { rec.Finding.Trim(max(0, len(rec.Finding.Raw)-tooMany)) }
	for _, shorten := range []func(tooMany int){
		trim,
		func(int) { rec.Alerts = shortAlerts(rec.Alerts) },
		trim,
		func(int) { rec.Finding.Searches = nil },
		func(int) { rec.Finding.Trim(0) },
	} {
		body, err := encode(rec)
		if err != nil {
			return rec, fmt.Errorf("write finding %s of %s record %d: %w", rec.Finding.ID(), rec.Finding.Location.File, rec.Finding.Location.Record, err)
		}
		if len(body) <= MaxBody {
			break
		}
		shorten(len(body) - MaxBody)
	}
	return rec, nil
}

// shortAlerts cuts what there can be much of in alerts beside the event.
func shortAlerts(alerts []Alert) []Alert {
	const most = 10
	for i := range alerts {
		a := &alerts[i]
		a.Rule.Description = cut(a.Rule.Description, shownBytes)
		a.Completed = slices.Clone(a.Completed)
		for j := range a.Completed {
			if c := &a.Completed[j]; len(c.Related) > most {
				c.Omitted += len(c.Related) - most
				c.Related = c.Related[len(c.Related)-most:]
			}
		}
	}
	return alerts
}
