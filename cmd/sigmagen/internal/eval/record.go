package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxDepth is how deep a value may lie in a record, which itself lies at 1.
const maxDepth = 300

// object is a JSON object with its keys in the order of the text. Values are
// those of encoding/json but for objects: nil, bool, string, json.Number, []any
// and object.
type object struct {
	keys   []string
	values map[string]any
}

// decode reads a record: one JSON object, in which the first of several equal
// keys counts.
func decode(record []byte) (object, error) {
	if !json.Valid(record) {
		return object{}, errors.New("the record is not valid JSON")
	}
	decoder := json.NewDecoder(bytes.NewReader(record))
	decoder.UseNumber()
	v, err := decodeValue(decoder, 1)
	if err != nil {
		return object{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return object{}, errors.New("something follows the record")
	}
	root, ok := v.(object)
	if !ok {
		return object{}, errors.New("the record is not a JSON object")
	}
	return root, nil
}

func decodeValue(decoder *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the record is nested deeper than %d levels", maxDepth)
	}
	token, err := decoder.Token()
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	switch token {
	case json.Delim('{'):
		o := object{values: map[string]any{}}
		for decoder.More() {
			key, err := decoder.Token()
			if err != nil {
				return nil, fmt.Errorf("read record: %w", err)
			}
			v, err := decodeValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			name := key.(string)
			if _, again := o.values[name]; !again {
				o.keys = append(o.keys, name)
				o.values[name] = v
			}
		}
		_, err := decoder.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			v, err := decodeValue(decoder, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := decoder.Token()
		return list, err
	default:
		return token, nil
	}
}

// reach returns what a path leads to. A path is keys joined by dots; it crosses
// arrays, every element of which counts, and a key may hold dots itself.
func reach(v any, path string) []any {
	var found []any
	switch v := v.(type) {
	case object:
		segments := strings.Split(path, ".")
		for i := range segments {
			child, ok := v.values[strings.Join(segments[:i+1], ".")]
			switch {
			case !ok:
			case i+1 == len(segments):
				found = append(found, child)
			default:
				found = append(found, reach(child, strings.Join(segments[i+1:], "."))...)
			}
		}
	case []any:
		for _, element := range v {
			found = append(found, reach(element, path)...)
		}
	}
	return found
}

// elements replaces arrays by their elements, at any depth.
func elements(values []any) []any {
	var flat []any
	for _, v := range values {
		if list, ok := v.([]any); ok {
			flat = append(flat, elements(list)...)
		} else {
			flat = append(flat, v)
		}
	}
	return flat
}

// leaves replaces arrays by their elements and objects by their values, at any
// depth: what remains are scalars.
func leaves(values []any) []any {
	var flat []any
	for _, v := range elements(values) {
		o, ok := v.(object)
		if !ok {
			flat = append(flat, v)
			continue
		}
		for _, key := range o.keys {
			flat = append(flat, leaves([]any{o.values[key]})...)
		}
	}
	return flat
}

// text returns the text that a scalar is compared by. ok is false for what has
// none: null, arrays, objects.
func text(v any) (s string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	default:
		return "", false
	}
}

// jsonText writes a value for people.
func jsonText(v any) string {
	switch v := v.(type) {
	case object:
		var members []string
		for _, key := range v.keys {
			members = append(members, jsonText(key)+":"+jsonText(v.values[key]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var members []string
		for _, element := range v {
			members = append(members, jsonText(element))
		}
		return "[" + strings.Join(members, ",") + "]"
	default:
		written, err := json.Marshal(v)
		if err != nil {
			panic(fmt.Sprintf("eval: %T is no value of a record: %v", v, err))
		}
		return string(written)
	}
}
