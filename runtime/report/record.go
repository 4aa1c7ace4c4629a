package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A node is a JSON value whose members are in the order in which they were
// written: people compare a record with the one that the console shows them.
type node struct {
	kind    kind
	name    string // as a member of an object
	text    string // of a scalar: the string itself, else its JSON
	members []node // of an object or a list
}

type kind uint8

const (
	scalar kind = iota
	object
	list
)

// maxDepth bounds the nesting that is followed. CloudTrail nests far less.
const maxDepth = 100

var (
	errDepth = fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	errRest  = errors.New("something follows its end")
)

// parseJSON reads one JSON value.
func parseJSON(text []byte) (node, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := readNode(decoder, 0)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return node{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return node{}, errRest
	}
	return value, nil
}

func readNode(decoder *json.Decoder, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, errDepth
	}
	token, err := decoder.Token()
	if err != nil {
		return node{}, err
	}
	switch token := token.(type) {
	case json.Delim:
		value := node{kind: list}
		if token == '{' {
			value.kind = object
		}
		for decoder.More() {
			name := ""
			if value.kind == object {
				key, err := decoder.Token()
				if err != nil {
					return node{}, err
				}
				name, _ = key.(string) // the decoder lets nothing else be a key
			}
			member, err := readNode(decoder, depth+1)
			if err != nil {
				return node{}, err
			}
			member.name = name
			value.members = append(value.members, member)
		}
		_, err := decoder.Token() // the closing bracket
		return value, err
	case string:
		return node{text: token}, nil
	case json.Number:
		return node{text: token.String()}, nil
	case bool:
		return node{text: strconv.FormatBool(token)}, nil
	default:
		return node{text: "null"}, nil
	}
}

// member returns the member of an object, and nil when there is none. Of
// several with one name it is the last, as for everything else that reads the
// record.
func (n *node) member(name string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].name == name {
			return &n.members[i]
		}
	}
	return nil
}

// at returns the text of the scalar at a path of members, and "" where there is
// none.
func (n *node) at(path ...string) string {
	for _, name := range path {
		n = n.member(name)
	}
	if n == nil || n.kind != scalar || n.text == "null" {
		return ""
	}
	return n.text
}

// empty reports whether a value says nothing.
func (n *node) empty() bool {
	if n == nil {
		return true
	}
	if n.kind == scalar {
		return n.text == "" || n.text == "null"
	}
	for i := range n.members {
		if !n.members[i].empty() {
			return false
		}
	}
	return true
}

// A leaf is a value at a path, such as ipPermissions.items[0].fromPort. The
// scalars of a list are one leaf.
type leaf struct {
	path   string
	values []string
}

// leaves returns the values below a node in their order, without those that are
// empty.
func (n *node) leaves() []leaf {
	var all []leaf
	n.walk("", func(l leaf) { all = append(all, l) })
	return all
}

func (n *node) walk(path string, visit func(leaf)) {
	switch {
	case n.empty():
	case n.kind == scalar:
		visit(leaf{path, []string{n.text}})
	case n.kind == object:
		for i := range n.members {
			m := &n.members[i]
			below := m.name
			if path != "" {
				below = path + "." + m.name
			}
			m.walk(below, visit)
		}
	case n.scalars():
		values := make([]string, len(n.members))
		for i, m := range n.members {
			values[i] = m.text
		}
		visit(leaf{path, values})
	default:
		for i := range n.members {
			n.members[i].walk(path+"["+strconv.Itoa(i)+"]", visit)
		}
	}
}

// scalars reports whether a list holds nothing else.
func (n *node) scalars() bool {
	for _, m := range n.members {
		if m.kind != scalar {
			return false
		}
	}
	return true
}

// maxDocument bounds, in bytes, the documents in strings that are laid out:
// deep nesting makes the layout many times as large. Policies stay below it.
const maxDocument = 32 << 10

// document returns the lines of a value that is a JSON document in a string, as
// policies are, and nil for every other.
func document(value string) []string {
	trimmed := strings.TrimSpace(value)
	if len(trimmed) > maxDocument || !strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "[") {
		return nil
	}
	if _, err := parseJSON([]byte(trimmed)); err != nil {
		return nil
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(trimmed), "", "  "); err != nil {
		return nil
	}
	return strings.Split(indented.String(), "\n")
}
