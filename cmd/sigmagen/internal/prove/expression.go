package prove

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// patternOf returns a pattern that matches every text on which a predicate holds, and
// maybe others. ok is false where nothing is known. With cased set, the pattern is of
// the very characters, else they stand for themselves in whatever case.
func patternOf(p plan.Predicate, cased bool) (pattern []token, ok bool) {
	switch {
	case isText(p):
		return tokensOf(p), p.Cased || !cased
	case p.Op == plan.Regexp:
		tree, err := syntax.Parse(p.Values[0].Text, syntax.Perl)
		if err != nil {
			return nil, false
		}
		e := expression{cased: cased}
		e.add(tree)
		return e.pattern(), true
	case p.Op == plan.InPrefix && p.Values[0].Prefix.Addr().Is4():
		return networkPattern(p), true
	}
	return nil, false
}

// networkPattern returns what the addresses of a network of IPv4 begin with: they are
// written in one way alone.
func networkPattern(p plan.Predicate) []token {
	network := p.Values[0].Prefix.Masked()
	var text strings.Builder
	octets := network.Addr().As4()
	for i, octet := range octets[:network.Bits()/8] {
		text.WriteString(strconv.Itoa(int(octet)))
		if i < 3 {
			text.WriteByte('.')
		}
	}
	tokens := literalTokens(text.String())
	if network.Bits() < 32 {
		tokens = append(tokens, token{wildcard: '*'})
	}
	return tokens
}

func literalTokens(text string) []token {
	var tokens []token
	for _, r := range text {
		tokens = append(tokens, token{char: r})
	}
	return tokens
}

// expression makes a pattern of a regular expression.
type expression struct {
	cased      bool
	tokens     []token
	begun      bool // with the beginning of the text, before anything else
	ended      bool // with its end, and nothing behind
	unanchored bool // a beginning or an end stands where it fits no pattern
}

func (e *expression) pattern() []token {
	any := token{wildcard: '*'}
	if e.unanchored {
		return []token{any}
	}
	tokens := e.tokens
	if !e.begun {
		tokens = slices.Insert(tokens, 0, any)
	}
	if !e.ended {
		tokens = append(tokens, any)
	}
	return orderedWildcards(tokens)
}

func (e *expression) add(tree *syntax.Regexp) {
	if e.ended && tree.Op != syntax.OpEndText && tree.Op != syntax.OpEmptyMatch {
		e.unanchored = true // behind the end; maybe it holds, if it is empty
		return
	}
	switch tree.Op {
	case syntax.OpConcat:
		for _, part := range tree.Sub {
			e.add(part)
		}
	case syntax.OpCapture:
		e.add(tree.Sub[0])
	case syntax.OpBeginText:
		if len(e.tokens) == 0 {
			e.begun = true
		}
	case syntax.OpEndText:
		e.ended = true
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
	case syntax.OpLiteral:
		for _, r := range tree.Rune {
			if e.cased && tree.Flags&syntax.FoldCase != 0 && unicode.SimpleFold(r) != r {
				e.tokens = append(e.tokens, token{wildcard: '?'})
			} else {
				e.tokens = append(e.tokens, token{char: r})
			}
		}
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		e.tokens = append(e.tokens, token{wildcard: '?'})
	default: // repeated, or one of several
		if anchored(tree) {
			e.unanchored = true
		}
		e.tokens = append(e.tokens, token{wildcard: '*'})
	}
}

// anchored reports whether an expression asks for the beginning or the end of the text
// somewhere: what stands before it or behind it is then not what it looks like.
func anchored(tree *syntax.Regexp) bool {
	return tree.Op == syntax.OpBeginText || tree.Op == syntax.OpEndText || slices.ContainsFunc(tree.Sub, anchored)
}

// neverMatches reports whether an expression matches a text in no case of its letters.
func neverMatches(expr, text string) bool {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return false
	}
	fold(tree)
	folded, err := regexp.Compile(tree.String())
	return err == nil && !folded.MatchString(text)
}

// fold makes an expression match whatever it does, in any case of the letters.
func fold(tree *syntax.Regexp) {
	switch tree.Op {
	case syntax.OpLiteral:
		tree.Flags |= syntax.FoldCase
	case syntax.OpCharClass:
		tree.Op, tree.Rune = syntax.OpAnyChar, nil
	case syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		tree.Op = syntax.OpEmptyMatch
	}
	for _, sub := range tree.Sub {
		fold(sub)
	}
}
