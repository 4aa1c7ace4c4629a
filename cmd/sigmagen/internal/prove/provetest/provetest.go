// Package provetest makes rules and records at random, on which what package prove
// says can be tried.
package provetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// Plan plans a rule of a detection.
func Plan(t testing.TB, detection string) *plan.Rule {
	t.Helper()
	rule, problems := planned(detection)
	if rule == nil {
		t.Fatalf("%s\n%+v", detection, problems)
	}
	return rule
}

// Rule makes a rule that is not refused.
func Rule(t testing.TB, random *rand.Rand) *plan.Rule {
	t.Helper()
	for range 100 {
		if rule, _ := planned(Detection(random)); rule != nil {
			return rule
		}
	}
	t.Fatal("every rule is refused")
	return nil
}

// planned plans a rule, and is nil when it is refused.
func planned(detection string) (*plan.Rule, []diag.Diagnostic) {
	text := "title: A Rule\nlogsource: {product: aws}\nlevel: low\ndetection:\n  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ") + "\n"
	var list diag.List
	dir, err := sigma.Open(fstest.MapFS{"rule.yml": {Data: []byte(text)}}, "rules", "", &list)
	if err != nil {
		panic("provetest: open a directory in memory: " + err.Error())
	}
	documents, _ := sigma.Parse(dir.Files[0], &list)
	rules := plan.Build(documents, nil, &list)
	if len(rules) != 1 {
		return nil, list.Sorted()
	}
	return rules[0], nil
}

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

// Detection makes the detection of a rule, as YAML.
func Detection(random *rand.Rand) string {
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

// Record makes a record that such rules may match.
func Record(random *rand.Rand) []byte {
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
