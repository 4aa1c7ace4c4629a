package ses

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/report"
)

// request is what SES reads of a call.
type request struct {
	FromEmailAddress     string
	ConfigurationSetName string
	Destination          struct{ ToAddresses, CcAddresses, BccAddresses []string }
	Content              struct{ Raw struct{ Data []byte } }
}

// refusal says what is wrong with a request as SES does, or "".
func refusal(r request) string {
	recipients := append(append(append([]string{}, r.Destination.ToAddresses...), r.Destination.CcAddresses...), r.Destination.BccAddresses...)
	if len(recipients) == 0 || len(recipients) > 50 {
		return fmt.Sprintf("Recipient count %d exceeds 50", len(recipients))
	}
	for _, text := range append(recipients, r.FromEmailAddress) {
		for _, c := range text {
			if c > '~' || c < ' ' {
				return "Address has characters that are not 7-bit ASCII: " + text
			}
		}
		if _, err := mail.ParseAddress(text); err != nil {
			return "Illegal address " + text
		}
	}
	if len(r.Content.Raw.Data) > 40<<20 {
		return "Message length is too large"
	}
	head, _, found := bytes.Cut(r.Content.Raw.Data, []byte("\r\n\r\n"))
	if !found {
		return "Missing final '@domain'" // what SES says of mails without headers
	}
	for line := range bytes.SplitSeq(r.Content.Raw.Data, []byte("\r\n")) {
		if len(line) > 998 {
			return "A line is too long"
		}
		if bytes.ContainsAny(line, "\r\n") {
			return "A line ends with half a line end"
		}
		for _, c := range line {
			if c > 0x7e || c < ' ' && c != '\t' {
				return fmt.Sprintf("The byte %#x stands in a mail of 7 bits", c)
			}
		}
	}
	seen := map[string]bool{}
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		name, _, ok := bytes.Cut(line, []byte(":"))
		key := strings.ToLower(string(name))
		if !ok || seen[key] {
			return "Duplicate or broken header '" + string(line) + "'"
		}
		seen[key] = true
	}
	return ""
}

// serve starts an SES that answers by a function, and returns its client.
func serve(t *testing.T, answer func(w http.ResponseWriter, r request)) *sesv2.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in request
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Method != "POST" || r.URL.Path != "/v2/email/outbound-emails" {
			t.Errorf("got %s %s, %v", r.Method, r.URL, err)
		}
		w.Header().Set("Content-Type", "application/json")
		answer(w, in)
	}))
	t.Cleanup(server.Close)
	return sesv2.New(sesv2.Options{Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")})
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"message":%q}`, message)
}

func newNotifier(t *testing.T, client Client) *Notifier {
	t.Helper()
	n, err := New(client, Config{
		From: "TrailAlerts <alerts@example.com>", To: []string{"sec@example.com", "Jürgen <j@example.org>"}, Cc: []string{"cc@example.com"}, Bcc: []string{"hidden@example.net"},
		ConfigurationSet: "alerts", Now: func() time.Time { return notifytest.Now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// read takes a mail apart as a mail program does.
func read(t *testing.T, raw []byte) (header mail.Header, text, html string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is of the type %s, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	var bodies []string
	for i, want := range []string{"text/plain", "text/html"} {
		part, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		kind, parameters, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil || kind != want || !strings.EqualFold(parameters["charset"], "UTF-8") || part.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("part %d is %v, %v", i, part.Header, err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, strings.ReplaceAll(string(body), "\r\n", "\n"))
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("after the HTML comes %v", err)
	}
	return m.Header, bodies[0], bodies[1]
}

// TestMail sends alerts through an SES as strict as the service, and reads what
// arrives.
func TestMail(t *testing.T) {
	bare := &alert.Alert{}
	bare.Rule.Key, bare.Event.Digest = "bare", "d1"
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile(), "bare": bare} {
		t.Run(name, func(t *testing.T) {
			var sent []request
			client := serve(t, func(w http.ResponseWriter, r request) {
				if reason := refusal(r); reason != "" {
					refuse(w, http.StatusBadRequest, "BadRequestException", reason)
					return
				}
				sent = append(sent, r)
				io.WriteString(w, `{"MessageId":"m-1"}`)
			})
			n := newNotifier(t, client)
			times := 2
			if name == "hostile" {
				times = 1 // it takes long to write
			}
			for range times {
				if err := n.Notify(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			want := request{FromEmailAddress: `"TrailAlerts" <alerts@example.com>`, ConfigurationSetName: "alerts"}
			want.Destination.ToAddresses = []string{"<sec@example.com>", "=?utf-8?q?J=C3=BCrgen?= <j@example.org>"}
			want.Destination.CcAddresses, want.Destination.BccAddresses = []string{"<cc@example.com>"}, []string{"<hidden@example.net>"}
			got := sent[0]
			got.Content.Raw.Data = nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}

			header, text, html := read(t, sent[0].Content.Raw.Data)
			wantHTML, err := report.Mail(a)
			if err != nil {
				t.Fatal(err)
			}
			lines := func(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }
			if text != lines(report.Text(a)) || html != lines(string(wantHTML)) {
				t.Errorf("the parts are not those of the report: %d and %d bytes", len(text), len(html))
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			if err != nil || subject != report.Subject(a) {
				t.Errorf("the subject is %q, want %q (%v)", subject, report.Subject(a), err)
			}
			if strings.Contains(string(sent[0].Content.Raw.Data), "hidden@example.net") {
				t.Error("the mail shows who gets a blind copy")
			}
			for name := range header {
				if !strings.Contains(" From To Cc Subject Date Message-Id References X-Trailalerts-Alert-Id Auto-Submitted Mime-Version Content-Type ", " "+name+" ") {
					t.Errorf("the mail has the header %s", name)
				}
			}
			if got, want := header.Get("X-TrailAlerts-Alert-Id"), plain.Key(a.ID(), maxID); got != want {
				t.Errorf("the id of the alert is %q, want %q", got, want)
			}
			again, _, _ := read(t, sent[len(sent)-1].Content.Raw.Data)
			for _, name := range []string{"Message-Id", "References", "X-Trailalerts-Alert-Id"} {
				if header.Get(name) == "" || header.Get(name) != again.Get(name) {
					t.Errorf("%s is %q, and %q when it comes again", name, header.Get(name), again.Get(name))
				}
			}
			if header.Get("Message-Id") == header.Get("References") {
				t.Error("the mail refers to itself")
			}
		})
	}
}

// TestHeaders pins the headers of an ordinary mail.
func TestHeaders(t *testing.T) {
	raw, err := newNotifier(t, nil).write(notifytest.Alert())
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := read(t, raw)
	for name, want := range map[string]string{
		"From": `"TrailAlerts" <alerts@example.com>`, "To": "<sec@example.com>, =?utf-8?q?J=C3=BCrgen?= <j@example.org>", "Cc": "<cc@example.com>",
		"Subject": "TrailAlerts - High - CloudTrail Logging Stopped", "Date": "Sun, 09 Mar 2025 16:45:00 +0000",
		"X-TrailAlerts-Alert-Id": "cloudtrail_logging_stopped/111122223333/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f", "Auto-Submitted": "auto-generated",
		"Message-ID": "<" + messageName(notifytest.Alert().ID()) + "@example.com>", "References": "<alert." + messageName(notifytest.Alert().ID()) + "@example.com>",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestFailures pins which answers are repeated, and what the errors say.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		sentence string
		steps    []string // "take", "broken", "empty", or a status, a code and a message
		requests int64
		want     string
	}{
		{"An address that is not verified.", []string{"400 MessageRejected Email address is not verified."}, 1, "MessageRejected: Email address is not verified."},
		{"More mails than the rate of the account: SES did not take it.", []string{"429 TooManyRequestsException Maximum sending rate exceeded.", "take"}, 2, ""},
		{"An account that may not send.", []string{"400 AccountSuspendedException Account is suspended."}, 1, "AccountSuspendedException: Account is suspended."},
		{"An error inside SES: it may have been sent.", []string{"500 InternalServiceError oops"}, 1, "oops"},
		{"An answer that is lost: it may have been sent.", []string{"broken"}, 1, "EOF"},
		{"An answer without an id says nothing.", []string{"empty"}, 1, "the answer has no message id"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			t.Parallel() // some wait between their attempts
			var requests atomic.Int64
			client := serve(t, func(w http.ResponseWriter, _ request) {
				switch step := test.steps[min(int(requests.Add(1)), len(test.steps))-1]; step {
				case "take":
					io.WriteString(w, `{"MessageId":"m-1"}`)
				case "empty":
					io.WriteString(w, `{}`)
				case "broken":
					panic(http.ErrAbortHandler)
				default:
					parts := strings.SplitN(step, " ", 3)
					var status int
					fmt.Sscan(parts[0], &status)
					refuse(w, status, parts[1], parts[2])
				}
			})
			err := newNotifier(t, client).Notify(t.Context(), notifytest.Alert())
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "ses: ") || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if got := requests.Load(); got != test.requests {
				t.Errorf("got %d requests, want %d", got, test.requests)
			}
		})
	}
	t.Run("One that does not answer is left at the deadline.", func(t *testing.T) {
		stop := make(chan struct{})
		client := serve(t, func(http.ResponseWriter, request) { <-stop })
		defer close(stop)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := newNotifier(t, client).Notify(ctx, notifytest.Alert()); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
			t.Errorf("got error %v", err)
		}
	})
}

func TestNew(t *testing.T) {
	many := make([]string, 30)
	for i := range many {
		many[i] = fmt.Sprintf("p%d@example.com", i)
	}
	for _, test := range []struct {
		sentence string
		config   Config
		want     string
	}{
		{"One who sends and one who gets it.", Config{From: "a@example.com", To: []string{"b@example.com"}}, ""},
		{"Fifty recipients are the most.", Config{From: "a@example.com", To: many, Cc: many[:20]}, ""},
		{"All problems are in one error.", Config{From: "nobody", To: []string{"b@example.com", "c@", ""}, Bcc: []string{"d@example.com\r\nSubject: x"}},
			`ses: from: "nobody" is no address; to: "c@" is no address; to: "" is no address; bcc: "d@example.com\r\nSubject: x" is no address`},
		{"Nobody sends to nobody.", Config{}, "ses: it has no sender; it has nobody to send to"},
		{"Fifty-one are too many.", Config{From: "a@example.com", To: many, Bcc: many[:21]}, "ses: it has 51 recipients, and SES takes 50"},
		{"SES takes ASCII only.", Config{From: "a@bücher.example", To: []string{"b@example.com"}}, `ses: from: the address "a@bücher.example" has characters that SES does not take: write the domain in Punycode`},
		{"A list is not one address.", Config{From: "a@example.com", To: []string{"b@example.com, c@example.com"}}, `ses: to: "b@example.com, c@example.com" is no address`},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			_, err := New(nil, test.config)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
