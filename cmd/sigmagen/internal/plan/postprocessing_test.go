package plan

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

func TestBuildPostprocessing(t *testing.T) {
	t.Parallel()
	rules := documents(t, "fail login", nil)
	gte := func(n float64) []sigma.Comparison { return []sigma.Comparison{{Operator: "gte", Value: n}} }
	account, actor := Group{Name: "account"}, Group{Name: "actor"}
	cooldown := 90 * time.Minute
	tests := []struct {
		about, text string
		want        Correlation
	}{
		{"a threshold is ten matches in five minutes of one actor in one account where it does not say", `{"type": "threshold", "sigmaRuleTitle": "fail"}`,
			Correlation{Key: "threshold:fail", Level: "medium", Type: "event_count", Rules: []string{"fail"}, GroupBy: []Group{account, actor}, Window: 5 * time.Minute, Condition: gte(10)}},
		{"a threshold is what it says", `{"type": "threshold", "sigmaRuleTitle": "fail", "thresholdCount": 3, "windowMinutes": 60, "severity_adjustment": "HIGH", "cooldownMinutes": 90, "description": "Text.", "groupBy": ["actor", "awsRegion"]}`,
			Correlation{Key: "threshold:fail", Level: "high", Description: "Text.", Type: "event_count", Rules: []string{"fail"}, GroupBy: []Group{actor, {Name: "awsRegion", Fields: []string{"awsRegion"}}},
				Window: time.Hour, Condition: gte(3), Cooldown: &cooldown}},
		{"an empty list of groups is one group", `{"type": "threshold", "sigmaRuleTitle": "fail", "groupBy": []}`,
			Correlation{Key: "threshold:fail", Level: "medium", Type: "event_count", Rules: []string{"fail"}, Window: 5 * time.Minute, Condition: gte(10)}},
		{"a correlation is two rules in one hour and one account where it does not say", `{"type": "correlation", "sigmaRuleTitle": "login", "lookFor": "fail"}`,
			Correlation{Key: "correlation:login:fail", Level: "high", Type: "temporal", Rules: []string{"login", "fail"}, GroupBy: []Group{account}, Window: time.Hour}},
		{"a field is read of both rules", `{"type": "correlation", "sigmaRuleTitle": "login", "lookFor": "fail", "severity_adjustment": "info", "groupBy": ["sourceIPAddress"]}`,
			Correlation{Key: "correlation:login:fail", Level: "informational", Type: "temporal", Rules: []string{"login", "fail"}, GroupBy: []Group{{Name: "sourceIPAddress", Fields: []string{"sourceIPAddress", "sourceIPAddress"}}}, Window: time.Hour}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			var list diag.List
			entries, refused := sigma.ParsePostprocessing("rules/p.json", "p.json", []byte(test.text), &list)
			got := BuildPostprocessing(entries, rules, &list)
			if list.HasErrors() || refused > 0 || len(got) != 1 {
				t.Fatalf("%d planned, %d refused: %v", len(got), refused, messages(&list))
			}
			test.want.Source, test.want.Annotates = "p.json", true
			ignored := cmp.Options{cmpopts.IgnoreUnexported(Correlation{}), cmpopts.IgnoreFields(Correlation{}, "SourceHash"), cmpopts.EquateEmpty()}
			if diff := cmp.Diff(&test.want, got[0], ignored); diff != "" {
				t.Errorf("correlation (-want +got):\n%s", diff)
			}
		})
	}
}
