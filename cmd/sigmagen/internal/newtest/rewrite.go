package newtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove"
)

// rewrite considers, for each mutant of which an expression was changed and that no
// candidate kills, the event that needs the least change in the text of that field:
// so that the expression of the rule matches and that of the mutant does not, or the
// other way round.
func (w *writer) rewrite() {
	for i, mutant := range w.panel.Mutants {
		before, after, ok := changedExpression(w.rule, mutant.Rule)
		if !ok || w.killed[i] {
			continue
		}
		if w.ctx.Err() != nil {
			return
		}
		if event := w.rewritten(mutant.Rule, before, after); event != nil {
			w.consider(event)
		}
	}
}

// rewriting is an event of which the text of a field may be changed.
type rewriting struct {
	base       *object
	value      any // of the field
	text       string
	isDocument bool
	languages  []*prove.Language // that the new text may be of
}

// question is one for the text of a language that is nearest to that of an event.
type question struct {
	language *prove.Language
	base     *object
}

// limits are what changes of a text may cost: cheap ones of any event come before others.
var limits = []int{8, 14, 20, 30, 45, 70}

// rewritten returns the event that rewrite considers for a mutant. It is nil when none
// is found. What is JSON stays that, where the change of any event allows it.
func (w *writer) rewritten(mutant *plan.Rule, before, after *plan.Predicate) *object {
	var all []rewriting
	known := map[string]*prove.Language{}
	for _, base := range w.bases {
		value, _ := base.at(before.Field)
		text, isText := textOf(value)
		if !isText || !w.turns(base, mutant, after) {
			continue
		}
		r := rewriting{base: base, value: value, text: text, isDocument: strings.ContainsAny(text, "{[") && json.Valid([]byte(text))}
		// What the rule asks of the field besides is answered as it was.
		hold, fail := w.others(before, text)
		for _, pair := range [][2]plan.Predicate{{*before, *after}, {*after, *before}} {
			holds, fails := append(slices.Clone(hold), pair[0]), append(slices.Clone(fail), pair[1])
			key := fmt.Sprint(holds, fails)
			if _, found := known[key]; !found {
				known[key], _ = prove.NewLanguage(holds, fails)
			}
			if known[key] != nil {
				r.languages = append(r.languages, known[key])
			}
		}
		all = append(all, r)
	}
	for _, asDocument := range []bool{true, false} {
		tooLarge := map[question]bool{}
		for _, most := range limits {
			var best *object
			for _, r := range all {
				for _, l := range r.languages {
					if !asDocument && !r.isDocument || tooLarge[question{l, r.base}] {
						continue
					}
					nearest, cost, verdict := l.Nearest(r.text, r.isDocument && asDocument, most)
					if verdict == prove.Unknown {
						tooLarge[question{l, r.base}] = true
					}
					if verdict != prove.Possible {
						continue
					}
					event := w.edited(r.base, edit{field: before.Field, value: likeValue(r.value, nearest)})
					if event != nil && w.tells(event, mutant) {
						best, most = event, cost-1
					}
				}
			}
			if best != nil {
				return best
			}
		}
	}
	return nil
}

// changedExpression returns the predicate of a rule that is another one in a mutant of
// it, where that is all that differs, and an expression.
func changedExpression(r, mutant *plan.Rule) (before, after *plan.Predicate, ok bool) {
	all, others := predicates(r), predicates(mutant)
	if len(all) != len(others) {
		return nil, nil, false
	}
	for i, p := range all {
		if p.Op == plan.Regexp && others[i].Op == plan.Regexp && !slices.Equal(p.Values, others[i].Values) {
			return p, others[i], true
		}
	}
	return nil, nil, false
}

// turns reports whether the rule matches an event or not as a predicate of it holds or
// not. changed is what the predicate is in a mutant, which is a copy of the rule.
func (w *writer) turns(event *object, mutant *plan.Rule, changed *plan.Predicate) bool {
	record, err := eval.Read(event.json())
	if err != nil {
		return false
	}
	values := changed.Values
	defer func() { changed.Values = values }()
	changed.Values = nil
	without := record.Match(mutant)
	changed.Values = []plan.Value{{Text: "(?s)^"}} // everything
	return record.Match(mutant) != without
}

// others returns what the rule asks of the field of a predicate besides: what holds for
// a text, and what fails.
func (w *writer) others(p *plan.Predicate, text string) (hold, fail []plan.Predicate) {
	for _, o := range predicates(w.rule) {
		switch {
		case o == p || o.Field != p.Field:
		case eval.Holds(*o, text):
			hold = append(hold, *o)
		default:
			fail = append(fail, *o)
		}
	}
	return hold, fail
}

// tells reports whether a mutant takes an event for something else than the rule does.
func (w *writer) tells(event *object, mutant *plan.Rule) bool {
	all := w.verdicts(event, []*plan.Rule{w.rule, mutant})
	return all != nil && all[0] != all[1]
}

// textOf returns the text of a value of a field, or of the first of a list.
func textOf(value any) (string, bool) {
	if list, isList := value.([]any); isList && len(list) > 0 {
		value = list[0]
	}
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// likeValue returns a text as a value of the kind that another one has.
func likeValue(other any, text string) any {
	if list, isList := other.([]any); isList && len(list) > 0 {
		other = list[0]
	}
	var number json.Number
	if _, isNumber := other.(json.Number); isNumber && json.Unmarshal([]byte(text), &number) == nil && number.String() == text {
		return number
	}
	return text
}
