// Command trailalerts scans CloudTrail records on one machine with the rules
// that are compiled into it, and tells what was decided before, here or in AWS.
package main

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime/scan"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	extras := scan.Extras{OpenStore: openStore, OpenTable: openTable, OpenBuckets: openBuckets}
	return scan.MainWith(extras, generated.Set, args, stdin, stdout, stderr)
}

// store is a SQLite file as scan uses it.
type store struct{ *sqlite.Store }

func openStore(path string, now func() time.Time) (scan.Store, error) {
	s, err := sqlite.Open(path, now)
	if err != nil {
		return nil, err
	}
	return store{s}, nil
}

func (s store) Begin(ctx context.Context) (scan.Session, error) {
	session, err := s.Store.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return session, nil
}
