package dynamodb_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb"
	"github.com/trailalerts/trailalerts/runtime/store/dynamodb/dynamotest"
)

// fill puts items of a body into a table.
func fill(t *testing.T, server *dynamotest.Server, body string, keys ...string) {
	t.Helper()
	store := dynamodb.New(dynamotest.Client(server.Endpoint), "alerts", func() time.Time { return noon.Add(-2 * time.Hour) })
	for _, key := range keys {
		partition, sort, _ := strings.Cut(key, " ")
		item := alert.Item{Partition: partition, Sort: sort, Expires: noon.Add(time.Hour), Body: []byte(body)}
		if strings.HasSuffix(partition, "expired") {
			item.Expires = noon
		}
		if err := store.Put(t.Context(), item); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFindings(t *testing.T) {
	const group = "0123456789abcdef0123456789abcdef"
	server := dynamotest.New(t, "alerts")
	fill(t, server, `{"outcome":"alerted"}`,
		"finding|rule_b/1/e-1 decision", "finding|rule_a/1/e-1 decision", "finding|rule_a/1/e-2 decision", "finding|rule_a/1/e%2 decision", "finding|rule_a/1/E-2 decision",
		"finding|rule_a/1/e-3 other", "findings|rule_a/1/e-3 decision", "delivery|rule_a/1/e-3 decision", "finding|rule_a/1/e-3-expired decision")
	fill(t, server, `{"alerts":[{"rule":{"key":"other"}},{"rule":{"key":"many"},"window":{"group_key":"`+group+`"}}]}`, "finding|rule_c/1/last decision")
	fill(t, server, `{"alerts":[{"rule":{"key":"other"},"window":{"group_key":"`+group+`"}}],"about":"many"}`, "finding|rule_d/1/last decision")
	all := []string{"rule_a/1/E-2", "rule_a/1/e%2", "rule_a/1/e-1", "rule_a/1/e-2", "rule_b/1/e-1", "rule_c/1/last", "rule_d/1/last"}
	tests := []struct {
		name, text string
		limit      int
		want       []string
		scans      bool
	}{
		{"an ID is found by its part", "e-1", 10, []string{"rule_a/1/e-1", "rule_b/1/e-1"}, true},
		{"all of it is looked up", "rule_a/1/e-2", 10, []string{"rule_a/1/e-2"}, false},
		{"what looks like all of it is searched for", "rule_a/1/e-", 10, []string{"rule_a/1/e-1", "rule_a/1/e-2"}, true},
		{"case counts, and nothing is a wildcard", "e%2", 10, []string{"rule_a/1/e%2"}, true},
		{"every ID has nothing in it", "", 10, all, true},
		{"what has expired or is no finding is not found", "e-3", 10, nil, true},
		{"the word in front of an ID is no part of it", "finding", 10, nil, true},
		{"the alert of a correlation leads to the finding that completed it", "many/" + group + "/2026-03-01T12:00:00.000000000Z", 10, []string{"rule_c/1/last"}, true},
		{"a group alone does not", "few/" + group, 10, nil, true},
	}
	for _, test := range tests {
		var notes []string
		history := dynamodb.NewHistory(dynamotest.Client(server.Endpoint), "alerts", atNoon, func(note string) { notes = append(notes, note) })
		got, err := history.Findings(t.Context(), test.text, test.limit)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		var said []string
		if test.scans {
			said = []string{"note: all of table alerts is read, which is billed", "read 11 items of table alerts, for 0.5 read request units"}
		}
		if diff := cmp.Diff(said, notes); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", test.name, diff)
		}
	}
	history := dynamodb.NewHistory(dynamotest.Client(server.Endpoint), "alerts", atNoon, func(string) {})
	if got, err := history.Findings(t.Context(), "rule", 2); len(got) != 2 || err != nil {
		t.Errorf("no more than the limit: %q, %v", got, err)
	}
}

// huge is a table without end.
type huge struct {
	*sdk.Client
	pages *int
}

func (h huge) Scan(_ context.Context, in *sdk.ScanInput, _ ...func(*sdk.Options)) (*sdk.ScanOutput, error) {
	*h.pages++
	return &sdk.ScanOutput{LastEvaluatedKey: in.ExpressionAttributeValues}, nil
}

func TestASearchHasAnEnd(t *testing.T) {
	pages := 0
	history := dynamodb.NewHistory(huge{nil, &pages}, "alerts", atNoon, func(string) {})
	_, err := history.Findings(t.Context(), "e-1", 10)
	if err == nil || !strings.Contains(err.Error(), "give the whole ID: rule/account/eventID") || pages != 2000 {
		t.Errorf("%d pages, %v", pages, err)
	}
}

func TestItems(t *testing.T) {
	server := dynamotest.New(t, "alerts")
	var want []string
	for i := range 12 { // of 300 KB: four pages
		key := fmt.Sprintf("finding|%02d decision", i)
		fill(t, server, `{"n":"`+strings.Repeat("x", 300_000)+`"}`, key)
		want = append(want, key)
	}
	fill(t, server, "{}", "finding|01 other", "group|x decision", "finding|expired decision")
	server.Fail("Scan", 2, "ThrottlingException")
	server.Drop("Scan", 1)
	var notes []string
	history := dynamodb.NewHistory(dynamotest.Client(server.Endpoint), "alerts", atNoon, func(note string) { notes = append(notes, note) })
	read := func() (got []string, err error) {
		for item, err := range history.Items(t.Context(), "finding|", "decision") {
			if err != nil {
				return got, err
			}
			if item.Version != 1 || len(item.Body) != 300_008 || !item.Expires.Equal(noon.Add(time.Hour)) {
				t.Errorf("the item %q has version %d, %d bytes and expires at %s", item.Partition, item.Version, len(item.Body), item.Expires)
			}
			got = append(got, item.Partition+" "+item.Sort)
		}
		slices.Sort(got)
		return got, nil
	}
	_, err := read()
	if err == nil || !strings.Contains(err.Error(), "search table alerts: ") {
		t.Errorf("three attempts fail: %v", err)
	}
	got, err := read()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if last := notes[len(notes)-1]; !strings.HasPrefix(last, "read 15 items of table alerts, for 44") {
		t.Errorf("%q", notes)
	}
	for range history.Items(t.Context(), "finding|", "decision") {
		break
	}
}

func TestTheHistoryOfAnUnknownTable(t *testing.T) {
	history := dynamodb.NewHistory(dynamotest.Client(dynamotest.New(t, "others").Endpoint), "alerts", atNoon, func(string) {})
	_, get := history.Get(t.Context(), "finding|f", "decision")
	_, query := history.Query(t.Context(), alert.Range{Partition: "finding|f", From: "a", To: "z"})
	_, search := history.Findings(t.Context(), "f", 1)
	for what, err := range map[string]error{"Get": get, "Query": query, "Findings": search} {
		if err == nil || !strings.HasPrefix(err.Error(), "there is no table alerts in this account and region: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
