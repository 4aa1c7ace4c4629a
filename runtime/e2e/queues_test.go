//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// A queue is one of SQS.
type queue struct{ url, arn string }

// queue creates a queue.
func (s *stage) queue(name string, attributes map[string]string) queue {
	s.Helper()
	out, err := s.cloud.queues.CreateQueue(s.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		s.Fatal(err)
	}
	return queue{url: *out.QueueUrl, arn: "arn:aws:sqs:" + region + ":" + account + ":" + name}
}

// redrive returns the attributes of a queue whose dead letters go to q.
func (q queue) redrive(o options) map[string]string {
	return map[string]string{
		"VisibilityTimeout": fmt.Sprint(o.visibility),
		"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, q.arn, o.receives),
	}
}

// topic creates a topic and returns its ARN.
func (s *stage) topic(name string) string {
	s.Helper()
	out, err := s.cloud.topics.CreateTopic(s.Context(), &sns.CreateTopicInput{Name: &name})
	if err != nil {
		s.Fatal(err)
	}
	return *out.TopicArn
}

// subscribe lets a queue get what arrives at a topic, raw or as SNS wraps it.
func (s *stage) subscribe(topic string, q queue, raw bool) {
	s.Helper()
	s.must(s.cloud.topics.Subscribe(s.Context(), &sns.SubscribeInput{
		TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: &q.arn, Attributes: map[string]string{"RawMessageDelivery": fmt.Sprint(raw)},
	}))
}

// send puts messages into a queue.
func (d *deployment) send(q queue, bodies ...[]byte) {
	for _, body := range bodies {
		if _, err := d.cloud.queues.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &q.url, MessageBody: aws.String(string(body))}); err != nil {
			d.Errorf("%s: %v", d.name, err)
		}
	}
}

// length returns how many messages a queue holds, those in flight too.
func (d *deployment) length(q queue) int {
	out, err := d.cloud.queues.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []sqstypes.QueueAttributeName{
		"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed",
	}})
	if err != nil {
		d.Errorf("%s: %v", d.name, err)
		return 0
	}
	n := 0
	for _, value := range out.Attributes {
		var part int
		_, _ = fmt.Sscan(value, &part)
		n += part
	}
	return n
}

// drain takes everything out of a queue and returns the bodies. Like every consumer
// it deletes what it has read: should an answer of the server be lost, the messages
// come again.
func (d *deployment) drain(q queue) []string {
	const most = time.Minute
	bodies := map[string]string{} // by the ID of the message
	for end := time.Now().Add(most); d.length(q) > 0; {
		if time.Now().After(end) {
			d.Errorf("%s: %s is not empty after %s", d.name, q.arn, most)
			break
		}
		out, err := d.cloud.queues.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: 10, VisibilityTimeout: 2, WaitTimeSeconds: 1})
		if err != nil {
			d.Errorf("%s: %v", d.name, err)
			break
		}
		var read []sqstypes.DeleteMessageBatchRequestEntry
		for _, m := range out.Messages {
			bodies[*m.MessageId] = *m.Body
			read = append(read, sqstypes.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
		}
		if len(read) == 0 {
			continue
		}
		if _, err := d.cloud.queues.DeleteMessageBatch(context.Background(), &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: read}); err != nil {
			d.Errorf("%s: %v", d.name, err)
			break
		}
	}
	return slices.Collect(maps.Values(bodies))
}
