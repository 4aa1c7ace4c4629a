// Command sigmagen compiles Sigma rules about AWS CloudTrail into Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() {
	// An interrupted run removes its temporary files (run), and ends when it has done
	// so. What is long in thought ends all the same, as on a second interrupt.
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		select {
		case <-interrupts:
		case <-time.After(grace):
		}
		fmt.Fprintln(os.Stderr, "sigmagen: interrupted")
		os.Exit(exitError)
	}()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, time.Now))
}

// grace is how long an interrupted run has to clean up.
const grace = 3 * time.Second

// Exit codes of every command.
const (
	exitClean    = 0
	exitFindings = 1 // a test failed, --check found a difference, --strict and a warning
	exitRefused  = 2 // a rule, test or configuration file is refused
	exitError    = 3 // usage, I/O, environment
)

// exit is an error that ends the run with a code. Its message was printed where
// it arose, if there was one.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// run is the whole program; it returns the exit code. Only check looks at the
// clock.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, now func() time.Time) int {
	root := &cobra.Command{
		Use:           "sigmagen",
		Short:         "Compile Sigma rules about AWS CloudTrail into Go",
		Long:          "sigmagen compiles Sigma rules about AWS CloudTrail, and their tests, into Go that is committed, reviewed and linked. A rule either means what the Sigma specification says, or is refused with file, line and column.",
		Example:       "  sigmagen generate\n  sigmagen check --format json\n  sigmagen replay --rules community/rules logs/",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(initCommand(), generateCommand(), checkCommand(now), testCommand(), newTestCommand(), buildCommand(), replayCommand(),
		explainCommand(), diffCommand(), catalogueCommand(), sbomCommand(), versionCommand())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return exitClean
	case errors.As(err, &code):
		return int(code)
	default:
		fmt.Fprintf(stderr, "sigmagen: %v\n", err)
		return exitError
	}
}

// addRules adds the flag that names rules directories.
func addRules(cmd *cobra.Command, o *loadOptions) {
	cmd.Flags().StringArrayVarP(&o.dirs, "rules", "r", []string{"rules"}, "rules `directory`")
}

// addBuild adds the flags of commands that compile any rules directories.
func addBuild(cmd *cobra.Command, o *loadOptions) {
	cmd.Flags().StringArrayVarP(&o.dirs, "rules", "r", nil, "rules `directory`; may be given several times")
	cmd.Flags().BoolVar(&o.prefix, "prefix", false, "put the directory's name before each rule's")
	cmd.Flags().BoolVar(&o.skipRefused, "skip-refused", false, "leave refused rules out; the exit code stays 2")
	if err := cmd.MarkFlagRequired("rules"); err != nil {
		panic(err) // the flag is defined above
	}
}

// oneDirectory returns the only rules directory that was named.
func (o *loadOptions) oneDirectory() (string, error) {
	if len(o.dirs) != 1 {
		return "", errors.New("--rules takes one directory here")
	}
	return o.dirs[0], nil
}
