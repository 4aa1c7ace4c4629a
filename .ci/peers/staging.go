package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// stageRules copies the rules of several directories into one, under names that tell
// the directories apart. A rule that is named in without stays behind, whatever its
// directory. It returns how many there are.
func stageRules(to string, dirs, without []string) (int, error) {
	staged := 0
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.yml"))
		if err != nil {
			return 0, err
		}
		if len(paths) == 0 {
			return 0, fmt.Errorf("%s holds no rule", dir)
		}
		for _, path := range paths {
			if slices.Contains(without, strings.TrimSuffix(filepath.Base(path), ".yml")) {
				continue
			}
			if err := copyFile(filepath.Join(to, filepath.Base(dir)+"_"+filepath.Base(path)), path); err != nil {
				return 0, err
			}
			staged++
		}
	}
	return staged, nil
}

// A corpus is delivery files whose base names differ, and how many records they hold.
type corpus struct {
	name    string
	files   []string
	records int
	repeats int // how often each file stands among files
}

// stageCorpus copies the delivery files of NAME=DIR to a directory, as often as it
// takes for least records.
func stageCorpus(to, argument string, least int) (corpus, error) {
	name, dir, found := strings.Cut(argument, "=")
	if !found || name == "" {
		return corpus{}, fmt.Errorf("%q is not NAME=DIR", argument)
	}
	c := corpus{name: name}
	var sources []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".json.gz") {
			sources = append(sources, path)
		}
		return err
	})
	if err != nil {
		return corpus{}, fmt.Errorf("look for delivery files of %s: %w", name, err)
	}
	once := 0
	for _, source := range sources {
		records, err := countRecords(source)
		if err != nil {
			return corpus{}, err
		}
		once += records
	}
	if once == 0 {
		return corpus{}, fmt.Errorf("%s holds no record", dir)
	}
	if err := os.Mkdir(filepath.Join(to, name), 0o755); err != nil {
		return corpus{}, fmt.Errorf("make directory of %s: %w", name, err)
	}
	for c.records < least || c.repeats == 0 {
		for _, source := range sources {
			file := filepath.Join(to, name, fmt.Sprintf("%05d.json.gz", len(c.files)))
			if err := copyFile(file, source); err != nil {
				return corpus{}, err
			}
			c.files = append(c.files, file)
		}
		c.records += once
		c.repeats++
	}
	return c, nil
}

func countRecords(path string) (n int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	inflated, err := gzip.NewReader(file)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	var delivery struct{ Records []json.RawMessage }
	if err := json.NewDecoder(inflated).Decode(&delivery); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	return len(delivery.Records), nil
}

// writeDelivery writes a delivery file without records and returns its path.
func writeDelivery(path string) (string, error) {
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	deflated := gzip.NewWriter(file)
	_, err = deflated.Write([]byte(`{"Records":[]}`))
	return path, errors.Join(err, deflated.Close(), file.Close())
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
