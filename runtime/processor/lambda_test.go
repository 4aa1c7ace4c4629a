package processor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// TestMain lets the test binary stand in for the Lambda binary.
func TestMain(m *testing.M) {
	if os.Getenv("PROCESSOR_TEST_RUNS_MAIN") != "" {
		Main(runtime.Ruleset{})
		return
	}
	os.Exit(m.Run())
}

// command is a process that runs Main with nothing in its environment but env.
func command(ctx context.Context, env ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0])
	c.Env = append(env, "PROCESSOR_TEST_RUNS_MAIN=1")
	return c
}

// The real Main under a Lambda Runtime API: what Lambda sends is understood,
// and the answer is the one by which Lambda deletes messages from the queue.
func TestMainUnderTheRuntimeAPI(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	invocation, err := json.Marshal(batch(finding("e1", 0), "poison"))
	if err != nil {
		t.Fatal(err)
	}
	invocations := make(chan []byte, 1)
	invocations <- invocation
	answers := make(chan string, 1)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			body, _ := io.ReadAll(r.Body)
			answers <- path.Base(r.URL.Path) + " " + string(body)
			w.WriteHeader(http.StatusAccepted)
			return
		}
		select {
		case <-r.Context().Done():
		case invocation := <-invocations:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(time.Now().Add(20*time.Second).UnixMilli()))
			_, _ = w.Write(invocation)
		}
	}))
	defer api.Close()

	var output bytes.Buffer
	c := command(ctx, "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"))
	c.Stdout, c.Stderr = &output, &output
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var got string
	select {
	case got = <-answers:
	case <-ctx.Done():
	}
	cancel()
	_ = c.Wait() // it was killed
	if want := `response {"batchItemFailures":[{"itemIdentifier":"m1"}]}`; got != want {
		t.Errorf("answer: %s, want %s", got, want)
	}
	if n := strings.Count(output.String(), `"msg":"alert"`); n != 1 || t.Failed() {
		t.Errorf("%d alerts in the log, want 1:\n%s", n, output.String())
	}
}

func TestMainListsAllProblemsOfTheConfiguration(t *testing.T) {
	out, err := command(t.Context(), "MIN_NOTIFICATION_SEVERITY=urgent", "SNS_TOPIC_ARN=arn").Output()
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
		t.Errorf("ended with %v, want exit status 1", err)
	}
	var line map[string]any
	if err := json.Unmarshal(out, &line); err != nil {
		t.Fatalf("wrote %q: %v", out, err)
	}
	if text := fmt.Sprint(line["problems"]); !strings.Contains(text, "MIN_NOTIFICATION_SEVERITY") || !strings.Contains(text, "SNS_TOPIC_ARN") {
		t.Errorf("problems %q do not list both problems", text)
	}
}
