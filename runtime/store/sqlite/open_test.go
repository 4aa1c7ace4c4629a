package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

// shell opens a file as another program does, such as the sqlite3 shell.
func shell(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t testing.TB, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// number returns the result of a query.
func number(t testing.TB, db *sql.DB, query string) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func get(t testing.TB, store alert.Store, partition, sort string) alert.Item {
	t.Helper()
	item, err := store.Get(t.Context(), partition, sort)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func put(t testing.TB, store alert.Store, item alert.Item) {
	t.Helper()
	if err := store.Put(t.Context(), item); err != nil {
		t.Fatal(err)
	}
}

// TestRefusedFiles: what is no store is refused by name, and is not touched.
func TestRefusedFiles(t *testing.T) {
	database := func(statement string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			db := shell(t, path)
			execute(t, db, statement)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name string
		make func(t *testing.T, path string)
		want string
	}{
		{"a text", text(strings.Repeat("no database\n", 1000)), "the file is no SQLite database"},
		{"a few bytes", text("{}"), "the file is no SQLite database"},
		{"the database of another program", database(`CREATE TABLE visits (url TEXT); INSERT INTO visits VALUES ('https://example.com')`), "the file is a database of another program"},
		{"a database of another program that numbers its schemas", database(`PRAGMA user_version = 7`), "the file is a database of another program"},
		{"a database of another program that says who it is", database(`PRAGMA application_id = 0x0f055112; CREATE TABLE items (x)`), "the file is a database of another program"},
		{"a store of a newer release", func(t *testing.T, path string) {
			if err := must(sqlite.Open(path, time.Now)).Close(); err != nil {
				t.Fatal(err)
			}
			db := shell(t, path)
			execute(t, db, `PRAGMA user_version = 2`)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}, "the file has schema 2, of a newer release; this one knows schemas up to 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "alerts.db")
			test.make(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			refuse(t, path, path, test.want)
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(before) != string(after) {
				t.Error("the file has changed")
			}
			beside, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(beside) != 1 {
				t.Errorf("files beside it: %v, %v", beside, err)
			}
		})
	}
}

func must(store *sqlite.Store, err error) *sqlite.Store {
	if err != nil {
		panic(err)
	}
	return store
}

func refuse(t *testing.T, path string, want ...string) {
	t.Helper()
	store, err := sqlite.Open(path, time.Now)
	if err == nil {
		t.Errorf("the file is taken")
		_ = store.Close()
		return
	}
	for _, part := range append(want, "open store") {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error is %q; want %q in it", err, part)
		}
	}
}

func TestRefusedPaths(t *testing.T) {
	directory := t.TempDir()
	refuse(t, "", "the path is empty")
	refuse(t, directory, directory, "unable to open database file")
	missing := filepath.Join(directory, "missing", "alerts.db")
	refuse(t, missing, missing, "unable to open database file")
	if _, err := os.Stat(filepath.Dir(missing)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is there: %v", err)
	}
}

// TestPaths: a path is the name of a file, whatever SQLite's URIs make of it.
func TestPaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"relative.db", "a b.db", "c?mode=memory", "d#e.db", "f%20g.db", "é日.db", ":memory:", "file:h.db", filepath.Join(t.TempDir(), "absolute.db")} {
		store := must(sqlite.Open(path, time.Now))
		put(t, store, newItem("p", "s", 0))
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
		if got := get(t, open(t, path, time.Now), "p", "s"); got.Version != 1 {
			t.Errorf("%s: what was written is not there", path)
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool {
		return strings.HasSuffix(e.Name(), "-wal") || strings.HasSuffix(e.Name(), "-shm")
	})
	if len(entries) != 8 {
		t.Errorf("there are other files than those asked for: %v", entries)
	}
}

// TestPermissions: what happened in an account is nobody else's business.
func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	put(t, open(t, path, time.Now), newItem("p", "s", 0))
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has the permissions %v", name, got)
		}
	}
	shared := filepath.Join(t.TempDir(), "shared.db")
	if err := os.WriteFile(shared, nil, 0o660); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o660); err != nil { // whatever the umask
		t.Fatal(err)
	}
	open(t, shared, time.Now)
	if info, err := os.Stat(shared); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("a file that was there has the permissions %v now, %v", info.Mode(), err)
	}
}

// TestOpenAtOnce: processes that begin at the same time make one store.
func TestOpenAtOnce(t *testing.T) {
	for range 10 {
		path := filepath.Join(t.TempDir(), "alerts.db")
		var group sync.WaitGroup
		start := make(chan struct{})
		for i := range 8 {
			group.Go(func() {
				<-start
				store, err := sqlite.Open(path, time.Now)
				if err != nil {
					t.Error(err)
					return
				}
				if err := store.Put(t.Context(), newItem("p", fmt.Sprint(i), 0)); err != nil {
					t.Error(err)
				}
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		group.Wait()
		if got := number(t, shell(t, path), `SELECT count(*) FROM items`); got != 8 {
			t.Errorf("%d items, want 8", got)
		}
	}
}

// TestPrune: Open deletes what has expired, and nothing else.
func TestPrune(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	now := time.Now().Truncate(time.Second)
	store := open(t, path, func() time.Time { return now })
	session, err := store.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const expired, alive = 1234, 77
	for i := range expired {
		item := newItem("expired", fmt.Sprint(i), 0)
		item.Expires = now.Add(time.Duration(i) * time.Second)
		put(t, session, item)
	}
	for i := range alive {
		item := newItem("alive", fmt.Sprint(i), 0)
		item.Expires = now.Add(time.Duration(expired+i+1) * time.Second)
		put(t, session, item)
	}
	if err := session.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(expired * time.Second)
	store = must(sqlite.Open(path, func() time.Time { return now }))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db := shell(t, path)
	if got := number(t, db, `SELECT count(*) FROM items`); got != alive {
		t.Errorf("%d items are left, want %d", got, alive)
	}
	if got := number(t, db, `SELECT count(*) FROM items WHERE partition = 'alive'`); got != alive {
		t.Errorf("%d living items are left, want %d", got, alive)
	}
}

// TestLocked: readers do not wait for a writer; a writer waits as long as its
// context lets it, and then writes nothing.
func TestLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	store := open(t, path, time.Now)
	put(t, store, newItem("p", "s", 0))
	other := shell(t, path)
	execute(t, other, `BEGIN IMMEDIATE; UPDATE items SET version = 7`)
	if got := get(t, store, "p", "s"); got.Version != 1 {
		t.Errorf("what is not committed is seen: version %d", got.Version)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := store.Put(ctx, newItem("p", "s", 1)); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), path) {
		t.Errorf("Put: %v, want context.DeadlineExceeded and the file", err)
	}
	done := make(chan error)
	go func() { done <- store.Put(t.Context(), newItem("p", "s", 1)) }()
	time.Sleep(20 * time.Millisecond)
	execute(t, other, `ROLLBACK`)
	if err := <-done; err != nil {
		t.Errorf("Put when the other has ended: %v", err)
	}
	if diff := cmp.Diff(int64(2), get(t, store, "p", "s").Version); diff != "" {
		t.Errorf("version (-want +got):\n%s", diff)
	}
}
