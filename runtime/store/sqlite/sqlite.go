// Package sqlite keeps what decisions remember in one SQLite file: the Store of
// one machine. Any number of processes may use the file at once, on a local disk
// (SQLite's write-ahead log does not work over a network), and a person may query
// it; schema.sql says what is in it.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A Store is a file. It is safe for concurrent use. Each Put is a transaction of
// its own, and what it wrote survives the end of the process and of the power.
type Store struct {
	items
	db *sql.DB
}

var _ alert.Store = (*Store)(nil)

// items are the statements that read and write items, of a file or within a
// transaction.
type items struct {
	path string
	now  func() time.Time

	get, first, last, create, update *sql.Stmt
}

// An expired item is not there; that it is replaced in one statement is what makes
// a second creator conflict.
const (
	getItem     = `SELECT version, expires, body FROM items WHERE partition = ?1 AND sort = ?2 AND expires > ?3`
	itemsWithin = `SELECT sort, version, expires, body FROM items WHERE partition = ?1 AND sort BETWEEN ?2 AND ?3 AND expires > ?4 ORDER BY sort`
	firstItems  = itemsWithin + ` LIMIT ?5`
	lastItems   = itemsWithin + ` DESC LIMIT ?5`
	createItem  = `INSERT INTO items (partition, sort, version, expires, body) VALUES (?1, ?2, 1, ?3, ?4)
		ON CONFLICT (partition, sort) DO UPDATE SET version = 1, expires = excluded.expires, body = excluded.body WHERE items.expires <= ?5`
	updateItem = `UPDATE items SET version = version + 1, expires = ?3, body = ?4 WHERE partition = ?1 AND sort = ?2 AND expires > ?5 AND version = ?6`
)

// Get implements alert.Store.
func (s *items) Get(ctx context.Context, partition, sort string) (alert.Item, error) {
	if err := alert.CheckKey(partition, sort); err != nil {
		return alert.Item{}, fmt.Errorf("get: %w", err)
	}
	item := alert.Item{Partition: partition, Sort: sort}
	var expires int64
	err := s.get.QueryRowContext(ctx, partition, sort, s.now().Unix()).Scan(&item.Version, &expires, &item.Body)
	if errors.Is(err, sql.ErrNoRows) {
		return alert.Item{}, nil
	}
	if err != nil {
		return alert.Item{}, fmt.Errorf("get %q of %q from %s: %w", sort, partition, s.path, err)
	}
	item.Expires = time.Unix(expires, 0).UTC()
	return item, nil
}

// Query implements alert.Store.
func (s *items) Query(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	found, err := s.within(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("query %q to %q of %q from %s: %w", r.From, r.To, r.Partition, s.path, err)
	}
	return found, nil
}

func (s *items) within(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	statement := s.first
	if r.Backwards {
		statement = s.last
	}
	limit := r.Limit
	if limit == 0 {
		limit = -1 // all, to SQLite; 0 would be none
	}
	rows, err := statement.QueryContext(ctx, r.Partition, r.From, r.To, s.now().Unix(), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []alert.Item
	for rows.Next() {
		item := alert.Item{Partition: r.Partition}
		var expires int64
		if err := rows.Scan(&item.Sort, &item.Version, &expires, &item.Body); err != nil {
			return nil, err
		}
		item.Expires = time.Unix(expires, 0).UTC()
		found = append(found, item)
	}
	return found, rows.Err()
}

// Put implements alert.Store.
func (s *items) Put(ctx context.Context, item alert.Item) error {
	if err := item.Check(); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	now := s.now().Unix()
	var result sql.Result
	var err error
	if item.Version == 0 {
		result, err = s.create.ExecContext(ctx, item.Partition, item.Sort, item.ExpiresUnix(), string(item.Body), now)
	} else {
		result, err = s.update.ExecContext(ctx, item.Partition, item.Sort, item.ExpiresUnix(), string(item.Body), now, item.Version)
	}
	var written int64
	if err == nil {
		written, err = result.RowsAffected()
	}
	switch {
	case err != nil:
		return fmt.Errorf("put %q of %q to %s: %w", item.Sort, item.Partition, s.path, err)
	case written == 0:
		return alert.ErrConflict
	}
	return nil
}
