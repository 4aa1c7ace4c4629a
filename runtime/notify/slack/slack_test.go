package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

// block is what Slack reads of a block.
type block struct {
	Type     string
	Text     *text
	Fields   []text
	Elements []text
}

type text struct {
	Type     string
	Text     string
	Verbatim bool
	Emoji    *bool
}

// refusal says why Slack would refuse a message (Block Kit reference), or "".
func refusal(body []byte) string {
	var message struct {
		Text   string
		Blocks []block
	}
	if err := json.Unmarshal(body, &message); err != nil {
		return "invalid_payload"
	}
	if message.Text == "" && len(message.Blocks) == 0 {
		return "no_text"
	}
	if len(message.Blocks) > 50 || len(message.Text) > 40_000 {
		return "invalid_blocks"
	}
	for i, b := range message.Blocks {
		texts := append(append([]text{}, b.Fields...), b.Elements...)
		most := 2000
		if b.Type == "context" {
			most = 3000
		}
		if b.Text != nil {
			texts = append(texts, *b.Text)
			if most = 3000; b.Type == "header" {
				most = 150
			}
		}
		bad := len(texts) == 0 || len(b.Fields) > 10 || len(b.Elements) > 10 || b.Type == "header" && texts[0].Type != "plain_text"
		for _, t := range texts {
			n := len([]rune(t.Text))
			bad = bad || n < 1 || n > most || t.Type != "mrkdwn" && t.Type != "plain_text" || t.Type == "mrkdwn" && t.Emoji != nil || t.Type == "plain_text" && t.Verbatim
		}
		if bad || b.Type != "header" && b.Type != "section" && b.Type != "context" {
			return fmt.Sprintf("invalid_blocks: block %d", i)
		}
	}
	return ""
}

// fake answers as Slack does, and keeps the body that it took.
func fake(t *testing.T, taken *[]byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != "POST" || r.Header.Get("Content-Type") != "application/json" || r.URL.Path != "/services/T0HUNTER/B0HUNTER/hunter2" {
			t.Errorf("got %s %s, %v", r.Method, r.URL, err)
		}
		if reason := refusal(body); reason != "" {
			w.WriteHeader(http.StatusBadRequest)
			io.WriteString(w, reason)
			return
		}
		*taken = body
		io.WriteString(w, "ok")
	}
}

func newNotifier(t *testing.T, handler http.HandlerFunc) *Notifier {
	t.Helper()
	url, client := egresstest.Start(t, handler)
	n, err := New(client, Config{URL: secret.Literal("SLACK_WEBHOOK_URL", url+"/services/T0HUNTER/B0HUNTER/hunter2")})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAccepted sends alerts to a receiver as strict as Slack.
func TestAccepted(t *testing.T) {
	bare := &alert.Alert{}
	bare.Rule.Key, bare.Event.Digest = "bare", "d1"
	many := notifytest.Hostile()
	for len(many.Completed) < 60 {
		many.Completed = append(many.Completed, many.Completed...)
	}
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile(), "bare": bare, "many": many} {
		t.Run(name, func(t *testing.T) {
			var taken []byte
			n := newNotifier(t, fake(t, &taken))
			if err := n.Notify(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			if !utf8.Valid(taken) || !strings.Contains(string(taken), `"unfurl_links":false`) || !strings.Contains(string(taken), `"unfurl_media":false`) {
				t.Errorf("got %s", taken)
			}
		})
	}
}

// TestLayout pins what an ordinary message says.
func TestLayout(t *testing.T) {
	body, err := json.Marshal(message(notifytest.Correlated()))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Text   string
		Blocks []block
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, b := range m.Blocks {
		shown = append(shown, b.Type)
		if b.Text != nil {
			shown = append(shown, b.Text.Text)
		}
		for _, t := range append(b.Fields, b.Elements...) {
			shown = append(shown, t.Text)
		}
	}
	want := strings.Join([]string{
		"header", "Critical - CloudTrail Logging Stopped",
		"section", "Someone stopped a trail from logging.",
		"section", "*Account*\n`111122223333 (production)`", "*Region*\n`eu-west-1`", "*Time*\n`2025-03-09T16:39:48Z`", "*Event*\n`StopLogging (cloudtrail.amazonaws.com)`",
		"*Actor*\n`arn:aws:sts::111122223333:assumed-role/admin/alice`", "*Source*\n`198.51.100.7 (Frankfurt, Germany, AS64500 Example Net, VPN)`", "*User agent*\n`aws-cli/2.15`",
		"*Held back*\n`3 alerts like it since the last one`",
		"section", "`5 in 15m: Several trails in a row.`\n• `2025-03-09T16:36:48Z CloudTrail Logging Stopped, CreateUser by arn:aws:sts::111122223333:assumed-role/admin/alice`\n• `and 3 earlier`",
		"section", "`A user is made where nobody looks.`\n• `2025-03-09T16:19:48Z IAM User Created, CreateUser by arn:aws:sts::111122223333:assumed-role/admin/alice`",
		"section", "<https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f|CloudTrail console>",
		"section", "<https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html|docs.aws.amazon.com>",
		"context", "`cloudtrail_logging_stopped`", "`TrailAlerts v1.2.3, commit 0123456789ab, rules cdcdcdcdcdcd, rule SHA-256 abababababab`", "Alert `cloudtrail_logging_stopped/111122223333/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f`",
	}, "\n")
	if got := strings.Join(shown, "\n"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if m.Text != "Critical - CloudTrail Logging Stopped" {
		t.Errorf("the text of notifications is %q", m.Text)
	}
}

// ourLink is the only markup between < and > that a message has.
var ourLink = regexp.MustCompile(`^<https://docs\.example\.com/[^<>|]*\|docs\.example\.com>$`)

// TestHostileMarkup pins that no value becomes markup: no mention, no link, no
// second line, nothing that cannot be seen.
func TestHostileMarkup(t *testing.T) {
	body, err := json.Marshal(message(notifytest.Hostile()))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Text   string
		Blocks []block
	}
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	links := 0
	check := func(where string, t0 text) {
		if strings.ContainsAny(t0.Text, "\r\t\x00\x1b\u202e\u2066\u2028\u200b") || strings.Contains(t0.Text, "\nBcc") {
			t.Errorf("%s has characters that cannot be seen: %q", where, t0.Text)
		}
		if t0.Type == "plain_text" {
			return // nothing is parsed in it
		}
		if !t0.Verbatim {
			t.Errorf("%s is not verbatim: plain addresses would become links", where)
		}
		if ourLink.MatchString(t0.Text) {
			links++
			return
		}
		if strings.ContainsAny(t0.Text, "<>") || regexp.MustCompile(`&(?:[^agl]|a[^m]|[gl][^t])`).MatchString(t0.Text) {
			t.Errorf("%s has markup: %q", where, t0.Text)
		}
	}
	for i, b := range m.Blocks {
		for _, t0 := range append(b.Fields, b.Elements...) {
			check(fmt.Sprintf("block %d", i), t0)
			// A value is the only thing between two backticks.
			if strings.Count(t0.Text, "`") != 2 {
				t.Errorf("a value leaves its code: %q", t0.Text)
			}
		}
		if b.Text != nil {
			check(fmt.Sprintf("block %d", i), *b.Text)
		}
	}
	check("the text", text{Type: "mrkdwn", Text: m.Text, Verbatim: true})
	if links != 1 {
		t.Errorf("got %d links, want that to https://docs.example.com alone", links)
	}
}

func TestFit(t *testing.T) {
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"a<b", 6, "a&lt;b"}, {"a<b", 5, "a…"}, {"<<", 8, "&lt;&lt;"}, {"<<", 7, "&lt;…"}, {"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"🚨🚨", 4, "🚨🚨"}, {"🚨🚨", 3, "🚨…"}, {"", 3, ""},
	} {
		if got := escape(test.text, test.most); got != test.want {
			t.Errorf("escape(%q, %d) = %q, want %q", test.text, test.most, got, test.want)
		}
	}
}

// TestFailures pins what becomes of what Slack answers, and that no error shows
// the URL.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		sentence string
		steps    []string // a status and what is answered
		requests int
		want     string
	}{
		{"A channel that is archived.", []string{"410 channel_is_archived"}, 1, "slack: answered 410 Gone: channel_is_archived"},
		{"A webhook that was taken back, by a server that quotes it.", []string{"404 no_service /services/T0HUNTER/B0HUNTER/hunter2"}, 1, "slack: answered 404 Not Found: no_service /[secret]/[secret]/[secret]/[secret]"},
		{"Too many messages: Slack did not take it, so that it is sent again.", []string{"429 ", "200 ok"}, 2, ""},
		{"An error inside Slack: it may have been posted, so that it is not sent again at once.", []string{"500 server_error"}, 1, "slack: answered 500 Internal Server Error: server_error"},
		{"A success that is none.", []string{"200 invalid_token hunter2"}, 1, "slack: answered 200, but not ok: invalid_token [secret]"},
		{"A receiver that speaks as Slack does, without ok.", []string{"200 "}, 1, ""},
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
	for url, want := range map[string]string{"": "slack: it has no URL", "http://hooks.slack.com/services/hunter2": "slack: URL: it does not begin with https://"} {
		var c Config
		if url != "" {
			c.URL = secret.Literal("URL", url)
		}
		if _, err := New(egress.New(egress.Options{}), c); err == nil || err.Error() != want {
			t.Errorf("for %q got error %v, want %q", url, err, want)
		}
	}
}
