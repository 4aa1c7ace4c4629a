package ruletest_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/ruletest"
)

// named returns a rule that matches events of one name.
func named(key string) *runtime.Rule {
	return &runtime.Rule{
		Key: key, Level: runtime.Low, Capture: []string{"other", "user"}, // what other correlations read is captured, too
		Match: func(e *runtime.Event) bool { return e.Get("eventName").EqualFold(key) },
	}
}

// loginSet holds two rules, a correlation of three failures of one user, and two
// over it, which silence it.
func loginSet() runtime.Ruleset {
	rules := []*runtime.Rule{named("fail"), named("login")}
	group := func(n int) []runtime.Group {
		return []runtime.Group{{Name: "user", Fields: []string{"user", "user"}[:n]}}
	}
	return runtime.Ruleset{
		Rules: rules,
		Match: func(dst []*runtime.Rule, e *runtime.Event) []*runtime.Rule { return runtime.MatchAll(dst, rules, e) },
		Correlations: []runtime.Correlation{
			{Key: "break_in", Level: runtime.High, Type: runtime.TemporalOrdered, Rules: []string{"many", "login"}, GroupBy: group(2), Window: time.Hour},
			{Key: "many", Level: runtime.High, Type: runtime.EventCount, Rules: []string{"fail"}, GroupBy: group(1), Window: time.Hour, Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 3}}},
			{Key: "noted", Level: runtime.High, Type: runtime.EventCount, Rules: []string{"many"}, GroupBy: []runtime.Group{{Name: "other", Fields: []string{"other"}}}, Window: time.Hour, Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 2}}},
		},
	}
}

// sequence writes records "name user minute", apart by commas.
func sequence(text string) string {
	var records []string
	for i, record := range strings.Split(text, ", ") {
		words := strings.Fields(record)
		records = append(records, `{"eventID":"`+string(rune('a'+i))+`","eventName":"`+words[0]+`","user":"`+words[1]+`","other":"o","eventTime":"2026-03-01T10:`+words[2]+`:00Z"}`)
	}
	return "[" + strings.Join(records, ",") + "]"
}

const quiet = `[{"eventName":"other"}]`

func TestCheckCorrelation(t *testing.T) {
	tests := []struct {
		about, key                  string
		shouldMatch, shouldNotMatch string
		want                        ruletest.Result
	}{
		{"it fires where it should, though another one counts its hits", "many", sequence("fail u 00, fail u 01, fail u 02"), sequence("fail u 00, fail v 01, fail u 02"), ruletest.Result{Events: 6}},
		{"one over another fires through it", "break_in", sequence("fail u 00, fail u 01, fail u 02, login u 03"), sequence("fail u 00, fail u 01, login u 03"), ruletest.Result{Events: 7}},
		{"a sequence on which it does not fire is explained", "many", sequence("fail u 00, fail v 01, other u 02"), quiet, ruletest.Result{Events: 4, Failures: []string{
			`on should_match[0] the correlation many does not fire
  record 0 of "2026-03-01T10:00:00Z" matches fail
    user = "u"
    correlation many for user u: 1 event within 1h, needed: gte 3
  record 1 of "2026-03-01T10:01:00Z" matches fail
    user = "v"
    correlation many for user v: 1 event within 1h, needed: gte 3
  record 2 of "2026-03-01T10:02:00Z" matches none of its rules`}}},
		{"why an inner correlation does not fire is said, too", "break_in", sequence("fail u 00, fail u 01, login u 03"), quiet, ruletest.Result{Events: 4, Failures: []string{
			`on should_match[0] the correlation break_in does not fire
  record 0 of "2026-03-01T10:00:00Z" matches fail
    user = "u"
    correlation many for user u: 1 event within 1h, needed: gte 3
  record 1 of "2026-03-01T10:01:00Z" matches fail
    user = "u"
    correlation many for user u: 2 events within 1h, needed: gte 3
  record 2 of "2026-03-01T10:03:00Z" matches login
    user = "u"
    correlation break_in for user u: 1 of its rules in order within 1h, needed: all 2`}}},
		{"what the outer one reads of the matches behind the inner one is shown", "noted", sequence("fail u 00"), quiet, ruletest.Result{Events: 2, Failures: []string{
			`on should_match[0] the correlation noted does not fire
  record 0 of "2026-03-01T10:00:00Z" matches fail
    other = "o"
    user = "u"
    correlation many for user u: 1 event within 1h, needed: gte 3`}}},
		{"a group cannot write lines of its own", "many", sequence(`fail u\n\u202ev 00`), quiet, ruletest.Result{Events: 2, Failures: []string{
			`on should_match[0] the correlation many does not fire
  record 0 of "2026-03-01T10:00:00Z" matches fail
    user = "u\n\u202ev"
    correlation many for user u \u202ev: 1 event within 1h, needed: gte 3`}}},
		{"so is one on which it fires and should not", "many", sequence("fail u 00, fail u 01, fail u 02"), sequence("fail u 00, fail u 01, fail u 02"), ruletest.Result{Events: 6, Failures: []string{
			`on should_not_match[0] the correlation many fires
  record 0 of "2026-03-01T10:00:00Z" matches fail
    user = "u"
    correlation many for user u: 1 event within 1h, needed: gte 3
  record 1 of "2026-03-01T10:01:00Z" matches fail
    user = "u"
    correlation many for user u: 2 events within 1h, needed: gte 3
  record 2 of "2026-03-01T10:02:00Z" matches fail
    user = "u"
    completes correlation many for user u: 3 events within 1h, needed: gte 3`}}},
		{"what does not count is said", "many", `[{"eventID":"a","eventName":"fail","user":"u"},{"eventID":"b","eventName":"fail","eventTime":"2026-03-01T10:00:00Z"},{"eventID":"b","eventName":"fail","eventTime":"2026-03-01T10:00:00Z"}]`, quiet, ruletest.Result{Events: 4, Failures: []string{
			`on should_match[0] the correlation many does not fire
  record 0 without eventTime matches fail
    user = "u"
    correlation many: not counted, since the record does not say when it happened
  record 1 of "2026-03-01T10:00:00Z" matches fail
    correlation many for user not in the record: 1 event within 1h, needed: gte 3
  record 2 of "2026-03-01T10:00:00Z" matches fail
    it is the event of record 1, and counts once`}}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			text := `{"should_match": [` + test.shouldMatch + `], "should_not_match": [` + test.shouldNotMatch + `]}`
			got, err := ruletest.CheckCorrelation(loginSet(), test.key, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckCorrelationRefuses(t *testing.T) {
	good := `{"should_match": [` + quiet + `], "should_not_match": [` + quiet + `]}`
	for _, test := range []struct{ about, key, text, want string }{
		{"a key that is not in the set", "few", good, `no rule and no correlation "few"`},
		{"a record where a list belongs", "many", strings.Replace(good, quiet, `{"eventName":"fail"}`, 1), "should_match[0] is not a list of records"},
		{"an empty list of records", "many", strings.Replace(good, `"should_not_match": [`+quiet, `"should_not_match": [[]`, 1), "should_not_match[0] is not a list of records"},
		{"tests of one kind alone", "many", `{"should_match": [` + quiet + `]}`, "need an item each"},
	} {
		if _, err := ruletest.CheckCorrelation(loginSet(), test.key, []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.about, err, test.want)
		}
	}
}

// TestMainTestsBoth holds that requests may ask for rules and correlations.
func TestMainTestsBoth(t *testing.T) {
	var requests, results, stderr bytes.Buffer
	encoder := json.NewEncoder(&requests)
	for key, item := range map[string]string{"fail": `{"eventName":"fail"}`, "many": sequence("fail u 00, fail u 01, fail u 02")} {
		not := strings.ReplaceAll(item, "fail", "other")
		if err := encoder.Encode(ruletest.Request{Rule: key, Tests: json.RawMessage(`{"should_match":[` + item + `],"should_not_match":[` + not + `]}`)}); err != nil {
			t.Fatal(err)
		}
	}
	if code := ruletest.Main(loginSet(), &requests, &results, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.Bytes())
	}
	decoder := json.NewDecoder(&results)
	for range 2 {
		var result ruletest.Result
		if err := decoder.Decode(&result); err != nil || len(result.Failures) > 0 {
			t.Errorf("%+v, %v", result, err)
		}
	}
}
