package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// selection is what names of rules stand for: by the path of a file the keys of
// documents in it, or nil for all of them.
type selection map[string][]string

func (s selection) holds(document *sigma.Rule) bool {
	keys, isThere := s[document.Path]
	return isThere && (keys == nil || slices.Contains(keys, document.Key))
}

// add selects a document of a file, or with "" all of them.
func (s selection) add(path, key string) {
	keys, isThere := s[path]
	switch {
	case key == "" || isThere && keys == nil:
		s[path] = nil
	case !slices.Contains(keys, key):
		s[path] = append(keys, key)
	}
}

// selectRules returns what names stand for, or all rules when there are none. A name is
// that of a file, with or without its ending and where it lies; name#2 is the second
// document in it.
func (p *project) selectRules(names []string) (selection, error) {
	selected := selection{}
	files := p.dirs[0].Files
	if len(names) == 0 {
		for _, file := range files {
			selected.add(file.Path, "")
		}
		return selected, nil
	}
	var keys []string
	for _, file := range files {
		keys = append(keys, file.Key)
	}
	for _, name := range names {
		if isOutside(name, p.dirs[0].Name) {
			return nil, fmt.Errorf("%s lies outside of the rules directory %s: name that which it lies in with --rules", name, p.dirs[0].Name)
		}
		stem, number := splitName(name)
		i := slices.Index(keys, stem)
		if i < 0 {
			path, err := p.unknownRule(name, stem, keys)
			if err != nil {
				return nil, err
			}
			selected.add(path, "")
			continue
		}
		key, err := p.documentKey(files[i], name, number)
		if err != nil {
			return nil, err
		}
		selected.add(files[i].Path, key)
	}
	return selected, nil
}

// splitName returns the stem of the file that is named, and the number of the document.
func splitName(name string) (stem, number string) {
	base, number, _ := strings.Cut(filepath.Base(name), "#")
	return strings.TrimSuffix(base, filepath.Ext(base)), strings.TrimSuffix(number, filepath.Ext(number))
}

// documentKey returns the key of the document of that number in a file, and "" when no
// number is given. Of a file that cannot be read all documents are meant: what is wrong
// with it is said then.
func (p *project) documentKey(file sigma.File, name, number string) (string, error) {
	if number == "" {
		return "", nil
	}
	key := file.Key
	if number != "1" {
		key += "#" + number
	}
	count, unread := 0, false
	for _, document := range p.documents {
		if document.Path != file.Path {
			continue
		}
		if document.Key == key {
			return key, nil
		}
		count++
		unread = unread || document.Title.Value == ""
	}
	if unread && p.list.Refused()[file.Path] {
		return "", nil
	}
	return "", fmt.Errorf("no rule is called %q: %s holds %s", name, file.Path, plural(count, "document"))
}

// unknownRule returns the path of a file that is there and refused, which does not get
// as far as to be a rule, or says that there is no rule of that name.
func (p *project) unknownRule(name, stem string, keys []string) (path string, err error) {
	if info, statErr := os.Stat(name); statErr == nil && !info.IsDir() {
		relative, err := relativePath(p.dirs[0].Name, name)
		if err != nil {
			return "", err
		}
		path := p.dirs[0].Path(relative)
		for _, d := range p.list.Sorted() {
			if d.Path == path && d.Severity == diag.Error {
				return path, nil
			}
			if d.Path == path {
				return "", fmt.Errorf("%s: %s", name, d.Message)
			}
		}
	}
	err = fmt.Errorf("no rule is called %q", name)
	if hint := sigma.DidYouMean(stem, keys); hint != "" {
		err = fmt.Errorf("%w: %s", err, hint)
	}
	return "", err
}

// isOutside reports whether a name is that of a rule's file that does not lie in a
// directory.
func isOutside(name, dir string) bool {
	info, err := os.Stat(name)
	return slices.Contains([]string{".yml", ".yaml"}, filepath.Ext(name)) && err == nil && !info.IsDir() && !lies(name, dir)
}

// lies reports whether a file lies below a directory.
func lies(file, dir string) bool {
	relative, err := relativePath(dir, file)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, "../")
}

// keepOnly forgets every rule but those that are selected and what these refer to, and
// what there is to say about the others: a half-written rule must not keep another
// from being tested.
func (p *project) keepOnly(selected selection) {
	needed := p.plan.Needed(selected.holds)
	p.plan.Rules = slices.DeleteFunc(p.plan.Rules, func(r *plan.Rule) bool { return !needed[r.Syntax.Key] })
	p.plan.Correlations = slices.DeleteFunc(p.plan.Correlations, func(c *plan.Correlation) bool { return !needed[c.Key] })
	p.plan.Exceptions = nil
	tests := map[string]bool{}
	for _, syntax := range p.tested(selected) {
		if source, ok := p.dirs[0].Tests[syntax.Key]; ok {
			tests[p.dirs[0].Path(source)] = true
		}
	}
	// That a document of a selected file has no tests is said where it stands.
	untested := map[diag.Position]bool{}
	for _, document := range p.documents {
		if !selected.holds(document) {
			untested[diag.Position{Path: document.Path, Line: max(document.Title.Span.Line, 1), Column: 1}] = true
		}
	}
	p.list.Keep(func(d diag.Diagnostic) bool {
		_, isSelected := selected[d.Path]
		return tests[d.Path] || isSelected && !(d.Code == "tests/missing" && untested[d.Position])
	})
}

// tested returns the rules and correlations that are selected and planned, by key.
func (p *project) tested(selected selection) []*sigma.Rule {
	var tested []*sigma.Rule
	for _, rule := range p.plan.Rules {
		tested = append(tested, rule.Syntax)
	}
	for _, c := range p.plan.Correlations {
		if c.Syntax != nil {
			tested = append(tested, c.Syntax)
		}
	}
	tested = slices.DeleteFunc(tested, func(syntax *sigma.Rule) bool { return !selected.holds(syntax) })
	slices.SortFunc(tested, func(a, b *sigma.Rule) int { return strings.Compare(a.Key, b.Key) })
	return tested
}

// filters returns the keys of the filters that are selected.
func (p *project) filters(selected selection) []string {
	var keys []string
	for _, document := range p.documents {
		if document.Filter && selected.holds(document) {
			keys = append(keys, document.Key)
		}
	}
	return keys
}
