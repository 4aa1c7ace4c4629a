package sigma

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

var identifierShape = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// reserved words cannot name a search: a condition could not refer to it.
var reserved = map[string]bool{"and": true, "or": true, "not": true, "of": true, "them": true, "all": true, "1": true}

// detection reads the searches and conditions of a rule.
func (d *document) detection(root *yaml.Node, rule *Rule) {
	name := "detection"
	if rule.Filter {
		name = "filter"
	}
	_, node := get(root, name)
	if node == nil {
		d.list.Errorf(d.at(root.Line, root.Column), d.code("structure/detection"), "add `detection:` with a search and a condition", "the rule has no detection")
		return
	}
	if node.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(node), d.code("structure/detection"), "", "%s is a map of searches and a condition, this is %s", name, describe(node))
		return
	}
	before := d.list.Count(diag.Error)
	if rule.Filter {
		node = d.targets(node, rule)
	}
	var names []string
	entries(node, func(key, value *yaml.Node) {
		switch {
		case key.Value == "condition":
		case key.Value == "timeframe":
			d.list.Errorf(d.span(key), "structure/timeframe", "Sigma 2 has correlation documents for this: `correlation:` with a type, rules, a timespan and a condition", "timeframe is of Sigma 1 and no longer part of a rule")
		case !identifierShape.MatchString(key.Value) || reserved[key.Value]:
			names = append(names, key.Value)
			d.list.Errorf(d.span(key), "structure/search-name", "use letters, digits, _ and -, and none of the words of a condition", "%q cannot name a search", key.Value)
		default:
			names = append(names, key.Value)
			if search, ok := d.search(key, value); ok {
				rule.Searches = append(rule.Searches, search)
			}
		}
	})
	if len(names) == 0 {
		d.list.Errorf(d.span(node), d.code("structure/detection"), "add a search: `selection:` with fields below it", "the detection has no search")
	}
	conditions := d.conditions(root, node, names)
	if d.list.Count(diag.Error) == before {
		d.bridge(node, rule, conditions)
		d.unused(rule)
	}
}

// targets reads the rules that a filter applies to, and returns the filter
// without them.
func (d *document) targets(node *yaml.Node, rule *Rule) *yaml.Node {
	key, value := get(node, "rules")
	switch {
	case key == nil:
		d.list.Errorf(d.at(node.Line, node.Column), "filter/rules", "add `rules:` with a list of ids or names", "the filter names no rule")
		return node
	case value.Kind != yaml.SequenceNode || len(value.Content) == 0:
		d.list.Errorf(d.span(value), "filter/rules", "write a list of ids or names of rules", "the rules of a filter are a list, this is %s", describe(value))
	default:
		for _, item := range value.Content {
			if item.Kind != yaml.ScalarNode || d.scalar(item).Kind == Null {
				d.list.Errorf(d.span(item), "filter/rules", "write the id or the name of a rule", "a rule of a filter is %s", describe(item))
				continue
			}
			rule.Targets = append(rule.Targets, Text{Value: item.Value, Span: d.span(item)})
		}
	}
	copied := *node
	copied.Content = nil
	entries(node, func(k, v *yaml.Node) {
		if k != key {
			copied.Content = append(copied.Content, k, v)
		}
	})
	return &copied
}

// unused warns of searches that no condition refers to.
func (d *document) unused(rule *Rule) {
	used := map[string]bool{}
	for _, condition := range rule.Conditions {
		Walk(condition.Expr, func(e Expr) {
			switch e := e.(type) {
			case Ref:
				used[e.Name] = true
			case Quantifier:
				for _, name := range e.Members {
					used[name] = true
				}
			}
		})
	}
	for _, search := range rule.Searches {
		if !used[search.Name.Value] {
			d.list.Warnf(search.Name.Span, d.code("condition/unused-search"), "use it, or delete it", "no condition uses the search %q", search.Name.Value)
		}
	}
}

// search reads the value of one search identifier.
func (d *document) search(key, value *yaml.Node) (search Search, ok bool) {
	search.Name = Text{Value: key.Value, Span: d.span(key)}
	switch value.Kind {
	case yaml.MappingNode:
		m, ok := d.itemMap(key.Value, value)
		search.Maps = []Map{m}
		return search, ok
	case yaml.SequenceNode:
	default:
		d.list.Errorf(d.span(value), "structure/search", "write fields below it: `eventName: CreateUser`", "search %q is %s: it takes a map or a list", key.Value, describe(value))
		return search, false
	}
	if len(value.Content) == 0 {
		d.list.Errorf(d.span(value), "structure/search", "", "search %q is an empty list: it would match nothing", key.Value)
		return search, false
	}
	ok = true
	keywords := Item{Key: d.span(value), Field: Text{Span: d.span(value)}}
	for _, item := range value.Content {
		switch item.Kind {
		case yaml.MappingNode:
			m, good := d.itemMap(key.Value, item)
			search.Maps = append(search.Maps, m)
			ok = ok && good
		case yaml.ScalarNode:
			s := d.scalar(item)
			if s.Kind == Null {
				ok = false
				d.list.Errorf(s.Span, "structure/search", "remove it: null is tested with a field", "a list of search %q holds an empty item", key.Value)
			}
			keywords.Values = append(keywords.Values, s)
		default:
			ok = false
			d.list.Errorf(d.span(item), "structure/search", "", "search %q is a list of maps or texts, this item is %s", key.Value, describe(item))
		}
	}
	if len(keywords.Values) > 0 {
		search.Maps = append([]Map{{keywords}}, search.Maps...)
	}
	return search, ok
}

// itemMap reads a map of fields.
func (d *document) itemMap(name string, node *yaml.Node) (m Map, ok bool) {
	if len(node.Content) == 0 {
		d.list.Errorf(d.span(node), "structure/search", "name at least one field", "search %q has an empty map: it would match every record", name)
		return nil, false
	}
	ok = true
	entries(node, func(key, value *yaml.Node) {
		item, good := d.item(key, value)
		m = append(m, item)
		ok = ok && good
	})
	return m, ok
}

// item reads one field with its modifiers and values.
func (d *document) item(key, value *yaml.Node) (item Item, ok bool) {
	before := d.list.Count(diag.Error)
	item.Key = d.span(key)
	words := strings.Split(key.Value, "|")
	offset := 0
	for i, word := range words {
		span := d.spanIn(key, offset, offset+len(word))
		offset += len(word) + 1
		if i == 0 {
			item.Field = Text{Value: word, Span: span}
			continue
		}
		if word == "" {
			d.list.Errorf(item.Key, "modifier/empty", "remove the extra |", "%q has an empty modifier", key.Value)
			continue
		}
		item.Modifiers = append(item.Modifiers, Text{Value: word, Span: span})
	}
	d.fieldName(item)
	switch value.Kind {
	case yaml.ScalarNode:
		item.Values = []Scalar{d.scalar(value)}
	case yaml.SequenceNode:
		if len(value.Content) == 0 {
			d.list.Errorf(d.span(value), "value/empty-list", "write a value, or remove the field", "the list of %q is empty: it would match nothing", item.Field.Value)
		}
		for _, v := range value.Content {
			if v.Kind != yaml.ScalarNode {
				d.list.Errorf(d.span(v), "value/nested", nestedHint(item.Field.Value, v), "a value of %q is %s: a field takes a value or a list of values", item.Field.Value, describe(v))
				continue
			}
			s := d.scalar(v)
			if s.Kind == Null {
				d.list.Errorf(s.Span, "value/null-in-list", "write a second search with `"+item.Field.Value+": null` and join the two with `or`", "null cannot be part of a list")
			}
			item.Values = append(item.Values, s)
		}
	default:
		d.list.Errorf(d.span(value), "value/nested", nestedHint(item.Field.Value, value), "the value of %q is %s: a field takes a value or a list of values", item.Field.Value, describe(value))
	}
	return item, d.list.Count(diag.Error) == before
}

// nestedHint shows how to write a nested map with dots.
func nestedHint(field string, node *yaml.Node) string {
	for node.Kind == yaml.MappingNode && len(node.Content) >= 2 {
		field += "." + node.Content[0].Value
		node = node.Content[1]
	}
	switch node.Kind {
	case yaml.SequenceNode:
		return "write one list of values"
	case yaml.MappingNode:
		return "write nested fields with dots"
	}
	return "write nested fields with dots: `" + field + ": " + node.Value + "`"
}

// IsField reports whether a record can have a field of that name: keys joined by
// dots, without white space around them.
func IsField(name string) bool {
	return name != "" && name == strings.TrimSpace(name) && !slices.Contains(strings.Split(name, "."), "")
}

// fieldName refuses names that no record can have.
func (d *document) fieldName(item Item) {
	name := item.Field.Value
	switch {
	case name == "" && len(item.Modifiers) > 0: // keywords with modifiers
	case name == "":
		d.list.Errorf(item.Key, "value/field", "name the field, or write the values as a list", "the name of the field is empty")
	case !IsField(name):
		hint := ""
		if len(item.Modifiers) > 0 {
			hint = "write `" + strings.TrimSpace(name) + "|" + strings.TrimSpace(item.Modifiers[0].Value) + "`, without white space"
		}
		d.list.Errorf(item.Key, "value/field", hint, "%q is not the name of a field: keys joined by dots, without white space around them", name)
	case utf8.RuneCountInString(name) > 1000:
		d.list.Errorf(item.Key, "value/field", "", "the name of the field is longer than 1,000 characters")
	}
}
