package scan

import (
	"context"
	"fmt"
	"iter"
	goruntime "runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// sources are what a command line names.
type sources struct {
	files    []input // of this machine, sorted by path
	prefixes []prefix
	buckets  Buckets
	problems []error // what was not found
}

// find looks up what paths lead to. What cannot be found keeps nothing else from
// being read. Buckets are asked when their turn comes.
func find(ctx context.Context, extras Extras, paths []string) (sources, error) {
	var s sources
	var local []string
	for _, path := range paths {
		p, inBucket, err := parsePrefix(path)
		switch {
		case err != nil:
			return sources{}, err
		case inBucket:
			s.prefixes = append(s.prefixes, p)
		default:
			local = append(local, path)
		}
	}
	s.files, s.problems = resolve(local)
	if len(s.prefixes) == 0 {
		return s, nil
	}
	buckets, err := extras.OpenBuckets(ctx)
	if err != nil {
		return sources{}, &environmentError{err}
	}
	s.buckets = buckets
	return s, nil
}

// toRead returns how many files are to be read; -1: nobody knows.
func (s *sources) toRead() int {
	if len(s.prefixes) > 0 {
		return -1
	}
	n := 0
	for _, in := range s.files {
		if in.isRead() {
			n++
		}
	}
	return n
}

// all goes through the inputs, sorted by path, each once. Of the objects of
// buckets it holds one of each path at a time: there may be millions.
func (s *sources) all(ctx context.Context) iter.Seq[input] {
	return func(yield func(input) bool) {
		type stream struct {
			head input
			next func() (input, bool)
		}
		var streams []*stream
		begin := func(inputs iter.Seq[input]) (stop func()) {
			next, stop := iter.Pull(inputs)
			if head, any := next(); any {
				streams = append(streams, &stream{head, next})
			}
			return stop
		}
		defer begin(slices.Values(s.files))()
		for _, p := range s.prefixes {
			defer begin(p.inputs(ctx, s.buckets))()
		}
		for len(streams) > 0 {
			first := slices.MinFunc(streams, func(a, b *stream) int { return strings.Compare(a.head.path, b.head.path) })
			in := first.head
			// Prefixes that lie within each other lead to the same objects.
			streams = slices.DeleteFunc(streams, func(s *stream) bool {
				if s != first && (s.head.path != in.path || s.head.bad != nil || in.bad != nil) {
					return false
				}
				if s.head.named {
					in = s.head
				}
				var more bool
				s.head, more = s.next()
				return !more
			})
			if !yield(in) {
				return
			}
		}
	}
}

// aheadOfTurn is how many files for each worker may be read, or be in reading,
// before their turn to be printed comes.
const aheadOfTurn = 4

// inTurn reads what is to be read in parallel, each worker with a reader of its
// own, and calls take for every input in their order, in the goroutine of the
// caller. It stops at the first error of take.
func (s *sources) inTurn(ctx context.Context, newReader func() *reader, take func(input, *contents) error) error {
	type job struct {
		input input
		done  chan contents
	}
	workers := min(goruntime.GOMAXPROCS(0), max(1, s.toRead()))
	if len(s.prefixes) > 0 {
		workers = max(goruntime.GOMAXPROCS(0), objectsAtOnce)
	}
	queue := make(chan job)
	turns := make(chan job, aheadOfTurn*workers) // its length bounds what is held in memory

	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(turns)
		defer close(queue)
		for in := range s.all(ctx) {
			j := job{in, make(chan contents, 1)}
			to := []chan job{turns, queue}
			if !in.isRead() {
				j.done <- contents{skip: in.skip}
				to = to[:1]
			}
			for _, to := range to {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		group.Go(func() error {
			r := newReader()
			for j := range queue {
				j.done <- r.read(ctx, j.input)
			}
			return nil
		})
	}
	for j := range turns {
		select {
		case <-outer.Done():
			return outer.Err() // without waiting: a worker may sit in a read of standard input
		case c := <-j.done:
			if outer.Err() != nil {
				return outer.Err() // the file was given up half-way
			}
			if c.crash != nil {
				panic(fmt.Sprintf("%s: record %d: %v\n\n%s", j.input.path, c.crash.record, c.crash.value, c.crash.stack))
			}
			if err := take(j.input, &c); err != nil {
				cancel()
				_ = group.Wait() // its error is the cancellation
				return err
			}
		}
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return outer.Err()
}
