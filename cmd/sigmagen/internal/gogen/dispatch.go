package gogen

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// dispatchFile writes Match: a switch over eventSource and eventName.
func (g *generator) dispatchFile() *jen.File {
	f := g.newFile("")
	index := g.index()
	guards := g.guards(index.rest)
	if len(guards) > 0 {
		var texts []jen.Code
		for _, guard := range guards {
			for _, m := range guard.mentions {
				list := literals(m.texts)
				if len(list) > 3 {
					list = onePerLine(list)
				}
				texts = append(texts, jen.Id(m.variable).Op("=").Qual(runtimePath, "NewTexts").Call(list...))
			}
		}
		f.Comment(commentLine("Texts of which a record holds one if a rule matches that fixes neither the source"))
		f.Comment(commentLine("nor the name."))
		f.Var().Defs(texts...)
		f.Line()
	}
	f.Comment(commentLine("Match appends to dst the rules that e satisfies. It tries the rules that can match"))
	f.Comment(commentLine("by the record's eventSource and eventName, both in the form of runtime.Fold."))
	var body []jen.Code
	body = append(body,
		jen.List(jen.Id(index.used("source")), jen.Id(index.used("name")), jen.Id("ok")).Op(":=").Id("e").Dot("Keys").Call(),
		jen.If(jen.Op("!").Id("ok")).Block(jen.Return(jen.Qual(runtimePath, "MatchAll").Call(jen.Id("dst"), jen.Id("rules"), jen.Id("e")))),
	)
	if len(index.sources) > 0 {
		var cases []jen.Code
		for _, source := range sortedKeys(index.sources) {
			group := index.sources[source]
			block := g.tries(group.any)
			if len(group.names) > 0 {
				block = append(block, g.nameSwitch(group.names))
			}
			cases = append(cases, jen.Case(jen.Lit(source)).Block(block...))
		}
		body = append(body, jen.Switch(jen.Id("source")).Block(cases...))
	}
	if len(index.names) > 0 {
		body = append(body, jen.Comment(commentLine("Rules that name an event, and no source.")), g.nameSwitch(index.names))
	}
	if len(index.rest) > 0 {
		body = append(body, jen.Comment(commentLine("Rules that fix neither the source nor the name.")))
		for _, guard := range guards {
			var mentions []operand
			for _, m := range guard.mentions {
				mentions = append(mentions, operand{code: jen.Id("e").Dot("Mentions").Call(jen.Lit(m.field), jen.Id(m.variable))})
			}
			body = append(body, jen.If(join("||", mentions).code).Block(g.tries(guard.rules)...))
		}
		body = append(body, g.tries(slices.DeleteFunc(slices.Clone(index.rest), func(r *rule) bool { return r.plan.Guard != nil }))...)
	}
	body = append(body, jen.Return(jen.Id("dst")))
	f.Func().Id("Match").Params(
		jen.Id("dst").Index().Op("*").Qual(runtimePath, "Rule"),
		jen.Id("e").Op("*").Qual(runtimePath, "Event"),
	).Index().Op("*").Qual(runtimePath, "Rule").Block(body...)
	return f
}

// index groups rules by their keys.
type index struct {
	sources map[string]*sourceGroup
	names   map[string][]*rule
	rest    []*rule
}

type sourceGroup struct {
	any   []*rule
	names map[string][]*rule
}

func (g *generator) index() *index {
	ix := &index{sources: map[string]*sourceGroup{}, names: map[string][]*rule{}}
	for _, r := range g.rules {
		for _, key := range r.plan.Keys {
			switch {
			case key == plan.Key{}:
				ix.rest = append(ix.rest, r)
			case key.Source == "":
				ix.names[key.Name] = append(ix.names[key.Name], r)
			default:
				group := ix.sources[key.Source]
				if group == nil {
					group = &sourceGroup{names: map[string][]*rule{}}
					ix.sources[key.Source] = group
				}
				if key.Name == "" {
					group.any = append(group.any, r)
				} else {
					group.names[key.Name] = append(group.names[key.Name], r)
				}
			}
		}
	}
	return ix
}

// guarded are rules whose records mention something in the same fields.
type guarded struct {
	mentions []mention
	rules    []*rule
}

// mention is what the rules look for in a field: all of their texts at once.
type mention struct {
	field    string
	variable string
	texts    []string
}

// guards groups those rules that have a guard by its fields.
func (g *generator) guards(rules []*rule) []*guarded {
	groups := map[string]*guarded{}
	for _, r := range rules {
		if r.plan.Guard == nil {
			continue
		}
		fields := sortedKeys(r.plan.Guard)
		key := strings.Join(fields, " ")
		if groups[key] == nil {
			groups[key] = &guarded{mentions: make([]mention, len(fields))}
		}
		group := groups[key]
		group.rules = append(group.rules, r)
		for i, field := range fields {
			m := &group.mentions[i]
			m.field = field
			m.texts = append(m.texts, r.plan.Guard[field]...)
		}
	}
	var all []*guarded
	for _, key := range sortedKeys(groups) {
		for i := range groups[key].mentions {
			m := &groups[key].mentions[i]
			slices.Sort(m.texts)
			m.texts = slices.Compact(m.texts)
			m.variable = g.names.take("in"+exported(camel(cmp.Or(m.field, "record"))), func(s string) []string { return []string{s} })
		}
		all = append(all, groups[key])
	}
	return all
}

// used returns the name of a variable of Match, or _ when no switch reads it.
func (ix *index) used(variable string) string {
	read := len(ix.sources) > 0
	if variable == "name" {
		read = len(ix.names) > 0
		for _, group := range ix.sources {
			read = read || len(group.names) > 0
		}
	}
	if !read {
		return "_"
	}
	return variable
}

// nameSwitch writes a switch over the event's name. Names that lead to the same
// rules share a case.
func (g *generator) nameSwitch(byName map[string][]*rule) jen.Code {
	type group struct {
		names []string
		rules []*rule
	}
	var groups []*group
	for _, name := range sortedKeys(byName) {
		i := slices.IndexFunc(groups, func(known *group) bool { return slices.Equal(known.rules, byName[name]) })
		if i < 0 {
			groups = append(groups, &group{rules: byName[name]})
			i = len(groups) - 1
		}
		groups[i].names = append(groups[i].names, name)
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.names[0], b.names[0]) })
	var cases []jen.Code
	for _, group := range groups {
		cases = append(cases, jen.Case(literals(group.names)...).Block(g.tries(group.rules)...))
	}
	return jen.Switch(jen.Id("name")).Block(cases...)
}

// tries writes one if a rule.
func (g *generator) tries(rules []*rule) []jen.Code {
	var tries []jen.Code
	for _, r := range rules {
		tries = append(tries, jen.If(jen.Id(r.match).Call(jen.Id("e"))).Block(
			jen.Id("dst").Op("=").Append(jen.Id("dst"), jen.Op("&").Id(r.variable)),
		))
	}
	return tries
}

// dispatchTestFile writes the test and the fuzz target that hold Match against
// the linear scan, and a benchmark.
func (g *generator) dispatchTestFile() *jen.File {
	f := g.newFile("")
	f.Func().Id("TestMatchEqualsLinearScan").Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Qual(ruletestPath, "RunSet").Call(jen.Id("t"), jen.Id("Set"), jen.Lit(g.RulesPath)),
	)
	f.Line()
	f.Func().Id("BenchmarkMatch").Params(jen.Id("b").Op("*").Qual("testing", "B")).Block(
		jen.Qual(ruletestPath, "Benchmark").Call(jen.Id("b"), jen.Id("Set"), jen.Lit(g.RulesPath)),
	)
	f.Line()
	f.Func().Id("FuzzMatchEqualsLinearScan").Params(jen.Id("f").Op("*").Qual("testing", "F")).Block(
		jen.Qual(ruletestPath, "Fuzz").Call(jen.Id("f"), jen.Id("Set"), jen.Lit(g.RulesPath)),
	)
	return f
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, strings.Compare)
	return keys
}
