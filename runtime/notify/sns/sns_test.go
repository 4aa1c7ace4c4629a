package sns

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
)

const (
	topicARN = "arn:aws:sns:eu-west-1:111122223333:alerts"
	fifoARN  = "arn:aws:sns:eu-west-1:111122223333:alerts.fifo"
)

// attributes returns the message attributes of a request: name to value.
func attributes(form url.Values) map[string]string {
	found := map[string]string{}
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		name := form.Get(prefix + "Name")
		if name == "" {
			return found
		}
		found[name] = form.Get(prefix + "Value.StringValue")
		if form.Get(prefix+"Value.DataType") != "String" {
			found[name] = ""
		}
	}
}

var (
	subjectForm = regexp.MustCompile(`^[!-~][ -~]{0,99}$`)
	idForm      = regexp.MustCompile("^[A-Za-z0-9!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]{1,128}$")
)

// refusal says what is wrong with a request as SNS does, or "".
func refusal(form url.Values) string {
	message, arn := form.Get("Message"), form.Get("TopicArn")
	size := len(message) + len(form.Get("Subject"))
	for name, value := range attributes(form) {
		if value == "" {
			return "The message attribute '" + name + "' must contain non-empty message attribute value."
		}
		size += len(name) + len("String") + len(value)
	}
	switch {
	case arn != topicARN && arn != fifoARN:
		return "Topic does not exist"
	case !subjectForm.MatchString(form.Get("Subject")):
		return "Subject"
	case message == "":
		return "Empty message"
	case size > 262144:
		return "Message too long"
	case !utf8.ValidString(message) || strings.ContainsFunc(message, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0xfffe || r == 0xffff
	}):
		return "Message has characters that XML does not have"
	}
	group, id := form.Get("MessageGroupId"), form.Get("MessageDeduplicationId")
	if arn == fifoARN && (!idForm.MatchString(group) || !idForm.MatchString(id)) {
		return "The MessageGroupId or the MessageDeduplicationId is invalid for FIFO topics"
	}
	if arn == topicARN && id != "" {
		return "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
	}
	return ""
}

// serve starts an SNS that answers by a function, and returns its client.
func serve(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, form url.Values)) *sns.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil || r.PostForm.Get("Action") != "Publish" {
			t.Errorf("got the action %q, %v", r.PostForm.Get("Action"), err)
		}
		w.Header().Set("Content-Type", "text/xml")
		answer(w, r, r.PostForm)
	}))
	t.Cleanup(server.Close)
	return sns.New(sns.Options{Region: "us-east-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")})
}

func take(w io.Writer) {
	io.WriteString(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>`)
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`, code, message)
}

func newNotifier(t *testing.T, client Client, arn string) *Notifier {
	t.Helper()
	n, err := New(client, Config{TopicARN: arn})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAccepted publishes alerts to a topic as strict as those of SNS. What comes
// twice has the same ids.
func TestAccepted(t *testing.T) {
	bare := &alert.Alert{Severity: runtime.Low}
	bare.Rule.Key, bare.Event.Digest = "bare", "d1"
	long := notifytest.Alert()
	long.Rule.Key = strings.Repeat("k", 200)
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile(), "bare": bare, "long": long} {
		for arn, times := range map[string]int{topicARN: 1, fifoARN: 2} {
			if name == "hostile" { // it takes long to write
				if times = 1; arn == topicARN {
					continue
				}
			}
			t.Run(name+" "+arn[len("arn:aws:sns:eu-west-1:111122223333:"):], func(t *testing.T) {
				var got []url.Values
				client := serve(t, func(w http.ResponseWriter, r *http.Request, form url.Values) {
					if !strings.Contains(r.Header.Get("Authorization"), "/eu-west-1/sns/") {
						t.Errorf("signed for another region than the topic's: %s", r.Header.Get("Authorization"))
					}
					if reason := refusal(form); reason != "" {
						refuse(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: "+reason)
						return
					}
					got = append(got, form)
					take(w)
				})
				n := newNotifier(t, client, arn)
				for range times {
					if err := n.Notify(t.Context(), a); err != nil {
						t.Fatal(err)
					}
				}
				for _, key := range []string{"MessageGroupId", "MessageDeduplicationId"} {
					last := got[len(got)-1]
					if got[0].Get(key) != last.Get(key) || (got[0].Get(key) != "") != (arn == fifoARN) {
						t.Errorf("%s is %q and %q", key, got[0].Get(key), last.Get(key))
					}
				}
			})
		}
	}
}

// TestMessage pins what an ordinary message says.
func TestMessage(t *testing.T) {
	a := notifytest.Alert()
	var form url.Values
	client := serve(t, func(w http.ResponseWriter, _ *http.Request, f url.Values) { form = f; take(w) })
	if err := newNotifier(t, client, topicARN).Notify(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"severity": "high", "rule": "cloudtrail_logging_stopped", "account": "111122223333", "alert_id": a.ID()}
	if diff := cmp.Diff(want, attributes(form)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if got := form.Get("Subject"); got != "TrailAlerts - High - CloudTrail Logging Stopped" {
		t.Errorf("the subject is %q", got)
	}
	if got := form.Get("Message"); !strings.Contains(got, "StopLogging") || !strings.Contains(got, a.ID()) {
		t.Errorf("the message is %s", got)
	}
}

func TestClip(t *testing.T) {
	long := strings.Repeat("漢", 100)
	if got := clip(long, 300); got != long {
		t.Error("a text that fits is cut")
	}
	for most := 280; most < 300; most++ {
		if got := clip(long, most); len(got) > most || len(got) < most-3 || !utf8.ValidString(got) || !strings.HasSuffix(got, "left out)\n") {
			t.Errorf("a text in %d bytes has %d: %q", most, len(got), got)
		}
	}
}

// TestFailures pins which answers are repeated and what the errors say.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		sentence string
		steps    []string // "take", "broken", or a status, a code and a message
		requests int64
		want     string
	}{
		{"A message that SNS refuses.", []string{"403 AuthorizationError User is not authorized"}, 1, "AuthorizationError: User is not authorized"},
		{"A topic that is gone.", []string{"404 NotFound Topic does not exist"}, 1, "Topic does not exist"},
		{"Too many messages: SNS did not take it.", []string{"429 Throttled Rate exceeded", "take"}, 2, ""},
		{"Throttling by its usual name: SNS did not take it.", []string{"400 ThrottlingException Rate exceeded", "400 ThrottlingException Rate exceeded", "take"}, 3, ""},
		{"Throttling that does not end.", []string{"400 ThrottlingException Rate exceeded"}, 3, "exceeded maximum number of attempts, 3"},
		{"An error inside SNS: it may have been taken.", []string{"500 InternalError oops"}, 1, "InternalError: oops"},
		{"An answer that is lost: it may have been taken.", []string{"broken"}, 1, "EOF"},
		{"An answer without an id says nothing.", []string{"empty"}, 1, "the answer has no message id"},
		{"A long message is cut.", []string{"400 InvalidParameter " + strings.Repeat("x", 5000)}, 1, "xxx…"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			t.Parallel() // each waits between its attempts
			var requests atomic.Int64
			client := serve(t, func(w http.ResponseWriter, _ *http.Request, _ url.Values) {
				step := test.steps[min(int(requests.Add(1)), len(test.steps))-1]
				switch step {
				case "take":
					take(w)
				case "empty":
					io.WriteString(w, `<PublishResponse><PublishResult/></PublishResponse>`)
				case "broken":
					panic(http.ErrAbortHandler)
				default:
					parts := strings.SplitN(step, " ", 3)
					var status int
					fmt.Sscan(parts[0], &status)
					refuse(w, status, parts[1], parts[2])
				}
			})
			err := newNotifier(t, client, topicARN).Notify(t.Context(), notifytest.Alert())
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "sns: ") || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 600) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if got := requests.Load(); got != test.requests {
				t.Errorf("got %d requests, want %d", got, test.requests)
			}
		})
	}
	t.Run("An SNS that does not answer is left at the deadline.", func(t *testing.T) {
		stop := make(chan struct{})
		client := serve(t, func(http.ResponseWriter, *http.Request, url.Values) { <-stop })
		defer close(stop)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		began := time.Now()
		if err := newNotifier(t, client, topicARN).Notify(ctx, notifytest.Alert()); err == nil || !strings.Contains(err.Error(), "deadline exceeded") || time.Since(began) > 5*time.Second {
			t.Errorf("got error %v after %s", err, time.Since(began))
		}
	})
	t.Run("A connection that is refused is tried again.", func(t *testing.T) {
		client := sns.New(sns.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")})
		if err := newNotifier(t, client, topicARN).Notify(t.Context(), notifytest.Alert()); err == nil || !strings.Contains(err.Error(), "exceeded maximum number of attempts, 3") {
			t.Errorf("got error %v", err)
		}
	})
}

func TestNew(t *testing.T) {
	for arn, want := range map[string]string{
		topicARN: "", fifoARN: "", "arn:aws-cn:sns:cn-north-1:111122223333:alerts": "",
		"":       "sns: it has no topic ARN",
		"alerts": `sns: "alerts" is no ARN of a topic`,
		"arn:aws:sqs:eu-west-1:111122223333:alerts":           `sns: "arn:aws:sqs:eu-west-1:111122223333:alerts" is no ARN of a topic`,
		"arn:aws:sns:eu-west-1:111122223333:alerts:e1d2-subs": `sns: "arn:aws:sns:eu-west-1:111122223333:alerts:e1d2-subs" is no ARN of a topic`,
	} {
		_, err := New(nil, Config{TopicARN: arn})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("for %q got %q, want %q", arn, got, want)
		}
	}
}
