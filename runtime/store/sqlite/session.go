package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A Session is a Store whose writes count all together once they are committed,
// or not at all. While there is one, no other process writes the file.
type Session struct {
	items items
	tx    *sql.Tx

	mu     sync.Mutex // a transaction runs one statement at a time
	failed error      // of the first statement that failed, other than by a conflict
}

var _ alert.Store = (*Session)(nil)

// Begin begins a Session, to be ended by Commit or Rollback. It waits some
// seconds for another one.
func (s *Store) Begin(ctx context.Context) (*Session, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if e := (*sqlite.Error)(nil); errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return nil, fmt.Errorf("use store %s: another process is at it: %w", s.path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("use store %s: %w", s.path, err)
	}
	within := items{
		path: s.path, now: s.now,
		get: tx.StmtContext(ctx, s.get), first: tx.StmtContext(ctx, s.first), last: tx.StmtContext(ctx, s.last), create: tx.StmtContext(ctx, s.create), update: tx.StmtContext(ctx, s.update),
	}
	return &Session{items: within, tx: tx}, nil
}

// Get implements alert.Store.
func (s *Session) Get(ctx context.Context, partition, sort string) (item alert.Item, err error) {
	err = s.do(func() error {
		item, err = s.items.Get(ctx, partition, sort)
		return err
	})
	return item, err
}

// Query implements alert.Store.
func (s *Session) Query(ctx context.Context, r alert.Range) (found []alert.Item, err error) {
	err = s.do(func() error {
		found, err = s.items.Query(ctx, r)
		return err
	})
	return found, err
}

// Put implements alert.Store.
func (s *Session) Put(ctx context.Context, item alert.Item) error {
	return s.do(func() error { return s.items.Put(ctx, item) })
}

// do runs a statement, unless one has failed. When the disk is full, or a call is
// given up while it writes, SQLite rolls back the whole transaction by itself, and
// what is written after that would count at once, without what was written before.
func (s *Session) do(statement func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return fmt.Errorf("a call of the session has failed before: %w", s.failed)
	}
	err := statement()
	if e := (*sqlite.Error)(nil); errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, sql.ErrTxDone) {
		s.failed = err
	}
	return err
}

// Commit makes what was written last. It fails, and drops it, when a call of the
// Session has failed.
func (s *Session) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return errors.Join(fmt.Errorf("write store %s: %w", s.items.path, s.failed), s.drop())
	}
	if err := s.tx.Commit(); err != nil {
		return fmt.Errorf("write store %s: %w", s.items.path, err)
	}
	return nil
}

// Rollback drops what was written, unless it was committed.
func (s *Session) Rollback() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.drop()
}

func (s *Session) drop() error {
	err := s.tx.Rollback()
	if err == nil || errors.Is(err, sql.ErrTxDone) || s.failed != nil { // then SQLite may have done it
		return nil
	}
	return fmt.Errorf("drop what was written to store %s: %w", s.items.path, err)
}
