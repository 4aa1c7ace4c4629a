package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFindings(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	store := open(t, filepath.Join(t.TempDir(), "alerts.db"), func() time.Time { return now })
	for _, id := range []string{"rule_b/1/e-1", "rule_a/1/e-1", "rule_a/1/e-2", "rule_a/1/e%2", "rule_a/1/E-2"} {
		put(t, store, newItem("finding|"+id, "decision", 0))
	}
	put(t, store, newItem("finding|rule_a/1/e-3", "something else", 0))
	put(t, store, newItem("findings|rule_a/1/e-3", "decision", 0))
	put(t, store, newItem("delivery|rule_a/1/e-3", "decision", 0))
	expired := newItem("finding|rule_a/1/e-4", "decision", 0)
	expired.Expires = now
	put(t, store, expired)
	tests := []struct {
		name, text string
		limit      int
		want       []string
	}{
		{"an ID is found by its part, in order", "e-1", 10, []string{"rule_a/1/e-1", "rule_b/1/e-1"}},
		{"all of it will do", "rule_a/1/e-2", 10, []string{"rule_a/1/e-2"}},
		{"case counts, and nothing is a wildcard", "e%2", 10, []string{"rule_a/1/e%2"}},
		{"every ID has nothing in it", "", 10, []string{"rule_a/1/E-2", "rule_a/1/e%2", "rule_a/1/e-1", "rule_a/1/e-2", "rule_b/1/e-1"}},
		{"no more than the limit", "rule_a", 2, []string{"rule_a/1/E-2", "rule_a/1/e%2"}},
		{"what has expired or is no finding is not found", "e-3", 10, nil},
		{"the word in front of an ID is no part of it", "finding", 10, nil},
	}
	for _, test := range tests {
		got, err := store.Findings(t.Context(), test.text, test.limit)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestItems(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	path := filepath.Join(t.TempDir(), "alerts.db")
	store, other := open(t, path, func() time.Time { return now }), open(t, path, func() time.Time { return now })
	for _, partition := range []string{"finding|b", "finding|a", "finding|", "finding|\U0010FFFF\U0010FFFF", "findin", "finding}", "group|a"} {
		put(t, store, newItem(partition, "decision", 0))
	}
	put(t, store, newItem("finding|a", "decision", 1))
	put(t, store, newItem("finding|a", "other", 0))
	expired := newItem("finding|c", "decision", 0)
	expired.Expires = now
	put(t, store, expired)

	type key struct {
		Partition, Sort string
		Version         int64
	}
	var got []key
	for item, err := range store.Items(t.Context(), "finding|", "decision") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, key{item.Partition, item.Sort, item.Version})
		if len(item.Body) == 0 || !item.Expires.After(now) {
			t.Errorf("the item %q has the body %q and expires at %s", item.Partition, item.Body, item.Expires)
		}
		put(t, other, newItem("written meanwhile", item.Partition+"x", 0))
	}
	want := []key{{"finding|", "decision", 1}, {"finding|a", "decision", 2}, {"finding|b", "decision", 1}, {"finding|\U0010FFFF\U0010FFFF", "decision", 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	for range store.Items(t.Context(), "finding|", "decision") {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range store.Items(ctx, "finding|", "decision") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after the end of the context: %v", err)
		}
	}
}
