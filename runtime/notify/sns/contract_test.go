package sns

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/trailalerts/trailalerts/runtime/e2e/contract"
)

// TestContract holds the SNS of these tests, and another one on demand, against
// what is known of SNS.
func TestContract(t *testing.T) {
	t.Run("this server", func(t *testing.T) {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request, form url.Values) {
			if reason := refusal(form); reason != "" {
				refuse(w, http.StatusBadRequest, "InvalidParameter", "Invalid parameter: "+reason)
				return
			}
			take(w)
		})
		contract.Run(t, checks(t, client, topicARN, fifoARN), nil)
	})
	t.Run("other server", func(t *testing.T) {
		client := sns.New(sns.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(contract.OtherServer(t, "SNS")), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
		})
		create := func(name string, attributes map[string]string) string {
			out, err := client.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: &name, Attributes: attributes})
			if err != nil {
				t.Fatal(err)
			}
			return *out.TopicArn
		}
		const unchecked = "fauxqs takes every subject."
		contract.Run(t, checks(t, client, create("contract", nil), create("contract.fifo", map[string]string{"FifoTopic": "true"})), map[string]string{
			"A subject has no more than 100 characters.":    unchecked,
			"A subject is ASCII.":                           unchecked,
			"A subject has no line break.":                  unchecked,
			"A subject does not begin with a space.":        unchecked,
			"A message has no characters that XML has not.": "fauxqs takes them.",
			"Attributes count as a part of the message.":    "fauxqs counts the text alone.",
			"An attribute has a value.":                     "fauxqs leaves the attribute out.",
			"A standard topic takes no deduplication id.":   "fauxqs does not look at it.",
		})
	})
}

func checks(t *testing.T, client *sns.Client, standard, fifo string) []contract.Check {
	const most = 256 << 10
	publish := func(change func(*sns.PublishInput)) func() error {
		return func() error {
			in := &sns.PublishInput{TopicArn: &standard, Subject: aws.String("S"), Message: aws.String("text")}
			change(in)
			_, err := client.Publish(t.Context(), in)
			return err
		}
	}
	subject := func(s string) func() error { return publish(func(in *sns.PublishInput) { in.Subject = &s }) }
	message := func(s string) func() error { return publish(func(in *sns.PublishInput) { in.Message = &s }) }
	attribute := func(bytes int, value string) func() error {
		return publish(func(in *sns.PublishInput) {
			in.Message = aws.String(strings.Repeat("x", bytes))
			in.MessageAttributes = map[string]types.MessageAttributeValue{"rule": {DataType: aws.String("String"), StringValue: &value}}
		})
	}
	return []contract.Check{
		contract.Takes("A message with a subject is taken.", subject("TrailAlerts - High - Trail Stopped")),
		contract.Takes("A subject may have 100 characters.", subject(strings.Repeat("s", 100))),
		contract.Refuses("A subject has no more than 100 characters.", subject(strings.Repeat("s", 101))),
		contract.Refuses("A subject is ASCII.", subject("Schlüssel")),
		contract.Refuses("A subject has no line break.", subject("one\ntwo")),
		contract.Refuses("A subject does not begin with a space.", subject(" S")),
		contract.Refuses("A message is not empty.", message("")),
		contract.Takes("A message may have all of Unicode and line breaks.", message("Schlüssel 😀\r\n\tü")),
		contract.Refuses("A message has no characters that XML has not.", message("a\x01b")),
		contract.Takes("A message may have 256 KiB with its subject.", message(strings.Repeat("x", most-1))),
		contract.Refuses("A message has no more than 256 KiB.", message(strings.Repeat("x", most+1))),
		contract.Refuses("Attributes count as a part of the message.", attribute(most-1, "v")),
		contract.Takes("An attribute may be there.", attribute(10, "v")),
		contract.Refuses("An attribute has a value.", attribute(10, "")),
		contract.Refuses("A topic that is not there takes nothing.", publish(func(in *sns.PublishInput) { in.TopicArn = aws.String(standard + "-not-there") })),
		contract.Takes("A FIFO topic takes a group and a deduplication id.", publish(func(in *sns.PublishInput) {
			in.TopicArn, in.MessageGroupId, in.MessageDeduplicationId = &fifo, aws.String("g"), aws.String("d")
		})),
		contract.Refuses("A FIFO topic needs both.", publish(func(in *sns.PublishInput) { in.TopicArn, in.MessageGroupId = &fifo, aws.String("g") })),
		contract.Refuses("A standard topic takes no deduplication id.", publish(func(in *sns.PublishInput) { in.MessageDeduplicationId = aws.String("d") })),
	}
}
