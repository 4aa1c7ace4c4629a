package teams

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

// cardMessage is what Teams reads of a message.
type cardMessage struct {
	Type        string
	Attachments []struct {
		ContentType string
		Content     struct {
			Type, Version, FallbackText string
			Body                        []struct {
				Type, Text, Color, Weight string
				Wrap                      bool
				Facts                     []struct{ Title, Value string }
			}
			Actions []struct{ Type, Title, URL string }
			MSTeams struct {
				Width    string
				Entities []any
			}
		}
	}
}

// refusal says why Teams would refuse a message, or "".
func refusal(body []byte) string {
	var m cardMessage
	switch {
	case len(body) > 28<<10:
		return "RequestEntityTooLarge"
	case json.Unmarshal(body, &m) != nil:
		return "InvalidJson"
	case m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive":
		return "InvalidMessage"
	}
	card := m.Attachments[0].Content
	if card.Type != "AdaptiveCard" || card.Version != "1.5" || len(card.Body) == 0 || len(card.Actions) > 6 {
		return "InvalidCard"
	}
	for i, element := range card.Body {
		ok := element.Type == "TextBlock" && element.Text != "" || element.Type == "FactSet" && len(element.Facts) > 0
		for _, fact := range element.Facts {
			ok = ok && fact.Title != "" && fact.Value != ""
		}
		if !ok {
			return fmt.Sprintf("InvalidElement %d", i)
		}
	}
	for _, action := range card.Actions {
		if action.Type != "Action.OpenUrl" || action.Title == "" || !strings.HasPrefix(action.URL, "https://") {
			return "InvalidAction"
		}
	}
	return ""
}

func newNotifier(t *testing.T, handler http.HandlerFunc) *Notifier {
	t.Helper()
	url, client := egresstest.Start(t, handler)
	n, err := New(client, Config{URL: secret.Literal("TEAMS_WEBHOOK_URL", url+"/workflows/hunterflow/triggers/manual/paths/invoke?api-version=1&sig=hunter2sig")})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// alerts are those that a channel must be able to send.
func alerts() map[string]*alert.Alert {
	bare := &alert.Alert{}
	bare.Rule.Key, bare.Event.Digest = "bare", "d1"
	worst := notifytest.Hostile()
	for len(worst.Completed) < 60 {
		worst.Completed = append(worst.Completed, worst.Completed...)
	}
	// Eight bytes in JSON for each of these.
	for _, text := range []*string{&worst.Rule.Title, &worst.Rule.Description, &worst.Event.UserAgent, &worst.Event.Actor, &worst.Event.Name, &worst.Event.Region, &worst.Completed[0].Title, &worst.Completed[1].Title} {
		*text = strings.Repeat("<", 5000)
	}
	return map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile(), "bare": bare, "worst": worst}
}

// TestAccepted sends alerts to a receiver as strict as Teams.
func TestAccepted(t *testing.T) {
	for name, a := range alerts() {
		t.Run(name, func(t *testing.T) {
			requests := 0
			n := newNotifier(t, func(w http.ResponseWriter, r *http.Request) {
				requests++
				body, err := io.ReadAll(r.Body)
				if err != nil || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" || r.URL.Query().Get("sig") != "hunter2sig" || !utf8.Valid(body) {
					t.Errorf("got %s %s, %v", r.Method, r.URL, err)
				}
				if reason := refusal(body); reason != "" {
					w.WriteHeader(http.StatusBadRequest)
					io.WriteString(w, reason)
					return
				}
				w.WriteHeader(http.StatusAccepted)
			})
			if err := n.Notify(t.Context(), a); err != nil || requests != 1 {
				t.Errorf("got error %v after %d requests", err, requests)
			}
		})
	}
}

func decoded(t *testing.T, a *alert.Alert) cardMessage {
	t.Helper()
	body, err := message(a)
	if err != nil {
		t.Fatal(err)
	}
	var m cardMessage
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestLayout pins what an ordinary card says.
func TestLayout(t *testing.T) {
	card := decoded(t, notifytest.Correlated()).Attachments[0].Content
	var shown []string
	for _, element := range card.Body {
		shown = append(shown, element.Type+" "+element.Text)
		for _, fact := range element.Facts {
			shown = append(shown, fact.Title+": "+fact.Value)
		}
	}
	for _, action := range card.Actions {
		shown = append(shown, action.Title+" "+action.URL)
	}
	want := []string{
		`TextBlock Critical - CloudTrail Logging Stopped`,
		`TextBlock Someone stopped a trail from logging.`,
		`FactSet `,
		`Account: 111122223333 (production)`,
		`Region: eu-west-1`,
		`Time: 2025-03-09T16:39:48Z`,
		`Event: StopLogging (cloudtrail.amazonaws.com)`,
		`Actor: arn:aws:sts::111122223333:assumed-role/admin/alice`,
		`Source: 198.51.100.7 (Frankfurt, Germany, AS64500 Example Net, VPN)`,
		`User agent: aws-cli/2.15`,
		`Held back: 3 alerts like it since the last one`,
		`TextBlock 5 in 15m: Several trails in a row.`,
		`TextBlock 2025-03-09T16:36:48Z CloudTrail Logging Stopped, CreateUser by arn:aws:sts::111122223333:assumed-role/admin/alice`,
		`TextBlock and 3 earlier`,
		`TextBlock A user is made where nobody looks.`,
		`TextBlock 2025-03-09T16:19:48Z IAM User Created, CreateUser by arn:aws:sts::111122223333:assumed-role/admin/alice`,
		`TextBlock cloudtrail\_logging\_stopped · TrailAlerts v1.2.3, commit 0123456789ab, rules cdcdcdcdcdcd, rule SHA-256 abababababab · Alert cloudtrail\_logging\_stopped/111122223333/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f`,
		`CloudTrail console https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f`,
		`docs.aws.amazon.com https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html`,
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("card (-want +got):\n%s", diff)
	}
	if card.Body[0].Color != "attention" || card.Body[0].Weight != "bolder" || card.MSTeams.Width != "Full" || card.FallbackText != "Critical - CloudTrail Logging Stopped" {
		t.Errorf("got %+v", card.Body[0])
	}
}

// markup is what would be read as such: a character that begins it and that no
// backslash stands before.
var markup = regexp.MustCompile("(^|[^\\\\])(\\\\\\\\)*[`*_\\[\\]{}<>#|~!]|^[-+]( |-|$)|^[0-9]+[.)]( |$)")

// TestHostileMarkup pins that no value becomes a link, a mention, an image, a date
// or a line of its own.
func TestHostileMarkup(t *testing.T) {
	m := decoded(t, notifytest.Hostile()).Attachments[0].Content
	var texts []string
	for _, element := range m.Body {
		texts = append(texts, element.Text)
		for _, fact := range element.Facts {
			texts = append(texts, fact.Value)
		}
		if !element.Wrap && element.Type == "TextBlock" {
			t.Errorf("a text does not wrap: %q", element.Text)
		}
	}
	for _, text := range texts {
		if markup.MatchString(text) {
			t.Errorf("%q has markup: %q", text, markup.FindString(text))
		}
		if strings.ContainsAny(text, "\r\n\t\x00\x1b\u202e\u2066\u2028\u200b") {
			t.Errorf("%q has characters that cannot be seen", text)
		}
	}
	if len(m.Actions) != 1 || !strings.HasPrefix(m.Actions[0].URL, "https://docs.example.com/") || m.MSTeams.Entities != nil {
		t.Errorf("got the links %v and the mentions %v", m.Actions, m.MSTeams.Entities)
	}
	for line, want := range map[string]string{"- a": `\- a`, "1. a": `1\. a`, "12) a": `12\) a`, "+ a": `\+ a`, "---": `\---`, "1.5": "1.5", "2025-03": "2025-03", "a - b": "a - b", "[x](https://e)": `\[x\](https://e)`, `\[x`: `\\\[x`} {
		if got := escape(line); got != want {
			t.Errorf("escape(%q) = %q, want %q", line, got, want)
		}
	}
}

func TestColor(t *testing.T) {
	for severity, want := range map[runtime.Level]string{runtime.Critical: "attention", runtime.High: "attention", runtime.Medium: "warning", runtime.Low: "accent", runtime.Informational: "accent"} {
		if got := color(severity); got != want {
			t.Errorf("%s has the color %q, want %q", severity, got, want)
		}
	}
}

// TestFailures pins what becomes of what a receiver answers, and that no error
// shows the URL.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		sentence string
		steps    []string // a status and what is answered
		requests int
		want     string
	}{
		{"A workflow that was switched off, by a server that quotes the URL.", []string{"404 WorkflowNotFound hunterflow sig=hunter2sig"}, 1, "teams: answered 404 Not Found: WorkflowNotFound [secret] sig=[secret]"},
		{"Too many messages: it was not taken, so that it is sent again.", []string{"429 ", "202 "}, 2, ""},
		{"A failure behind the gateway: it may have been posted.", []string{"502 BadGateway"}, 1, "teams: answered 502 Bad Gateway: BadGateway"},
		{"A success that is none.", []string{"200 Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"}, 1,
			"teams: answered 200, but: Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"},
		{"The success of a connector.", []string{"200 1"}, 1, ""},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			requests := 0
			n := newNotifier(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				status, answer, _ := strings.Cut(test.steps[min(requests, len(test.steps)-1)], " ")
				requests++
				var code int
				fmt.Sscan(status, &code)
				w.WriteHeader(code)
				io.WriteString(w, answer)
			})
			err := n.Notify(t.Context(), notifytest.Alert())
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || requests != test.requests {
				t.Errorf("got %q after %d requests, want %q after %d", got, requests, test.want, test.requests)
			}
		})
	}
	if _, err := New(egress.New(egress.Options{}), Config{}); err == nil || err.Error() != "teams: it has no URL" {
		t.Errorf("without a URL got error %v", err)
	}
}
