//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/trailalerts/trailalerts/runtime/internal/lambdatest"
)

// A mapping is what Lambda runs between a queue and a function (an event source
// mapping with ReportBatchItemFailures): it receives up to ten messages, invokes
// the function, and deletes those that the function does not name as failed. The
// others come again when their visibility times out.
type mapping struct {
	client      *sqs.Client
	queue       queue
	function    *lambdatest.Function
	arn         string // of the alias that is invoked
	disturb     func([]types.Message) []types.Message
	interrupted func()      // an invocation ended without an answer
	problem     func(error) // the queue did not work, or the function did not keep to its part
}

// run works until ctx ends.
func (m *mapping) run(ctx context.Context) {
	for ctx.Err() == nil {
		out, err := m.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &m.queue.url, MaxNumberOfMessages: 10, WaitTimeSeconds: 2, MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
		})
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			m.problem(fmt.Errorf("receive: %w", err))
			return
		}
		if len(out.Messages) == 0 {
			continue
		}
		messages := out.Messages
		if m.disturb != nil {
			messages = m.disturb(messages)
		}
		done, err := m.invoke(messages)
		if err != nil {
			m.problem(err)
			return
		}
		if len(done) == 0 {
			continue
		}
		if _, err := m.client.DeleteMessageBatch(context.WithoutCancel(ctx), &sqs.DeleteMessageBatchInput{QueueUrl: &m.queue.url, Entries: done}); err != nil {
			m.problem(fmt.Errorf("delete: %w", err))
			return
		}
	}
}

// invoke hands messages to the function and returns those that it is done with.
func (m *mapping) invoke(messages []types.Message) ([]types.DeleteMessageBatchRequestEntry, error) {
	event, err := sqsEvent(m.queue.arn, messages)
	if err != nil {
		return nil, err
	}
	result := m.function.Invoke(lambdatest.Invocation{Event: event, ARN: m.arn})
	if result.Outcome != lambdatest.Succeeded {
		m.interrupted()
		return nil, nil
	}
	var response struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if len(result.Body) > 0 && string(result.Body) != "null" {
		if err := json.Unmarshal(result.Body, &response); err != nil {
			return nil, fmt.Errorf("the function answered %q: %w", result.Body, err)
		}
	}
	failed := map[string]bool{}
	for _, f := range response.BatchItemFailures {
		failed[f.ItemIdentifier] = true
	}
	var done []types.DeleteMessageBatchRequestEntry
	for i, message := range messages {
		if failed[*message.MessageId] {
			delete(failed, *message.MessageId)
			continue
		}
		id := fmt.Sprint(i)
		done = append(done, types.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: message.ReceiptHandle})
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("the function named messages that it did not get: %v", failed)
	}
	return done, nil
}

// sqsEvent lays messages out as Lambda hands them to a function.
func sqsEvent(queueARN string, messages []types.Message) ([]byte, error) {
	type record struct {
		MessageID         string            `json:"messageId"`
		ReceiptHandle     string            `json:"receiptHandle"`
		Body              string            `json:"body"`
		Attributes        map[string]string `json:"attributes"`
		MessageAttributes map[string]any    `json:"messageAttributes"`
		MD5OfBody         string            `json:"md5OfBody"`
		EventSource       string            `json:"eventSource"`
		EventSourceARN    string            `json:"eventSourceARN"`
		AWSRegion         string            `json:"awsRegion"`
	}
	var event struct{ Records []record }
	for _, m := range messages {
		event.Records = append(event.Records, record{
			MessageID: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes, MessageAttributes: map[string]any{}, MD5OfBody: *m.MD5OfBody,
			EventSource: "aws:sqs", EventSourceARN: queueARN, AWSRegion: region,
		})
	}
	return json.Marshal(event)
}
