package notify_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	awssns "github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/eventbridge"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/notify/pagerduty"
	"github.com/trailalerts/trailalerts/runtime/notify/ses"
	"github.com/trailalerts/trailalerts/runtime/notify/slack"
	"github.com/trailalerts/trailalerts/runtime/notify/sns"
	"github.com/trailalerts/trailalerts/runtime/notify/teams"
	"github.com/trailalerts/trailalerts/runtime/notify/webhook"
	"github.com/trailalerts/trailalerts/runtime/report"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

// channels returns every channel, each of which sends to a server that answers
// all of them, and writes what arrived into sent.
func channels(t *testing.T, sent *bytes.Buffer) []alert.Notifier {
	t.Helper()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Reset()
		if _, err := io.Copy(sent, r.Body); err != nil {
			t.Error(err)
		}
		switch {
		case r.URL.Path == "/slack":
			io.WriteString(w, "ok")
		case r.URL.Path == "/pagerduty":
			w.WriteHeader(http.StatusAccepted)
			io.WriteString(w, `{"status":"success"}`)
		case r.URL.Path == "/v2/email/outbound-emails":
			io.WriteString(w, `{"MessageId":"m-1"}`)
		case r.Header.Get("X-Amz-Target") == "AWSEvents.PutEvents":
			io.WriteString(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"e-1"}]}`)
		case strings.Contains(r.Header.Get("Authorization"), "/sns/"):
			io.WriteString(w, `<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>`)
		}
	})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, region, keys := aws.String(server.URL), "eu-west-1", credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")
	https, client := egresstest.Start(t, handler)
	literal := func(path string) *secret.Setting { return secret.Literal("URL", https+path) }

	var list []alert.Notifier
	add := func(n alert.Notifier, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	add(ses.New(sesv2.New(sesv2.Options{BaseEndpoint: base, Region: region, Credentials: keys}), ses.Config{From: "a@example.com", To: []string{"b@example.com"}}))
	add(sns.New(awssns.New(awssns.Options{BaseEndpoint: base, Region: region, Credentials: keys}), sns.Config{TopicARN: "arn:aws:sns:eu-west-1:111122223333:alerts"}))
	add(eventbridge.New(awseventbridge.New(awseventbridge.Options{BaseEndpoint: base, Region: region, Credentials: keys}), eventbridge.Config{Bus: "default"}))
	add(webhook.New(client, webhook.Config{URL: literal("/webhook")}))
	add(slack.New(client, slack.Config{URL: literal("/slack")}))
	add(teams.New(client, teams.Config{URL: literal("/teams")}))
	add(pagerduty.New(client, pagerduty.Config{RoutingKey: secret.Literal("KEY", strings.Repeat("k", 32)), URL: https + "/pagerduty"}))
	return list
}

// texts returns what arrived in all forms in which a text may stand in it: as it
// is, decoded from a form, from JSON and from a mail, and without the escapes of
// markup.
func texts(t *testing.T, body []byte) []string {
	t.Helper()
	list := []string{string(body)}
	if form, err := url.QueryUnescape(string(body)); err == nil {
		list = append(list, form)
	}
	var collect func(any)
	collect = func(v any) {
		switch v := v.(type) {
		case string:
			list = append(list, v, strings.ReplaceAll(v, `\`, ""))
			var inner any
			if json.Unmarshal([]byte(v), &inner) == nil {
				collect(inner)
			}
		case map[string]any:
			for _, member := range v {
				collect(member)
			}
		case []any:
			for _, element := range v {
				collect(element)
			}
		}
	}
	var decoded any
	if json.Unmarshal(body, &decoded) == nil {
		collect(decoded)
	}
	var mail struct {
		Content struct{ Raw struct{ Data []byte } }
	}
	if json.Unmarshal(body, &mail) == nil && len(mail.Content.Raw.Data) > 0 {
		text, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(mail.Content.Raw.Data)))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(mail.Content.Raw.Data), string(text))
	}
	return list
}

// TestEveryMessageSaysItsAlert pins that a person or a program that gets a message
// twice, by any channel, can tell by the id in it: the id itself, or its hash
// where it has characters that have no place there.
func TestEveryMessageSaysItsAlert(t *testing.T) {
	var sent bytes.Buffer
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile()} {
		for _, n := range channels(t, &sent) {
			t.Run(n.Channel()+" "+name, func(t *testing.T) {
				if err := n.Notify(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				id := strings.ToValidUTF8(strings.ReplaceAll(a.ID(), "\xff\xfe", "\ufffd\ufffd"), "?") // as JSON has it
				said := func(text string) bool {
					return strings.Contains(text, id) || name == "hostile" && strings.Contains(text, plain.Key(a.ID(), 255))
				}
				if !slices.ContainsFunc(texts(t, sent.Bytes()), said) {
					t.Errorf("the message does not say %q: %.2000s", id, sent.String())
				}
			})
		}
	}
}

// TestEveryMessageSaysWhatDecided pins that from every message the way leads back
// to the release, its commit, its rules and the very text of the rule, also where
// the rule has no file. Programs get whole hashes, people the beginnings of them.
func TestEveryMessageSaysWhatDecided(t *testing.T) {
	var sent bytes.Buffer
	nowhere := notifytest.Alert()
	nowhere.Rule.Source = ""
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "of a rule without a file": nowhere} {
		for _, n := range channels(t, &sent) {
			t.Run(n.Channel()+" "+name, func(t *testing.T) {
				if err := n.Notify(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				hash := func(whole string) string {
					if slices.Contains([]string{"webhook", "eventbridge", "pagerduty"}, n.Channel()) {
						return whole
					}
					return whole[:12]
				}
				all := texts(t, sent.Bytes())
				for what, text := range map[string]string{
					"release": a.Release.Version, "commit": hash(a.Release.Commit), "hash of the rules": hash(a.Release.Rules), "hash of the rule": hash(a.Rule.SourceHash),
				} {
					if !slices.ContainsFunc(all, func(s string) bool { return strings.Contains(s, text) }) {
						t.Errorf("the message does not say the %s, %s: %.2000s", what, text, sent.String())
					}
				}
			})
		}
	}
}

// TestBothPartsOfAMailSayWhatDecided pins it for each of them: programs that show
// mail show one.
func TestBothPartsOfAMailSayWhatDecided(t *testing.T) {
	a := notifytest.Alert()
	html, err := report.Mail(a)
	if err != nil {
		t.Fatal(err)
	}
	for part, text := range map[string]string{"html": string(html), "text": report.Text(a)} {
		for _, want := range []string{a.Release.Version, a.Release.Commit[:12], a.Release.Rules[:12], a.Rule.SourceHash[:12]} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s does not say %s", part, want)
			}
		}
	}
}

// TestNoChannelIsForgotten holds the channels of the test above against the
// folders.
func TestNoChannelIsForgotten(t *testing.T) {
	var names, folders []string
	var sent bytes.Buffer
	for _, n := range channels(t, &sent) {
		names = append(names, n.Channel())
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.IsDir() && !slices.Contains([]string{"egress", "internal", "payload"}, entry.Name()) {
			folders = append(folders, entry.Name())
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, folders) {
		t.Errorf("the channels are %v, and the folders %v", names, folders)
	}
}
