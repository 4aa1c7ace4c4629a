package secret

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const testARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:trailalerts/webhook-AbCdEf"

// secretsServer answers GetSecretValue as Secrets Manager does. The map holds the
// whole answer by ARN; what is not in it is ResourceNotFoundException.
type secretsServer struct {
	mu      sync.Mutex
	answers map[string]string
	calls   atomic.Int64
	regions []string
	delay   time.Duration
}

func (s *secretsServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if got := r.Header.Get("X-Amz-Target"); got != "secretsmanager.GetSecretValue" {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"UnknownOperationException"}`)
		return
	}
	// The credential scope is DATE/REGION/SERVICE.
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 2 {
		s.regions = append(s.regions, scope[2])
	}
	var in struct{ SecretId string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	answer, ok := s.answers[in.SecretId]
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."}`)
		return
	}
	io.WriteString(w, answer)
}

func (s *secretsServer) set(answer string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = map[string]string{testARN: answer}
}

// newSource returns a source whose environment and clock the test holds.
func newSource(t *testing.T, env map[string]string) (*Source, *secretsServer, *time.Time) {
	t.Helper()
	server := &secretsServer{answers: map[string]string{}}
	http := httptest.NewServer(server)
	t.Cleanup(http.Close)
	now := time.Date(2025, 3, 9, 16, 0, 0, 0, time.UTC)
	client := secretsmanager.New(secretsmanager.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(http.URL), RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
	})
	return &Source{Getenv: func(name string) string { return env[name] }, Client: client, Now: func() time.Time { return now }}, server, &now
}

func TestLookup(t *testing.T) {
	for _, test := range []struct {
		sentence string
		env      map[string]string
		want     string // "" for no setting
		err      string
	}{
		{"A variable holds the value.", map[string]string{"KEY": "s3cret"}, "s3cret", ""},
		{"White space around a value is none of it.", map[string]string{"KEY": " s3cret\n"}, "s3cret", ""},
		{"Without variables there is no setting.", nil, "", ""},
		{"A variable of white space is not set.", map[string]string{"KEY": " \n", "KEY_SECRET_ARN": " "}, "", ""},
		{"An ARN leads to the secret.", map[string]string{"KEY_SECRET_ARN": testARN}, "from the manager", ""},
		{"Which of two counts would be a guess.", map[string]string{"KEY": "s3cret", "KEY_SECRET_ARN": testARN}, "", "KEY and KEY_SECRET_ARN are both set: keep one"},
		{"A name is no ARN.", map[string]string{"KEY_SECRET_ARN": "trailalerts/webhook"}, "", `KEY_SECRET_ARN: "trailalerts/webhook" is no ARN of a secret in Secrets Manager`},
		{"The ARN of a parameter is none of a secret.", map[string]string{"KEY_SECRET_ARN": "arn:aws:ssm:eu-west-1:111122223333:parameter/key"}, "", `KEY_SECRET_ARN: "arn:aws:ssm:eu-west-1:111122223333:parameter/key" is no ARN of a secret in Secrets Manager`},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			source, server, _ := newSource(t, test.env)
			server.set(`{"SecretString":"from the manager"}`)
			setting, err := source.Lookup("KEY")
			if calls := server.calls.Load(); calls != 0 {
				t.Errorf("Lookup called Secrets Manager %d times", calls)
			}
			if err != nil || test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("got error %v, want %q", err, test.err)
				}
				return
			}
			if setting == nil || test.want == "" {
				if setting != nil || test.want != "" {
					t.Errorf("got setting %v, want %q", setting, test.want)
				}
				return
			}
			value, err := setting.Get(t.Context())
			if err != nil || value.Reveal() != test.want {
				t.Errorf("got %q, %v, want %q", value.Reveal(), err, test.want)
			}
			if setting.Name() != "KEY" {
				t.Errorf("the setting is named %q", setting.Name())
			}
			if _, atHand := setting.AtHand(); atHand != (test.env["KEY"] != "") {
				t.Errorf("AtHand says %v", atHand)
			}
		})
	}
}

// TestRotation pins that a value is fetched once for some minutes, and again
// after them.
func TestRotation(t *testing.T) {
	source, server, now := newSource(t, map[string]string{"KEY_SECRET_ARN": testARN})
	setting, err := source.Lookup("KEY")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		sentence string
		after    time.Duration
		stored   string
		want     string
		calls    int64
	}{
		{"The first use fetches.", 0, "old", "old", 1},
		{"A rotated secret is not seen at once.", freshFor - time.Second, "new", "old", 1},
		{"It is seen after the time.", time.Second, "new", "new", 2},
		{"And is kept in turn.", time.Second, "newer", "new", 2},
	} {
		*now = now.Add(step.after)
		server.set(`{"SecretString":"` + step.stored + `"}`)
		value, err := setting.Get(t.Context())
		if err != nil || value.Reveal() != step.want || server.calls.Load() != step.calls {
			t.Errorf("%s Got %q, %v after %d calls, want %q after %d", step.sentence, value.Reveal(), err, server.calls.Load(), step.want, step.calls)
		}
	}
	// A failure to fetch it again is bridged for a while.
	server.set(`{}`)
	*now = now.Add(freshFor + staleFor - 2*time.Second)
	if value, err := setting.Get(t.Context()); err != nil || value.Reveal() != "new" {
		t.Errorf("for a while the old value serves: got %v", err)
	}
	*now = now.Add(time.Second)
	if _, err := setting.Get(t.Context()); err == nil {
		t.Error("the old value serves for ever")
	}
	if got := server.regions[0]; got != "eu-west-1" {
		t.Errorf("the secret is asked for in %s, not in the region of its ARN", got)
	}
}

// TestFetchFails pins what the errors say, and that a failure is not kept.
func TestFetchFails(t *testing.T) {
	for _, test := range []struct{ sentence, answer, want string }{
		{"A secret of bytes is no text.", `{"SecretBinary":"aHVudGVyMg=="}`, "it holds no text"},
		{"An empty secret is a mistake.", `{"SecretString":""}`, "it is empty"},
		{"So is one of white space.", `{"SecretString":" \n"}`, "it is empty"},
		{"A broken answer shows nothing of the secret.", `{"SecretString":"hunter2", nonsense`, "deserialization failed"},
		{"A secret that is not there.", "", "ResourceNotFoundException"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			source, server, _ := newSource(t, map[string]string{"KEY_SECRET_ARN": testARN})
			if test.answer != "" {
				server.set(test.answer)
			}
			setting, err := source.Lookup("KEY")
			if err != nil {
				t.Fatal(err)
			}
			_, err = setting.Get(t.Context())
			if err == nil || !strings.HasPrefix(err.Error(), "fetch KEY from "+testARN+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one that names the ARN and says %q", err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "aHVud")) {
				t.Errorf("the error shows the secret: %v", err)
			}
			server.set(`{"SecretString":"mended"}`)
			if value, err := setting.Get(t.Context()); err != nil || value.Reveal() != "mended" {
				t.Errorf("after the failure got %q, %v", value.Reveal(), err)
			}
		})
	}
}

// TestConcurrentUse pins that many channels that need one secret at once fetch it
// once.
func TestConcurrentUse(t *testing.T) {
	source, server, _ := newSource(t, map[string]string{"KEY_SECRET_ARN": testARN})
	server.set(`{"SecretString":"shared"}`)
	server.delay = 20 * time.Millisecond
	setting, err := source.Lookup("KEY")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if value, err := setting.Get(t.Context()); err != nil || value.Reveal() != "shared" {
				t.Errorf("got %q, %v", value.Reveal(), err)
			}
		})
	}
	group.Wait()
	if got := server.calls.Load(); got != 1 {
		t.Errorf("Secrets Manager was called %d times, want once", got)
	}
}
