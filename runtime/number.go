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
		exponent, err := strconv.ParseInt(power, 10, 64)
		if err != nil {
			if !isDigits(strings.TrimLeft(power, "+-")) {
				return decimal{}, false
			}
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

// equalNumber reports whether two texts are numbers of exactly equal value.
func equalNumber(a, b string) bool {
	x, okX := parseDecimal(a)
	y, okY := parseDecimal(b)
	if !okX || !okY || x.negative != y.negative || x.exponent != y.exponent || x.digits() != y.digits() {
		return false
	}
	for i := range x.digits() {
		if x.digit(i) != y.digit(i) {
			return false
		}
	}
	return true
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
