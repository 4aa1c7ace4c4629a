package alert

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
)

// relations are the correlations of a ruleset, by what they relate.
type relations struct {
	of     map[string][]*relation // by the key of the rule or correlation that they count
	silent map[string][]string    // rules whose matches only count, and the correlations that count them
}

// A relation is a correlation as decisions read it.
type relation struct {
	runtime.Correlation
	texts   Rule
	counted bool // another correlation counts its hits
}

func newRelations(correlations []runtime.Correlation) relations {
	r := relations{of: map[string][]*relation{}, silent: map[string][]string{}}
	all := map[string]*relation{}
	generated := map[string]bool{}
	for _, c := range correlations {
		related := &relation{Correlation: c, texts: Rule{
			Key: c.Key, ID: c.ID, Name: c.Name, Title: c.Title, Description: c.Description, Author: c.Author, Level: c.Level,
			Tags: c.Tags, References: c.References, FalsePositives: c.FalsePositives, Source: c.Source, SourceHash: c.SourceHash,
		}}
		all[c.Key] = related
		for i, key := range c.Rules {
			if !slices.Contains(c.Rules[:i], key) {
				r.of[key] = append(r.of[key], related)
			}
			switch {
			case c.Annotates:
			case c.Generate:
				generated[key] = true
			default:
				r.silent[key] = append(r.silent[key], c.Key)
			}
		}
	}
	for key := range r.of {
		if c := all[key]; c != nil {
			c.counted = true
		}
	}
	// One correlation that wants its rules to alert is enough: no alert is lost
	// because another one counts the same rule.
	maps.DeleteFunc(r.silent, func(key string, _ []string) bool { return generated[key] })
	return r
}

// name is how texts for people call a relation.
func (c *relation) name() string {
	if c.Annotates {
		return c.Key
	}
	return "correlation " + c.Key
}

// group returns what separates the groups of the correlation, as it is on a
// finding, and a key of it. A value that the record does not have is "": the
// findings without it are a group of their own.
func (c *relation) group(f *Finding) ([]GroupValue, string) {
	position := slices.Index(c.Rules, f.Rule.Key)
	values := []GroupValue{}
	parts := [][]string{}
	for _, g := range c.GroupBy {
		var part []string
		switch {
		case len(g.Fields) > 0:
			part = f.Captured[g.Fields[position]]
		case g.Name == runtime.GroupAccount:
			part = []string{f.Event.AccountID}
		case g.Name == runtime.GroupActor:
			part = []string{f.Event.Actor}
		}
		values = append(values, GroupValue{Name: g.Name, Value: cut(strings.Join(part, ", "), shownBytes)})
		parts = append(parts, append([]string{}, part...)) // never null
	}
	text, err := json.Marshal(parts)
	if err != nil {
		panic(fmt.Sprintf("texts cannot be written as JSON: %v", err))
	}
	return values, digest(string(text))
}

// An observation is a match as the correlations that count it remember it.
type observation struct {
	Finding  string              `json:"finding"` // Finding.ID
	Event    string              `json:"event"`   // what makes it one event, whichever of the rules matched
	Time     time.Time           `json:"time"`
	Values   [][]string          `json:"values,omitempty"`   // one list for each of the correlation's Fields
	Captured map[string][]string `json:"captured,omitempty"` // when the hits of the correlation are counted
	Related  Related             `json:"related"`
}

func (c *relation) observe(f *Finding) observation {
	o := observation{
		Finding: f.ID(), Event: f.Event.identity(), Time: f.Time(),
		Related: Related{
			Rule: f.Rule.Key, Title: cut(f.Rule.Title, shownBytes), Time: f.Time(), EventID: cut(f.Event.ID, shownBytes), EventName: cut(f.Event.Name, shownBytes), AccountID: cut(f.Event.AccountID, shownBytes),
			Region: cut(f.Event.Region, shownBytes), Actor: cut(f.Event.Actor, 4*shownBytes), SourceIP: cut(f.Event.SourceIP, shownBytes), Location: f.Location,
		},
	}
	if f.Window != nil {
		o.Event = o.Finding
	}
	for _, path := range c.Fields {
		o.Values = append(o.Values, f.Captured[path])
	}
	if c.counted {
		o.Captured = f.Captured
	}
	return o
}

// A claim is a window that a correlation has fired for. No later window of the
// same group may overlap it.
type claim struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	By    string    `json:"by"` // the finding that completed it
}

// overlaps reports whether two windows have a point in common.
func (c claim) overlaps(start, end time.Time) bool {
	return !c.Start.After(end) && !start.After(c.End)
}

// fired is a window in which the condition of a correlation holds.
type fired struct {
	Start, End time.Time
	Count      float64
	Members    []observation // by time
}

// window returns the first window, by its end, that holds the observations at
// time at, in which the condition holds, and which overlaps no claim.
// observations are those of one group from at-Window to at+Window, by time.
//
// A window ends at an observation and reaches back by Window; it has all that
// lies between. When findings arrive in order of time it ends at the finding
// itself: the sliding window of the specification. A late finding is looked at
// in every window that it belongs to. Windows are a matter of eventTime alone;
// only which finding completes one depends on the order of arrival.
//
// The second result is the number that the last window arrived at, for people
// who ask why nothing fired; open says that there was one without a claim.
func (c *relation) window(observations []observation, at time.Time, claims []claim) (_ *fired, n float64, open bool) {
	for i, last := range observations {
		end := last.Time
		if end.Before(at) || end.After(at.Add(c.Window)) || i+1 < len(observations) && observations[i+1].Time.Equal(end) {
			continue
		}
		start := end.Add(-c.Window)
		first, _ := slices.BinarySearchFunc(observations, start, func(o observation, t time.Time) int { return o.Time.Compare(t) })
		members := observations[first : i+1]
		if slices.ContainsFunc(claims, func(other claim) bool { return other.overlaps(start, end) }) {
			continue
		}
		open = true
		count, defined := c.count(members)
		if defined {
			n = count
		}
		if !defined || !c.holds(count) {
			continue
		}
		return &fired{Start: start, End: end, Count: count, Members: members}, count, true
	}
	return nil, n, open
}

// How many observations of one rule are read on either side of a finding.
const (
	nearLimit  = 20   // of rules that must have matched
	valueLimit = 2000 // whose values are counted or added
)

// spans returns what is read of a group around a time.
func (c *relation) spans(at, from, to time.Time) []span {
	limit := nearLimit
	switch c.Type {
	case runtime.EventCount:
		limit = 2 // so many more than needed tell a number that is too large
		for _, comparison := range c.Condition {
			limit = max(limit, int(min(comparison.Value, 1e9))+2)
		}
	case runtime.ValueCount, runtime.ValueSum, runtime.ValueAvg:
		limit = valueLimit
	}
	var spans []span
	for i, rule := range c.Rules {
		if slices.Contains(c.Rules[:i], rule) {
			continue
		}
		spans = append(spans, span{rule: rule, from: from, to: at, latest: true, limit: limit})
		if to.After(at) {
			spans = append(spans, span{rule: rule, from: at, to: to, limit: limit})
		}
	}
	return spans
}

func (c *relation) holds(count float64) bool {
	if len(c.Condition) == 0 {
		return count == float64(len(c.Rules))
	}
	return !slices.ContainsFunc(c.Condition, func(comparison runtime.Comparison) bool { return !comparison.Holds(count) })
}

// count returns the number that the condition compares, and whether there is
// one: observations without a number have no sum and no average.
func (c *relation) count(members []observation) (n float64, defined bool) {
	switch c.Type {
	case runtime.EventCount:
		events := map[string]bool{}
		for _, o := range members {
			events[o.Event] = true
		}
		return float64(len(events)), true
	case runtime.ValueCount:
		values := map[string]bool{}
		for _, o := range members {
			for _, tuple := range tuples(o.Values) {
				values[tuple] = true
			}
		}
		return float64(len(values)), len(values) > 0
	case runtime.ValueSum, runtime.ValueAvg:
		sum, numbers := c.sum(members)
		if c.Type == runtime.ValueAvg && numbers > 0 {
			sum /= float64(numbers)
		}
		return sum, numbers > 0
	case runtime.Temporal:
		rules := map[string]bool{}
		for _, o := range members {
			rules[o.Related.Rule] = true
		}
		return float64(len(rules)), true
	case runtime.TemporalOrdered:
		return float64(c.longestOrder(members)), true
	default:
		panic(fmt.Sprintf("correlation %s has the unknown type %d", c.Key, c.Type))
	}
}

// sum adds the values that are numbers; an event counts once, also when several
// of the rules match it.
func (c *relation) sum(members []observation) (sum float64, numbers int) {
	seen := map[string]bool{}
	for _, o := range members {
		if seen[o.Event] || len(o.Values) == 0 {
			continue
		}
		seen[o.Event] = true
		for _, text := range o.Values[0] {
			if n, ok := number(text); ok {
				sum = max(-math.MaxFloat64, min(math.MaxFloat64, sum+n)) // infinity cannot be written down
				numbers++
			}
		}
	}
	return sum, numbers
}

// number reads a JSON number. What only Go or only people call a number is none.
func number(text string) (float64, bool) {
	var n json.Number
	if err := json.Unmarshal([]byte(text), &n); err != nil {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// tuples returns every combination of one value of each field; none when a field
// has no value.
func tuples(fields [][]string) []string {
	all := []string{""}
	for _, values := range fields {
		var longer []string
		for _, prefix := range all {
			for _, value := range values {
				if len(longer) == capturedMost {
					break
				}
				longer = append(longer, prefix+strconv.Quote(value))
			}
		}
		all = longer
	}
	return all
}

// longestOrder returns how many of the rules matched in the order in which the
// correlation lists them. Matches of one time, of which nobody knows the order,
// count as ordered: CloudTrail tells seconds, and scripts are faster.
func (c *relation) longestOrder(members []observation) int {
	position := func(o observation) int { return slices.Index(c.Rules, o.Related.Rule) }
	ordered := slices.SortedStableFunc(slices.Values(members), func(a, b observation) int {
		return cmp.Or(a.Time.Compare(b.Time), position(a)-position(b))
	})
	longest := make([]int, len(c.Rules)) // by the rule at which an order ends
	for _, o := range ordered {
		i := position(o)
		for before := range i {
			longest[i] = max(longest[i], longest[before]+1)
		}
		longest[i] = max(longest[i], 1)
	}
	return slices.Max(longest)
}

// relatedLimit bounds the matches that an alert lists for one correlation.
const relatedLimit = 100

// completed describes a window for people.
func (c *relation) completed(w *fired, group []GroupValue) Completed {
	members := listed(w.Members)
	done := Completed{
		Key: c.Key, Type: c.Type, Title: c.Title, Description: c.Description, Severity: c.Level, Group: group,
		Start: w.Start, End: w.End, Count: w.Count, Condition: c.Condition, Cooldown: c.Cooldown, Related: []Related{}, Omitted: len(w.Members) - len(members),
	}
	for _, o := range members {
		done.Related = append(done.Related, o.Related)
	}
	return done
}

// listed returns the matches that are listed of a window: the last ones, but at
// least one of every rule that took part.
func listed(members []observation) []observation {
	if len(members) <= relatedLimit {
		return members
	}
	rules, chosen := map[string]bool{}, map[int]bool{}
	for i, o := range slices.Backward(members) {
		if !rules[o.Related.Rule] && len(chosen) < relatedLimit {
			rules[o.Related.Rule], chosen[i] = true, true
		}
	}
	for i := len(members) - 1; len(chosen) < relatedLimit; i-- {
		chosen[i] = true
	}
	var list []observation
	for _, i := range slices.Sorted(maps.Keys(chosen)) {
		list = append(list, members[i])
	}
	return list
}

// hit returns the finding that a correlation document makes when the finding f
// completes a window. The event is that of f; the fields that outer correlations
// read are those of the last match in the window.
func (c *relation) hit(f *Finding, w *fired, group []GroupValue, key string) Finding {
	h := *f
	h.Rule = c.texts
	h.Searches = []Search{}
	h.Captured = w.Members[len(w.Members)-1].Captured
	h.Window = &Window{GroupKey: key, Group: group, Start: w.Start, End: w.End}
	return h
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// say describes the number that a correlation arrived at in a group.
func (c *relation) say(n float64, group []GroupValue) string {
	what := map[runtime.CorrelationType]string{
		runtime.EventCount: "events", runtime.ValueCount: "different values", runtime.ValueSum: "in all", runtime.ValueAvg: "on average",
		runtime.Temporal: "of its rules", runtime.TemporalOrdered: "of its rules in order",
	}[c.Type]
	if n == 1 && (c.Type == runtime.EventCount || c.Type == runtime.ValueCount) {
		what = strings.TrimSuffix(what, "s")
	}
	var needed []string
	for _, comparison := range c.Condition {
		needed = append(needed, fmt.Sprintf("%s %s", comparison.Operator, formatNumber(comparison.Value)))
	}
	if len(needed) == 0 {
		needed = []string{fmt.Sprintf("all %d", len(c.Rules))}
	}
	about := c.name()
	if len(group) > 0 {
		var of []string
		for _, g := range group {
			value := g.Value
			if value == "" {
				value = "not in the record"
			}
			of = append(of, g.Name+" "+value)
		}
		about += " for " + strings.Join(of, ", ")
	}
	return fmt.Sprintf("%s: %s %s within %s, needed: %s", about, formatNumber(n), what, WindowText(c.Window), strings.Join(needed, " and "))
}

func formatNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// WindowText writes the length of a window for people, without the zero parts
// that Duration.String has: "5m", "1h30m".
func WindowText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
