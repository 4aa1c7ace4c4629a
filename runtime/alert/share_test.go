package alert

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestShare(t *testing.T) {
	for _, c := range []struct {
		name     string
		left     time.Duration
		sendings int
		want     time.Duration
	}{
		{"with plenty of time a sending has its own bound", time.Hour, 3, sendTime},
		{"what is left is divided", 30 * time.Second, 3, 10 * time.Second},
		{"into parts that a call can be made in: most take less", 6 * time.Second, 20, leastTime},
		{"with less than that nothing is asked", 999 * time.Millisecond, 1, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), c.left)
			defer cancel()
			if got := share(ctx, c.sendings); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		})
	}
	if got := share(t.Context(), 3); got != sendTime {
		t.Errorf("without a deadline: %s, want %s", got, sendTime)
	}
}
