package prove

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
	"sort"
	"unicode"
)

// automaton reads texts character by character as a regular expression is searched in
// them. It is deterministic: its states are made as they are needed.
type automaton struct {
	program  *syntax.Prog
	anchored bool           // it matches at the beginning of a text, or nowhere
	looks    syntax.EmptyOp // what it asks of the places between characters
	states   []situation
	known    map[string]int
	next     []map[int]int // by state and class of a character
}

// situation is what an automaton knows after the beginning of a text.
type situation struct {
	at      []uint32 // where in the program it may be, in order
	before  rune     // a character of the kind of the last one; -1 at the beginning
	matched bool     // whatever follows
}

// maxInstructions bounds the programs of expressions that automata are made of.
const maxInstructions = 3000

// automatonOf makes the automaton of an expression. It is nil for what is too large.
func automatonOf(expression string) *automaton {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(program.Inst) > maxInstructions {
		return nil
	}
	a := &automaton{program: program, known: map[string]int{}}
	a.anchored = program.StartCond()&syntax.EmptyBeginText != 0
	for _, i := range program.Inst {
		if i.Op == syntax.InstEmptyWidth {
			a.looks |= syntax.EmptyOp(i.Arg)
		}
	}
	a.state(situation{at: []uint32{uint32(program.Start)}, before: -1})
	return a
}

// state returns the number of a situation. That of the beginning is 0.
func (a *automaton) state(s situation) int {
	key := []byte{0}
	if s.matched {
		key[0] = 1
	}
	key = binary.AppendVarint(key, int64(s.before))
	for _, at := range s.at {
		key = binary.AppendUvarint(key, uint64(at))
	}
	n, known := a.known[string(key)]
	if !known {
		n = len(a.states)
		a.states = append(a.states, s)
		a.next = append(a.next, map[int]int{})
		a.known[string(key)] = n
	}
	return n
}

// follow returns the state after one more character, r, which is of a class.
func (a *automaton) follow(state, class int, r rune) int {
	next, known := a.next[state][class]
	if !known {
		next = a.after(a.states[state], r)
		a.next[state][class] = next
	}
	return next
}

// after returns the state after a situation and a character.
func (a *automaton) after(s situation, r rune) int {
	if s.matched {
		return a.state(s)
	}
	takes, matched := a.reach(s, r)
	if matched {
		return a.state(situation{before: ' ', matched: true})
	}
	next := situation{before: a.kind(r)}
	for _, at := range takes {
		if i := &a.program.Inst[at]; i.MatchRune(r) {
			next.at = append(next.at, i.Out)
		}
	}
	if !a.anchored {
		next.at = append(next.at, uint32(a.program.Start))
	}
	slices.Sort(next.at)
	next.at = slices.Compact(next.at)
	return a.state(next)
}

// kind returns a character that is the same to what follows as r is.
func (a *automaton) kind(r rune) rune {
	switch {
	case a.looks&(syntax.EmptyWordBoundary|syntax.EmptyNoWordBoundary) != 0 && syntax.IsWordChar(r):
		return 'x'
	case a.looks&syntax.EmptyBeginLine != 0 && r == '\n':
		return '\n'
	}
	return ' '
}

// reach returns the instructions that a next character is given to, and whether the
// expression has matched before it. The next character is -1 at the end.
func (a *automaton) reach(s situation, next rune) (takes []uint32, matched bool) {
	between := syntax.EmptyOpContext(s.before, next)
	seen := map[uint32]bool{}
	todo := slices.Clone(s.at)
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		switch i := &a.program.Inst[at]; i.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			todo = append(todo, i.Out, i.Arg)
		case syntax.InstCapture, syntax.InstNop:
			todo = append(todo, i.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(i.Arg)&^between == 0 {
				todo = append(todo, i.Out)
			}
		case syntax.InstMatch:
			return nil, true
		case syntax.InstFail:
		default:
			takes = append(takes, at)
		}
	}
	return takes, false
}

// ends reports whether the expression matches a text that ends here.
func (a *automaton) ends(state int) bool {
	s := a.states[state]
	if s.matched {
		return true
	}
	_, matched := a.reach(s, -1)
	return matched
}

// won reports whether the expression matches every text that begins like this.
func (a *automaton) won(state int) bool { return a.states[state].matched }

// lost reports whether the expression matches no text that begins like this.
func (a *automaton) lost(state int) bool {
	s := a.states[state]
	return !s.matched && len(s.at) == 0
}

// alphabet divides all characters into classes that some automata do not tell apart.
type alphabet struct {
	starts  []rune // of the ranges of characters, in order
	classes []int  // of the ranges; -1 for what is no character
	sample  []rune // one character of each class
	usual   []int  // the classes, those first that texts are written with
}

// samples are what is taken first for a character of a class.
const samples = "x0X-_./: abcdefghijklmnopqrstuvwyzABCDEFGHIJKLMNOPQRSTUVWYZ123456789!\"#$%&'()*+,;<=>?@[\\]^`{|}~"

// maxComparisons bounds the ranges of an alphabet times what tells them apart.
const maxComparisons = 1_000_000

// newAlphabet returns that of some automata. With each is true every character of ASCII
// is a class of its own. ok is false when it is too large.
func newAlphabet(automata []*automaton, each bool) (a *alphabet, ok bool) {
	borders := map[rune]bool{}
	between := func(low, high rune) { borders[low], borders[high+1] = true, true }
	between(0, 0x10ffff)
	between(0xd800, 0xdfff) // halves of characters
	between('\n', '\n')
	between('0', '9')
	between('A', 'Z')
	between('_', '_')
	between('a', 'z')
	for r := rune(0); each && r < 0x80; r++ {
		between(r, r)
	}
	var tests []*syntax.Inst
	known := map[string]bool{}
	for _, automaton := range automata {
		for n := range automaton.program.Inst {
			i := &automaton.program.Inst[n]
			switch i.Op {
			case syntax.InstRune, syntax.InstRune1:
			default: // any character, or any but the end of a line
				continue
			}
			key := fmt.Sprint(i.Op, i.Arg, i.Rune)
			if known[key] {
				continue
			}
			known[key] = true
			tests = append(tests, i)
			if len(i.Rune) == 1 {
				for _, r := range folds(i.Rune[0]) {
					between(r, r)
				}
				continue
			}
			for n := 0; n+1 < len(i.Rune); n += 2 {
				between(i.Rune[n], i.Rune[n+1])
			}
		}
	}
	delete(borders, 0x110000)
	a = &alphabet{}
	for r := range borders {
		a.starts = append(a.starts, r)
	}
	slices.Sort(a.starts)
	if len(a.starts)*len(tests) > maxComparisons {
		return nil, false
	}
	numbers := map[string]int{}
	for _, r := range a.starts {
		if 0xd800 <= r && r <= 0xdfff {
			a.classes = append(a.classes, -1)
			continue
		}
		signature := []byte{0, 0}
		if syntax.IsWordChar(r) {
			signature[0] = 1
		}
		if r == '\n' {
			signature[1] = 1
		}
		if each && r < 0x80 {
			signature = append(signature, byte(r))
		}
		for _, test := range tests {
			if test.MatchRune(r) {
				signature = append(signature, 1)
			} else {
				signature = append(signature, 0)
			}
		}
		n, known := numbers[string(signature)]
		if !known {
			n = len(numbers)
			numbers[string(signature)] = n
			a.sample = append(a.sample, r)
		}
		a.classes = append(a.classes, n)
	}
	chosen := map[int]bool{}
	for _, r := range samples {
		if class := a.classOf(r); !chosen[class] {
			chosen[class] = true
			a.sample[class] = r
			a.usual = append(a.usual, class)
		}
	}
	for class := range a.sample {
		if !chosen[class] {
			a.usual = append(a.usual, class)
		}
	}
	return a, true
}

// folds returns the characters that differ from one in case alone, and that itself.
func folds(r rune) []rune {
	all := []rune{r}
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		all = append(all, next)
	}
	return all
}

// classOf returns the class of a character.
func (a *alphabet) classOf(r rune) int {
	return a.classes[sort.Search(len(a.starts), func(i int) bool { return a.starts[i] > r })-1]
}
