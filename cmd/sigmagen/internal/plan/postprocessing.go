package plan

import (
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// The groups of thresholds and correlations that are not fields of a record.
const (
	groupAccount = "account"
	groupActor   = "actor"
)

// BuildPostprocessing plans the thresholds and correlations of
// postprocessing_rules, sorted by key: they become what a correlation document
// does, but annotate. rules are all rules and correlations of that directory, also
// those that are refused. Entries with an error are left out.
func BuildPostprocessing(entries []sigma.Postprocessing, rules []*sigma.Rule, list *diag.List) []*Correlation {
	var built []*Correlation
	first := map[string]sigma.Text{} // by key: the rule that an entry was found by
	for _, entry := range entries {
		before := list.Count(diag.Error)
		c := buildPostprocessing(entry, rules, list)
		if c == nil || list.Count(diag.Error) > before {
			continue
		}
		// One correlation and the same with its rules the other way round are two
		// keys and one thing: either order completes both.
		identity := strings.Join(slices.Sorted(slices.Values(append([]string{c.Type}, c.Rules...))), "/")
		if other, taken := first[identity]; taken {
			what := "a correlation of the two rules"
			if entry.Threshold {
				what = "a threshold of the rule"
			}
			list.Errorf(entry.Rule.Span, "postprocessing/duplicate", "remove one", "there is %s already in line %d of %s", what, other.Span.Line, other.Span.Path)
			continue
		}
		first[identity] = entry.Rule
		built = append(built, c)
	}
	slices.SortFunc(built, func(a, b *Correlation) int { return strings.Compare(a.Key, b.Key) })
	return built
}

// buildPostprocessing returns nil when a rule of the entry is not known.
func buildPostprocessing(entry sigma.Postprocessing, rules []*sigma.Rule, list *diag.List) *Correlation {
	rule := findRule(entry.Rule, rules, "postprocessing", list)
	c := &Correlation{
		Description: entry.Description.Value, Level: entry.Severity.Value, Source: entry.Source, SourceHash: hash(entry.Text),
		Window: entry.Window, Annotates: true, Cooldown: entry.Cooldown,
	}
	related, groups := []*sigma.Rule{rule}, entry.GroupBy
	names := []sigma.Text{entry.Rule}
	if entry.Threshold {
		c.Type = "event_count"
		c.Condition = []sigma.Comparison{{Operator: "gte", Value: float64(entry.Count)}}
		if groups == nil {
			groups = []sigma.Text{{Value: groupAccount}, {Value: groupActor}}
		}
	} else {
		c.Type = "temporal"
		related, names = append(related, findRule(entry.LookFor, rules, "postprocessing", list)), append(names, entry.LookFor)
		if groups == nil {
			groups = []sigma.Text{{Value: groupAccount}}
		}
	}
	if slices.Contains(related, nil) {
		return nil
	}
	for i, r := range related {
		if r.Correlation != nil {
			list.Errorf(names[i].Span, "postprocessing/correlation", "name the rules that it refers to, or write a correlation document over it", "%q is a correlation, and not a rule", names[i].Value)
		}
		c.Rules = append(c.Rules, r.Key)
		c.references = append(c.references, reference{rule: r, text: names[i]})
	}
	c.Key = "correlation:" + strings.Join(c.Rules, ":")
	if entry.Threshold {
		c.Key = "threshold:" + rule.Key
	} else if related[0] == related[1] {
		list.Errorf(entry.LookFor.Span, "postprocessing/same-rule", "to count the matches of one rule write a threshold", "the correlation looks for the rule that it belongs to")
	}
	for i, name := range groups {
		if slices.ContainsFunc(groups[:i], func(other sigma.Text) bool { return other.Value == name.Value }) {
			list.Errorf(name.Span, "postprocessing/group-by", "remove one", "%q stands here twice", name.Value)
		}
		c.GroupBy = append(c.GroupBy, postprocessingGroup(name, len(c.Rules), list))
	}
	warnPostprocessing(entry, related, list)
	return c
}

// postprocessingGroup returns the group of that name: the account, the actor, or
// a field of the matches of each of the rules.
func postprocessingGroup(name sigma.Text, rules int, list *diag.List) Group {
	g := Group{Name: name.Value}
	switch name.Value {
	case groupAccount, groupActor:
		return g
	}
	checkField(name, "postprocessing/group-by", list)
	for range rules {
		g.Fields = append(g.Fields, name.Value)
	}
	return g
}

// warnPostprocessing warns of entries that do less than their author may think.
func warnPostprocessing(entry sigma.Postprocessing, related []*sigma.Rule, list *diag.List) {
	severity, span := entry.Severity.Value, entry.Severity.Span
	if span.Line == 0 {
		span = entry.Rule.Span
	}
	for _, rule := range related {
		level := ruleLevel(rule)
		hint := "write \"severity_adjustment\": \"" + level + "\" or above"
		if rule.IsDetection() && slices.Index(levels, severity) < slices.Index(levels, level) {
			list.Warnf(span, "postprocessing/severity", hint, "the entry lowers the severity of %q from %s to %s", rule.Title.Value, level, severity)
		}
	}
	if entry.Threshold && entry.Count == 1 {
		list.Warnf(entry.CountSpan, "postprocessing/first", "write 2 or more, or change the level of the rule", "the first match reaches the threshold")
	}
}

var levels = []string{"informational", "low", "medium", "high", "critical"}

// ruleLevel returns the level of a rule; without one it is taken as medium.
func ruleLevel(rule *sigma.Rule) string {
	if rule.Level.Value == "" {
		return "medium"
	}
	return rule.Level.Value
}
