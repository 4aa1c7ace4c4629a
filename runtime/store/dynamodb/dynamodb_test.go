package dynamodb_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/e2e/contract"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
	"github.com/trailalerts/trailalerts/runtime/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) alert.Store {
		return dynamodb.New(dynamotest.Client(dynamotest.New(t, "alerts").Endpoint), "alerts", now)
	})
}

func TestSharedTable(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T, now func() time.Time) (one, other alert.Store) {
		endpoint := dynamotest.New(t, "alerts").Endpoint
		return dynamodb.New(dynamotest.Client(endpoint), "alerts", now), dynamodb.New(dynamotest.Client(endpoint), "alerts", now)
	})
}

// TestOtherServer runs the conformance test against another implementation of
// DynamoDB, so that dynamotest cannot drift from what others take DynamoDB for.
// dynalite 4.0.0 and moto 5 pass.
func TestOtherServer(t *testing.T) {
	endpoint := contract.OtherServer(t, "DYNAMODB")
	storetest.Run(t, func(t *testing.T, now func() time.Time) alert.Store {
		return dynamodb.New(dynamotest.Client(endpoint), dynamotest.CreateTable(t, endpoint), now)
	})
	storetest.RunShared(t, func(t *testing.T, now func() time.Time) (one, other alert.Store) {
		table := dynamotest.CreateTable(t, endpoint)
		return dynamodb.New(dynamotest.Client(endpoint), table, now), dynamodb.New(dynamotest.Client(endpoint), table, now)
	})
}

var noon = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

func newItem(version int64) alert.Item {
	return alert.Item{Partition: "finding|f", Sort: "decision", Version: version, Expires: noon.Add(time.Hour), Body: []byte(`{"n":` + strconv.FormatInt(version, 10) + `}`)}
}

// TestAttributes pins what a table needs to be configured for, and what a person
// finds in it.
func TestAttributes(t *testing.T) {
	client := dynamotest.Client(dynamotest.New(t, "alerts").Endpoint)
	store := dynamodb.New(client, "alerts", atNoon)
	item := newItem(0)
	item.Expires = noon.Add(90*time.Minute + time.Nanosecond)
	if err := store.Put(t.Context(), item); err != nil {
		t.Fatal(err)
	}
	out, err := client.GetItem(t.Context(), &sdk.GetItemInput{
		TableName: aws.String("alerts"), ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "finding|f"}, "sk": &types.AttributeValueMemberS{Value: "decision"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for name, value := range out.Item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			got[name] = "S " + v.Value
		case *types.AttributeValueMemberN:
			got[name] = "N " + v.Value
		}
	}
	if len(got["token"]) < 20 {
		t.Errorf("the token is %q", got["token"])
	}
	delete(got, "token")
	want := map[string]string{
		"pk": "S finding|f", "sk": "S decision", "version": "N 1", "body": `S {"n":0}`,
		"ttl": "N " + strconv.FormatInt(noon.Unix()+90*60+1, 10), // seconds, for the time to live of the table
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

// TestFaults is about what becomes of a Put of version 1 over version 1, and of the
// reads, when something goes wrong on the way. The client tries three times.
func TestFaults(t *testing.T) {
	tests := []struct {
		name     string
		disturb  func(s *dynamotest.Server)
		put      string // part of the error of the Put; "": none
		read     string // the same of Get and Query
		versions []int64
	}{
		{"nothing goes wrong", func(*dynamotest.Server) {}, "", "", []int64{2}},
		{"a throttled write is tried again", func(s *dynamotest.Server) { s.Fail("PutItem", 2, "ThrottlingException") }, "", "", []int64{2}},
		{"a write over the provisioned throughput is tried again", func(s *dynamotest.Server) { s.Fail("PutItem", 2, "ProvisionedThroughputExceededException") }, "", "", []int64{2}},
		{"a write that met an error inside DynamoDB is tried again", func(s *dynamotest.Server) { s.Fail("PutItem", 2, "InternalServerError") }, "", "", []int64{2}},
		{"a write that is throttled for too long is an error, not a conflict", func(s *dynamotest.Server) { s.Fail("PutItem", 3, "ThrottlingException") }, "ThrottlingException", "", []int64{1}},
		{"a write that is refused is not tried again", func(s *dynamotest.Server) { s.Fail("PutItem", 1, "AccessDeniedException") }, "AccessDeniedException", "", []int64{1}},
		{"a write whose answer is lost is no conflict with itself", func(s *dynamotest.Server) { s.Drop("PutItem", 1) }, "", "", []int64{2}},
		{"nor is one whose answer is lost, after it was throttled", func(s *dynamotest.Server) {
			s.Fail("PutItem", 1, "ThrottlingException")
			s.Drop("PutItem", 1)
		}, "", "", []int64{2}},
		{"a write of which every answer is lost is an error, and has happened", func(s *dynamotest.Server) { s.Drop("PutItem", 3) }, "PutItem", "", []int64{2}},
		{"a write whose answer is lost, and that cannot be looked for, is an error", func(s *dynamotest.Server) {
			s.Drop("PutItem", 1)
			s.Fail("GetItem", 3, "InternalServerError")
		}, "read what is in the way", "", []int64{2}},
		{"reads are tried again", func(s *dynamotest.Server) {
			s.Fail("GetItem", 1, "InternalServerError")
			s.Drop("GetItem", 1)
			s.Fail("Query", 1, "ThrottlingException")
			s.Drop("Query", 1)
		}, "", "", []int64{2}},
		{"a read that fails for too long is an error, not an empty answer", func(s *dynamotest.Server) {
			s.Fail("GetItem", 3, "InternalServerError")
			s.Fail("Query", 3, "InternalServerError")
		}, "", "InternalServerError", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := dynamotest.New(t, "alerts")
			store := dynamodb.New(dynamotest.Client(server.Endpoint), "alerts", atNoon)
			if err := store.Put(t.Context(), newItem(0)); err != nil {
				t.Fatal(err)
			}
			test.disturb(server)
			check(t, "Put", store.Put(t.Context(), newItem(1)), test.put)
			item, err := store.Get(t.Context(), "finding|f", "decision")
			check(t, "Get", err, test.read)
			items, err := store.Query(t.Context(), alert.Range{Partition: "finding|f", From: "a", To: "z"})
			check(t, "Query", err, test.read)
			var versions []int64
			for _, item := range items {
				versions = append(versions, item.Version)
			}
			if diff := cmp.Diff(test.versions, versions); diff != "" {
				t.Errorf("versions that Query finds (-want +got):\n%s", diff)
			}
			if test.versions != nil && item.Version != test.versions[0] {
				t.Errorf("Get finds version %d, want %d", item.Version, test.versions[0])
			}
		})
	}
}

// check says that an error, unless want is "", must have it in its text, with the
// table and the partition, and be no conflict.
func check(t *testing.T, what string, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	if err == nil || errors.Is(err, alert.ErrConflict) {
		t.Errorf("%s: %v, want an error about %s", what, err, want)
		return
	}
	for _, part := range []string{want, "table alerts", `"finding|f"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v; want %s in it", what, err, part)
		}
	}
}

// A putter runs something in the place of PutItem.
type putter struct {
	*sdk.Client
	put func(ctx context.Context, in *sdk.PutItemInput) (*sdk.PutItemOutput, error)
}

func (p putter) PutItem(ctx context.Context, in *sdk.PutItemInput, _ ...func(*sdk.Options)) (*sdk.PutItemOutput, error) {
	return p.put(ctx, in)
}

// TestOvertaken: the answer to a write is lost, and before the client sends it
// again another writes.
func TestOvertaken(t *testing.T) {
	client := dynamotest.Client(dynamotest.New(t, "alerts").Endpoint)
	other := dynamodb.New(client, "alerts", atNoon)
	store := dynamodb.New(putter{client, func(ctx context.Context, in *sdk.PutItemInput) (*sdk.PutItemOutput, error) {
		if _, err := client.PutItem(ctx, in); err != nil {
			t.Errorf("the first try: %v", err)
		}
		if err := other.Put(ctx, newItem(1)); err != nil {
			t.Errorf("the other: %v", err)
		}
		return client.PutItem(ctx, in)
	}}, "alerts", atNoon)
	if err := store.Put(t.Context(), newItem(0)); !errors.Is(err, alert.ErrConflict) {
		t.Errorf("Put: %v, want a conflict", err)
	}
	want := newItem(1)
	want.Version = 2
	got, err := store.Get(t.Context(), want.Partition, want.Sort)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the item of the other (-want +got):\n%s", diff)
	}
}

// A querier notes the limits of the pages that are asked for; 0: none.
type querier struct {
	*sdk.Client
	limits []int32
}

func (q *querier) Query(ctx context.Context, in *sdk.QueryInput, options ...func(*sdk.Options)) (*sdk.QueryOutput, error) {
	q.limits = append(q.limits, aws.ToInt32(in.Limit))
	return q.Client.Query(ctx, in, options...)
}

// TestPages: a Query reads no more than it has to, and few pages where most items
// have expired.
func TestPages(t *testing.T) {
	client := &querier{Client: dynamotest.Client(dynamotest.New(t, "alerts").Endpoint)}
	store := dynamodb.New(client, "alerts", atNoon)
	for i := range 100 { // those from 0 to 79 have expired
		item := newItem(0)
		item.Sort = fmt.Sprintf("%02d", i)
		if i < 80 {
			item.Expires = noon
		}
		if err := store.Put(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name      string
		backwards bool
		limit     int
		want      []string // the first and the last item
		pages     []int32
	}{
		{"all items are asked for without a limit", false, 0, []string{"80", "99"}, []int32{0}},
		{"the last ones are one page", true, 5, []string{"99", "95"}, []int32{5}},
		{"also when they are all that live", true, 20, []string{"99", "80"}, []int32{20}},
		{"pages grow as long as there are not enough", false, 1, []string{"80", "80"}, []int32{1, 2, 4, 8, 16, 32, 64}},
		{"also when there will never be", true, 21, []string{"99", "80"}, []int32{21, 42, 84}},
		{"a page is never larger than DynamoDB can count", false, math.MaxInt, []string{"80", "99"}, []int32{10_000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client.limits = nil
			items, err := store.Query(t.Context(), alert.Range{Partition: "finding|f", To: "~", Backwards: test.backwards, Limit: test.limit})
			if err != nil || len(items) == 0 {
				t.Fatalf("Query: %d items, %v", len(items), err)
			}
			if diff := cmp.Diff(test.want, []string{items[0].Sort, items[len(items)-1].Sort}); diff != "" {
				t.Errorf("the first and the last item (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.pages, client.limits); diff != "" {
				t.Errorf("limits of the pages (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForeignItems: what this store did not write is neither read nor replaced.
func TestForeignItems(t *testing.T) {
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	number := func(s string) types.AttributeValue { return &types.AttributeValueMemberN{Value: s} }
	later := number(strconv.FormatInt(noon.Unix()+60, 10))
	tests := []struct {
		name string
		item map[string]types.AttributeValue
		want string
	}{
		{"without anything but keys", map[string]types.AttributeValue{}, "no string"},
		{"without a time to live", map[string]types.AttributeValue{"version": number("1"), "body": text("{}"), "token": text("t")}, "attribute ttl is no number"},
		{"whose version is a string", map[string]types.AttributeValue{"version": text("1"), "ttl": later, "body": text("{}"), "token": text("t")}, "attribute version is no number"},
		{"whose version is 0", map[string]types.AttributeValue{"version": number("0"), "ttl": later, "body": text("{}"), "token": text("t")}, "version is 0"},
		{"whose body is a number", map[string]types.AttributeValue{"version": number("1"), "ttl": later, "body": number("1"), "token": text("t")}, "attribute body is no string"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client := dynamotest.Client(dynamotest.New(t, "alerts").Endpoint)
			test.item["pk"], test.item["sk"] = text("finding|f"), text("decision")
			_, err := client.PutItem(t.Context(), &sdk.PutItemInput{
				TableName: aws.String("alerts"), Item: test.item,
				ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: map[string]string{"#pk": "pk"},
			})
			if err != nil {
				t.Fatal(err)
			}
			store := dynamodb.New(client, "alerts", atNoon)
			_, err = store.Get(t.Context(), "finding|f", "decision")
			check(t, "Get", err, test.want)
			_, err = store.Query(t.Context(), alert.Range{Partition: "finding|f", From: "a", To: "z"})
			check(t, "Query", err, test.want)
			check(t, "Put", store.Put(t.Context(), newItem(0)), test.want)
		})
	}
}

func TestUnknownTable(t *testing.T) {
	store := dynamodb.New(dynamotest.Client(dynamotest.New(t, "others").Endpoint), "alerts", atNoon)
	_, err := store.Get(t.Context(), "finding|f", "decision")
	check(t, "Get", err, "ResourceNotFoundException")
	_, err = store.Query(t.Context(), alert.Range{Partition: "finding|f", From: "a", To: "z"})
	check(t, "Query", err, "ResourceNotFoundException")
	check(t, "Put", store.Put(t.Context(), newItem(0)), "ResourceNotFoundException")
}
