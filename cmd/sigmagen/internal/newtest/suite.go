package newtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
// other byte as it was. Of nil it makes a new file.
func insert(text []byte, match, not []*object) ([]byte, error) {
	if text == nil {
		text = []byte("{\n  \"should_match\": [],\n  \"should_not_match\": []\n}\n")
	}
	newline := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		newline = "\r\n"
	}
	for name, records := range map[string][]*object{"should_match": match, "should_not_match": not} {
		if len(records) == 0 {
			continue
		}
		end, err := endOfList(text, name)
		if err != nil {
			return nil, err
		}
		before := bytes.TrimRight(text[:end], " \t\r\n")
		var b bytes.Buffer
		b.Write(before)
		for i, record := range records {
			if i > 0 || !bytes.HasSuffix(before, []byte("[")) {
				b.WriteByte(',')
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, record.json(), "    ", "  "); err != nil {
				return nil, fmt.Errorf("write tests: %w", err)
			}
			b.WriteString(newline + "    " + strings.ReplaceAll(indented.String(), "\n", newline))
		}
		b.WriteString(newline + "  ")
		b.Write(text[end:])
		text = b.Bytes()
	}
	return text, nil
}

// endOfList returns the offset of the bracket that closes a list of a file of tests.
func endOfList(text []byte, name string) (int, error) {
	body := bytes.TrimPrefix(text, []byte(mark))
	decoder := json.NewDecoder(bytes.NewReader(body))
	if _, err := decoder.Token(); err != nil {
		return 0, fmt.Errorf("read tests: %w", err)
	}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return 0, fmt.Errorf("read tests: %w", err)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return 0, fmt.Errorf("read tests: %w", err)
		}
		if key == name {
			return len(text) - len(body) + int(decoder.InputOffset()) - 1, nil
		}
	}
	return 0, errors.New("read tests: there is no list " + name)
}
