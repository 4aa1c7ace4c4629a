package prove

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// Implies reports whether every field on which p holds is one on which q does. False
// says that this is not known. Both have at most one value.
func Implies(p, q plan.Predicate) bool {
	if p.Field != q.Field && q.Field != "" {
		return false
	}
	if looksInside(p) && !looksInside(q) && q.Op != plan.Exists && !isSingle(p.Field) {
		return false // p may hold for what is in an object, where q does not look
	}
	return impliesTest(p, q)
}

// looksInside reports whether a predicate looks at everything in an object.
func looksInside(p plan.Predicate) bool {
	return p.Part == "" && (isText(p) || p.Op == plan.Number || p.Op == plan.Regexp)
}

// impliesTest is Implies for the tests alone: q looks at whatever p does.
func impliesTest(p, q plan.Predicate) bool {
	switch {
	case sameTest(p, q):
		return true
	case q.Op == plan.Exists:
		return p.Op != plan.IsNull && p.Op != plan.Absent
	case p.Op == plan.Exists, p.Op == plan.Absent, p.Op == plan.IsNull, q.Op == plan.Absent, q.Op == plan.IsNull:
		return false
	case p.Part != "" || q.Part != "":
		return p.Part == q.Part && within(p, q)
	case p.Op == plan.Equal && q.Op == plan.Equal: // most of what is asked
		if q.Cased {
			return (p.Cased || !hasCase(p.Values[0].Text)) && p.Values[0].Text == q.Values[0].Text
		}
		return strings.EqualFold(p.Values[0].Text, q.Values[0].Text)
	case p.Op == plan.Equal:
		return holdsOnText(p, q)
	case isText(q) && (isText(p) || p.Op == plan.InPrefix):
		narrow, ok := patternOf(p)
		return ok && (!q.Cased || p.Cased || !isText(p)) && covers(tokensOf(q), narrow, q.Cased)
	case p.Op == plan.InPrefix && q.Op == plan.InPrefix:
		a, b := p.Values[0].Prefix, q.Values[0].Prefix
		return b.Bits() <= a.Bits() && b.Contains(a.Addr())
	case (p.Op == plan.Number || isComparison(p)) && isComparison(q):
		return within(p, q)
	}
	return false
}

// holdsOnText reports whether q holds on every scalar that the text of p covers.
func holdsOnText(p, q plan.Predicate) bool {
	text := p.Values[0].Text
	if !p.Cased && hasCase(text) && (q.Cased || q.Op == plan.Number || q.Op == plan.Regexp && !foldsCase(q.Values[0].Text, text)) {
		return false
	}
	for _, scalar := range scalars(text) {
		if !eval.Holds(q, scalar) {
			return false
		}
	}
	return true
}

// scalars returns the scalars of JSON that have a text, in whatever case.
func scalars(text string) []any {
	all := []any{text}
	if c := strings.TrimPrefix(text, "-"); c != "" && '0' <= c[0] && c[0] <= '9' && json.Valid([]byte(text)) && strings.TrimSpace(text) == text {
		all = append(all, json.Number(text))
	}
	if strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
		all = append(all, strings.EqualFold(text, "true"))
	}
	return all
}

// foldsCase reports whether a regular expression does not tell a text from one that
// differs from it in the case of letters. The boundary of a word does: of the letters
// that are a k or an s in another case, some are no part of a word.
func foldsCase(expression, text string) bool {
	return ignoresCase.MatchString(expression) && !switchesFlags.MatchString(expression) &&
		!(boundary.MatchString(expression) && strings.ContainsAny(text, "kKsS\u017f\u212a"))
}

var (
	ignoresCase   = regexp.MustCompile(`^\(\?[imsU]*i[imsU]*\)`)
	switchesFlags = regexp.MustCompile(`\(\?[a-zA-Z]*-`)
	boundary      = regexp.MustCompile(`\\[bB]`)
)

// hasCase reports whether a letter of text has another case.
func hasCase(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.SimpleFold(r) != r })
}

// isText reports whether a predicate is a pattern of text: equality, a part, wildcards.
func isText(p plan.Predicate) bool {
	return p.Part == "" && (p.Op == plan.Equal || p.Op == plan.Prefix || p.Op == plan.Suffix || p.Op == plan.Contains || p.Op == plan.Like)
}

func isComparison(p plan.Predicate) bool {
	return p.Op == plan.Less || p.Op == plan.LessOrEqual || p.Op == plan.Greater || p.Op == plan.GreaterOrEqual
}

// token is a character of a pattern, or a wildcard.
type token struct {
	char     rune
	wildcard rune // * or ?
}

// tokensOf returns the text that a predicate asks for, as a pattern of the whole value.
func tokensOf(p plan.Predicate) []token {
	text := p.Values[0].Text
	if p.Op == plan.Like {
		return likeTokens(text)
	}
	var tokens []token
	for _, r := range text {
		tokens = append(tokens, token{char: r})
	}
	star := []token{{wildcard: '*'}}
	if p.Op == plan.Suffix || p.Op == plan.Contains {
		tokens = append(star, tokens...)
	}
	if p.Op == plan.Prefix || p.Op == plan.Contains {
		tokens = append(tokens, star...)
	}
	return tokens
}

// likeTokens reads the pattern of a Like: a backslash makes *, ? and backslash literal.
// Of neighbouring wildcards each ? comes first, and one * is left.
func likeTokens(pattern string) []token {
	var tokens []token
	escaped := false
	for _, r := range pattern {
		switch {
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && (r == '*' || r == '?'):
			tokens = append(tokens, token{wildcard: r})
		default:
			tokens = append(tokens, token{char: r})
		}
		escaped = false
	}
	return orderedWildcards(tokens)
}

func orderedWildcards(tokens []token) []token {
	var ordered []token
	star := false
	for i, t := range tokens {
		if t.wildcard == '*' {
			star = true
		} else {
			ordered = append(ordered, t)
		}
		if star && (i+1 == len(tokens) || tokens[i+1].wildcard == 0) {
			ordered = append(ordered, token{wildcard: '*'})
			star = false
		}
	}
	return ordered
}

// covers reports whether wide matches every text that narrow does. It takes narrow for
// a text in which a wildcard is a character of its own kind: a ? of wide matches one
// character or ?, a * matches everything.
func covers(wide, narrow []token, cased bool) bool {
	// reach[i] says that the part of wide so far matches narrow[:i].
	reach := make([]bool, len(narrow)+1)
	reach[0] = true
	for _, w := range wide {
		next := make([]bool, len(narrow)+1)
		switch w.wildcard {
		case '*':
			seen := false
			for i := range next {
				seen = seen || reach[i]
				next[i] = seen
			}
		default:
			for i, n := range narrow {
				if reach[i] && (w.wildcard == '?' && n.wildcard != '*' || w.wildcard == 0 && n.wildcard == 0 && sameChar(w.char, n.char, cased)) {
					next[i+1] = true
				}
			}
		}
		reach = next
	}
	return reach[len(narrow)]
}

func sameChar(a, b rune, cased bool) bool {
	return a == b || !cased && strings.EqualFold(string(a), string(b))
}

// disjoint reports whether no scalar satisfies both predicates. False says that this
// is not known.
func disjoint(p, q plan.Predicate) bool {
	if p.Op == plan.IsNull || q.Op == plan.IsNull {
		other := p
		if p.Op == plan.IsNull {
			other = q
		}
		return other.Op != plan.IsNull && other.Op != plan.Exists
	}
	if p.Op == plan.Exists || q.Op == plan.Exists || isField(p) || isField(q) {
		return false
	}
	switch {
	case p.Part != "" && q.Part != "":
		return p.Part == q.Part && apart(p, q)
	case p.Part != "":
		return isNoTime(q, p)
	case q.Part != "":
		return isNoTime(p, q)
	}
	if q.Op == plan.Equal || p.Op != plan.Equal && (q.Op == plan.Number || p.Op != plan.Number && q.Op == plan.InPrefix) {
		p, q = q, p
	}
	switch {
	case p.Op == plan.Equal:
		return failsOnText(q, p.Values[0].Text, p.Cased)
	case p.Op == plan.Number && !isComparison(q):
		return failsOnNumber(q, p)
	case p.Op == plan.InPrefix && isText(q) && asksBeyond(q, ".:0123456789abcdefABCDEF"):
		return true
	case p.Op == plan.InPrefix && q.Op == plan.InPrefix:
		return !p.Values[0].Prefix.Overlaps(q.Values[0].Prefix)
	case (p.Op == plan.Number || isComparison(p)) && (q.Op == plan.Number || isComparison(q)):
		return apart(p, q)
	}
	a, okA := patternOf(p)
	b, okB := patternOf(q)
	return okA && okB && (differAtAnEnd(a, b) || differAtAnEnd(reversed(a), reversed(b)))
}

// isNoTime reports whether p holds on nothing that is a time with a part.
func isNoTime(p, part plan.Predicate) bool {
	switch {
	case p.Op == plan.Equal:
		return failsOnText(part, p.Values[0].Text, p.Cased)
	case p.Op == plan.Number:
		return !eval.Holds(part, p.Values[0].Text)
	case p.Op == plan.InPrefix, isComparison(p):
		return true
	}
	return isText(p) && asksBeyond(p, "0123456789-+:., TtZz")
}

// failsOnText reports whether q holds on no scalar of a text, nor, unless cased is
// true, of one that differs from it in the case of letters.
func failsOnText(q plan.Predicate, text string, cased bool) bool {
	if !cased && hasCase(text) {
		if q.Op == plan.Number && strings.EqualFold(q.Values[0].Text, text) || q.Op == plan.Regexp && !foldsCase(q.Values[0].Text, text) {
			return false
		}
		q.Cased = false
	}
	return !slices.ContainsFunc(scalars(text), func(scalar any) bool { return eval.Holds(q, scalar) })
}

// failsOnNumber reports whether q holds on no scalar on which number does: neither on
// its text nor on a number of JSON that is equal, which may be written as 5.0, or 50e-1.
func failsOnNumber(q, number plan.Predicate) bool {
	text := number.Values[0].Text
	switch {
	case eval.Holds(q, text):
		return false
	case q.Op == plan.InPrefix:
		return true
	case q.Op == plan.Number:
		return !eval.Holds(number, json.Number(q.Values[0].Text))
	}
	return isText(q) && asksBeyond(q, "+-.0123456789eE")
}

// asksBeyond reports whether a pattern asks for a character that is not one of some.
func asksBeyond(p plan.Predicate, characters string) bool {
	return slices.ContainsFunc(tokensOf(p), func(t token) bool { return t.wildcard == 0 && !strings.ContainsRune(characters, t.char) })
}

// differAtAnEnd reports whether two patterns begin with different characters before
// the first * of either.
func differAtAnEnd(p, q []token) bool {
	for i := 0; ; i++ {
		switch {
		case i == len(p) && i == len(q):
			return false
		case i < len(p) && p[i].wildcard == '*', i < len(q) && q[i].wildcard == '*':
			return false
		case i == len(p) || i == len(q):
			// One ends here, the other asks for a character more.
			return true
		case p[i].wildcard == '?' || q[i].wildcard == '?':
		case !strings.EqualFold(string(p[i].char), string(q[i].char)):
			return true
		}
	}
}

func reversed(tokens []token) []token {
	out := make([]token, len(tokens))
	for i, t := range tokens {
		out[len(tokens)-1-i] = t
	}
	return out
}

func isField(p plan.Predicate) bool { return p.Op >= plan.FieldEqual && p.Op <= plan.FieldContains }

// bounds are the numbers that a comparison allows; nil is no bound.
type bounds struct {
	low, high         *big.Rat
	openLow, openHigh bool // the bound itself is not allowed
}

// boundsOf returns those of a comparison, or of an equality of numbers. whole says
// that only whole numbers count.
func boundsOf(p plan.Predicate) (b bounds, ok bool) {
	n, ok := rational(p.Values[0].Text)
	if !ok {
		return bounds{}, false
	}
	if p.Part != "" { // of whole numbers
		one := big.NewRat(1, 1)
		switch p.Op {
		case plan.Less:
			return bounds{high: new(big.Rat).Sub(n, one)}, true
		case plan.Greater:
			return bounds{low: new(big.Rat).Add(n, one)}, true
		}
	}
	switch p.Op {
	case plan.Equal, plan.Number:
		return bounds{low: n, high: n}, true
	case plan.Less:
		return bounds{high: n, openHigh: true}, true
	case plan.LessOrEqual:
		return bounds{high: n}, true
	case plan.Greater:
		return bounds{low: n, openLow: true}, true
	case plan.GreaterOrEqual:
		return bounds{low: n}, true
	}
	return bounds{}, false
}

// rational reads a decimal number of a common size.
func rational(text string) (*big.Rat, bool) {
	if len(text) > 40 || !decimal.MatchString(text) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

var decimal = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?$`)

// within reports whether every number that p allows is one that q does.
func within(p, q plan.Predicate) bool {
	a, okA := boundsOf(p)
	b, okB := boundsOf(q)
	if !okA || !okB {
		return false
	}
	if b.low != nil && (a.low == nil || a.low.Cmp(b.low) < 0 || a.low.Cmp(b.low) == 0 && b.openLow && !a.openLow) {
		return false
	}
	if b.high != nil && (a.high == nil || a.high.Cmp(b.high) > 0 || a.high.Cmp(b.high) == 0 && b.openHigh && !a.openHigh) {
		return false
	}
	return true
}

// apart reports whether no number is allowed by both.
func apart(p, q plan.Predicate) bool {
	a, okA := boundsOf(p)
	b, okB := boundsOf(q)
	return okA && okB && (below(a, b) || below(b, a))
}

// below reports whether all numbers of a are less than all of b.
func below(a, b bounds) bool {
	if a.high == nil || b.low == nil {
		return false
	}
	order := a.high.Cmp(b.low)
	return order < 0 || order == 0 && (a.openHigh || b.openLow)
}

// partBounds are the least and the greatest value of each part of a time.
var partBounds = map[string][2]int64{"minute": {0, 59}, "hour": {0, 23}, "day": {1, 31}, "week": {1, 53}, "month": {1, 12}, "year": {0, 9999}}

// empty reports whether nothing satisfies a predicate.
func empty(p plan.Predicate) bool {
	limits, ok := partBounds[p.Part]
	if !ok {
		return false
	}
	b, ok := boundsOf(p)
	return ok && (b.high != nil && b.high.Cmp(big.NewRat(limits[0], 1)) < 0 || b.low != nil && b.low.Cmp(big.NewRat(limits[1], 1)) > 0)
}
