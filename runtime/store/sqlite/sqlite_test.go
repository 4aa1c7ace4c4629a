package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
	"github.com/trailalerts/trailalerts/runtime/store/storetest"
)

func open(t testing.TB, path string, now func() time.Time) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(path, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) alert.Store {
		return open(t, filepath.Join(t.TempDir(), "alerts.db"), now)
	})
}

func TestSharedFile(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T, now func() time.Time) (one, other alert.Store) {
		path := filepath.Join(t.TempDir(), "alerts.db")
		return open(t, path, now), open(t, path, now)
	})
}
