// Package ses sends alerts by mail, with Amazon SES.
//
// A mail has an HTML and a text part, and says which alert it is about in the
// header X-TrailAlerts-Alert-Id. Its Message-ID follows from the alert too, but
// SES replaces it by its own: what lets a mail program put a mail that comes
// twice beside the first is the header References, which SES keeps, and which is
// the same in both. The mail is therefore sent whole (as "raw" content): of the
// mails that SES writes itself it takes neither header. The role of the function
// needs ses:SendEmail and ses:SendRawEmail.
package ses

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/awscall"
)

const (
	channel       = "ses"
	maxRecipients = 50 // of one mail, in all its fields
)

// Client is what is needed of SES.
type Client interface {
	SendEmail(ctx context.Context, in *sesv2.SendEmailInput, options ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)
}

// Config says who sends and who gets mails. An address is one as in mails:
// "sec@example.com", or "Security <sec@example.com>".
type Config struct {
	From             string
	To, Cc, Bcc      []string // together at most 50, and at least one in To
	ConfigurationSet string   // "" is none
	Now              func() time.Time
}

// Notifier is the SES channel.
type Notifier struct {
	client           Client
	from             *mail.Address
	to, cc, bcc      []*mail.Address
	configurationSet *string
	now              func() time.Time
	retryer          aws.Retryer
}

var _ alert.Notifier = (*Notifier)(nil)

// New returns the channel. The error lists everything that is wrong.
func New(client Client, c Config) (*Notifier, error) {
	n := &Notifier{client: client, now: c.Now, retryer: awscall.Retryer()}
	if n.now == nil {
		n.now = time.Now
	}
	if c.ConfigurationSet != "" {
		n.configurationSet = &c.ConfigurationSet
	}
	var problems []string
	parse := func(field, text string) *mail.Address {
		address, err := parseAddress(text)
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", field, err))
		}
		return address
	}
	if c.From == "" {
		problems = append(problems, "it has no sender")
	} else {
		n.from = parse("from", c.From)
	}
	for _, list := range []struct {
		field string
		texts []string
		into  *[]*mail.Address
	}{{"to", c.To, &n.to}, {"cc", c.Cc, &n.cc}, {"bcc", c.Bcc, &n.bcc}} {
		for _, text := range list.texts {
			*list.into = append(*list.into, parse(list.field, text))
		}
	}
	if len(c.To) == 0 {
		problems = append(problems, "it has nobody to send to")
	}
	if count := len(c.To) + len(c.Cc) + len(c.Bcc); count > maxRecipients {
		problems = append(problems, fmt.Sprintf("it has %d recipients, and SES takes %d", count, maxRecipients))
	}
	if len(problems) > 0 {
		return nil, errors.New(channel + ": " + strings.Join(problems, "; "))
	}
	return n, nil
}

// parseAddress reads one address. SES takes only ASCII in it; a name before it
// may have all characters.
func parseAddress(text string) (*mail.Address, error) {
	address, err := mail.ParseAddress(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no address", text)
	case strings.ContainsFunc(address.Address, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, fmt.Errorf("the address %q has characters that SES does not take: write the domain in Punycode", address.Address)
	case len(address.Address) > 320:
		return nil, fmt.Errorf("the address %.30q... is too long", address.Address)
	}
	return address, nil
}

// Channel returns "ses".
func (n *Notifier) Channel() string { return channel }

// Notify sends an alert. It returns nil when SES took the mail.
func (n *Notifier) Notify(ctx context.Context, a *alert.Alert) error {
	if err := n.send(ctx, a); err != nil {
		return fmt.Errorf("%s: %w", channel, err)
	}
	return nil
}

func (n *Notifier) send(ctx context.Context, a *alert.Alert) error {
	raw, err := n.write(a)
	if err != nil {
		return err
	}
	out, err := n.client.SendEmail(ctx, &sesv2.SendEmailInput{
		FromEmailAddress:     aws.String(n.from.String()),
		Destination:          &types.Destination{ToAddresses: texts(n.to), CcAddresses: texts(n.cc), BccAddresses: texts(n.bcc)},
		ConfigurationSetName: n.configurationSet,
		Content:              &types.EmailContent{Raw: &types.RawMessage{Data: raw}},
	}, func(o *sesv2.Options) { o.Retryer = n.retryer })
	if err != nil {
		return awscall.Describe(err)
	}
	if aws.ToString(out.MessageId) == "" {
		return errors.New("the answer has no message id")
	}
	return nil
}

// texts returns addresses as SES takes them: names outside ASCII encoded.
func texts(addresses []*mail.Address) []string {
	var list []string
	for _, a := range addresses {
		list = append(list, a.String())
	}
	return list
}
