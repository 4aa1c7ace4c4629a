package alert

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Store that lasts as long as the process.
type Memory struct {
	now func() time.Time

	// Limit is how many bytes the bodies of the items may have together, 0 being
	// any number. What expires first is forgotten first then.
	Limit int

	mu         sync.Mutex
	partitions map[string][]Item // by Sort
	bytes      int
	written    int
}

// NewMemory returns an empty Memory. now tells the time by which items expire.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, partitions: map[string][]Item{}}
}

// Get implements Store.
func (m *Memory) Get(ctx context.Context, partition, sort string) (Item, error) {
	if err := cmp.Or(ctx.Err(), CheckKey(partition, sort)); err != nil {
		return Item{}, fmt.Errorf("get: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.partitions[partition]
	if i, found := slices.BinarySearchFunc(items, sort, bySort); found && items[i].Expires.After(m.now()) {
		return clone(items[i]), nil
	}
	return Item{}, nil
}

// Query implements Store.
func (m *Memory) Query(ctx context.Context, r Range) ([]Item, error) {
	if err := cmp.Or(ctx.Err(), r.Check()); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	items := m.partitions[r.Partition]
	first, _ := slices.BinarySearchFunc(items, r.From, bySort)
	end, found := slices.BinarySearchFunc(items, r.To, bySort)
	if found {
		end++
	}
	order := slices.Values(items[first:max(first, end)])
	if r.Backwards {
		order = backwards(items[first:max(first, end)])
	}
	var list []Item
	for item := range order {
		if !item.Expires.After(now) {
			continue
		}
		list = append(list, clone(item))
		if len(list) == r.Limit {
			break
		}
	}
	return list, nil
}

func backwards(items []Item) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for _, item := range slices.Backward(items) {
			if !yield(item) {
				return
			}
		}
	}
}

// Put implements Store.
func (m *Memory) Put(ctx context.Context, item Item) error {
	if err := cmp.Or(ctx.Err(), item.Check()); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	items := m.partitions[item.Partition]
	i, found := slices.BinarySearchFunc(items, item.Sort, bySort)
	stored := int64(0)
	if found && items[i].Expires.After(m.now()) {
		stored = items[i].Version
	}
	if stored != item.Version {
		return ErrConflict
	}
	item = clone(item)
	item.Version++
	m.bytes += len(item.Body)
	if found {
		m.bytes -= len(items[i].Body)
		items[i] = item
	} else {
		m.partitions[item.Partition] = slices.Insert(items, i, item)
	}
	m.forget()
	return nil
}

// forget removes what has expired, once in many writes, and what is too much:
// names in keys are chosen by callers of AWS, who could fill the memory
// otherwise.
func (m *Memory) forget() {
	const many = 10_000
	m.written++
	if m.written%many == 0 {
		m.keep(func(item Item) bool { return item.Expires.After(m.now()) })
	}
	if m.Limit == 0 || m.bytes <= m.Limit {
		return
	}
	var all []Item
	for _, items := range m.partitions {
		all = append(all, items...)
	}
	slices.SortFunc(all, func(a, b Item) int { return b.Expires.Compare(a.Expires) })
	last, bytes := time.Time{}, 0
	for _, item := range all {
		if bytes += len(item.Body); bytes > m.Limit/2 {
			last = item.Expires
			break
		}
	}
	m.keep(func(item Item) bool { return item.Expires.After(last) })
}

func (m *Memory) keep(worthIt func(Item) bool) {
	for partition, items := range m.partitions {
		m.partitions[partition] = slices.DeleteFunc(items, func(item Item) bool {
			drop := !worthIt(item)
			if drop {
				m.bytes -= len(item.Body)
			}
			return drop
		})
		if len(m.partitions[partition]) == 0 {
			delete(m.partitions, partition)
		}
	}
}

func bySort(item Item, sort string) int { return strings.Compare(item.Sort, sort) }

func clone(item Item) Item {
	item.Body = slices.Clone(item.Body)
	return item
}
