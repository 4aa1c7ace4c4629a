package prove

import (
	"encoding/binary"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// Nearest returns the text that is made of another by the fewest characters that are
// added, removed or replaced, and on which all of hold and none of fail hold. What is
// no test on text is not looked at. ok is false where none is found.
func Nearest(text string, hold, fail []plan.Predicate) (nearest string, ok bool) {
	l, ok := newLanguage(hold, fail)
	if !ok {
		return "", false
	}
	nearest, verdict := l.nearest([]rune(text))
	return nearest, verdict == Possible
}

// expressionOf returns a regular expression for the texts on which a predicate holds.
// ok is false for one that is no test on text.
func expressionOf(p plan.Predicate) (expression string, ok bool) {
	if p.Op != plan.Regexp && !isText(p) {
		return "", false
	}
	var all []string
	for _, v := range p.Values {
		single := p
		single.Values = []plan.Value{v}
		all = append(all, "(?:"+expressionOfOne(single)+")")
	}
	return strings.Join(all, "|"), len(all) > 0
}

func expressionOfOne(p plan.Predicate) string {
	if p.Op == plan.Regexp {
		return p.Values[0].Text
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	if !p.Cased {
		b.Reset()
		b.WriteString(`(?is)\A`)
	}
	for _, t := range tokensOf(p) {
		switch t.wildcard {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(t.char)))
		}
	}
	b.WriteString(`\z`)
	return b.String()
}

// language is the texts on which some predicates hold and others do not. It reads a
// text with the automata of all of them at once.
type language struct {
	*alphabet
	hold, fail []*automaton
	states     [][]int // those of the automata, first of hold, then of fail
	known      map[string]int
	followers  [][]int // by state and class; notKnown, or noState
}

const (
	notKnown = -1
	noState  = -2 // nothing that follows is in the language
)

// newLanguage makes the language of predicates. ok is false when none is a test on
// text, and when they are too large.
func newLanguage(hold, fail []plan.Predicate) (l *language, ok bool) {
	l = &language{known: map[string]int{}}
	for _, list := range []struct {
		predicates []plan.Predicate
		automata   *[]*automaton
	}{{hold, &l.hold}, {fail, &l.fail}} {
		for _, p := range list.predicates {
			expression, ok := expressionOf(p)
			if !ok {
				continue
			}
			a := automatonOf(expression)
			if a == nil {
				return nil, false
			}
			*list.automata = append(*list.automata, a)
		}
	}
	all := slices.Concat(l.hold, l.fail)
	if len(all) == 0 {
		return nil, false
	}
	if l.alphabet, ok = newAlphabet(all); !ok {
		return nil, false
	}
	l.state(make([]int, len(all)))
	return l, true
}

// state returns the number of a state, or noState.
func (l *language) state(states []int) int {
	var key []byte
	for i, s := range states {
		if i < len(l.hold) && l.hold[i].lost(s) || i >= len(l.hold) && l.fail[i-len(l.hold)].states[s].matched {
			return noState
		}
		key = binary.AppendUvarint(key, uint64(s))
	}
	n, known := l.known[string(key)]
	if !known {
		n = len(l.states)
		l.known[string(key)] = n
		l.states = append(l.states, states)
		l.followers = append(l.followers, slices.Repeat([]int{notKnown}, len(l.sample)))
	}
	return n
}

// follow returns the state after a character of a class, or noState.
func (l *language) follow(state, class int) int {
	if known := l.followers[state][class]; known != notKnown {
		return known
	}
	next := make([]int, len(l.states[state]))
	for i, s := range l.states[state] {
		next[i] = l.automaton(i).follow(s, class, l.sample[class])
	}
	n := l.state(next)
	l.followers[state][class] = n
	return n
}

func (l *language) automaton(i int) *automaton {
	if i < len(l.hold) {
		return l.hold[i]
	}
	return l.fail[i-len(l.hold)]
}

// holds reports whether a text that ends in a state is one of the language.
func (l *language) holds(state int) bool {
	for i, s := range l.states[state] {
		if l.automaton(i).ends(s) != (i < len(l.hold)) {
			return false
		}
	}
	return true
}

// What a search for a text may cost.
const (
	maxNodes  = 200_000 // states at places of the text that it starts from
	maxStates = 3_000
)

// What a change of one character costs.
const (
	replacing = 2
	adding    = 3
	removing  = 2
)

// node is a state with a place in the text that is changed.
type node struct{ state, place int }

// way says how a node is reached.
type way struct {
	cost   int
	before node
	wrote  rune // -1: nothing
}

// nearest returns the text of the language that is made of another by the fewest
// changes, those rather at its end. Impossible says that there is none.
func (l *language) nearest(text []rune) (string, Verdict) {
	start := node{}
	if l.state(make([]int, len(l.hold)+len(l.fail))) == noState {
		return "", Impossible
	}
	classes := make([]int, len(text))
	for i, r := range text {
		if classes[i] = l.classOf(r); classes[i] < 0 {
			return "", Unknown
		}
	}
	ways := map[node]way{start: {wrote: -1}}
	done := map[node]bool{}
	// Of the nodes of one cost the last found comes first.
	byCost := [][]node{{start}}
	for cost := 0; cost < len(byCost); cost++ {
		for len(byCost[cost]) > 0 {
			last := len(byCost[cost]) - 1
			at := byCost[cost][last]
			byCost[cost] = byCost[cost][:last]
			if done[at] || ways[at].cost < cost {
				continue
			}
			done[at] = true
			if at.place == len(text) && l.holds(at.state) {
				return spelling(ways, at), Possible
			}
			if len(done) > maxNodes || len(l.states) > maxStates {
				return "", Unknown
			}
			to := func(next node, more int, wrote rune) {
				if old, known := ways[next]; next.state == noState || known && (old.cost < cost+more || done[next]) {
					return
				}
				ways[next] = way{cost + more, at, wrote}
				for len(byCost) <= cost+more {
					byCost = append(byCost, nil)
				}
				byCost[cost+more] = append(byCost[cost+more], next)
			}
			other := func(class int) {
				state := l.follow(at.state, class)
				to(node{state, at.place}, adding, l.sample[class])
				if at.place < len(text) {
					to(node{state, at.place + 1}, replacing, l.sample[class])
				}
			}
			for _, class := range slices.Backward(l.usual) {
				other(class)
			}
			if at.place > 0 { // one more of the same is likelier than another
				other(classes[at.place-1])
			}
			if at.place < len(text) {
				to(node{at.state, at.place + 1}, removing, -1)
				to(node{l.follow(at.state, classes[at.place]), at.place + 1}, 0, text[at.place])
			}
		}
	}
	return "", Impossible
}

// spelling returns the text that leads to a node.
func spelling(ways map[node]way, at node) string {
	var written []rune
	for w := ways[at]; at != (node{}); w = ways[at] {
		if w.wrote >= 0 {
			written = append(written, w.wrote)
		}
		at = w.before
	}
	slices.Reverse(written)
	return string(written)
}

// languages remembers what was asked of languages.
type languages map[string]found

type found struct {
	text    string
	verdict Verdict
}

// shortest returns a short text on which all of hold and none of fail hold. It leaves
// to others what has no expression in it.
func (l languages) shortest(hold, fail []plan.Predicate) (string, Verdict) {
	isExpression := func(p plan.Predicate) bool { return p.Op == plan.Regexp }
	if !slices.ContainsFunc(hold, isExpression) && !slices.ContainsFunc(fail, isExpression) {
		return "", Unknown
	}
	var b strings.Builder
	for i, list := range [][]plan.Predicate{hold, fail} {
		for _, p := range list {
			if expression, ok := expressionOf(p); ok {
				b.WriteByte(byte(i))
				b.WriteString(expression)
				b.WriteByte(2)
			}
		}
	}
	key := b.String()
	f, known := l[key]
	if !known {
		if language, ok := newLanguage(hold, fail); ok {
			f.text, f.verdict = language.nearest(nil)
		}
		l[key] = f
	}
	return f.text, f.verdict
}

// beyondText says which tests on text cannot all be satisfied, if an expression is
// among them. A value of a field that may be a list has to satisfy one test that is
// to hold, and none that is not to.
func (c *cube) beyondText() (refutation, bool) {
	for _, l := range c.literals {
		if l.negated {
			continue
		}
		if _, ok := expressionOf(l.Predicate); !ok {
			continue
		}
		hold, fail := []plan.Predicate{l.Predicate}, []plan.Predicate(nil)
		only := isSingle(l.Field) || c.scalar != nil && c.scalar(l.Field)
		for _, other := range c.literals {
			if _, ok := expressionOf(other.Predicate); !ok || other.same(l) {
				continue
			}
			switch {
			case other.negated && (other.Field == l.Field || other.Field == ""):
				fail = append(fail, other.Predicate)
			case !other.negated && only && other.Field == l.Field:
				hold = append(hold, other.Predicate)
			}
		}
		if _, verdict := c.languages.shortest(hold, fail); verdict == Impossible {
			return refutation{excludes(l.Field, hold, fail), slices.Concat(hold, fail)}, true
		}
	}
	return refutation{}, false
}

// excludes says in words that no text satisfies all of hold and none of fail.
func excludes(field string, hold, fail []plan.Predicate) string {
	list := func(predicates []plan.Predicate, word string) string {
		var all []string
		for _, p := range predicates {
			all = append(all, what(literal{Predicate: p}))
		}
		return strings.Join(all, word)
	}
	text := name(field) + " is to be " + list(hold, " and ")
	switch {
	case len(fail) > 0:
		return text + ", and is not to be " + list(fail, " or ")
	case len(hold) > 1:
		return name(field) + " cannot be both " + list(hold, " and ")
	}
	return text + ", which nothing is"
}
