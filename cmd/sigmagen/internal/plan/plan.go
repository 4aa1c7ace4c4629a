// Package plan decides what a rule means. It turns the syntax of package sigma
// into a Plan: typed predicates, conditions with their patterns resolved, and
// the keys that dispatch can switch on. A Plan keeps what the author wrote
// beside what it means, so that generated code reads like the rule.
package plan

import (
	"net/netip"
	"time"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// A Plan is everything that one run compiles.
type Plan struct {
	Rules        []*Rule        // sorted by Key
	Correlations []*Correlation // sorted by Key
	Exceptions   []Exception    // sorted by Rule
}

// A Rule is a Sigma rule with its meaning.
type Rule struct {
	Syntax *sigma.Rule

	Level      string // never empty
	SourceHash string // SHA-256, hexadecimal

	Searches   []*Search // in the order of the file
	Conditions []Condition

	// Filters narrow the rule: their conditions must hold as well.
	Filters []*Filter

	// Keys says which records can match at all. Of a rule that cannot be told by
	// them, Guard says what these records mention.
	Keys  []Key
	Guard Guard

	// MatchesNothing is set when the condition holds on a record in which no
	// predicate does. Its matcher must then ask whether the record is one.
	MatchesNothing bool

	// Capture lists the fields that correlations read of a match, sorted.
	Capture []string
}

// A Filter is a filter document with its meaning. It may narrow several rules.
type Filter struct {
	Syntax     *sigma.Rule
	Searches   []*Search
	Conditions []Condition
}

// A Search is one search identifier: maps of which one must hold.
type Search struct {
	Name   string
	Maps   []Map
	Fields []string // in the order of the file, each once
}

// A Map is a list of items that must all hold.
type Map []Item

// An Item is a field with the values it is tested for. An item without a field
// looks through all values of the record (keywords).
type Item struct {
	Field string
	// Groups are what the values became: predicates of which one must hold.
	// One group must hold, or with All (modifier all) each.
	Groups [][]Predicate
	All    bool
	// Not negates the item as a whole (modifier neq).
	Not bool
}

// A Predicate tests a field for some values, of which one must hold.
type Predicate struct {
	Field  string
	Op     Op
	Cased  bool   // the case of letters counts; Equal to Like only
	Part   string // of a time: minute to year; Equal and comparisons only, of whole numbers
	Values []Value
}

// Op is what a predicate tests.
type Op uint8

// The tests. Those on text ignore case.
const (
	Equal          Op = iota + 1 // Text covers the field
	Prefix                       // the field begins with Text
	Suffix                       // the field ends with Text
	Contains                     // the field contains Text
	Like                         // the pattern Text covers the field
	Number                       // the field is the decimal number Text, or that very text
	Regexp                       // the expression Text is found in the field
	InPrefix                     // the field is an IP address in Prefix
	FieldEqual                   // the field equals the field of the name Text
	FieldPrefix                  // the field begins with that field
	FieldSuffix                  // the field ends with that field
	FieldContains                // the field contains that field
	Less                         // the field is a number less than Text
	LessOrEqual                  // the field is a number, at most Text
	Greater                      // the field is a number greater than Text
	GreaterOrEqual               // the field is a number, at least Text
	Exists                       // the field is there; no values
	Absent                       // the field is not there; no values
	IsNull                       // the field is not there or null; no values
)

func (o Op) isField() bool { return o >= FieldEqual && o <= FieldContains }

// A Value is one operand of a predicate.
type Value struct {
	Text   string       // what Op says
	Prefix netip.Prefix // InPrefix only
	Source string       // as the rule writes it
	Made   string       // the modifiers that made Text of Source, where it does not show
}

// A Condition is one condition of a rule; a rule with several holds when one
// does.
type Condition struct {
	Text string // as written
	Expr Expr
}

// Expr is a node of a condition: And, Or, Not, Ref or Quantifier.
type Expr interface{ expr() }

// And holds when all operands do.
type And struct{ Operands []Expr }

// Or holds when an operand does.
type Or struct{ Operands []Expr }

// Not holds when its operand does not.
type Not struct{ Operand Expr }

// Ref holds when the search does.
type Ref struct{ Search *Search }

// Quantifier holds when one of its members does, or with All, when all do.
type Quantifier struct {
	All     bool
	Pattern string // as written
	Members []*Search
}

func (And) expr()        {}
func (Or) expr()         {}
func (Not) expr()        {}
func (Ref) expr()        {}
func (Quantifier) expr() {}

// A Correlation relates the matches of rules in a window of time: a correlation
// document, or an entry of postprocessing_rules.
type Correlation struct {
	Syntax *sigma.Rule // nil for an entry of postprocessing_rules

	Key         string
	Description string
	Level       string // never empty
	Source      string
	SourceHash  string // SHA-256, hexadecimal

	Type      string   // as Sigma writes it
	Rules     []string // keys of rules and correlations
	GroupBy   []Group
	Window    time.Duration
	Condition []sigma.Comparison
	Fields    []string // what value_count counts, value_sum adds, value_avg averages
	Generate  bool
	Annotates bool           // it makes no alert of its own
	Cooldown  *time.Duration // nil: the configured one

	references []reference // one for each of Rules
}

// A reference is where a correlation names one of its rules.
type reference struct {
	rule *sigma.Rule
	text sigma.Text
}

// A Group is one part of what separates the groups of a correlation. Without
// Fields it is the account or the actor, as Name says.
type Group struct {
	Name   string
	Fields []string // the field to read, for each of the correlation's Rules
}

// An Exception is an entry of exceptions.json for one rule.
type Exception struct {
	Rule         string // Key
	Actors       []string
	SourceIPs    []netip.Prefix
	ActorRegexps []string
	Accounts     []string
	Expires      time.Time // in UTC; zero: it does not
	ExpiresSpan  diag.Span
	Reason       string
	Owner        string
}
