package alert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// A Store keeps items by partition and sort key. It is all that decisions need
// to remember, and the same for a file on a laptop and a table in AWS. The
// conformance test of every store is package storetest.
type Store interface {
	// Get returns an item, and the zero Item, of Version 0, when there is none.
	// The read is strongly consistent: it sees every Put that returned before.
	Get(ctx context.Context, partition, sort string) (Item, error)

	// Query returns the items of a range, each strongly consistent; a Put
	// meanwhile may or may not be seen.
	Query(ctx context.Context, r Range) ([]Item, error)

	// Put writes an item if the stored one has the Version of item (0: there is
	// none), and stores it with the next Version. Otherwise nothing is
	// written and the error is ErrConflict. Any other error, a done context too,
	// leaves open whether it was written.
	Put(ctx context.Context, item Item) error
}

// A Range is a part of a partition: the items with From <= Sort <= To in the order
// of Sort (by bytes). An empty From is before every item.
type Range struct {
	Partition string
	From, To  string
	Backwards bool // the last ones first
	Limit     int  // the most items; 0 is all
}

// Item is what a Store keeps. An item that has expired is as good as not there:
// Get and Query leave it out, and a Put of Version 0 replaces it. Versions then
// start anew, so whoever read an item must write it well before it expires.
type Item struct {
	Partition string    // at most 1,024 bytes of UTF-8, not empty
	Sort      string    // at most 512 bytes of UTF-8, not empty
	Version   int64     // how often it was written
	Expires   time.Time // not zero; a Store may round it up to the second
	Body      []byte    // a JSON object of at most MaxBody bytes, kept as it is
}

// MaxBody is the most bytes that the Body of an item may have: what an item of
// DynamoDB holds (400 KB) with its keys and attribute names.
const MaxBody = 380_000

// ErrConflict: the stored item is not the one that the caller has seen.
var ErrConflict = errors.New("the item was written by another")

// The most bytes of the keys of an Item: less than a key of DynamoDB may have.
const (
	maxPartition = 1024
	maxSort      = 512
)

// Check says why a Store must refuse to Put the item, whatever it has stored.
func (i *Item) Check() error {
	if err := CheckKey(i.Partition, i.Sort); err != nil {
		return err
	}
	var problem string
	switch {
	case i.Version < 0:
		problem = fmt.Sprintf("its version is %d", i.Version)
	case i.Expires.IsZero():
		problem = "it does not say when it expires"
	case len(i.Body) > MaxBody:
		problem = fmt.Sprintf("its body is %d bytes long, at most %d are kept", len(i.Body), MaxBody)
	case !bytes.HasPrefix(bytes.TrimLeft(i.Body, " \t\r\n"), []byte("{")) || !json.Valid(i.Body):
		problem = "its body is no JSON object"
	case !utf8.Valid(i.Body):
		problem = "its body is no UTF-8"
	default:
		return nil
	}
	return fmt.Errorf("item %q of %q: %s", i.Sort, i.Partition, problem)
}

// CheckKey says why no item can have these keys, so that a Store must refuse to
// Get it.
func CheckKey(partition, sort string) error {
	if err := checkText(partition, 1, maxPartition); err != nil {
		return fmt.Errorf("partition %w", err)
	}
	if err := checkText(sort, 1, maxSort); err != nil {
		return fmt.Errorf("partition %q: sort key %w", partition, err)
	}
	return nil
}

// Check says why a Store must refuse to Query the range. A bound may be longer
// than any Sort.
func (r *Range) Check() error {
	if err := checkText(r.Partition, 1, maxPartition); err != nil {
		return fmt.Errorf("partition %w", err)
	}
	for _, bound := range []string{r.From, r.To} {
		if err := checkText(bound, 0, 2*maxSort); err != nil {
			return fmt.Errorf("partition %q: bound %w", r.Partition, err)
		}
	}
	if r.Limit < 0 {
		return fmt.Errorf("partition %q: the limit is %d", r.Partition, r.Limit)
	}
	return nil
}

func checkText(s string, least, most int) error {
	switch {
	case len(s) < least:
		return errors.New("is empty")
	case len(s) > most:
		return fmt.Errorf("%q is %d bytes long, at most %d are possible", cut(s, 100), len(s), most)
	case !utf8.ValidString(s):
		return fmt.Errorf("%q is no UTF-8", s)
	}
	return nil
}

// ExpiresUnix returns Expires in seconds since 1970, rounded up so that no item
// ends early.
func (i *Item) ExpiresUnix() int64 {
	seconds := i.Expires.Unix()
	if i.Expires.Nanosecond() > 0 {
		seconds++
	}
	return seconds
}
