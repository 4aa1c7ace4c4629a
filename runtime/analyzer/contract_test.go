package analyzer

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/trailalerts/trailalerts/runtime/e2e/contract"
)

// TestContract holds the SQS of these tests, and another one on demand, against
// what is known of SQS.
func TestContract(t *testing.T) {
	t.Run("this server", func(t *testing.T) {
		contract.Run(t, checks(t, fakeSQS{newBench(t).take}, "https://q/1/live"), nil)
	})
	t.Run("other server", func(t *testing.T) {
		client := sqs.New(sqs.Options{
			Region: "eu-west-1", BaseEndpoint: aws.String(contract.OtherServer(t, "SQS")), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", ""),
		})
		out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("contract")})
		if err != nil {
			t.Fatal(err)
		}
		contract.Run(t, checks(t, client, *out.QueueUrl), map[string]string{
			"Also those that UTF-16 writes as pairs.": "fauxqs takes the halves of a pair for characters that XML has not.",
		})
	})
}

// checks asks only what SQS takes and refuses everywhere: of more than 256 KiB in a
// batch that depends on the age of the queue, up to 1 MiB.
func checks(t *testing.T, client batchSender, url string) []contract.Check {
	send := func(entries ...types.SendMessageBatchRequestEntry) (*sqs.SendMessageBatchOutput, error) {
		return client.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
	}
	entry := func(id int, body string) types.SendMessageBatchRequestEntry {
		return types.SendMessageBatchRequestEntry{Id: aws.String(fmt.Sprint(id)), MessageBody: &body}
	}
	batch := func(n, bytes int) func() error {
		return func() error {
			var entries []types.SendMessageBatchRequestEntry
			for i := range n {
				entries = append(entries, entry(i, strings.Repeat("x", bytes)))
			}
			out, err := send(entries...)
			if err == nil && len(out.Successful) != n {
				err = fmt.Errorf("%d of %d were taken", len(out.Successful), n)
			}
			return err
		}
	}
	// body sends a message beside one that is fine, and returns whether it alone has
	// failed, as the sender's fault.
	body := func(text string) func() error {
		return func() error {
			out, err := send(entry(0, text), entry(1, "fine"))
			switch {
			case err != nil:
				t.Errorf("the whole batch with %q: %v", text, err)
			case len(out.Failed) == 1 && *out.Failed[0].Id == "0" && out.Failed[0].SenderFault && len(out.Successful) == 1:
				return errors.New(aws.ToString(out.Failed[0].Code))
			case len(out.Failed) > 0 || len(out.Successful) != 2:
				t.Errorf("the batch with %q: %d failed, %d were taken", text, len(out.Failed), len(out.Successful))
			}
			return nil
		}
	}
	return []contract.Check{
		contract.Takes("A batch may have ten messages.", batch(10, 1)),
		contract.Refuses("A batch has no more than ten.", batch(11, 1)),
		contract.Refuses("A batch is not empty.", batch(0, 1)),
		contract.Takes("A message may have 256 KiB.", batch(1, 256<<10)),
		contract.Takes("All of them may have that together.", batch(8, 32<<10)),
		contract.Refuses("A batch has no more than 1 MiB.", batch(8, 128<<10+1)),
		contract.Refuses("The ids in a batch differ.", func() error { _, err := send(entry(1, "x"), entry(1, "y")); return err }),
		contract.Takes("A message may have the letters of all languages, tabs and line breaks.", body("Schlüssel 鍵 \t\r\n \uFFFD")),
		contract.Takes("Also those that UTF-16 writes as pairs.", body("😀")),
		contract.Refuses("A message has no U+FFFE.", body("\uFFFE")),
		contract.Refuses("A message has no U+FFFF.", body("\uFFFF")),
		contract.Refuses("A message has no NUL.", body("\x00")),
		contract.Refuses("A message has no control characters.", body("\x1f")),
	}
}
