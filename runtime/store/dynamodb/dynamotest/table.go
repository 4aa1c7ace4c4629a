package dynamotest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Limits of DynamoDB, in bytes.
const (
	maxItem = 400 * 1024
	maxPage = 1024 * 1024
	maxPK   = 2048
	maxSK   = 1024
)

// A table holds the items of each partition, in the order of the sort key.
type table map[string][]item

// An item is its attributes.
type item map[string]value

func (i item) pk() string { return i["pk"].text }
func (i item) sk() string { return i["sk"].text }
func (i item) key() item  { return item{"pk": i["pk"], "sk": i["sk"]} }

// size counts the names of the attributes too, as DynamoDB does.
func (i item) size() int {
	n := 0
	for name, v := range i {
		n += len(name) + v.size()
	}
	return n
}

// A value is a string or a number.
type value struct {
	numeric bool
	text    string
	number  int64
}

func (v value) size() int {
	if !v.numeric {
		return len(v.text)
	}
	return len(strings.Trim(v.text, "-0"))/2 + 2
}

// UnmarshalJSON reads {"S": "text"} and {"N": "1"}. Other types, and numbers that
// are not whole, are not known.
func (v *value) UnmarshalJSON(data []byte) error {
	var typed struct{ S, N *string }
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&typed); err != nil {
		return err
	}
	switch {
	case typed.S != nil && typed.N == nil:
		*v = value{text: *typed.S}
		return nil
	case typed.N != nil && typed.S == nil:
		n, err := strconv.ParseInt(*typed.N, 10, 64)
		*v = value{numeric: true, text: strconv.FormatInt(n, 10), number: n}
		return err
	}
	return fmt.Errorf("the attribute value %s is neither a string nor a number", clip(data))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (v value) MarshalJSON() ([]byte, error) {
	if v.numeric {
		return json.Marshal(map[string]string{"N": v.text})
	}
	return json.Marshal(map[string]string{"S": v.text})
}

// checkKey refuses what is no key: both attributes, strings, not empty.
func (i item) checkKey() error {
	for name, most := range map[string]int{"pk": maxPK, "sk": maxSK} {
		v, found := i[name]
		switch {
		case !found || v.numeric:
			return invalid("the key attribute %s is missing or no string", name)
		case v.text == "":
			return invalid("the key attribute %s is an empty string", name)
		case len(v.text) > most:
			return invalid("the key attribute %s is longer than %d bytes", name, most)
		}
	}
	return nil
}

// find returns where the item of a key is in its partition, or belongs.
func (t table) find(key item) (int, bool) {
	return slices.BinarySearchFunc(t[key.pk()], key.sk(), func(i item, sk string) int { return strings.Compare(i.sk(), sk) })
}

type getItemInput struct {
	TableName      string
	Key            item
	ConsistentRead bool
}

func (in getItemInput) table() string { return in.TableName }

func getItem(t table, in getItemInput) (any, error) {
	if !in.ConsistentRead {
		return nil, errors.New("only strongly consistent reads are known")
	}
	if err := in.Key.checkKey(); err != nil {
		return nil, err
	}
	if len(in.Key) != 2 {
		return nil, invalid("the key has %d attributes", len(in.Key))
	}
	if i, found := t.find(in.Key); found {
		return map[string]item{"Item": t[in.Key.pk()][i]}, nil
	}
	return map[string]item{}, nil
}

type putItemInput struct {
	TableName           string
	Item                item
	ConditionExpression string
	placeholders
}

func (in putItemInput) table() string { return in.TableName }

func putItem(t table, in putItemInput) (any, error) {
	condition, err := parse(in.ConditionExpression, in.placeholders)
	if err != nil {
		return nil, err
	}
	if err := in.Item.checkKey(); err != nil {
		return nil, err
	}
	if size := in.Item.size(); size > maxItem {
		return nil, invalid("the item has %d bytes, more than %d", size, maxItem)
	}
	pk := in.Item.pk()
	i, found := t.find(in.Item)
	stored := item{}
	if found {
		stored = t[pk][i]
	}
	if !condition.holds(stored) {
		return nil, &apiError{"ConditionalCheckFailedException", "the condition does not hold"}
	}
	if found {
		t[pk][i] = in.Item
	} else {
		t[pk] = slices.Insert(t[pk], i, in.Item)
	}
	return map[string]item{}, nil
}

type queryInput struct {
	TableName              string
	KeyConditionExpression string
	placeholders
	ConsistentRead    bool
	ExclusiveStartKey item
	ScanIndexForward  *bool // nil: true
	Limit             *int  // nil: none
}

func (in queryInput) table() string { return in.TableName }

type queryOutput struct {
	Items            []item
	Count            int
	ScannedCount     int
	LastEvaluatedKey item `json:",omitempty"`
}

func query(t table, in queryInput) (any, error) {
	if !in.ConsistentRead {
		return nil, errors.New("only strongly consistent reads are known")
	}
	condition, err := parse(in.KeyConditionExpression, in.placeholders)
	if err != nil {
		return nil, err
	}
	pk, from, to, err := keyRange(condition)
	if err != nil {
		return nil, err
	}
	if in.Limit != nil && *in.Limit < 1 {
		return nil, invalid("the limit is %d, less than 1", *in.Limit)
	}
	backwards := in.ScanIndexForward != nil && !*in.ScanIndexForward
	first, _ := t.find(item{"pk": {text: pk}, "sk": {text: from}})
	end, found := t.find(item{"pk": {text: pk}, "sk": {text: to}})
	if found {
		end++
	}
	if in.ExclusiveStartKey != nil {
		start := in.ExclusiveStartKey
		if err := start.checkKey(); err != nil || len(start) != 2 || start.pk() != pk || start.sk() < from || start.sk() > to {
			return nil, invalid("the exclusive start key is not within the query")
		}
		at, found := t.find(start)
		switch {
		case backwards:
			end = at
		case found:
			first = at + 1
		default:
			first = at
		}
	}
	items := slices.Clone(t[pk][first:end])
	if backwards {
		slices.Reverse(items)
	}
	out := queryOutput{Items: []item{}}
	size := 0
	for _, i := range items {
		out.Items = append(out.Items, i)
		// A full page may be the last one; the next is empty then.
		if size += i.size(); size >= maxPage || in.Limit != nil && len(out.Items) == *in.Limit {
			out.LastEvaluatedKey = i.key()
			break
		}
	}
	out.Count, out.ScannedCount = len(out.Items), len(out.Items)
	return out, nil
}

// keyRange reads a key condition: of DynamoDB's forms the one that names the
// partition and two bounds.
func keyRange(condition expression) (pk, from, to string, err error) {
	both, ok := condition.(and)
	if !ok || len(both) != 2 {
		return "", "", "", errors.New("a key condition other than pk = and sk BETWEEN is not known")
	}
	equal, isComparison := both[0].(comparison)
	bounds, isBetween := both[1].(between)
	if !isComparison || !isBetween || equal.name != "pk" || equal.operator != "=" || bounds.name != "sk" {
		return "", "", "", errors.New("a key condition other than pk = and sk BETWEEN is not known")
	}
	for _, bound := range []value{bounds.from, bounds.to} {
		if err := (item{"pk": equal.value, "sk": bound}).checkKey(); err != nil {
			return "", "", "", err
		}
	}
	if bounds.from.text > bounds.to.text {
		return "", "", "", invalid("the lower bound of BETWEEN is above the upper one")
	}
	return equal.value.text, bounds.from.text, bounds.to.text, nil
}
