package dynamotest_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/e2e/contract"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
)

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func number(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }

type (
	attributes = map[string]types.AttributeValue
	aliases    = map[string]string
)

// key returns a key, and an item that has nothing else.
func key(pk, sk string) attributes { return attributes{"pk": text(pk), "sk": text(sk)} }

// ours is the table of this server. What DynamoDB refuses and other servers take
// is asked of it alone.
const ours = "items"

// TestContract holds the server, and another one on demand, against what is known
// of DynamoDB. Of the other servers dynalite 4.0.0 passes; moto takes too much.
func TestContract(t *testing.T) {
	t.Run("this server", func(t *testing.T) {
		checks(t, dynamotest.Client(dynamotest.New(t, ours).Endpoint), ours)
	})
	t.Run("other server", func(t *testing.T) {
		endpoint := contract.OtherServer(t, "DYNAMODB")
		checks(t, dynamotest.Client(endpoint), dynamotest.CreateTable(t, endpoint))
	})
}

func checks(t *testing.T, client *dynamodb.Client, table string) {
	// Every item but those of conditions is new.
	put := func(item attributes) func() error {
		return func() error {
			_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: &table, Item: item, ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: aliases{"#pk": "pk"},
			})
			return err
		}
	}
	putIf := func(condition string, names aliases, values attributes) func() error {
		return func() error {
			item := key("conditions", "item")
			item["n"], item["s"] = number("10"), text("m")
			_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
				TableName: &table, Item: item, ConditionExpression: &condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
			})
			return err
		}
	}
	when := func(condition string) func() error { // about the item that is there
		unused := func(alias string) bool { return !strings.Contains(condition, alias) }
		names := aliases{"#pk": "pk", "#n": "n", "#s": "s", "#x": "absent"}
		maps.DeleteFunc(names, func(alias, _ string) bool { return unused(alias) })
		values := attributes{":9": number("9"), ":10": number("10"), ":11": number("11"), ":l": text("l"), ":m": text("m"), ":text": text("10")}
		maps.DeleteFunc(values, func(alias string, _ types.AttributeValue) bool { return unused(alias) })
		if len(values) == 0 {
			values = nil // an empty map is an error of DynamoDB
		}
		return putIf(condition, names, values)
	}
	get := func(key attributes) func() error {
		return func() error {
			_, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &table, Key: key, ConsistentRead: aws.Bool(true)})
			return err
		}
	}
	query := func(pk, from, to string, start attributes, limit *int32, forward *bool) func() error {
		return func() error {
			_, err := client.Query(t.Context(), &dynamodb.QueryInput{
				TableName: &table, ConsistentRead: aws.Bool(true), ExclusiveStartKey: start, Limit: limit, ScanIndexForward: forward,
				KeyConditionExpression: aws.String("#pk = :pk AND #sk BETWEEN :from AND :to"), ExpressionAttributeNames: aliases{"#pk": "pk", "#sk": "sk"},
				ExpressionAttributeValues: attributes{":pk": text(pk), ":from": text(from), ":to": text(to)},
			})
			return err
		}
	}
	of := func(bytes int, sk string) attributes { // an item of that size
		item := key("sizes", sk)
		item["body"] = text(strings.Repeat("x", bytes-len("pk"+"sizes"+"sk"+sk+"body")))
		return item
	}
	const refused, conflict = "ValidationException", "ConditionalCheckFailedException"
	for _, test := range []struct {
		name string
		call func() error
		want string // the code of the error; "": none
	}{
		{"an item of 400 KB is taken", put(of(400*1024, "a")), ""},
		{"an item of one byte more is not", put(of(400*1024+1, "b")), refused},
		{"a partition key may have 2048 bytes, a sort key 1024", put(key(strings.Repeat("p", 2048), strings.Repeat("s", 1024))), ""},
		{"a partition key of 2049 bytes is too long", put(key(strings.Repeat("p", 2049), "s")), refused},
		{"a sort key of 1025 bytes is too long", put(key("p", strings.Repeat("s", 1025))), refused},
		{"a partition key is not empty", put(key("", "s")), refused},
		{"a sort key is not empty", put(key("p", "")), refused},
		{"an item has a sort key", put(attributes{"pk": text("p")}), refused},
		{"a sort key is no number", put(attributes{"pk": text("p"), "sk": number("1")}), refused},
		{"a key that is read has both parts", get(attributes{"pk": text("p")}), refused},
		{"a key that is read has no other parts", get(attributes{"pk": text("p"), "sk": text("s"), "n": number("1")}), refused},
		{"a key that is read is not empty", get(key("p", "")), refused},
		{"a key of which there is nothing can be read", get(key("p", "nothing")), ""},

		{"a condition on an attribute that is not there does not hold", when("#n = :10"), conflict},
		{"nor does any comparison", when("#n <= :11"), conflict},
		{"attribute_not_exists holds where there is no item", when("attribute_not_exists(#pk)"), ""},
		{"and does not where there is one", when("attribute_not_exists(#pk)"), conflict},
		{"attribute_not_exists holds of another attribute", when("attribute_not_exists(#x)"), ""},
		{"10 = 10", when("#n = :10"), ""},
		{"10 = 9 does not hold", when("#n = :9"), conflict},
		{"numbers are compared as numbers: 10 > 9", when("#n > :9"), ""},
		{"10 > 10 does not hold", when("#n > :10"), conflict},
		{"10 >= 10", when("#n >= :10"), ""},
		{"10 <= 10", when("#n <= :10"), ""},
		{"10 <= 9 does not hold", when("#n <= :9"), conflict},
		{"10 < 11", when("#n < :11"), ""},
		{"10 < 10 does not hold", when("#n < :10"), conflict},
		{"texts are compared as texts", when("#s > :l"), ""},
		{"a number is not equal to its text", when("#n = :text"), conflict},
		{"a number is not between texts", when("#n BETWEEN :l AND :m"), conflict},
		{"both bounds of BETWEEN belong to it", when("#n BETWEEN :10 AND :11 AND #n BETWEEN :9 AND :10"), ""},
		{"AND binds more than OR", when("#n = :10 OR #n = :10 AND #n = :9"), ""},
		{"parentheses bind more than AND", when("(#n = :10 OR #n = :10) AND #n = :9"), conflict},
		{"either side of OR is enough", when("#n = :9 OR #n = :10"), ""},
		{"begins_with looks at the beginning", when("begins_with(#s, :m)"), ""},
		{"and nowhere else", when("begins_with(#s, :text)"), conflict},
		{"contains looks anywhere", when("contains(#s, :m)"), ""},
		{"contains does not hold where the text is not", when("contains(#s, :l)"), conflict},
		{"a number contains no text", when("contains(#n, :text)"), conflict},
		{"what is not there contains nothing", when("contains(#x, :m)"), conflict},
		{"functions are bound by AND and OR", when("(begins_with(#s, :l) OR contains(#s, :m)) AND #n = :10"), ""},
		{"words are read in lower case too", when("#n = :9 or #n between :9 and :11"), ""},

		{"every name must be used", putIf("#n = :n", aliases{"#n": "n", "#m": "m"}, attributes{":n": number("10")}), refused},
		{"every value must be used", putIf("#n = :n", aliases{"#n": "n"}, attributes{":n": number("10"), ":m": number("10")}), refused},
		{"every name must be defined", putIf("#n = :n AND #m = :n", aliases{"#n": "n"}, attributes{":n": number("10")}), refused},
		{"every value must be defined", putIf("#n = :n AND #n = :m", aliases{"#n": "n"}, attributes{":n": number("10")}), refused},

		{"a query from a bound to the same is fine", query("p", "a", "a", nil, nil, nil), ""},
		{"the lower bound is not above the upper one", query("p", "b", "a", nil, nil, nil), refused},
		{"a query goes on within its bounds", query("p", "a", "c", key("p", "b"), nil, nil), ""},
		{"a query does not go on in front of its bounds", query("p", "b", "c", key("p", "a"), nil, nil), refused},
		{"a query does not go on in another partition", query("p", "a", "c", key("q", "b"), nil, nil), refused},
		{"a query goes on backwards within its bounds", query("p", "a", "c", key("p", "b"), nil, aws.Bool(false)), ""},
		{"a query does not go on backwards behind its bounds", query("p", "a", "b", key("p", "c"), nil, aws.Bool(false)), refused},
		{"a query may be limited to one item", query("p", "a", "c", nil, aws.Int32(1), nil), ""},
		{"a query is not limited to none", query("p", "a", "c", nil, aws.Int32(0), nil), refused},
		{"nor to less", query("p", "a", "c", nil, aws.Int32(-1), nil), refused},
	} {
		check(t, test.name, test.call(), test.want)
	}
	if table == ours {
		check(t, "a bound is not empty", query("p", "", "a", nil, nil, nil)(), refused)
		check(t, "the partition of a query is not empty", query("", "a", "b", nil, nil, nil)(), refused)
	}
	t.Run("pages", func(t *testing.T) { pages(t, client, table) })
	t.Run("pages of the table", func(t *testing.T) { pagesOfTheTable(t, client, table) })
	t.Run("limited pages", func(t *testing.T) { limitedPages(t, client, table) })
}

// check says which code an error must have; "": there must be none.
func check(t *testing.T, name string, err error, want string) {
	t.Helper()
	code := ""
	if e := smithy.APIError(nil); errors.As(err, &e) {
		code = e.ErrorCode()
	} else if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if code != want {
		t.Errorf("%s: the error is %q (%v), want %q", name, code, err, want)
	}
}

// pages holds the pages of a query against 1 MB.
func pages(t *testing.T, client *dynamodb.Client, table string) {
	for i := range 9 {
		item := key("pages", fmt.Sprint(i))
		item["body"] = text(strings.Repeat("x", 300_000))
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, Item: item, ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: aliases{"#pk": "pk"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	paginator := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression: aws.String("#pk = :pk AND #sk BETWEEN :from AND :to"), ExpressionAttributeNames: aliases{"#pk": "pk", "#sk": "sk"},
		ExpressionAttributeValues: attributes{":pk": text("pages"), ":from": text("1"), ":to": text("8")},
	})
	var got [][]string
	for paginator.HasMorePages() {
		out, err := paginator.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		page := []string{}
		for _, item := range out.Items {
			page = append(page, item["sk"].(*types.AttributeValueMemberS).Value)
		}
		if int(out.Count) != len(page) {
			t.Errorf("a page of %d items says %d", len(page), out.Count)
		}
		got = append(got, page)
	}
	t.Logf("pages: %v", got)
	// Where a page ends by the byte is not documented: somewhere about 1 MB.
	var all []string
	for i, page := range got {
		if len(page) > 4 || len(page) < 3 && i < len(got)-1 {
			t.Errorf("page %d has %d items of 300 KB", i, len(page))
		}
		all = append(all, page...)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4", "5", "6", "7", "8"}, all); diff != "" {
		t.Errorf("all pages (-want +got):\n%s", diff)
	}
}

// pagesOfTheTable holds the pages of a scan against 1 MB, which counts what the
// filter leaves out.
func pagesOfTheTable(t *testing.T, client *dynamodb.Client, table string) {
	in := &dynamodb.ScanInput{
		TableName: &table, ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		FilterExpression: aws.String("begins_with(#pk, :page) AND contains(#sk, :sk)"), ExpressionAttributeNames: aliases{"#pk": "pk", "#sk": "sk"},
		ExpressionAttributeValues: attributes{":page": text("page"), ":sk": text("8")},
	}
	found, scanned, pages, units := []string{}, 0, 0, 0.0
	for {
		out, err := client.Scan(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		scanned += int(out.ScannedCount)
		units += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
		for _, item := range out.Items {
			found = append(found, item["pk"].(*types.AttributeValueMemberS).Value+" "+item["sk"].(*types.AttributeValueMemberS).Value)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			break
		}
	}
	if diff := cmp.Diff([]string{"pages 8"}, found); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	// Ten items of 300 to 400 KB are there, and small ones.
	if pages < 3 || pages > 6 || scanned < 12 || scanned > 100 {
		t.Errorf("%d items on %d pages", scanned, pages)
	}
	if units < 3_000_000/4096/2 || units > 4_000_000/4096/2+100 {
		t.Errorf("%.1f read request units", units)
	}
}

// limitedPages holds pages in both directions against their limit. DynamoDB ends a
// page at its limit without a look at what follows.
func limitedPages(t *testing.T, client *dynamodb.Client, table string) {
	for i := range 7 {
		if i == 3 {
			continue // a place to go on from that has no item
		}
		_, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{
			TableName: &table, Item: key("limited", fmt.Sprint(i)), ConditionExpression: aws.String("attribute_not_exists(#pk)"), ExpressionAttributeNames: aliases{"#pk": "pk"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	forward, backward := aws.Bool(true), aws.Bool(false)
	for _, test := range []struct {
		name     string
		from, to string
		forward  *bool
		start    string // "": at the beginning
		limit    int32  // 0: none
		want     string // the items, and | and where to go on
	}{
		{"the order is forward by itself", "1", "5", nil, "", 0, "1245|"},
		{"and on demand", "1", "5", forward, "", 0, "1245|"},
		{"or backward", "1", "5", backward, "", 0, "5421|"},
		{"a limit ends a page", "1", "5", forward, "", 2, "12|2"},
		{"also backward", "1", "5", backward, "", 2, "54|4"},
		{"a page goes on behind where another ended", "1", "5", forward, "2", 1, "4|4"},
		{"and backward in front of it", "1", "5", backward, "4", 1, "2|2"},
		{"also where there is no item", "1", "5", forward, "3", 0, "45|"},
		{"and backward", "1", "5", backward, "3", 0, "21|"},
		{"a page that ends with the last item does not know it", "1", "5", forward, "", 4, "1245|5"},
		{"nor does it backward", "1", "5", backward, "", 4, "5421|1"},
		{"the next is empty then", "1", "5", forward, "5", 4, "|"},
		{"and backward", "1", "5", backward, "1", 4, "|"},
		{"a page below its limit is the last", "1", "5", forward, "", 5, "1245|"},
		{"and backward", "1", "5", backward, "", 5, "5421|"},
		{"bounds need no item, backward too", "3", "9", backward, "", 0, "654|"},
		{"nor need there be one within them", "7", "9", backward, "", 1, "|"},
	} {
		in := &dynamodb.QueryInput{
			TableName: &table, ConsistentRead: aws.Bool(true), ScanIndexForward: test.forward,
			KeyConditionExpression: aws.String("#pk = :pk AND #sk BETWEEN :from AND :to"), ExpressionAttributeNames: aliases{"#pk": "pk", "#sk": "sk"},
			ExpressionAttributeValues: attributes{":pk": text("limited"), ":from": text(test.from), ":to": text(test.to)},
		}
		if test.start != "" {
			in.ExclusiveStartKey = key("limited", test.start)
		}
		if test.limit > 0 {
			in.Limit = &test.limit
		}
		out, err := client.Query(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		got := ""
		for _, item := range out.Items {
			got += item["sk"].(*types.AttributeValueMemberS).Value
		}
		got += "|"
		if last, ok := out.LastEvaluatedKey["sk"].(*types.AttributeValueMemberS); ok {
			got += last.Value
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// A recorder is a test that goes on when it fails.
type recorder struct {
	testing.TB
	cleanups []func()
	errors   []string
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// end runs the cleanups and returns why the test has failed.
func (r *recorder) end() string {
	for _, f := range r.cleanups {
		f()
	}
	return strings.Join(r.errors, "\n")
}

// TestUnknown: what the server does not know fails the test that asks for it.
func TestUnknown(t *testing.T) {
	const (
		getItem = `{"TableName":"items","Key":{"pk":{"S":"p"},"sk":{"S":"s"}},"ConsistentRead":true}`
		putItem = `{"TableName":"items","Item":{"pk":{"S":"p"},"sk":{"S":"s"}},"ConditionExpression":"attribute_not_exists(#pk)","ExpressionAttributeNames":{"#pk":"pk"}}`
		query   = `{"TableName":"items","KeyConditionExpression":"#pk = :pk AND #sk BETWEEN :f AND :t","ExpressionAttributeNames":{"#pk":"pk","#sk":"sk"},"ExpressionAttributeValues":{":pk":{"S":"p"},":f":{"S":"a"},":t":{"S":"b"}},"ConsistentRead":true}`
		scan    = `{"TableName":"items","FilterExpression":"begins_with(#pk, :p)","ExpressionAttributeNames":{"#pk":"pk"},"ExpressionAttributeValues":{":p":{"S":"p"}},"ReturnConsumedCapacity":"TOTAL"}`
	)
	tests := []struct {
		name, operation, body string
		old, new              string // what is changed of the body
		want                  string // why the test fails; "" when it must not
	}{
		{"a read", "GetItem", getItem, "", "", ""},
		{"a write", "PutItem", putItem, "", "", ""},
		{"a query", "Query", query, "", "", ""},
		{"a scan", "Scan", scan, "", "", ""},
		{"a scan that does not ask what it costs", "Scan", scan, "TOTAL", "NONE", "what it costs"},
		{"a parameter of a scan", "Scan", scan, `"ReturnConsumedCapacity"`, `"Segment":1,"ReturnConsumedCapacity"`, "Segment"},
		{"a function of a scan", "Scan", scan, "begins_with", "size", "no alias"},
		{"an operation", "DeleteItem", getItem, "", "", "operation is not known"},
		{"no operation", "", getItem, "", "", "no signed request"},
		{"a parameter of a read", "GetItem", getItem, `"ConsistentRead"`, `"ProjectionExpression":"#pk","ConsistentRead"`, "ProjectionExpression"},
		{"a read that may be stale", "GetItem", getItem, `"ConsistentRead":true`, `"ConsistentRead":false`, "strongly consistent"},
		{"a parameter of a write", "PutItem", putItem, `"ConditionExpression"`, `"ReturnValues":"ALL_OLD","ConditionExpression"`, "ReturnValues"},
		{"a write without a condition", "PutItem", putItem, `"ConditionExpression":"attribute_not_exists(#pk)",`, "", "without an expression"},
		{"a name without an alias", "PutItem", putItem, "(#pk)", "(ttl)", "reserved word"},
		{"a function", "PutItem", putItem, "attribute_not_exists", "attribute_exists", "no alias"},
		{"a comparison of two attributes", "PutItem", putItem, "attribute_not_exists(#pk)", "#pk = #pk", "no value"},
		{"an operator", "PutItem", putItem, "attribute_not_exists(#pk)", "#pk <> #pk", "operator"},
		{"a condition that goes on", "PutItem", putItem, "(#pk)", "(#pk) NOT", `"NOT"`},
		{"a condition that stops", "PutItem", putItem, "(#pk)", "(#pk", `no ")"`},
		{"an attribute of another type", "PutItem", putItem, `{"S":"s"}`, `{"B":"s"}`, "B"},
		{"an attribute of two types", "PutItem", putItem, `{"S":"s"}`, `{"S":"s","N":"1"}`, "neither"},
		{"a number that is not whole", "PutItem", putItem, `"Item":{`, `"Item":{"n":{"N":"1.5"},`, "1.5"},
		{"a query that may be stale", "Query", query, `"ConsistentRead":true`, `"ConsistentRead":false`, "strongly consistent"},
		{"a parameter of a query", "Query", query, `"ConsistentRead"`, `"FilterExpression":"#pk = :pk","ConsistentRead"`, "FilterExpression"},
		{"another key condition", "Query", query, "BETWEEN :f AND :t", ">= :f AND #sk <= :t", "key condition"},
		{"a key condition on something else", "Query", query, `"#sk":"sk"`, `"#sk":"other"`, "key condition"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := &recorder{TB: t}
			server := dynamotest.New(r, "items")
			if !strings.Contains(test.body, test.old) {
				t.Fatalf("there is no %s in %s", test.old, test.body)
			}
			body := strings.Replace(test.body, test.old, test.new, 1)
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.Endpoint, bytes.NewBufferString(body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", "application/x-amz-json-1.0")
			request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test")
			if test.operation != "" {
				request.Header.Set("X-Amz-Target", "DynamoDB_20120810."+test.operation)
			}
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			got := r.end()
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("the test fails because of %q, want %q", got, test.want)
			}
			if (answer.StatusCode == http.StatusOK) != (test.want == "") {
				t.Errorf("the answer is %s", answer.Status)
			}
		})
	}
}

// TestFaultsMustHappen: a test whose faults never happen has tested nothing.
func TestFaultsMustHappen(t *testing.T) {
	r := &recorder{TB: t}
	server := dynamotest.New(r, "items")
	server.Fail("GetItem", 1, "ThrottlingException")
	server.Drop("GetItem", 1)
	client := dynamotest.Client(server.Endpoint)
	read := func() {
		if _, err := client.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: aws.String("items"), Key: key("p", "s"), ConsistentRead: aws.Bool(true)}); err != nil {
			t.Error(err)
		}
	}
	read()
	server.Drop("PutItem", 2)
	if got, want := r.end(), "2 faults of PutItem never happened"; !strings.Contains(got, want) || strings.Contains(got, "GetItem") {
		t.Errorf("the test fails because of %q, want %q", got, want)
	}
}
