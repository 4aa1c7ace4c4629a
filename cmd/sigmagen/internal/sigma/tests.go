package sigma

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// CheckTests reports what is wrong with the tests of a rule:
// {"should_match":[record...],"should_not_match":[record...]}, both with at
// least one record.
func CheckTests(file string, text []byte, list *diag.List) {
	c := testsChecker{path: file, text: text, list: list}
	c.decoder = json.NewDecoder(bytes.NewReader(text))
	if err := c.file(); err != nil {
		c.syntax(err)
	}
}

type testsChecker struct {
	path    string
	text    []byte
	list    *diag.List
	decoder *json.Decoder
}

var testsKeys = []string{"should_match", "should_not_match"}

func (c *testsChecker) file() error {
	token, err := c.decoder.Token()
	if errors.Is(err, io.EOF) {
		c.list.Errorf(c.at(0), "tests/empty", "write should_match and should_not_match", "the file of tests is empty")
		return nil
	}
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		c.list.Errorf(c.at(0), "tests/format", "write {\"should_match\": [...], \"should_not_match\": [...]}", "tests are a JSON object")
		return nil
	}
	seen := map[string]bool{}
	for c.decoder.More() {
		token, err := c.decoder.Token()
		if err != nil {
			return err
		}
		key, _ := token.(string)
		place := c.before(key)
		switch {
		case key != testsKeys[0] && key != testsKeys[1]:
			c.list.Errorf(place, "tests/key", DidYouMean(key, testsKeys), "unknown key %q", key)
		case seen[key]:
			c.list.Errorf(place, "tests/key", "", "key %q stands here twice", key)
		}
		seen[key] = true
		if err := c.records(key, place); err != nil {
			return err
		}
	}
	if _, err := c.decoder.Token(); err != nil {
		return err
	}
	if _, err := c.decoder.Token(); !errors.Is(err, io.EOF) {
		c.list.Errorf(c.at(int(c.decoder.InputOffset())), "tests/format", "", "something follows the JSON object")
	}
	for _, key := range testsKeys {
		if !seen[key] {
			c.list.Errorf(c.at(0), "tests/missing-key", "add \""+key+"\": [...]", "the tests have no %q", key)
		}
	}
	return nil
}

// records reads the list of records of one key.
func (c *testsChecker) records(key string, place diag.Span) error {
	var value json.RawMessage
	if err := c.decoder.Decode(&value); err != nil {
		return err
	}
	var records []json.RawMessage
	if err := json.Unmarshal(value, &records); err != nil {
		c.list.Errorf(place, "tests/format", "", "%q takes a list of records", key)
		return nil
	}
	if len(records) == 0 {
		c.list.Errorf(place, "tests/empty", "add a record", "the list %q is empty", key)
	}
	for i, record := range records {
		if trimmed := bytes.TrimSpace(record); len(trimmed) == 0 || trimmed[0] != '{' {
			c.list.Errorf(place, "tests/format", "", "item %d of %q is not a record: a record is a JSON object", i+1, key)
		}
	}
	return nil
}

func (c *testsChecker) syntax(err error) {
	offset := int(c.decoder.InputOffset())
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		offset = int(syntax.Offset) - 1
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("the file ends too early")
		offset = max(len(bytes.TrimRight(c.text, " \t\r\n"))-1, 0)
	}
	c.list.Errorf(c.at(offset), "tests/json", "", "not JSON: %v", err)
}

// before returns the place of a key that the decoder has just read.
func (c *testsChecker) before(key string) diag.Span {
	quoted := len(key) + 2
	span := c.at(int(c.decoder.InputOffset()) - quoted)
	span.Length = quoted
	return span
}

// at returns the place of a byte offset.
func (c *testsChecker) at(offset int) diag.Span {
	offset = max(0, min(offset, len(c.text)))
	before := c.text[:offset]
	line := bytes.Count(before, []byte("\n")) + 1
	start := bytes.LastIndexByte(before, '\n') + 1
	return diag.Span{Position: diag.Position{Path: c.path, Line: line, Column: utf8.RuneCount(before[start:]) + 1}, Length: 1}
}

// MissingTests reports a rule without tests.
func MissingTests(file File, list *diag.List) {
	list.Errorf(diag.Span{Position: diag.Position{Path: file.Path, Line: 1, Column: 1}}, "tests/missing",
		fmt.Sprintf("add %s%s beside it, with records that should match and records that should not", stem(file), testsSuffix), "the rule has no tests")
}

func stem(file File) string {
	return strings.TrimSuffix(path.Base(file.Source), path.Ext(file.Source))
}
