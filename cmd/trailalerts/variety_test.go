package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// variety makes delivery files of records that are written in every way that JSON allows, and in some that it does not.
type variety struct {
	records [][]byte           // of the tests of all rules, and of the delivery files of the repository
	fields  map[string]bool    // the keys that the rules read
	values  map[string][]*node // what the records have under a key, each once
	keys    []string           // of values, sorted
}

func newVariety(t testing.TB) *variety {
	t.Helper()
	v := &variety{fields: map[string]bool{}, values: map[string][]*node{}}
	for _, set := range sets {
		for _, rule := range set.Rules {
			for _, search := range rule.Searches {
				for _, field := range search.Fields {
					for segment := range strings.SplitSeq(field, ".") {
						v.fields[segment] = true
					}
				}
			}
		}
	}
	for _, pattern := range []string{"../../rules/sigma_rules/*_tests.json", "../../testdata/golden/rules/sigma_rules/*_tests.json"} {
		for _, path := range glob(t, pattern) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			v.add(t, path, text)
		}
	}
	for _, path := range glob(t, "../../testdata/cloudtrail/AWSLogs/*/*/*/*/*/*/*.json.gz") {
		packed, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		reader, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		var text bytes.Buffer
		if _, err := text.ReadFrom(reader); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		v.add(t, path, text.Bytes())
	}
	seen := map[string]bool{}
	for _, record := range v.records {
		root := nodeOf(fastjson.MustParseBytes(record))
		for _, place := range root.places(nil) {
			m := place.member()
			id := m.key + string(m.value.append(nil, compact))
			if !seen[id] {
				seen[id] = true
				v.values[m.key] = append(v.values[m.key], m.value)
			}
		}
	}
	for key := range v.values {
		v.keys = append(v.keys, key)
	}
	slices.Sort(v.keys)
	return v
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("nothing is at %s: %v", pattern, err)
	}
	return paths
}

// add takes the records of an object of lists: of the tests of a rule, of those of a correlation, where a list stands
// for a record, or of a delivery file.
func (v *variety) add(t testing.TB, path string, text []byte) {
	t.Helper()
	var lists map[string][]json.RawMessage
	if err := json.Unmarshal(text, &lists); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, name := range []string{"should_match", "should_not_match", "Records"} {
		for _, item := range lists[name] {
			records := []json.RawMessage{item}
			if item[0] == '[' {
				if err := json.Unmarshal(item, &records); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
			}
			for _, record := range records {
				var b bytes.Buffer
				if err := json.Compact(&b, record); err != nil {
					t.Fatalf("%s: %v", path, err)
				}
				v.records = append(v.records, b.Bytes())
			}
		}
	}
}

// choices are what decides how a file is changed. When they are used up, all are 0.
type choices struct{ left []byte }

// of returns a number below n.
func (c *choices) of(n int) int {
	number := 0
	for size := 1; size < n && len(c.left) > 0; size <<= 8 {
		number = number<<8 | int(c.left[0])
		c.left = c.left[1:]
	}
	return number % n
}

// mutate returns text as choices change it: itself when there are none, or when it is no JSON object.
func (v *variety) mutate(text, choose []byte) ([]byte, cloudtrail.Format) {
	root, err := new(fastjson.Parser).ParseBytes(text)
	if len(choose) == 0 || err != nil || root.Type() != fastjson.TypeObject {
		return text, cloudtrail.Document
	}
	c := &choices{choose}
	layout, white := c.of(layouts), c.of(8)
	records := []*node{nodeOf(root)}
	if list := first(root, "Records"); list != nil && list.Type() == fastjson.TypeArray {
		records = nodeOf(list).elements()
	}
	for range c.of(3) {
		records = append(records, v.record(c))
	}
	for range 12 {
		if len(c.left) == 0 || len(records) == 0 {
			break
		}
		if record := c.of(len(records)); records[record].open != 0 {
			v.change(records[record], c)
		}
	}
	return lay(records, layout, white, c)
}

func (n *node) elements() []*node {
	var elements []*node
	for _, m := range n.members {
		elements = append(elements, m.value)
	}
	return elements
}

func (v *variety) record(c *choices) *node {
	return nodeOf(fastjson.MustParseBytes(v.records[c.of(len(v.records))]))
}

// value returns something that records have under a key, or under any.
func (v *variety) value(key string, c *choices) *node {
	values := v.values[key]
	if len(values) == 0 || c.of(8) == 0 {
		values = v.values[v.keys[c.of(len(v.keys))]]
	}
	return values[c.of(len(values))].clone()
}

// layouts is how many ways there are to lay records out in a file.
const layouts = 12

// lay writes a file of records.
func lay(records []*node, layout, white int, c *choices) ([]byte, cloudtrail.Format) {
	kinds := []string{" ", "\n", "\t", "\r", "", "\r\n ", "        ", ""}
	if layout == 0 {
		kinds = []string{" ", "\t", "\r", ""} // a line is a line
	}
	n := 0
	space := func() string {
		n++
		return kinds[(white+n*n)%len(kinds)]
	}
	if white < 4 {
		space = compact
	}
	if layout < 2 { // lines, or as many objects
		var file []byte
		for _, record := range records {
			file = append(record.append(file, space), '\n')
		}
		return file, []cloudtrail.Format{cloudtrail.Lines, cloudtrail.Document}[layout]
	}
	list := array(records...)
	root := object("Records", list)
	end := place{root, 0}
	switch layout {
	case 2:
		end.insert(0, decoys[c.of(len(decoys))])
	case 3:
		end.insert(1, member{"Records", array(object("eventVersion", scalar("1")))})
	case 4:
		end.insert(0, member{"x", object("Records", list.clone())}, member{"y", scalar(`"{\"Records\":["`)})
	case 5:
		list.members = slices.Insert(list.members, c.of(len(list.members)+1), member{value: []*node{scalar("null"), scalar("7"), scalar(`"}"`), array(list.clone()), object("x", scalar("1"))}[c.of(5)]})
	case 6:
		root.members[0].key = escapeOne("Records", c)
	}
	file := root.append(nil, space)
	switch layout {
	case 7: // cut
		file = file[:len(file)-c.of(len(file))]
	case 8: // broken
		file[c.of(len(file))] = "\"\\{}[],: x"[c.of(10)]
	case 9:
		file = append([]byte("\ufeff"), file...)
	}
	return file, cloudtrail.Document
}
