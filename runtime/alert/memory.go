package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory is a Store that lasts as long as the process.
type Memory struct {
	now func() time.Time

	mu         sync.Mutex
	partitions map[string][]Item // by Sort
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
func (m *Memory) Query(ctx context.Context, partition, from, to string) ([]Item, error) {
	if err := cmp.Or(ctx.Err(), CheckRange(partition, from, to)); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.now()
	items := m.partitions[partition]
	first, _ := slices.BinarySearchFunc(items, from, bySort)
	var found []Item
	for _, item := range items[first:] {
		if item.Sort > to {
			break
		}
		if item.Expires.After(now) {
			found = append(found, clone(item))
		}
	}
	return found, nil
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
	if found {
		items[i] = item
	} else {
		m.partitions[item.Partition] = slices.Insert(items, i, item)
	}
	m.forget()
	return nil
}

// forget removes what has expired, once in many writes: names in keys are chosen
// by callers of AWS, who could fill the memory otherwise.
func (m *Memory) forget() {
	const many = 10_000
	if m.written++; m.written%many != 0 {
		return
	}
	now := m.now()
	for partition, items := range m.partitions {
		items = slices.DeleteFunc(items, func(item Item) bool { return !item.Expires.After(now) })
		if m.partitions[partition] = items; len(items) == 0 {
			delete(m.partitions, partition)
		}
	}
}

func bySort(item Item, sort string) int { return strings.Compare(item.Sort, sort) }

func clone(item Item) Item {
	item.Body = slices.Clone(item.Body)
	return item
}
