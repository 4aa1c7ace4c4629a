package mutate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// maxWritten bounds what the mutants of one rule are together: values, items and
// operands of conditions. A rule of 1,000 values has 2,000 mutants of 1,000 values each.
const maxWritten = 4_000_000

// errTooLarge is the error for a rule whose mutants would be more than that.
var errTooLarge = fmt.Errorf("the rule is too large to be mutated: its mutants would hold more than %d values", maxWritten)

// IsTooLarge reports whether an error says that a rule is too large to be mutated.
func IsTooLarge(err error) bool { return errors.Is(err, errTooLarge) }

// A Panel is a rule with its mutants, ready to be asked about many records: what a value
// says of a record is found out once, not once for each mutant that has it.
type Panel struct {
	Mutants []Mutant

	rule   *plan.Rule
	whole  *node   // the rule
	values []int   // its values, by number
	nodes  []*node // the mutants
	parts  []pair  // where they differ from the rule
	lists  int     // of the rule, of which a value is enough

	tests    []test
	testOf   map[testKind]int // index into tests
	number   map[value]int
	alone    []plan.Predicate       // by number, with that value alone
	searches map[*plan.Search]*node // what was made of them already
	filters  map[*plan.Filter]*node
	work     int // what is left of maxWork
}

// test is what predicates share that differ in their values alone: one predicate with
// the values of all of them.
type test struct {
	plan.Predicate
	numbers []int // of the values
}

// testKind says which predicates have one test.
type testKind struct {
	field string
	op    plan.Op
	cased bool
	part  string
}

func testKindOf(p plan.Predicate) testKind { return testKind{p.Field, p.Op, p.Cased, p.Part} }

// value is a predicate with at most one value.
type value struct {
	testKind
	text   string
	prefix netip.Prefix
}

// node is a part of what a rule asks for. It holds when one of its values or parts
// does, or with all when each part does; with not, otherwise.
type node struct {
	values valueSet
	parts  []*node
	all    bool
	not    bool
}

// NewPanel makes the mutants of a rule.
func NewPanel(ctx context.Context, r *plan.Rule) (*Panel, error) {
	if written(r) > maxWritten {
		return nil, errTooLarge
	}
	p := &Panel{
		Mutants: Mutants(r), rule: r,
		testOf: map[testKind]int{}, number: map[value]int{}, searches: map[*plan.Search]*node{}, filters: map[*plan.Filter]*node{},
		work: maxWork,
	}
	p.whole = p.ruleNode(r)
	p.values, p.lists = p.whole.numbers(), p.whole.lists()
	for _, m := range p.Mutants {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("make mutants: %w", err)
		}
		n := p.ruleNode(m.Rule)
		p.nodes, p.parts = append(p.nodes, n), append(p.parts, difference(p.whole, n))
	}
	return p, nil
}

// written returns about how much the mutants of a rule hold: each has one changed search
// or condition of its own.
func written(r *plan.Rule) int {
	operands := 0
	for _, c := range r.Conditions {
		operands += operandsOf(c.Expr)
	}
	sum, mutants := 0, 3*operands
	for _, s := range r.Searches {
		values, items := 0, 0
		for _, m := range s.Maps {
			for _, item := range m {
				items++
				for _, group := range item.Groups {
					for _, p := range group {
						values += len(p.Values)
					}
				}
			}
		}
		n := 2*values + 10*items
		sum += n * (values + items)
		mutants += n
	}
	return sum + mutants*operands
}

// operandsOf counts the nodes of a condition, members of quantifiers among them.
func operandsOf(e plan.Expr) int {
	n := 1
	switch e := e.(type) {
	case plan.And:
		for _, o := range e.Operands {
			n += operandsOf(o)
		}
	case plan.Or:
		for _, o := range e.Operands {
			n += operandsOf(o)
		}
	case plan.Not:
		n += operandsOf(e.Operand)
	case plan.Quantifier:
		n += len(e.Members)
	}
	return n
}

func (p *Panel) ruleNode(r *plan.Rule) *node {
	n := &node{all: true, parts: []*node{p.conditionsNode(r.Conditions)}}
	for _, f := range r.Filters {
		if p.filters[f] == nil {
			p.filters[f] = p.conditionsNode(f.Conditions)
		}
		n.parts = append(n.parts, p.filters[f])
	}
	return n
}

func (p *Panel) conditionsNode(conditions []plan.Condition) *node {
	n := &node{}
	for _, c := range conditions {
		n.parts = append(n.parts, p.exprNode(c.Expr))
	}
	return n
}

func (p *Panel) exprNode(e plan.Expr) *node {
	n := &node{}
	switch e := e.(type) {
	case plan.And:
		n.all = true
		for _, o := range e.Operands {
			n.parts = append(n.parts, p.exprNode(o))
		}
	case plan.Or:
		for _, o := range e.Operands {
			n.parts = append(n.parts, p.exprNode(o))
		}
	case plan.Not:
		n.not = true
		n.parts = []*node{p.exprNode(e.Operand)}
	case plan.Ref:
		return p.searchNode(e.Search)
	case plan.Quantifier:
		n.all = e.All
		for _, member := range e.Members {
			n.parts = append(n.parts, p.searchNode(member))
		}
	default:
		panic(fmt.Sprintf("mutate: unknown node %T of a condition", e))
	}
	return n
}

func (p *Panel) searchNode(s *plan.Search) *node {
	if known := p.searches[s]; known != nil {
		return known
	}
	n := &node{}
	p.searches[s] = n
	for _, m := range s.Maps {
		alternative := &node{all: true}
		for _, item := range m {
			alternative.parts = append(alternative.parts, p.itemNode(item))
		}
		n.parts = append(n.parts, alternative)
	}
	return n
}

func (p *Panel) itemNode(item plan.Item) *node {
	n := &node{all: item.All, not: item.Not}
	var numbers []int
	for _, group := range item.Groups {
		if item.All {
			numbers = nil
		}
		for _, predicate := range group {
			numbers = append(numbers, p.numbers(predicate)...)
		}
		if item.All {
			n.parts = append(n.parts, &node{values: valueSetOf(numbers)})
		}
	}
	if !item.All {
		n.values = valueSetOf(numbers)
	}
	return n
}

// numbers returns the numbers of the values of a predicate, new ones for new values.
func (p *Panel) numbers(predicate plan.Predicate) []int {
	k := testKindOf(predicate)
	i, known := p.testOf[k]
	if !known {
		i = len(p.tests)
		p.testOf[k] = i
		p.tests = append(p.tests, test{Predicate: predicate})
		p.tests[i].Values = nil
	}
	t := &p.tests[i]
	alone := predicate
	if !takesValues(predicate.Op) {
		if len(t.numbers) == 0 {
			t.numbers = []int{p.next(value{testKind: k}, alone)}
		}
		return t.numbers
	}
	numbers := make([]int, 0, len(predicate.Values))
	for _, v := range predicate.Values {
		n, known := p.number[value{k, v.Text, v.Prefix}]
		if !known {
			alone.Values = []plan.Value{v}
			n = p.next(value{k, v.Text, v.Prefix}, alone)
			t.Values, t.numbers = append(t.Values, v), append(t.numbers, n)
		}
		numbers = append(numbers, n)
	}
	return numbers
}

// next numbers a value, of which alone is the predicate.
func (p *Panel) next(v value, alone plan.Predicate) int {
	n := len(p.number)
	p.number[v] = n
	p.alone = append(p.alone, alone)
	return n
}

// Judge returns whether the rule matches a record, and which of the mutants decide
// otherwise.
func (p *Panel) Judge(record *eval.Record) (match bool, otherwise []int) {
	held := make([]uint64, (len(p.number)+63)/64)
	for _, t := range p.tests {
		for i, holds := range record.Holding(t.Predicate) {
			if holds {
				held[t.numbers[i]/64] |= 1 << (t.numbers[i] % 64)
			}
		}
	}
	match = p.whole.holds(held)
	for i, part := range p.parts {
		// All else is the same: where the part decides alike, so does the whole.
		if part.rule.holds(held) != part.mutant.holds(held) && p.nodes[i].holds(held) != match {
			otherwise = append(otherwise, i)
		}
	}
	return match, otherwise
}

// pair is a node of the rule with what stands in its place in a mutant.
type pair struct{ rule, mutant *node }

// difference returns the smallest nodes that hold all in which two nodes differ.
func difference(a, b *node) pair {
	if a.all != b.all || a.not != b.not || len(a.parts) != len(b.parts) || !slices.Equal(a.values, b.values) {
		return pair{a, b}
	}
	found := pair{a, a}
	for i := range a.parts {
		if a.parts[i] == b.parts[i] {
			continue
		}
		inner := difference(a.parts[i], b.parts[i])
		if inner.rule == inner.mutant {
			continue
		}
		if found.rule != a {
			return pair{a, b}
		}
		found = inner
	}
	return found
}

// holds reports whether a node does, where held are the values that do.
func (n *node) holds(held []uint64) bool {
	if n.all {
		for _, part := range n.parts {
			if !part.holds(held) {
				return n.not
			}
		}
		return !n.not
	}
	if n.values.meets(held) {
		return !n.not
	}
	for _, part := range n.parts {
		if part.holds(held) {
			return !n.not
		}
	}
	return n.not
}

// lists counts those of which a value is enough.
func (n *node) lists() int {
	count := 0
	if n.values != nil {
		count++
	}
	for _, part := range n.parts {
		count += part.lists()
	}
	return count
}

// A valueSet is one of numbers of values, as words of 64 bits in their order. Those that have
// no bit are left out.
type valueSet []word

type word struct {
	index int
	bits  uint64
}

func valueSetOf(numbers []int) valueSet {
	words := map[int]uint64{}
	for _, n := range numbers {
		words[n/64] |= 1 << (n % 64)
	}
	var s valueSet
	for _, index := range slices.Sorted(maps.Keys(words)) {
		s = append(s, word{index, words[index]})
	}
	return s
}

func (s valueSet) meets(held []uint64) bool {
	for _, w := range s {
		if held[w.index]&w.bits != 0 {
			return true
		}
	}
	return false
}
