package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// contents is what a rules directory holds.
type contents struct {
	known   []*sigma.Rule // rules and correlations, also those with an error
	filters []*sigma.Rule // filter documents, likewise
	good    []*sigma.Rule // all documents of the files without an error

	placeholders   *plan.Placeholders
	exceptions     []sigma.Exception
	postprocessing []sigma.Postprocessing
}

// readDirectory reads the files of a rules directory and counts what it reads.
func (p *project) readDirectory(dir *sigma.Directory, o loadOptions) (*contents, error) {
	c := &contents{}
	unread := map[string]bool{}
	for _, file := range dir.Files {
		documents, ok := p.parse(file, c)
		unread[file.Path] = !ok && documents[0].Title.Value == ""
		if unread[file.Path] && o.skipRefused {
			p.list.Warnf(diag.Span{Position: diag.Position{Path: file.Path, Line: 1, Column: 1}}, "filter/unread", "mend it", "the file could not be read: if it holds a filter, the rules that it narrows match more than they should")
		}
	}
	if err := p.checkTests(dir, c, unread, o.tests); err != nil {
		return nil, err
	}
	return c, p.readConfiguration(dir, c)
}

// parse reads the documents in a file.
func (p *project) parse(file sigma.File, c *contents) (documents []*sigma.Rule, ok bool) {
	p.texts[file.Path] = file.Text
	documents, ok = sigma.Parse(file, &p.list)
	p.documents = append(p.documents, documents...)
	for _, document := range documents {
		switch {
		case document.Filter:
			c.filters = append(c.filters, document)
			continue
		case document.Correlation != nil:
			p.read.correlations++
		default:
			p.read.rules++
		}
		c.known = append(c.known, document)
	}
	if ok {
		c.good = append(c.good, documents...)
	}
	return documents, ok
}

// readConfiguration reads what lies beside the rules of a structured directory.
func (p *project) readConfiguration(dir *sigma.Directory, c *contents) error {
	if !dir.Structured {
		return nil
	}
	for _, name := range []string{"exceptions.json", "exception.json"} {
		text, err := p.readFile(dir, name)
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		path := dir.Path(name)
		whole := diag.Span{Position: diag.Position{Path: path, Line: 1, Column: 1}}
		if name == "exception.json" {
			p.list.Warnf(whole, "exceptions/name", "rename it to exceptions.json", "the file of exceptions is called exceptions.json")
		}
		if len(c.exceptions) > 0 {
			p.list.Errorf(whole, "exceptions/name", "merge it into exceptions.json", "there are two files of exceptions")
		}
		c.exceptions = append(c.exceptions, sigma.ParseExceptions(path, text, &p.list)...)
	}
	names, err := dir.Postprocessing()
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := p.readFile(dir, name)
		if err != nil {
			return err
		}
		entries, refused := sigma.ParsePostprocessing(dir.Path(name), name, text, &p.list)
		c.postprocessing = append(c.postprocessing, entries...)
		p.read.postprocessing += len(entries) + refused
	}
	text, err := p.readFile(dir, sigma.PlaceholdersFile)
	if err == nil && text != nil {
		values := sigma.ParsePlaceholders(dir.Path(sigma.PlaceholdersFile), text, &p.list)
		maps.Copy(p.placeholders, values)
		c.placeholders = plan.NewPlaceholders(values)
	}
	return err
}

// readFile reads a file of a directory, for diagnostics too. There may be none.
func (p *project) readFile(dir *sigma.Directory, source string) ([]byte, error) {
	text, err := dir.ReadFile(source)
	if text != nil {
		p.texts[dir.Path(source)] = text
	}
	return text, err
}

// checkTests holds the tests of a directory against a policy. unread are the paths
// of files whose documents are not known.
func (p *project) checkTests(dir *sigma.Directory, c *contents, unread map[string]bool, policy testsPolicy) error {
	if policy == testsIgnored {
		return nil
	}
	required := policy == testsRequired || policy == testsRequiredIfStructured && dir.Structured
	known := map[string]bool{}
	for _, rule := range c.known {
		known[rule.Key] = true
		source, ok := dir.Tests[rule.Key]
		if !ok {
			if required {
				sigma.MissingTests(rule, &p.list)
			}
			continue
		}
		text, err := p.readFile(dir, source)
		if err != nil {
			return err
		}
		sigma.CheckTests(dir.Path(source), text, rule.Correlation != nil, &p.list)
	}
	for _, key := range slices.Sorted(maps.Keys(dir.Tests)) {
		place := diag.Span{Position: diag.Position{Path: dir.Path(dir.Tests[key]), Line: 1, Column: 1}}
		switch {
		case slices.ContainsFunc(c.filters, func(f *sigma.Rule) bool { return f.Key == key }):
			p.list.Errorf(place, "tests/filter", "test the rules that it applies to", "a filter has no tests of its own")
		case !known[key] && !unread[dir.FileOf(key)]:
			p.list.Errorf(place, "tests/no-rule", "rename it with its rule, or delete it", "no document of that number stands in the file beside these tests")
		}
	}
	return nil
}

func openDirectory(name string, prefix bool, list *diag.List) (*sigma.Directory, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("open rules directory: %w (run it where that directory is, or name another with --rules)", err)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("open rules directory: %s is a file; name the directory that holds it", name)
	}
	base, err := baseName(name)
	if err != nil {
		return nil, err
	}
	if !prefix {
		base = ""
	} else if !sigma.ValidStem(base) {
		return nil, fmt.Errorf("open rules directory: --prefix cannot put %q before the names of rules: letters, digits, _ and - only", base)
	}
	return sigma.Open(os.DirFS(name), filepath.ToSlash(filepath.Clean(name)), base, list)
}

// baseName returns the last element of a path, also of "." and the like.
func baseName(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find directory %s: %w", path, err)
	}
	return filepath.Base(absolute), nil
}
