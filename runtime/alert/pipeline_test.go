package alert_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// decisionTime is later than every event of the tests.
var decisionTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newPipeline(set runtime.Ruleset, config alert.Config) *alert.Pipeline {
	now := func() time.Time { return decisionTime }
	return alert.NewPipeline(set, config, alert.Edges{Store: alert.NewMemory(now), Now: now})
}

// A channel is a Notifier that remembers what it accepted.
type channel struct {
	name     string
	accepted []string
	notify   func(a *alert.Alert) error // nil accepts
}

func (c *channel) Channel() string { return c.name }

func (c *channel) Notify(_ context.Context, a *alert.Alert) error {
	if c.notify != nil {
		if err := c.notify(a); err != nil {
			return err
		}
	}
	c.accepted = append(c.accepted, a.ID())
	return nil
}

// A bench is a Pipeline with two channels and a clock.
type bench struct {
	now           time.Time
	store         *alert.Memory
	mail, webhook *channel
	set           runtime.Ruleset
	config        alert.Config
	enrichers     []alert.Enricher
}

func newBench() *bench {
	b := &bench{now: decisionTime, mail: &channel{name: "mail"}, webhook: &channel{name: "webhook"}, config: alert.Config{Cooldown: time.Hour}}
	b.store = alert.NewMemory(func() time.Time { return b.now })
	return b
}

// pipeline returns a new one over the same store: another process, or the same
// one started again.
func (b *bench) pipeline() *alert.Pipeline {
	return alert.NewPipeline(b.set, b.config, alert.Edges{
		Store: b.store, Notifiers: []alert.Notifier{b.mail, b.webhook}, Enrichers: b.enrichers, Now: func() time.Time { return b.now },
		Release: alert.Release{Version: "v1.2.3"},
	}).WithoutPauses()
}

func one(rule, at string) alert.Finding { return findingsOf([]match{{rule: rule, at: at}})[0] }

func numbered(id string, f alert.Finding) alert.Finding {
	f.Event.ID = id
	return f
}

func TestChannelsFailAlone(t *testing.T) {
	b := newBench()
	down := errors.New("503")
	b.mail.notify = func(*alert.Alert) error { return down }
	result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00"))
	if !errors.Is(err, down) || !strings.Contains(err.Error(), "send alert r//event-0 to mail") {
		t.Errorf("error %v, want one that names the alert and the channel", err)
	}
	if len(b.webhook.accepted) != 1 || len(result.Deliveries) != 2 {
		t.Errorf("webhook %q, deliveries %+v", b.webhook.accepted, result.Deliveries)
	}

	// It is the one that failed that is tried again, and the cooldown has begun.
	b.mail.notify = nil
	result, err = b.pipeline().Process(t.Context(), one("r", "10:00:00"))
	if err != nil || len(result.Deliveries) != 1 || result.Deliveries[0].Channel != "mail" || result.Deliveries[0].Again {
		t.Errorf("again: %+v, %v", result.Deliveries, err)
	}
	if diff := cmp.Diff([]string{"r//event-0"}, b.mail.accepted); diff != "" || len(b.webhook.accepted) != 1 {
		t.Errorf("mail (-want +got):\n%s\nwebhook %q", diff, b.webhook.accepted)
	}
	if result, err = b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil || result.Outcome != alert.Duplicate || len(result.Alerts) != 0 {
		t.Errorf("a third time: %s, %v", result.Outcome, err)
	}
	if result, err = b.pipeline().Process(t.Context(), numbered("other", one("r", "10:01:00"))); err != nil || result.Outcome != alert.CoolingDown {
		t.Errorf("another: %s, %v", result.Outcome, err)
	}
}

func TestNothingIsHeldBackByWhatNobodyGot(t *testing.T) {
	b := newBench()
	down := func(*alert.Alert) error { return errors.New("503") }
	b.mail.notify, b.webhook.notify = down, down
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err == nil {
		t.Fatal("no error where nothing could be sent")
	}
	b.mail.notify, b.webhook.notify = nil, nil
	if result, err := b.pipeline().Process(t.Context(), numbered("other", one("r", "10:01:00"))); err != nil || result.Outcome != alert.Alerted {
		t.Errorf("the next: %s, %v", result.Outcome, err)
	}
	// The first one comes again, and is held back by the other like any.
	if result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil || result.Outcome != alert.CoolingDown {
		t.Errorf("the first, again: %s, %v", result.Outcome, err)
	}
	if result, err := b.pipeline().Process(t.Context(), numbered("later", one("r", "11:01:00"))); err != nil || len(result.Alerts) != 1 || result.Alerts[0].Suppressed != 1 {
		t.Errorf("after the cooldown: %+v, %v; want an alert that tells of one held back", result, err)
	}
	if diff := cmp.Diff([]string{"r//other", "r//later"}, b.mail.accepted); diff != "" {
		t.Errorf("mail (-want +got):\n%s", diff)
	}
}

// Nobody knows whether an alert arrived when the answer does not.
func TestAnAnswerThatDoesNotCome(t *testing.T) {
	b := newBench()
	b.mail.notify = func(a *alert.Alert) error {
		b.mail.notify = nil
		b.mail.accepted = append(b.mail.accepted, a.ID())
		return fmt.Errorf("no answer: %w", alert.ErrUnknownOutcome)
	}
	b.webhook.notify = func(*alert.Alert) error { return errors.New("503") }
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); !errors.Is(err, alert.ErrUnknownOutcome) {
		t.Fatalf("error %v", err)
	}
	// A refusal afterwards does not make it known that nothing arrived.
	b.mail.notify = b.webhook.notify
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err == nil {
		t.Fatal("nothing failed")
	}
	b.mail.notify, b.webhook.notify = nil, nil
	result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]alert.Delivery{{Alert: "r//event-0", Channel: "mail", Again: true}, {Alert: "r//event-0", Channel: "webhook"}}, result.Deliveries); diff != "" || !result.Resumed {
		t.Errorf("resumed %v, deliveries (-want +got):\n%s", result.Resumed, diff)
	}
	e, _, err := alert.Explain(t.Context(), b.store, "r//event-0")
	if err != nil || len(e.Deliveries) != 2 || e.Deliveries[0].Unknown != 1 || e.Deliveries[0].Status != "sent" {
		t.Errorf("deliveries %+v, %v", e.Deliveries, err)
	}
}

// What one record makes of itself must not keep others from being decided.
func TestHostileFindingsAreStored(t *testing.T) {
	sum := document(func(c *runtime.Correlation) {
		c.Type, c.Fields, c.Condition, c.Generate = runtime.ValueSum, []string{"v"}, comparison(runtime.Greater, 1000), true
	})
	var wide []string
	for i := range 30 {
		wide = append(wide, strings.Repeat("<", 399)+string(rune('a'+i)))
	}
	matches := []match{
		{rule: "r", at: "10:00:00", captured: values("v", "9e307", "9e307", "9e307")},
		{rule: "r", at: "10:00:01", captured: values("v", "-1e308", "-1e308")},
		{rule: "r", at: "10:00:02", captured: map[string][]string{"v": wide, "w": wide, "x": wide, "y": wide, "z": wide}},
	}
	findings := findingsOf(matches)
	for range 3 {
		early := findingsOf(matches)[0]
		early.Event.Time, early.Event.ID = "0000-01-01T00:00:00Z", fmt.Sprint("early", len(findings))
		findings = append(findings, early)
	}
	last := findings[2]
	for range 40 {
		search := alert.Search{Name: "s"}
		for range 40 {
			search.Fields = append(search.Fields, alert.Field{Path: "<path>", Values: wide})
		}
		last.Searches = append(last.Searches, search)
	}
	last.Raw = []byte(`{"x":"` + strings.Repeat("<", 300_000) + `"}`)
	last.Event.ID = "last"
	if alerts := alert.Hits(sum, append(findings, last)); len(alerts) < 7 {
		t.Errorf("%d alerts, want one of each finding at least", len(alerts))
	}
}

// While an alert is on its way nobody knows whether its cooldown will begin.
func TestOthersWaitForAnAlertOnItsWay(t *testing.T) {
	b := newBench()
	var result alert.Result
	var err error
	b.mail.notify = func(*alert.Alert) error {
		b.mail.notify = nil
		result, err = b.pipeline().Process(t.Context(), numbered("other", one("r", "10:01:00"))) // another process
		return nil
	}
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, alert.ErrBusy) {
		t.Errorf("the other: %s, %v; want ErrBusy", result.Outcome, err)
	}
	if result, err := b.pipeline().Process(t.Context(), numbered("other", one("r", "10:01:00"))); err != nil || result.Outcome != alert.CoolingDown {
		t.Errorf("the other, later: %s, %v", result.Outcome, err)
	}
}

func TestTwoProcessesWithOneFinding(t *testing.T) {
	b := newBench()
	var err error
	b.mail.notify = func(*alert.Alert) error {
		b.mail.notify = nil
		_, err = b.pipeline().Process(t.Context(), one("r", "10:00:00"))
		return nil
	}
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil {
		t.Fatal(err)
	}
	// The second one sends to the channel that is not claimed, and comes again
	// for the other.
	if !errors.Is(err, alert.ErrBusy) {
		t.Errorf("the second process: %v, want ErrBusy", err)
	}
	if len(b.mail.accepted) != 1 || len(b.webhook.accepted) != 1 {
		t.Errorf("mail %q, webhook %q", b.mail.accepted, b.webhook.accepted)
	}
}

// meddler runs something in the middle of a decision.
type meddler struct {
	alert.Store
	meddle func()
}

func (m *meddler) Query(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	if meddle := m.meddle; meddle != nil {
		m.meddle = nil
		meddle()
	}
	return m.Store.Query(ctx, r)
}

// What a finding completes depends on when one looks, so that only one looks.
func TestTwoProcessesDecideOnOneFinding(t *testing.T) {
	b := newBench()
	b.set = annotating(3)
	now := func() time.Time { return b.now }
	store := &meddler{Store: b.store}
	var err error
	store.meddle = func() { _, err = b.pipeline().Process(t.Context(), one("r", "10:00:00")) }
	p := alert.NewPipeline(b.set, b.config, alert.Edges{Store: store, Notifiers: []alert.Notifier{b.mail}, Now: now})
	if _, err := p.Process(t.Context(), one("r", "10:00:00")); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, alert.ErrBusy) || len(b.mail.accepted) != 1 {
		t.Errorf("the second process: %v, want ErrBusy; mails %q", err, b.mail.accepted)
	}
}

func TestADeathBetweenAcceptanceAndMark(t *testing.T) {
	b := newBench()
	b.mail.notify = func(a *alert.Alert) error {
		b.mail.notify = nil
		b.mail.accepted = append(b.mail.accepted, a.ID())
		panic(death{})
	}
	func() {
		defer func() {
			if crash := recover(); crash != (death{}) {
				panic(crash)
			}
		}()
		_, err := b.pipeline().Process(t.Context(), one("r", "10:00:00"))
		t.Errorf("the process lives: %v", err)
	}()
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); !errors.Is(err, alert.ErrBusy) {
		t.Errorf("while the dead may live: %v, want ErrBusy", err)
	}
	b.now = b.now.Add(time.Minute)
	result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"r//event-0", "r//event-0"}, b.mail.accepted); diff != "" {
		t.Errorf("mail, with one ID (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]alert.Delivery{{Alert: "r//event-0", Channel: "mail", Again: true}}, result.Deliveries); diff != "" || len(b.webhook.accepted) != 1 {
		t.Errorf("deliveries (-want +got):\n%s\nwebhook %q", diff, b.webhook.accepted)
	}
	e, known, err := alert.Explain(t.Context(), b.store, "r//event-0")
	if err != nil || !known {
		t.Fatalf("explain: %v, %v", known, err)
	}
	want := []string{
		"finding r//event-0: alerted", "  2025-03-09T10:00:00Z Name, a.json record 0", "  severity low is the level of the rule", "alert r//event-0: low, Title of r",
		"  mail: sent at 2026-01-01T00:01:00Z after 2 attempts, 1 of unknown outcome", "  webhook: sent at 2026-01-01T00:00:00Z",
	}
	if diff := cmp.Diff(want, e.Lines()); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
}

type enricher func(*alert.Address) error

func (e enricher) Enrich(_ context.Context, a *alert.Address) error { return e(a) }

func TestEnrichment(t *testing.T) {
	b := newBench()
	b.enrichers = []alert.Enricher{
		enricher(func(*alert.Address) error { return errors.New("vpnapi: 500") }),
		enricher(func(a *alert.Address) error {
			a.Country, a.Sources = "of "+a.IP, append(a.Sources, "test")
			return nil
		}),
	}
	b.config.AccountAliases = map[string]string{"111122223333": "prod"}
	f := one("r", "10:00:00")
	f.Event.SourceIP, f.Event.AccountID = "192.0.2.1", "111122223333"
	result, err := b.pipeline().Process(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	a := result.Alerts[0]
	if a.Address == nil || a.Address.Country != "of 192.0.2.1" || a.AccountAlias != "prod" || a.Release.Version != "v1.2.3" {
		t.Errorf("address %+v, alias %q, release %+v", a.Address, a.AccountAlias, a.Release)
	}
	if why := strings.Join(a.Why, "\n"); !strings.Contains(why, "not enriched: vpnapi: 500") {
		t.Errorf("why: %s", why)
	}
}

// An exception does not take back what was decided before it.
func TestAnExceptionAfterTheDecision(t *testing.T) {
	b := newBench()
	b.set = document(func(c *runtime.Correlation) { c.Condition = comparison(runtime.GreaterOrEqual, 1) })
	down := func(*alert.Alert) error { return errors.New("503") }
	b.mail.notify, b.webhook.notify = down, down
	if _, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err == nil {
		t.Fatal("nothing failed")
	}
	b.mail.notify, b.webhook.notify = nil, nil
	b.config.Exceptions = []runtime.Exception{{Rule: "r", Accounts: []string{""}}}
	if result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil || len(b.mail.accepted) != 1 {
		t.Errorf("%s, %v, mails %q; want that of the correlation", result.Outcome, err, b.mail.accepted)
	}
}

// The stages decide in this order: each case is decided by the first that can.
func TestOrderOfStages(t *testing.T) {
	except := func(rules ...string) (exceptions []runtime.Exception) {
		for _, rule := range rules {
			exceptions = append(exceptions, runtime.Exception{Rule: rule, Accounts: []string{"1"}})
		}
		return exceptions
	}
	burst := []match{{rule: "r", at: "10:00:00", account: "1"}, {rule: "r", at: "10:00:01", account: "1"}, {rule: "r", at: "10:00:02", account: "1"}}
	correlation := document(func(*runtime.Correlation) {})
	tests := []struct {
		name    string
		set     runtime.Ruleset
		config  alert.Config
		matches []match
		want    string
	}{
		{"an exception is before everything, and what it covers does not count", annotating(3), alert.Config{Exceptions: except("r")}, burst, "excepted, excepted, excepted"},
		{"a duplicate does not count as held back", annotating(9), alert.Config{Cooldown: time.Hour}, []match{burst[0], {rule: "r", at: "10:00:00", account: "1", id: "event-0"}, burst[1]}, "alerted low, duplicate, cooling_down"},
		{"a threshold raises the severity before the severity decides, and above the cooldown", annotating(3), alert.Config{MinSeverity: runtime.High, Cooldown: time.Hour}, burst, "below_severity, below_severity, alerted high"},
		{"severity is before the cooldown", annotating(9), alert.Config{MinSeverity: runtime.Medium, Cooldown: time.Hour}, burst, "below_severity, below_severity, below_severity"},
		{"what completes a threshold is not held back by the cooldown of the rule, and tells of those that were", annotating(3), alert.Config{Cooldown: time.Hour}, burst, "alerted low, cooling_down, alerted high +1"},
		{"the correlation of a silent rule alerts with its own severity", correlation, alert.Config{MinSeverity: runtime.High}, burst, "counted, counted, counted and corr high"},
		{"it can be excepted itself", correlation, alert.Config{Exceptions: except("corr")}, burst, "counted, counted, counted"},
		{"and be below the least severity", correlation, alert.Config{MinSeverity: runtime.Critical}, burst, "counted, counted, counted"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPipeline(test.set, test.config)
			var all []string
			for _, f := range findingsOf(test.matches) {
				result, err := p.Process(t.Context(), f)
				if err != nil {
					t.Fatal(err)
				}
				text := string(result.Outcome)
				for _, a := range result.Alerts {
					if a.Rule.Key != f.Rule.Key {
						text += " and " + a.Rule.Key
					}
					text += " " + alert.SeverityName(a.Severity)
					if a.Suppressed > 0 {
						text += fmt.Sprintf(" +%d", a.Suppressed)
					}
				}
				if len(result.Why) == 0 {
					t.Errorf("%s, and no reason", text)
				}
				all = append(all, text)
			}
			if diff := cmp.Diff(test.want, strings.Join(all, ", ")); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
		})
	}
}

// What is too large for an item is trimmed, and the alert is sent all the same,
// also by the process that takes over.
func TestLargeFindings(t *testing.T) {
	b := newBench()
	down := func(*alert.Alert) error { return errors.New("503") }
	b.mail.notify, b.webhook.notify = down, down
	f := one("r", "10:00:00")
	f.Raw = []byte(`{"eventVersion":"1","requestParameters":"` + strings.Repeat("x", 500_000) + `"}`)
	if _, err := b.pipeline().Process(t.Context(), f); err == nil {
		t.Fatal("nothing failed")
	}
	var raw string
	var trimmed bool
	b.webhook.notify = nil
	b.mail.notify = func(a *alert.Alert) error {
		raw, trimmed = string(a.Raw), a.Trimmed
		return nil
	}
	if _, err := b.pipeline().Process(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if !trimmed || raw != `{"eventVersion":"1","requestParameters":"trimmed: 500002 bytes"}` {
		t.Errorf("trimmed: %v, raw %.200s", trimmed, raw)
	}
}

// What an exception covers can be looked up, and is decided anew once the
// exception is gone.
func TestExceptedFindingsAreRemembered(t *testing.T) {
	b := newBench()
	b.config.Exceptions = []runtime.Exception{{Rule: "r", Accounts: []string{""}, Reason: "a drill"}}
	for range 2 {
		if result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil || result.Outcome != alert.Excepted {
			t.Fatalf("with the exception: %s, %v", result.Outcome, err)
		}
	}
	e, known, err := alert.Explain(t.Context(), b.store, "r//event-0")
	if err != nil || !known || !strings.Contains(strings.Join(e.Lines(), "\n"), "because: a drill") {
		t.Errorf("explained as %q, %v, %v", e.Lines(), known, err)
	}
	exceptions := b.config.Exceptions
	b.config.Exceptions = nil
	if result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil || result.Outcome != alert.Alerted {
		t.Errorf("without it: %s, %v", result.Outcome, err)
	}
	b.config.Exceptions = exceptions
	if result, err := b.pipeline().Process(t.Context(), one("r", "10:00:00")); err != nil || result.Outcome != alert.Excepted || len(b.mail.accepted) != 1 {
		t.Errorf("with it again: %s, %v, mails %q", result.Outcome, err, b.mail.accepted)
	}
	if e, _, err := alert.Explain(t.Context(), b.store, "r//event-0"); err != nil || e.Outcome != alert.Alerted {
		t.Errorf("explained as %s, %v: what was sent before is forgotten", e.Outcome, err)
	}
}
