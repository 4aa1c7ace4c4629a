package sigma

import (
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// PlaceholdersFile is the file of a rules directory that says what the
// placeholders of the modifier expand stand for.
const PlaceholdersFile = "placeholders.yml"

// ParsePlaceholders reads placeholders: a map from a name to a value or a list
// of values.
func ParsePlaceholders(path string, text []byte, list *diag.List) map[string][]string {
	d := &document{path: path, text: text, list: list, is: "a file of placeholders", begins: "it begins with `name: [value, ...]`"}
	roots := d.parseYAML()
	if len(roots) > 1 {
		list.Errorf(d.at(1, 1), "placeholders/documents", "write them as one map", "the file holds %d YAML documents", len(roots))
	}
	if len(roots) != 1 || roots[0] == nil {
		return nil
	}
	root := roots[0]
	before := list.Count(diag.Error)
	placeholders := map[string][]string{}
	entries(root, func(key, value *yaml.Node) {
		items := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			items = value.Content
		}
		if key.Value == "" || strings.ContainsAny(key.Value, `%\`) {
			list.Errorf(d.span(key), "placeholders/name", "write the name without percent signs", "%q cannot name a placeholder", key.Value)
		}
		if len(items) == 0 {
			list.Errorf(d.span(value), "placeholders/empty", "write a value", "the placeholder %q has no value", key.Value)
		}
		for _, item := range items {
			if item.Kind != yaml.ScalarNode || item.Value == "" || d.scalar(item).Kind == Null {
				list.Errorf(d.span(item), "placeholders/value", "write text", "a value of the placeholder %q is %s", key.Value, describe(item))
				continue
			}
			placeholders[key.Value] = append(placeholders[key.Value], item.Value)
		}
	})
	if list.Count(diag.Error) > before {
		return nil // a rule must not be compiled with a part of the values
	}
	return placeholders
}
