package sigma

import "github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"

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
func ParseExceptions(path string, text []byte, list *diag.List) []Exception {
	f := &jsonFile{path: path, text: text, list: list}
	root := f.parse("exceptions/json")
	if root == nil {
		return nil
	}
	if root.kind != '{' {
		list.Errorf(f.span(*root), "exceptions/format", "write {\"title of a rule\": {\"excludedActors\": [...]}}", "exceptions are a JSON object, this is %s", root.describe())
		return nil
	}
	var exceptions []Exception
	seen := map[string]diag.Span{}
	for _, m := range root.members {
		span := f.span(m.key)
		if first, again := seen[m.key.text]; again {
			list.Errorf(span, "exceptions/duplicate", "merge the two", "%q stands here twice, first in line %d", m.key.text, first.Line)
			continue
		}
		seen[m.key.text] = span
		if m.value.kind != '{' {
			list.Errorf(f.span(m.value), "exceptions/format", "write {\"excludedActors\": [...]}", "an exception is an object, this is %s", m.value.describe())
			continue
		}
		exceptions = append(exceptions, f.exception(m))
	}
	return exceptions
}

func (f *jsonFile) exception(m jsonMember) Exception {
	before := f.list.Count(diag.Error)
	exception := Exception{Rule: Text{Value: m.key.text, Span: f.span(m.key)}}
	seen := map[string]bool{}
	for _, entry := range m.value.members {
		key := entry.key.text
		var target *[]Text
		switch key {
		case "excludedActors":
			target = &exception.Actors
		case "excludedSourceIPs":
			target = &exception.SourceIPs
		case "excludedActorsRegex":
			target = &exception.ActorRegexps
		}
		switch {
		case target == nil && laterExceptionKeys[key]:
			f.list.Errorf(f.span(entry.key), "exceptions/unsupported", "leave it out", "%q is not supported yet", key)
		case target == nil:
			f.list.Errorf(f.span(entry.key), "exceptions/key", DidYouMean(key, exceptionKeys), "unknown key %q", key)
		case seen[key]:
			f.list.Errorf(f.span(entry.key), "exceptions/key", "merge the two", "key %q stands here twice", key)
		default:
			*target = f.texts(entry)
		}
		seen[key] = true
	}
	if len(exception.Actors)+len(exception.SourceIPs)+len(exception.ActorRegexps) == 0 && f.list.Count(diag.Error) == before {
		f.list.Errorf(exception.Rule.Span, "exceptions/empty", "list an actor, an address or an expression, or delete the entry", "the exception of %q excludes nothing", m.key.text)
	}
	return exception
}

// texts reads a list of texts that are not empty.
func (f *jsonFile) texts(m jsonMember) []Text {
	if m.value.kind != '[' {
		f.list.Errorf(f.span(m.value), "exceptions/format", "put it in brackets", "%q takes a list, this is %s", m.key.text, m.value.describe())
		return nil
	}
	var texts []Text
	for _, item := range m.value.items {
		switch {
		case item.kind != '"':
			f.list.Errorf(f.span(item), "exceptions/format", "put it in quotes", "%q is a list of texts, this is %s", m.key.text, item.describe())
		case item.text == "":
			f.list.Errorf(f.span(item), "exceptions/format", "remove it", "a text of %q is empty", m.key.text)
		default:
			texts = append(texts, Text{Value: item.text, Span: f.span(item)})
		}
	}
	return texts
}
