package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// size is that of the body of a usual finding.
const size = 4096

func newItem(partition, sort string, version int64) alert.Item {
	return alert.Item{Partition: partition, Sort: sort, Version: version, Expires: time.Now().Add(time.Hour), Body: []byte(`{"text":"` + strings.Repeat("x", size) + `"}`)}
}

func BenchmarkPut(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "alerts.db"), time.Now)
	runs := 0 // a benchmark is run for each guess of b.N, and all over again with -count: b.N does not tell the runs apart
	b.Run("new items", func(b *testing.B) {
		runs++
		for i := range b.N {
			if err := store.Put(b.Context(), newItem(fmt.Sprintf("finding|%d|%d", runs, i), "decision", 0)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("the same item", func(b *testing.B) {
		runs++
		for i := range b.N {
			if err := store.Put(b.Context(), newItem(fmt.Sprintf("cooldown|%d", runs), "state", int64(i))); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new items from eight goroutines", func(b *testing.B) {
		runs++
		var n atomic.Int64
		b.SetParallelism(4) // of 2 processors
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := store.Put(b.Context(), newItem(fmt.Sprintf("parallel|%d|%d", runs, n.Add(1)), "decision", 0)); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func BenchmarkGet(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "alerts.db"), time.Now)
	const items = 1000
	for i := range items {
		if err := store.Put(b.Context(), newItem(fmt.Sprintf("finding|%d", i), "decision", 0)); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("an item", func(b *testing.B) {
		for i := range b.N {
			if item, err := store.Get(b.Context(), fmt.Sprintf("finding|%d", i%items), "decision"); err != nil || item.Version != 1 {
				b.Fatal(item.Version, err)
			}
		}
	})
	b.Run("nothing", func(b *testing.B) {
		for i := range b.N {
			if item, err := store.Get(b.Context(), fmt.Sprintf("nothing|%d", i%items), "decision"); err != nil || item.Version != 0 {
				b.Fatal(item.Version, err)
			}
		}
	})
}

func BenchmarkQuery(b *testing.B) {
	store := open(b, filepath.Join(b.TempDir(), "alerts.db"), time.Now)
	const groups, items = 20, 100
	for i := range groups * items {
		if err := store.Put(b.Context(), newItem(fmt.Sprintf("group|%d", i%groups), fmt.Sprintf("%06d", i), 0)); err != nil {
			b.Fatal(err)
		}
	}
	for i := 0; b.Loop(); i++ { // what came before is not measured
		if found, err := store.Query(b.Context(), alert.Range{Partition: fmt.Sprintf("group|%d", i%groups), To: "~"}); err != nil || len(found) != items {
			b.Fatal(len(found), err)
		}
	}
	b.ReportMetric(items, "items/op")
}
