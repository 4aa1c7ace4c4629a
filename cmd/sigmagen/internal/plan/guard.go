package plan

import (
	"cmp"
	"math"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/runtime"
)

// A Guard is what every record that a rule matches mentions: in one of the fields
// one of its texts, whatever the case of letters. The field "" is any. Nil says that
// nothing is known.
type Guard map[string][]string

// guard returns what a record mentions on which e holds. What a negation needs is
// not looked at.
func guard(e Expr) Guard {
	switch e := e.(type) {
	case And:
		var best Guard
		for _, operand := range e.Operands {
			best = better(best, guard(operand))
		}
		return best
	case Or:
		return either(e.Operands, guard)
	case Not:
		return nil
	case Ref:
		return searchGuard(e.Search)
	case Quantifier:
		if !e.All {
			return either(e.Members, searchGuard)
		}
		var best Guard
		for _, member := range e.Members {
			best = better(best, searchGuard(member))
		}
		return best
	default:
		panic("plan: unknown node of a condition")
	}
}

func searchGuard(s *Search) Guard {
	return either(s.Maps, func(m Map) Guard {
		var best Guard
		for _, item := range m {
			best = better(best, itemGuard(item))
		}
		return best
	})
}

func itemGuard(item Item) Guard {
	if item.Not || strings.ContainsFunc(item.Field, func(r rune) bool {
		return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return nil // a key that JSON can write in several ways is not found by its text
	}
	groupGuard := func(group []Predicate) Guard { return either(group, predicateGuard) }
	if !item.All {
		return either(item.Groups, groupGuard)
	}
	var best Guard
	for _, group := range item.Groups {
		best = better(best, groupGuard(group))
	}
	return best
}

func predicateGuard(p Predicate) Guard {
	if p.Part != "" || p.Op < Equal || p.Op > Regexp || p.Op == Number {
		return nil
	}
	var all []string
	for _, v := range p.Values {
		texts := mentioned(p.Op, v.Text)
		if texts == nil {
			return nil
		}
		all = append(all, texts...)
	}
	return Guard{p.Field: all}
}

// mentioned returns texts of which one is in every text that an operand matches. Nil
// says that none is known.
func mentioned(op Op, operand string) []string {
	switch op {
	case Regexp:
		expression, err := syntax.Parse(operand, syntax.Perl)
		if err != nil {
			return nil
		}
		return mentionedBy(expression)
	case Like:
		var best []string
		for _, literal := range parsePattern(operand).literals() {
			best = longer(best, mentionable(literal))
		}
		return best
	}
	return mentionable(operand)
}

// mentionedBy is mentioned for a regular expression.
func mentionedBy(e *syntax.Regexp) []string {
	switch {
	case e.Op == syntax.OpLiteral:
		return mentionable(string(e.Rune))
	case e.Op == syntax.OpCapture, e.Op == syntax.OpPlus, e.Op == syntax.OpRepeat && e.Min > 0:
		return mentionedBy(e.Sub[0])
	case e.Op == syntax.OpConcat:
		var best []string
		for _, part := range e.Sub {
			best = longer(best, mentionedBy(part))
		}
		return best
	case e.Op == syntax.OpAlternate:
		var all []string
		for _, alternative := range e.Sub {
			texts := mentionedBy(alternative)
			if texts == nil {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	}
	return nil
}

func mentionable(literal string) []string {
	if text := runtime.Mentionable(literal); text != "" {
		return []string{text}
	}
	return nil
}

// longer returns the one of two lists whose shortest text is longer.
func longer(a, b []string) []string {
	if a == nil || b != nil && shortest(b) > shortest(a) {
		return b
	}
	return a
}

// shortest returns the length of the shortest text.
func shortest(texts []string) int {
	least := math.MaxInt
	for _, text := range texts {
		least = min(least, len(text))
	}
	return least
}

// maxTexts bounds the texts of a field: to look for more costs as much as to try the
// rule.
const maxTexts = 1000

// either returns what is mentioned where one of several alternatives holds.
func either[T any](alternatives []T, guard func(T) Guard) Guard {
	all := Guard{}
	for _, alternative := range alternatives {
		one := guard(alternative)
		if one == nil {
			return nil
		}
		for field, texts := range one {
			all[field] = append(all[field], texts...)
		}
	}
	for field, texts := range all {
		slices.Sort(texts)
		if all[field] = slices.Compact(texts); len(all[field]) > maxTexts {
			return nil
		}
	}
	return all
}

// better returns the one of two guards that fewer records pass, or that is found
// faster, as far as one can tell: not the whole record, not what most records share,
// few fields, long texts.
func better(a, b Guard) Guard {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	if cmp.Or(cmp.Compare(len(a[""]), len(b[""])), cmp.Compare(a.shared(), b.shared()), cmp.Compare(len(a), len(b)), cmp.Compare(b.shortest(), a.shortest())) <= 0 {
		return a
	}
	return b
}

// shared returns how many fields of g have one of few values in all records of an
// account.
func (g Guard) shared() int {
	n := 0
	for field := range g {
		switch field {
		case "awsRegion", "eventCategory", "eventType", "eventVersion", "recipientAccountId", "userIdentity.accountId", "userIdentity.sessionContext.sessionIssuer.accountId":
			n++
		}
	}
	return n
}

// shortest returns the length of the shortest text of all fields.
func (g Guard) shortest() int {
	least := math.MaxInt
	for _, texts := range g {
		least = min(least, shortest(texts))
	}
	return least
}
