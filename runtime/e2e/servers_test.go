//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
)

const (
	region  = "eu-west-1"
	account = "000000000000" // in which fauxqs creates queues and topics
	install = "npm ci --prefix runtime/e2e --ignore-scripts --no-audit --no-fund"
)

// A cloud is what all deployments share: the servers, clients for the test
// itself, which no fault stands in the way of, and the programs.
type cloud struct {
	fauxqs, dynalite, ses string // URLs
	secrets               *secrets
	authority             string // the file with the certificate of the webhooks

	buckets  *s3.Client
	queues   *sqs.Client
	topics   *sns.Client
	tables   *dynamodb.Client
	programs map[string]string // "analyzer", "processor": the paths of the binaries

	mu     sync.Mutex
	serial int // makes names unique
}

// newCloud starts the servers and builds the programs. All of it ends with t.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{secrets: &secrets{values: map[string]string{}}, programs: map[string]string{}}
	var group sync.WaitGroup
	defer group.Wait() // also when the servers do not start
	group.Go(func() { c.build(t, "analyzer") })
	group.Go(func() { c.build(t, "processor") })
	c.fauxqs, c.dynalite, c.ses = startNode(t, "fauxqs"), startNode(t, "dynalite"), startNode(t, "ses")
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	c.buckets, c.queues, c.topics = newS3(c.fauxqs), sqs.NewFromConfig(at(c.fauxqs)), sns.NewFromConfig(at(c.fauxqs))
	c.tables = dynamotest.Client(c.dynalite)

	tls := httptest.NewTLSServer(nil) // all such servers have the same certificate
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tls.Certificate().Raw})
	tls.Close()
	c.authority = filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(c.authority, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	return c
}

// at is the configuration of a client for a server.
func at(endpoint string) aws.Config {
	return aws.Config{Region: region, Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""), BaseEndpoint: &endpoint}
}

func newS3(endpoint string) *s3.Client {
	return s3.NewFromConfig(at(endpoint), func(o *s3.Options) { o.UsePathStyle = true })
}

// build builds the program of a function as releases do, but for this machine.
func (c *cloud) build(t *testing.T, name string) {
	program := filepath.Join(t.TempDir(), name, "bootstrap")
	build := exec.Command("go", "build", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "-o", program, "../../cmd/"+name)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("build %s: %v\n%s", name, err, out)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.programs[name] = program
}

// unique returns a name that nothing else has.
func (c *cloud) unique(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.serial++
	return fmt.Sprintf("%s-%d", name, c.serial)
}

// startNode starts one of the servers of servers.mjs and returns its URL.
func startNode(t *testing.T, name string) string {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("there is no node: install Node.js 20 or newer, and then run: %s", install)
	}
	if _, err := os.Stat("node_modules/.package-lock.json"); err != nil {
		t.Fatalf("the servers are not installed. In the root of the repository, run: %s", install)
	}
	var problems bytes.Buffer
	server := exec.Command(node, "servers.mjs", name)
	server.Stderr = &problems
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	// It ends with its input, also when this process is killed.
	end := sync.OnceFunc(func() {
		_ = stdin.Close()
		late := time.AfterFunc(5*time.Second, func() { _ = server.Process.Kill() })
		defer late.Stop()
		_ = server.Wait()
	})
	t.Cleanup(end)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		end()
		t.Fatalf("%s did not start: %v\n%s", name, err, &problems)
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	return "http://127.0.0.1:" + strings.TrimSpace(line)
}

// secrets is a Secrets Manager of one operation. It refuses what is not asked for
// as the SDK asks.
type secrets struct {
	mu     sync.Mutex
	values map[string]string // by ARN
}

func (s *secrets) put(arn, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values[arn] = value
}

func (s *secrets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer := func(status int, body any) {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
	var in struct{ SecretId string }
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("X-Amz-Target") != "secretsmanager.GetSecretValue":
		answer(http.StatusBadRequest, map[string]string{"__type": "UnknownOperationException"})
	case !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="):
		answer(http.StatusBadRequest, map[string]string{"__type": "MissingAuthenticationTokenException"})
	case decoder.Decode(&in) != nil || in.SecretId == "":
		answer(http.StatusBadRequest, map[string]string{"__type": "InvalidParameterException"})
	case s.values[in.SecretId] == "":
		answer(http.StatusBadRequest, map[string]string{"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."})
	default:
		answer(http.StatusOK, map[string]any{
			"ARN": in.SecretId, "Name": in.SecretId, "VersionId": "00000000-0000-0000-0000-000000000001", "VersionStages": []string{"AWSCURRENT"},
			"SecretString": s.values[in.SecretId], "CreatedDate": 1.7e9,
		})
	}
}

// A mail is one that SES has taken.
type mail struct {
	MessageID   string `json:"messageId"`
	Subject     string `json:"subject"`
	Destination struct {
		To []string `json:"to"`
	} `json:"destination"`
	Body struct {
		Text string `json:"text"`
		HTML string `json:"html"`
	} `json:"body"`
}

// mails returns all mails that SES has taken.
func (c *cloud) mails(ctx context.Context) ([]mail, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.ses+"/store", nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("read the mails: %w", err)
	}
	defer response.Body.Close()
	var store struct{ Emails []mail }
	if err := json.NewDecoder(response.Body).Decode(&store); err != nil {
		return nil, fmt.Errorf("read the mails: %w", err)
	}
	return store.Emails, nil
}
