package ruletest

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/trailalerts/trailalerts/runtime"
)

// A Request asks Main to test one rule or correlation.
type Request struct {
	Rule  string          `json:"rule"`  // its key
	Tests json.RawMessage `json:"tests"` // the text of its file of tests
}

// Main is the program that `sigmagen test` builds around a set: it reads
// Requests, one JSON value after the other, writes a Result for each, in order,
// and returns the exit code.
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

func check(set runtime.Ruleset, request Request) (Result, error) {
	i := slices.IndexFunc(set.Rules, func(r *runtime.Rule) bool { return r.Key == request.Rule })
	if i < 0 {
		return CheckCorrelation(set, request.Rule, request.Tests)
	}
	return Check(set.Rules[i], set.Match, request.Tests)
}
