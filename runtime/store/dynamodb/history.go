package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// reader is what a History needs of DynamoDB. It retries what can be retried.
type reader interface {
	client
	Scan(ctx context.Context, in *dynamodb.ScanInput, options ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// A History is a table of which a person asks what happened. It writes nothing,
// and needs the rights dynamodb:GetItem, dynamodb:Query and dynamodb:Scan: what is
// not looked up by its whole key is searched for in the whole table. It is safe
// for concurrent use.
type History struct {
	store *Store
	scan  func(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
	say   func(note string)
}

var (
	_ alert.Reader = (*History)(nil)
	_ alert.Lister = (*History)(nil)
)

// NewHistory returns the history in a table. say is told, in words, when the table
// is searched and what that has cost.
func NewHistory(client reader, table string, now func() time.Time, say func(note string)) *History {
	return &History{store: New(client, table, now), scan: client.Scan, say: say}
}

// Get implements alert.Reader.
func (h *History) Get(ctx context.Context, partition, sort string) (alert.Item, error) {
	item, err := h.store.Get(ctx, partition, sort)
	return item, h.clarify(err)
}

// Query implements alert.Reader.
func (h *History) Query(ctx context.Context, r alert.Range) ([]alert.Item, error) {
	items, err := h.store.Query(ctx, r)
	return items, h.clarify(err)
}

// clarify names what is most often wrong.
func (h *History) clarify(err error) error {
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return fmt.Errorf("there is no table %s in this account and region: %w", h.store.table, err)
	}
	return err
}

// Items implements alert.Lister: it reads the whole table.
func (h *History) Items(ctx context.Context, partition, sort string) iter.Seq2[alert.Item, error] {
	return h.search(ctx, 0, search{
		condition: "begins_with(#pk, :partition) AND #sk = :sk",
		names:     map[string]string{"#pk": "pk", "#sk": "sk"},
		values:    map[string]types.AttributeValue{":partition": text(partition), ":sk": text(sort)},
	})
}

// maxSearched is how many pages of a table, of 1 MB each, are searched for part of
// an ID. Whoever has a larger table has the whole ID from the log or the alert.
const maxSearched = 2000

// Where the decisions about findings are; the tables of a store say so too.
const (
	findingPrefix = "finding|"
	decisionSort  = "decision"
)

// Findings returns the IDs of the findings whose ID contains the text, or one of
// whose alerts is the hit of a correlation in the group that the text, as the ID
// of such an alert, names. They come in any order, at most limit of them. A text
// that is the ID of a finding is looked up; for any other the table is searched,
// its first 2 GB at most, and an error says when there was more.
func (h *History) Findings(ctx context.Context, part string, limit int) ([]string, error) {
	if alert.CheckKey(findingPrefix+part, decisionSort) == nil && strings.Count(part, "/") >= 2 {
		item, err := h.Get(ctx, findingPrefix+part, decisionSort)
		if err != nil {
			return nil, err
		}
		if item.Version > 0 {
			return []string{part}, nil
		}
	}
	s := search{
		condition: "#sk = :sk AND begins_with(#pk, :partition) AND contains(#pk, :part)",
		names:     map[string]string{"#pk": "pk", "#sk": "sk"},
		values:    map[string]types.AttributeValue{":sk": text(decisionSort), ":partition": text(findingPrefix), ":part": text(part)},
	}
	hit, isHit := parseHit(part)
	if isHit {
		s.condition = "#sk = :sk AND begins_with(#pk, :partition) AND (contains(#pk, :part) OR contains(#body, :group))"
		s.names["#body"] = "body"
		s.values[":group"] = text(`"group_key":"` + hit.group + `"`)
	}
	var ids []string
	for item, err := range h.search(ctx, maxSearched, s) {
		if err != nil {
			return nil, err
		}
		id := strings.TrimPrefix(item.Partition, findingPrefix)
		if !strings.Contains(id, part) && !hit.in(item.Body) {
			continue // the condition looks at texts, not at what they mean
		}
		ids = append(ids, id)
		if len(ids) == limit {
			break
		}
	}
	return ids, nil
}

// A hit is the alert of a correlation, by its rule and the digest of its group.
type hit struct{ rule, group string }

// parseHit reads the ID of such an alert, or its beginning: rule/group/start.
func parseHit(id string) (hit, bool) {
	rule, rest, found := strings.Cut(id, "/")
	group, _, _ := strings.Cut(rest, "/")
	const digest = 32
	if !found || rule == "" || len(group) != digest || strings.Trim(group, "0123456789abcdef") != "" {
		return hit{}, false
	}
	return hit{rule, group}, true
}

// in reports whether a decision has led to the alert.
func (h hit) in(decision []byte) bool {
	var led struct {
		Alerts []struct {
			Rule   struct{ Key string }
			Window struct {
				GroupKey string `json:"group_key"`
			}
		}
	}
	if json.Unmarshal(decision, &led) != nil {
		return false // whoever reads it says so
	}
	for _, a := range led.Alerts {
		if a.Rule.Key == h.rule && a.Window.GroupKey == h.group {
			return true
		}
	}
	return false
}

// A search is a condition on the items of a table.
type search struct {
	condition string
	names     map[string]string
	values    map[string]types.AttributeValue
}

// search goes through a table page by page, in the order of DynamoDB, to its end
// or to the end of so many pages; 0 is any number. Reads are eventually
// consistent, which costs half: what happened within the last second may be
// missing.
func (h *History) search(ctx context.Context, pages int, s search) iter.Seq2[alert.Item, error] {
	return func(yield func(alert.Item, error) bool) {
		table := h.store.table
		s.names["#ttl"], s.values[":now"] = "ttl", number(h.store.now().Unix())
		in := &dynamodb.ScanInput{
			TableName:        &table,
			FilterExpression: aws.String(s.condition + " AND #ttl > :now"), ExpressionAttributeNames: s.names, ExpressionAttributeValues: s.values,
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		}
		h.say(fmt.Sprintf("note: all of table %s is read, which is billed", table))
		items, units := int64(0), 0.0
		defer func() {
			h.say(fmt.Sprintf("read %d items of table %s, for %.1f read request units", items, table, units))
		}()
		for page := 1; ; page++ {
			out, err := h.scan(ctx, in)
			if err != nil {
				yield(alert.Item{}, h.clarify(fmt.Errorf("search table %s: %w", table, err)))
				return
			}
			items += int64(out.ScannedCount)
			if out.ConsumedCapacity != nil {
				units += aws.ToFloat64(out.ConsumedCapacity.CapacityUnits)
			}
			for _, attributes := range out.Items {
				item, _, err := decode(attributes)
				if err != nil {
					yield(alert.Item{}, fmt.Errorf("search table %s: %w", table, err))
					return
				}
				if !yield(item, nil) {
					return
				}
			}
			switch {
			case len(out.LastEvaluatedKey) == 0:
				return
			case page == pages:
				yield(alert.Item{}, fmt.Errorf("search table %s: it has more than %d pages of 1 MB, which is all that is searched; give the whole ID: rule/account/eventID", table, pages))
				return
			}
			in.ExclusiveStartKey = out.LastEvaluatedKey
		}
	}
}
