// Package ruletest runs compiled rules against their *_tests.json: a JSON object
// {"should_match":[record...],"should_not_match":[record...]}; in those of a
// correlation, a list of records stands where a record does. Generated tests are
// one call into it.
package ruletest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime"
)

// MatchFunc is the type of Ruleset.Match.
type MatchFunc = func([]*runtime.Rule, *runtime.Event) []*runtime.Rule

// Run tests one rule, by itself and through the dispatch of its set, against
// the file of tests at path.
func Run(t *testing.T, rule *runtime.Rule, match MatchFunc, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	result, err := Check(rule, match, text)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, failure := range result.Failures {
		t.Errorf("%s: %s", path, failure)
	}
}

// A Result says how the tests of one rule went.
type Result struct {
	Events   int      `json:"events"`
	Failures []string `json:"failures"` // one text a failing event, of several lines
}

// Check tests one rule, by itself and through the dispatch of its set, against
// the text of a file of tests. An error means that the text is no such file.
func Check(rule *runtime.Rule, match MatchFunc, text []byte) (Result, error) {
	tests, err := parse(text)
	if err != nil {
		return Result{}, err
	}
	var result Result
	for _, group := range tests.groups() {
		for i, raw := range group.items {
			result.Events++
			e := runtime.NewEvent(raw)
			alone := rule.Match(e)
			dispatched := slices.Contains(match(nil, e), rule)
			place := fmt.Sprintf("%s[%d]", group.name, i)
			switch {
			case e.Err() != nil:
				result.Failures = append(result.Failures, fmt.Sprintf("%s: %v", place, e.Err()))
			case alone != group.want:
				verb := map[bool]string{true: "matches", false: "does not match"}[alone]
				result.Failures = append(result.Failures, fmt.Sprintf("%s %s the rule %s\n%s", place, verb, rule.Key, explain(rule, e)))
			case dispatched != alone:
				result.Failures = append(result.Failures, fmt.Sprintf("%s: the dispatch disagrees with the matcher of %s: please report this as a bug of sigmagen", place, rule.Key))
			}
		}
	}
	return result, nil
}

type testFile struct {
	ShouldMatch    []json.RawMessage `json:"should_match"`
	ShouldNotMatch []json.RawMessage `json:"should_not_match"`
}

// A group is the tests of which one thing is wanted.
type group struct {
	name  string
	items []json.RawMessage
	want  bool
}

func (f testFile) groups() []group {
	return []group{{"should_match", f.ShouldMatch, true}, {"should_not_match", f.ShouldNotMatch, false}}
}

func parse(text []byte) (testFile, error) {
	decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	decoder.DisallowUnknownFields()
	var tests testFile
	if err := decoder.Decode(&tests); err != nil {
		return testFile{}, fmt.Errorf("read tests: %w", err)
	}
	if len(tests.ShouldMatch) == 0 || len(tests.ShouldNotMatch) == 0 {
		return testFile{}, fmt.Errorf("read tests: should_match and should_not_match need an item each")
	}
	return tests, nil
}

// explain says which searches hold on a record, with the values that they read.
func explain(rule *runtime.Rule, e *runtime.Event) string {
	const most = 5
	var b strings.Builder
	fmt.Fprintf(&b, "  condition: %s\n", rule.Condition)
	for _, search := range rule.Searches {
		verdict := "does not hold"
		if search.Match(e) {
			verdict = "holds"
		}
		fmt.Fprintf(&b, "  %s %s\n", search.Name, verdict)
		for _, field := range search.Fields {
			values := e.Get(field).Texts(most + 1)
			switch {
			case len(values) == 0 && e.Get(field).Exists():
				fmt.Fprintf(&b, "    %s holds no value\n", field)
			case len(values) == 0:
				fmt.Fprintf(&b, "    %s is absent\n", field)
			default:
				more := ""
				if len(values) > most {
					values, more = values[:most], ", ..."
				}
				fmt.Fprintf(&b, "    %s = %s%s\n", field, quoteAll(values), more)
			}
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func quoteAll(values []string) string {
	var quoted []string
	for _, v := range values {
		if len(v) > 200 {
			v = v[:200] + "..."
		}
		quoted = append(quoted, fmt.Sprintf("%q", v))
	}
	return strings.Join(quoted, ", ")
}

// RunSet asserts that the dispatch of a set finds the same rules as a linear
// scan, on every record of the tests below rulesDir, and that it allocates
// nothing on a record that matches no rule.
func RunSet(t *testing.T, set runtime.Ruleset, rulesDir string) {
	t.Helper()
	all := records(t, rulesDir)
	if len(all) == 0 && len(set.Rules) > 0 {
		t.Errorf("no records found in *_tests.json below %s", rulesDir)
	}
	e := new(runtime.Event)
	for _, raw := range all {
		if difference := compare(set, raw); difference != "" {
			t.Error(difference)
		}
		if raceEnabled {
			continue
		}
		matches := 0
		allocations := testing.AllocsPerRun(5, func() {
			e.Reset(raw)
			matches = len(set.Match(nil, e))
		})
		if matches == 0 && allocations != 0 {
			t.Errorf("%v allocations on the record %s, which matches nothing", allocations, e.Get("eventID").Text())
		}
	}
}

// Benchmark measures the dispatch of a set on the records of the tests below
// rulesDir that match no rule.
func Benchmark(b *testing.B, set runtime.Ruleset, rulesDir string) {
	var quiet []json.RawMessage
	bytes := 0
	for _, raw := range records(b, rulesDir) {
		if len(set.Match(nil, runtime.NewEvent(raw))) == 0 {
			quiet = append(quiet, raw)
			bytes += len(raw)
		}
	}
	if len(quiet) == 0 {
		b.Skip("no record of the tests matches nothing")
	}
	e := new(runtime.Event)
	b.SetBytes(int64(bytes / len(quiet)))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		e.Reset(quiet[i%len(quiet)])
		set.Match(nil, e)
	}
}

// Fuzz asserts the same of any text, starting from the records of the tests.
func Fuzz(f *testing.F, set runtime.Ruleset, rulesDir string) {
	f.Helper()
	for _, raw := range records(f, rulesDir) {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if difference := compare(set, raw); difference != "" {
			t.Error(difference)
		}
	})
}

// compare says where the dispatch and a linear scan differ on a record, and ""
// where they agree.
func compare(set runtime.Ruleset, raw []byte) string {
	var dispatched []string
	e := runtime.NewEvent(raw)
	if matched := set.Match(nil, e); e.Valid() {
		dispatched = keys(matched)
	}
	linear := keys(runtime.MatchAll(nil, set.Rules, runtime.NewEvent(raw)))
	if slices.Equal(dispatched, linear) {
		return ""
	}
	return fmt.Sprintf("the dispatch finds %q, a linear scan %q, on the record %s", dispatched, linear, raw)
}

func keys(rules []*runtime.Rule) []string {
	var keys []string
	for _, rule := range rules {
		keys = append(keys, rule.Key)
	}
	slices.Sort(keys)
	return keys
}

// records returns the records of every *_tests.json below dir.
func records(t testing.TB, dir string) []json.RawMessage {
	t.Helper()
	var all []json.RawMessage
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_tests.json") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		tests, err := parse(text)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, item := range append(tests.ShouldMatch, tests.ShouldNotMatch...) {
			if sequence, ok := sequenceOf(item); ok {
				all = append(all, sequence...)
			} else {
				all = append(all, item)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
