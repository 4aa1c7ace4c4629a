package prove

import (
	"encoding/binary"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// A Language is the texts on which some predicates hold and others do not.
type Language struct {
	texts, documents *language // documents: those that are JSON; nil until they are asked for
	hold, fail       []plan.Predicate
}

// NewLanguage returns the texts on which all of hold and none of fail hold. What is no
// test on text is not looked at. ok is false when nothing is one, and for what is too
// large.
func NewLanguage(hold, fail []plan.Predicate) (l *Language, ok bool) {
	texts, ok := newLanguage(hold, fail, false)
	return &Language{texts: texts, hold: hold, fail: fail}, ok
}

// Nearest returns the text of the language that is nearest to another: of which few
// characters are added, removed or replaced, side by side rather than here and there.
// cost says how far it is. Impossible says that none is that costs at most most, Unknown
// that there is too much to look at. With isDocument both texts are JSON.
func (l *Language) Nearest(text string, isDocument bool, most int) (nearest string, cost int, verdict Verdict) {
	language := l.texts
	if isDocument {
		if l.documents == nil {
			l.documents, _ = newLanguage(l.hold, l.fail, true)
		}
		if language = l.documents; language == nil {
			return "", 0, Unknown
		}
	}
	return language.nearest([]rune(text), most)
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

// reader reads texts character by character. Its states are numbers, that of the
// beginning is 0.
type reader interface {
	follow(state, class int, r rune) int // after a character, which is of a class
	ends(state int) bool                 // a text that ends here is one of the reader's
	lost(state int) bool                 // no text is that begins like this
	won(state int) bool                  // every text is that begins like this
}

// language is the texts on which some predicates hold and others do not. It reads a
// text with the readers of all of them at once.
type language struct {
	*alphabet
	isDocument bool
	hold, fail []reader
	states     [][]int // those of the readers, first of hold, then of fail
	known      map[string]int
	followers  [][]int // by state and class; notKnown, or noState
	distinct   [][]int // by state: classes with different followers, nil if not known
}

const (
	notKnown = -1
	noState  = -2 // nothing that follows is in the language
)

// newLanguage makes the language of predicates, with isDocument true of the documents of
// JSON in it. ok is false when no predicate is a test on text, and when they are too
// large.
func newLanguage(hold, fail []plan.Predicate, isDocument bool) (l *language, ok bool) {
	l = &language{isDocument: isDocument, known: map[string]int{}}
	var all []*automaton
	for _, list := range []struct {
		predicates []plan.Predicate
		readers    *[]reader
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
			all = append(all, a)
			*list.readers = append(*list.readers, a)
		}
	}
	if len(all) == 0 {
		return nil, false
	}
	if l.alphabet, ok = newAlphabet(all, isDocument); !ok {
		return nil, false
	}
	if isDocument {
		l.hold = append(l.hold, newDocument())
	}
	return l, true
}

// state returns the number of a state, or noState.
func (l *language) state(states []int) int {
	var key []byte
	for i, s := range states {
		if r, holds := l.reader(i); holds && r.lost(s) || !holds && r.won(s) {
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
		l.distinct = append(l.distinct, nil)
	}
	return n
}

// reader returns one of the readers, and whether its texts are those of the language.
func (l *language) reader(i int) (r reader, holds bool) {
	if i < len(l.hold) {
		return l.hold[i], true
	}
	return l.fail[i-len(l.hold)], false
}

// follow returns the state after a character of a class, or noState.
func (l *language) follow(state, class int) int {
	if known := l.followers[state][class]; known != notKnown {
		return known
	}
	next := make([]int, len(l.states[state]))
	for i, s := range l.states[state] {
		r, _ := l.reader(i)
		next[i] = r.follow(s, class, l.sample[class])
	}
	n := l.state(next)
	l.followers[state][class] = n
	return n
}

// ways returns a class of characters for each state that may follow one, those that
// texts are written with last.
func (l *language) ways(state int) []int {
	if l.distinct[state] == nil {
		l.distinct[state] = []int{}
		seen := map[int]bool{noState: true}
		for _, class := range l.usual {
			if next := l.follow(state, class); !seen[next] {
				seen[next] = true
				l.distinct[state] = append(l.distinct[state], class)
			}
		}
		slices.Reverse(l.distinct[state])
	}
	return l.distinct[state]
}

// holds reports whether a text that ends in a state is one of the language.
func (l *language) holds(state int) bool {
	for i, s := range l.states[state] {
		if r, holds := l.reader(i); r.ends(s) != holds {
			return false
		}
	}
	return true
}

// What a search for a text may cost.
const (
	maxNodes   = 150_000 // states at places of the text that it starts from
	maxStates  = 5_000
	moreStates = 40_000 // where there is such a text
)

// What a change of one character costs, and what it does that it begins or ends: at the
// border of a word less than within one.
const (
	replacing = 2
	adding    = 4
	removing  = 2
	beginning = 3
	breaking  = 2
	undoing   = 4 // what holds a document together
	straying  = 1 // to a character of another kind than the one there, or before
)

// anyCost bounds no search.
const anyCost = math.MaxInt

// node is a state with a place in the text that is changed. changing says that the last
// character was.
type node struct {
	state, place int
	changing     bool
}

// way says how a node is reached.
type way struct {
	cost   int
	before node
	wrote  rune // -1: nothing
	found  bool
	done   bool
}

// nearest returns the text of the language that is nearest to another, changed rather
// at its end. Impossible says that there is none that costs up to most.
func (l *language) nearest(text []rune, most int) (string, int, Verdict) {
	start := l.state(make([]int, len(l.hold)+len(l.fail)))
	if start == noState {
		return "", 0, Impossible
	}
	classes := make([]int, len(text))
	for i, r := range text {
		if classes[i] = l.classOf(r); classes[i] < 0 {
			return "", 0, Unknown
		}
	}
	escapes := !l.isDocument || slices.Contains(text, '\\') // nobody reads what is quoted by them
	var ways [][]way                                        // by state, place and whether it is changing
	at := func(n node) *way {
		for len(ways) <= n.state {
			ways = append(ways, nil)
		}
		if ways[n.state] == nil {
			ways[n.state] = make([]way, 2*(len(text)+1))
		}
		i := 2 * n.place
		if n.changing {
			i++
		}
		return &ways[n.state][i]
	}
	*at(node{state: start}) = way{wrote: -1, found: true}
	// Of the nodes of one cost the last found comes first.
	byCost := [][]node{{{state: start}}}
	visited, states := 0, maxStates
	if len(text) > 0 {
		states = moreStates
	}
	for cost := 0; cost < len(byCost); cost++ {
		for len(byCost[cost]) > 0 {
			last := len(byCost[cost]) - 1
			here := byCost[cost][last]
			byCost[cost] = byCost[cost][:last]
			w := at(here)
			if w.done || w.cost < cost {
				continue
			}
			w.done = true
			if here.place == len(text) && l.holds(here.state) {
				var written []rune
				for here != (node{state: start}) {
					w := at(here)
					if w.wrote >= 0 {
						written = append(written, w.wrote)
					}
					here = w.before
				}
				slices.Reverse(written)
				return string(written), cost, Possible
			}
			if visited++; visited > maxNodes || len(l.states) > states {
				return "", 0, Unknown
			}
			to := func(next node, more int, wrote rune) {
				if next.changing != here.changing {
					more += border(text, here.place)
					if next.changing {
						more += beginning
					}
				}
				if next.state == noState || cost+more > most {
					return
				}
				w := at(next)
				if w.found && (w.cost < cost+more || w.done) {
					return
				}
				*w = way{cost: cost + more, before: here, wrote: wrote, found: true}
				for len(byCost) <= cost+more {
					byCost = append(byCost, nil)
				}
				byCost[cost+more] = append(byCost[cost+more], next)
			}
			undone := 0
			if l.isDocument && here.place < len(text) && strings.ContainsRune(`{}[]",:`, text[here.place]) {
				undone = undoing
			}
			other := func(class int) {
				state, sample := l.follow(here.state, class), l.sample[class]
				to(node{state, here.place, true}, adding+stray(text, here.place-1, sample), sample)
				if here.place < len(text) {
					to(node{state, here.place + 1, true}, replacing+undone+stray(text, here.place, sample), sample)
				}
			}
			for _, class := range l.ways(here.state) {
				if l.sample[class] != '\\' || escapes {
					other(class)
				}
			}
			if here.place > 0 { // one more of the same is likelier than another
				other(classes[here.place-1])
			}
			if here.place < len(text) {
				to(node{here.state, here.place + 1, true}, removing+undone, -1)
				to(node{l.follow(here.state, classes[here.place]), here.place + 1, false}, 0, text[here.place])
			}
		}
	}
	return "", 0, Impossible
}

// border returns what it costs that a change begins or ends at a place of a text.
func border(text []rune, place int) int {
	isWord := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	if 0 < place && place < len(text) && isWord(text[place-1]) && isWord(text[place]) {
		return breaking
	}
	return 0
}

// stray returns what it costs that a character is of another kind than the one at a
// place of a text.
func stray(text []rune, place int, r rune) int {
	kind := func(r rune) int {
		switch {
		case unicode.IsLetter(r):
			return 0
		case unicode.IsDigit(r):
			return 1
		}
		return 2
	}
	if 0 <= place && place < len(text) && kind(text[place]) != kind(r) {
		return straying
	}
	return 0
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
		if language, ok := newLanguage(hold, fail, false); ok {
			f.text, _, f.verdict = language.nearest(nil, anyCost)
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
