package newtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// object is a JSON object whose members keep their order. Values are those of
// encoding/json, but that numbers are json.Number and objects *object.
type object struct{ members []member }

type member struct {
	name  string
	value any
}

// decode reads one JSON object. Of equal names the first counts.
func decode(text []byte) (*object, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	value, err := decodeValue(decoder)
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	o, ok := value.(*object)
	if !ok {
		return nil, fmt.Errorf("read record: a %T is no record", value)
	}
	return o, nil
}

func decodeValue(decoder *json.Decoder) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		o := &object{}
		for decoder.More() {
			name, err := decoder.Token()
			if err != nil {
				return nil, err
			}
			value, err := decodeValue(decoder)
			if err != nil {
				return nil, err
			}
			if _, known := o.get(name.(string)); !known {
				o.members = append(o.members, member{name.(string), value})
			}
		}
		_, err := decoder.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for decoder.More() {
			value, err := decodeValue(decoder)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := decoder.Token()
		return list, err
	default:
		return token, nil
	}
}

// fromMap makes an object of one that encoding/json decoded, in the order in which
// CloudTrail writes members.
func fromMap(m map[string]any) *object {
	o := &object{}
	for name, value := range m {
		o.members = append(o.members, member{name, fromValue(value)})
	}
	slices.SortFunc(o.members, func(a, b member) int { return compareNames(a.name, b.name) })
	return o
}

func fromValue(value any) any {
	switch v := value.(type) {
	case map[string]any:
		return fromMap(v)
	case []any:
		list := []any{}
		for _, element := range v {
			list = append(list, fromValue(element))
		}
		return list
	default:
		return v
	}
}

// order is that of the members of a record, and of those of userIdentity.
var order = []string{
	origin, "eventVersion", "userIdentity",
	"type", "principalId", "arn", "accountId", "accessKeyId", "userName",
	"sessionContext", "sessionIssuer", "webIdFederationData", "attributes", "creationDate", "mfaAuthenticated", "invokedBy",
	"eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "errorCode", "errorMessage",
	"requestParameters", "responseElements", "additionalEventData", "requestID", "eventID", "readOnly", "resources", "eventType",
	"managementEvent", "recipientAccountId", "sharedEventID", "serviceEventDetails", "vpcEndpointId", "eventCategory", "sessionCredentialFromConsole", "tlsDetails",
}

func compareNames(a, b string) int {
	i, j := slices.Index(order, a), slices.Index(order, b)
	switch {
	case i >= 0 && j >= 0:
		return i - j
	case i >= 0:
		return -1
	case j >= 0:
		return 1
	}
	return strings.Compare(a, b)
}

// copied returns a copy that shares nothing.
func (o *object) copied() *object { return copiedValue(o).(*object) }

func copiedValue(value any) any {
	switch v := value.(type) {
	case *object:
		c := &object{}
		for _, m := range v.members {
			c.members = append(c.members, member{m.name, copiedValue(m.value)})
		}
		return c
	case []any:
		list := []any{}
		for _, element := range v {
			list = append(list, copiedValue(element))
		}
		return list
	default:
		return v
	}
}

func (o *object) get(name string) (any, bool) {
	for _, m := range o.members {
		if m.name == name {
			return m.value, true
		}
	}
	return nil, false
}

// at returns what stands at a path, the first element of lists.
func (o *object) at(path string) (any, bool) {
	name, rest, nested := strings.Cut(path, ".")
	value, ok := o.get(name)
	for {
		list, isList := value.([]any)
		if !isList || !nested || len(list) == 0 {
			break
		}
		value = list[0]
	}
	if !ok || !nested {
		return value, ok
	}
	inner, isObject := value.(*object)
	if !isObject {
		return nil, false
	}
	return inner.at(rest)
}

// text returns the string at a path, or "".
func (o *object) text(path string) string {
	value, _ := o.at(path)
	text, _ := value.(string)
	return text
}

// set puts a value at a path, and makes the objects that are missing. Of lists on the
// way it takes the first element, or with every each of them. It reports whether it
// could: a scalar on the way is not replaced.
func (o *object) set(path string, value any, every bool) bool {
	name, rest, nested := strings.Cut(path, ".")
	old, known := o.get(name)
	if !nested {
		o.put(name, value)
		return true
	}
	if !known || old == nil {
		inner := &object{}
		o.put(name, inner)
		return inner.set(rest, value, every)
	}
	return setIn(old, rest, value, every)
}

func setIn(value any, path string, to any, every bool) bool {
	switch v := value.(type) {
	case *object:
		return v.set(path, to, every)
	case []any:
		ok := len(v) > 0
		for i, element := range v {
			if i == 0 || every {
				ok = setIn(element, path, to, every) && ok
			}
		}
		return ok
	}
	return false
}

// put sets a member, a new one where CloudTrail writes it.
func (o *object) put(name string, value any) {
	for i := range o.members {
		if o.members[i].name == name {
			o.members[i].value = value
			return
		}
	}
	at := len(o.members)
	if slices.Contains(order, name) {
		if i := slices.IndexFunc(o.members, func(m member) bool { return compareNames(m.name, name) > 0 }); i >= 0 {
			at = i
		}
	}
	o.members = slices.Insert(o.members, at, member{name, value})
}

// remove takes away what stands at a path, and reports whether anything did.
func (o *object) remove(path string) bool {
	name, rest, nested := strings.Cut(path, ".")
	i := slices.IndexFunc(o.members, func(m member) bool { return m.name == name })
	if i < 0 {
		return false
	}
	if !nested {
		o.members = slices.Delete(o.members, i, i+1)
		return true
	}
	return removeIn(o.members[i].value, rest)
}

func removeIn(value any, path string) bool {
	removed := false
	switch v := value.(type) {
	case *object:
		removed = v.remove(path)
	case []any:
		for _, element := range v {
			removed = removeIn(element, path) || removed
		}
	}
	return removed
}

// MarshalJSON writes the members in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o.members {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := compact(m.name)
		if err != nil {
			return nil, err
		}
		value, err := compact(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// compact writes a value without the escapes that are for HTML, and with those for what
// could steer a terminal: rules and records are other people's.
func compact(value any) ([]byte, error) {
	if o, ok := value.(*object); ok {
		return o.MarshalJSON()
	}
	if list, ok := value.([]any); ok {
		var parts [][]byte
		for _, element := range list {
			part, err := compact(element)
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
		return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]")), nil
	}
	var b bytes.Buffer
	if err := diag.EncodeJSON(&b, "", value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// json writes an object in one line. What rules and records hold can be written.
func (o *object) json() []byte {
	text, err := o.MarshalJSON()
	if err != nil {
		panic("newtest: write a record: " + err.Error())
	}
	return text
}
