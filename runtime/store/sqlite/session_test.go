package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
	"github.com/trailalerts/trailalerts/runtime/store/storetest"
)

func begin(t testing.TB, store *sqlite.Store) *sqlite.Session {
	t.Helper()
	session, err := store.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// TestSession: within a session a store is what every store is.
func TestSession(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) alert.Store {
		session := begin(t, open(t, filepath.Join(t.TempDir(), "alerts.db"), now))
		t.Cleanup(func() {
			if err := session.Rollback(); err != nil {
				t.Error(err)
			}
		})
		return session
	})
}

func TestSessionIsAllOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	store, other := open(t, path, time.Now), open(t, path, time.Now)
	put(t, store, newItem("p", "before", 0))

	session := begin(t, store)
	put(t, session, newItem("p", "before", 1))
	put(t, session, newItem("p", "dropped", 0))
	if got := get(t, other, "p", "before").Version; got != 1 {
		t.Errorf("another sees version %d before the end", got)
	}
	if err := session.Rollback(); err != nil {
		t.Fatal(err)
	}
	if before, dropped := get(t, store, "p", "before").Version, get(t, store, "p", "dropped").Version; before != 1 || dropped != 0 {
		t.Errorf("after Rollback the versions are %d and %d, want 1 and 0", before, dropped)
	}

	session = begin(t, store)
	put(t, session, newItem("p", "before", 1))
	put(t, session, newItem("p", "kept", 0))
	if err := session.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := session.Rollback(); err != nil {
		t.Errorf("Rollback after Commit: %v", err)
	}
	if before, kept := get(t, other, "p", "before").Version, get(t, other, "p", "kept").Version; before != 2 || kept != 1 {
		t.Errorf("after Commit the versions are %d and %d, want 2 and 1", before, kept)
	}
}

// TestSessionsExclude: what a session has read nobody changes until it ends.
func TestSessionsExclude(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	store, other := open(t, path, time.Now), open(t, path, time.Now)
	session := begin(t, store)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := other.Begin(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Begin of another: %v, want context.DeadlineExceeded", err)
	}
	if err := other.Put(ctx, newItem("p", "s", 0)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Put of another: %v, want context.DeadlineExceeded", err)
	}
	if err := session.Commit(); err != nil {
		t.Fatal(err)
	}
	put(t, other, newItem("p", "s", 0))
}

// TestSessionEndsWithAFailure: after a call that failed nothing counts.
func TestSessionEndsWithAFailure(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "alerts.db"), time.Now)
	session := begin(t, store)
	put(t, session, newItem("p", "s", 0))
	if err := session.Put(t.Context(), newItem("p", "s", 0)); !errors.Is(err, alert.ErrConflict) {
		t.Errorf("Put: %v, want a conflict", err)
	}
	if err := session.Put(t.Context(), newItem("p", "", 0)); err == nil {
		t.Error("an item without a sort key is taken")
	}
	put(t, session, newItem("p", "s", 1)) // neither was a failure
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := session.Put(ctx, newItem("p", "s", 2)); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v, want context.Canceled", err)
	}
	if err := session.Put(t.Context(), newItem("p", "t", 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("Put after that: %v, want the failure", err)
	}
	if err := session.Commit(); !errors.Is(err, context.Canceled) {
		t.Errorf("Commit: %v, want the failure", err)
	}
	if got := get(t, store, "p", "s").Version; got != 0 {
		t.Errorf("version %d was written", got)
	}
}

// TestSessionEndsWithItsContext: an interrupted scan leaves nothing.
func TestSessionEndsWithItsContext(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "alerts.db"), time.Now)
	ctx, cancel := context.WithCancel(t.Context())
	session, err := store.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	put(t, session, newItem("p", "s", 0))
	cancel()
	if err := session.Commit(); err == nil {
		t.Error("Commit after the context is done: no error")
	}
	if err := session.Rollback(); err != nil {
		t.Errorf("Rollback: %v", err)
	}
	if got := get(t, store, "p", "s").Version; got != 0 {
		t.Errorf("version %d was written", got)
	}
}
