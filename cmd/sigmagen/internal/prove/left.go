package prove

import (
	"fmt"
	"math/big"
	"net/netip"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// nothingLeft says what is to have a part of a time, or an address of a network, of
// which all that are possible are excluded one by one.
func (c *cube) nothingLeft(l literal) (refutation, bool) {
	if l.Part == "" && l.Op != plan.InPrefix {
		return refutation{}, false
	}
	var hold, fail []plan.Predicate
	for _, other := range append(slices.Clone(c.literals), l) {
		switch {
		case other.Field != l.Field || other.Part != l.Part || (other.Op == plan.InPrefix) != (l.Op == plan.InPrefix):
		case other.negated:
			fail = append(fail, other.Predicate)
		default:
			hold = append(hold, other.Predicate)
		}
	}
	for i, p := range hold {
		if len(fail) == 0 && len(hold) == 1 || c.left(p, hold[:i], fail) {
			continue
		}
		var excluded []string
		for _, f := range slices.Backward(fail) { // as the rule has them
			excluded = append(excluded, what(literal{f, false}))
		}
		for _, other := range hold[:i] {
			excluded = append(excluded, "anything but "+what(literal{other, false}))
		}
		if more := len(excluded) - 3; more > 0 {
			excluded = append(excluded[:3], fmt.Sprintf("%d others", more))
		}
		return refutation{fmt.Sprintf("%s is to be %s, and is not to be %s", name(l.Field), what(literal{p, false}), strings.Join(excluded, " or ")), append(fail, hold[:i+1]...)}, true
	}
	return refutation{}, false
}

// left reports whether a value satisfies p, none of fail and, where the field has one
// value, all of also.
func (c *cube) left(p plan.Predicate, also, fail []plan.Predicate) bool {
	if !c.isScalar(p.Field) {
		also = nil
	}
	if p.Op == plan.InPrefix {
		return leftOf(p.Values[0].Prefix.Masked(), fail)
	}
	limits := partBounds[p.Part]
	for n := limits[0]; n <= limits[1]; n++ {
		value := big.NewRat(n, 1)
		has := func(q plan.Predicate) bool {
			b, ok := boundsOf(q)
			return !ok || b.has(value)
		}
		if has(p) && !slices.ContainsFunc(also, func(q plan.Predicate) bool { return !has(q) }) &&
			!slices.ContainsFunc(fail, func(q plan.Predicate) bool { _, ok := boundsOf(q); return ok && has(q) }) {
			return true
		}
	}
	return false
}

// has reports whether a number is within the bounds.
func (b bounds) has(n *big.Rat) bool {
	point := bounds{low: n, high: n}
	return !below(b, point) && !below(point, b)
}

// leftOf reports whether a network has an address that is in none of others.
func leftOf(network netip.Prefix, others []plan.Predicate) bool {
	var within []plan.Predicate
	for _, o := range others {
		other := o.Values[0].Prefix
		if other.Bits() <= network.Bits() && other.Contains(network.Addr()) {
			return false
		}
		if network.Overlaps(other) {
			within = append(within, o)
		}
	}
	if len(within) == 0 {
		return true
	}
	lower := netip.PrefixFrom(network.Addr(), network.Bits()+1)
	octets := network.Addr().AsSlice()
	octets[network.Bits()/8] |= 0x80 >> (network.Bits() % 8)
	middle, _ := netip.AddrFromSlice(octets)
	return leftOf(lower, within) || leftOf(netip.PrefixFrom(middle, network.Bits()+1), within)
}
