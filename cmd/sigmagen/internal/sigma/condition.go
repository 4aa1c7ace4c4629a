package sigma

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	sigmago "github.com/bradleyjkemp/sigma-go"
	"gopkg.in/yaml.v3"
)

// Limits of a condition: far beyond what people write, and low enough for every
// recursive walk.
const (
	maxConditionBytes = 10_000
	maxParentheses    = 100
)

// conditions checks the condition of a detection, or its list of conditions.
func (d *document) conditions(root, detection *yaml.Node, names []string) []*conditionParser {
	key, node := get(detection, "condition")
	if key == nil {
		at, _ := get(root, "detection")
		if at == nil {
			at, _ = get(root, "filter")
		}
		hint := "add `condition: selection`"
		if outside, _ := get(root, "condition"); outside != nil {
			at, hint = outside, "indent it below `detection:`"
		}
		for _, name := range names {
			if DidYouMean(name, []string{"condition"}) != "" {
				hint = "the key is called condition, not " + name
			}
		}
		d.list.Errorf(d.span(at), d.code("structure/condition"), hint, "the detection has no condition")
		return nil
	}
	items := []*yaml.Node{node}
	if filter, _ := get(root, "filter"); filter != nil && node.Kind == yaml.SequenceNode {
		d.list.Errorf(d.span(node), "filter/condition", "join them by `or`", "the condition of a filter is text, this is a list")
		return nil
	}
	if node.Kind == yaml.SequenceNode {
		items = node.Content
		if len(items) == 0 {
			d.list.Errorf(d.span(node), d.code("condition/empty"), "add `condition: selection`", "the list of conditions is empty")
		}
	}
	var parsers []*conditionParser
	for _, item := range items {
		if p := d.condition(item, names); p != nil {
			parsers = append(parsers, p)
		}
	}
	return parsers
}

func (d *document) condition(node *yaml.Node, names []string) *conditionParser {
	if node.Kind != yaml.ScalarNode {
		d.list.Errorf(d.span(node), d.code("condition/type"), "write it as text: `condition: selection`", "a condition is text, this is %s", describe(node))
		return nil
	}
	if strings.TrimSpace(node.Value) == "" || d.scalar(node).Kind == Null {
		d.list.Errorf(d.span(node), d.code("condition/empty"), "name a search: `condition: selection`", "the condition is empty")
		return nil
	}
	if len(node.Value) > maxConditionBytes {
		d.list.Errorf(d.span(node), d.code("condition/too-long"), "", "the condition is longer than %d bytes", maxConditionBytes)
		return nil
	}
	p := &conditionParser{document: d, node: node, names: names}
	p.check()
	return p
}

// conditionParser turns the text of a condition into an Expr. It checks the
// grammar word by word, so that an error has its place, and hands sigma-go a
// condition in which every operand (a name, or a quantifier) is replaced by a
// plain name: sigma-go's lexer knows neither names with a dash or a leading
// digit nor all patterns.
type conditionParser struct {
	*document
	node     *yaml.Node
	names    []string // the searches of the detection, also refused ones, in the order of the file
	operands []Expr
	plain    []string // the condition for sigma-go
	failed   bool
}

type word struct {
	text     string
	from, to int // in node.Value
}

func (p *conditionParser) fail(w word, code, hint, format string, args ...any) {
	p.failed = true
	p.list.Errorf(p.spanIn(p.node, w.from, w.to), p.code(code), hint, format, args...)
}

// words splits a condition at white space and around parentheses and pipes.
func words(s string) []word {
	var all []word
	start := -1
	flush := func(end int) {
		if start >= 0 {
			all = append(all, word{s[start:end], start, end})
			start = -1
		}
	}
	for i, r := range s {
		switch {
		case isSpace(r):
			flush(i)
		case r == '(' || r == ')' || r == '|':
			flush(i)
			all = append(all, word{string(r), i, i + 1})
		case start < 0:
			start = i
		}
	}
	flush(len(s))
	return all
}

var quantity = regexp.MustCompile(`^(\d+|[A-Za-z]+)$`)

// check reads the condition word by word, fills operands and plain, and reports
// what is wrong.
func (p *conditionParser) check() {
	all := words(p.node.Value)
	var open []word
	wantOperand := true
	for i := 0; i < len(all) && !p.failed; i++ {
		w := all[i]
		switch {
		case w.text == "|" && i+1 < len(all) && all[i+1].from == w.to && all[i+1].text == "|":
			w.to = all[i+1].to
			p.fail(w, "condition/operator", "write `or`", "\"||\" is not an operator of Sigma")
		case w.text == "|":
			p.fail(w, "condition/aggregation", "Sigma 2 has correlation documents for this: `correlation:` with a type, rules, a timespan and a condition", "aggregation expressions are of Sigma 1 and no longer part of a condition")
		case w.text == "(":
			if !wantOperand {
				p.fail(w, "condition/operator", "put and, or between the two", "an operator is missing before %q", w.text)
			}
			if open = append(open, w); len(open) > maxParentheses {
				p.fail(w, "condition/too-deep", "", "parentheses are nested deeper than %d", maxParentheses)
			}
			p.plain = append(p.plain, "(")
		case w.text == ")":
			switch {
			case len(open) == 0:
				p.fail(w, "condition/parenthesis", "remove it, or open one", "this parenthesis was never opened")
			case wantOperand:
				p.fail(w, "condition/operand", "name a search before it, or remove it", "an operand is missing before the closing parenthesis")
			default:
				open = open[:len(open)-1]
			}
			p.plain = append(p.plain, ")")
		case w.text == "and" || w.text == "or":
			if wantOperand {
				p.fail(w, "condition/operand", "name a search before it, or remove it", "an operand is missing before %q", w.text)
			}
			wantOperand = true
			p.plain = append(p.plain, w.text)
		case w.text == "not":
			if !wantOperand {
				p.fail(w, "condition/operator", "write `and not`", "an operator is missing before \"not\"")
			}
			p.plain = append(p.plain, "not")
		default:
			if hint, isOperator := foreignOperator(w.text); isOperator {
				p.fail(w, "condition/operator", hint, "%q is not an operator of Sigma", w.text)
				break
			}
			if !wantOperand {
				p.fail(w, "condition/operator", "put and, or between the two", "an operator is missing before %q", w.text)
				break
			}
			wantOperand = false
			if i+1 < len(all) && all[i+1].text != "of" && strings.EqualFold(all[i+1].text, "of") {
				p.fail(all[i+1], "condition/operator", "write `of`", "%q is not an operator of Sigma", all[i+1].text)
				break
			}
			if i+1 < len(all) && all[i+1].text == "of" && quantity.MatchString(w.text) {
				var pattern *word
				if i+2 < len(all) {
					pattern = &all[i+2]
				}
				p.quantifier(w, all[i+1], pattern)
				i += 2
			} else {
				p.name(w)
			}
		}
	}
	if p.failed {
		return
	}
	last := all[len(all)-1]
	if wantOperand {
		p.fail(last, "condition/operand", "name a search after it, or remove it", "an operand is missing after %q", last.text)
	}
	for _, w := range open {
		p.fail(w, "condition/parenthesis", "close it", "this parenthesis is never closed")
	}
}

// foreignOperator recognises operators of other languages.
func foreignOperator(text string) (hint string, is bool) {
	switch text {
	case "AND", "And", "OR", "Or", "NOT", "Not":
		return "write `" + strings.ToLower(text) + "`", true
	case "&&", "&":
		return "write `and`", true
	case "||":
		return "write `or`", true
	}
	switch {
	case strings.HasPrefix(text, "!"):
		return "write `not`", true
	case strings.Contains(text, "&"):
		return "write `and` between the two", true
	}
	return "", false
}

func (p *conditionParser) name(w word) {
	switch {
	case strings.Contains(w.text, "*"):
		p.fail(w, "condition/pattern", fmt.Sprintf("write `1 of %s` or `all of %s`", w.text, w.text), "the pattern %q needs `1 of` or `all of` before it", w.text)
	case w.text == "them" || w.text == "of":
		p.fail(w, "condition/quantifier", "write `1 of them` or `all of them`", "%q needs `1` or `all` before it", w.text)
	case !identifierShape.MatchString(w.text):
		hint := "a condition is made of names, and, or, not, 1 of, all of, and parentheses"
		if i := strings.IndexFunc(w.text, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
			r, _ := utf8.DecodeRuneInString(w.text[i:])
			hint = fmt.Sprintf("it holds the character %U; %s", r, hint)
		}
		p.fail(w, "condition/syntax", hint, "%q is not part of a condition", w.text)
	case !slices.Contains(p.names, w.text):
		p.list.Errorf(p.spanIn(p.node, w.from, w.to), p.code("condition/unknown-search"), p.suggest(w.text), "unknown search %q", w.text)
		p.operand(Ref{Name: w.text})
	default:
		p.operand(Ref{Name: w.text, Span: p.spanIn(p.node, w.from, w.to)})
	}
}

// suggest returns the search that a name may stand for, or all there are.
func (p *conditionParser) suggest(name string) string {
	if hint := DidYouMean(name, p.names); hint != "" {
		return hint
	}
	const most = 8
	if len(p.names) == 0 || len(p.names) > most {
		return ""
	}
	return "the searches are: " + strings.Join(p.names, ", ")
}

func (p *conditionParser) quantifier(count, of word, pattern *word) {
	if count.text != "1" && count.text != "all" {
		hint := "write `1 of` or `all of`"
		if count.text == "any" {
			hint = "write `1 of`"
		}
		p.fail(count, "condition/quantifier", hint, "Sigma knows `1 of` and `all of`, not `%s of`", count.text)
		return
	}
	if pattern == nil {
		p.fail(of, "condition/quantifier", "write `1 of them`, or a pattern such as `1 of selection_*`", "`%s of` needs a pattern", count.text)
		return
	}
	if !identifierShape.MatchString(strings.ReplaceAll(pattern.text, "*", "_")) || reserved[pattern.text] && pattern.text != "them" {
		p.fail(*pattern, "condition/quantifier", "write `them`, or a pattern such as `selection_*`", "%q is not a pattern", pattern.text)
		return
	}
	span := p.spanIn(p.node, count.from, count.to)
	q := Quantifier{All: count.text == "all", Pattern: pattern.text, Span: span}
	for _, name := range p.names {
		if patternCovers(pattern.text, name) {
			q.Members = append(q.Members, name)
		}
	}
	if len(q.Members) == 0 && len(p.names) > 0 {
		p.list.Errorf(p.spanIn(p.node, pattern.from, pattern.to), p.code("condition/pattern"), p.suggest(strings.Trim(pattern.text, "*_")), "the pattern %q stands for no search", pattern.text)
	}
	p.operand(q)
}

// patternCovers reports whether a pattern stands for a search. Names that begin
// with an underscore are left out of patterns and of them (Sigma specification
// 2.1.0, section Condition), but can be named.
func patternCovers(pattern, name string) bool {
	if !strings.Contains(pattern, "*") && pattern != "them" {
		return pattern == name
	}
	if strings.HasPrefix(name, "_") {
		return false
	}
	if pattern == "them" {
		return true
	}
	// Names hold none of the other characters that path.Match knows.
	covers, err := path.Match(pattern, name)
	return err == nil && covers
}

// operand appends an operand under a name that sigma-go can read.
func (p *conditionParser) operand(e Expr) {
	p.plain = append(p.plain, fmt.Sprintf("operand_%d", len(p.operands)))
	p.operands = append(p.operands, e)
}

// text returns the condition as written, without the white space around it.
func (p *conditionParser) text() string { return strings.TrimSpace(p.node.Value) }

// prepared returns the condition that sigma-go is to parse.
func (p *conditionParser) prepared() string { return strings.Join(p.plain, " ") }

// convert turns what sigma-go parsed into an Expr, with the operands put back.
func (p *conditionParser) convert(e sigmago.SearchExpr) (Expr, error) {
	switch e := e.(type) {
	case sigmago.And:
		operands, err := p.convertAll(e)
		return And{Operands: operands}, err
	case sigmago.Or:
		operands, err := p.convertAll(e)
		return Or{Operands: operands}, err
	case sigmago.Not:
		operand, err := p.convert(e.Expr)
		return Not{Operand: operand}, err
	case sigmago.SearchIdentifier:
		var i int
		if _, err := fmt.Sscanf(e.Name, "operand_%d", &i); err != nil || i >= len(p.operands) {
			return nil, fmt.Errorf("unexpected name %q", e.Name)
		}
		return p.operands[i], nil
	default:
		return nil, fmt.Errorf("unexpected node %T", e)
	}
}

func (p *conditionParser) convertAll(list []sigmago.SearchExpr) ([]Expr, error) {
	var all []Expr
	for _, e := range list {
		converted, err := p.convert(e)
		if err != nil {
			return nil, err
		}
		all = append(all, converted)
	}
	return all, nil
}
