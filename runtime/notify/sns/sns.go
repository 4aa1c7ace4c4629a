// Package sns publishes alerts to an SNS topic, for mails, text messages and
// queues that are subscribed to it.
//
// Each message has the attributes severity, rule, account and alert_id, for
// filter policies of subscriptions. On a FIFO topic the id of the alert is the
// group and the deduplication id, so that a message that comes twice within five
// minutes is delivered once.
package sns

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/awscall"
	"github.com/trailalerts/trailalerts/runtime/report"
)

const (
	channel = "sns"

	// Limits of SNS. maxMessage is for the text and the attributes together.
	maxSubject = 100
	maxMessage = 256 << 10
	maxID      = 128 // of groups and deduplication
	maxValue   = 256 // of an attribute; ours
)

// Client is what is needed of SNS.
type Client interface {
	Publish(ctx context.Context, in *sns.PublishInput, options ...func(*sns.Options)) (*sns.PublishOutput, error)
}

// Config says where alerts go.
type Config struct {
	TopicARN string
}

// Notifier is the SNS channel.
type Notifier struct {
	client  Client
	topic   string
	region  string
	fifo    bool
	retryer aws.Retryer
}

var _ alert.Notifier = (*Notifier)(nil)

// New returns the channel. The error says what is wrong with the ARN.
func New(client Client, c Config) (*Notifier, error) {
	if c.TopicARN == "" {
		return nil, errors.New(channel + ": it has no topic ARN")
	}
	topic, err := arn.Parse(c.TopicARN)
	if err != nil || topic.Service != "sns" || topic.Region == "" || topic.AccountID == "" || topic.Resource == "" || strings.Contains(topic.Resource, ":") {
		return nil, fmt.Errorf("%s: %q is no ARN of a topic", channel, c.TopicARN)
	}
	return &Notifier{client: client, topic: c.TopicARN, region: topic.Region, fifo: strings.HasSuffix(topic.Resource, ".fifo"), retryer: awscall.Retryer()}, nil
}

// Channel returns "sns".
func (n *Notifier) Channel() string { return channel }

// Notify publishes an alert. It returns nil when SNS took the message; what
// becomes of it at the subscribers is theirs.
func (n *Notifier) Notify(ctx context.Context, a *alert.Alert) error {
	out, err := n.client.Publish(ctx, n.message(a), func(o *sns.Options) {
		o.Retryer = n.retryer
		o.Region = n.region // the topic may be in another one than the function
	})
	if err != nil {
		return fmt.Errorf("%s: %w", channel, awscall.Describe(err))
	}
	if aws.ToString(out.MessageId) == "" {
		return fmt.Errorf("%s: the answer has no message id: %w", channel, alert.ErrUnknownOutcome)
	}
	return nil
}

// message lays an alert out.
func (n *Notifier) message(a *alert.Alert) *sns.PublishInput {
	in := &sns.PublishInput{
		TopicArn:          &n.topic,
		Subject:           aws.String(plain.ASCII(report.Subject(a), maxSubject)),
		MessageAttributes: map[string]types.MessageAttributeValue{},
	}
	size := 0
	for name, value := range map[string]string{
		"severity": alert.SeverityName(a.Severity), "rule": plain.Line(a.Rule.Key, maxValue), "account": plain.Line(a.Event.AccountID, maxValue), "alert_id": plain.Key(a.ID(), maxValue),
	} {
		if value != "" { // SNS refuses attributes without a value
			in.MessageAttributes[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
			size += len(name) + len("String") + len(value)
		}
	}
	in.Message = aws.String(clip(report.Text(a), maxMessage-size-len(*in.Subject)))
	if n.fifo {
		id := plain.Key(a.ID(), maxID)
		in.MessageGroupId, in.MessageDeduplicationId = &id, &id
	}
	return in
}

// clip returns the beginning of a text that has more than most bytes.
func clip(text string, most int) string {
	const mark = "\n(the rest was left out)\n"
	if len(text) <= most {
		return text
	}
	end := most - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
