package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// schema makes an empty file a store; schemaVersion is the user_version of the
// file then. A change of schema.sql, of a view too, is a new version and a
// migration from those before.
//
//go:embed schema.sql
var schema string

const schemaVersion = 1

// applicationID marks a file as a store: "Trai" as a number.
const applicationID = 0x54726169

const (
	connections = 4                // readers do not wait for writers, nor for each other
	busyTime    = 10 * time.Second // for which a call waits for the writers of all processes
	pruneTime   = 2 * time.Second  // the most that Open spends on deleting
	pruneBatch  = 500              // items deleted in one transaction, so that other processes get their turn
)

// Open opens the store in a file, which it creates, readable for its owner alone,
// when there is none. now tells the time by which items expire. A file that is no
// store of this release or an earlier one is refused and left as it is.
//
// Open deletes items that have expired, for at most two seconds, so that a file
// does not grow without end; what that leaves, the next Open deletes.
func Open(path string, now func() time.Time) (*Store, error) {
	s, err := open(path, now)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	return s, nil
}

// Close ends the use of the store.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store %s: %w", s.path, err)
	}
	return nil
}

func open(path string, now func() time.Time) (_ *Store, err error) {
	name, err := dataSource(path)
	if err != nil {
		return nil, err
	}
	_, missing := os.Stat(path)
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(explain(err), db.Close())
		}
	}()
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	ctx := context.Background()
	if err := db.PingContext(ctx); err != nil {
		return nil, err
	}
	if errors.Is(missing, os.ErrNotExist) {
		// By now the file is there, and empty. SQLite gives the files beside
		// it the same permissions.
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, err
		}
	}
	if err := prepare(ctx, db); err != nil {
		return nil, err
	}
	s := &Store{items{path: path, now: now}, db}
	for text, statement := range map[string]**sql.Stmt{getItem: &s.get, firstItems: &s.first, lastItems: &s.last, createItem: &s.create, updateItem: &s.update} {
		if *statement, err = db.PrepareContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return s, s.prune(ctx)
}

// dataSource names the file to the driver. synchronous=FULL makes every commit
// wait for the disk: with NORMAL, which is usual beside a write-ahead log, the
// last commits are lost when the power fails, and an alert whose mark "sent" is
// lost is sent twice.
func dataSource(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty") // SQLite would take it for a file that is deleted on Close
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	file := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_busy_timeout": {fmt.Sprint(busyTime.Milliseconds())},
		"_synchronous":  {"FULL"},
		"_txlock":       {"immediate"},
		"_error_rc":     {"true"}, // errors that say what they are about
	}.Encode()}
	return file.String(), nil
}

// explain says what an error of SQLite means for the file.
func explain(err error) error {
	if e := (*sqlite.Error)(nil); errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_NOTADB {
		return fmt.Errorf("the file is no SQLite database: %w", err)
	}
	return err
}

// prepare checks that a file is a store, or makes an empty one a store.
func prepare(ctx context.Context, db *sql.DB) error {
	known, err := recognize(ctx, db)
	if err != nil {
		return err
	}
	// Checked first, since this writes the file. Two processes that begin at
	// the same time find each other's lock, for which SQLite does not wait here.
	if err := writeAhead(ctx, db); err != nil {
		return err
	}
	if known {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	// Another process may have been faster.
	if known, err := recognize(ctx, tx); known || err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("%s;\nPRAGMA application_id = %d;\nPRAGMA user_version = %d", schema, applicationID, schemaVersion))
	if err != nil {
		return fmt.Errorf("create the schema: %w", err)
	}
	return tx.Commit()
}

// recognize reports whether a file is a store: false says that it is empty, and
// an error that it is something else.
func recognize(ctx context.Context, db interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (bool, error) {
	var application, version, objects int
	err := db.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id, pragma_user_version`).Scan(&application, &version, &objects)
	switch {
	case err != nil:
		return false, err
	case application == 0 && version == 0 && objects == 0:
		return false, nil
	case application != applicationID:
		return false, errors.New("the file is a database of another program")
	case version > schemaVersion:
		return false, fmt.Errorf("the file has schema %d, of a newer release; this one knows schemas up to %d", version, schemaVersion)
	}
	return true, nil
}

// writeAhead turns on the write-ahead log, with which readers and a writer do not
// wait for each other.
func writeAhead(ctx context.Context, db *sql.DB) error {
	deadline := time.Now().Add(busyTime)
	for {
		var mode string
		err := db.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
		e := (*sqlite.Error)(nil)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("the write-ahead log cannot be used here; journal_mode stays %s", mode)
		case !errors.As(err, &e) || e.Code()&0xff != sqlite3.SQLITE_BUSY || time.Now().After(deadline):
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// prune deletes items that have expired, until none is left or the time is up.
func (s *Store) prune(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pruneTime)
	defer cancel()
	for {
		result, err := s.db.ExecContext(ctx, `DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE expires <= ?1 ORDER BY expires LIMIT ?2)`, s.now().Unix(), pruneBatch)
		if ctx.Err() != nil {
			return nil // the time is up, or was spent waiting for other writers
		}
		if err != nil {
			return fmt.Errorf("delete expired items: %w", err)
		}
		if n, err := result.RowsAffected(); n < pruneBatch || err != nil {
			return err
		}
	}
}
