package ruletest_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/ruletest"
)

// judged returns a rule of two searches.
func judged() *runtime.Rule {
	a := func(e *runtime.Event) bool { return e.Get("eventName").EqualFold("A") }
	b := func(e *runtime.Event) bool { return e.Get("x").EqualFold("B") }
	return &runtime.Rule{
		Key: "rule", Level: runtime.Low,
		Match:    func(e *runtime.Event) bool { return a(e) && !b(e) },
		Searches: []runtime.Search{{Name: "a", Match: a}, {Name: "b", Match: b}},
	}
}

func TestJudge(t *testing.T) {
	rule := judged()
	finds := func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
		return runtime.MatchAll(dst, []*runtime.Rule{rule}, e)
	}
	loses := func(dst []*runtime.Rule, _ *runtime.Event) []*runtime.Rule { return dst }
	for _, c := range []struct {
		sentence string
		match    ruletest.MatchFunc
		record   string
		want     ruletest.Verdict
	}{
		{"A record matches.", finds, `{"eventName":"a"}`, ruletest.Verdict{Match: true, Dispatched: true, Searches: map[string]bool{"a": true, "b": false}}},
		{"It does not, and a search that is to fail holds.", finds, `{"eventName":"A","x":"B"}`, ruletest.Verdict{Searches: map[string]bool{"a": true, "b": true}}},
		{"The dispatch does not find a match.", loses, `{"eventName":"A"}`, ruletest.Verdict{Match: true, Searches: map[string]bool{"a": true, "b": false}}},
		{"A record that is broken behind what matches is not one.", finds, `{"eventName":"A","x":}`, ruletest.Verdict{Problem: "the record is not valid JSON: unexpected value found: \"}\""}},
	} {
		got := ruletest.Judge(rule, c.match, []byte(c.record))
		if c.want.Problem != "" && strings.HasPrefix(got.Problem, "the record is not valid JSON") {
			got.Problem = c.want.Problem // the rest is of the parser
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.sentence, diff)
		}
	}
}

// TestMainJudges holds that a record in a request is answered with a verdict, in turn
// with results of tests.
func TestMainJudges(t *testing.T) {
	rules := []*runtime.Rule{judged()}
	set := runtime.Ruleset{Rules: rules, Match: func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule {
		return runtime.MatchAll(dst, rules, e)
	}}
	ask := func(requests ...ruletest.Request) (string, string, int) {
		var in, out, stderr bytes.Buffer
		for _, r := range requests {
			if err := json.NewEncoder(&in).Encode(r); err != nil {
				t.Fatal(err)
			}
		}
		code := ruletest.Main(set, &in, &out, &stderr)
		return out.String(), stderr.String(), code
	}
	tests := json.RawMessage(`{"should_match":[{"eventName":"A"}],"should_not_match":[{"eventName":"B"}]}`)
	out, _, code := ask(ruletest.Request{Rule: "rule", Record: []byte(`{"eventName":"A"}`)}, ruletest.Request{Rule: "rule", Tests: tests})
	want := `{"match":true,"dispatched":true,"problem":"","searches":{"a":true,"b":false}}` + "\n" + `{"events":2,"failures":null}` + "\n"
	if diff := cmp.Diff(want, out); diff != "" || code != 0 {
		t.Errorf("exit code %d (-want +got):\n%s", code, diff)
	}
	if _, stderr, code := ask(ruletest.Request{Rule: "other", Record: []byte(`{}`)}); code != 3 || !strings.Contains(stderr, `test rule "other": there is no such rule`) {
		t.Errorf("of a rule that is not there: exit code %d, %s", code, stderr)
	}
}
