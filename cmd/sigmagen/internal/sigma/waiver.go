package sigma

import (
	"cmp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// extensionKey is the attribute that is ours. Sigma allows rules to have others
// than its own.
const extensionKey = "x-trailalerts"

// A Waiver silences warnings about its document, for a reason that people read.
type Waiver struct {
	Codes  []Text // of warnings, each once
	Reason string
}

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
	codes, reason := d.codes(node), d.reason(node, key)
	if len(codes) > 0 && reason != "" {
		rule.Waiver = &Waiver{Codes: codes, Reason: reason}
	}
}

// codes reads the warnings that are waived.
func (d *document) codes(node *yaml.Node) []Text {
	key, list := get(node, "waive")
	if key == nil {
		d.list.Errorf(d.span(node), "metadata/"+extensionKey, "add `waive: [CODE]`; `check --format json` shows codes", "nothing is waived")
		return nil
	}
	if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		d.list.Errorf(d.span(list), "metadata/"+extensionKey, "write `waive: [CODE]`", "waive takes a list of codes, this is %s", cmp.Or(emptyList(list), describe(list)))
		return nil
	}
	var codes []Text
	for _, item := range list.Content {
		switch {
		case item.Kind != yaml.ScalarNode:
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, "write the code of a warning", "a code is text, this is %s", describe(item))
		case !slices.Contains(diag.Waivable, item.Value):
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, cmp.Or(DidYouMean(item.Value, diag.Waivable), "`check --format json` shows codes"), "no warning about a rule has the code %q", item.Value)
		case slices.ContainsFunc(codes, func(t Text) bool { return t.Value == item.Value }):
			d.list.Errorf(d.span(item), "metadata/"+extensionKey, "remove one", "the code %q stands here twice", item.Value)
		default:
			codes = append(codes, Text{Value: item.Value, Span: d.span(item)})
		}
	}
	return codes
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

// Waive makes notes of the warnings that their document waives.
func Waive(documents []*Rule, list *diag.List) {
	list.Waive(func(d diag.Diagnostic) string {
		if document := documentAt(documents, d.Position); document != nil && document.waives(d.Code) {
			return document.Waiver.Reason
		}
		return ""
	})
}

// WarnUnusedWaivers warns of codes that are waived without need. list has all
// that there is to say about the documents, their warnings waived. What is said
// about a document that is refused is not all, so that its waivers are left alone.
func WarnUnusedWaivers(documents []*Rule, list *diag.List) {
	refused := list.Refused()
	for _, document := range documents {
		if document.Waiver == nil || refused[document.Path] {
			continue
		}
		used := map[string]bool{}
		for _, d := range list.Sorted() {
			if d.Waived != "" && documentAt(documents, d.Position) == document {
				used[d.Code] = true
			}
		}
		for _, code := range document.Waiver.Codes {
			if !used[code.Value] {
				list.Warnf(code.Span, "waiver/unused", "remove it", "there is no warning %s to waive", code.Value)
			}
		}
	}
}

func (r *Rule) waives(code string) bool {
	return r.Waiver != nil && slices.ContainsFunc(r.Waiver.Codes, func(c Text) bool { return c.Value == code })
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
