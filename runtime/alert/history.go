package alert

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime"
)

// How long things are remembered, from the time at which they are written.
const (
	findingRetention = 90 * 24 * time.Hour // decisions, so that a file that is delivered again alerts nobody
	lateness         = 8 * 24 * time.Hour  // how late a record may come and still count in its window
	rememberedClaims = 500                 // windows of one group
)

// sortableTime writes times, in UTC, so that their order is that of their texts.
const sortableTime = "2006-01-02T15:04:05.000000000Z"

// history is what a Store holds, in the terms of decisions.
//
//	finding|<id>                 decision            record: what became of a finding
//	group|<correlation>|<group>  <rule>|<time>|<finding id>  observation: a match that counts
//	group|<correlation>|<group>  claims              the windows that it fired for
//	cooldown|<key>               state               State
//	delivery|<alert id>          <channel>           delivery: who sends it, and whether it was sent
type history struct {
	store Store
	now   func() time.Time
}

// attempts to write an item that others write at the same time.
const conflictAttempts = 50

// update reads an item, changes its value and writes it back, again when another
// was faster. change reports whether there is anything to write.
func update[T any](ctx context.Context, h history, partition, sort string, keep time.Duration, change func(*T) (write bool, err error)) error {
	for range conflictAttempts {
		item, value, err := load[T](ctx, h, partition, sort)
		if err != nil {
			return err
		}
		write, err := change(&value)
		if err != nil || !write {
			return err
		}
		err = h.save(ctx, item, value, keep)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("write %s %s: others wrote it %d times meanwhile", partition, sort, conflictAttempts)
}

// load reads the value of an item; the Item has its keys also when there is none.
func load[T any](ctx context.Context, h history, partition, sort string) (Item, T, error) {
	var value T
	partition, sort = bounded(partition, maxPartition), bounded(sort, maxSort)
	item, err := h.store.Get(ctx, partition, sort)
	if err != nil {
		return Item{}, value, err
	}
	item.Partition, item.Sort = partition, sort
	if item.Version > 0 {
		value, err = decode[T](item)
	}
	return item, value, err
}

func decode[T any](item Item) (T, error) {
	var value T
	if err := json.Unmarshal(item.Body, &value); err != nil {
		return value, fmt.Errorf("read %s %s: %w", item.Partition, item.Sort, err)
	}
	return value, nil
}

// save writes a value in the place of an item.
func (h history) save(ctx context.Context, item Item, value any, keep time.Duration) error {
	body, err := encode(value)
	if err != nil {
		return fmt.Errorf("write %s %s: %w", item.Partition, item.Sort, err)
	}
	item.Body, item.Expires = body, h.now().Add(keep)
	return h.store.Put(ctx, item)
}

// encode writes JSON in which < takes one byte, not six.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// bounded keeps a key within its bounds: what is too long, or no UTF-8, is known
// by its hash.
func bounded(key string, most int) string {
	if len(key) <= most && utf8.ValidString(key) {
		return key
	}
	return cut(strings.ToValidUTF8(key, "�"), most/2) + "|" + digest(key)
}

func findingPartition(id string) string { return "finding|" + id }

func deliveryPartition(alert string) string { return "delivery|" + alert }

func cooldownPartition(key string) string { return "cooldown|" + key }

// The sort keys of items that are alone in their partition, or beside others of
// another kind.
const (
	decisionSort = "decision"
	stateSort    = "state"
	claimsSort   = "claims"
)

func groupPartition(c *relation, key string) string { return "group|" + c.Key + "|" + key }

// remember writes an observation, once.
func (h history) remember(ctx context.Context, c *relation, key string, o observation) error {
	item := Item{
		Partition: bounded(groupPartition(c, key), maxPartition),
		Sort:      bounded(observationSort(o.Related.Rule, o.Time)+"|"+o.Finding, maxSort),
	}
	if err := h.save(ctx, item, o, c.Window+lateness); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	return nil // a conflict: it was remembered before
}

func observationSort(rule string, t time.Time) string {
	return bounded(rule, maxSort/4) + "|" + t.UTC().Format(sortableTime)
}

// A span is the observations of one rule in a time, both ends included, from its
// beginning or from its end.
type span struct {
	rule     string
	from, to time.Time
	latest   bool // the last ones
	limit    int
}

func (h history) observations(ctx context.Context, c *relation, key string, s span) ([]observation, error) {
	partition := bounded(groupPartition(c, key), maxPartition)
	items, err := h.store.Query(ctx, Range{
		Partition: partition, Backwards: s.latest, Limit: s.limit,
		// "}" sorts behind the "|" after a time, so that all of that time are within.
		From: observationSort(s.rule, s.from), To: observationSort(s.rule, s.to) + "}",
	})
	if err != nil {
		return nil, err
	}
	list := make([]observation, len(items))
	for i, item := range items {
		if list[i], err = decode[observation](item); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// gather returns what is worth looking at of a group around a time: of each rule
// the last observations before it, and the first ones after it. That is all that
// matters where the condition counts events or rules; values and sums are those of
// the observations that are read.
func (h history) gather(ctx context.Context, c *relation, key string, at, from, to time.Time) ([]observation, error) {
	var list []observation
	for _, s := range c.spans(at, from, to) {
		found, err := h.observations(ctx, c, key, s)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	if c.Type == runtime.TemporalOrdered {
		chain, err := h.chain(ctx, c, key, at, from, to, list)
		if err != nil {
			return nil, err
		}
		list = append(list, chain...)
	}
	return merge(list, nil), nil
}

// merge returns the observations of both lists, each once, by time.
func merge(a, b []observation) []observation {
	list := slices.Concat(a, b)
	slices.SortFunc(list, func(a, b observation) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Finding, b.Finding)) })
	return slices.CompactFunc(list, func(a, b observation) bool { return a.Finding == b.Finding })
}

// chain returns, for each rule that matched at a time, the tightest order around
// it: the last match of the rule before, the last match before that, and so on,
// and the same behind it. However many other matches lie between, these are found.
func (h history) chain(ctx context.Context, c *relation, key string, at, from, to time.Time, around []observation) ([]observation, error) {
	var chain []observation
	for i, rule := range c.Rules {
		if !slices.ContainsFunc(around, func(o observation) bool { return o.Related.Rule == rule && o.Time.Equal(at) }) {
			continue
		}
		for _, way := range []struct{ step, end int }{{-1, -1}, {1, len(c.Rules)}} {
			t := at
			for j := i + way.step; j != way.end; j += way.step {
				s := span{rule: c.Rules[j], from: from, to: t, latest: true, limit: 1}
				if way.step > 0 {
					s.from, s.to, s.latest = t, to, false
				}
				found, err := h.observations(ctx, c, key, s)
				if err != nil {
					return nil, err
				}
				if len(found) > 0 {
					t = found[0].Time
					chain = append(chain, found[0])
				}
			}
		}
	}
	return chain, nil
}

// claims are the windows that a correlation fired for in one group.
type claims struct {
	Claims []claim `json:"claims"`
}

// complete finds the window that a finding completes and claims it, so that
// nothing else completes it again. When the finding claimed one before, and did
// not come to its end, that one is it. by is the finding that all goes back to.
// The text says what was found.
func (h history) complete(ctx context.Context, c *relation, key string, group []GroupValue, f *Finding, by string) (window *fired, said string, _ error) {
	at := f.Time()
	err := update(ctx, h, groupPartition(c, key), claimsSort, c.Window+lateness, func(all *claims) (bool, error) {
		window = nil
		for _, known := range all.Claims {
			if known.By != by {
				continue
			}
			members, err := h.gather(ctx, c, key, known.End, known.Start, known.End)
			if err != nil || len(members) == 0 {
				return false, err
			}
			count, _ := c.count(members)
			window = &fired{Start: known.Start, End: known.End, Count: count, Members: members}
			said = "completes " + c.say(count, group)
			return false, nil
		}
		if slices.ContainsFunc(all.Claims, func(known claim) bool { return known.overlaps(at, at) }) {
			said = c.name() + ": it has fired for this window"
			return false, nil
		}
		near, err := h.gather(ctx, c, key, at, at.Add(-c.Window), at.Add(c.Window))
		if err != nil {
			return false, err
		}
		// Behind a claim only windows that begin after it are open; what lies
		// before their earliest end may be more than was read.
		for _, known := range all.Claims {
			if first := known.End.Add(c.Window); first.After(at) && first.Before(at.Add(c.Window)) {
				further, err := h.gather(ctx, c, key, first, at.Add(-c.Window), at.Add(c.Window))
				if err != nil {
					return false, err
				}
				near = merge(near, further)
			}
		}
		var n float64
		var open bool
		window, n, open = c.window(near, at, all.Claims)
		switch {
		case !open:
			said = c.name() + ": it has fired for this window"
			return false, nil
		case window == nil:
			said = c.say(n, group)
			return false, nil
		}
		said = "completes " + c.say(window.Count, group)
		all.Claims = append(all.Claims, claim{Start: window.Start, End: window.End, By: by})
		all.Claims = all.Claims[max(0, len(all.Claims)-rememberedClaims):]
		return true, nil
	})
	return window, said, err
}

// record is what became of a finding.
type record struct {
	Finding Finding  `json:"finding"` // as in the alerts, but whole
	Outcome Outcome  `json:"outcome"`
	Why     []string `json:"why"`
	Alerts  []Alert  `json:"alerts"`  // without Raw, which is that of Finding
	Done    bool     `json:"done"`    // nothing is left to be delivered
	Release Release  `json:"release"` // that has decided

	// Deciding is set while there is no Outcome: until then the decision is in
	// the hands of one process.
	Deciding time.Time `json:"deciding,omitzero"`
}

// delivery is an alert on its way to one channel.
type delivery struct {
	Status   string    `json:"status"`          // one of those below
	Until    time.Time `json:"until,omitzero"`  // of a claim: after that the sender is taken for dead
	Sent     time.Time `json:"sent,omitzero"`   // when the provider had accepted it
	Attempts int       `json:"attempts"`        // how often it was claimed
	Unknown  int       `json:"unknown"`         // how often a sender died between claiming and saying how it went
	Error    string    `json:"error,omitempty"` // of the last attempt
}

const (
	statusClaimed = "claimed"
	statusFailed  = "failed"  // nothing was sent
	statusUnknown = "unknown" // it may have been sent
	statusSent    = "sent"
)
