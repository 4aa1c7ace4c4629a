package sigma

import (
	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Parse reads the rule in file. It reports what is wrong to list and returns nil
// when anything there is an error.
func Parse(file File, list *diag.List) *Rule {
	d := &document{path: file.Path, text: file.Text, list: list}
	before := list.Count(diag.Error)
	root := d.parseYAML()
	if root == nil || d.otherDocument(root) {
		return nil
	}
	rule := &Rule{Key: file.Key, Path: file.Path, Source: file.Source, Text: file.Text}
	d.metadata(root, rule)
	d.detection(root, rule)
	if list.Count(diag.Error) > before {
		return nil
	}
	return rule
}

// otherDocument refuses the documents of Sigma that are no rules, by name.
func (d *document) otherDocument(root *yaml.Node) bool {
	for _, name := range []string{"correlation", "filter"} {
		if key, _ := get(root, name); key != nil {
			d.list.Errorf(d.span(key), name+"/unsupported", "", "Sigma %s documents are not supported yet", name)
			return true
		}
	}
	if key, _ := get(root, "action"); key != nil {
		d.list.Errorf(d.span(key), "structure/action", "write each rule out in a file of its own", "collections with `action` are not supported")
		return true
	}
	return false
}
