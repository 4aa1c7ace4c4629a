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
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
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
	set.Correlations = withInner(set.Correlations, set.Correlations[i])
	read := readOf(set.Correlations)
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
			results := alert.Replay(set, findings)
			fires := slices.ContainsFunc(results, func(r alert.Result) bool {
				return slices.ContainsFunc(r.Alerts, func(a alert.Alert) bool { return a.Rule.Key == key })
			})
			if fires != group.want {
				verb := map[bool]string{true: "fires", false: "does not fire"}[fires]
				result.Failures = append(result.Failures, fmt.Sprintf("on %s the correlation %s %s\n%s", place, key, verb, explainSequence(sequence, findings, results, read)))
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
// others.
func withInner(all []runtime.Correlation, c runtime.Correlation) []runtime.Correlation {
	kept := []runtime.Correlation{c}
	related := map[string]bool{}
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
	return kept
}

// readOf returns the fields that correlations read of the matches of every rule
// that they relate, also through others, by the key of the rule. A rule of which
// they read nothing has an empty set.
func readOf(correlations []runtime.Correlation) map[string]map[string]bool {
	read := map[string]map[string]bool{}
	// What is read of a correlation's hit is read of the matches behind it. Each
	// round goes one correlation deeper; none refers to itself.
	for range correlations {
		for _, c := range correlations {
			for i, key := range c.Rules {
				if read[key] == nil {
					read[key] = map[string]bool{}
				}
				maps.Copy(read[key], read[c.Key])
				for _, group := range c.GroupBy {
					if len(group.Fields) > 0 {
						read[key][group.Fields[i]] = true
					}
				}
				for _, field := range c.Fields {
					read[key][field] = true
				}
			}
		}
	}
	return read
}

// explainSequence says which of the related rules match each record, with the
// values that the correlations read of it, and what they come to. results are
// those of the findings; read is what is read of each related rule.
func explainSequence(sequence []json.RawMessage, findings []alert.Finding, results []alert.Result, read map[string]map[string]bool) string {
	var b strings.Builder
	seen := map[string]int{} // by identity: the record of a finding
	for i, raw := range sequence {
		when := "without eventTime"
		if text := runtime.NewEvent(raw).Get("eventTime").Text(); text != "" {
			when = fmt.Sprintf("of %q", text)
		}
		matches := false
		for n, f := range findings {
			fields, related := read[f.Rule.Key]
			if f.Location.Record != i || !related {
				continue
			}
			matches = true
			fmt.Fprintf(&b, "  record %d %s matches %s\n", i, when, f.Rule.Key)
			if first, again := seen[f.ID()]; again {
				fmt.Fprintf(&b, "    it is the event of record %d, and counts once\n", first)
				continue
			}
			seen[f.ID()] = i
			explainFields(&b, f.Captured, fields)
			for _, why := range results[n].Why {
				if isAboutCorrelation(why) {
					fmt.Fprintf(&b, "    %s\n", plain.Line(why, 1000))
				}
			}
		}
		if !matches {
			fmt.Fprintf(&b, "  record %d %s matches none of its rules\n", i, when)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// isAboutCorrelation reports whether a line of Result.Why is about a correlation,
// rather than about the finding itself. There is none but the one under test and
// those inside of it, which say why it was not even counted for.
func isAboutCorrelation(why string) bool {
	return strings.HasPrefix(strings.TrimPrefix(why, "completes "), "correlation ")
}

// explainFields writes those of the captured values whose fields are read.
func explainFields(b *strings.Builder, captured map[string][]string, read map[string]bool) {
	const most = 5
	for _, path := range slices.Sorted(maps.Keys(captured)) {
		if !read[path] {
			continue
		}
		values, more := captured[path], ""
		if len(values) > most {
			values, more = values[:most], ", ..."
		}
		fmt.Fprintf(b, "    %s = %s%s\n", path, quoteAll(values), more)
	}
}
