package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A match is a rule on a record.
type match struct {
	File   string `json:"file"`
	Record int    `json:"record"`
	Rule   string `json:"rule"` // with the name of its directory before it
}

// A truth is what rules of some directories match in a corpus, by those who made it.
type truth struct {
	directories []string
	matches     map[match]bool
}

func newTruth(directories ...string) *truth {
	return &truth{directories: directories, matches: map[match]bool{}}
}

func (t *truth) add(m match) { t.matches[m] = true }

// covers says whether the truth tells all about a rule. About the one that matches
// most records, truths say nothing.
func (t *truth) covers(rule string) bool {
	return !strings.Contains(rule, frequentRule) && slices.ContainsFunc(t.directories, func(d string) bool { return strings.HasPrefix(rule, d+"_") })
}

// readTruth reads the file of expected matches of a generated corpus below dir: a
// line a record, with the files of the rules that match it by their directory.
func readTruth(path, dir string) (*truth, error) {
	text, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = text.Close() }() // it was only read
	t := newTruth(communitySets...)
	decoder := json.NewDecoder(bufio.NewReader(text))
	for {
		var line struct {
			File  string
			Index int
			Rules map[string][]string
		}
		if err := decoder.Decode(&line); err == io.EOF {
			return t, nil
		} else if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		for set, rules := range line.Rules {
			for _, rule := range rules {
				t.add(match{filepath.Join(dir, filepath.FromSlash(line.File)), line.Index, set + "_" + strings.TrimSuffix(rule, ".yml")})
			}
		}
	}
}

// verify reads what `scan --matches --format jsonl` printed with rules of some
// directories, and returns how many matches it has. Where they are not those of the
// truth, which may be nil, it is an error.
func (t *truth) verify(output io.Reader, directories []string) (matches int, err error) {
	got := map[match]bool{}
	decoder := json.NewDecoder(bufio.NewReaderSize(output, 64<<10))
	for ; ; matches++ {
		var m match
		if err := decoder.Decode(&m); err == io.EOF {
			break
		} else if err != nil {
			return 0, fmt.Errorf("read matches: %w", err)
		}
		if t != nil && t.covers(m.Rule) {
			if got[m] {
				return 0, fmt.Errorf("%v was found twice", m)
			}
			got[m] = true
		}
	}
	if t == nil {
		return matches, nil
	}
	var wrong []error
	for m := range t.matches {
		compiled := slices.ContainsFunc(directories, func(d string) bool { return strings.HasPrefix(m.Rule, d+"_") })
		if compiled && !got[m] {
			wrong = append(wrong, fmt.Errorf("%v was not found", m))
		}
	}
	for m := range got {
		if !t.matches[m] {
			wrong = append(wrong, fmt.Errorf("%v was found, and is none", m))
		}
	}
	if len(wrong) > 0 {
		return 0, fmt.Errorf("%d wrong matches, such as these:\n%w", len(wrong), errors.Join(wrong[:min(5, len(wrong))]...))
	}
	return matches, nil
}
