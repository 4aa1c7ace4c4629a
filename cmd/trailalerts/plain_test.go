package main

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/runtime"
)

// plainRecords returns the records of a delivery file by their indexes: what fastjson reads, and nothing of ours. It is
// false where fastjson does not take the file as one JSON text.
func plainRecords(file []byte) (map[int]string, bool) {
	root, err := new(fastjson.Parser).ParseBytes(bytes.TrimPrefix(file, []byte("\ufeff")))
	if err != nil {
		return nil, false
	}
	if root.Type() != fastjson.TypeObject {
		return map[int]string{}, true
	}
	text := string(root.MarshalTo(nil)) // before the keys are decoded, and so as the file writes them
	elements := []*fastjson.Value{root}
	if list := first(root, "Records"); list != nil && list.Type() == fastjson.TypeArray {
		elements = list.GetArray()
	}
	records := map[int]string{}
	for i, element := range elements {
		if element != root {
			text = string(element.MarshalTo(nil))
		}
		if isRecord(element) {
			records[i] = text
		}
	}
	return records, true
}

// isRecord says what cloudtrail.Record does: eventVersion, or both others as strings.
func isRecord(v *fastjson.Value) bool {
	if v.Type() != fastjson.TypeObject {
		return false
	}
	var version, name, source bool
	v.GetObject().Visit(func(key []byte, value *fastjson.Value) {
		version = version || string(key) == "eventVersion"
		name = name || string(key) == "eventName" && value.Type() == fastjson.TypeString
		source = source || string(key) == "eventSource" && value.Type() == fastjson.TypeString
	})
	return version || name && source
}

// first returns the value of a key of an object, of several equal ones the first.
func first(object *fastjson.Value, key string) *fastjson.Value {
	var found *fastjson.Value
	object.GetObject().Visit(func(k []byte, value *fastjson.Value) {
		if found == nil && string(k) == key {
			found = value
		}
	})
	return found
}

// plainRules returns the rules that hold on the text of a record, asked one after the other.
func plainRules(raw string) string {
	var all []string
	for _, set := range sets {
		all = append(all, names(set.name, runtime.MatchAll(nil, set.Rules, runtime.NewEvent([]byte(raw))))...)
	}
	return joined(all)
}

// plainRecord is a record as fastjson reads it.
type plainRecord struct {
	raw  string
	root *fastjson.Value
}

func (p *plainRecord) parse() bool {
	root, err := new(fastjson.Parser).Parse(p.raw)
	p.root = root
	return err == nil && root.Type() == fastjson.TypeObject
}

// key returns the text of a top-level key in the form of runtime.Fold, and "" if it has none.
func (p *plainRecord) key(name string) string {
	v := first(p.root, name)
	if v == nil || v.Type() != fastjson.TypeString {
		return ""
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			return unicode.ToLower(least)
		}
		return least
	}, string(v.GetStringBytes()))
}

// hasKeys reports whether a dispatch can switch on the two keys.
func (p *plainRecord) hasKeys() bool {
	for _, name := range []string{"eventSource", "eventName"} {
		if v := first(p.root, name); v != nil && v.Type() != fastjson.TypeNull && v.Type() != fastjson.TypeString {
			return false
		}
	}
	return true
}

// plainMember is a member of an object, its key decoded and its value without white space.
type plainMember struct{ key, text string }

// members returns the top-level members in their order.
func (p *plainRecord) members() []plainMember {
	var texts []plainMember
	// Of a copy: to visit an object decodes what it holds.
	fastjson.MustParse(p.raw).GetObject().Visit(func(key []byte, value *fastjson.Value) {
		texts = append(texts, plainMember{string(key), string(value.MarshalTo(nil))})
	})
	return texts
}

// leaf is a text in a record, and the keys that lead to it.
type leaf struct {
	path []string
	text string
}

// leaves returns the texts and numbers of the record.
func (p *plainRecord) leaves() []leaf {
	var all []leaf
	var walk func(v *fastjson.Value, path []string)
	walk = func(v *fastjson.Value, path []string) {
		switch v.Type() {
		case fastjson.TypeString:
			all = append(all, leaf{path, string(v.GetStringBytes())})
		case fastjson.TypeNumber:
			all = append(all, leaf{path, string(v.MarshalTo(nil))})
		case fastjson.TypeArray:
			for _, element := range v.GetArray() {
				walk(element, path)
			}
		case fastjson.TypeObject:
			v.GetObject().Visit(func(key []byte, child *fastjson.Value) {
				walk(child, append(path[:len(path):len(path)], string(key)))
			})
		}
	}
	walk(p.root, nil)
	return all
}

// question is whether a field, or with the path "" any, contains one of some texts, or is one.
type question struct {
	path  string
	named bool // in the letters, digits, dots, hyphens and underscores of a field whose rules may be guarded
	texts []string
}

func notInFields(r rune) bool {
	return r != '.' && r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

func (q question) field(e *runtime.Event) runtime.Value {
	if q.path == "" {
		return e.Leaves()
	}
	return e.Get(q.path)
}
