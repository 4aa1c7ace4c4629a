package sigma

import (
	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Parse reads the documents in file, rules and filters, and reports what is wrong
// to list. ok is false when anything there is an error; the documents then hold
// what could be read, the first at least its key.
func Parse(file File, list *diag.List) (documents []*Rule, ok bool) {
	before := list.Count(diag.Error)
	d := &document{path: file.Path, text: file.Text, list: list, is: "a Sigma rule", begins: "a rule begins with `title: ...`"}
	roots := d.parseYAML()
	for i, root := range roots {
		rule := newRule(file, i+1)
		documents = append(documents, rule)
		if root != nil {
			d := *d // what it is differs from document to document
			d.rule(root, rule)
		}
	}
	if len(documents) == 0 {
		documents = append(documents, newRule(file, 1))
	}
	return documents, list.Count(diag.Error) == before
}

func newRule(file File, document int) *Rule {
	return &Rule{Key: numbered(file.Key, document), Document: document, Path: file.Path, Source: file.Source, Text: file.Text}
}

// rule reads one document.
func (d *document) rule(root *yaml.Node, rule *Rule) {
	if d.otherDocument(root) {
		return
	}
	if key, _ := get(root, "filter"); key != nil {
		rule.Filter = true
		d.is, d.filter = "a Sigma filter", true
		if detection, _ := get(root, "detection"); detection != nil {
			d.list.Errorf(d.span(detection), "structure/kind", "put the two into documents of their own", "a document is a rule, with `detection`, or a filter, with `filter`: this has both")
		}
	}
	d.metadata(root, rule)
	d.detection(root, rule)
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
