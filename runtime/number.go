package runtime

import (
	"strconv"
	"strings"
)

// decimal is a decimal number read from its text: 0.d1d2d3... times ten to the
// power exponent. It is never converted to a float, so that account ids and
// other large integers keep all their digits.
type decimal struct {
	negative bool
	whole    string // digits before the point, without leading zeros when any is left
	fraction string // digits behind it
	exponent int64
}

// exponentLimit bounds exponents, so that sums of them cannot overflow.
const exponentLimit = 1 << 40

// parseDecimal reads a number as JSON and the YAML core schema write it.
func parseDecimal(s string) (d decimal, ok bool) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		d.negative = s[0] == '-'
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		power := s[i+1:]
		digits := strings.TrimLeft(power, "+-")
		if !isDigits(digits) || len(power)-len(digits) > 1 {
			return decimal{}, false // before ParseInt, whose error allocates
		}
		exponent, err := strconv.ParseInt(power, 10, 64)
		if err != nil {
			exponent = exponentLimit
			if power[0] == '-' {
				exponent = -exponentLimit
			}
		}
		d.exponent = max(-exponentLimit, min(exponentLimit, exponent))
		s = s[:i]
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		d.whole, d.fraction = s[:i], s[i+1:]
	} else {
		d.whole = s
	}
	if d.whole == "" && d.fraction == "" || !isDigits(d.whole) && d.whole != "" || !isDigits(d.fraction) && d.fraction != "" {
		return decimal{}, false
	}
	d.normalise()
	return d, true
}

// normalise cuts the zeros that carry no value and moves the point in front of
// the first digit. Zero has no digits, no exponent and no sign.
func (d *decimal) normalise() {
	d.whole = strings.TrimLeft(d.whole, "0")
	d.fraction = strings.TrimRight(d.fraction, "0")
	d.exponent += int64(len(d.whole))
	if d.whole == "" {
		digits := strings.TrimLeft(d.fraction, "0")
		d.exponent -= int64(len(d.fraction) - len(digits))
		d.fraction = digits
	}
	if d.fraction == "" {
		d.whole = strings.TrimRight(d.whole, "0")
	}
	if d.whole == "" && d.fraction == "" {
		d.exponent, d.negative = 0, false
	}
}

func (d *decimal) digits() int { return len(d.whole) + len(d.fraction) }

func (d *decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	return d.fraction[i-len(d.whole)]
}

// order is the outcome of a comparison, or a set of outcomes.
type order uint8

const (
	less order = 1 << iota
	equal
	greater
)

// equalNumber reports whether two texts are numbers of exactly equal value.
func equalNumber(a, b string) bool {
	o, ok := compareNumbers(a, b)
	return ok && o == equal
}

// compareNumbers compares the numbers that two texts write. ok is false when one
// is not a number.
func compareNumbers(a, b string) (o order, ok bool) {
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	switch {
	case !okX || !okY:
		return 0, false
	case x.negative != y.negative:
		if x.negative {
			return less, true
		}
		return greater, true
	case x.negative:
		return compareSizes(&y, &x), true
	default:
		return compareSizes(&x, &y), true
	}
}

// compareSizes compares two numbers without their signs.
func compareSizes(x, y *decimal) order {
	zeroX, zeroY := x.digits() == 0, y.digits() == 0
	switch {
	case zeroX && zeroY:
		return equal
	case zeroX || !zeroY && x.exponent < y.exponent:
		return less
	case zeroY || x.exponent > y.exponent:
		return greater
	}
	for i := range min(x.digits(), y.digits()) {
		switch {
		case x.digit(i) < y.digit(i):
			return less
		case x.digit(i) > y.digit(i):
			return greater
		}
	}
	switch {
	case x.digits() < y.digits():
		return less // what is cut off is not zero
	case x.digits() > y.digits():
		return greater
	default:
		return equal
	}
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
