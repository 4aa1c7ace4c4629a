package sigma

import (
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// Parse reads the documents in file, rules, filters and correlations, and reports what is wrong
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
			rule.Line = root.Line
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
	if key, _ := get(root, "action"); key != nil {
		d.list.Errorf(d.span(key), "structure/action", "write each rule out in a file of its own", "collections with `action` are not supported")
		return
	}
	var kinds []*yaml.Node
	for _, name := range []string{"detection", "filter", "correlation"} {
		if key, _ := get(root, name); key != nil {
			kinds = append(kinds, key)
		}
	}
	if len(kinds) > 1 {
		slices.SortFunc(kinds, func(a, b *yaml.Node) int { return a.Line - b.Line })
		d.list.Errorf(d.span(kinds[1]), "structure/kind", "put them into documents of their own", "a document is a rule, with `detection`, a filter, with `filter`, or a correlation, with `correlation`: this has `%s` and `%s`", kinds[0].Value, kinds[1].Value)
	}
	if key, _ := get(root, "correlation"); key != nil {
		d.is = "a Sigma correlation"
		d.correlation(root, rule)
		d.metadata(root, rule)
		return
	}
	if key, _ := get(root, "filter"); key != nil {
		rule.Filter = true
		d.is, d.filter = "a Sigma filter", true
	}
	d.metadata(root, rule)
	d.detection(root, rule)
}
