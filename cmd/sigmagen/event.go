package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// numbered is what names one of several records: a number behind a #, or in brackets
// as `sigmagen test` writes it.
var numbered = regexp.MustCompile(`^(.+)(?:#([0-9]{1,9})|\[([0-9]{1,9})\])$`)

// readEvent returns the record that an argument names: see the help of explain. rule
// is the one whose tests are meant.
func readEvent(name string, rule *plan.Rule, stdin io.Reader) ([]byte, error) {
	whole := name == "-"
	if !whole {
		var err error
		if whole, err = exists(name); err != nil {
			return nil, err
		}
	}
	if whole {
		return readRecord(name, stdin, -1)
	}
	parts := numbered.FindStringSubmatch(name)
	if parts == nil {
		return nil, fmt.Errorf("there is no file %q: name one, FILE#17 for a record of it, or should_match#0 for a test", name)
	}
	file, number := parts[1], parts[2]+parts[3]
	index, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("read event %q: %w", name, err)
	}
	if file == "should_match" || file == "should_not_match" {
		return readTest(rule, file, index)
	}
	return readRecord(file, stdin, index)
}

// exists reports whether a path names a file that can be read as such.
func exists(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read event: %w", err)
	}
	if info.IsDir() {
		return false, fmt.Errorf("read event: %s is a directory: name a file in it", path)
	}
	return true, nil
}

// readTest returns an item of the tests of a rule.
func readTest(rule *plan.Rule, group string, index int) ([]byte, error) {
	path := filepath.Join(filepath.Dir(filepath.FromSlash(rule.Syntax.Path)), rule.Syntax.Stem()+"_tests.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tests: %w", err)
	}
	var tests map[string][]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\ufeff")), &tests); err != nil {
		return nil, fmt.Errorf("read tests %s: %w", path, err)
	}
	if n := len(tests[group]); index >= n {
		return nil, fmt.Errorf("%s has %s in %s, counted from 0", path, plural(n, "item"), group)
	}
	return tests[group][index], nil
}

// readRecord returns the record of that index in a file, or the only one for -1. The
// file - is standard input.
func readRecord(path string, stdin io.Reader, index int) (record []byte, err error) {
	source, format := stdin, cloudtrail.Document
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		source, format = file, cloudtrail.FormatOf(path).AnyCompression()
	}
	begin := &beginning{}
	records := cloudtrail.NewReader(io.TeeReader(source, begin), format, cloudtrail.Limits{})
	found, items := 0, 0 // items: those that cannot be read, too
	for {
		next, err := records.Next()
		one, isOne := errors.AsType[*cloudtrail.RecordError](err)
		if isOne || err == nil {
			items++
		}
		switch {
		case isOne && one.Index == index:
			return nil, fmt.Errorf("read %s: %w", path, err)
		case isOne:
		case err == nil && next.Index == index:
			return next.Raw, nil
		case err == nil && index < 0 && found > 0:
			if path == "-" {
				return nil, errors.New("standard input holds several records: give one, or name one of a file, as in FILE#1 for the second")
			}
			return nil, fmt.Errorf("%s holds several records: name one, as in %s#%d for the second", path, path, next.Index)
		case err == nil:
			record = bytes.Clone(next.Raw)
			found++
		case err != io.EOF && !(errors.Is(err, cloudtrail.ErrNotRecords) && index < 0):
			return nil, fmt.Errorf("read %s: %w", path, err)
		case index >= 0:
			return nil, fmt.Errorf("%s holds %s, counted from 0: there is no #%d", path, plural(items, "record"), index)
		case found > 0:
			return record, nil
		default:
			if _, err := io.Copy(begin, source); err != nil {
				return nil, fmt.Errorf("read %s: %w", path, err)
			}
			return begin.object(path)
		}
	}
}

// beginning keeps what was read of a file, unless that is more than a record.
type beginning struct {
	text []byte
	more bool
}

func (b *beginning) Write(p []byte) (int, error) {
	if b.more = b.more || len(b.text)+len(p) > cloudtrail.DefaultRecordLimit; !b.more {
		b.text = append(b.text, p...)
	}
	return len(p), nil
}

// object returns the file as one record: people try parts of one that are none by
// themselves.
func (b *beginning) object(path string) ([]byte, error) {
	var members map[string]json.RawMessage
	if text := bytes.TrimPrefix(b.text, []byte("\ufeff")); !b.more && json.Unmarshal(text, &members) == nil && members["Records"] == nil {
		return text, nil
	}
	return nil, fmt.Errorf("read %s: %w", path, cloudtrail.ErrNotRecords)
}
