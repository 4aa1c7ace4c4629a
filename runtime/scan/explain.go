package scan

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

var errNoStore = &environmentError{errors.New("this binary has no store: it was built for one set of rules, without a database; use the released trailalerts, or leave out --store")}

// explainLimit is how many findings of one text are explained.
const explainLimit = 20

func explainCommand(ctx context.Context, extras Extras, s streams) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "explain-alert --store FILE ID",
		Short: "Print the decisions about a finding or an alert",
		Long: `explain-alert prints what became of a finding and why: exceptions, thresholds,
correlations, severity, cooldown, and to which channels its alerts were sent.

ID is the ID of a finding (rule/account/eventID) or a part of it, such as the
event ID alone. The alert of a correlation is explained with the event that
completed it.`,
		Example: "  trailalerts explain-alert --store alerts.db 2a9c0000-0000-4000-8000-000000000001",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("explain-alert needs one ID: that of a finding, or the event ID")
			}
			if file == "" {
				return errors.New("explain-alert needs --store FILE: the file that scan --store wrote")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if extras.OpenStore == nil {
				return errNoStore
			}
			if err := explain(ctx, extras, s, file, args[0]); err != nil {
				return &environmentError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&file, "store", "", "the SQLite `FILE` of scan --store")
	return cmd
}

func explain(ctx context.Context, extras Extras, s streams, file, text string) error {
	if err := mustExist(file); err != nil {
		return err
	}
	store, err := extras.OpenStore(file, s.now)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // nothing was written
	ids, err := store.Findings(ctx, text, explainLimit+1)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s knows no finding of %q", file, text)
	}
	for i, id := range ids {
		if i == explainLimit {
			fmt.Fprintf(s.err, "more than %d findings contain %q; name one of them\n", explainLimit, cleanText(text))
			return nil
		}
		e, known, err := alert.Explain(ctx, store, id)
		if err != nil {
			return err
		}
		if !known {
			continue // being decided at this moment
		}
		for _, line := range e.Lines() {
			if _, err := fmt.Fprintln(s.out, cleanText(line)); err != nil {
				return fmt.Errorf("write to standard output: %w", bareCause(err))
			}
		}
	}
	return nil
}
