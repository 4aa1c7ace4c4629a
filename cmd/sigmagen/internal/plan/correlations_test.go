package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// documents parses a file each of rules of that name, which match the eventName
// of the same name, and of correlations, by name with their lines.
func documents(t *testing.T, rules string, correlations map[string]string) []*sigma.Rule {
	t.Helper()
	var all []*sigma.Rule
	add := func(name, text string) {
		var list diag.List
		found, ok := sigma.Parse(sigma.File{Key: name, Path: name + ".yml", Source: name + ".yml", Text: []byte("title: " + name + "\nname: " + name + "\nlevel: low\n" + text)}, &list)
		if !ok {
			t.Fatalf("%s: %v", text, messages(&list))
		}
		all = append(all, found...)
	}
	for name, lines := range correlations {
		text := "correlation:\n"
		for line := range strings.Lines(strings.TrimSpace(lines) + "\n") {
			text += "  " + strings.TrimSpace(line) + "\n"
		}
		add(name, text)
	}
	for name := range strings.FieldsSeq(rules) {
		add(name, "logsource: {product: aws}\ndetection: {selection: {eventName: "+name+"}, condition: selection}\n")
	}
	return all
}

// planned plans documents about which there is nothing to say.
func planned(t *testing.T, all []*sigma.Rule) *Plan {
	t.Helper()
	var list diag.List
	p := &Plan{Rules: Build(all, nil, &list), Correlations: BuildCorrelations(all, all, &list)}
	if found := list.Sorted(); len(found) > 0 {
		t.Fatalf("%v", messages(&list))
	}
	p.SetCapture()
	return p
}

func TestBuildCorrelations(t *testing.T) {
	t.Parallel()
	p := planned(t, documents(t, "fail login", map[string]string{
		"a_outer": `
			type: temporal_ordered
			rules: [many, login]
			group-by: [who, awsRegion]
			aliases: {who: {login: requestParameters.userName, many: userIdentity.userName}}
			timespan: 1h`,
		"many": `
			type: value_count
			rules: fail
			group-by: sourceIPAddress
			timespan: 10m
			condition: {field: userAgent, gt: 2}
			generate: true`,
	}))
	want := []*Correlation{
		{
			Key: "a_outer", Level: "low", Source: "a_outer.yml", Type: "temporal_ordered", Rules: []string{"many", "login"}, Window: time.Hour,
			GroupBy: []Group{
				{Name: "who", Fields: []string{"userIdentity.userName", "requestParameters.userName"}},
				{Name: "awsRegion", Fields: []string{"awsRegion", "awsRegion"}},
			},
		},
		{
			Key: "many", Level: "low", Source: "many.yml", Type: "value_count", Rules: []string{"fail"}, Window: 10 * time.Minute,
			GroupBy: []Group{{Name: "sourceIPAddress", Fields: []string{"sourceIPAddress"}}}, Condition: []sigma.Comparison{{Operator: "gt", Value: 2}},
			Fields: []string{"userAgent"}, Generate: true,
		},
	}
	ignored := cmp.Options{cmpopts.IgnoreUnexported(Correlation{}), cmpopts.IgnoreFields(Correlation{}, "Syntax", "SourceHash"), cmpopts.IgnoreFields(sigma.Comparison{}, "Span")}
	if diff := cmp.Diff(want, p.Correlations, ignored); diff != "" {
		t.Errorf("correlations (-want +got):\n%s", diff)
	}
}

func TestSetCapture(t *testing.T) {
	t.Parallel()
	count := func(rules, more string) string {
		return "type: event_count\nrules: " + rules + "\ntimespan: 10m\ncondition: {gte: 2}\n" + more
	}
	tests := []struct {
		about        string
		correlations map[string]string
		want         map[string][]string // by rule; rules that are not here capture nothing
	}{
		{"a rule that nothing relates captures nothing", map[string]string{}, nil},
		{"a field of group-by is read of every rule",
			map[string]string{"c": count("[a, b]", "group-by: [x.y]")}, map[string][]string{"a": {"x.y"}, "b": {"x.y"}}},
		{"an alias is read of each rule by its own field",
			map[string]string{"c": count("[a, b]", "group-by: [who]\naliases: {who: {a: x, b: y}}")}, map[string][]string{"a": {"x"}, "b": {"y"}}},
		{"what several correlations read comes together, sorted, each once",
			map[string]string{"c": count("a", "group-by: [z, x]"), "d": count("[a, b]", "group-by: [y, x]")}, map[string][]string{"a": {"x", "y", "z"}, "b": {"x", "y"}}},
		{"values are read, too",
			map[string]string{"c": "type: value_sum\nrules: a\ntimespan: 1h\ncondition: {field: n, gt: 5}"}, map[string][]string{"a": {"n"}}},
		{"what an outer correlation reads is read of the rules behind the inner one",
			map[string]string{"c": count("a", "group-by: x"), "d": count("[c, b]", "group-by: [who, z]\naliases: {who: {c: y, b: w}}"), "e": count("d", "group-by: v")},
			map[string][]string{"a": {"v", "x", "y", "z"}, "b": {"v", "w", "z"}}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			p := planned(t, documents(t, "a b", test.correlations))
			got := map[string][]string{}
			for _, rule := range p.Rules {
				if len(rule.Capture) > 0 {
					got[rule.Syntax.Key] = rule.Capture
				}
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("captured fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefuseOverRefused(t *testing.T) {
	t.Parallel()
	over := func(rules string) string {
		return "type: event_count\nrules: " + rules + "\ntimespan: 10m\ncondition: {gte: 2}"
	}
	all := documents(t, "good bad", map[string]string{"a": over("good"), "b": over("[good, bad]"), "c": over("b"), "d": over("[a, c]"), "e": over("a")})
	p := planned(t, all)
	list := &diag.List{}
	list.Errorf(diag.Span{Position: diag.Position{Path: "bad.yml", Line: 1, Column: 1}}, "x/y", "", "wrong")
	post := sigma.Postprocessing{Path: "p.json", Threshold: true, Rule: sigma.Text{Value: "bad"}, Severity: sigma.Text{Value: "medium"}, Count: 2}
	p.Correlations = append(p.Correlations, BuildPostprocessing([]sigma.Postprocessing{post}, all, list)...)
	var left []string
	for _, c := range RefuseOverRefused(p.Correlations, list) {
		left = append(left, c.Key)
	}
	if diff := cmp.Diff([]string{"a", "e"}, left); diff != "" {
		t.Errorf("correlations that are left (-want +got):\n%s", diff)
	}
	want := []string{
		`correlation/refused: the rule "b" is refused`, `correlation/refused: the rule "bad" is refused`, `correlation/refused: the rule "c" is refused`,
		`postprocessing/refused: the rule "bad" is refused`, "x/y: wrong",
	}
	got := messages(list)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
}

func TestNeeded(t *testing.T) {
	t.Parallel()
	over := func(rules string) string {
		return "type: event_count\nrules: " + rules + "\ntimespan: 10m\ncondition: {gte: 2}"
	}
	p := planned(t, documents(t, "a b c", map[string]string{"inner": over("a"), "outer": over("[inner, b]")}))
	for wanted, want := range map[string]string{"outer": "a b inner outer", "inner": "a inner", "a": "a", "c": "c"} {
		var got []string
		for key := range p.Needed(func(syntax *sigma.Rule) bool { return syntax.Key == wanted }) {
			got = append(got, key)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%s needs %q, want %q", wanted, got, want)
		}
	}
}
