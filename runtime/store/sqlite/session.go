package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A Session is a Store whose writes count all together once they are committed,
// or not at all. While there is one, no other process writes the file.
type Session struct {
	*Store
	tx *sql.Tx
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
	within := &Store{
		path: s.path, now: s.now, db: s.db,
		get: tx.StmtContext(ctx, s.get), query: tx.StmtContext(ctx, s.query), create: tx.StmtContext(ctx, s.create), update: tx.StmtContext(ctx, s.update),
	}
	return &Session{within, tx}, nil
}

// Commit makes what was written last.
func (s *Session) Commit() error {
	if err := s.tx.Commit(); err != nil {
		return fmt.Errorf("write store %s: %w", s.path, err)
	}
	return nil
}

// Rollback drops what was written, unless it was committed.
func (s *Session) Rollback() error {
	if err := s.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return fmt.Errorf("drop what was written to store %s: %w", s.path, err)
	}
	return nil
}

// Findings returns the IDs of the findings whose ID contains the text, in order,
// at most limit of them.
func (s *Store) Findings(ctx context.Context, text string, limit int) ([]string, error) {
	const prefix = "finding|"
	rows, err := s.db.QueryContext(ctx, `SELECT partition FROM items WHERE partition >= ?1 AND partition < ?2 AND instr(partition, ?3) > 0 AND expires > ?4 ORDER BY partition LIMIT ?5`,
		prefix, strings.TrimSuffix(prefix, "|")+"}", text, s.now().Unix(), limit)
	if err != nil {
		return nil, fmt.Errorf("search store %s: %w", s.path, err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var partition string
		if err := rows.Scan(&partition); err != nil {
			return nil, fmt.Errorf("search store %s: %w", s.path, err)
		}
		ids = append(ids, strings.TrimPrefix(partition, prefix))
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("search store %s: %w", s.path, err)
	}
	return ids, nil
}
