package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// TestDurability: every connection waits for the disk at a commit, and for other
// writers. No test can cut the power.
func TestDurability(t *testing.T) {
	store, err := Open(filepath.Join(t.TempDir(), "alerts.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for range connections {
		conn, err := store.db.Conn(t.Context()) // kept, so that the next is another
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "busy_timeout": "10000"} {
			if got := value(t, conn, "PRAGMA "+pragma); got != want {
				t.Errorf("%s = %s, want %s", pragma, got, want)
			}
		}
	}
}

// TestFullDisk: a session during which the disk is full leaves nothing, although
// SQLite ends the transaction by itself and goes on without one.
func TestFullDisk(t *testing.T) {
	store, err := Open(filepath.Join(t.TempDir(), "alerts.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	session, err := store.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	item := func(sort string, size int) alert.Item {
		return alert.Item{Partition: "p", Sort: sort, Expires: time.Now().Add(time.Hour), Body: []byte(`{"text":"` + strings.Repeat("x", size) + `"}`)}
	}
	if err := session.Put(t.Context(), item("first", 10)); err != nil {
		t.Fatal(err)
	}
	if _, err := session.tx.Exec("PRAGMA max_page_count = 20"); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{200_000, 10} {
		if err := session.Put(t.Context(), item("second", size)); err == nil || !strings.Contains(err.Error(), "database or disk is full") {
			t.Errorf("Put of %d bytes: %v, want that the disk is full", size, err)
		}
	}
	if err := session.Commit(); err == nil || !strings.Contains(err.Error(), "database or disk is full") {
		t.Errorf("Commit: %v, want that the disk is full", err)
	}
	if found, err := store.Query(t.Context(), alert.Range{Partition: "p", To: "~"}); err != nil || len(found) > 0 {
		t.Errorf("%d items were written, %v", len(found), err)
	}
	if err := store.Put(t.Context(), item("third", 10)); err != nil {
		t.Errorf("Put when the session has ended: %v", err)
	}
}

func value(t *testing.T, conn *sql.Conn, query string) string {
	t.Helper()
	var s string
	if err := conn.QueryRowContext(context.Background(), query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}
