package alert_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

const correlatedDay = "2025-03-09T"

// match is a finding in short: a rule, a time, who acted, and captured values.
type match struct {
	rule, at       string // the time of day: 15:04:05
	actor, account string
	id             string // of the event; "" is one of its own
	captured       map[string][]string
}

func findingsOf(matches []match) []alert.Finding {
	findings := make([]alert.Finding, len(matches))
	for i, m := range matches {
		id := m.id
		if id == "" {
			id = fmt.Sprintf("event-%d", i)
		}
		findings[i] = alert.Finding{
			Schema: alert.Schema, Rule: alert.Rule{Key: m.rule, Title: "Title of " + m.rule, Level: runtime.Low},
			Event:    alert.Event{ID: id, Time: correlatedDay + m.at + "Z", Actor: m.actor, AccountID: m.account, Name: "Name"},
			Location: alert.Location{File: "a.json", Record: i}, Captured: m.captured,
		}
	}
	return findings
}

// fires writes alerts as "record rule severity", in order.
func fires(alerts []alert.Alert) string {
	var all []string
	for _, a := range alerts {
		all = append(all, fmt.Sprintf("%d %s %s", a.Location.Record, a.Rule.Key, alert.SeverityName(a.Severity)))
	}
	return strings.Join(all, ", ")
}

func comparison(operator runtime.Operator, value float64) []runtime.Comparison {
	return []runtime.Comparison{{Operator: operator, Value: value}}
}

func field(path string, rules int) runtime.Group {
	return runtime.Group{Name: path, Fields: slices.Repeat([]string{path}, rules)}
}

func document(change func(*runtime.Correlation)) runtime.Ruleset {
	c := runtime.Correlation{
		Key: "corr", Title: "Title of corr", Level: runtime.High, Type: runtime.EventCount, Rules: []string{"r"},
		Window: 5 * time.Minute, Condition: comparison(runtime.GreaterOrEqual, 3),
	}
	change(&c)
	return runtime.Ruleset{Correlations: []runtime.Correlation{c}}
}

func values(path string, texts ...string) map[string][]string {
	return map[string][]string{path: texts}
}

func TestCorrelations(t *testing.T) {
	count := document(func(*runtime.Correlation) {})
	temporal := func(kind runtime.CorrelationType, condition []runtime.Comparison, rules ...string) runtime.Ruleset {
		return document(func(c *runtime.Correlation) { c.Type, c.Rules, c.Condition = kind, rules, condition })
	}
	value := func(kind runtime.CorrelationType, operator runtime.Operator, n float64) runtime.Ruleset {
		return document(func(c *runtime.Correlation) {
			c.Type, c.Fields, c.Condition = kind, []string{"v"}, comparison(operator, n)
		})
	}
	tests := []struct {
		name    string
		set     runtime.Ruleset
		matches []match
		want    string
	}{
		{"a count fires at exactly the number, and its rule does not alert", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:01:00"}, {rule: "r", at: "10:02:00"}}, "2 corr high"},
		{"it does not fire again in the same window", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:01:00"}, {rule: "r", at: "10:02:00"}, {rule: "r", at: "10:03:00"}, {rule: "r", at: "10:06:00"}, {rule: "r", at: "10:07:00"}}, "2 corr high"},
		{"it fires again in a window that has nothing of the first", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:01:00"}, {rule: "r", at: "10:02:00"}, {rule: "r", at: "10:06:00"}, {rule: "r", at: "10:07:00"}, {rule: "r", at: "10:07:01"}}, "2 corr high, 5 corr high"},
		{"a distance of exactly the window lies within", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:01:00"}, {rule: "r", at: "10:05:00"}}, "2 corr high"},
		{"a second more does not", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:01:00"}, {rule: "r", at: "10:05:01"}}, ""},
		{"an event that comes twice counts once", count, []match{{rule: "r", at: "10:00:00", id: "e"}, {rule: "r", at: "10:00:00", id: "e"}, {rule: "r", at: "10:01:00"}}, ""},
		{"one event that two of the rules match counts once", document(func(c *runtime.Correlation) { c.Rules = []string{"r", "s"} }),
			[]match{{rule: "r", at: "10:00:00", id: "e"}, {rule: "s", at: "10:00:00", id: "e"}, {rule: "r", at: "10:01:00"}, {rule: "s", at: "10:02:00"}}, "3 corr high"},
		{"a late event completes the window that it belongs to", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:04:00"}, {rule: "r", at: "10:02:00"}}, "2 corr high"},
		{"an event without a time does not count", count, []match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "soon"}, {rule: "r", at: "10:02:00"}}, ""},
		{"a rule that nothing refers to alerts as ever", count, []match{{rule: "other", at: "10:00:00"}}, "0 other low"},
		{"generate keeps the alerts of the rule", document(func(c *runtime.Correlation) { c.Generate = true; c.Condition = comparison(runtime.GreaterOrEqual, 2) }),
			[]match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:01:00"}}, "0 r low, 1 r low, 1 corr high"},
		{"groups are counted apart, and a field that is absent is a value", document(func(c *runtime.Correlation) {
			c.GroupBy = []runtime.Group{field("g", 1)}
			c.Condition = comparison(runtime.GreaterOrEqual, 2)
		}),
			[]match{{rule: "r", at: "10:00:00", captured: values("g", "a")}, {rule: "r", at: "10:00:01", captured: values("g", "b")}, {rule: "r", at: "10:00:02"}, {rule: "r", at: "10:00:03", captured: values("g", "b")}, {rule: "r", at: "10:00:04"}},
			"3 corr high, 4 corr high"},
		{"an alias reads another field of each rule", document(func(c *runtime.Correlation) {
			c.Type, c.Rules, c.Condition = runtime.Temporal, []string{"a", "b"}, nil
			c.GroupBy = []runtime.Group{{Name: "who", Fields: []string{"x", "y"}}}
		}), []match{{rule: "a", at: "10:00:00", captured: values("x", "eve")}, {rule: "b", at: "10:00:01", captured: values("y", "bob")}, {rule: "b", at: "10:00:02", captured: values("y", "eve")}}, "2 corr high"},
		{"a range has an upper bound, which a burst may pass", document(func(c *runtime.Correlation) {
			c.Condition = []runtime.Comparison{{Operator: runtime.Greater, Value: 1}, {Operator: runtime.LessOrEqual, Value: 2}}
		}),
			[]match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:00:01"}, {rule: "r", at: "10:00:02"}}, "1 corr high"},

		{"values are counted once each, and events without one add nothing", value(runtime.ValueCount, runtime.GreaterOrEqual, 2),
			[]match{{rule: "r", at: "10:00:00", captured: values("v", "a")}, {rule: "r", at: "10:00:01", captured: values("v", "a")}, {rule: "r", at: "10:00:02"}, {rule: "r", at: "10:00:03", captured: values("v", "b")}}, "3 corr high"},
		{"each element of an array is a value", value(runtime.ValueCount, runtime.GreaterOrEqual, 2), []match{{rule: "r", at: "10:00:00", captured: values("v", "a", "b")}}, "0 corr high"},
		{"several fields count as tuples", document(func(c *runtime.Correlation) {
			c.Type, c.Fields, c.Condition = runtime.ValueCount, []string{"v", "w"}, comparison(runtime.GreaterOrEqual, 3)
		}), []match{
			{rule: "r", at: "10:00:00", captured: map[string][]string{"v": {"a"}, "w": {"b"}}}, {rule: "r", at: "10:00:01", captured: map[string][]string{"v": {"ab"}, "w": {""}}},
			{rule: "r", at: "10:00:02", captured: values("v", "a")}, {rule: "r", at: "10:00:03", captured: map[string][]string{"v": {"a"}, "w": {"c"}}},
		}, "3 corr high"},
		{"a sum leaves out what is no number", value(runtime.ValueSum, runtime.GreaterOrEqual, 1000),
			[]match{{rule: "r", at: "10:00:00", captured: values("v", "600")}, {rule: "r", at: "10:00:01", captured: values("v", "lots")}, {rule: "r", at: "10:00:02"}, {rule: "r", at: "10:00:03", captured: values("v", "NaN", "1e999", "0x7ff", "399.5")}, {rule: "r", at: "10:00:04", captured: values("v", "5e-1")}}, "4 corr high"},
		{"without a number there is no sum to be small", value(runtime.ValueSum, runtime.Less, 10), []match{{rule: "r", at: "10:00:00", captured: values("v", "lots")}, {rule: "r", at: "10:00:01", captured: values("v", "9")}}, "1 corr high"},
		{"an average is that of the whole window", value(runtime.ValueAvg, runtime.Greater, 100),
			[]match{{rule: "r", at: "10:00:00", captured: values("v", "50")}, {rule: "r", at: "10:00:01", captured: values("v", "60")}, {rule: "r", at: "10:00:02", captured: values("v", "150")}, {rule: "r", at: "10:00:03", captured: values("v", "241")}}, "3 corr high"},

		{"all rules in any order are temporal", temporal(runtime.Temporal, nil, "a", "b"), []match{{rule: "b", at: "10:00:00"}, {rule: "b", at: "10:00:01"}, {rule: "a", at: "10:05:01"}}, "2 corr high"},
		{"a condition counts different rules", temporal(runtime.Temporal, comparison(runtime.GreaterOrEqual, 2), "a", "b", "c"), []match{{rule: "a", at: "10:00:00"}, {rule: "a", at: "10:00:01"}, {rule: "c", at: "10:00:02"}}, "2 corr high"},
		{"one event may match both", temporal(runtime.Temporal, nil, "a", "b"), []match{{rule: "a", at: "10:00:00", id: "e"}, {rule: "b", at: "10:00:00", id: "e"}}, "1 corr high"},
		{"in order is in the order of the rules", temporal(runtime.TemporalOrdered, nil, "a", "b", "c"), []match{{rule: "a", at: "10:00:00"}, {rule: "c", at: "10:00:01"}, {rule: "b", at: "10:00:02"}, {rule: "c", at: "10:00:03"}}, "3 corr high"},
		{"another order is not", temporal(runtime.TemporalOrdered, nil, "a", "b"), []match{{rule: "b", at: "10:00:00"}, {rule: "a", at: "10:00:01"}}, ""},
		{"the order is that of the events, not that of arrival", temporal(runtime.TemporalOrdered, nil, "a", "b"), []match{{rule: "b", at: "10:00:01"}, {rule: "a", at: "10:00:00"}}, "1 corr high"},
		{"events of one second may be in order", temporal(runtime.TemporalOrdered, nil, "a", "b"), []match{{rule: "b", at: "10:00:00"}, {rule: "a", at: "10:00:00"}}, "1 corr high"},
		{"n of them in order", temporal(runtime.TemporalOrdered, comparison(runtime.GreaterOrEqual, 2), "a", "b", "c"), []match{{rule: "c", at: "10:00:00"}, {rule: "b", at: "10:00:01"}, {rule: "a", at: "10:00:02"}, {rule: "c", at: "10:00:03"}}, "3 corr high"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, fires(alert.Hits(test.set, findingsOf(test.matches)))); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
		})
	}
}

// annotating returns a threshold of n and a correlation of a with b, as
// postprocessing_rules have them.
func annotating(n float64) runtime.Ruleset {
	return runtime.Ruleset{Correlations: []runtime.Correlation{
		{
			Key: "correlation:a:b", Description: "a and b", Level: runtime.Critical, Type: runtime.Temporal, Rules: []string{"a", "b"}, Window: 15 * time.Minute, Annotates: true,
			GroupBy: []runtime.Group{{Name: runtime.GroupAccount}},
		},
		{
			Key: "threshold:r", Description: "too many", Level: runtime.High, Type: runtime.EventCount, Rules: []string{"r"}, Window: 5 * time.Minute, Annotates: true,
			Condition: comparison(runtime.GreaterOrEqual, n), GroupBy: []runtime.Group{{Name: runtime.GroupAccount}, {Name: runtime.GroupActor}},
		},
	}}
}

func TestThresholdsAnnotate(t *testing.T) {
	tests := []struct {
		name    string
		matches []match
		want    string
	}{
		{"the match that completes a threshold is alerted once, with its severity; the others as ever",
			[]match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:00:01"}, {rule: "r", at: "10:00:02"}, {rule: "r", at: "10:00:03"}}, "0 r low, 1 r low, 2 r high, 3 r low"},
		{"another actor counts apart", []match{{rule: "r", at: "10:00:00", actor: "x"}, {rule: "r", at: "10:00:01", actor: "x"}, {rule: "r", at: "10:00:02", actor: "y"}, {rule: "r", at: "10:00:03", actor: "x"}}, "0 r low, 1 r low, 2 r low, 3 r high"},
		{"another account counts apart", []match{{rule: "r", at: "10:00:00", account: "1"}, {rule: "r", at: "10:00:01", account: "1"}, {rule: "r", at: "10:00:02", account: "2"}}, "0 r low, 1 r low, 2 r low"},
		{"a correlation is completed by the later of its two", []match{{rule: "a", at: "10:00:00"}, {rule: "b", at: "10:14:00"}}, "0 a low, 1 b critical"},
		{"whichever that is", []match{{rule: "b", at: "10:00:00"}, {rule: "a", at: "10:14:00"}}, "0 b low, 1 a critical"},
		{"also when it is the earlier that arrives later", []match{{rule: "b", at: "10:14:00"}, {rule: "a", at: "10:00:00"}}, "0 b low, 1 a critical"},
		{"it may be another actor of the account", []match{{rule: "b", at: "10:00:00", actor: "x"}, {rule: "a", at: "10:14:00", actor: "y"}}, "0 b low, 1 a critical"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, fires(alert.Hits(annotating(3), findingsOf(test.matches)))); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
		})
	}
	alerts := alert.Hits(annotating(3), findingsOf(tests[0].matches))
	var related []int
	for _, r := range alerts[2].Related() {
		related = append(related, r.Location.Record)
	}
	if diff := cmp.Diff([]int{0, 1}, related); diff != "" {
		t.Errorf("related records (-want +got):\n%s", diff)
	}
	c := alerts[2].Completed[0]
	if c.Description != "too many" || c.Count != 3 || !c.Threshold() || !strings.Contains(strings.Join(alerts[2].Why, "\n"), "completes threshold:r for account not in the record, actor not in the record: 3 events within 5m, needed: gte 3") {
		t.Errorf("completed %+v, why %q", c, alerts[2].Why)
	}
}

// chain is: three of x, then y, by user.
var chain = runtime.Ruleset{Correlations: []runtime.Correlation{
	{Key: "many", Level: runtime.Medium, Type: runtime.EventCount, Rules: []string{"x"}, Window: time.Minute, Condition: comparison(runtime.GreaterOrEqual, 3), GroupBy: []runtime.Group{field("user", 1)}},
	{Key: "then", Level: runtime.High, Type: runtime.TemporalOrdered, Rules: []string{"many", "y"}, Window: 10 * time.Minute, GroupBy: []runtime.Group{field("user", 2)}},
}}

// One correlation that wants its rules to alert is enough, and one finding makes an
// alert once, on however many ways it is reached.
func TestSeveralCorrelations(t *testing.T) {
	counting := func(key string, generate bool, rules ...string) runtime.Correlation {
		return runtime.Correlation{Key: key, Level: runtime.High, Type: runtime.EventCount, Rules: rules, Window: time.Minute, Condition: comparison(runtime.GreaterOrEqual, 2), Generate: generate}
	}
	tests := []struct {
		name         string
		correlations []runtime.Correlation
		want         string
	}{
		{"one that generates and one that does not", []runtime.Correlation{counting("a", false, "r"), counting("b", true, "r")}, "0 r low, 1 r low, 1 a high, 1 b high"},
		{"one of the rule and of another of the rule", []runtime.Correlation{counting("inner", false, "r"), counting("outer", false, "r", "inner")}, "1 outer high"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			alerts := alert.Hits(runtime.Ruleset{Correlations: test.correlations}, findingsOf([]match{{rule: "r", at: "10:00:00"}, {rule: "r", at: "10:00:01"}}))
			if diff := cmp.Diff(test.want, fires(alerts)); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
		})
	}
}

// What an exception of a correlation covers does not count for it, whichever of
// its matches comes last.
func TestExceptionsOfCorrelations(t *testing.T) {
	set := document(func(*runtime.Correlation) {})
	config := alert.Config{Exceptions: []runtime.Exception{{Rule: "corr", Actors: []string{"arn:ci"}}}}
	matches := []match{{rule: "r", at: "10:00:00", actor: "arn:eve"}, {rule: "r", at: "10:00:01", actor: "arn:eve"}, {rule: "r", at: "10:00:02", actor: "arn:ci"}, {rule: "r", at: "10:00:03", actor: "arn:eve"}}
	permutations(findingsOf(matches), func(order []alert.Finding) {
		p := newPipeline(set, config)
		n := 0
		for _, f := range order {
			result, err := p.Process(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			n += len(result.Alerts)
		}
		if n != 1 {
			t.Errorf("%d alerts, want 1", n)
		}
	})
}

func TestCorrelationOfCorrelations(t *testing.T) {
	by := func(rule, at, user string) match { return match{rule: rule, at: at, captured: values("user", user)} }
	tests := []struct {
		name    string
		matches []match
		want    string
	}{
		{"the outer one fires, the inner one only counts", []match{by("x", "10:00:00", "u"), by("x", "10:00:01", "u"), by("x", "10:00:02", "u"), by("y", "10:01:00", "u")}, "3 then high"},
		{"the group of the outer one is read from the matches of the inner one", []match{by("x", "10:00:00", "u"), by("x", "10:00:01", "u"), by("x", "10:00:02", "u"), by("y", "10:01:00", "other")}, ""},
		{"the wrong order does not fire", []match{by("y", "09:59:00", "u"), by("x", "10:00:00", "u"), by("x", "10:00:01", "u"), by("x", "10:00:02", "u")}, ""},
		{"the right order does, when it arrives late", []match{by("y", "10:01:00", "u"), by("x", "10:00:00", "u"), by("x", "10:00:01", "u"), by("x", "10:00:02", "u")}, "3 then high"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, fires(alert.Hits(chain, findingsOf(test.matches)))); diff != "" {
				t.Errorf("alerts (-want +got):\n%s", diff)
			}
		})
	}
}

// Which finding completes a window depends on the order of arrival; how often
// each correlation fires for each group does not, where windows lie apart.
func TestOrderOfArrival(t *testing.T) {
	burst := func(rule string, times ...string) (matches []match) {
		for _, at := range times {
			matches = append(matches, match{rule: rule, at: at, captured: values("user", "u")})
		}
		return matches
	}
	tests := []struct {
		name    string
		set     runtime.Ruleset
		matches []match
		want    string // the keys of what fires, sorted
	}{
		{"one burst", annotating(3), burst("r", "10:00:00", "10:01:00", "10:02:00", "10:03:00", "10:05:00"), "threshold:r"},
		{"two bursts further apart than the window", annotating(3), slices.Concat(burst("r", "10:00:00", "10:02:00", "10:02:01"), burst("r", "10:07:02", "10:08:00", "10:08:01")), "threshold:r threshold:r"},
		{"too few", annotating(3), burst("r", "10:00:00", "10:02:00", "10:05:01", "10:07:30"), ""},
		{"a pair", annotating(3), slices.Concat(burst("a", "10:00:00"), burst("b", "10:10:00"), burst("a", "10:26:00")), "correlation:a:b"},
		{"a chain", chain, slices.Concat(burst("x", "10:00:00", "10:00:10", "10:00:20"), burst("y", "10:01:00", "10:02:00")), "then"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			orders := 0
			permutations(findingsOf(test.matches), func(order []alert.Finding) {
				orders++
				var fired []string
				for _, a := range alert.Hits(test.set, order) {
					for _, c := range a.Completed {
						fired = append(fired, c.Key)
					}
				}
				slices.Sort(fired)
				if got := strings.Join(fired, " "); got != test.want {
					var arrival []string
					for _, f := range order {
						arrival = append(arrival, f.Rule.Key+f.Event.Time)
					}
					t.Fatalf("%q fire, want %q, when they arrive as %q", got, test.want, arrival)
				}
			})
			t.Logf("%d orders", orders)
		})
	}
}

func permutations[T any](list []T, visit func([]T)) {
	var place func(n int)
	place = func(n int) {
		if n == len(list) {
			visit(list)
			return
		}
		for i := n; i < len(list); i++ {
			list[n], list[i] = list[i], list[n]
			place(n + 1)
			list[n], list[i] = list[i], list[n]
		}
	}
	place(0)
}

// What is listed of a window is bounded, what is counted is not.
func TestManyRelated(t *testing.T) {
	var matches []match
	for i := range 150 {
		matches = append(matches, match{rule: "r", at: fmt.Sprintf("10:01:%02d", i%60)})
	}
	set := document(func(c *runtime.Correlation) { c.Condition = comparison(runtime.GreaterOrEqual, 150) })
	alerts := alert.Hits(set, findingsOf(matches))
	if len(alerts) != 1 {
		t.Fatalf("%d alerts, want 1", len(alerts))
	}
	if c := alerts[0].Completed[0]; c.Count != 150 || len(c.Related) != 100 || c.Omitted != 50 {
		t.Errorf("count %v, %d related, %d omitted", c.Count, len(c.Related), c.Omitted)
	}
}

// Whoever floods one of the rules hides nothing.
func TestFloods(t *testing.T) {
	flood := func(rule string) (matches []match) {
		for i := range 300 {
			matches = append(matches, match{rule: rule, at: fmt.Sprintf("10:01:%02d", i%60)})
		}
		return matches
	}
	for _, kind := range []runtime.CorrelationType{runtime.Temporal, runtime.TemporalOrdered} {
		for _, rule := range []string{"a", "b", "c"} {
			set := document(func(c *runtime.Correlation) { c.Type, c.Rules, c.Condition = kind, []string{"a", "b", "c"}, nil })
			matches := slices.Concat([]match{{rule: "a", at: "10:00:00"}, {rule: "b", at: "10:00:01"}}, flood(rule), []match{{rule: "c", at: "10:02:00"}})
			alerts := alert.Hits(set, findingsOf(matches))
			if len(alerts) != 1 {
				t.Errorf("%s with a flood of %s: %d alerts, want 1", kind, rule, len(alerts))
			}
		}
	}
}

// A late match completes the window behind a claim also when many matches lie
// before the end of it.
func TestLateBehindAClaim(t *testing.T) {
	set := document(func(c *runtime.Correlation) {
		c.Type, c.Rules, c.Condition, c.Window = runtime.Temporal, []string{"a", "b"}, nil, 10*time.Minute
	})
	for _, flood := range []int{5, 300} {
		matches := []match{{rule: "a", at: "12:00:00"}, {rule: "b", at: "12:00:00"}}
		for i := range flood {
			matches = append(matches, match{rule: "b", at: fmt.Sprintf("12:02:%02d", i%60)})
		}
		matches = append(matches, match{rule: "b", at: "12:10:30"}, match{rule: "a", at: "12:01:00"})
		if alerts := alert.Hits(set, findingsOf(matches)); len(alerts) != 2 {
			t.Errorf("behind %d matches: %d alerts, want 2", flood, len(alerts))
		}
	}
}

// A finding costs the same however many came before it.
func BenchmarkCorrelate(b *testing.B) {
	for _, before := range []int{100, 10_000} {
		b.Run(fmt.Sprint(before), func(b *testing.B) {
			p := newPipeline(annotating(1000), alert.Config{})
			process := func(i int) {
				at := time.Date(2025, 3, 9, 10, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Millisecond)
				f := findingsOf([]match{{rule: "a", at: at.Format("15:04:05.000"), id: fmt.Sprint(i)}})[0]
				if _, err := p.Process(b.Context(), f); err != nil {
					b.Fatal(err)
				}
			}
			for i := range before {
				process(i)
			}
			b.ResetTimer()
			for i := range b.N {
				process(before + i)
			}
		})
	}
}

func TestWindowText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 10 * time.Second: "10s", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 24 * time.Hour: "24h", time.Hour + 30*time.Minute: "1h30m", time.Hour + time.Second: "1h0m1s",
	} {
		if got := alert.WindowText(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
