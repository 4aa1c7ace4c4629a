package sigma

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// A Correlation is the body of a correlation document.
type Correlation struct {
	Type     Text
	Rules    []Text // ids and names, at least one
	GroupBy  []Text // fields of records, and names of Aliases
	Aliases  []Alias
	Timespan time.Duration

	// Condition holds the comparisons in the order of the document, and Fields
	// what its key field names. ConditionSpan is the place of the condition; of
	// type, when there is none.
	Condition     []Comparison
	Fields        []Text
	ConditionSpan diag.Span

	// Generate keeps the alerts of the rules that it refers to.
	Generate bool

	strayField bool // field stands outside of the condition, which is told
}

// An Alias is a name for what are different fields in the matches of different
// rules.
type Alias struct {
	Name   Text
	Fields []AliasField
}

// An AliasField is the field that an alias stands for in the matches of one rule,
// which is known by its id or name.
type AliasField struct{ Rule, Field Text }

// A Comparison is one operator of a condition with its number.
type Comparison struct {
	Operator string // gt, gte, lt, lte, eq or neq
	Value    float64
	Span     diag.Span // of the number
}

var (
	correlationTypes    = []string{"event_count", "value_count", "value_sum", "value_avg", "temporal", "temporal_ordered"}
	correlationKeys     = []string{"type", "rules", "group-by", "aliases", "timespan", "condition", "generate"}
	comparisonOperators = []string{"gt", "gte", "lt", "lte", "eq", "neq"}
)

// openTypes are types of correlations that are known and refused, with the way
// out: the specification does not say what value_percentile compares, and does
// not have the other.
var openTypes = map[string]string{
	"value_percentile": "use value_avg with a limit, or value_count",
	"value_median":     "use value_avg",
}

// MaxTimespan is the longest time that a correlation looks back: what it looks
// at is remembered for as long.
const MaxTimespan = 30 * 24 * time.Hour

// IsTemporal reports whether it counts which rules match, not how often.
func (c *Correlation) IsTemporal() bool { return strings.HasPrefix(c.Type.Value, "temporal") }

// IsCount reports whether its condition compares a number of events, values or
// rules: a whole one, and at least 1 where anything is compared at all.
func (c *Correlation) IsCount() bool {
	return c.IsTemporal() || strings.HasSuffix(c.Type.Value, "_count")
}

// correlation reads the body of a correlation document.
func (d *document) correlation(root *yaml.Node, rule *Rule) {
	_, node := get(root, "correlation")
	c := &Correlation{strayField: has(node, "field")}
	rule.Correlation = c
	if node.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(node), "correlation/body", "write `type`, `rules`, `timespan` and more below it", "correlation is a map, this is %s", describe(node))
		return
	}
	entries(node, func(key, _ *yaml.Node) {
		if !slices.Contains(correlationKeys, key.Value) {
			d.list.Errorf(d.span(key), "correlation/key", strayKey(key.Value), "unknown key %q", key.Value)
		}
	})
	at, value := d.required(node, "type", "one of "+strings.Join(correlationTypes, ", "))
	if value != nil {
		c.Type = d.correlationType(value)
	}
	if _, value := d.required(node, "rules", "a list of ids or names of rules"); value != nil {
		c.Rules = d.names(value, "correlation/rules", "rules", "the id or the name of a rule")
	}
	if _, value := get(node, "group-by"); value != nil {
		c.GroupBy = d.names(value, "correlation/group-by", "group-by", "the name of a field")
	}
	if _, value := get(node, "aliases"); value != nil {
		c.Aliases = d.aliases(value)
	}
	if !has(node, "timeframe") && !has(node, "window") { // these are told as unknown keys
		if _, value := d.required(node, "timespan", "a number and a unit, such as 10m"); value != nil {
			c.Timespan = d.timespan(value)
		}
	}
	c.ConditionSpan = at
	if key, value := get(node, "condition"); value != nil {
		c.ConditionSpan = d.span(key)
		d.correlationCondition(value, c)
	} else if c.Type.Value != "" && !c.IsTemporal() {
		d.list.Errorf(at, "correlation/condition", "add `condition: {gte: ...}`", "a correlation of the type %s needs a condition", c.Type.Value)
	}
	c.Generate = d.generate(root, node)
}

// strayKey returns a hint for an unknown key of a correlation.
func strayKey(key string) string {
	switch {
	case key == "timeframe" || key == "window":
		return "write timespan"
	case key == "field" || slices.Contains(comparisonOperators, key):
		return "write it below `condition:`"
	default:
		return cmp.Or(DidYouMean(key, correlationKeys), "the keys are: "+strings.Join(correlationKeys, ", "))
	}
}

// required returns the value of a key of a correlation and its place, or nil and
// that of the map after reporting that it is not there.
func (d *document) required(node *yaml.Node, name, what string) (diag.Span, *yaml.Node) {
	_, value := get(node, name)
	if value == nil {
		span := d.at(node.Line, node.Column)
		d.list.Errorf(span, "correlation/"+name, "add `"+name+":` with "+what, "the correlation has no %s", name)
		return span, nil
	}
	return d.span(value), value
}

func (d *document) correlationType(node *yaml.Node) Text {
	t := Text{Value: node.Value, Span: d.span(node)}
	way, open := openTypes[t.Value]
	switch {
	case node.Kind != yaml.ScalarNode || d.scalar(node).Kind == Null:
		d.list.Errorf(t.Span, "correlation/type", "use one of: "+strings.Join(correlationTypes, ", "), "the type of a correlation is text, this is %s", describe(node))
	case open:
		d.list.Errorf(t.Span, "correlation/type", way, "correlations of the type %s are not supported: the Sigma specification does not say what they compare", t.Value)
	case !slices.Contains(correlationTypes, t.Value):
		d.list.Errorf(t.Span, "correlation/type", cmp.Or(DidYouMean(t.Value, correlationTypes), "use one of: "+strings.Join(correlationTypes, ", ")), "unknown type of a correlation %q", t.Value)
	default:
		return t
	}
	return Text{}
}

// names reads a list of texts, or one text, each of which stands there once.
func (d *document) names(node *yaml.Node, code, key, what string) []Text {
	items := []*yaml.Node{node}
	switch {
	case node.Kind == yaml.SequenceNode && len(node.Content) == 0:
		d.list.Errorf(d.span(node), code, "write "+what, "the list of %s is empty", key)
		return nil
	case node.Kind == yaml.SequenceNode:
		items = node.Content
	case node.Kind != yaml.ScalarNode:
		d.list.Errorf(d.span(node), code, "write each on a line of its own, after a dash", "%s takes a list, this is %s", key, describe(node))
		return nil
	}
	var texts []Text
	for _, item := range items {
		t := Text{Value: item.Value, Span: d.span(item)}
		switch {
		case item.Kind != yaml.ScalarNode || d.scalar(item).Kind == Null || item.Value == "":
			d.list.Errorf(t.Span, code, "write "+what, "an item of %s is %s", key, describe(item))
		case slices.ContainsFunc(texts, func(other Text) bool { return other.Value == t.Value }):
			d.list.Errorf(t.Span, code, "remove one", "%q stands twice in %s", t.Value, key)
		default:
			texts = append(texts, t)
		}
	}
	return texts
}

func (d *document) aliases(node *yaml.Node) []Alias {
	if node.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(node), "correlation/aliases", "write `alias: {name_of_rule: field}`", "aliases are a map, this is %s", describe(node))
		return nil
	}
	var aliases []Alias
	entries(node, func(key, value *yaml.Node) {
		alias := Alias{Name: Text{Value: key.Value, Span: d.span(key)}}
		if value.Kind != yaml.MappingNode || len(value.Content) == 0 {
			d.list.Errorf(d.span(value), "correlation/aliases", "write `name_of_rule: field` for each rule", "an alias is a map from rules to fields, this is %s", describe(value))
			return
		}
		entries(value, func(rule, field *yaml.Node) {
			if field.Kind != yaml.ScalarNode || d.scalar(field).Kind == Null {
				d.list.Errorf(d.span(field), "correlation/aliases", "write the name of a field", "what an alias stands for is text, this is %s", describe(field))
				return
			}
			alias.Fields = append(alias.Fields, AliasField{
				Rule:  Text{Value: rule.Value, Span: d.span(rule)},
				Field: Text{Value: field.Value, Span: d.span(field)},
			})
		})
		aliases = append(aliases, alias)
	})
	return aliases
}

var (
	timespanShape = regexp.MustCompile(`^([0-9]+)([smhd])$`)
	otherTimespan = regexp.MustCompile(`^([0-9]+)([a-zA-Z]?)$`)
)

// timespanUnits are the units of a timespan (Sigma correlation rules
// specification, "Time Selection").
var timespanUnits = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}

func (d *document) timespan(node *yaml.Node) time.Duration {
	span := d.span(node)
	if node.Kind != yaml.ScalarNode || d.scalar(node).Kind == Null {
		d.list.Errorf(span, "correlation/timespan", "write a number and a unit, such as 10m", "the timespan is text, this is %s", describe(node))
		return 0
	}
	m := timespanShape.FindStringSubmatch(node.Value)
	if m == nil {
		d.list.Errorf(span, "correlation/timespan", timespanHint(node.Value), "%q is not a timespan: a number and one of the units s, m, h and d", node.Value)
		return 0
	}
	number, err := strconv.ParseInt(m[1], 10, 64)
	unit := timespanUnits[m[2]]
	switch {
	case err != nil || number > int64(MaxTimespan/unit):
		d.list.Errorf(span, "correlation/timespan", "write 30d or less: matches are remembered for as long as that", "the timespan is longer than 30 days")
	case number == 0:
		d.list.Errorf(span, "correlation/timespan", "write at least 1s", "a timespan of zero has no room for two events")
	default:
		return time.Duration(number) * unit
	}
	return 0
}

// timespanHint returns a way out for what is no timespan.
func timespanHint(value string) string {
	m := otherTimespan.FindStringSubmatch(value)
	if m == nil {
		return "write one number and one unit, such as 90m"
	}
	number, err := strconv.Atoi(m[1])
	if err != nil {
		return "write 30d or less"
	}
	switch m[2] {
	case "":
		return "add the unit: " + value + "s are seconds, " + value + "m minutes"
	case "w":
		return fmt.Sprintf("write %dd", 7*number)
	case "M":
		return fmt.Sprintf("write %dm for minutes; months have no fixed length", number)
	case "S", "H", "D":
		return "write " + strings.ToLower(value)
	default:
		return "the units are s, m, h and d"
	}
}

// correlationCondition reads the comparisons of a correlation.
func (d *document) correlationCondition(node *yaml.Node, c *Correlation) {
	if node.Kind == yaml.ScalarNode && c.IsTemporal() && d.scalar(node).Kind != Null {
		d.list.Errorf(d.span(node), "correlation/expression", "list the rules in `rules`: each of them must match, or with `condition: {gte: 2}` two of them",
			"conditions in words are not part of Sigma 2.1: a condition is a map")
		return
	}
	if node.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(node), "correlation/condition", "write an operator and a number: `gte: 10`", "the condition of a correlation is a map, this is %s", describe(node))
		return
	}
	withField := strings.HasPrefix(c.Type.Value, "value_")
	compares := false
	entries(node, func(key, value *yaml.Node) {
		compares = compares || key.Value != "field"
		switch {
		case slices.Contains(comparisonOperators, key.Value):
			if n, ok := d.number(value, c); ok {
				c.Condition = append(c.Condition, Comparison{Operator: key.Value, Value: n, Span: d.span(value)})
			}
		case c.Type.Value == "": // what else it takes depends on the type, which is told already
		case key.Value == "field" && !withField:
			d.list.Errorf(d.span(key), "correlation/field", "leave it out, or use value_count", "a correlation of the type %s reads no field", c.Type.Value)
		case key.Value == "field":
			c.Fields = d.names(value, "correlation/field", "field", "the name of a field")
		default:
			known := append([]string{"field"}, comparisonOperators...)
			d.list.Errorf(d.span(key), "correlation/condition", cmp.Or(DidYouMean(key.Value, known), "use one of: "+strings.Join(known, ", ")), "unknown operator %q", key.Value)
		}
	})
	if !compares {
		d.list.Errorf(d.span(node), "correlation/condition", "add an operator and a number: `gte: 10`", "the condition compares with nothing")
	}
	if withField && !has(node, "field") && !c.strayField {
		d.list.Errorf(d.span(node), "correlation/field", "add `field: ...`", "a correlation of the type %s needs the field that it reads", c.Type.Value)
	}
	if len(c.Fields) > 1 && c.Type.Value != "value_count" {
		d.list.Errorf(c.Fields[1].Span, "correlation/field", "name one", "a correlation of the type %s reads one field", c.Type.Value)
	}
}

// number reads the number of a comparison; counts are whole.
func (d *document) number(node *yaml.Node, c *Correlation) (float64, bool) {
	span := d.span(node)
	if node.Kind != yaml.ScalarNode {
		d.list.Errorf(span, "correlation/number", "write a number", "an operator takes a number, this is %s", describe(node))
		return 0, false
	}
	s := d.scalar(node)
	n, err := strconv.ParseFloat(s.Value, 64)
	switch {
	case s.Kind != Number && err == nil:
		d.list.Errorf(span, "correlation/number", "write it without quotes", "an operator takes a number, this is text")
	case s.Kind != Number:
		d.list.Errorf(span, "correlation/number", "write a number", "an operator takes a number, this is %s", describe(node))
	case err != nil:
		d.list.Errorf(span, "correlation/number", "", "the number %s is too large", s.Value)
	case c.IsCount() && n != math.Trunc(n):
		d.list.Errorf(span, "correlation/number", "write a whole number", "%s is no count", s.Value)
	default:
		return n, true
	}
	return 0, false
}

// generate reads the attribute generate, which the specification has at the root
// and other tools inside the correlation.
func (d *document) generate(root, node *yaml.Node) bool {
	var values []Scalar
	for _, place := range []*yaml.Node{root, node} {
		_, value := get(place, "generate")
		if value == nil {
			continue
		}
		s := Scalar{Span: d.span(value)}
		if value.Kind == yaml.ScalarNode {
			s = d.scalar(value)
		}
		if s.Kind != Bool {
			d.list.Errorf(s.Span, "correlation/generate", "write true or false", "generate is true or false, this is %s", describe(value))
			return false
		}
		values = append(values, s)
	}
	if len(values) == 2 && values[0].Value != values[1].Value {
		d.list.Errorf(values[1].Span, "correlation/generate", "remove one", "generate is %s here and %s in line %d", values[1].Value, values[0].Value, values[0].Span.Line)
	}
	return len(values) > 0 && values[0].Value == "true"
}
