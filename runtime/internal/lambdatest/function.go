// Package lambdatest runs the program of a Lambda function as Lambda runs it:
// under a Runtime API, in an environment of its own, one event after the other. A
// test sees what Lambda sees of it: an answer, an error, a panic, a deadline that
// passes, a process that ends.
package lambdatest

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	initTime       = 10 * time.Second // from the start of the process to its first question for an event, as Lambda allows
	exitTime       = 10 * time.Second // for a process to end by itself after a panic
	defaultTimeout = 30 * time.Second
	defaultARN     = "arn:aws:lambda:eu-west-1:111122223333:function:function"

	// runsFunction tells a test binary that it stands in for the function.
	runsFunction = "LAMBDATEST_RUNS_FUNCTION"
)

// Main lets a test binary stand in for the program of the function: it is all that
// TestMain does. function runs when the process was started by a Function without
// a Program.
func Main(m *testing.M, function func()) {
	if os.Getenv(runsFunction) != "" {
		function()
		return
	}
	os.Exit(m.Run())
}

// Config says what runs, and how.
type Config struct {
	Program string        // the path of the binary; "" is the running test binary, whose TestMain calls Main
	Env     []string      // NAME=value: all that the program sees, beside what Lambda itself tells it
	Timeout time.Duration // of an invocation; 0 is 30 s
	ARN     string        // of the function, for invocations that name none; "" is any
}

// A Function is a Lambda function with at most one instance, which handles one
// event at a time. The instance is started by the first event, and again by the
// next one after it has ended. It may be used by several goroutines at once.
type Function struct {
	config Config

	invoking sync.Mutex // held for the time of an invocation

	mu       sync.Mutex
	instance *instance // nil before the first, and after one that is done with
	started  int
	log      strings.Builder
}

// New returns a function. Its instance is killed when t ends.
func New(t testing.TB, c Config) *Function {
	t.Helper()
	if c.Program == "" {
		program, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		c.Program = program
		c.Env = append(append([]string{}, c.Env...), runsFunction+"=1")
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.ARN == "" {
		c.ARN = defaultARN
	}
	f := &Function{config: c}
	t.Cleanup(f.Kill)
	return f
}

// An Invocation is one event.
type Invocation struct {
	Event   []byte
	ARN     string        // the ARN that was invoked, which ends in the alias if there is one; "" is that of the function
	Timeout time.Duration // 0 is that of the function
}

// Outcome is how an invocation ended.
type Outcome string

// The outcomes of an invocation.
const (
	Succeeded Outcome = "succeeded"
	Failed    Outcome = "failed"    // the handler returned an error
	Panicked  Outcome = "panicked"  // the handler panicked, and the process has ended
	TimedOut  Outcome = "timed out" // the deadline passed, and the process was killed
	Exited    Outcome = "exited"    // the process ended without an answer, or was killed
)

// A Result is what Lambda knows of an invocation.
type Result struct {
	Outcome Outcome
	Body    []byte // what the handler returned, or its error as JSON; nil when there was no answer
	Type    string // of the error, as Go names it
	Message string // of the error, or how the process ended
}

// String returns the outcome with the message.
func (r Result) String() string {
	if r.Outcome == Succeeded {
		return fmt.Sprintf("%s: %s", r.Outcome, r.Body)
	}
	return fmt.Sprintf("%s: %s", r.Outcome, r.Message)
}

// Invoke hands an event to the instance, starting one if there is none, and
// returns what came of it. It waits for an invocation that is under way.
func (f *Function) Invoke(i Invocation) Result {
	f.invoking.Lock()
	defer f.invoking.Unlock()
	if i.Timeout == 0 {
		i.Timeout = f.config.Timeout
	}
	if i.ARN == "" {
		i.ARN = f.config.ARN
	}
	running, err := f.running()
	if err != nil {
		return Result{Outcome: Exited, Message: err.Error()}
	}
	starting := time.NewTimer(initTime)
	defer starting.Stop()
	select {
	case running.events <- i:
	case <-running.ended:
		return Result{Outcome: Exited, Message: "before it asked for an event: " + running.status()}
	case <-starting.C:
		running.kill()
		return Result{Outcome: TimedOut, Message: fmt.Sprintf("it asked for no event in %s", initTime)}
	}
	deadline := time.NewTimer(i.Timeout)
	defer deadline.Stop()
	select {
	case a := <-running.answers:
		return running.result(a)
	case <-running.ended:
		select {
		case a := <-running.answers: // it was the last thing that it did
			return running.result(a)
		default:
			return Result{Outcome: Exited, Message: running.status()}
		}
	case <-deadline.C:
		running.kill()
		return Result{Outcome: TimedOut, Message: fmt.Sprintf("no answer in %s", i.Timeout)}
	}
}

// Kill ends the instance at once, also in the middle of an invocation. When it
// returns the process is gone.
func (f *Function) Kill() {
	f.mu.Lock()
	running := f.instance
	f.mu.Unlock()
	if running != nil {
		running.kill()
	}
}

// Log returns what all instances have written so far.
func (f *Function) Log() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

// Started returns how many instances there have been.
func (f *Function) Started() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.started
}

// Write adds to the log.
func (f *Function) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(p)
}

// running returns the instance, and a new one when the last has ended.
func (f *Function) running() (*instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.instance != nil {
		select {
		case <-f.instance.ended:
		default:
			return f.instance, nil
		}
	}
	started, err := start(f.config, f)
	if err != nil {
		return nil, err
	}
	f.started++
	f.instance = started
	return started, nil
}

// result says what an answer means.
func (i *instance) result(a answer) Result {
	if !a.failed {
		return Result{Outcome: Succeeded, Body: a.body}
	}
	// The type stands in the body; what has a stack was a panic, after which the
	// program ends itself.
	var said struct {
		ErrorType    string            `json:"errorType"`
		ErrorMessage string            `json:"errorMessage"`
		StackTrace   []json.RawMessage `json:"stackTrace"`
	}
	if err := json.Unmarshal(a.body, &said); err != nil {
		return Result{Outcome: Failed, Body: a.body, Message: fmt.Sprintf("an error that is no JSON: %v", err)}
	}
	r := Result{Outcome: Failed, Body: a.body, Type: said.ErrorType, Message: said.ErrorMessage}
	if len(said.StackTrace) > 0 {
		r.Outcome = Panicked
		select {
		case <-i.ended:
		case <-time.After(exitTime):
			i.kill()
			r.Message += " (and the process went on)"
		}
	}
	return r
}
