package gogen

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// ruleFile writes one rule: its variable, its matcher, one function a search.
func (g *generator) ruleFile(r *rule) *jen.File {
	f := g.newFile(r.plan.Syntax.Source)
	w := &ruleWriter{generator: g, rule: r, file: f, declared: map[string]int{}, base: r.variable, searches: r.searches, path: r.plan.Syntax.Path}
	f.Var().Id(r.variable).Op("=").Qual(runtimePath, "Rule").Values(dictLines(w.fields()...)...)
	f.Line()
	w.matcher()
	for _, search := range r.plan.Searches {
		w.search(search)
	}
	return f
}

type ruleWriter struct {
	*generator
	rule     *rule
	file     *jen.File
	declared map[string]int // how many variables of a kind there are

	// Of the rule, or of the filter that is written.
	base     string            // begins the names of variables
	searches map[string]string // functions by the name of the search
	path     string
}

// fields writes the rule's variable; attributes that the rule does not have are
// left out.
func (w *ruleWriter) fields() []jen.Code {
	s := w.rule.plan.Syntax
	a := attributes{}
	a.text("Key", s.Key)
	a.text("ID", s.ID.Value)
	a.text("Name", s.Name.Value)
	a.text("Title", s.Title.Value)
	a.text("Description", s.Description.Value)
	a.text("Status", s.Status.Value)
	a.text("Author", s.Author.Value)
	a.add("Level", jen.Qual(runtimePath, exported(w.rule.plan.Level)))
	a.list("Tags", s.Tags)
	a.list("References", s.References)
	a.list("FalsePositives", s.FalsePositives)
	a.text("Source", s.Source)
	a.text("SourceHash", w.rule.plan.SourceHash)
	var conditions []string
	for _, c := range w.rule.plan.Conditions {
		conditions = append(conditions, oneLine(c.Text))
	}
	whole := strings.Join(conditions, " or ")
	if strings.Contains(whole, " ") && len(w.rule.plan.Filters) > 0 {
		whole = "(" + whole + ")"
	}
	for _, f := range w.rule.plan.Filters {
		whole += " and filter " + f.Syntax.Key
	}
	a.text("Condition", whole)
	a.add("Match", jen.Id(w.rule.match))
	var searches []jen.Code
	for _, search := range w.rule.plan.Searches {
		searches = append(searches, jen.Line().Values(
			field("Name", jen.Lit(search.Name)),
			field("Match", jen.Id(w.searches[search.Name])),
			field("Fields", jen.Index().String().Values(literals(search.Fields)...)),
		))
	}
	for _, f := range w.rule.plan.Filters {
		var read []string
		for _, search := range f.Searches {
			for _, name := range search.Fields {
				if !slices.Contains(read, name) {
					read = append(read, name)
				}
			}
		}
		searches = append(searches, jen.Line().Values(
			field("Name", jen.Lit("filter "+f.Syntax.Key)),
			field("Match", jen.Id(w.filters[f.Syntax.Key].match)),
			field("Fields", jen.Index().String().Values(literals(read)...)),
		))
	}
	a.add("Searches", jen.Index().Qual(runtimePath, "Search").Values(closeLines(searches)...))
	if len(w.rule.plan.Capture) > 0 {
		a.add("Capture", stringList(w.rule.plan.Capture))
	}
	return a.fields
}

// matcher writes the condition.
func (w *ruleWriter) matcher() {
	s := w.rule.plan.Syntax
	w.file.Comment(commentLine(w.rule.match + " reports whether e satisfies the rule"))
	w.file.Comment(commentLine(fmt.Sprintf("%q", s.Title.Value)))
	about := w.rule.plan.Level
	if s.ID.Value != "" {
		about = s.ID.Value + ", " + about
	}
	w.file.Comment(commentLine("(" + about + ")."))
	w.file.Comment("//")
	var conditions []plan.Expr
	for _, c := range w.rule.plan.Conditions {
		w.file.Comment(codeLine("condition: " + oneLine(c.Text)))
		conditions = append(conditions, c.Expr)
	}
	body := w.expr(plan.Or{Operands: conditions})
	if len(w.rule.plan.Filters) > 0 {
		operands := []operand{body}
		for _, f := range w.rule.plan.Filters {
			w.file.Comment("//")
			w.file.Comment(commentLine(fmt.Sprintf("Filtered by %s: %q.", path.Join(w.RulesName, f.Syntax.Source), f.Syntax.Title.Value)))
			operands = append(operands, operand{code: jen.Id(w.filters[f.Syntax.Key].match).Call(jen.Id("e"))})
		}
		body = join("&&", operands)
	}
	if w.rule.plan.MatchesNothing {
		w.file.Comment("//")
		w.file.Comment(commentLine("The condition can hold when no search does, so a record that cannot be read is"))
		w.file.Comment(commentLine("ruled out first."))
		body = join("&&", []operand{{code: jen.Id("e").Dot("Valid").Call()}, body})
	}
	w.function(w.rule.match, body)
}

func (w *ruleWriter) function(name string, body operand) {
	w.file.Func().Id(name).Params(jen.Id("e").Op("*").Qual(runtimePath, "Event")).Bool().Block(jen.Return(body.code))
	w.file.Line()
}

// operand is an expression with the operator that joins its parts, if any, and
// what it negates, if it is a negation.
type operand struct {
	code     *jen.Statement
	operator string // "&&", "||" or ""
	negated  *operand
}

// join joins operands by && or ||, one a line, with parentheses around those
// that are joined by the other one.
func join(operator string, operands []operand) operand {
	if len(operands) == 1 {
		return operands[0]
	}
	code := jen.Null()
	for i, o := range operands {
		if i > 0 {
			code.Op(operator).Line()
		}
		if o.operator != "" && o.operator != operator {
			code.Parens(o.code)
		} else {
			code.Add(o.code)
		}
	}
	return operand{code: code, operator: operator}
}

func negate(o operand) operand {
	switch {
	case o.negated != nil:
		return *o.negated
	case o.operator != "":
		return operand{code: jen.Op("!").Parens(o.code), negated: &o}
	default:
		return operand{code: jen.Op("!").Add(o.code), negated: &o}
	}
}

// expr writes a condition with its patterns resolved.
func (w *ruleWriter) expr(e plan.Expr) operand {
	switch e := e.(type) {
	case plan.And:
		return join("&&", w.exprs(e.Operands))
	case plan.Or:
		return join("||", w.exprs(e.Operands))
	case plan.Not:
		return negate(w.expr(e.Operand))
	case plan.Ref:
		return w.call(e.Search)
	case plan.Quantifier:
		var calls []operand
		for _, member := range e.Members {
			calls = append(calls, w.call(member))
		}
		if e.All {
			return join("&&", calls)
		}
		return join("||", calls)
	default:
		panic(fmt.Sprintf("gogen: %s: unknown node %T of a condition", w.path, e))
	}
}

func (w *ruleWriter) exprs(list []plan.Expr) []operand {
	var operands []operand
	for _, e := range list {
		operands = append(operands, w.expr(e))
	}
	return operands
}

func (w *ruleWriter) call(s *plan.Search) operand {
	return operand{code: jen.Id(w.searches[s.Name]).Call(jen.Id("e"))}
}

// search writes the function of one search, and before it the variables that it
// needs.
func (w *ruleWriter) search(s *plan.Search) {
	var maps []operand
	for _, m := range s.Maps {
		var items []operand
		for _, item := range m {
			items = append(items, w.item(s, item))
		}
		maps = append(maps, join("&&", items))
	}
	for _, note := range notes(s) {
		w.file.Comment(commentLine(note))
	}
	w.function(w.searches[s.Name], join("||", maps))
}

// notes says what the author wrote where the code does not show it: values that
// were encoded, or in which placeholders were replaced.
func notes(s *plan.Search) []string {
	var all []string
	for _, m := range s.Maps {
		for _, item := range m {
			for _, group := range item.Groups {
				for _, p := range group {
					for _, v := range p.Values {
						note := fmt.Sprintf("%s|%s: %s in %s.", p.Field, v.Made, v.Source, s.Name)
						if v.Made != "" && !slices.Contains(all, note) {
							all = append(all, note)
						}
					}
				}
			}
		}
	}
	return all
}

func (w *ruleWriter) item(s *plan.Search, item plan.Item) operand {
	var groups []operand
	for _, group := range item.Groups {
		var predicates []operand
		for _, p := range group {
			predicates = append(predicates, w.predicate(s, p))
		}
		groups = append(groups, join("||", predicates))
	}
	operator := "||"
	if item.All {
		operator = "&&"
	}
	joined := join(operator, groups)
	if item.Not {
		return negate(joined)
	}
	return joined
}

// methods names the predicate of runtime.Value for every Op. Those on text have
// Fold behind it where case does not count.
var methods = map[plan.Op]string{
	plan.Equal: "Equal", plan.Prefix: "HasPrefix", plan.Suffix: "HasSuffix", plan.Contains: "Contains", plan.Like: "Like",
	plan.Number: "EqualNumber", plan.Regexp: "Matches", plan.InPrefix: "InPrefix",
	plan.FieldEqual: "EqualField", plan.FieldPrefix: "HasPrefixField", plan.FieldSuffix: "HasSuffixField", plan.FieldContains: "ContainsField",
	plan.Less: "Less", plan.LessOrEqual: "LessOrEqual", plan.Greater: "Greater", plan.GreaterOrEqual: "GreaterOrEqual",
	plan.Exists: "Exists", plan.Absent: "Exists", plan.IsNull: "IsNull",
}

func (w *ruleWriter) predicate(s *plan.Search, p plan.Predicate) operand {
	method, known := methods[p.Op]
	if !known {
		panic(fmt.Sprintf("gogen: %s: unknown predicate %d", w.path, p.Op))
	}
	if p.Op <= plan.Like && !p.Cased && p.Part == "" {
		method += "Fold"
	}
	get := func(arguments ...jen.Code) operand {
		code := jen.Id("e").Dot("Get").Call(jen.Lit(p.Field))
		if p.Field == "" {
			code = jen.Id("e").Dot("Leaves").Call()
		}
		if p.Part != "" {
			code.Dot("Part").Call(jen.Qual(runtimePath, exported(p.Part)))
		}
		code.Dot(method)
		if len(arguments) < 2 {
			return operand{code: code.Call(arguments...)}
		}
		return operand{code: code.Custom(jen.Options{Open: "(", Close: ")", Separator: ",", Multi: true}, arguments...)}
	}
	switch {
	case p.Op == plan.Absent:
		return negate(get())
	case p.Op == plan.Regexp || p.Op == plan.InPrefix:
		var calls []operand
		for _, v := range p.Values {
			calls = append(calls, get(w.variable(s, p, v)))
		}
		return join("||", calls)
	default:
		var arguments []jen.Code
		for _, v := range p.Values {
			if p.Part != "" {
				arguments = append(arguments, jen.Id(v.Text)) // a whole number, as the planner wrote it
			} else {
				arguments = append(arguments, jen.Lit(v.Text))
			}
		}
		return get(arguments...)
	}
}

// variable declares the compiled form of a regular expression or a network and
// returns its name.
func (w *ruleWriter) variable(s *plan.Search, p plan.Predicate, v plan.Value) jen.Code {
	kind, constructor := "cidr", jen.Qual("net/netip", "MustParsePrefix")
	if p.Op == plan.Regexp {
		kind, constructor = "re", jen.Qual("regexp", "MustCompile")
	}
	w.declared[kind]++
	name := w.names.take(fmt.Sprintf("%s_%s%d", w.base, kind, w.declared[kind]), func(s string) []string { return []string{s} })
	w.file.Comment(commentLine(fmt.Sprintf("%s: %s in %s.", cmp.Or(p.Field, "keyword"), v.Source, s.Name)))
	w.file.Var().Id(name).Op("=").Add(constructor).Call(jen.Lit(v.Text))
	w.file.Line()
	return jen.Id(name)
}

// filterFile writes a filter document: one function for its condition, one a
// search.
func (g *generator) filterFile(f *filter) *jen.File {
	file := g.newFile(f.plan.Syntax.Source)
	w := &ruleWriter{generator: g, file: file, declared: map[string]int{}, base: f.match, searches: f.searches, path: f.plan.Syntax.Path}
	file.Comment(commentLine(f.match + " reports whether e satisfies the filter"))
	file.Comment(commentLine(fmt.Sprintf("%q.", f.plan.Syntax.Title.Value)))
	file.Comment("//")
	var conditions []plan.Expr
	for _, c := range f.plan.Conditions {
		file.Comment(codeLine("condition: " + oneLine(c.Text)))
		conditions = append(conditions, c.Expr)
	}
	w.function(f.match, w.expr(plan.Or{Operands: conditions}))
	for _, search := range f.plan.Searches {
		w.search(search)
	}
	return file
}

// ruleTestFile writes the test of one rule.
func (g *generator) ruleTestFile(r *rule, source string) *jen.File {
	f := g.newFile(source)
	f.Func().Id("Test" + exported(r.variable)).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Qual(ruletestPath, "Run").Call(jen.Id("t"), jen.Op("&").Id(r.variable), jen.Id("Match"), jen.Lit(g.RulesPath+"/"+source)),
	)
	return f
}
