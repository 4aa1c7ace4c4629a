package sigma

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// extensionKey is the attribute that is ours. Sigma allows rules to have others
// than its own.
const extensionKey = "x-trailalerts"

// A Waiver silences warnings about its document, for a reason that people read.
type Waiver struct {
	Waived []Waived // each once
	Reason string
}

// Waived names warnings: by their code and, where the document has several of that
// code, by what the one that is meant underlines.
type Waived struct {
	Code, About string // About may be empty
	Span        diag.Span
}

func (w Waived) String() string { return strings.TrimSpace(w.Code + " " + w.About) }

// extension reads what the document says to sigmagen alone.
func (d *document) extension(root *yaml.Node, rule *Rule) {
	key, node := get(root, extensionKey)
	if key == nil {
		return
	}
	const shape = "write `" + extensionKey + ": {waive: [CODE], reason: ...}`"
	if node.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(node), "metadata/"+extensionKey, shape, "%s is a map, this is %s", extensionKey, describe(node))
		return
	}
	known, strange := []string{"waive", "reason"}, false
	entries(node, func(key, _ *yaml.Node) {
		if !slices.Contains(known, key.Value) {
			strange = true
			d.list.Errorf(d.span(key), "metadata/"+extensionKey, cmp.Or(DidYouMean(key.Value, known), shape), "%s has no key %q", extensionKey, key.Value)
		}
	})
	if strange {
		return // it may be what is missing
	}
	waived, reason := d.waived(node), d.reason(node, key)
	if len(waived) > 0 && reason != "" {
		rule.Waiver = &Waiver{Waived: waived, Reason: reason}
	}
}

// waived reads the warnings that are waived.
func (d *document) waived(node *yaml.Node) []Waived {
	key, list := get(node, "waive")
	if key == nil {
		d.list.Errorf(d.span(node), "metadata/"+extensionKey, "add `waive: [CODE]`: `check` shows the codes of warnings", "nothing is waived")
		return nil
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		d.list.Errorf(d.span(list), "metadata/"+extensionKey, "write `waive: [CODE]`", "waive takes a list of codes, this is %s", cmp.Or(emptyList(list), describe(list)))
		return nil
	}
	var all []Waived
	for _, item := range list.Content {
		code, about, _ := strings.Cut(item.Value, " ")
		one := Waived{Code: code, About: strings.TrimSpace(about), Span: d.span(item)}
		switch {
		case item.Kind != yaml.ScalarNode:
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, "write the code of a warning", "a code is text, this is %s", describe(item))
		case code == "reach-impossible":
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, "mend the rule: this is proven from it alone", "%s is an error, and cannot be waived", code)
		case !slices.Contains(diag.Waivable, code):
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, cmp.Or(DidYouMean(code, diag.Waivable), "`check` shows the codes of warnings"), "no warning about a rule has the code %q", code)
		case slices.ContainsFunc(all, func(w Waived) bool { return w.String() == one.String() }):
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, "remove one", "%q stands here twice", one.String())
		default:
			all = append(all, one)
		}
	}
	return all
}

func emptyList(node *yaml.Node) string {
	if node.Kind == yaml.SequenceNode {
		return "empty"
	}
	return ""
}

// reason reads why something is waived. extension is the key that all of it
// stands below.
func (d *document) reason(node, extension *yaml.Node) string {
	const hint = "say for those who read the rule later why the warning is wrong here"
	key, value := get(node, "reason")
	switch {
	case key == nil:
		d.list.Errorf(d.span(extension), "metadata/"+extensionKey, "add `reason: ...`: "+hint, "a waiver needs a reason")
		return ""
	case value.Kind != yaml.ScalarNode || d.scalar(value).Kind != String || strings.TrimSpace(value.Value) == "":
		d.list.Errorf(d.span(value), "metadata/"+extensionKey, hint, "the reason is text, this is %s", cmp.Or(blank(value), describe(value)))
		return ""
	}
	return strings.Join(strings.Fields(value.Value), " ")
}

func blank(node *yaml.Node) string {
	if node.Kind == yaml.ScalarNode && strings.TrimSpace(node.Value) == "" {
		return "empty"
	}
	return ""
}

// Waive makes notes of the warnings that their document waives. source returns the
// text of a file.
func Waive(documents []*Rule, list *diag.List, source func(path string) []byte) {
	list.Waive(func(d diag.Diagnostic) string {
		if document := documentAt(documents, d.Position); document != nil && document.Waiver != nil {
			if slices.ContainsFunc(document.Waiver.Waived, func(w Waived) bool { return w.covers(d, source) }) {
				return document.Waiver.Reason
			}
		}
		return ""
	})
}

// WarnWaivers warns of waivers that nothing needs, and of those that silence several
// findings with one code. list has all that there is to say about the documents, their
// warnings waived. What is said about a document in a refused file is not all, so that
// its waivers are left alone.
func WarnWaivers(documents []*Rule, refused map[string]bool, list *diag.List, source func(path string) []byte) {
	for _, document := range documents {
		if document.Waiver == nil || refused[document.Path] {
			continue
		}
		for _, w := range document.Waiver.Waived {
			var silenced []string
			for _, d := range list.Sorted() {
				if d.Waived != "" && documentAt(documents, d.Position) == document && w.covers(d, source) {
					one := Waived{Code: w.Code, About: marked(d, source)}.String()
					if strings.ContainsAny(one, "\"',:#[]{}") {
						one = strconv.Quote(one) // it stands in a list of YAML
					}
					silenced = append(silenced, one)
				}
			}
			slices.Sort(silenced)
			silenced = slices.Compact(silenced)
			switch {
			case len(silenced) == 0:
				list.Warnf(w.Span, "waiver/unused", "remove it", "there is no warning %s to waive", w)
			case len(silenced) > 1:
				list.Warnf(w.Span, "waiver/several", "name each that is meant: `waive: ["+strings.Join(silenced, ", ")+"]`", "%s silences %d findings", w, len(silenced))
			}
		}
	}
}

// covers reports whether a finding is one of those that are meant.
func (w Waived) covers(d diag.Diagnostic, source func(path string) []byte) bool {
	return w.Code == d.Code && (w.About == "" || w.About == marked(d, source))
}

// marked returns the text that a finding is about, without quotes.
func marked(d diag.Diagnostic, source func(path string) []byte) string {
	return strings.Trim(diag.Marked(d, source(d.Path)), `"' `)
}

// documentAt returns the document that a place lies in: of its file, the last
// that begins before it, or the first for what concerns the file as a whole.
func documentAt(documents []*Rule, at diag.Position) *Rule {
	var found *Rule
	for _, document := range documents {
		if document.Path == at.Path && (document.Line <= at.Line || document.Document == 1) && (found == nil || document.Line > found.Line) {
			found = document
		}
	}
	return found
}
