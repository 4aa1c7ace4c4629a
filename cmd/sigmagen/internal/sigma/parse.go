package sigma

import (
	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Parse reads the rule in file and reports what is wrong to list. ok is false
// when anything there is an error; the rule then holds what could be read, at
// least its key.
func Parse(file File, list *diag.List) (rule *Rule, ok bool) {
	d := &document{path: file.Path, text: file.Text, list: list, is: "a Sigma rule", begins: "a rule begins with `title: ...`"}
	before := list.Count(diag.Error)
	rule = &Rule{Key: file.Key, Path: file.Path, Source: file.Source, Text: file.Text}
	root := d.parseYAML()
	if root == nil || d.otherDocument(root) {
		return rule, false
	}
	if key, _ := get(root, "filter"); key != nil {
		rule.Filter = true
		d.is = "a Sigma filter"
		if detection, _ := get(root, "detection"); detection != nil {
			d.list.Errorf(d.span(detection), "structure/kind", "put the two into files of their own", "a document is a rule, with `detection`, or a filter, with `filter`: this has both")
		}
	}
	d.metadata(root, rule)
	d.detection(root, rule)
	return rule, list.Count(diag.Error) == before
}

// otherDocument refuses the documents of Sigma that are no rules, by name.
func (d *document) otherDocument(root *yaml.Node) bool {
	if key, _ := get(root, "correlation"); key != nil {
		d.list.Errorf(d.span(key), "correlation/unsupported", "", "Sigma correlation documents are not supported yet")
		return true
	}
	if key, _ := get(root, "action"); key != nil {
		d.list.Errorf(d.span(key), "structure/action", "write each rule out in a file of its own", "collections with `action` are not supported")
		return true
	}
	return false
}
