package sigma

import (
	"fmt"
	"slices"

	sigmago "github.com/bradleyjkemp/sigma-go"
	"gopkg.in/yaml.v3"
)

// bridge lets sigma-go parse the detection, with each condition replaced by its
// prepared form, and takes the conditions from it. The searches stand in rule
// already, read with their positions and YAML types, which sigma-go does not
// keep: the two readings must agree, or the rule is refused.
func (d *document) bridge(detection *yaml.Node, rule *Rule, conditions []*conditionParser) {
	prepared := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	for _, p := range conditions {
		prepared.Content = append(prepared.Content, &yaml.Node{
			Kind: yaml.ScalarNode, Tag: "!!str", Value: p.prepared(), Line: p.node.Line, Column: p.node.Column,
		})
	}
	copied := *detection
	copied.Content = slices.Clone(detection.Content)
	for i := 0; i+1 < len(copied.Content); i += 2 {
		if copied.Content[i].Value == "condition" {
			copied.Content[i+1] = prepared
		} else {
			copied.Content[i+1] = withoutMixedKeywords(copied.Content[i+1])
		}
	}
	var parsed sigmago.Detection
	if err := copied.Decode(&parsed); err != nil {
		d.disagree(detection, "sigma-go refuses it: %v", err)
		return
	}
	if len(parsed.Conditions) != len(conditions) || len(parsed.Searches) != len(rule.Searches) {
		d.disagree(detection, "sigma-go reads %d conditions and %d searches", len(parsed.Conditions), len(parsed.Searches))
		return
	}
	for _, search := range rule.Searches {
		if err := sameSearch(search, parsed.Searches[search.Name.Value]); err != nil {
			d.disagree(detection, "search %q: %v", search.Name.Value, err)
			return
		}
	}
	for i, p := range conditions {
		expr, err := p.convert(parsed.Conditions[i].Search)
		if err != nil || parsed.Conditions[i].Aggregation != nil {
			d.disagree(p.node, "condition %d: %v", i+1, err)
			return
		}
		rule.Conditions = append(rule.Conditions, Condition{Text: p.text(), Span: d.span(p.node), Expr: expr})
	}
}

// disagree refuses a rule that sigma-go reads in another way than this package.
func (d *document) disagree(node *yaml.Node, format string, args ...any) {
	d.list.Errorf(d.span(node), "structure/ambiguous", "write it in a simpler form of YAML, with values in quotes", "two readings of the detection differ: "+format, args...)
}

// withoutMixedKeywords returns a list of keywords and maps with the maps alone:
// sigma-go refuses such a list, or takes a keyword for an empty map, which holds
// on everything.
func withoutMixedKeywords(search *yaml.Node) *yaml.Node {
	isMap := func(n *yaml.Node) bool { return n.Kind == yaml.MappingNode }
	if search.Kind != yaml.SequenceNode || !slices.ContainsFunc(search.Content, isMap) {
		return search
	}
	copied := *search
	copied.Content = slices.DeleteFunc(slices.Clone(search.Content), func(n *yaml.Node) bool { return !isMap(n) })
	return &copied
}

// isKeywords reports whether a map of a search is its list of texts.
func (m Map) isKeywords() bool {
	return len(m) == 1 && m[0].Field.Value == "" && len(m[0].Modifiers) == 0
}

func sameSearch(ours Search, theirs sigmago.Search) error {
	maps := ours.Maps
	if maps[0].isKeywords() {
		if len(maps) == 1 && !sameKeywords(maps[0][0].Values, theirs.Keywords) {
			return fmt.Errorf("sigma-go reads the keywords %q", theirs.Keywords)
		}
		maps = maps[1:]
	} else if len(theirs.Keywords) > 0 {
		return fmt.Errorf("sigma-go reads the keywords %q", theirs.Keywords)
	}
	if len(theirs.EventMatchers) != len(maps) {
		return fmt.Errorf("%d maps and %d maps", len(maps), len(theirs.EventMatchers))
	}
	for i, m := range maps {
		if len(m) != len(theirs.EventMatchers[i]) {
			return fmt.Errorf("%d fields and %d fields", len(m), len(theirs.EventMatchers[i]))
		}
		for j, item := range m {
			if err := sameItem(item, theirs.EventMatchers[i][j]); err != nil {
				return fmt.Errorf("field %q: %w", item.Field.Value, err)
			}
		}
	}
	return nil
}

// sameKeywords compares keywords, all of which sigma-go makes texts of: what is
// no text in YAML may be written in another way there.
func sameKeywords(ours []Scalar, theirs []string) bool {
	return slices.EqualFunc(ours, theirs, func(s Scalar, text string) bool { return s.Kind != String || s.Value == text })
}

func sameItem(ours Item, theirs sigmago.FieldMatcher) error {
	if ours.Field.Value != theirs.Field || len(ours.Modifiers) != len(theirs.Modifiers) || len(ours.Values) != len(theirs.Values) {
		return fmt.Errorf("sigma-go reads field %q, %d modifiers, %d values", theirs.Field, len(theirs.Modifiers), len(theirs.Values))
	}
	for i, modifier := range ours.Modifiers {
		if modifier.Value != theirs.Modifiers[i] {
			return fmt.Errorf("modifiers %q and %q", modifier.Value, theirs.Modifiers[i])
		}
	}
	for i, value := range ours.Values {
		if !sameValue(value, theirs.Values[i]) {
			return fmt.Errorf("values %q and %v", value.Value, theirs.Values[i])
		}
	}
	return nil
}

// sameValue compares a value with what the YAML library made of it for
// sigma-go. The library types by YAML 1.1 in part: a plain date is a time, a
// plain 0x1F or 017 a number, which are text here.
func sameValue(ours Scalar, theirs any) bool {
	switch theirs := theirs.(type) {
	case string:
		return ours.Kind != Null && ours.Kind != Bool && ours.Value == theirs
	case nil:
		return ours.Kind == Null
	case bool:
		return ours.Kind == Bool && ours.Value == fmt.Sprint(theirs)
	default:
		return ours.Kind == Number || ours.Kind == String
	}
}
