package ruletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// RunCorrelation tests one correlation of a set, by its key, against the file of
// tests at path.
func RunCorrelation(t *testing.T, set runtime.Ruleset, key, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := CheckCorrelation(set, key, text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, failure := range result.Failures {
		t.Errorf("%s: %s", path, failure)
	}
}

// CheckCorrelation tests one correlation of a set, by its key, against the text of
// a file of tests: every item of should_match is a list of records on which the
// correlation fires when they arrive in this order, and of should_not_match one
// on which it does not. An error means that there is no such correlation, or that
// the text is no such file.
func CheckCorrelation(set runtime.Ruleset, key string, text []byte) (Result, error) {
	i := slices.IndexFunc(set.Correlations, func(c runtime.Correlation) bool { return c.Key == key })
	if i < 0 {
		return Result{}, fmt.Errorf("the set has no rule and no correlation %q", key)
	}
	tests, err := parse(text)
	if err != nil {
		return Result{}, err
	}
	// Without the others, those that count the hits of this one do not silence it.
	var related map[string]bool
	set.Correlations, related = withInner(set.Correlations, set.Correlations[i])
	var result Result
	for _, group := range tests.groups() {
		for i, item := range group.items {
			sequence, ok := sequenceOf(item)
			if !ok || len(sequence) == 0 {
				return Result{}, fmt.Errorf("read tests: %s[%d] is not a list of records", group.name, i)
			}
			result.Events += len(sequence)
			place := fmt.Sprintf("%s[%d]", group.name, i)
			findings, err := match(set, sequence)
			if err != nil {
				result.Failures = append(result.Failures, fmt.Sprintf("%s%v", place, err))
				continue
			}
			fires := slices.ContainsFunc(alert.Hits(set, findings), func(a alert.Alert) bool { return a.Rule.Key == key })
			if fires != group.want {
				verb := map[bool]string{true: "fires", false: "does not fire"}[fires]
				result.Failures = append(result.Failures, fmt.Sprintf("on %s the correlation %s %s\n%s", place, key, verb, explainSequence(sequence, findings, related)))
			}
		}
	}
	return result, nil
}

// sequenceOf returns the records of a test that is a list of them.
func sequenceOf(item json.RawMessage) (records []json.RawMessage, ok bool) {
	if !bytes.HasPrefix(bytes.TrimSpace(item), []byte("[")) {
		return nil, false
	}
	return records, json.Unmarshal(item, &records) == nil
}

// match returns what a set finds in records, in their order. The file of a finding
// is "", its record the index.
func match(set runtime.Ruleset, records []json.RawMessage) ([]alert.Finding, error) {
	var findings []alert.Finding
	for i, raw := range records {
		e := runtime.NewEvent(raw)
		rules := set.Match(nil, e)
		if e.Err() != nil {
			return nil, fmt.Errorf("[%d]: %w", i, e.Err())
		}
		slices.SortFunc(rules, func(a, b *runtime.Rule) int { return strings.Compare(a.Key, b.Key) })
		for _, rule := range rules {
			findings = append(findings, alert.NewFinding(rule, e, alert.Location{Record: i}))
		}
	}
	return findings, nil
}

// withInner returns a correlation with those that it refers to, also through
// others, and the keys of all rules and correlations that they relate.
func withInner(all []runtime.Correlation, c runtime.Correlation) ([]runtime.Correlation, map[string]bool) {
	kept, related := []runtime.Correlation{c}, map[string]bool{}
	for i := 0; i < len(kept); i++ {
		for _, key := range kept[i].Rules {
			if related[key] {
				continue
			}
			related[key] = true
			for _, inner := range all {
				if inner.Key == key {
					kept = append(kept, inner)
				}
			}
		}
	}
	return kept, related
}

// explainSequence says which of the related rules match each record, with the
// values that correlations read of it.
func explainSequence(sequence []json.RawMessage, findings []alert.Finding, related map[string]bool) string {
	const most = 5
	var b strings.Builder
	seen := map[string]int{} // by identity: the record of a finding
	for i, raw := range sequence {
		when := "without eventTime, and not counted,"
		if text := runtime.NewEvent(raw).Get("eventTime").Text(); text != "" {
			when = fmt.Sprintf("of %q", text)
		}
		matches := false
		for _, f := range findings {
			if f.Location.Record != i || !related[f.Rule.Key] {
				continue
			}
			matches = true
			fmt.Fprintf(&b, "  record %d %s matches %s\n", i, when, f.Rule.Key)
			if first, again := seen[f.ID()]; again {
				fmt.Fprintf(&b, "    it is the event of record %d, and counts once\n", first)
				continue
			}
			seen[f.ID()] = i
			for _, path := range slices.Sorted(maps.Keys(f.Captured)) {
				values, more := f.Captured[path], ""
				if len(values) > most {
					values, more = values[:most], ", ..."
				}
				fmt.Fprintf(&b, "    %s = %s%s\n", path, quoteAll(values), more)
			}
		}
		if !matches {
			fmt.Fprintf(&b, "  record %d %s matches none of its rules\n", i, when)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}
