package prove

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
)

// Values and fields are few, so that rules and records meet. eventName, errorCode and
// eventTime have one value in a record, requestParameters.* may be lists.
var (
	someTexts  = []string{"A", "a", "AB", "ab", "B", "BA", "5", "7", "5.0", "true", "10.0.0.1", "10.0.0.200", "2026-03-01T22:30:00Z", "2026-03-02T05:00:00Z"}
	someFields = []string{"eventName", "errorCode", "requestParameters.x", "requestParameters.x", "requestParameters.y"}
)

func someItem(random *rand.Rand) string {
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	field := pick(someFields...)
	list := func() string {
		var values []string
		for range 1 + random.IntN(3) {
			values = append(values, fmt.Sprintf("%q", pick(someTexts...)))
		}
		return "[" + strings.Join(values, ", ") + "]"
	}
	switch random.IntN(14) {
	case 0:
		return field + ": null"
	case 1:
		return field + "|exists: " + pick("true", "false")
	case 2:
		return field + "|contains: " + pick("A", "B", "b", "[A, B]", "5")
	case 3:
		return field + "|contains|all: [" + pick("A", "5") + ", " + pick("B", "b") + "]"
	case 4:
		return field + "|startswith: " + pick("A", "ab", "10.0", "2026")
	case 5:
		return field + "|endswith: " + pick("B", "ba", "0Z")
	case 6:
		return field + ": '" + pick("A*", "*B", "?B", "*A*", "A?", "**a") + "'"
	case 7:
		return field + "|cased: " + pick("A", "ab", "AB")
	case 8:
		return field + "|re: '" + pick("^A", "(?i)^ab$", "^[^a]$", "B|5", "^$") + "'"
	case 9:
		return field + "|" + pick("lt", "lte", "gt", "gte") + ": " + pick("5", "6", "7")
	case 10:
		return field + ": " + pick("5", "7", "true")
	case 11:
		return "sourceIPAddress|cidr: " + pick("10.0.0.0/24", "10.0.0.128/25", "192.168.0.0/16")
	case 12:
		return "eventTime|hour|" + pick("lt", "gte") + ": " + pick("6", "22")
	}
	return field + ": " + list()
}

func someDetection(random *rand.Rand) string {
	var b strings.Builder
	for _, name := range []string{"a", "b", "c"} {
		seen := map[string]bool{}
		var items []string
		for range 1 + random.IntN(2) {
			item := someItem(random)
			if key, _, _ := strings.Cut(item, ":"); !seen[key] {
				seen[key] = true
				items = append(items, item)
			}
		}
		fmt.Fprintf(&b, "%s:\n  %s\n", name, strings.Join(items, "\n  "))
	}
	conditions := []string{"a and b and c", "a and not b and c", "a and not (b or c)", "(a or b) and not c", "a and not b and not c", "a or b and not c", "1 of them and not c", "all of them"}
	return b.String() + "condition: " + conditions[random.IntN(len(conditions))]
}

func someRecord(random *rand.Rand) []byte {
	value := func() any {
		switch random.IntN(8) {
		case 0:
			return nil
		case 1:
			return json.Number("5")
		case 2:
			return json.Number("7")
		case 3:
			return true
		}
		return someTexts[random.IntN(len(someTexts))]
	}
	inner := map[string]any{}
	for _, key := range []string{"x", "y"} {
		switch random.IntN(4) {
		case 0:
		case 1:
			inner[key] = []any{value(), value()}
		case 2:
			inner[key] = value()
		case 3:
			inner[key] = map[string]any{"z": value()}
		}
	}
	record := map[string]any{"eventVersion": "1.11", "requestParameters": inner}
	for _, key := range []string{"eventName", "errorCode", "eventTime", "sourceIPAddress"} {
		if random.IntN(4) > 0 {
			record[key] = someTexts[random.IntN(len(someTexts))]
		}
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	return text
}

// No record contradicts a verdict, and most questions get one.
func TestVerdictsAreSound(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 1))
	records := make([][]byte, 120)
	for i := range records {
		records[i] = someRecord(random)
	}
	verdicts := map[Verdict]int{}
	relations := map[Relation]int{}
	for range 1500 {
		one, other := someDetection(random), someDetection(random)
		if random.IntN(2) == 0 { // two that have much in common
			other = strings.Replace(one, "\n  ", "\n  requestParameters.y: A\n  ", 1)
			if strings.Count(other, "requestParameters.y:") > 1 {
				other = one
			}
		}
		p, q := planned(t, one), planned(t, other)
		answer, comparison := Rule(p), Compare(p, q)
		verdicts[answer.Verdict]++
		relations[comparison.Relation]++
		if answer.Verdict == Impossible && (answer.Reason == "" || len(answer.Blame) == 0) {
			t.Fatalf("%s\nis impossible without a reason", one)
		}
		for _, record := range records {
			matchP, matchQ := eval.Match(p, record), eval.Match(q, record)
			wrong := answer.Verdict == Impossible && matchP
			switch comparison.Relation {
			case Equivalent:
				wrong = wrong || matchP != matchQ
			case Narrower:
				wrong = wrong || matchQ && !matchP
			case Wider:
				wrong = wrong || matchP && !matchQ
			}
			if wrong {
				t.Fatalf("%s\n\nagainst\n\n%s\n\n%d (%s), %s: the record %s matches %t and %t", one, other, answer.Verdict, answer.Reason, comparison.Relation, record, matchP, matchQ)
			}
		}
	}
	t.Log(verdicts, relations)
	if verdicts[Unknown] > 75 || verdicts[Impossible] < 100 || verdicts[Possible] < 500 {
		t.Errorf("verdicts: %v", verdicts)
	}
	for _, r := range []Relation{Equivalent, Narrower, Wider, Different} {
		if relations[r] < 20 {
			t.Errorf("relations: %v", relations)
		}
	}
	if relations[Undecided] > 150 {
		t.Errorf("relations: %v", relations)
	}
}
