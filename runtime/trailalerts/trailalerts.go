// Package trailalerts is the program for one machine: package scan with the
// parts that need SQLite and AWS.
package trailalerts

import (
	"context"
	"io"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/scan"
	"github.com/trailalerts/trailalerts/runtime/store/sqlite"
)

// Main runs the command line args with the rules of set and returns the exit code:
// 0 clean, 1 findings, 2 something is refused, 3 usage, I/O or environment.
func Main(set runtime.Ruleset, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	extras := scan.Extras{OpenStore: openStore, OpenTable: openTable, OpenBuckets: openBuckets}
	return scan.MainWith(extras, set, args, stdin, stdout, stderr)
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
