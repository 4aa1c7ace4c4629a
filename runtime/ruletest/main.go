package ruletest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/trailalerts/trailalerts/runtime"
)

// A Request asks Main to test one rule or correlation; or, with a record in place of
// tests, what one rule says of it.
type Request struct {
	Rule   string          `json:"rule"`             // its key
	Tests  json.RawMessage `json:"tests,omitempty"`  // the text of its file of tests
	Record []byte          `json:"record,omitempty"` // the text of one record, which need not be JSON
}

// A Verdict is what a rule says of a record.
type Verdict struct {
	Match      bool            `json:"match"`
	Dispatched bool            `json:"dispatched"` // whether the dispatch of the set finds it
	Problem    string          `json:"problem"`    // why the record cannot be read; nothing matches it then
	Searches   map[string]bool `json:"searches"`   // which searches of the rule held
}

// Judge tries a rule on a record, by itself and through the dispatch of its set, on
// records that are not parsed yet, as they are when it detects.
func Judge(rule *runtime.Rule, match MatchFunc, record []byte) Verdict {
	e := runtime.NewEvent(record)
	v := Verdict{Match: rule.Match(e), Searches: map[string]bool{}}
	for _, search := range rule.Searches {
		v.Searches[search.Name] = search.Match(e)
	}
	v.Dispatched = slices.Contains(match(nil, runtime.NewEvent(record)), rule)
	if err := e.Err(); err != nil {
		return Verdict{Problem: err.Error()}
	}
	return v
}

// Main is the program that `sigmagen test` builds around a set: it reads
// Requests, one JSON value after the other, writes a Result or a Verdict for each, in
// order, and returns the exit code.
func Main(set runtime.Ruleset, stdin io.Reader, stdout, stderr io.Writer) int {
	if err := serve(set, json.NewDecoder(stdin), json.NewEncoder(stdout)); err != nil {
		fmt.Fprintln(stderr, err)
		return 3
	}
	return 0
}

func serve(set runtime.Ruleset, requests *json.Decoder, results *json.Encoder) error {
	for {
		var request Request
		if err := requests.Decode(&request); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		result, err := check(set, request)
		if err != nil {
			return fmt.Errorf("test rule %q: %w", request.Rule, err)
		}
		if err := results.Encode(result); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
}

// check returns a Result, or a Verdict.
func check(set runtime.Ruleset, request Request) (any, error) {
	i := slices.IndexFunc(set.Rules, func(r *runtime.Rule) bool { return r.Key == request.Rule })
	if request.Record != nil {
		if i < 0 {
			return nil, errors.New("there is no such rule")
		}
		return Judge(set.Rules[i], set.Match, request.Record), nil
	}
	if i < 0 {
		return CheckCorrelation(set, request.Rule, request.Tests)
	}
	return Check(set.Rules[i], set.Match, request.Tests)
}
