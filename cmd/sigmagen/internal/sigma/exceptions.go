package sigma

import (
	"encoding/json"
	"errors"

	"gopkg.in/yaml.v3"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// An Exception is one entry of exceptions.json.
type Exception struct {
	Rule         Text // a title, an id or a key
	Actors       []Text
	SourceIPs    []Text
	ActorRegexps []Text
}

var exceptionKeys = []string{"excludedActors", "excludedSourceIPs", "excludedActorsRegex"}

// laterExceptionKeys are part of the format, but not compiled yet.
var laterExceptionKeys = map[string]bool{"excludedAccounts": true, "expires": true, "reason": true, "owner": true}

// ParseExceptions reads the exceptions of a rules directory: a JSON object from
// the name of a rule to lists of actors, source addresses and expressions.
//
// JSON is read as the YAML that it also is, since that keeps positions and
// duplicate keys, once encoding/json has found nothing wrong with it.
func ParseExceptions(path string, text []byte, list *diag.List) []Exception {
	d := &document{path: path, text: text, list: list}
	var whole json.RawMessage
	if err := json.Unmarshal(text, &whole); err != nil {
		c := testsChecker{path: path, text: text, list: list}
		offset := len(text)
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			offset = int(syntax.Offset) - 1
		}
		list.Errorf(c.at(offset), "exceptions/json", "", "not JSON: %v", err)
		return nil
	}
	root := d.parseYAML()
	if root == nil {
		return nil
	}
	var exceptions []Exception
	entries(root, func(key, value *yaml.Node) {
		if value.Kind != yaml.MappingNode {
			list.Errorf(d.span(value), "exceptions/format", "write {\"excludedActors\": [...]}", "an exception is an object, this is %s", describe(value))
			return
		}
		exception := Exception{Rule: Text{Value: key.Value, Span: d.span(key)}}
		entries(value, func(key, value *yaml.Node) {
			switch key.Value {
			case "excludedActors":
				exception.Actors = d.exceptionList(key, value)
			case "excludedSourceIPs":
				exception.SourceIPs = d.exceptionList(key, value)
			case "excludedActorsRegex":
				exception.ActorRegexps = d.exceptionList(key, value)
			default:
				if laterExceptionKeys[key.Value] {
					list.Errorf(d.span(key), "exceptions/unsupported", "leave it out", "%q is not supported yet", key.Value)
				} else {
					list.Errorf(d.span(key), "exceptions/key", DidYouMean(key.Value, exceptionKeys), "unknown key %q", key.Value)
				}
			}
		})
		if len(exception.Actors)+len(exception.SourceIPs)+len(exception.ActorRegexps) == 0 {
			list.Errorf(d.span(key), "exceptions/empty", "list an actor, an address or an expression, or delete the entry", "the exception of %q excludes nothing", key.Value)
		}
		exceptions = append(exceptions, exception)
	})
	return exceptions
}

// exceptionList reads a list of texts that are not empty.
func (d *document) exceptionList(key, node *yaml.Node) []Text {
	if node.Kind != yaml.SequenceNode {
		d.list.Errorf(d.span(node), "exceptions/format", "put it in brackets", "%q takes a list, this is %s", key.Value, describe(node))
		return nil
	}
	var texts []Text
	for _, item := range node.Content {
		if item.Kind != yaml.ScalarNode || item.Tag != "!!str" || item.Value == "" {
			d.list.Errorf(d.span(item), "exceptions/format", "", "%q is a list of texts that are not empty, this is %s", key.Value, describe(item))
			continue
		}
		texts = append(texts, Text{Value: item.Value, Span: d.span(item)})
	}
	return texts
}
