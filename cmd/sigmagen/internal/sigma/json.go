package sigma

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// jsonFile is a JSON file whose values know their place.
type jsonFile struct {
	path string
	text []byte
	list *diag.List
}

// jsonValue is a value of a JSON file. Members are those of an object, in the
// order of the file; items those of an array.
type jsonValue struct {
	kind    byte   // { [ " 0 t n, for an object, array, string, number, boolean, null
	text    string // of a string; of a number, its digits
	start   int    // byte offset of its first character
	end     int    // and of the one behind its last
	members []jsonMember
	items   []jsonValue
}

type jsonMember struct{ key, value jsonValue }

// parse reads the file. It reports what is not JSON under code and returns nil.
func (f *jsonFile) parse(code string) *jsonValue {
	if len(bytes.TrimSpace(f.body())) == 0 {
		f.list.Errorf(f.at(0), code, "write a JSON object, or delete the file", "the file is empty")
		return nil
	}
	var whole json.RawMessage
	if err := json.Unmarshal(f.body(), &whole); err != nil {
		offset := len(bytes.TrimRight(f.text, " \t\r\n"))
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) && int(syntax.Offset) < len(f.body()) {
			offset = len(f.text) - len(f.body()) + int(syntax.Offset) - 1
		}
		if comma, ok := trailingComma(f.text, offset); ok {
			f.list.Errorf(f.at(comma), code, "remove the comma", "not JSON: nothing follows the comma but %q", f.text[offset:offset+1])
			return nil
		}
		f.list.Errorf(f.at(offset), code, "", "not JSON: %v", err)
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(f.body()))
	decoder.UseNumber()
	p := jsonParser{text: f.body(), decoder: decoder}
	value, err := p.value()
	if err != nil && !errors.Is(err, io.EOF) {
		f.list.Errorf(f.at(0), code, "", "not JSON: %v", err) // nested deeper than the library reads
		return nil
	}
	return &value
}

// trailingComma returns the place of the comma before the end of a list or object
// that no reader of JSON expects at offset.
func trailingComma(text []byte, offset int) (comma int, ok bool) {
	if offset >= len(text) || bytes.IndexByte([]byte("]}"), text[offset]) < 0 {
		return 0, false
	}
	before := bytes.TrimRight(text[:offset], " \t\r\n")
	return len(before) - 1, bytes.HasSuffix(before, []byte(","))
}

// body returns the text without a byte order mark.
func (f *jsonFile) body() []byte { return bytes.TrimPrefix(f.text, []byte("\ufeff")) }

// span returns the place of a value.
func (f *jsonFile) span(v jsonValue) diag.Span {
	shift := len(f.text) - len(f.body())
	span := f.at(v.start + shift)
	if line, _, _ := bytes.Cut(f.text[v.start+shift:v.end+shift], []byte("\n")); v.kind == '"' || v.kind == '0' {
		span.Length = utf8.RuneCount(line)
	}
	return span
}

func (f *jsonFile) at(offset int) diag.Span { return place(f.path, f.text, offset) }

// place returns the place of a byte offset in the text of a file.
func place(path string, text []byte, offset int) diag.Span {
	before := text[:max(0, min(offset, len(text)))]
	line := bytes.Count(before, []byte("\n")) + 1
	start := bytes.LastIndexByte(before, '\n') + 1
	column := utf8.RuneCount(bytes.TrimPrefix(before[start:], []byte("\ufeff"))) + 1
	return diag.Span{Position: diag.Position{Path: path, Line: line, Column: column}, Length: 1}
}

// get returns the member of that name, if there is one.
func (v jsonValue) get(name string) (jsonMember, bool) {
	for _, m := range v.members {
		if m.key.text == name {
			return m, true
		}
	}
	return jsonMember{}, false
}

// texts reads a list of texts that are not empty.
func (f *jsonFile) texts(m jsonMember, code string) []Text {
	if m.value.kind != '[' {
		f.list.Errorf(f.span(m.value), code, "put it in brackets", "%q takes a list, this is %s", m.key.text, m.value.describe())
		return nil
	}
	var texts []Text
	for _, item := range m.value.items {
		switch {
		case item.kind != '"':
			f.list.Errorf(f.span(item), code, "put it in quotes", "%q is a list of texts, this is %s", m.key.text, item.describe())
		case item.text == "":
			f.list.Errorf(f.span(item), code, "remove it", "a text of %q is empty", m.key.text)
		default:
			texts = append(texts, Text{Value: item.text, Span: f.span(item)})
		}
	}
	return texts
}

// oneText reads a text that is not empty.
func (f *jsonFile) oneText(m jsonMember, code string) Text {
	switch {
	case m.value.kind != '"':
		f.list.Errorf(f.span(m.value), code, "put it in quotes", "%q takes text, this is %s", m.key.text, m.value.describe())
	case strings.TrimSpace(m.value.text) == "":
		f.list.Errorf(f.span(m.value), code, "write something, or remove the key", "%q is empty", m.key.text)
	default:
		return Text{Value: m.value.text, Span: f.span(m.value)}
	}
	return Text{}
}

// describe names what a value is, for messages.
func (v jsonValue) describe() string {
	switch v.kind {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "text"
	case '0':
		return "a number"
	case 't':
		return "a boolean"
	default:
		return "null"
	}
}

// jsonParser builds values out of the tokens of the standard library, which
// knows where a token ends; it begins behind the blanks and marks that follow
// the one before.
type jsonParser struct {
	text    []byte
	decoder *json.Decoder
}

func (p *jsonParser) value() (jsonValue, error) {
	start := int(p.decoder.InputOffset())
	for start < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[start]) >= 0 {
		start++
	}
	token, err := p.decoder.Token()
	if err != nil {
		return jsonValue{}, err
	}
	v := jsonValue{start: start}
	switch token := token.(type) {
	case json.Delim:
		v.kind = byte(token)
		for err == nil && p.decoder.More() {
			var first, second jsonValue
			if first, err = p.value(); err != nil {
				break
			}
			if token == '[' {
				v.items = append(v.items, first)
				continue
			}
			second, err = p.value()
			v.members = append(v.members, jsonMember{first, second})
		}
		if err == nil {
			_, err = p.decoder.Token()
		}
	case string:
		v.kind, v.text = '"', token
	case json.Number:
		v.kind, v.text = '0', token.String()
	case bool:
		v.kind = 't'
	default:
		v.kind = 'n'
	}
	v.end = int(p.decoder.InputOffset())
	return v, err
}
