package sigma

import "github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"

// An Exception is one entry of exceptions.json.
type Exception struct {
	Rule         Text // a title, an id or a key
	Actors       []Text
	SourceIPs    []Text
	ActorRegexps []Text
	Accounts     []Text
	Expires      Text
	Reason       Text
	Owner        Text
}

var exceptionKeys = []string{"excludedActors", "excludedSourceIPs", "excludedActorsRegex", "excludedAccounts", "expires", "reason", "owner"}

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
		list := map[string]*[]Text{
			"excludedActors": &exception.Actors, "excludedSourceIPs": &exception.SourceIPs,
			"excludedActorsRegex": &exception.ActorRegexps, "excludedAccounts": &exception.Accounts,
		}[key]
		text := map[string]*Text{"expires": &exception.Expires, "reason": &exception.Reason, "owner": &exception.Owner}[key]
		switch {
		case list == nil && text == nil:
			f.list.Errorf(f.span(entry.key), "exceptions/key", DidYouMean(key, exceptionKeys), "unknown key %q", key)
		case seen[key]:
			f.list.Errorf(f.span(entry.key), "exceptions/key", "merge the two", "key %q stands here twice", key)
		case list != nil:
			*list = f.texts(entry, "exceptions/format")
		default:
			*text = f.oneText(entry, "exceptions/format")
		}
		seen[key] = true
	}
	if len(exception.Actors)+len(exception.SourceIPs)+len(exception.ActorRegexps)+len(exception.Accounts) == 0 && f.list.Count(diag.Error) == before {
		f.list.Errorf(exception.Rule.Span, "exceptions/empty", "list an actor, an address, an account or an expression, or delete the entry", "the exception of %q excludes nothing", m.key.text)
	}
	return exception
}
