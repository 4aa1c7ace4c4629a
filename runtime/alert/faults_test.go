package alert_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

// TestFaults runs seeded schedules of two processors that share a queue of
// findings and a SQLite store, in which every operation may fail, fail after it
// was done, or be the last of its process. It asserts that no alert is lost, and
// that none is sent twice to a channel except where nobody could know that the
// provider had accepted it: a process died between acceptance and mark, or the
// answer was lost.
//
// TRAILALERTS_SCHEDULES sets how many schedules run, TRAILALERTS_SEED the first.
func TestFaults(t *testing.T) {
	schedules, first := 1000, uint64(1)
	if testing.Short() || raceEnabled {
		schedules = 60
	}
	if s := os.Getenv("TRAILALERTS_SCHEDULES"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		schedules = n
	}
	if s := os.Getenv("TRAILALERTS_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first = n
	}
	const inOneFile = 50
	var mu sync.Mutex
	var total tally
	t.Run("schedules", func(t *testing.T) {
		for from := 0; from < schedules; from += inOneFile {
			t.Run(fmt.Sprintf("from seed %d", first+uint64(from)), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(memoryDir(t), "store.sqlite")
				for i := from; i < min(schedules, from+inOneFile); i++ {
					seed := first + uint64(i)
					w := newWorld(t, seed, path)
					w.run()
					w.check()
					if t.Failed() {
						t.Fatalf("the schedule of seed %d fails; run it alone with TRAILALERTS_SCHEDULES=1 TRAILALERTS_SEED=%d", seed, seed)
					}
					mu.Lock()
					total.add(w.tally)
					mu.Unlock()
				}
			})
		}
	})
	t.Logf("%d schedules: %d findings, %d alerts, %d sendings, lost 0, twice 0, sent again after unknown outcome %d, %d answers lost; %d crashes, %d faults, %d busy",
		schedules, total.findings, total.alerts, total.sendings, total.again, total.unanswered, total.crashes, total.faults, total.busy)
	for name, n := range map[string]int{"alerts": total.alerts, "sent again": total.again, "answers lost": total.unanswered, "crashes": total.crashes, "faults": total.faults, "busy": total.busy, "held back": total.held, "completions": total.completions, "counted": total.counted} {
		if n == 0 && schedules >= inOneFile {
			t.Errorf("%s: 0 in all schedules: the test does not reach it", name)
		}
	}
}

// memoryDir returns a directory in memory where there is one: processes die in
// these tests, computers do not, and waiting for a disk is most of the time.
func memoryDir(t *testing.T) string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(shared, "trailalerts-faults-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

type tally struct {
	findings, alerts, sendings, again, unanswered, crashes, faults, busy, held, completions, counted int
}

func (t *tally) add(o tally) {
	t.findings += o.findings
	t.alerts += o.alerts
	t.sendings += o.sendings
	t.again += o.again
	t.unanswered += o.unanswered
	t.crashes += o.crashes
	t.faults += o.faults
	t.busy += o.busy
	t.held += o.held
	t.completions += o.completions
	t.counted += o.counted
}

// A world is one schedule. Its processes run one at a time: each waits at every
// step until it is its turn.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	path  string
	set   runtime.Ruleset
	now   time.Time
	calm  bool // faults are over
	steps int
	tally tally

	findings []alert.Finding
	queue    []message
	procs    []*process

	accepted map[string]int // by alert and channel
	excused  map[string]int // accepted, and the process died before its mark

	unanswered map[string]int // accepted, and the sender was not told
	counted    map[string]int // arrivals that calls told of, by alert
	spread     bool           // over hours, not seconds
}

type message struct {
	finding alert.Finding
	visible time.Time
}

type process struct {
	world    *world
	store    *sqlite.Store
	pipeline *alert.Pipeline
	working  *message
	turn     chan bool  // true: go on; false: die
	event    chan event // what it does next
	unmarked string     // the alert and channel that were accepted and not marked
}

// An event is what a process tells: it waits at a step, or its message is done.
type event struct {
	done bool
	died bool
	err  error
}

type death struct{}

var channels = []string{"mail", "webhook"}

func newWorld(t *testing.T, seed uint64, path string) *world {
	w := &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), path: path, now: decisionTime, set: annotating(3), accepted: map[string]int{}, excused: map[string]int{},
		unanswered: map[string]int{}, counted: map[string]int{}, spread: seed%2 == 0,
	}
	w.set.Correlations = append(w.set.Correlations, chain.Correlations...)
	// Rules, accounts and times are of this schedule alone.
	account := fmt.Sprintf("%012d", seed)
	captured := values("user", account)
	day := time.Date(2025, 3, 9, 10, 0, 0, 0, time.UTC)
	rules := []string{"r", "r", "r", "r", "a", "b", "x", "x", "x", "y"}
	for i := range 8 + w.rng.IntN(8) {
		rule := rules[w.rng.IntN(len(rules))]
		w.findings = append(w.findings, alert.Finding{
			Schema: alert.Schema, Rule: alert.Rule{Key: rule, Title: "Title of " + rule, Level: runtime.Medium},
			Event: alert.Event{
				ID: fmt.Sprintf("e-%d", i), AccountID: account, Actor: fmt.Sprintf("arn:aws:iam::%s:user/%d", account, w.rng.IntN(2)),
				Time: day.Add(w.moment()).Format(time.RFC3339),
			},
			Location: alert.Location{File: "f", Record: i}, Captured: captured, Raw: []byte(`{"eventVersion":"1"}`),
		})
	}
	for _, f := range w.findings {
		for range 1 + w.rng.IntN(2) {
			w.queue = append(w.queue, message{finding: f})
		}
	}
	w.rng.Shuffle(len(w.queue), func(i, j int) { w.queue[i], w.queue[j] = w.queue[j], w.queue[i] })
	w.tally.findings = len(w.findings)
	for range 2 {
		p := &process{world: w, turn: make(chan bool), event: make(chan event)}
		p.start()
		w.procs = append(w.procs, p)
	}
	return w
}

// moment is when an event happens: all of them within one window, or over some
// cooldowns.
func (w *world) moment() time.Duration {
	if w.spread {
		return time.Duration(w.rng.IntN(4*3600)) * time.Second
	}
	return time.Duration(w.rng.IntN(100)) * time.Second
}

// start begins a process anew, as after a crash: nothing of the old one is left.
func (p *process) start() {
	if p.store != nil {
		_ = p.store.Close() // a process that died closes nothing; the file must not care
	}
	now := func() time.Time { return p.world.now }
	store, err := sqlite.Open(p.world.path, now)
	if err != nil {
		p.world.t.Fatal(err)
	}
	p.store, p.unmarked, p.working = store, "", nil
	var notifiers []alert.Notifier
	for _, channel := range channels {
		notifiers = append(notifiers, &faultyChannel{p, channel})
	}
	p.pipeline = alert.NewPipeline(p.world.set, alert.Config{Cooldown: time.Hour}, alert.Edges{Store: &faultyStore{p}, Notifiers: notifiers, Now: now}).WithoutPauses()
}

// run takes turns until every message is done with.
func (w *world) run() {
	const unrest = 600 // steps in which things fail
	defer func() {
		for _, p := range w.procs {
			_ = p.store.Close()
		}
	}()
	for {
		w.steps++
		w.calm = w.steps > unrest
		if w.steps > 100_000 {
			w.t.Fatal("the schedule does not come to an end")
		}
		w.now = w.now.Add(time.Duration(w.rng.IntN(50)) * time.Millisecond)
		var able []*process
		for _, p := range w.procs {
			if p.working != nil || w.visible() > 0 {
				able = append(able, p)
			}
		}
		if len(able) == 0 {
			if len(w.queue) == 0 {
				return
			}
			next := slices.MinFunc(w.queue, func(a, b message) int { return a.visible.Compare(b.visible) })
			w.now = next.visible
			continue
		}
		p := able[w.rng.IntN(len(able))]
		if p.working == nil {
			p.receive()
		} else {
			p.turn <- !w.happens(0.008)
		}
		p.settle(<-p.event)
	}
}

func (w *world) happens(probability float64) bool { return !w.calm && w.rng.Float64() < probability }

func (w *world) visible() int {
	n := 0
	for _, m := range w.queue {
		if !m.visible.After(w.now) {
			n++
		}
	}
	return n
}

// receive takes a visible message and begins to process it.
func (p *process) receive() {
	w := p.world
	skip := w.rng.IntN(w.visible())
	i := slices.IndexFunc(w.queue, func(m message) bool {
		if m.visible.After(w.now) {
			return false
		}
		skip--
		return skip < 0
	})
	m := w.queue[i]
	w.queue = slices.Delete(w.queue, i, i+1)
	p.working = &m
	go func() {
		defer func() {
			switch crash := recover().(type) {
			case nil:
			case death:
				p.event <- event{done: true, died: true}
			default:
				panic(crash)
			}
		}()
		result, err := p.pipeline.Process(context.Background(), m.finding)
		for _, a := range result.Arrivals {
			w.counted[a.Alert]++
		}
		p.event <- event{done: true, err: err}
	}()
}

// settle takes up what a process told.
func (p *process) settle(e event) {
	if !e.done {
		return
	}
	w := p.world
	m := p.working
	p.working = nil
	switch {
	case e.died:
		w.tally.crashes++
		if p.unmarked != "" {
			w.excused[p.unmarked]++
		}
		m.visible = w.now.Add(30 * time.Second)
		w.queue = append(w.queue, *m)
		p.start()
	case e.err != nil:
		if errors.Is(e.err, alert.ErrBusy) {
			w.tally.busy++
		}
		m.visible = w.now.Add(30 * time.Second)
		w.queue = append(w.queue, *m)
	}
}

// step lets others have their turn. A process may die here.
func (p *process) step() {
	p.event <- event{}
	if !<-p.turn {
		panic(death{})
	}
}

var errInjected = errors.New("injected")

// faultyStore fails before and after operations.
type faultyStore struct{ p *process }

func (s *faultyStore) Get(ctx context.Context, partition, sort string) (alert.Item, error) {
	s.p.step()
	if s.fails(0.02) {
		return alert.Item{}, errInjected
	}
	return s.p.store.Get(ctx, partition, sort)
}

func (s *faultyStore) Query(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	s.p.step()
	if s.fails(0.02) {
		return nil, errInjected
	}
	return s.p.store.Query(ctx, r)
}

func (s *faultyStore) Put(ctx context.Context, item alert.Item) error {
	s.p.step()
	if s.fails(0.02) {
		return errInjected
	}
	if err := s.p.store.Put(ctx, item); err != nil {
		return err
	}
	if strings.HasPrefix(item.Partition, "delivery|") && strings.Contains(string(item.Body), `"status":"sent"`) {
		s.p.unmarked = ""
	}
	s.p.step()
	if s.fails(0.02) {
		return errInjected // it was done all the same
	}
	return nil
}

func (s *faultyStore) fails(probability float64) bool {
	fails := s.p.world.happens(probability)
	if fails {
		s.p.world.tally.faults++
	}
	return fails
}

// faultyChannel refuses, or lets the sender wait until it gives up.
type faultyChannel struct {
	p    *process
	name string
}

func (c *faultyChannel) Channel() string { return c.name }

func (c *faultyChannel) Notify(_ context.Context, a *alert.Alert) error {
	w := c.p.world
	c.p.step()
	switch {
	case w.happens(0.15):
		w.tally.faults++
		return errInjected
	}
	key := a.ID() + " to " + c.name
	if w.happens(0.05) {
		w.tally.faults++
		w.now = w.now.Add(20 * time.Second)
		if w.rng.IntN(2) == 0 { // it was accepted, and the answer was lost
			w.accepted[key]++
			w.tally.sendings++
			w.unanswered[key]++
			w.tally.unanswered++
		}
		return fmt.Errorf("no answer: %w", alert.ErrUnknownOutcome)
	}
	w.accepted[key]++
	w.tally.sendings++
	c.p.unmarked = key
	c.p.step()
	return nil
}

// check asserts what must hold when every message was processed.
func (w *world) check() {
	store, err := sqlite.Open(w.path, func() time.Time { return w.now })
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	expected := map[string]bool{}
	delivered := map[string][]alert.Alert{} // by cooldown key
	var held []alert.Explanation
	windows := map[string][]alert.Completed{}
	told := map[string]int{} // suppressed, by cooldown key
	for _, f := range w.findings {
		e, known, err := alert.Explain(context.Background(), store, f.ID())
		if err != nil || !known {
			w.t.Errorf("finding %s is lost: %v", f.ID(), err)
			continue
		}
		switch e.Outcome {
		case alert.CoolingDown:
			held = append(held, e)
		case alert.Alerted, alert.Counted:
		default:
			w.t.Errorf("finding %s: %s", f.ID(), e.Outcome)
		}
		for _, a := range e.Alerts {
			w.tally.alerts++
			w.tally.counted += w.counted[a.ID()]
			if n := w.counted[a.ID()]; n > 1 {
				w.t.Errorf("alert %s arrived %d times", a.ID(), n)
			}
			key := a.CooldownKey()
			delivered[key] = append(delivered[key], a)
			told[key] += a.Suppressed
			for _, channel := range channels {
				expected[a.ID()+" to "+channel] = true
			}
			for _, c := range a.Completed {
				w.tally.completions++
				group := fmt.Sprint(c.Key, c.Group)
				for _, other := range windows[group] {
					if !c.Start.After(other.End) && !other.Start.After(c.End) {
						w.t.Errorf("%s fired for %s to %s and for %s to %s", group, other.Start, other.End, c.Start, c.End)
					}
				}
				windows[group] = append(windows[group], c)
			}
		}
	}
	for key := range expected {
		if w.accepted[key] == 0 {
			w.t.Errorf("alert %s is lost", key)
		}
	}
	for key, n := range w.accepted {
		switch {
		case !expected[key]:
			w.t.Errorf("%s was sent without a decision", key)
		case n > 1+w.excused[key]+w.unanswered[key]:
			w.t.Errorf("%s was sent %d times; %d processes died between acceptance and mark, %d answers were lost", key, n, w.excused[key], w.unanswered[key])
		}
		w.tally.again += n - 1
	}
	// What correlations fire for is what they fire for without faults: all
	// events lie within one window, but for the inner one of the chain, whose
	// windows, and with them the outer ones, depend on the order of arrival.
	want := map[string]int{}
	for _, a := range alert.Hits(w.set, w.findings) {
		for _, c := range a.Completed {
			want[fmt.Sprint(c.Key, c.Group)]++
		}
	}
	for group, n := range want {
		completions := len(windows[group])
		if completions != n && !w.spread && !strings.HasPrefix(group, "then") {
			w.t.Errorf("%s fired %d times, want %d", group, completions, n)
		}
	}
	for _, e := range held {
		w.tally.held++
		key := e.Finding.CooldownKey()
		if !slices.ContainsFunc(delivered[key], func(a alert.Alert) bool {
			return a.Severity >= e.Finding.Rule.Level && a.Time().Sub(e.Finding.Time()).Abs() < time.Hour
		}) {
			w.t.Errorf("finding %s was held back by nothing: %q", e.Finding.ID(), e.Why)
		}
		told[key]--
	}
	for key, n := range told {
		if n > 0 {
			w.t.Errorf("%s: alerts tell of %d findings held back that were not", key, n)
		}
	}
}
