// Command trailalerts scans CloudTrail records on one machine with the rules
// that are compiled into it.
package main

import (
	"context"
	"os"
	"time"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime/scan"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

func main() {
	os.Exit(scan.MainWith(scan.Extras{OpenStore: openStore}, generated.Set, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
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
