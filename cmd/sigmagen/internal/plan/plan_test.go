package plan

import (
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// parse returns a rule with that detection, indented by two spaces a line.
func parse(t *testing.T, key, detection string) *sigma.Rule {
	t.Helper()
	text := "title: " + key + "\nlogsource: {product: aws}\nlevel: low\ndetection:\n"
	for line := range strings.Lines(strings.TrimLeft(detection, "\n")) {
		text += "  " + line
	}
	var list diag.List
	documents, ok := sigma.Parse(sigma.File{Key: key, Path: key + ".yml", Source: key + ".yml", Text: []byte(text)}, &list)
	rule := documents[0]
	if !ok {
		t.Fatalf("%s: %+v", text, list.Sorted())
	}
	return rule
}

// messages returns what a list holds, as code and message.
func messages(list *diag.List) []string {
	var all []string
	for _, d := range list.Sorted() {
		all = append(all, d.Code+": "+d.Message)
	}
	return all
}

// build plans one rule that has no error.
func build(t *testing.T, detection string) *Rule {
	t.Helper()
	var list diag.List
	rules := Build([]*sigma.Rule{parse(t, "rule", detection)}, nil, &list)
	if len(rules) != 1 {
		t.Fatalf("%s: %v", detection, messages(&list))
	}
	return rules[0]
}
