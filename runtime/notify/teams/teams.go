// Package teams sends alerts to Microsoft Teams as Adaptive Cards, by the URL of
// a workflow of the kind "when a Teams webhook request is received".
//
// What begins markup in the values of an alert is escaped, so that a value is
// neither a link nor a mention. Teams cannot tell a card that comes twice. A
// request is therefore repeated only when it certainly was not taken, and each
// card ends with the id of its alert. A workflow that takes a request posts it
// afterwards; whether that succeeded stands in the runs of the workflow alone.
package teams

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/atc0005/go-teams-notify/v2/adaptivecard"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/brief"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

const (
	channel = "teams"

	// maxMessage is the most bytes of a message. Teams takes 28 KB, with what the
	// workflow adds.
	maxMessage = 26 << 10
)

// lengths are tried in their order until a message is short enough: the most
// characters of a value.
var lengths = []int{300, 150, 80, 40, 20}

// Config says where alerts go.
type Config struct {
	URL *secret.Setting // of the workflow
}

// Notifier is the Teams channel.
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

// Channel returns "teams".
func (n *Notifier) Channel() string { return channel }

// Notify sends an alert. It returns nil when the workflow took it.
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
	body, err := message(a)
	if err != nil {
		return err
	}
	answer, err := n.client.Send(ctx, egress.Request{Method: http.MethodPost, URL: to, Header: http.Header{"Content-Type": {"application/json"}}, Body: body})
	if err != nil {
		return err
	}
	// The connectors that came before workflows report failures with status 200.
	if strings.Contains(string(answer.Body), "delivery failed") {
		return fmt.Errorf("answered %d, but: %s", answer.Status, answer.Message)
	}
	return nil
}

// message returns the JSON of the message about an alert.
func message(a *alert.Alert) ([]byte, error) {
	b := brief.Of(a)
	size := 0
	for _, most := range lengths {
		m, err := adaptivecard.NewMessageFromCard(card(b, a.Severity, most))
		if err != nil {
			return nil, fmt.Errorf("write alert %s: %w", a.ID(), err)
		}
		if err := m.Validate(); err != nil {
			return nil, fmt.Errorf("write alert %s: %w", a.ID(), err)
		}
		body, err := json.Marshal(m)
		if err != nil {
			return nil, fmt.Errorf("write alert %s: %w", a.ID(), err)
		}
		if size = len(body); size <= maxMessage {
			return body, nil
		}
	}
	return nil, fmt.Errorf("write alert %s: it has %d bytes, and %d are the most", a.ID(), size, maxMessage)
}

// card lays an alert out, with values of at most so many characters.
func card(b brief.Brief, severity runtime.Level, most int) adaptivecard.Card {
	c := adaptivecard.NewCard()
	c.Version = "1.5" // the newest that all clients of Teams show
	c.SetFullWidth()
	c.FallbackText = plain.Line(b.Title, most)
	block := func(text string) adaptivecard.Element {
		return adaptivecard.Element{Type: adaptivecard.TypeElementTextBlock, Text: text, Wrap: true}
	}
	title := block(escape(plain.Line(b.Title, most)))
	title.Size, title.Weight, title.Color = adaptivecard.SizeLarge, adaptivecard.WeightBolder, color(severity)
	title.Style = adaptivecard.TextBlockStyleHeading
	c.Body = append(c.Body, title)
	if b.Description != "" {
		c.Body = append(c.Body, block(escape(plain.Line(b.Description, 3*most))))
	}
	facts := adaptivecard.Element{Type: adaptivecard.TypeElementFactSet}
	for _, fact := range b.Facts {
		facts.Facts = append(facts.Facts, adaptivecard.Fact{Title: fact.Name, Value: escape(plain.Line(fact.Value, most))})
	}
	if len(facts.Facts) > 0 {
		c.Body = append(c.Body, facts)
	}
	for _, activity := range b.Activities {
		heading := block(escape(plain.Line(activity.Title, most)))
		heading.Weight, heading.Separator = adaptivecard.WeightBolder, true
		c.Body = append(c.Body, heading)
		for _, line := range activity.Lines {
			text := block(escape(plain.Line(line, most)))
			text.Spacing = adaptivecard.SpacingNone
			c.Body = append(c.Body, text)
		}
	}
	// The id is whole whatever the length is: it is what people search for. So is
	// what decided.
	footer := block(escape(plain.Line(b.Rule, most)) + " · " + escape(b.Provenance) + " · Alert " + escape(b.ID))
	footer.Size, footer.IsSubtle, footer.Separator = adaptivecard.SizeSmall, true, true
	c.Body = append(c.Body, footer)
	for _, link := range b.Links {
		c.Actions = append(c.Actions, adaptivecard.Action{Type: adaptivecard.TypeActionOpenURL, Title: link.Title, URL: link.URL})
	}
	return c
}

func color(severity runtime.Level) string {
	switch severity {
	case runtime.Critical, runtime.High:
		return adaptivecard.ColorAttention
	case runtime.Medium:
		return adaptivecard.ColorWarning
	default:
		return adaptivecard.ColorAccent
	}
}

var (
	// Braces begin what a card replaces by a date.
	escaper = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`, "<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`, "!", `\!`)

	// At the beginning of a line these are lists and rules.
	bullet = regexp.MustCompile(`^([0-9]*)([-+.)])( |-|$)`)
)

// escape returns a line in which nothing is markup.
func escape(line string) string {
	return bullet.ReplaceAllString(escaper.Replace(line), `$1\$2$3`)
}
