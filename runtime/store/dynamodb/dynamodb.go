// Package dynamodb keeps what decisions remember in one DynamoDB table: the Store
// of the processor in AWS.
//
// The table has a partition key "pk" and a sort key "sk", both strings, and its
// time to live attribute is "ttl". Other attributes are "version", "body" and
// "token", which names the write that made the item. The store needs the rights
// dynamodb:GetItem, dynamodb:Query and dynamodb:PutItem, and no index.
package dynamodb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// client is what the store needs of DynamoDB. It retries what can be retried.
type client interface {
	GetItem(ctx context.Context, in *dynamodb.GetItemInput, options ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Query(ctx context.Context, in *dynamodb.QueryInput, options ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	PutItem(ctx context.Context, in *dynamodb.PutItemInput, options ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
}

// A Store is a table. It is safe for concurrent use.
type Store struct {
	client client
	table  string
	now    func() time.Time
}

var _ alert.Store = (*Store)(nil)

// New returns the store in a table, which must exist. now tells the time by which
// items expire.
func New(client client, table string, now func() time.Time) *Store {
	return &Store{client: client, table: table, now: now}
}

// Get implements alert.Store.
func (s *Store) Get(ctx context.Context, partition, sort string) (alert.Item, error) {
	if err := alert.CheckKey(partition, sort); err != nil {
		return alert.Item{}, fmt.Errorf("get: %w", err)
	}
	item, _, err := s.read(ctx, partition, sort)
	if err != nil {
		return alert.Item{}, fmt.Errorf("get %q of %q from table %s: %w", sort, partition, s.table, err)
	}
	if !s.live(item) {
		return alert.Item{}, nil
	}
	return item, nil
}

// read returns an item, expired or not, and the token of the write that made it.
// The Version is 0 when there is none.
func (s *Store) read(ctx context.Context, partition, sort string) (alert.Item, string, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName:      &s.table,
		Key:            map[string]types.AttributeValue{"pk": text(partition), "sk": text(sort)},
		ConsistentRead: aws.Bool(true),
	})
	if err != nil || len(out.Item) == 0 {
		return alert.Item{}, "", err
	}
	return decode(out.Item)
}

// live reports whether an item has not expired: DynamoDB deletes what has hours
// or days later.
func (s *Store) live(item alert.Item) bool { return item.Expires.After(s.now()) }

// Query implements alert.Store.
func (s *Store) Query(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	if r.From == "" {
		r.From = "\x00" // the least that a key can be; an empty bound is an error of DynamoDB
	}
	if r.From > r.To {
		return nil, nil // another error of DynamoDB
	}
	items, err := s.within(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("query %q to %q of %q from table %s: %w", r.From, r.To, r.Partition, s.table, err)
	}
	return items, nil
}

// maxPage is more items than a page of DynamoDB, 1 MB, is likely to have.
const maxPage = 10_000

// within reads page by page until there are enough items that live. A page counts
// those that have expired too, of which there may be any number, so each page may
// have twice as many items as the one before.
func (s *Store) within(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	in := &dynamodb.QueryInput{
		TableName:                &s.table,
		KeyConditionExpression:   aws.String("#pk = :pk AND #sk BETWEEN :from AND :to"),
		ExpressionAttributeNames: map[string]string{"#pk": "pk", "#sk": "sk"},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":pk": text(r.Partition), ":from": text(r.From), ":to": text(r.To),
		},
		ConsistentRead:   aws.Bool(true),
		ScanIndexForward: aws.Bool(!r.Backwards),
	}
	var items []alert.Item
	for limit := min(r.Limit, maxPage); ; limit = min(2*limit, maxPage) {
		if r.Limit > 0 {
			in.Limit = aws.Int32(int32(limit))
		}
		page, err := s.client.Query(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, attributes := range page.Items {
			item, _, err := decode(attributes)
			if err != nil {
				return nil, err
			}
			if !s.live(item) {
				continue
			}
			items = append(items, item)
			if len(items) == r.Limit {
				return items, nil
			}
		}
		if len(page.LastEvaluatedKey) == 0 {
			return items, nil
		}
		in.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

// The conditions under which an item is written. Every attribute is aliased,
// since TTL and TOKEN are reserved words.
const (
	notThere  = "attribute_not_exists(#pk) OR #ttl <= :now"
	unchanged = "#version = :version AND #ttl > :now"
)

// Put implements alert.Store.
func (s *Store) Put(ctx context.Context, item alert.Item) error {
	if err := item.Check(); err != nil {
		return fmt.Errorf("put: %w", err)
	}
	token := rand.Text()
	in := &dynamodb.PutItemInput{
		TableName: &s.table,
		Item: map[string]types.AttributeValue{
			"pk": text(item.Partition), "sk": text(item.Sort), "version": number(item.Version + 1), "ttl": number(item.ExpiresUnix()),
			"body": text(string(item.Body)), "token": text(token),
		},
		ConditionExpression:       aws.String(notThere),
		ExpressionAttributeNames:  map[string]string{"#pk": "pk", "#ttl": "ttl"},
		ExpressionAttributeValues: map[string]types.AttributeValue{":now": number(s.now().Unix())},
	}
	if item.Version > 0 {
		in.ConditionExpression = aws.String(unchanged)
		in.ExpressionAttributeNames = map[string]string{"#version": "version", "#ttl": "ttl"}
		in.ExpressionAttributeValues[":version"] = number(item.Version)
	}
	_, err := s.client.PutItem(ctx, in)
	if conflict := (*types.ConditionalCheckFailedException)(nil); errors.As(err, &conflict) {
		return s.conflict(ctx, item, token)
	}
	if err != nil {
		return fmt.Errorf("put %q of %q to table %s: %w", item.Sort, item.Partition, s.table, err)
	}
	return nil
}

// conflict returns ErrConflict unless the item that is in the way is the one that
// this Put wrote itself: when the answer to a write is lost the client sends it
// again, and the second one finds what the first has written. Should another have
// written since then, it is a conflict all the same; the caller reads the item
// again and sees both writes.
func (s *Store) conflict(ctx context.Context, item alert.Item, token string) error {
	_, stored, err := s.read(ctx, item.Partition, item.Sort)
	if err != nil {
		return fmt.Errorf("put %q of %q to table %s: read what is in the way: %w", item.Sort, item.Partition, s.table, err)
	}
	if stored == token {
		return nil
	}
	return alert.ErrConflict
}

// decode reads the attributes of an item, and the token of its write. Anything
// that this store did not write is an error, not an empty item, which the next
// Put would replace.
func decode(attributes map[string]types.AttributeValue) (alert.Item, string, error) {
	var problem error
	text := func(name string) string {
		value, ok := attributes[name].(*types.AttributeValueMemberS)
		if !ok {
			problem = fmt.Errorf("its attribute %s is no string", name)
			return ""
		}
		return value.Value
	}
	number := func(name string) int64 {
		value, ok := attributes[name].(*types.AttributeValueMemberN)
		if !ok {
			problem = fmt.Errorf("its attribute %s is no number", name)
			return 0
		}
		n, err := strconv.ParseInt(value.Value, 10, 64)
		if err != nil {
			problem = fmt.Errorf("its attribute %s: %w", name, err)
		}
		return n
	}
	item := alert.Item{Partition: text("pk"), Sort: text("sk"), Version: number("version"), Expires: time.Unix(number("ttl"), 0).UTC(), Body: []byte(text("body"))}
	token := text("token")
	if problem == nil && item.Version < 1 {
		problem = fmt.Errorf("its version is %d", item.Version)
	}
	if problem != nil {
		return alert.Item{}, "", fmt.Errorf("the item %q of %q was written by something else: %w", item.Sort, item.Partition, problem)
	}
	return item, token, nil
}

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}
