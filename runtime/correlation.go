package runtime

import (
	"fmt"
	"time"
)

// CorrelationType is the type of a Sigma correlation.
type CorrelationType uint8

// The types of correlations (Sigma correlation rules specification 2.1.0,
// "Correlation Types").
const (
	EventCount CorrelationType = iota + 1
	ValueCount
	ValueSum
	ValueAvg
	Temporal
	TemporalOrdered
)

// String returns the type as Sigma writes it, such as "event_count".
func (t CorrelationType) String() string {
	switch t {
	case EventCount:
		return "event_count"
	case ValueCount:
		return "value_count"
	case ValueSum:
		return "value_sum"
	case ValueAvg:
		return "value_avg"
	case Temporal:
		return "temporal"
	case TemporalOrdered:
		return "temporal_ordered"
	default:
		return "unknown"
	}
}

// A Correlation relates the matches of rules in a window of time. It is compiled
// from a Sigma correlation document, or from a threshold or correlation of
// postprocessing_rules.
type Correlation struct {
	// Key names the correlation uniquely among the rules and correlations of
	// its Ruleset: as with a rule, the stem of its file. A postprocessing rule
	// has "threshold:RULE" or "correlation:RULE:RULE".
	Key string

	// ID to SourceHash are those of a Rule; a postprocessing rule has a
	// Description, a Level, a Source and a SourceHash only.
	ID             string
	Name           string
	Title          string
	Description    string
	Status         string
	Author         string
	Level          Level
	Tags           []string
	References     []string
	FalsePositives []string
	Source         string
	SourceHash     string

	Type CorrelationType

	// Rules holds the keys of the rules and correlations that it relates, in
	// the order of the document.
	Rules []string

	// GroupBy says what separates groups: matches belong together when all of
	// it is equal. Empty: all matches are one group.
	GroupBy []Group

	// Window is the longest time, by eventTime, from the first to the last
	// match; a distance of exactly Window lies within.
	Window time.Duration

	// Condition holds the comparisons that must all hold. Of a temporal
	// correlation it may be empty: each of Rules must match.
	Condition []Comparison

	// Fields holds the paths whose values ValueCount counts (several: tuples),
	// ValueSum adds or ValueAvg averages.
	Fields []string

	// Generate keeps the alerts of the rules that it relates; without it they
	// only count.
	Generate bool

	// Annotates says that it makes no alert of its own: the match that
	// completes it is alerted with its Level. So do postprocessing rules.
	Annotates bool

	// Cooldown is how long a completed threshold holds back the next; nil is
	// the configured time.
	Cooldown *time.Duration
}

// A Group is one part of what separates the groups of a correlation.
type Group struct {
	// Name is the name of the field, or of the alias, as it is written. Without
	// Fields it is GroupAccount or GroupActor.
	Name string

	// Fields holds the path to read, one for each of the correlation's Rules.
	Fields []string
}

// The groups that are not fields of a record: the account that a finding is
// about, and who acted, as findings tell them.
const (
	GroupAccount = "account"
	GroupActor   = "actor"
)

// A Comparison compares the number that a correlation arrives at.
type Comparison struct {
	Operator Operator
	Value    float64
}

// Operator is an operator of a correlation's condition.
type Operator string

// The operators of a condition.
const (
	Greater        Operator = "gt"
	GreaterOrEqual Operator = "gte"
	Less           Operator = "lt"
	LessOrEqual    Operator = "lte"
	Equal          Operator = "eq"
	NotEqual       Operator = "neq"
)

// Holds reports whether n satisfies the comparison.
func (c Comparison) Holds(n float64) bool {
	switch c.Operator {
	case Greater:
		return n > c.Value
	case GreaterOrEqual:
		return n >= c.Value
	case Less:
		return n < c.Value
	case LessOrEqual:
		return n <= c.Value
	case Equal:
		return n == c.Value
	case NotEqual:
		return n != c.Value
	default:
		return false
	}
}

// MarshalText writes the type as Sigma writes it.
func (t CorrelationType) MarshalText() ([]byte, error) {
	if t < EventCount || t > TemporalOrdered {
		return nil, fmt.Errorf("correlation type %d has no name", uint8(t))
	}
	return []byte(t.String()), nil
}

// UnmarshalText reads a type.
func (t *CorrelationType) UnmarshalText(text []byte) error {
	for known := EventCount; known <= TemporalOrdered; known++ {
		if known.String() == string(text) {
			*t = known
			return nil
		}
	}
	return fmt.Errorf("unknown correlation type %q", text)
}
