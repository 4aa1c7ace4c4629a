// Package delivery is what the drivers of the Go engines share: a directory of rules,
// delivery files, and the lines that they print.
package delivery

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// A Rule matches records. What it does not take is an error.
type Rule[Record any] interface {
	Matches(Record) (bool, error)
}

// A named rule goes by the name of its file, and is refused once it has failed.
type named[Record any] struct {
	Rule[Record]
	name    string
	refused bool
}

func (r *named[Record]) refuse(err error) {
	r.refused = true
	fmt.Fprintf(os.Stderr, "refused\t%s\t%s\n", r.name, strings.Join(strings.Fields(err.Error()), " "))
}

// Drive runs a driver: DRIVER RULES_DIR FILE.json.gz... Load reads the rule of a
// file; prepare makes of a decoded record what rules match.
func Drive[Record any](load func(path string) (Rule[Record], error), prepare func(map[string]any) Record) {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: DRIVER RULES_DIR FILE.json.gz...")
		os.Exit(3)
	}
	if err := drive(os.Args[1], os.Args[2:], load, prepare); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func drive[Record any](dir string, files []string, load func(path string) (Rule[Record], error), prepare func(map[string]any) Record) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return err
	}
	slices.Sort(paths)
	var rules []*named[Record]
	for _, path := range paths {
		r := &named[Record]{name: strings.TrimSuffix(filepath.Base(path), ".yml")}
		if r.Rule, err = load(path); err != nil {
			r.refuse(err)
		}
		rules = append(rules, r)
	}
	out := bufio.NewWriter(os.Stdout)
	for _, path := range files {
		records, err := read(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, decoded := range records {
			record := prepare(decoded)
			for _, r := range rules {
				if r.refused {
					continue
				}
				matches, err := r.Matches(record)
				if err != nil {
					r.refuse(err)
				} else if matches {
					fmt.Fprintf(out, "%s\t%d\t%s\n", filepath.Base(path), i, r.name)
				}
			}
		}
	}
	return out.Flush()
}

// read returns the records of a delivery file.
func read(path string) ([]map[string]any, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	inflated, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var delivered struct{ Records []map[string]any }
	if err := json.NewDecoder(inflated).Decode(&delivered); err != nil {
		return nil, err
	}
	return delivered.Records, nil
}
