package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// maxNodes and maxDepth bound a document after its aliases are resolved; an
// alias within itself exceeds the latter.
const (
	maxNodes = 50_000
	maxDepth = 100
)

// document is a YAML document on its way to a Rule.
type document struct {
	path   string
	text   []byte
	list   *diag.List
	is     string // what the document is to be, for messages
	begins string // how one begins
	filter bool   // it is a filter document
}

// code returns the code of a diagnostic about a part that rules and filters
// share: in a filter it is of the area filter.
func (d *document) code(code string) string {
	if _, what, found := strings.Cut(code, "/"); found && d.filter {
		return "filter/" + what
	}
	return code
}

// parseYAML returns the mappings at the roots of the documents in text, with
// aliases and merge keys resolved and no key twice. The root of a document with
// an error is nil; there is none when the text is not YAML.
func (d *document) parseYAML() []*yaml.Node {
	if !d.checkCharacters() {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(d.text))
	var roots []*yaml.Node
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			d.yamlError(err)
			return nil
		}
		if len(node.Content) == 1 && !(node.Content[0].Kind == yaml.ScalarNode && node.Content[0].Tag == "!!null") {
			roots = append(roots, d.mapping(node.Content[0]))
		}
	}
	if len(roots) == 0 {
		d.list.Errorf(d.at(1, 1), "structure/empty", "write "+d.is+", or delete the file", "the file is empty")
	}
	return roots
}

// mapping returns a document's root resolved, or nil after an error.
func (d *document) mapping(root *yaml.Node) *yaml.Node {
	if root.Kind != yaml.MappingNode {
		d.list.Errorf(d.span(root), "structure/not-a-map", d.begins, "%s is a map, this is %s", d.is, describe(root))
		return nil
	}
	budget := maxNodes
	before := d.list.Count(diag.Error)
	root = d.resolve(root, 0, &budget)
	if budget < 0 {
		d.list.Errorf(d.at(1, 1), "structure/too-large", "write values out instead of using aliases", "the document nests deeper than %d levels, or has more than %d values, once its aliases are resolved", maxDepth, maxNodes)
	}
	if d.list.Count(diag.Error) > before {
		return nil
	}
	return root
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?line (\d+): `)

// yamlError reports an error of the YAML library at the line it names.
func (d *document) yamlError(err error) {
	text := err.Error()
	line, reported := 1, 0
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		reported = line
		text = strings.TrimPrefix(text, m[0])
	}
	text = strings.TrimPrefix(text, "yaml: ")
	span, hint := d.at(line, d.firstColumn(line)), ""
	if likely, way, ok := d.likelyMistake(reported); ok {
		span, hint = likely, way
	}
	d.list.Errorf(span, "structure/yaml", hint, "not well-formed YAML: %s", text)
}

// firstColumn returns the column of the first character of a line that is not
// white space.
func (d *document) firstColumn(line int) int {
	lines := bytes.SplitN(d.text, []byte("\n"), line+1)
	if line > len(lines) {
		return 1
	}
	text := bytes.TrimPrefix(lines[line-1], []byte("\ufeff"))
	return 1 + utf8.RuneCount(text) - utf8.RuneCount(bytes.TrimLeft(text, " \t"))
}

// resolve returns node with aliases replaced by what they stand for and merge
// keys (<<) by what they bring in, and reports keys that occur twice.
func (d *document) resolve(node *yaml.Node, depth int, budget *int) *yaml.Node {
	if *budget--; *budget < 0 || depth > maxDepth {
		*budget = -1
		return node
	}
	for node.Kind == yaml.AliasNode {
		node = node.Alias
		if depth++; depth > maxDepth {
			*budget = -1
			return node
		}
	}
	resolved := *node
	resolved.Content = nil
	if node.Kind != yaml.MappingNode {
		for _, child := range node.Content {
			resolved.Content = append(resolved.Content, d.resolve(child, depth+1, budget))
		}
		return &resolved
	}
	seen := map[string]*yaml.Node{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], d.resolve(node.Content[i+1], depth+1, budget)
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key.Tag == "!!null" {
			d.list.Errorf(d.span(key), "structure/key", "", "a key must be text, this is %s", describe(key))
			continue
		}
		if key.Tag == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if first := seen[key.Value]; first != nil {
			d.list.Errorf(d.span(key), "structure/duplicate-key", "keys are unique in YAML: merge the two, or rename one", "key %q stands here twice, first in line %d", key.Value, first.Line)
			continue
		}
		seen[key.Value] = key
		resolved.Content = append(resolved.Content, key, value)
	}
	for _, m := range merged {
		d.merge(&resolved, m, seen)
	}
	return &resolved
}

// merge adds the entries of a merge key's value to a map, where it lacks them.
func (d *document) merge(into, from *yaml.Node, seen map[string]*yaml.Node) {
	switch from.Kind {
	case yaml.SequenceNode:
		for _, m := range from.Content {
			d.merge(into, m, seen)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(from.Content); i += 2 {
			if key := from.Content[i]; seen[key.Value] == nil {
				seen[key.Value] = key
				into.Content = append(into.Content, key, from.Content[i+1])
			}
		}
	default:
		d.list.Errorf(d.span(from), "structure/merge", "", "a merge key takes a map or a list of maps, this is %s", describe(from))
	}
}

// entries calls f for every key and value of a map.
func entries(node *yaml.Node, f func(key, value *yaml.Node)) {
	for i := 0; i+1 < len(node.Content); i += 2 {
		f(node.Content[i], node.Content[i+1])
	}
}

// get returns the key and the value of that name in a map, or nil.
func get(node *yaml.Node, name string) (key, value *yaml.Node) {
	entries(node, func(k, v *yaml.Node) {
		if k.Value == name {
			key, value = k, v
		}
	})
	return key, value
}

// has reports whether a map has a key.
func has(node *yaml.Node, name string) bool {
	key, _ := get(node, name)
	return key != nil
}

var (
	decimalNumber = regexp.MustCompile(`^[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?([eE][-+]?[0-9]+)?$|^[-+]?\.[0-9]+([eE][-+]?[0-9]+)?$`)
	otherNumber   = regexp.MustCompile(`^([-+]?0[0-9_.]+|[-+]?0[oO][0-7]+|[-+]?0[xX][0-9a-fA-F]+|[-+]?0[bB][01]+|[-+]?[0-9]+(_[0-9]+)+|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// scalar types a scalar by the YAML 1.2 core schema, from its own text: the
// YAML library follows YAML 1.1 in part.
func (d *document) scalar(node *yaml.Node) Scalar {
	s := Scalar{Kind: String, Value: node.Value, Span: d.span(node)}
	plain := node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	if node.Style&yaml.TaggedStyle != 0 {
		if node.Tag != "!!str" {
			d.list.Errorf(s.Span, "value/tag", "leave the tag out", "the YAML tag %s is not supported", node.Tag)
		}
		return s
	}
	if !plain {
		return s
	}
	switch v := node.Value; {
	case v == "" || v == "~" || v == "null" || v == "Null" || v == "NULL":
		s.Kind = Null
	case v == "true" || v == "True" || v == "TRUE" || v == "false" || v == "False" || v == "FALSE":
		s.Kind = Bool
		s.Value = strings.ToLower(v)
	case decimalNumber.MatchString(v):
		s.Kind = Number
	case otherNumber.MatchString(v):
		d.list.Warnf(s.Span, "value/ambiguous-number", fmt.Sprintf("quote it: '%s'", v), "YAML versions read %s differently; it is taken as text", v)
	}
	return s
}

// span returns the place of a node in the file.
func (d *document) span(node *yaml.Node) diag.Span {
	line, column := d.start(node)
	span := d.at(line, column)
	switch {
	case node.Kind != yaml.ScalarNode || node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		span.Length = 1
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		span.Length = utf8.RuneCountInString(node.Value) + 2
	default:
		span.Length = max(utf8.RuneCountInString(node.Value), 1)
	}
	return span
}

// start returns where the content of a node begins: behind its anchor and its
// tag, at which the YAML library places it.
func (d *document) start(node *yaml.Node) (line, column int) {
	if node.Anchor == "" && node.Style&yaml.TaggedStyle == 0 {
		return node.Line, node.Column
	}
	lines := strings.Split(string(d.text), "\n")
	line, column = node.Line, node.Column
	for line <= len(lines) {
		rest := []rune(strings.TrimPrefix(lines[line-1], "\ufeff"))
		rest = rest[min(column-1, len(rest)):]
		switch {
		case len(rest) == 0 || rest[0] == '#' || rest[0] == '\r':
			line, column = line+1, 1
		case isSpace(rest[0]):
			column++
		case rest[0] == '&' || rest[0] == '!':
			for len(rest) > 0 && !isSpace(rest[0]) {
				rest = rest[1:]
				column++
			}
		default:
			return line, column
		}
	}
	return node.Line, node.Column
}

func (d *document) at(line, column int) diag.Span {
	return diag.Span{Position: diag.Position{Path: d.path, Line: line, Column: column}, Length: 1}
}

// spanIn returns the place of node.Value[from:to], a word without white space,
// in the file. The raw text of a scalar holds the same words in the same order
// as its value, whatever its style folds or indents, so the word is found by
// counting characters that are no white space. An escape in a double-quoted
// scalar ends that; the whole scalar is then meant.
func (d *document) spanIn(node *yaml.Node, from, to int) diag.Span {
	count := 0
	for _, r := range node.Value[:from] {
		if !isSpace(r) {
			count++
		}
	}
	line, column := d.start(node)
	lines := strings.Split(string(d.text), "\n")
	switch {
	case node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		line, column = line+1, 1
	case node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		column++
	}
	for ; line <= len(lines); line, column = line+1, 1 {
		runes := []rune(strings.TrimPrefix(lines[line-1], "\ufeff"))
		for ; column <= len(runes); column++ {
			r := runes[column-1]
			switch {
			case r == '\\' && node.Style&yaml.DoubleQuotedStyle != 0:
				return d.span(node)
			case isSpace(r):
			case count == 0:
				span := d.at(line, column)
				span.Length = utf8.RuneCountInString(node.Value[from:to])
				return span
			default:
				count--
			}
		}
	}
	return d.span(node)
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// describe names what a node is, for messages.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	switch node.Tag {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "a boolean"
	default:
		return "text"
	}
}
