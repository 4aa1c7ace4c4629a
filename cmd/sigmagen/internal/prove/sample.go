package prove

import (
	"encoding/json"
	"fmt"
	"iter"
	"math/big"
	"net/netip"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/eval"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// candidates proposes scalars that may satisfy all of hold and none of fail.
func candidates(hold, fail []plan.Predicate) iter.Seq[any] {
	return func(yield func(any) bool) {
		var texts []string
		var others []any
		var timed, timedOut []plan.Predicate
		prefix, suffix := "", ""
		var parts []string
		for _, p := range hold {
			if p.Part != "" {
				timed = append(timed, p)
				continue
			}
			switch p.Op {
			case plan.Equal:
				texts = append(texts, p.Values[0].Text)
				others = append(others, scalars(p.Values[0].Text)[1:]...)
			case plan.Prefix:
				if text := p.Values[0].Text; len(text) > len(prefix) {
					prefix = text
				}
			case plan.Suffix:
				if text := p.Values[0].Text; len(text) > len(suffix) {
					suffix = text
				}
			case plan.Contains:
				parts = append(parts, p.Values[0].Text)
			case plan.Like:
				texts = append(texts, fillIn(p.Values[0].Text, ""), fillIn(p.Values[0].Text, "x"), fillIn(p.Values[0].Text, "-1"))
				parts = append(parts, fillIn(p.Values[0].Text, "")) // with wildcards at its ends it may be one
			case plan.Regexp:
				found := matches(p.Values[0].Text)
				texts = append(texts, found...)
				parts = append(parts, found[:min(len(found), 1)]...)
			case plan.Number:
				others = append(others, around(p.Values[0].Text)[0])
				texts = append(texts, p.Values[0].Text)
			case plan.InPrefix:
				addr := p.Values[0].Prefix.Masked().Addr()
				for range 3 {
					texts = append(texts, addr.String())
					addr = addr.Next()
				}
				// If an address is in no network that is excluded, then so is the
				// first of all, or one that is next to such a network.
				for _, f := range fail {
					if f.Op == plan.InPrefix {
						texts = append(texts, behind(f.Values[0].Prefix).String())
					}
				}
			case plan.Less, plan.LessOrEqual, plan.Greater, plan.GreaterOrEqual:
				others = append(others, around(p.Values[0].Text)...)
			}
		}
		if len(timed) > 0 {
			for _, p := range fail {
				if p.Part != "" {
					timedOut = append(timedOut, p)
				}
			}
			tries := 0
			for t := range times(timed, timedOut) {
				if tries++; tries > maxTimes || !yield(t) {
					return
				}
			}
			return
		}
		// The longer parts often hold the shorter ones.
		slices.SortStableFunc(parts, func(a, b string) int { return len(b) - len(a) })
		var needed []string
		for _, part := range parts {
			if !slices.ContainsFunc(append(needed, prefix, suffix), func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(part)) }) {
				needed = append(needed, part)
			}
		}
		for _, between := range []string{"", "-", " ", "x"} {
			if text := prefix + between + strings.Join(needed, between) + between + suffix; text != "" {
				texts = append(texts, text)
			}
		}
		if prefix != "" && strings.HasSuffix(strings.ToLower(prefix), strings.ToLower(suffix)) {
			texts = append(texts, prefix)
		}
		if suffix != "" && strings.HasPrefix(strings.ToLower(suffix), strings.ToLower(prefix)) {
			texts = append(texts, suffix)
		}
		if len(hold) == 0 || slices.ContainsFunc(hold, func(p plan.Predicate) bool { return p.Op == plan.Exists }) {
			texts = append(texts, "value", "other")
		}
		if !slices.ContainsFunc(hold, func(p plan.Predicate) bool { return p.Op != plan.Exists && p.Op != plan.IsNull }) {
			others = append(others, nil)
		}
		for _, text := range slices.Clone(texts) {
			missing := ""
			for _, part := range append(needed, prefix, suffix) {
				if part != "" && !strings.Contains(strings.ToLower(text), strings.ToLower(part)) {
					texts = append(texts, text+part, part+text, part+text+part)
					missing += part
				}
			}
			if missing != "" {
				texts = append(texts, text+missing, missing+text)
			}
		}
		for _, text := range slices.Clone(texts) {
			texts = append(texts, text+"x", "x"+text, text+"-other", strings.ToUpper(text), strings.ToLower(text))
		}
		for _, text := range texts {
			if !yield(text) {
				return
			}
		}
		for _, other := range others {
			if !yield(other) {
				return
			}
		}
	}
}

// behind returns the address that follows a network.
func behind(network netip.Prefix) netip.Addr {
	last := network.Addr().AsSlice()
	for bit := network.Bits(); bit < network.Addr().BitLen(); bit++ {
		last[bit/8] |= 0x80 >> (bit % 8)
	}
	addr, _ := netip.AddrFromSlice(last)
	return addr.Next()
}

// fillIn makes a text of a pattern.
func fillIn(pattern, star string) string {
	var b strings.Builder
	for _, t := range likeTokens(pattern) {
		switch t.wildcard {
		case '*':
			b.WriteString(star)
		case '?':
			b.WriteString("a")
		default:
			b.WriteRune(t.char)
		}
	}
	return b.String()
}

// around returns numbers at and beside a limit, that itself first.
func around(limit string) []any {
	n, ok := rational(limit)
	if !ok { // it may be very large, or small
		all := []any{json.Number("0"), json.Number("1"), json.Number("-1"), json.Number("1e999"), json.Number("-1e999")}
		if exact := json.Number(limit); json.Valid([]byte(limit)) {
			all = slices.Insert(all, 0, any(exact))
		}
		return all
	}
	var all []any
	for _, step := range []int64{0, 1, -1, 10, -10} {
		all = append(all, number(new(big.Rat).Add(n, big.NewRat(step, 1))))
	}
	for _, step := range []int64{1, -1} {
		all = append(all, number(new(big.Rat).Add(n, big.NewRat(step, 2))))
	}
	return all
}

// number writes a decimal number as JSON does.
func number(n *big.Rat) json.Number {
	if n.IsInt() {
		return json.Number(n.Num().String())
	}
	digits, _ := n.FloatPrec()
	return json.Number(n.FloatString(digits))
}

// maxTimes bounds the times that are tried for one field.
const maxTimes = 1000

// times proposes times of the form that CloudTrail writes, which satisfy all of hold and
// none of fail. It goes through all values of the parts that are asked about.
func times(hold, fail []plan.Predicate) iter.Seq[any] {
	asked := map[string]bool{}
	for _, p := range fail {
		asked[p.Part] = true
	}
	years := []int{2026, 2028} // a leap year comes second
	for _, p := range hold {
		asked[p.Part] = true
		if n, err := strconv.Atoi(p.Values[0].Text); err == nil && p.Part == "year" {
			years = append(years, n-1, n, n+1)
		}
	}
	last := func(part string, n int) int {
		if asked[part] {
			return n
		}
		return 0
	}
	days := 0
	if asked["day"] || asked["week"] || asked["month"] {
		days = 365
	}
	// The time of the day has nothing to do with the date: it is looked for once.
	var clocks []time.Duration
	first := 0
	if !asked["hour"] {
		first = 10
	}
	for hour := range last("hour", 23) + 1 {
		for minute := range last("minute", 59) + 1 {
			clock := time.Duration(first+hour)*time.Hour + time.Duration(minute)*time.Minute
			if satisfied(hold, fail, time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC).Add(clock), "hour", "minute") {
				clocks = append(clocks, clock)
			}
		}
	}
	return func(yield func(any) bool) {
		if len(clocks) == 0 {
			return
		}
		for _, year := range years {
			for day := range days + 1 {
				date := time.Date(year, 1, 1+day, 0, 0, 0, 0, time.UTC)
				if days == 0 {
					date = time.Date(year, 6, 15, 0, 0, 0, 0, time.UTC)
				}
				if !satisfied(hold, fail, date, "day", "week", "month", "year") {
					continue
				}
				for _, clock := range clocks {
					if !yield(date.Add(clock).Format("2006-01-02T15:04:05Z")) {
						return
					}
				}
			}
		}
	}
}

// satisfied reports whether a time has what is asked of some of its parts.
func satisfied(hold, fail []plan.Predicate, t time.Time, parts ...string) bool {
	wrong := func(want bool) func(plan.Predicate) bool {
		return func(p plan.Predicate) bool {
			return slices.Contains(parts, p.Part) && eval.Holds(p, t.Format("2006-01-02T15:04:05Z")) != want
		}
	}
	return !slices.ContainsFunc(hold, wrong(true)) && !slices.ContainsFunc(fail, wrong(false))
}

// maxMatches bounds the texts made of one regular expression.
const maxMatches = 8

// matches returns texts that a regular expression should match: the first ones that
// its alternatives lead to.
func matches(expression string) []string {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil
	}
	return texts(parsed.Simplify())
}

func texts(e *syntax.Regexp) []string {
	switch e.Op {
	case syntax.OpLiteral:
		return []string{string(e.Rune)}
	case syntax.OpCharClass:
		var all []string
		for _, want := range "aA0-_./: x" {
			for i := 0; i+1 < len(e.Rune); i += 2 {
				if e.Rune[i] <= want && want <= e.Rune[i+1] {
					all = append(all, string(want))
				}
			}
		}
		if len(all) == 0 && len(e.Rune) > 0 {
			all = append(all, string(e.Rune[0]))
		}
		return all[:min(len(all), 2)]
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []string{"x"}
	case syntax.OpCapture, syntax.OpPlus:
		return texts(e.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		return append([]string{""}, texts(e.Sub[0])...)
	case syntax.OpRepeat:
		var all []string
		for _, one := range texts(e.Sub[0]) {
			all = append(all, strings.Repeat(one, max(e.Min, 1)))
		}
		if e.Min == 0 {
			all = append([]string{""}, all...)
		}
		return all
	case syntax.OpAlternate:
		var all []string
		for _, way := range e.Sub {
			if some := texts(way); len(some) > 0 {
				all = append(all, some[0])
			}
		}
		return all[:min(len(all), maxMatches)]
	case syntax.OpConcat:
		all := []string{""}
		for _, part := range e.Sub {
			var longer []string
			for _, some := range texts(part) {
				for _, before := range all {
					longer = append(longer, before+some)
				}
			}
			all = longer[:min(len(longer), maxMatches)]
		}
		return all
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return []string{""}
	case syntax.OpNoMatch:
		return nil
	}
	panic(fmt.Sprintf("prove: unknown part %v of an expression", e.Op))
}
