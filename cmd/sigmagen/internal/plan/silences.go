package plan

import (
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// WarnSilenced warns of rules that correlations silence although nothing that
// counts them alerts at their level: the author sees fewer alerts than before the
// correlation, and milder ones. correlations are all that are planned.
//
// What matters is the alert that is left in the end. A correlation inside of
// another is silenced itself, so that its level is that of the one around it; and
// one that was given no level is no promise that could be broken.
func WarnSilenced(correlations []*Correlation, list *diag.List) {
	s := silences{by: map[string][]*Correlation{}, generated: map[string]bool{}}
	for _, c := range correlations {
		for _, key := range c.Rules {
			switch {
			case c.Annotates:
			case c.Generate:
				s.generated[key] = true
			default:
				s.by[key] = append(s.by[key], c)
			}
		}
	}
	for _, c := range correlations {
		if c.Annotates || c.Generate {
			continue
		}
		for _, r := range c.references {
			level := ruleLevel(r.rule)
			if !s.silenced(r.rule.Key) || r.rule.Correlation != nil && r.rule.Level.Value == "" {
				continue
			}
			left, last := s.left(r.rule.Key)
			if left >= slices.Index(levels, level) {
				continue
			}
			raise := "the level"
			if last != c {
				raise += " of " + place(last.Syntax)
			}
			list.Warnf(r.text.Span, "correlation/silences", "add `generate: true`, or raise "+raise,
				"%q has the level %s and makes no alert of its own any more: it only counts for one of the level %s", r.text.Value, level, levels[left])
		}
	}
}

// silences are the correlations that keep rules from alerting.
type silences struct {
	by        map[string][]*Correlation // by the key of the rule or correlation that is silenced
	generated map[string]bool           // which alert all the same, for another correlation wants them to
}

func (s silences) silenced(key string) bool { return len(s.by[key]) > 0 && !s.generated[key] }

// left returns the highest level, as an index of levels, at which matches of a
// silenced rule or correlation can still be alerted, and the correlation that
// does. No correlation refers to itself.
func (s silences) left(key string) (level int, last *Correlation) {
	level = -1
	for _, c := range s.by[key] {
		at, by := slices.Index(levels, c.Level), c
		if s.silenced(c.Key) {
			at, by = s.left(c.Key)
		}
		if at > level {
			level, last = at, by
		}
	}
	return level, last
}
