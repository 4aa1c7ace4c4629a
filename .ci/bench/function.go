package main

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// functionTime bounds the life of a Lambda function here.
const functionTime = 2 * time.Minute

// buildFunction builds a Lambda binary as for a release, but for this machine.
func (b *bench) buildFunction(name string) (string, error) {
	path := b.path(name)
	command := exec.CommandContext(b.ctx, "go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", path, "./cmd/"+name)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// environment is what both functions need: a server that stands in for all of AWS,
// and for everything else that they may call.
func environment(aws string) []string {
	return []string{
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=example",
		"AWS_ENDPOINT_URL=" + aws, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + aws, "HTTP_PROXY=" + aws, "HTTPS_PROXY=" + aws,
		"AWS_LAMBDA_FUNCTION_NAME=function", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"SQS_QUEUE_URL=" + aws + "/111122223333/findings",
		"DYNAMODB_TABLE_NAME=alerts", "SOURCE_EMAIL=alerts@example.com", "EMAIL_RECIPIENT=team@example.com",
		"SNS_TOPIC_ARN=arn:aws:sns:eu-west-1:111122223333:alerts", "EVENT_BUS_NAME=alerts",
		"WEBHOOK_URL_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhook-AbCdEf",
		"SLACK_WEBHOOK_URL_SECRET_ARN=arn:aws:secretsmanager:eu-west-1:111122223333:secret:slack-AbCdEf",
	}
}

// A life is one process of a Lambda function, from its start to its being killed
// when it asks for an event that there is none.
type life struct {
	ready time.Duration // from before exec to the first question for an event
	peak  int64         // bytes resident at most, when it was killed
}

// live runs a function under a Runtime API of its own, with aws in place of AWS. It
// gets the event, unless that is nil, and is killed when it asks for the next.
func (b *bench) live(path string, aws http.Handler, event []byte) (life, error) {
	questions, answers := make(chan time.Time, 2), make(chan error, 2)
	const version = "/2018-06-01/runtime"
	routes := http.NewServeMux()
	asked := 0
	routes.HandleFunc("GET "+version+"/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		questions <- time.Now()
		if asked++; asked > 1 || event == nil { // one question comes after the other
			<-r.Context().Done()
			return
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", "1")
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(functionTime).UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:111122223333:function:function")
		_, _ = w.Write(event) // who does not read it gives no answer, which is seen
	})
	answer := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && strings.HasSuffix(r.URL.Path, "/error") {
			err = fmt.Errorf("it says that it failed: %s", body)
		}
		answers <- err
		w.WriteHeader(http.StatusAccepted)
	}
	routes.HandleFunc("POST "+version+"/invocation/1/response", answer)
	routes.HandleFunc("POST "+version+"/invocation/1/error", answer)
	routes.HandleFunc("POST "+version+"/init/error", answer)
	api, cloud := httptest.NewServer(routes), httptest.NewServer(aws)
	defer api.Close()
	defer cloud.Close()

	command := exec.CommandContext(b.ctx, path)
	command.Env = append(environment(cloud.URL), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(api.URL, "http://"))
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	began := time.Now()
	if err := command.Start(); err != nil {
		return life{}, fmt.Errorf("start %s: %w", path, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // follow says what it was doing
		close(ended)
	}()
	l, err := follow(began, command.Process.Pid, questions, answers, ended, event != nil)
	_ = command.Process.Kill() // an error: it has ended already
	<-ended
	api.CloseClientConnections()
	cloud.CloseClientConnections()
	if err != nil {
		return life{}, fmt.Errorf("%s: %w\n%s", path, err, log.Bytes())
	}
	return l, nil
}

// follow waits until a process has asked for its first event and, if it gets one, has
// answered and asked for the next.
func follow(began time.Time, pid int, questions <-chan time.Time, answers <-chan error, ended <-chan struct{}, hasEvent bool) (l life, err error) {
	late := time.After(functionTime)
	select {
	case at := <-questions:
		l.ready = at.Sub(began)
	case err := <-answers:
		return l, fmt.Errorf("it does not start: %w", err)
	case <-ended:
		return l, errors.New("it ended before it asked for an event")
	case <-late:
		return l, fmt.Errorf("it asked for no event in %s", functionTime)
	}
	if hasEvent {
		select {
		case err := <-answers:
			if err != nil {
				return l, err
			}
		case <-ended:
			return l, errors.New("it ended before it answered")
		case <-late:
			return l, fmt.Errorf("it gave no answer in %s", functionTime)
		}
		select {
		case <-questions:
		case <-ended:
			return l, errors.New("it ended after it had answered")
		case <-late:
			return l, fmt.Errorf("it asked for no other event in %s", functionTime)
		}
	}
	l.peak, err = resident(pid)
	return l, err
}

// resident returns the most bytes that a running process had resident.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory of a process: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if size, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(size), " kB"), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read memory of a process: %w", err)
			}
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("the kernel does not tell the memory of process %d", pid)
}

// analyze has the analyzer read a delivery file and returns the memory that it took.
func (b *bench) analyze(analyzer, path string) (int64, error) {
	const key = "/logs/delivery.json.gz"
	var mu sync.Mutex
	taken, problems := 0, []error{}
	aws := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && r.URL.Path == key {
			http.ServeFile(w, r, path)
			return
		}
		n, err := takeMessages(w, r)
		mu.Lock()
		defer mu.Unlock()
		taken += n
		if err != nil {
			problems = append(problems, err)
		}
	})
	event := `{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"delivery.json.gz","size":1}}}]}`
	l, err := b.live(analyzer, aws, []byte(event))
	if err != nil {
		return 0, err
	}
	mu.Lock()
	defer mu.Unlock()
	if taken == 0 {
		problems = append(problems, errors.New("no finding was sent"))
	}
	return l.peak, errors.Join(problems...)
}

// takeMessages answers as SQS does on a batch of messages, and returns how many there
// were.
func takeMessages(w http.ResponseWriter, r *http.Request) (int, error) {
	var batch struct {
		Entries []struct {
			ID          string `json:"Id"`
			MessageBody string
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil || r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessageBatch" {
		w.WriteHeader(http.StatusBadRequest)
		return 0, fmt.Errorf("the analyzer called %s %s", r.Method, r.URL)
	}
	var successful []map[string]string
	for _, entry := range batch.Entries {
		sum := md5.Sum([]byte(entry.MessageBody)) // which the SDK compares
		successful = append(successful, map[string]string{"Id": entry.ID, "MessageId": "1", "MD5OfMessageBody": hex.EncodeToString(sum[:])})
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	return len(batch.Entries), json.NewEncoder(w).Encode(map[string]any{"Successful": successful, "Failed": []any{}})
}
