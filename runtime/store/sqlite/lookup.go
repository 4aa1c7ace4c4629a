package sqlite

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

var _ alert.Lister = (*Store)(nil)

// Items implements alert.Lister. The items come by partition. While they do, no
// write of any process is waited for, and none is seen.
func (s *Store) Items(ctx context.Context, partition, sort string) iter.Seq2[alert.Item, error] {
	return func(yield func(alert.Item, error) bool) {
		fail := func(err error) {
			yield(alert.Item{}, fmt.Errorf("list %q of %q from %s: %w", sort, partition, s.path, err))
		}
		// No text in UTF-8 has the byte 0xFF, so this is above all that begin so.
		rows, err := s.db.QueryContext(ctx, `SELECT partition, version, expires, body FROM items
			WHERE partition >= ?1 AND partition < ?2 AND sort = ?3 AND expires > ?4 ORDER BY partition`,
			partition, partition+"\xff", sort, s.now().Unix())
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			item := alert.Item{Sort: sort}
			var expires int64
			if err := rows.Scan(&item.Partition, &item.Version, &expires, &item.Body); err != nil {
				fail(err)
				return
			}
			item.Expires = time.Unix(expires, 0).UTC()
			if !yield(item, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}

// Findings returns the IDs of the findings whose ID contains the text, or one of
// whose alerts is the hit of a correlation in the group that the text, as the ID of
// such an alert, names. They are in order, at most limit of them.
func (s *Store) Findings(ctx context.Context, text string, limit int) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT substr(partition, length('finding|') + 1) AS id FROM items
		WHERE partition >= 'finding|' AND partition < 'finding}' AND sort = 'decision' AND expires > ?2 AND (instr(id, ?1) > 0 OR EXISTS (
			SELECT 1 FROM json_each(body, '$.alerts') WHERE instr(?1, json_extract(value, '$.rule.key') || '/' || json_extract(value, '$.window.group_key')) > 0)) ORDER BY partition LIMIT ?3`,
		text, s.now().Unix(), limit)
	if err != nil {
		return nil, fmt.Errorf("search store %s: %w", s.path, err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("search store %s: %w", s.path, err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("search store %s: %w", s.path, err)
	}
	return ids, nil
}
