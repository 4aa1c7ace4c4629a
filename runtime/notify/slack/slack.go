// Package slack sends alerts to a channel of Slack, by the URL of an incoming
// webhook.
//
// The values of an alert are shown as code, in which nothing is markup; & < > are
// escaped everywhere, so that a value can neither mention people nor be a link;
// and nothing is unfurled. Slack cannot tell a message that comes twice. A
// request is therefore repeated only when Slack certainly did not take it, and
// each message ends with the id of its alert.
package slack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/brief"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

const (
	channel = "slack"

	// Limits of Block Kit, in characters.
	maxHeader = 150
	maxText   = 3000
	maxField  = 2000
	maxFields = 10
)

// Config says where alerts go.
type Config struct {
	URL *secret.Setting // of the incoming webhook
}

// Notifier is the Slack channel.
type Notifier struct {
	client   *egress.Client
	endpoint egress.Endpoint
}

var _ alert.Notifier = (*Notifier)(nil)

// New returns the channel. The error says what is wrong with the URL.
func New(client *egress.Client, c Config) (*Notifier, error) {
	endpoint, err := egress.NewEndpoint(c.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", channel, err)
	}
	return &Notifier{client, endpoint}, nil
}

// Channel returns "slack".
func (n *Notifier) Channel() string { return channel }

// Notify sends an alert. It returns nil when Slack answered with status 200 and
// "ok".
func (n *Notifier) Notify(ctx context.Context, a *alert.Alert) error {
	if err := n.send(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", channel, err)
	}
	return nil
}

func (n *Notifier) send(ctx context.Context, a *alert.Alert) error {
	to, err := n.endpoint.URL(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(message(a))
	if err != nil {
		return fmt.Errorf("write alert %s: %w", a.ID(), err)
	}
	answer, err := n.client.Send(ctx, egress.Request{Method: http.MethodPost, URL: to, Header: http.Header{"Content-Type": {"application/json"}}, Body: body})
	if err != nil {
		return err
	}
	if text := strings.TrimSpace(string(answer.Body)); text != "ok" && text != "" {
		return fmt.Errorf("answered %d, but not ok: %s", answer.Status, answer.Message)
	}
	return nil
}

// message lays an alert out.
func message(a *alert.Alert) *slack.WebhookMessage {
	b := brief.Of(a)
	blocks := []slack.Block{slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, fit(b.Title, maxHeader, strings.Clone), false, false))}
	if b.Description != "" {
		blocks = append(blocks, slack.NewSectionBlock(markdown(escape(b.Description, maxText)), nil, nil))
	}
	var fields []*slack.TextBlockObject
	for _, fact := range b.Facts[:min(len(b.Facts), maxFields)] {
		fields = append(fields, markdown("*"+fact.Name+"*\n"+code(fact.Value, maxField-len(fact.Name)-len("**\n"))))
	}
	if len(fields) > 0 {
		blocks = append(blocks, slack.NewSectionBlock(nil, fields, nil))
	}
	for _, activity := range b.Activities {
		text := code(activity.Title, maxText/2)
		for _, line := range activity.Lines {
			more := "\n• " + code(line, maxText/10)
			if length(text)+length(more) <= maxText {
				text += more
			}
		}
		blocks = append(blocks, slack.NewSectionBlock(markdown(text), nil, nil))
	}
	for _, link := range b.Links {
		blocks = append(blocks, slack.NewSectionBlock(markdown("<"+escape(strings.ReplaceAll(link.URL, "|", "%7C"), maxText-200)+"|"+escape(link.Title, 100)+">"), nil, nil))
	}
	blocks = append(blocks, slack.NewContextBlock("", markdown(code(b.Rule, maxText/2)), markdown(code(b.Provenance, maxText/2)), markdown("Alert "+code(b.ID, maxText/2))))

	no := false
	return &slack.WebhookMessage{
		Text:        escape(b.Title, maxText), // of notifications, and where blocks are not shown
		Blocks:      &slack.Blocks{BlockSet: blocks},
		UnfurlLinks: &no,
		UnfurlMedia: &no,
	}
}

// markdown returns a text in Slack's markup of which nothing is parsed beyond it:
// names of channels and addresses of the web stay text.
func markdown(text string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, text, false, true)
}

// code returns a text as code of at most so many characters.
func code(text string, most int) string {
	return "`" + escape(strings.ReplaceAll(text, "`", "'"), most-2) + "`"
}

// The three characters that begin and end markup of Slack.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape returns a text without markup, in at most so many characters.
func escape(text string, most int) string { return fit(text, most, escaper.Replace) }

// fit returns a text as write writes it, in at most so many characters: what is
// longer is cut between two characters and ends with an ellipsis, so that no
// escape is cut in half.
func fit(text string, most int, write func(string) string) string {
	if written := write(text); length(written) <= most {
		return written
	}
	var b strings.Builder
	left := most - length(plain.Ellipsis)
	for _, r := range text {
		written := write(string(r))
		if left -= length(written); left < 0 {
			break
		}
		b.WriteString(written)
	}
	return b.String() + plain.Ellipsis
}

// length counts as Slack may: characters outside of the basic plane are two.
func length(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
