package prove

import (
	"strconv"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// patternOf returns a pattern that matches every text on which a predicate holds, and
// maybe others. ok is false where none is known.
func patternOf(p plan.Predicate) (pattern []token, ok bool) {
	switch {
	case isText(p):
		return tokensOf(p), true
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
	var tokens []token
	for _, r := range text.String() {
		tokens = append(tokens, token{char: r})
	}
	if network.Bits() < 32 {
		tokens = append(tokens, token{wildcard: '*'})
	}
	return tokens
}
