// Package dynamotest is a DynamoDB inside a test: as much of it as package
// dynamodb uses, over HTTP, so that the real client and whole programs can be
// tested. It answers what DynamoDB refuses as DynamoDB does, and fails the test
// over anything that it does not know. The conformance test of stores runs
// against it and, on demand, against other servers, so that it cannot drift.
package dynamotest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// A Server answers GetItem, Query, PutItem and Scan. Its tables have the keys "pk" and
// "sk", both strings. Like DynamoDB it keeps what has expired; unlike it, for ever.
type Server struct {
	Endpoint string // the URL, such as AWS_ENDPOINT_URL_DYNAMODB

	t      testing.TB
	mu     sync.Mutex
	tables map[string]table
	faults map[string][]fault // by operation, the next one first
}

// A fault is what goes wrong with one request.
type fault struct {
	code string // the error to answer instead of doing anything; "": do it and give no answer
}

// New starts a server that has these tables and ends with the test.
func New(t testing.TB, tables ...string) *Server {
	s := &Server{t: t, tables: map[string]table{}, faults: map[string][]fault{}}
	for _, name := range tables {
		s.tables[name] = table{}
	}
	server := httptest.NewServer(s)
	s.Endpoint = server.URL
	t.Cleanup(func() {
		server.Close()
		for operation, left := range s.faults {
			if len(left) > 0 {
				t.Errorf("dynamotest: %d faults of %s never happened", len(left), operation)
			}
		}
	})
	return s
}

// Client returns a client of the server at an endpoint. It retries as often as
// the default client does, but hardly waits.
func Client(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &endpoint,
		Region:       "eu-central-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxBackoff = time.Millisecond
			o.RateLimiter = ratelimit.None
		}),
	})
}

// Fail answers the next n requests of an operation, such as "PutItem", with an
// error, such as "ThrottlingException" or "InternalServerError", and does nothing
// else. The test fails when there are not as many requests.
func (s *Server) Fail(operation string, n int, code string) { s.fault(operation, n, fault{code}) }

// Drop does what the next n requests of an operation ask for, and closes their
// connections without an answer.
func (s *Server) Drop(operation string, n int) { s.fault(operation, n, fault{}) }

func (s *Server) fault(operation string, n int, f fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.faults[operation] = append(s.faults[operation], f)
	}
}

// ServeHTTP speaks the JSON 1.0 protocol of AWS.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("dynamotest: read request: %v", err)
	}
	operation, known := strings.CutPrefix(r.Header.Get("X-Amz-Target"), "DynamoDB_20120810.")
	if r.Method != http.MethodPost || !known || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" || !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 ") {
		s.t.Errorf("dynamotest: %s %s with the headers %v is no signed request of DynamoDB", r.Method, r.URL, r.Header)
	}
	answer, err := s.answer(operation, body)
	switch e := (*apiError)(nil); {
	case errors.Is(err, errDropped):
		panic(http.ErrAbortHandler)
	case errors.As(err, &e):
		write(w, e.status(), map[string]string{"__type": "com.amazonaws.dynamodb.v20120810#" + e.code, "message": e.message})
	case err != nil:
		s.t.Errorf("dynamotest: %s %s: %v", operation, clip(body), err)
		write(w, http.StatusBadRequest, map[string]string{"__type": "com.amazonaws.dynamodb.v20120810#ValidationException", "message": err.Error()})
	default:
		write(w, http.StatusOK, answer)
	}
}

func write(w http.ResponseWriter, status int, answer any) {
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // texts and numbers only
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(body)), 10)) // the client compares it
	w.WriteHeader(status)
	_, _ = w.Write(body) // that the client has gone is its own affair
}

// clip keeps the report of a large request readable.
func clip(body []byte) []byte { return body[:min(len(body), 1000)] }

// An apiError is an answer that DynamoDB gives too. Any other error is about
// something that the server does not know.
type apiError struct{ code, message string }

func (e *apiError) Error() string { return e.code + ": " + e.message }

func (e *apiError) status() int {
	if e.code == "InternalServerError" {
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// errDropped: the client gets no answer.
var errDropped = errors.New("the answer is dropped")

func invalid(format string, args ...any) error {
	return &apiError{"ValidationException", fmt.Sprintf(format, args...)}
}

// answer does what a request asks for, one request at a time.
func (s *Server) answer(operation string, body []byte) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var next *fault
	if faults := s.faults[operation]; len(faults) > 0 {
		next, s.faults[operation] = &faults[0], faults[1:]
	}
	if next != nil && next.code != "" {
		return nil, &apiError{next.code, "on demand of the test"}
	}
	answer, err := s.do(operation, body)
	if next != nil {
		return nil, errDropped
	}
	return answer, err
}

func (s *Server) do(operation string, body []byte) (any, error) {
	switch operation {
	case "GetItem":
		return do(s, body, getItem)
	case "Query":
		return do(s, body, query)
	case "PutItem":
		return do(s, body, putItem)
	case "Scan":
		return do(s, body, scan)
	}
	return nil, errors.New("this operation is not known")
}

// A request names its table.
type request interface{ table() string }

// do reads a request and has it done. A parameter that is not known is an error.
func do[R request](s *Server, body []byte, run func(table, R) (any, error)) (any, error) {
	var in R
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil {
		return nil, err
	}
	table, found := s.tables[in.table()]
	if !found {
		return nil, &apiError{"ResourceNotFoundException", fmt.Sprintf("there is no table %q", in.table())}
	}
	return run(table, in)
}
