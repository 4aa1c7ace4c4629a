package analyzer

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/lambdatest"
)

// TestMain lets the test binary stand in for the Lambda binary.
func TestMain(m *testing.M) { lambdatest.Main(m, func() { Main(testSet()) }) }

// The real Main under a Lambda Runtime API, with the real AWS clients against
// servers of this test.
func TestMainUnderTheRuntimeAPI(t *testing.T) {
	delivered := pack(t, file(event("e1", "CreateUser", "")))
	s3 := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/logs/a b+c.json.gz" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>`)
			return
		}
		w.Header().Set("Content-Encoding", "gzip") // as CloudTrail sets it
		_, _ = w.Write(delivered)
	}))
	defer s3.Close()

	bodies := make(chan string, 10)
	sqs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			QueueURL string `json:"QueueUrl"`
			Entries  []struct {
				ID          string `json:"Id"`
				MessageBody string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "AmazonSQS.SendMessageBatch" || !strings.HasSuffix(in.QueueURL, "/000000000000/findings") {
			t.Errorf("SQS was asked for %q about %q: %v", r.Header.Get("X-Amz-Target"), in.QueueURL, err)
		}
		var taken []map[string]string
		for _, entry := range in.Entries {
			bodies <- entry.MessageBody
			sum := md5.Sum([]byte(entry.MessageBody))
			taken = append(taken, map[string]string{"Id": entry.ID, "MessageId": "m", "MD5OfMessageBody": hex.EncodeToString(sum[:])})
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_ = json.NewEncoder(w).Encode(map[string]any{"Successful": taken, "Failed": []any{}})
	}))
	defer sqs.Close()

	f := lambdatest.New(t, lambdatest.Config{Env: []string{
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=x", "AWS_SECRET_ACCESS_KEY=x",
		"AWS_ENDPOINT_URL_S3=" + s3.URL, "AWS_ENDPOINT_URL_SQS=" + sqs.URL, "SQS_QUEUE_URL=" + sqs.URL + "/000000000000/findings",
	}})
	if got := f.Invoke(lambdatest.Invocation{Event: notice("a+b%2Bc.json.gz")}); got.String() != "succeeded: null" {
		t.Errorf("%s, want success", got)
	}
	got := f.Invoke(lambdatest.Invocation{Event: notice("missing.json.gz")})
	if got.Outcome != lambdatest.Failed || !strings.Contains(got.Message, "logs/missing.json.gz: open: ") || !strings.Contains(got.Message, "no such object") {
		t.Errorf("%s, want an error that names the object", got)
	}
	f.Kill() // nothing writes to the log any more
	if t.Failed() {
		t.Fatal(f.Log())
	}

	close(bodies)
	var events []string
	for body := range bodies {
		f, err := alert.ParseFinding([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, f.Event.ID+" in "+f.Location.File)
	}
	if diff := cmp.Diff([]string{"e1 in a b+c.json.gz"}, events); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for line := range strings.Lines(f.Log()) {
		if !strings.HasPrefix(line, "{") && !strings.Contains(line, `{"errorMessage"`) {
			t.Errorf("a line that is no JSON: %s", line)
		}
	}
}

func TestMainListsAllProblemsOfTheConfiguration(t *testing.T) {
	f := lambdatest.New(t, lambdatest.Config{})
	if got := f.Invoke(lambdatest.Invocation{}); got.String() != "exited: before it asked for an event: exit status 1" {
		t.Errorf("%s, want exit status 1", got)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(f.Log()), &line); err != nil {
		t.Fatalf("wrote %q: %v", f.Log(), err)
	}
	if got, want := line["error"], "configuration: SQS_QUEUE_URL is not set; AWS_REGION is not set"; got != want {
		t.Errorf("error: %q, want %q", got, want)
	}
}

func TestConfiguration(t *testing.T) {
	for _, c := range []struct {
		name string
		url  string
		says string // "" means that it is accepted
	}{
		{"the URL of a queue is accepted", "https://sqs.eu-west-1.amazonaws.com/111122223333/findings", ""},
		{"a local queue is accepted", "http://127.0.0.1:4566/000000000000/findings", ""},
		{"an ARN is refused", "arn:aws:sqs:eu-west-1:111122223333:findings", "SQS_QUEUE_URL is \"arn:aws:sqs:eu-west-1:111122223333:findings\", which is not the URL of a queue"},
		{"what no URL can be is refused", "https://a b/", "which is not the URL of a queue"},
		{"a FIFO queue is refused by name", "https://sqs.eu-west-1.amazonaws.com/111122223333/findings.fifo", "a FIFO queue; findings go to a standard queue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			env := map[string]string{"SQS_QUEUE_URL": c.url, "AWS_REGION": "eu-west-1"}
			got, err := configFrom(func(name string) string { return env[name] })
			switch {
			case c.says == "" && (err != nil || got.queueURL != c.url):
				t.Errorf("got %+v, %v", got, err)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("error: %v, want one that says %s", err, c.says)
			}
		})
	}
}

func TestARulesetThatCannotWorkIsRefused(t *testing.T) {
	env := map[string]string{"SQS_QUEUE_URL": "https://q/1/f", "AWS_REGION": "eu-west-1"}
	for _, set := range []runtime.Ruleset{
		{},
		{Match: testSet().Match, Rules: []*runtime.Rule{{Key: "without_level"}}},
	} {
		if _, err := newHandler(t.Context(), set, func(name string) string { return env[name] }, nil); err == nil {
			t.Errorf("%+v was accepted", set)
		}
	}
}
