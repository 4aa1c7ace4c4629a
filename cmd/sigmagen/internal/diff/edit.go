package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/explain"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// An Edit is an attribute that changed: from one text to another, either of which may
// be missing; or, of a list, what left it and what came into it. One without texts
// says all by its name.
type Edit struct {
	What string   `json:"what"`
	List bool     `json:"list,omitempty"`
	Old  []string `json:"old,omitempty"`
	New  []string `json:"new,omitempty"`

	alerts bool // it changes what is alerted on
}

type edits []Edit

// alerting marks edits as ones that change what is alerted on.
func (all edits) alerting() edits {
	for i := range all {
		all[i].alerts = true
	}
	return all
}

// scalar returns the edit of a text, if there is one.
func scalar(what, old, new string) edits {
	if old == new {
		return nil
	}
	e := Edit{What: what}
	if old != "" {
		e.Old = []string{old}
	}
	if new != "" {
		e.New = []string{new}
	}
	return edits{e}
}

// list returns the edit of a list, if there is one. The order of its elements means
// nothing.
func list(what string, old, new []string) edits {
	e := Edit{What: what, List: true}
	for _, v := range old {
		if !slices.Contains(new, v) {
			e.Old = append(e.Old, v)
		}
	}
	for _, v := range new {
		if !slices.Contains(old, v) {
			e.New = append(e.New, v)
		}
	}
	if e.Old == nil && e.New == nil {
		return nil
	}
	return edits{e}
}

// editMetadata compares what documents say about themselves, but for the level.
func editMetadata(old, new *sigma.Rule) edits {
	logsource := func(l sigma.Logsource) string {
		return strings.Trim(l.Product+"/"+l.Service+"/"+l.Category, "/")
	}
	return slices.Concat(
		moved(old, new),
		scalar("title", old.Title.Value, new.Title.Value),
		scalar("id", old.ID.Value, new.ID.Value),
		scalar("name", old.Name.Value, new.Name.Value),
		scalar("status", old.Status.Value, new.Status.Value),
		scalar("description", old.Description.Value, new.Description.Value),
		scalar("author", old.Author.Value, new.Author.Value),
		list("tags", values(old.Tags), values(new.Tags)),
		list("references", values(old.References), values(new.References)),
		list("false positives", values(old.FalsePositives), values(new.FalsePositives)),
		scalar("logsource", logsource(old.Logsource), logsource(new.Logsource)),
	)
}

// moved returns the edit of a file that lies elsewhere, under the same name.
func moved(old, new *sigma.Rule) edits {
	if old.Key != new.Key {
		return nil // it was renamed, which is told
	}
	return scalar("file", old.Source, new.Source)
}

func values(texts []sigma.Text) []string {
	var all []string
	for _, t := range texts {
		all = append(all, t.Value)
	}
	return all
}

// editFilters compares the filter documents that narrow a rule.
func editFilters(old, new []*plan.Filter) edits {
	keysOf := func(filters []*plan.Filter) []string {
		var all []string
		for _, f := range filters {
			all = append(all, f.Syntax.Key)
		}
		return all
	}
	all := list("filters", keysOf(old), keysOf(new))
	for _, f := range old {
		for _, g := range new {
			if f.Syntax.Key == g.Syntax.Key && inWords(f) != inWords(g) {
				all = append(all, Edit{What: "the filter " + f.Syntax.Key + " changed"})
			}
		}
	}
	return all
}

func inWords(f *plan.Filter) string {
	return explain.Tree(&plan.Rule{Syntax: f.Syntax, Searches: f.Searches, Conditions: f.Conditions}).Text()
}

// compareCorrelations compares correlation documents and entries of
// postprocessing_rules. renamed has the new keys of what was renamed.
func compareCorrelations(oldSide, newSide Side, renamed map[string]string) []Item {
	before, after := map[string]*plan.Correlation{}, map[string]*plan.Correlation{}
	for _, c := range oldSide.Plan.Correlations {
		before[newKey(c.Key, renamed)] = c
	}
	for _, c := range newSide.Plan.Correlations {
		after[c.Key] = c
	}
	items := []Item{}
	for _, key := range keys(before, after) {
		old, was := before[key]
		now, is := after[key]
		shown := now
		item := Item{Key: key, Change: Changed}
		switch {
		case !was:
			old, item.Change = &plan.Correlation{}, Added
		case !is:
			now, shown, item.Change = &plan.Correlation{}, old, Removed
		}
		item.Title, item.Level = shown.Description, shown.Level
		if shown.Syntax != nil {
			item.Title = shown.Syntax.Title.Value
		}
		if was && old.Key != key {
			item.OldKey = old.Key
		}
		item.Edits = editCorrelation(old, now, renamed)
		item.noteRefused(oldSide, newSide, shown.Source, shown.Source)
		// The hash of an entry of postprocessing_rules is that of its whole file.
		sameText := old.SourceHash == now.SourceHash || shown.Syntax == nil
		if item.Change != Changed || item.OldKey != "" || item.Edits != nil || !sameText {
			items = append(items, item)
		}
	}
	return items
}

// newKey returns the key that a rule, a correlation or an entry of postprocessing_rules
// has now.
func newKey(key string, renamed map[string]string) string {
	parts := strings.Split(key, ":")
	for i, part := range parts {
		parts[i] = cmp.Or(renamed[part], part)
	}
	return strings.Join(parts, ":")
}

func editCorrelation(old, new *plan.Correlation, renamed map[string]string) edits {
	var rules []string
	for _, key := range old.Rules {
		rules = append(rules, newKey(key, renamed))
	}
	all := slices.Concat(
		scalar("level", old.Level, new.Level),
		scalar("type", old.Type, new.Type),
		list("rules", rules, new.Rules),
		list("group by", groups(old), groups(new)),
		scalar("window", span(old.Window), span(new.Window)),
		scalar("condition", comparisons(old), comparisons(new)),
		list("fields", old.Fields, new.Fields),
		scalar("cooldown", cooldown(old), cooldown(new)),
		scalar("alerts of its rules", generates(old), generates(new)),
	).alerting()
	if old.Type == "temporal_ordered" && new.Type == old.Type && list("rules", rules, new.Rules) == nil {
		all = append(all, scalar("order of rules", strings.Join(rules, ", "), strings.Join(new.Rules, ", ")).alerting()...)
	}
	if old.Syntax != nil && new.Syntax != nil {
		return append(all, editMetadata(old.Syntax, new.Syntax)...)
	}
	if old.Syntax == nil && new.Syntax == nil && old.Type != "" && new.Type != "" {
		return append(all, scalar("description", old.Description, new.Description)...)
	}
	return all
}

func groups(c *plan.Correlation) []string {
	var all []string
	for _, g := range c.GroupBy {
		name := g.Name
		if distinct := slices.Compact(slices.Clone(g.Fields)); len(distinct) > 1 { // an alias
			name += " (" + strings.Join(g.Fields, ", ") + ")"
		}
		all = append(all, name)
	}
	return all
}

func comparisons(c *plan.Correlation) string {
	var all []string
	for _, one := range c.Condition {
		all = append(all, one.Operator+" "+strconv.FormatFloat(one.Value, 'g', -1, 64))
	}
	return strings.Join(all, " and ")
}

// span writes a duration without units that are zero.
func span(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if short, ok := strings.CutSuffix(text, zero); ok {
			text = short + zero[:1]
		}
	}
	if d == 0 {
		return ""
	}
	return text
}

func cooldown(c *plan.Correlation) string {
	if c.Cooldown == nil {
		return ""
	}
	return cmp.Or(span(*c.Cooldown), "none")
}

func generates(c *plan.Correlation) string {
	switch {
	case c.Type == "" || c.Annotates:
		return ""
	case c.Generate:
		return "kept"
	default:
		return "silenced"
	}
}

// compareExceptions compares the entries of exceptions.json.
func compareExceptions(oldSide, newSide Side, renamed map[string]string) []Item {
	before, after := map[string]plan.Exception{}, map[string]plan.Exception{}
	for _, e := range oldSide.Plan.Exceptions {
		before[newKey(e.Rule, renamed)] = e
	}
	for _, e := range newSide.Plan.Exceptions {
		after[e.Rule] = e
	}
	items := []Item{}
	for _, key := range keys(before, after) {
		old, was := before[key]
		now, is := after[key]
		item := Item{Key: key, Change: Changed}
		switch {
		case !was:
			item.Change = Added
		case !is:
			item.Change = Removed
		}
		item.Edits = append(slices.Concat(
			list("actors", old.Actors, now.Actors),
			list("source addresses", texts(old.SourceIPs), texts(now.SourceIPs)),
			list("expressions", old.ActorRegexps, now.ActorRegexps),
			list("accounts", old.Accounts, now.Accounts),
			scalar("expires", date(old.Expires), date(now.Expires)),
		).alerting(), slices.Concat(scalar("reason", old.Reason, now.Reason), scalar("owner", old.Owner, now.Owner))...)
		item.noteRefused(oldSide, newSide, "exceptions.json", "exceptions.json")
		if item.Change != Changed || item.Edits != nil {
			items = append(items, item)
		}
	}
	return items
}

func texts[T fmt.Stringer](list []T) []string {
	var all []string
	for _, v := range list {
		all = append(all, v.String())
	}
	return all
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// comparePlaceholders compares the values that placeholders stand for.
func comparePlaceholders(old, new map[string][]string) []Item {
	items := []Item{}
	for _, name := range keys(old, new) {
		_, was := old[name]
		_, is := new[name]
		item := Item{Key: name, Change: Changed, Edits: list("values", old[name], new[name])}
		switch {
		case !was:
			item.Change = Added
		case !is:
			item.Change = Removed
		case item.Edits == nil:
			continue
		}
		items = append(items, item)
	}
	return items
}
