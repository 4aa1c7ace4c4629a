package alert_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, now func() time.Time) alert.Store { return alert.NewMemory(now) })
}

func TestMemoryForgetsTheOldest(t *testing.T) {
	now := decisionTime
	m := alert.NewMemory(func() time.Time { return now })
	m.Limit = 1000
	body := []byte(`{"x":"` + strings.Repeat("x", 92) + `"}`) // 100 bytes
	for i := range 25 {
		now = now.Add(time.Second)
		if err := m.Put(t.Context(), alert.Item{Partition: fmt.Sprint(i % 3), Sort: fmt.Sprint(i), Expires: now.Add(time.Hour), Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	var kept []int
	for i := range 25 {
		item, err := m.Get(t.Context(), fmt.Sprint(i%3), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if item.Version > 0 {
			kept = append(kept, i)
		}
	}
	if len(kept) < 4 || len(kept) > 10 || kept[len(kept)-1] != 24 || kept[0] != 25-len(kept) {
		t.Errorf("kept %v, want the last few", kept)
	}
}
