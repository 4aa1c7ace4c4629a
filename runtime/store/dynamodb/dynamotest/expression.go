package dynamotest

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// placeholders are the names and values of an expression.
type placeholders struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues map[string]value
}

// An expression is a condition on an item, which has no attributes when there is
// none.
type expression interface{ holds(i item) bool }

type (
	or         []expression
	and        []expression
	missing    struct{ name string }
	comparison struct {
		name, operator string
		value          value
	}
	between struct {
		name     string
		from, to value
	}
	has struct { // a text in an attribute, anywhere or at the beginning
		function, name string
		value          value
	}
)

func (e or) holds(i item) bool {
	return slices.ContainsFunc(e, func(part expression) bool { return part.holds(i) })
}

func (e and) holds(i item) bool {
	return !slices.ContainsFunc(e, func(part expression) bool { return !part.holds(i) })
}

func (e missing) holds(i item) bool {
	_, found := i[e.name]
	return !found
}

// holds is false when there is no such attribute, and when it is of another type.
func (e comparison) holds(i item) bool {
	v, found := i[e.name]
	if !found || v.numeric != e.value.numeric {
		return false
	}
	order := strings.Compare(v.text, e.value.text)
	if v.numeric {
		order = cmp.Compare(v.number, e.value.number)
	}
	switch e.operator {
	case "=":
		return order == 0
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}

func (e between) holds(i item) bool {
	return comparison{e.name, ">=", e.from}.holds(i) && comparison{e.name, "<=", e.to}.holds(i)
}

// holds is false when there is no such attribute, and when it is no string.
func (e has) holds(i item) bool {
	v, found := i[e.name]
	if !found || v.numeric || e.value.numeric {
		return false
	}
	if e.function == "begins_with" {
		return strings.HasPrefix(v.text, e.value.text)
	}
	return strings.Contains(v.text, e.value.text)
}

// A parser reads expressions in DynamoDB's grammar, as much as is used:
//
//	or      = and { "OR" and }
//	and     = primary { "AND" primary }
//	primary = "(" or ")" | "attribute_not_exists" "(" name ")" | name operator value | name "BETWEEN" value "AND" value
//	        | ("begins_with" | "contains") "(" name "," value ")"
//
// A name is always an alias. DynamoDB takes others too, unless they are among its
// 573 reserved words; what is always aliased cannot be one of them.
type parser struct {
	tokens []string
	placeholders
	used map[string]bool
	err  error
}

var token = regexp.MustCompile(`\s*([#:]?[A-Za-z0-9_]+|<=|>=|<>|[=<>()]|\S)`)

// parse reads an expression. Every placeholder must be known, and used.
func parse(text string, p placeholders) (expression, error) {
	if text == "" {
		return nil, errors.New("a request without an expression is not known")
	}
	parser := &parser{placeholders: p, used: map[string]bool{}}
	for _, match := range token.FindAllStringSubmatch(text, -1) {
		parser.tokens = append(parser.tokens, match[1])
	}
	e := parser.or()
	if parser.err == nil && len(parser.tokens) > 0 {
		parser.fail(fmt.Errorf("%q in the expression %q is not known", parser.tokens[0], text))
	}
	for name := range p.ExpressionAttributeNames {
		if !parser.used[name] {
			parser.fail(invalid("the name %s is not used in the expression %q", name, text))
		}
	}
	for name := range p.ExpressionAttributeValues {
		if !parser.used[name] {
			parser.fail(invalid("the value %s is not used in the expression %q", name, text))
		}
	}
	return e, parser.err
}

// fail keeps the first error.
func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// next takes a token; "" at the end.
func (p *parser) next() string {
	if len(p.tokens) == 0 {
		return ""
	}
	token := p.tokens[0]
	p.tokens = p.tokens[1:]
	return token
}

// accept takes a token if it is the one that is looked for. Keywords have no case.
func (p *parser) accept(token string) bool {
	if len(p.tokens) == 0 || !strings.EqualFold(p.tokens[0], token) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) expect(token string) {
	if !p.accept(token) {
		p.fail(fmt.Errorf("the expression has no %q before %q", token, p.tokens))
	}
}

func (p *parser) or() expression {
	parts := or{p.and()}
	for p.accept("OR") {
		parts = append(parts, p.and())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (p *parser) and() expression {
	parts := and{p.primary()}
	for p.accept("AND") {
		parts = append(parts, p.primary())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (p *parser) primary() expression {
	switch {
	case p.accept("("):
		e := p.or()
		p.expect(")")
		return e
	case p.accept("attribute_not_exists"):
		p.expect("(")
		name := p.name()
		p.expect(")")
		return missing{name}
	}
	for _, function := range []string{"begins_with", "contains"} {
		if p.accept(function) {
			p.expect("(")
			name := p.name()
			p.expect(",")
			e := has{function, name, p.value()}
			p.expect(")")
			return e
		}
	}
	name := p.name()
	if p.accept("BETWEEN") {
		from := p.value()
		p.expect("AND")
		return between{name, from, p.value()}
	}
	operator := p.next()
	if !slices.Contains([]string{"=", "<", "<=", ">", ">="}, operator) {
		p.fail(fmt.Errorf("the operator %q is not known", operator))
	}
	return comparison{name, operator, p.value()}
}

func (p *parser) name() string {
	alias := p.next()
	if !strings.HasPrefix(alias, "#") {
		p.fail(fmt.Errorf("%q is no alias of an attribute; it may be a reserved word", alias))
	}
	name, found := p.ExpressionAttributeNames[alias]
	if !found {
		p.fail(invalid("the name %s is not defined", alias))
	}
	p.used[alias] = true
	return name
}

func (p *parser) value() value {
	alias := p.next()
	if !strings.HasPrefix(alias, ":") {
		p.fail(fmt.Errorf("%q is no value", alias))
	}
	v, found := p.ExpressionAttributeValues[alias]
	if !found {
		p.fail(invalid("the value %s is not defined", alias))
	}
	p.used[alias] = true
	return v
}
