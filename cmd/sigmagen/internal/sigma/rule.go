// Package sigma reads Sigma rule files: YAML text in, rules with the position
// of every part out. It checks the structure of a document, its metadata and
// the grammar of its condition; what a detection means is decided by package
// plan. It is the only package that knows YAML and sigma-go.
package sigma

import (
	"fmt"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// A Rule is one Sigma rule document; or a filter document: conditions that other
// rules have to satisfy as well; or a correlation document: what relates the
// matches of others.
type Rule struct {
	// Key is the stem of the rule's file; that of a further document has its
	// number behind it: stem#2.
	Key string

	// Document is the number of the document in its file, from 1; Line is where it
	// begins.
	Document int
	Line     int

	// Path is the file as diagnostics name it; Source is the same file
	// relative to its rules directory, with slashes; Text is its content.
	Path   string
	Source string
	Text   []byte

	Title          Text
	ID             Text
	Name           Text
	Status         Text
	Description    Text
	Author         Text
	Level          Text
	Tags           []Text
	References     []Text
	FalsePositives []Text

	Logsource Logsource

	// Waiver says which warnings the author knows better than; nil: none.
	Waiver *Waiver

	Searches   []Search
	Conditions []Condition

	// Filter says that this is a filter document; Targets are the ids and names
	// of the rules that it applies to.
	Filter  bool
	Targets []Text

	// Correlation is the body of a correlation document, and nil for others.
	Correlation *Correlation
}

// IsDetection reports whether records are matched against the document: it is
// neither a filter nor a correlation.
func (r *Rule) IsDetection() bool { return !r.Filter && r.Correlation == nil }

// Is reports whether a document is meant by a name in other documents: its id, in
// any case of letters, or its name.
func (r *Rule) Is(name string) bool {
	return name != "" && (r.Name.Value == name || strings.EqualFold(r.ID.Value, name))
}

// Logsource says which records a document is about. An empty value is any.
type Logsource struct{ Category, Product, Service string }

// Contains reports whether l is about all that other is about.
func (l Logsource) Contains(other Logsource) bool {
	return (l.Category == "" || l.Category == other.Category) &&
		(l.Product == "" || l.Product == other.Product) &&
		(l.Service == "" || l.Service == other.Service)
}

// Stem returns the name of the rule's file without its ending, and the number of
// a further document.
func (r *Rule) Stem() string { return numbered(stem(r.Source), r.Document) }

// numbered puts the number of a document behind a name, but for the first.
func numbered(name string, document int) string {
	if document < 2 {
		return name
	}
	return fmt.Sprintf("%s#%d", name, document)
}

// Text is a piece of a document with its place. Value is "" when the document
// does not have it.
type Text struct {
	Value string
	Span  diag.Span
}

// A Search is one search identifier of a detection: maps that are alternatives,
// each of items that must all hold.
type Search struct {
	Name Text
	Maps []Map
}

// Map is a list of items that must all hold.
type Map []Item

// An Item is one entry of a map: a field, its modifiers, its values. The texts of
// a list, keywords, are an item without a field.
type Item struct {
	Field     Text
	Modifiers []Text
	Values    []Scalar
	Key       diag.Span // the whole key, modifiers included
}

// Kind is the type of a scalar by the YAML 1.2 core schema.
type Kind uint8

// The kinds of scalars. A Number is decimal; numbers that YAML versions read
// differently (octal, hexadecimal, leading zeros) are String.
const (
	String Kind = iota
	Number
	Bool
	Null
)

// A Scalar is one value. Value is its text after YAML unquoting.
type Scalar struct {
	Kind  Kind
	Value string
	Span  diag.Span
}

// A Condition is one condition of a detection.
type Condition struct {
	Text string // as written
	Span diag.Span
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

// Ref is the name of a search identifier.
type Ref struct {
	Name string
	Span diag.Span
}

// Quantifier is `1 of Pattern`, or with All `all of Pattern`. Pattern is a name,
// a name with asterisks, or "them"; Members are the searches it stands for.
type Quantifier struct {
	All     bool
	Pattern string
	Members []string
	Span    diag.Span
}

func (And) expr()        {}
func (Or) expr()         {}
func (Not) expr()        {}
func (Ref) expr()        {}
func (Quantifier) expr() {}

// Walk calls f for e and for every node below it.
func Walk(e Expr, f func(Expr)) {
	f(e)
	switch e := e.(type) {
	case And:
		for _, operand := range e.Operands {
			Walk(operand, f)
		}
	case Or:
		for _, operand := range e.Operands {
			Walk(operand, f)
		}
	case Not:
		Walk(e.Operand, f)
	}
}
