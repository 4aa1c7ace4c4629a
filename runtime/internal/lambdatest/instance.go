package lambdatest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// An instance is one process and the Runtime API that it alone talks to.
type instance struct {
	command *exec.Cmd
	api     *httptest.Server
	id      atomic.Int64 // of the event that is under way

	events  chan Invocation // to the process
	answers chan answer     // from it
	ended   chan struct{}   // closed when the process is gone
}

// An answer is what the process posted about an event, or about its start.
type answer struct {
	failed bool
	body   []byte
}

// start runs the program. What it writes goes to log.
func start(c Config, log io.Writer) (*instance, error) {
	i := &instance{events: make(chan Invocation), answers: make(chan answer, 1), ended: make(chan struct{})}
	routes := http.NewServeMux()
	const version = "/2018-06-01/runtime"
	routes.HandleFunc("GET "+version+"/invocation/next", i.next)
	routes.HandleFunc("POST "+version+"/invocation/{id}/response", i.answer(false))
	routes.HandleFunc("POST "+version+"/invocation/{id}/error", i.answer(true))
	routes.HandleFunc("POST "+version+"/init/error", i.answer(true))
	i.api = httptest.NewServer(routes)

	i.command = exec.Command(c.Program)
	i.command.Env = append(append([]string{}, c.Env...),
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(i.api.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME=function", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST")
	i.command.Stdout, i.command.Stderr = log, log
	if err := i.command.Start(); err != nil {
		i.api.Close()
		return nil, fmt.Errorf("start %s: %w", c.Program, err)
	}
	go func() {
		_ = i.command.Wait() // status says how it ended
		i.api.CloseClientConnections()
		i.api.Close()
		close(i.ended)
	}()
	return i, nil
}

// kill ends the process and waits until it is gone.
func (i *instance) kill() {
	_ = i.command.Process.Kill() // an error: it has ended already
	<-i.ended
}

// status says how the process ended. It may be called when it has.
func (i *instance) status() string { return i.command.ProcessState.String() }

// next answers with an event as soon as there is one.
func (i *instance) next(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case e := <-i.events:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", strconv.FormatInt(i.id.Add(1), 10))
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(e.Timeout).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", e.ARN)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(e.Event) // a process that is gone reads nothing, which is seen elsewhere
	}
}

// answer takes what the process says about the event that is under way.
func (i *instance) answer(failed bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if id := r.PathValue("id"); err != nil || id != "" && id != strconv.FormatInt(i.id.Load(), 10) {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		select {
		case i.answers <- answer{failed, body}:
			w.WriteHeader(http.StatusAccepted)
		default: // it has answered before
			w.WriteHeader(http.StatusBadRequest)
		}
	}
}
