package lambdatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"
)

// TestMain runs a function that does what its event says.
func TestMain(m *testing.M) {
	Main(m, func() {
		if os.Getenv("STOPS") != "" {
			fmt.Println("the configuration is wrong")
			os.Exit(1)
		}
		handled := 0
		lambda.Start(func(ctx context.Context, event struct{ Do string }) (any, error) {
			handled++
			fmt.Println("doing", event.Do)
			switch event.Do {
			case "fail":
				return nil, errors.New("it failed")
			case "panic":
				panic("it panicked")
			case "sleep":
				time.Sleep(time.Hour)
			case "exit":
				os.Exit(3)
			case "context":
				deadline, _ := ctx.Deadline()
				lc, _ := lambdacontext.FromContext(ctx)
				return []any{lc.InvokedFunctionArn, time.Until(deadline).Round(10 * time.Second).String()}, nil
			}
			return handled, nil
		})
	})
}

func TestInvoke(t *testing.T) {
	f := New(t, Config{Env: []string{"A=b"}})
	for _, test := range []struct {
		sentence string
		do       string
		timeout  time.Duration
		want     Result
		started  int
	}{
		{"The first event starts an instance.", "count", 0, Result{Outcome: Succeeded, Body: []byte("1")}, 1},
		{"The next one goes to the same.", "count", 0, Result{Outcome: Succeeded, Body: []byte("2")}, 1},
		{"An error of the handler leaves it running.", "fail", 0, Result{Outcome: Failed, Type: "errorString", Message: "it failed"}, 1},
		{"And it goes on.", "count", 0, Result{Outcome: Succeeded, Body: []byte("4")}, 1},
		{"A panic ends it.", "panic", 0, Result{Outcome: Panicked, Type: "string", Message: "it panicked"}, 1},
		{"The next event starts another.", "count", 0, Result{Outcome: Succeeded, Body: []byte("1")}, 2},
		{"One that takes too long is killed.", "sleep", 100 * time.Millisecond, Result{Outcome: TimedOut, Message: "no answer in 100ms"}, 2},
		{"One that ends without an answer is seen.", "exit", 0, Result{Outcome: Exited, Message: "exit status 3"}, 3},
		{"The ARN and the deadline arrive.", "context", 50 * time.Second, Result{Outcome: Succeeded, Body: []byte(`["arn:aws:lambda:eu-west-1:111122223333:function:f:shadow","50s"]`)}, 4},
	} {
		event, _ := json.Marshal(map[string]string{"Do": test.do})
		got := f.Invoke(Invocation{Event: event, ARN: "arn:aws:lambda:eu-west-1:111122223333:function:f:shadow", Timeout: test.timeout})
		if got.Outcome != Succeeded {
			got.Body = nil // what it says is in Type and Message
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.sentence, diff)
		}
		if f.Started() != test.started {
			t.Errorf("%s It was instance %d, want %d.", test.sentence, f.Started(), test.started)
		}
	}
	if log := f.Log(); !strings.Contains(log, "doing count\ndoing count\ndoing fail\n") || !strings.Contains(log, "doing exit\n") {
		t.Errorf("the log is %s", log)
	}
}

func TestKill(t *testing.T) {
	f := New(t, Config{})
	f.Kill() // nothing runs yet
	results := make(chan Result)
	go func() { results <- f.Invoke(Invocation{Event: []byte(`{"Do":"sleep"}`)}) }()
	for !strings.Contains(f.Log(), "doing sleep") {
		time.Sleep(time.Millisecond)
	}
	f.Kill()
	if got := <-results; got.String() != "exited: signal: killed" {
		t.Errorf("%s, want that it was killed", got)
	}
	if got := f.Invoke(Invocation{Event: []byte(`{}`)}); got.String() != "succeeded: 1" {
		t.Errorf("%s, want a new instance", got)
	}
	f.Kill()
	if got := f.Invoke(Invocation{Event: []byte(`{}`)}); got.String() != "succeeded: 1" {
		t.Errorf("%s, want a new instance also when it was idle", got)
	}
}

func TestWhatCannotStart(t *testing.T) {
	stops := New(t, Config{Env: []string{"STOPS=1"}})
	if got := stops.Invoke(Invocation{Event: []byte(`{}`)}); got.String() != "exited: before it asked for an event: exit status 1" || stops.Log() != "the configuration is wrong\n" {
		t.Errorf("%s, and wrote %q", got, stops.Log())
	}
	missing := New(t, Config{Program: "/nowhere/bootstrap"})
	if got := missing.Invoke(Invocation{Event: []byte(`{}`)}); got.Outcome != Exited || !strings.Contains(got.Message, "start /nowhere/bootstrap") {
		t.Errorf("%s, want that it names the program", got)
	}
}
