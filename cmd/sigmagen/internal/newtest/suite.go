package newtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// suite holds the records of a file of tests.
type suite struct{ shouldMatch, shouldNotMatch []*object }

func readSuite(text []byte) (suite, error) {
	var lists map[string][]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte(mark)), &lists); err != nil {
		return suite{}, fmt.Errorf("read tests: %w", err)
	}
	var s suite
	for name, into := range map[string]*[]*object{"should_match": &s.shouldMatch, "should_not_match": &s.shouldNotMatch} {
		for _, text := range lists[name] {
			record, err := decode(text)
			if err != nil {
				return suite{}, err
			}
			*into = append(*into, record)
		}
	}
	return s, nil
}

// mark is the byte order mark, with which a file may begin.
const mark = "\ufeff"

// insert returns a file of tests with records at the ends of its lists, and every
// other byte as it was. A list that is missing comes last. Of nil it makes a new file.
func insert(text []byte, match, not []*object) ([]byte, error) {
	if text == nil {
		text = []byte("{\n  \"should_match\": [],\n  \"should_not_match\": []\n}\n")
	}
	for _, list := range []struct {
		name    string
		records []*object
	}{{"should_match", match}, {"should_not_match", not}} {
		if len(list.records) == 0 {
			continue
		}
		places, err := findList(text, list.name)
		if err != nil {
			return nil, err
		}
		if places.list < 0 {
			text = places.add(text, list.name)
			if places, err = findList(text, list.name); err != nil {
				return nil, err
			}
		}
		if text, err = places.fill(text, list.records); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// places says where things stand in a file of tests, as offsets.
type places struct {
	key  int // the name of a list that is looked for, or of any member without it; -1: there are none
	list int // behind its opening bracket; -1: there is no such list
	item int // its first item; -1: it has none
	end  int // its closing bracket, or without it that of the file
}

func findList(text []byte, name string) (places, error) {
	body := bytes.TrimPrefix(text, []byte(mark))
	decoder := json.NewDecoder(bytes.NewReader(body))
	at := func() int { return len(text) - len(body) + int(decoder.InputOffset()) }
	found := places{key: -1, list: -1, item: -1}
	var err error
	token := func() json.Token {
		var t json.Token
		if err == nil {
			t, err = decoder.Token()
		}
		return t
	}
	value := func() (length int) {
		var raw json.RawMessage
		if err == nil {
			err = decoder.Decode(&raw)
		}
		return len(raw)
	}
	token()
	for err == nil && decoder.More() {
		start := at()
		key := token()
		found.key = start + bytes.IndexByte(text[start:], '"')
		if key != name {
			value()
			continue
		}
		token()
		found.list = at()
		for err == nil && decoder.More() {
			length := value()
			if found.item < 0 {
				found.item = at() - length
			}
		}
		token()
		found.end = at() - 1
		break
	}
	if found.list < 0 {
		token()
		found.end = at() - 1
	}
	if err != nil {
		return places{}, fmt.Errorf("read tests: %w", err)
	}
	return found, nil
}

// add adds an empty list to a file that lacks it.
func (p places) add(text []byte, name string) []byte {
	before, comma, indent := bytes.TrimRight(text[:p.end], space), "", defaultIndent
	if p.key >= 0 {
		comma = ","
		if own, ok := indentOf(text, p.key); ok {
			indent = own
		}
	}
	return slices.Concat(before, fmt.Appendf(nil, "%s%s%s%q: []%s", comma, newlineOf(text), indent, name, newlineOf(text)), text[p.end:])
}

// fill adds records to a list, indented as the file is.
func (p places) fill(text []byte, records []*object) ([]byte, error) {
	newline := newlineOf(text)
	outer, ok := indentOf(text, p.key)
	if !ok {
		outer = defaultIndent
	}
	inner := outer + outer
	if p.item >= 0 {
		if own, ok := indentOf(text, p.item); ok && own != "" {
			inner = own
		}
	}
	step := strings.TrimPrefix(inner, outer)
	if step == "" {
		step = defaultIndent
	}
	before := bytes.TrimRight(text[:p.end], space)
	var b bytes.Buffer
	b.Write(before)
	for i, record := range records {
		if i > 0 || p.item >= 0 {
			b.WriteByte(',')
		}
		var indented bytes.Buffer
		if err := json.Indent(&indented, record.json(), inner, step); err != nil {
			return nil, fmt.Errorf("write tests: %w", err)
		}
		b.WriteString(newline + inner + strings.ReplaceAll(indented.String(), "\n", newline))
	}
	b.WriteString(newline + outer)
	b.Write(text[p.end:])
	return b.Bytes(), nil
}

const (
	space         = " \t\r\n"
	defaultIndent = "  "
)

// newlineOf returns what ends the lines of a file.
func newlineOf(text []byte) string {
	if bytes.Contains(text, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// indentOf returns what stands before an offset on its line. ok is false where that is
// more than white space, or it is the first line.
func indentOf(text []byte, offset int) (indent string, ok bool) {
	start := bytes.LastIndexByte(text[:offset], '\n') + 1
	indent = string(text[start:offset])
	return indent, start > 0 && strings.Trim(indent, " \t") == ""
}
