package dynamotest

import (
	"cmp"
	"errors"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
)

type scanInput struct {
	TableName        string
	FilterExpression string
	placeholders
	ExclusiveStartKey      item
	ReturnConsumedCapacity string
}

func (in scanInput) table() string { return in.TableName }

type scanOutput struct {
	Items            []item
	Count            int
	ScannedCount     int
	LastEvaluatedKey item `json:",omitempty"`
	ConsumedCapacity capacity
}

type capacity struct {
	TableName     string
	CapacityUnits float64
}

// scan goes through the whole table, a page of at most 1 MB at a time: what the
// filter leaves out counts, too. Partitions come in an order that has nothing to
// do with their names, as in DynamoDB.
func scan(t table, in scanInput) (any, error) {
	if in.ReturnConsumedCapacity != "TOTAL" {
		return nil, errors.New("a scan that does not ask what it costs is not known")
	}
	filter, err := parse(in.FilterExpression, in.placeholders)
	if err != nil {
		return nil, err
	}
	partitions := slices.SortedFunc(maps.Keys(t), byHash)
	begun := in.ExclusiveStartKey == nil
	if !begun {
		if err := in.ExclusiveStartKey.checkKey(); err != nil || len(in.ExclusiveStartKey) != 2 {
			return nil, invalid("the exclusive start key is no key")
		}
	}
	out := scanOutput{Items: []item{}, ConsumedCapacity: capacity{TableName: in.TableName}}
	size := 0
	for _, pk := range partitions {
		if !begun && byHash(pk, in.ExclusiveStartKey.pk()) < 0 {
			continue
		}
		for _, i := range t[pk] {
			if !begun && pk == in.ExclusiveStartKey.pk() && i.sk() <= in.ExclusiveStartKey.sk() {
				continue
			}
			if size >= maxPage {
				return out, nil // LastEvaluatedKey is the item before this
			}
			size += i.size()
			out.ScannedCount++
			out.LastEvaluatedKey = i.key()
			out.ConsumedCapacity.CapacityUnits = math.Ceil(float64(size)/4096) / 2 // eventually consistent
			if filter.holds(i) {
				out.Items = append(out.Items, i)
				out.Count++
			}
		}
	}
	out.LastEvaluatedKey = nil
	return out, nil
}

func byHash(a, b string) int {
	hash := func(s string) uint64 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(s)) // a hash takes everything
		return h.Sum64()
	}
	return cmp.Or(cmp.Compare(hash(a), hash(b)), strings.Compare(a, b))
}
