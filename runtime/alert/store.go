package alert

import (
	"context"
	"errors"
	"time"
)

// A Store keeps items by partition and sort key. It is all that decisions need
// to remember, and the same for a file on a laptop and a table in AWS.
type Store interface {
	// Get returns an item, and one with the Version 0 when there is none. The
	// read is strongly consistent: it sees every Put that returned before.
	Get(ctx context.Context, partition, sort string) (Item, error)

	// Query returns the items of a partition with from <= Sort <= to in the
	// order of Sort (by bytes), all of them, strongly consistent.
	Query(ctx context.Context, partition, from, to string) ([]Item, error)

	// Put writes an item if the stored one has the Version of item (0: there is
	// none), and stores it with the next Version. Otherwise nothing is
	// written and the error is ErrConflict.
	Put(ctx context.Context, item Item) error
}

// Item is what a Store keeps. An item that has expired is as good as not there:
// Get and Query leave it out, and a Put of Version 0 replaces it.
type Item struct {
	Partition string // at most 1,024 bytes, not empty
	Sort      string // at most 512 bytes, not empty
	Version   int64  // how often it was written
	Expires   time.Time
	Body      []byte // a JSON object of at most MaxBody bytes
}

// MaxBody is the most bytes that the Body of an item may have: what an item of
// DynamoDB holds (400 KB) with its keys and attribute names.
const MaxBody = 380_000

// ErrConflict: the stored item is not the one that the caller has seen.
var ErrConflict = errors.New("the item was written by another")
