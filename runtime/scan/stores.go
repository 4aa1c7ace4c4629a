package scan

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A History is what decisions left behind, to be looked at.
type History interface {
	alert.Reader
	alert.Lister

	// Findings returns at most limit IDs of findings that contain a text.
	Findings(ctx context.Context, text string, limit int) ([]string, error)

	Close() error
}

// A Store is a file in which a scan remembers what it decided.
type Store interface {
	History

	// Begin begins to write; what is written until Commit counts all together.
	Begin(context.Context) (Session, error)
}

// A Session is a Store between Begin and Commit or Rollback.
type Session interface {
	alert.Store
	Commit() error
	Rollback() error // does nothing after Commit
}

var errNoStore = &environmentError{errors.New("this binary has no store: it was built for one set of rules, without a database; use the released trailalerts")}

// tableScheme is before the name of a table of DynamoDB, where there could be the
// name of a file.
const tableScheme = "dynamodb:"

// openHistory opens a store that is there to be looked at: a SQLite file, or
// dynamodb:TABLE.
func openHistory(ctx context.Context, extras Extras, name string, s streams) (History, error) {
	table, isTable := strings.CutPrefix(name, tableScheme)
	switch {
	case isTable && table == "":
		return nil, fmt.Errorf("%s names no table: write %sTABLE", name, tableScheme)
	case isTable && extras.OpenTable == nil:
		return nil, fmt.Errorf("%s: this binary cannot read from DynamoDB: it was built for one set of rules, without AWS; use the released trailalerts", name)
	case isTable:
		return extras.OpenTable(ctx, table, s.now, func(note string) { fmt.Fprintln(s.err, cleanText(note)) })
	case extras.OpenStore == nil:
		return nil, errNoStore
	}
	if err := mustExist(name); err != nil {
		return nil, err
	}
	return extras.OpenStore(name, s.now)
}
