package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Match is one rule on one record, as `scan --matches --format jsonl` writes it.
type Match struct {
	Rule      string `json:"rule"`
	File      string `json:"file"`
	Record    int    `json:"record"` // counted from 0
	EventID   string `json:"event_id"`
	EventTime string `json:"event_time"`
	Source    string `json:"event_source"`
	Name      string `json:"event_name"`
	Account   string `json:"account_id"`
	Actor     string `json:"actor"`
}

// Logs is what recorded logs say of the rules that changed.
type Logs struct {
	Path    string `json:"path"`
	Records int    `json:"records"` // that were read: none, too, where no rule changed
	Unread  bool   `json:"unread"`  // some of them could not be read
}

// Matches is what the two versions of a rule match in recorded logs.
type Matches struct {
	Old    int     `json:"old"`
	New    int     `json:"new"`
	Gone   []Match `json:"gone,omitempty"`   // by the old one alone
	Gained []Match `json:"gained,omitempty"` // by the new one alone

	// Contradiction says that a record is matched by one version alone although it
	// was told that there is none.
	Contradiction bool `json:"contradiction,omitempty"`
}

// AddLogs notes what both sides match in recorded logs: by the keys of the old rules,
// and by those of the new ones.
func (r *Report) AddLogs(logs Logs, old, new []Match) {
	r.Logs = &logs
	if logs.Records == 0 {
		return // which says nothing of any rule
	}
	before, after := byRule(old), byRule(new)
	for i := range r.Rules {
		rule := &r.Rules[i]
		was, is := before[cmp.Or(rule.OldKey, rule.Key)], after[rule.Key]
		if rule.Change == Added {
			was = nil
		}
		m := &Matches{Old: len(was), New: len(is), Gone: without(was, is), Gained: without(is, was)}
		same := rule.Change == Equivalent
		m.Contradiction = (same || rule.Change == Wider) && m.Gone != nil || (same || rule.Change == Narrower) && m.Gained != nil || rule.Impossible != "" && m.New > 0
		rule.Matches = m
	}
}

// unknownOfLogs says what recorded logs do not tell, "" if they tell all.
func (r *Report) unknownOfLogs() string {
	var unknown []string
	if r.Logs == nil {
		return ""
	}
	if r.Logs.Unread {
		unknown = append(unknown, "some of the recorded logs could not be read; what is said of them is about the rest")
	}
	if r.Logs.Records == 0 && len(r.Rules) > 0 {
		unknown = append(unknown, fmt.Sprintf("no records were read in %s: nothing is known from recorded logs", r.Logs.Path))
	}
	return strings.Join(unknown, "\n")
}

// Contradicted returns the keys of the rules of which recorded logs say otherwise than
// what was proven.
func (r *Report) Contradicted() []string {
	var all []string
	for _, rule := range r.Rules {
		if rule.Matches != nil && rule.Matches.Contradiction {
			all = append(all, rule.Key)
		}
	}
	return all
}

// occurrence is what makes two matches the same one.
type occurrence struct {
	file   string
	record int
}

func byRule(all []Match) map[string]map[occurrence]Match {
	rules := map[string]map[occurrence]Match{}
	for _, m := range all {
		if rules[m.Rule] == nil {
			rules[m.Rule] = map[occurrence]Match{}
		}
		rules[m.Rule][occurrence{m.File, m.Record}] = m
	}
	return rules
}

// without returns what is in a and not in b, by file and record.
func without(a, b map[occurrence]Match) []Match {
	var left []Match
	for at, m := range a {
		if _, there := b[at]; !there {
			left = append(left, m)
		}
	}
	slices.SortFunc(left, func(a, b Match) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Record, b.Record))
	})
	return left
}
