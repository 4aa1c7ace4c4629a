// Package buckettest is an S3 inside a test: as much of it as package bucket
// uses, over HTTP, so that the real client and whole programs can be tested. It
// refuses what S3 refuses, and fails the test over anything that it does not
// know.
package buckettest

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Region is where a Server lies, and Elsewhere a region that clients may be
// configured for instead.
const (
	Region    = "eu-central-1"
	Elsewhere = "us-east-1"
)

// A Server answers ListObjectsV2 and GetObject, in path style.
type Server struct {
	Endpoint string // the URL, such as AWS_ENDPOINT_URL_S3

	t       testing.TB
	mu      sync.Mutex
	page    int
	buckets map[string]map[string]string
	faults  map[string][]Fault // by "ListObjectsV2" or key, the next one first
	reads   []string           // the objects that were asked for: bucket/key, and the range if any
}

// A Fault is what goes wrong with one request. The zero Fault is none.
type Fault struct {
	Status int    // instead of 200
	Code   string // the error to answer then, such as "SlowDown"

	Cut   int           // break the connection after so many bytes of the body
	Stall time.Duration // before the rest of the body then, instead of breaking it

	Before func() // is called before the answer, with the server unlocked
}

// New starts a server with these buckets of objects, by key, that ends with the
// test.
func New(t testing.TB, buckets map[string]map[string]string) *Server {
	s := &Server{t: t, page: 1000, buckets: map[string]map[string]string{}, faults: map[string][]Fault{}}
	for name, objects := range buckets {
		s.buckets[name] = maps.Clone(objects)
	}
	server := httptest.NewServer(s)
	s.Endpoint = server.URL
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		for on, left := range s.faults {
			if len(left) > 0 {
				t.Errorf("buckettest: %d faults of %s never happened", len(left), on)
			}
		}
	})
	return s
}

// Client returns a client of the server at an endpoint that is configured for a
// region. It retries as often as package bucket does, but hardly waits.
func Client(endpoint, region string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &endpoint,
		Region:       region,
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 8
			o.MaxBackoff = time.Millisecond
			o.RateLimiter = ratelimit.None
		}),
		DisableLogOutputChecksumValidationSkipped: true,
	})
}

// Page makes a page of a listing have at most so many keys.
func (s *Server) Page(keys int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = keys
}

// Fail makes the next requests go wrong: those to list, "ListObjectsV2", or those
// for a key. The test fails when there are not as many.
func (s *Server) Fail(on string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults[on] = append(s.faults[on], faults...)
}

// Put replaces an object.
func (s *Server) Put(bucket, key, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buckets[bucket][key] = body
}

// Reads returns the objects that were asked for, "bucket/key" or "bucket/key
// bytes=5-", sorted.
func (s *Server) Reads() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.reads))
}

// ServeHTTP speaks the REST protocol of S3.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, key, isObject := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	key, err := url.PathUnescape(key)
	if err != nil {
		s.t.Errorf("buckettest: the path %q: %v", r.URL.EscapedPath(), err)
	}
	signed := r.Header.Get("Authorization")
	if r.Method != http.MethodGet || !strings.HasPrefix(signed, "AWS4-HMAC-SHA256 ") || r.Header.Get("X-Amz-Content-Sha256") == "" {
		s.t.Errorf("buckettest: %s %s with the headers %v is no signed read of S3", r.Method, r.URL, r.Header)
	}
	if !strings.Contains(signed, "/"+Region+"/s3/aws4_request") {
		w.Header().Set("X-Amz-Bucket-Region", Region)
		refuse(w, http.StatusMovedPermanently, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")
		return
	}
	on := "ListObjectsV2"
	if isObject && key != "" {
		on = key
	}
	fault := s.fault(on)
	if fault.Before != nil {
		fault.Before()
	}
	if fault.Status != 0 {
		refuse(w, fault.Status, fault.Code, "on demand of the test")
		return
	}
	s.mu.Lock()
	objects, found := s.buckets[bucket]
	page := s.page
	objects = maps.Clone(objects)
	if on == key {
		s.reads = append(s.reads, strings.TrimSpace(bucket+"/"+key+" "+r.Header.Get("Range")))
	}
	s.mu.Unlock()
	switch {
	case !found:
		refuse(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
	case on == key:
		s.get(w, r, objects, key, fault)
	default:
		s.list(w, r, objects, page)
	}
}

// fault takes the next fault of a request.
func (s *Server) fault(on string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	faults := s.faults[on]
	if len(faults) == 0 {
		return Fault{}
	}
	s.faults[on] = faults[1:]
	return faults[0]
}

type apiError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string
	Message string
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_ = xml.NewEncoder(w).Encode(apiError{Code: code, Message: message}) // that the client has gone is its own affair
}

type listing struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	EncodingType          string
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []struct{ Key string }
}

// list answers ListObjectsV2: one page of keys in their order.
func (s *Server) list(w http.ResponseWriter, r *http.Request, objects map[string]string, page int) {
	query := r.URL.Query()
	for name := range query {
		if !slices.Contains([]string{"list-type", "prefix", "encoding-type", "continuation-token"}, name) {
			s.t.Errorf("buckettest: the parameter %s of a listing is not known", name)
		}
	}
	if query.Get("list-type") != "2" || query.Get("encoding-type") != "url" {
		s.t.Errorf("buckettest: %s is no listing of version 2 with keys that are encoded", r.URL)
	}
	after, err := base64.StdEncoding.DecodeString(query.Get("continuation-token"))
	if err != nil {
		s.t.Errorf("buckettest: the continuation token: %v", err)
	}
	answer := listing{EncodingType: "url"}
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		if !strings.HasPrefix(key, query.Get("prefix")) || key <= string(after) {
			continue
		}
		if len(answer.Contents) == page {
			answer.IsTruncated = true
			answer.NextContinuationToken = base64.StdEncoding.EncodeToString(after)
			break
		}
		after = []byte(key)
		answer.Contents = append(answer.Contents, struct{ Key string }{strings.ReplaceAll(url.QueryEscape(key), "%2F", "/")})
	}
	w.Header().Set("Content-Type", "application/xml")
	_ = xml.NewEncoder(w).Encode(answer) // that the client has gone is its own affair
}

// get answers GetObject. As CloudTrail's objects do, those whose name ends in .gz
// say that they are encoded, which a client must not undo.
func (s *Server) get(w http.ResponseWriter, r *http.Request, objects map[string]string, key string, fault Fault) {
	if r.Header.Get("Accept-Encoding") != "identity" {
		s.t.Errorf("buckettest: a read with Accept-Encoding %q may be answered by anything but the object", r.Header.Get("Accept-Encoding"))
	}
	body, found := objects[key]
	if !found {
		refuse(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	sum := sha256.Sum256([]byte(body))
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	if cmp.Or(r.Header.Get("If-Match"), etag) != etag {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
		return
	}
	header := w.Header()
	header.Set("ETag", etag)
	status, from := http.StatusOK, 0
	if asked := r.Header.Get("Range"); asked != "" {
		if _, err := fmt.Sscanf(asked, "bytes=%d-", &from); err != nil || fmt.Sprintf("bytes=%d-", from) != asked {
			s.t.Errorf("buckettest: the range %q is not known", asked)
		}
		if from >= len(body) {
			refuse(w, http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
			return
		}
		status = http.StatusPartialContent
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(body)-1, len(body)))
	} else if r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		header.Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(sum[:]))
	}
	body = body[from:]
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Content-Type", "application/json")
	if strings.HasSuffix(key, ".gz") {
		header.Set("Content-Encoding", "gzip")
	}
	w.WriteHeader(status)
	if fault.Cut == 0 && fault.Stall == 0 {
		_, _ = w.Write([]byte(body)) // that the client has gone is its own affair
		return
	}
	_, _ = w.Write([]byte(body[:min(fault.Cut, len(body))]))
	_ = http.NewResponseController(w).Flush()
	if fault.Stall == 0 {
		panic(http.ErrAbortHandler)
	}
	select {
	case <-time.After(fault.Stall):
	case <-r.Context().Done():
	}
	_, _ = w.Write([]byte(body[min(fault.Cut, len(body)):]))
}

// SlowDown is S3 asking for fewer requests, n times.
func SlowDown(n int) []Fault {
	return slices.Repeat([]Fault{{Status: http.StatusServiceUnavailable, Code: "SlowDown"}}, n)
}

// Denied is S3 refusing a request, once.
func Denied() Fault { return Fault{Status: http.StatusForbidden, Code: "AccessDenied"} }

// Configuration returns the configuration of Client, for what builds its own.
func Configuration(endpoint string) aws.Config {
	return aws.Config{
		Region: Region, BaseEndpoint: &endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}
