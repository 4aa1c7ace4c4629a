package gogen

import (
	"fmt"
	"time"

	"github.com/dave/jennifer/jen"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// correlationTypes names the constants of the runtime for the types of
// correlations.
var correlationTypes = map[string]string{
	"event_count": "EventCount", "value_count": "ValueCount", "value_sum": "ValueSum", "value_avg": "ValueAvg",
	"temporal": "Temporal", "temporal_ordered": "TemporalOrdered",
}

// operators names the constants of the runtime for the operators of conditions.
var operators = map[string]string{
	"gt": "Greater", "gte": "GreaterOrEqual", "lt": "Less", "lte": "LessOrEqual", "eq": "Equal", "neq": "NotEqual",
}

// correlationsFile writes the correlation documents, and what postprocessing_rules
// lists.
func (g *generator) correlationsFile(correlations []*plan.Correlation) *jen.File {
	f := g.newFile("")
	f.Comment(commentLine("correlations holds the correlation documents and what postprocessing_rules"))
	f.Comment(commentLine("lists, sorted by key."))
	if len(correlations) == 0 {
		f.Var().Id("correlations").Index().Qual(runtimePath, "Correlation")
		return f
	}
	var values []jen.Code
	for _, c := range correlations {
		values = append(values, jen.Line().Values(dictLines(correlationFields(c)...)...))
	}
	f.Var().Id("correlations").Op("=").Index().Qual(runtimePath, "Correlation").Values(closeLines(values)...)
	return f
}

// correlationFields writes the fields of one; those that it does not have are left
// out.
func correlationFields(c *plan.Correlation) []jen.Code {
	s := c.Syntax
	if s == nil {
		s = &sigma.Rule{}
	}
	a := attributes{}
	a.text("Key", c.Key)
	a.text("ID", s.ID.Value)
	a.text("Name", s.Name.Value)
	a.text("Title", s.Title.Value)
	a.text("Description", c.Description)
	a.text("Status", s.Status.Value)
	a.text("Author", s.Author.Value)
	a.add("Level", jen.Qual(runtimePath, exported(c.Level)))
	a.list("Tags", s.Tags)
	a.list("References", s.References)
	a.list("FalsePositives", s.FalsePositives)
	a.text("Source", c.Source)
	a.text("SourceHash", c.SourceHash)
	a.add("Type", constant(correlationTypes, c.Type, c.Key))
	a.add("Rules", stringList(c.Rules))
	if len(c.GroupBy) > 0 {
		a.add("GroupBy", groupList(c.GroupBy))
	}
	a.add("Window", duration(c.Window))
	if len(c.Condition) > 0 {
		a.add("Condition", comparisonList(c))
	}
	if len(c.Fields) > 0 {
		a.add("Fields", stringList(c.Fields))
	}
	if c.Generate {
		a.add("Generate", jen.True())
	}
	if c.Annotates {
		a.add("Annotates", jen.True())
	}
	if c.Cooldown != nil {
		a.add("Cooldown", jen.New(duration(*c.Cooldown)))
	}
	return a.fields
}

// comparisonList writes comparisons, several on lines of their own.
func comparisonList(c *plan.Correlation) jen.Code {
	var values []jen.Code
	for _, comparison := range c.Condition {
		value := jen.Values(
			field("Operator", constant(operators, comparison.Operator, c.Key)),
			field("Value", number(comparison.Value)),
		)
		if len(c.Condition) > 1 {
			value = jen.Line().Add(value)
		}
		values = append(values, value)
	}
	if len(values) > 1 {
		values = closeLines(values)
	}
	return jen.Index().Qual(runtimePath, "Comparison").Values(values...)
}

func groupList(groups []plan.Group) jen.Code {
	var lines []jen.Code
	for _, group := range groups {
		if len(group.Fields) == 0 {
			name := map[string]string{"account": "GroupAccount", "actor": "GroupActor"}
			lines = append(lines, jen.Line().Values(field("Name", constant(name, group.Name, "a group"))))
			continue
		}
		lines = append(lines, jen.Line().Values(
			field("Name", jen.Lit(group.Name)),
			field("Fields", jen.Index().String().Values(literals(group.Fields)...)),
		))
	}
	return jen.Index().Qual(runtimePath, "Group").Values(closeLines(lines)...)
}

// constant writes the constant of the runtime that stands for a name. of is what
// has it.
func constant(names map[string]string, name, of string) jen.Code {
	constant, known := names[name]
	if !known {
		panic(fmt.Sprintf("gogen: %s: the runtime has no constant for %q", of, name))
	}
	return jen.Qual(runtimePath, constant)
}

// duration writes a duration in the largest unit of which it is a multiple; it
// has whole seconds.
func duration(d time.Duration) jen.Code {
	for _, unit := range []struct {
		name  string
		value time.Duration
	}{{"Hour", time.Hour}, {"Minute", time.Minute}, {"Second", time.Second}} {
		if d != 0 && d%unit.value == 0 {
			return jen.Lit(int(d/unit.value)).Op("*").Qual("time", unit.name)
		}
	}
	return jen.Qual("time", "Duration").Call(jen.Lit(int(d)))
}

// number writes a number, a whole one without a decimal point.
func number(n float64) jen.Code {
	if whole := int(n); float64(whole) == n && whole > -1<<53 && whole < 1<<53 {
		return jen.Lit(whole)
	}
	return jen.Lit(n)
}

// correlationTestFile writes the test of one correlation.
func (g *generator) correlationTestFile(c *plan.Correlation, name, source string) *jen.File {
	f := g.newFile(source)
	f.Func().Id("Test" + exported(name)).Params(jen.Id("t").Op("*").Qual("testing", "T")).Block(
		jen.Qual(ruletestPath, "RunCorrelation").Call(jen.Id("t"), jen.Id("Set"), jen.Lit(c.Key), jen.Lit(g.RulesPath+"/"+source)),
	)
	return f
}

// attributes collects the fields of a composite literal.
type attributes struct{ fields []jen.Code }

func (a *attributes) add(name string, value jen.Code) {
	a.fields = append(a.fields, field(name, value))
}

// text adds a text, unless it is empty.
func (a *attributes) text(name, value string) {
	if value != "" {
		a.add(name, jen.Lit(value))
	}
}

// list adds a list of texts, unless it is empty.
func (a *attributes) list(name string, texts []sigma.Text) {
	var values []string
	for _, t := range texts {
		values = append(values, t.Value)
	}
	if len(values) > 0 {
		a.add(name, stringList(values))
	}
}
