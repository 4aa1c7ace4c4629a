//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// An effect is what the test does to a call.
type effect int

const (
	untouched effect = iota
	throttled        // the service asks for patience, in its own words, and does nothing
	broken           // the service fails, in its own words, and does nothing
	unheard          // the service does it, and its answer is lost
	late             // the service does it after the time of the function is over
	halved           // the second half of the answer is lost
	partly           // SQS takes the messages of a batch but the first, and says so
	killed           // the service does it, and the process is killed before it hears of that
	prevented        // the process is killed before the service is asked
)

// lateness is how long a late service takes: more than the functions that call one
// have.
const lateness = 6 * time.Second

// A gate stands in front of one service of one deployment.
type gate struct {
	service string
	backend http.Handler
	journal *journal
	effect  func(*entry) effect
	kill    func() // ends the process that calls the service
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller is gone
	}
	e := g.journal.begin(g.service, r, body)
	effect := g.effect(e)
	o := outcome{injected: effect != untouched}
	defer func() { g.journal.end(e, o) }()
	switch effect {
	case throttled, broken:
		o.status = refuse(w, g.service, effect)
		return
	case prevented:
		g.kill()
		panic(http.ErrAbortHandler)
	case late:
		time.Sleep(lateness)
	}
	if effect == partly {
		body, err = withoutFirst(body)
		if err != nil {
			o.status = refuse(w, g.service, broken)
			return
		}
	}
	answer := httptest.NewRecorder()
	forwarded := r.Clone(context.WithoutCancel(r.Context())) // what was sent arrives, whatever becomes of the sender
	forwarded.Body, forwarded.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	g.backend.ServeHTTP(answer, forwarded)
	o.status = answer.Code
	o.mail = messageID(g.service, answer.Body.Bytes())
	switch effect {
	case unheard:
		o.unheard = true
		panic(http.ErrAbortHandler)
	case killed:
		g.kill() // of which whoever invoked the function makes a note
		panic(http.ErrAbortHandler)
	case late:
		o.unheard = true
	}
	text := answer.Body.Bytes()
	if effect == partly {
		text = withFailed(text)
		answer.Header().Set("Content-Length", fmt.Sprint(len(text)))
	}
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	if effect == halved {
		_, _ = w.Write(text[:len(text)/2])
		_ = http.NewResponseController(w).Flush()
		o.unheard = true
		panic(http.ErrAbortHandler)
	}
	if _, err := w.Write(text); err != nil || r.Context().Err() != nil {
		o.unheard = true
	}
}

// messageID returns the ID that SES gives to a mail.
func messageID(service string, answer []byte) string {
	var out struct{ MessageID string }
	if service != "ses" || json.Unmarshal(answer, &out) != nil {
		return ""
	}
	return out.MessageID
}

// withoutFirst returns a batch of SQS without its first message, whose ID is "0".
func withoutFirst(body []byte) ([]byte, error) {
	var batch map[string]json.RawMessage
	var entries []json.RawMessage
	if err := json.Unmarshal(body, &batch); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(batch["Entries"], &entries); err != nil || len(entries) < 2 {
		return nil, fmt.Errorf("a batch of %d messages cannot fail in part: %w", len(entries), err)
	}
	rest, err := json.Marshal(entries[1:])
	if err != nil {
		return nil, err
	}
	batch["Entries"] = rest
	return json.Marshal(batch)
}

// withFailed says that the first message of a batch was not taken.
func withFailed(answer []byte) []byte {
	var out map[string]any
	if json.Unmarshal(answer, &out) != nil {
		return answer
	}
	out["Failed"] = []any{map[string]any{"Id": "0", "Code": "InternalError", "Message": "try again", "SenderFault": false}}
	changed, err := json.Marshal(out)
	if err != nil {
		return answer
	}
	return changed
}

// refuse answers as a service does when it is throttling or broken, and returns
// the status.
func refuse(w http.ResponseWriter, service string, how effect) (status int) {
	code := map[string]string{
		"s3": "InternalError", "sqs": "InternalFailure", "sns": "InternalError", "ses": "InternalServiceErrorException", "dynamodb": "InternalServerError", "secretsmanager": "InternalServiceError",
	}[service]
	status = http.StatusInternalServerError
	if how == throttled {
		status, code = http.StatusBadRequest, map[string]string{
			"s3": "SlowDown", "sqs": "RequestThrottled", "sns": "Throttled", "ses": "TooManyRequestsException", "dynamodb": "ProvisionedThroughputExceededException", "secretsmanager": "ThrottlingException",
		}[service]
		switch service {
		case "s3":
			status = http.StatusServiceUnavailable
		case "sns", "ses", "webhook":
			status = http.StatusTooManyRequests
		}
	}
	const message = "the test says so"
	var body string
	switch service {
	case "s3":
		w.Header().Set("Content-Type", "application/xml")
		body = "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>"
	case "sns":
		w.Header().Set("Content-Type", "text/xml")
		body = `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>` + code + "</Code><Message>" + message + "</Message></Error></ErrorResponse>"
	case "ses":
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-Errortype", code)
		body = `{"message":"` + message + `"}`
	case "webhook":
		if how == throttled {
			w.Header().Set("Retry-After", "1")
		}
		body = message
	default:
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-Query-Error", code+";Sender")
		body = `{"__type":"com.amazonaws.` + service + "#" + code + `","message":"` + message + `"}`
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
	return status
}

// forward returns a handler that hands calls to a server as they are.
func forward(server string) http.Handler {
	target, err := url.Parse(server)
	if err != nil {
		panic(err) // it comes from startNode
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "the server behind the gate: "+err.Error(), http.StatusBadGateway)
		},
	}
}

// encodings adds to an S3 server what it forgets: the Content-Encoding of objects,
// which CloudTrail sets, and by which a client could be led to unpack them.
type encodings struct {
	next http.Handler

	mu     sync.Mutex
	byPath map[string]string
}

func (s *encodings) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if r.Method == http.MethodPut {
		if s.byPath == nil {
			s.byPath = map[string]string{}
		}
		s.byPath[r.URL.Path] = strings.Trim(strings.ReplaceAll(r.Header.Get("Content-Encoding"), "aws-chunked", ""), ", ")
	}
	encoding := s.byPath[r.URL.Path]
	s.mu.Unlock()
	if r.Method == http.MethodGet && encoding != "" {
		w.Header().Set("Content-Encoding", encoding)
	}
	s.next.ServeHTTP(w, r)
}
