package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// explainLimit is how many findings of one text are explained.
const explainLimit = 20

func explainCommand(ctx context.Context, extras Extras, s streams) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "explain-alert --store FILE|dynamodb:TABLE ID",
		Short: "Print the decisions about a finding or an alert",
		Long: `explain-alert prints what became of a finding and why: exceptions, thresholds,
correlations, severity, cooldown, and to which channels its alerts were sent.

ID is the ID of a finding (rule/account/eventID) or a part of it, such as the
event ID alone. The alert of a correlation is explained with the event that
completed it.

The store is the file of scan --store, or dynamodb:TABLE, the table of the
processor. That is read with the credentials and the region that the environment
(AWS_PROFILE, AWS_REGION, ...) names, and never written; it needs the rights
dynamodb:GetItem, dynamodb:Query and dynamodb:Scan. A finding is looked up by its
whole ID; by a part of it, the whole table is read to find it, which is billed.`,
		Example: `  trailalerts explain-alert --store alerts.db 2a9c0000-0000-4000-8000-000000000001
  trailalerts explain-alert --store dynamodb:trailalerts-dev cloudtrail_disabled/111122223333/2a9c0000-0000-4000-8000-000000000001`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return errors.New("explain-alert needs one ID: that of a finding, or the event ID")
			}
			if name == "" {
				return errors.New("explain-alert needs --store FILE, the file that scan --store wrote, or --store dynamodb:TABLE")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if err := explain(ctx, extras, s, name, args[0]); err != nil {
				return &environmentError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&name, "store", "", "the SQLite `FILE` of scan --store, or dynamodb:TABLE")
	return cmd
}

func explain(ctx context.Context, extras Extras, s streams, name, text string) error {
	store, err := openHistory(ctx, extras, name, s)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }() // nothing was written
	ids, err := store.Findings(ctx, text, explainLimit+1)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return fmt.Errorf("%s knows no finding of %q", name, text)
	}
	slices.Sort(ids)
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
			fmt.Fprintf(s.err, "finding %s is being decided at this moment\n", cleanText(id))
			continue
		}
		for _, line := range e.Lines() {
			if _, err := fmt.Fprintln(s.out, cleanText(line)); err != nil {
				return fmt.Errorf("write to standard output: %w", bareCause(err))
			}
		}
	}
	return nil
}
