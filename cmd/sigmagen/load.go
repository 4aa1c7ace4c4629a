package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// loadOptions say which rules to load and how strictly.
type loadOptions struct {
	dirs        []string
	prefix      bool // put the directory's name before every key
	skipRefused bool
	tests       testsPolicy
	strictIDs   bool // two rules of a structured directory with one id are an error
}

// testsPolicy says what is asked of *_tests.json.
type testsPolicy uint8

const (
	testsIgnored              testsPolicy = iota // not even read
	testsChecked                                 // those that are there must be well formed
	testsRequiredIfStructured                    // and in a structured directory each rule has some
	testsRequired                                // and each rule has some
)

// project is what was loaded: the plan, and what there is to say about it.
type project struct {
	dirs  []*sigma.Directory
	plan  *plan.Plan
	list  diag.List
	texts map[string][]byte // by path, for diagnostics

	rules int // how many were read, refused ones included
}

// load reads and plans rules directories. An error is one of reading; what is
// wrong with rules stands in the project's list.
func load(o loadOptions) (*project, error) {
	p := &project{plan: &plan.Plan{}, texts: map[string][]byte{}}
	rules := map[*sigma.Directory][]*sigma.Rule{}
	var filterDocuments []*sigma.Rule
	var all []*sigma.Rule
	for _, name := range o.dirs {
		dir, err := openDirectory(name, o.prefix, &p.list)
		if err != nil {
			return nil, err
		}
		p.dirs = append(p.dirs, dir)
	}
	sigma.Keys(p.dirs, &p.list)
	for _, dir := range p.dirs {
		var known []*sigma.Rule
		filters, unread := map[string]bool{}, map[string]bool{}
		for _, file := range dir.Files {
			p.texts[file.Path] = file.Text
			documents, ok := sigma.Parse(file, &p.list)
			for _, document := range documents {
				if document.Filter {
					filters[document.Key] = true
					filterDocuments = append(filterDocuments, document)
				} else {
					known = append(known, document)
				}
			}
			unread[file.Path] = !ok && documents[0].Title.Value == ""
			if unread[file.Path] && o.skipRefused {
				p.list.Warnf(diag.Span{Position: diag.Position{Path: file.Path, Line: 1, Column: 1}}, "filter/unread", "mend it", "the file could not be read: if it holds a filter, the rules that it narrows match more than they should")
			}
			if ok {
				rules[dir] = append(rules[dir], documents...)
				all = append(all, documents...)
			}
		}
		p.rules += len(known)
		if err := p.checkTests(dir, known, filters, unread, o.tests); err != nil {
			return nil, err
		}
		exceptions, err := p.configuration(dir)
		if err != nil {
			return nil, err
		}
		p.plan.Exceptions = append(p.plan.Exceptions, plan.BuildExceptions(exceptions, known, &p.list)...)
	}
	ids := diag.Warning
	if o.strictIDs && p.dirs[0].Structured {
		ids = diag.Error
	}
	sigma.Unique(all, ids, &p.list)
	refused := p.list.Refused()
	for _, dir := range p.dirs {
		placeholders, err := p.placeholders(dir)
		if err != nil {
			return nil, err
		}
		kept := slices.DeleteFunc(rules[dir], func(r *sigma.Rule) bool { return refused[r.Path] })
		p.plan.Rules = append(p.plan.Rules, plan.Build(kept, placeholders, &p.list)...)
	}
	slices.SortFunc(p.plan.Rules, func(a, b *plan.Rule) int { return strings.Compare(a.Syntax.Key, b.Syntax.Key) })
	refuseWithFilters(p.plan.Rules, filterDocuments, &p.list)
	p.dropRefused()
	slices.SortFunc(p.plan.Exceptions, func(a, b plan.Exception) int { return strings.Compare(a.Rule, b.Rule) })
	return p, nil
}

// refuseWithFilters refuses the rules that a refused filter applies to, wherever
// it was refused: without it they would match more than they are meant to.
func refuseWithFilters(rules []*plan.Rule, filters []*sigma.Rule, list *diag.List) {
	refused := list.Refused()
	for _, filter := range filters {
		if !refused[filter.Path] {
			continue
		}
		for _, target := range filter.Targets {
			for _, rule := range rules {
				syntax := rule.Syntax
				if target.Value != "" && (syntax.Name.Value == target.Value || strings.EqualFold(syntax.ID.Value, target.Value)) {
					list.Errorf(syntax.Title.Span, "filter/refused", "mend the filter", "the filter %s of this rule is refused", filter.Path)
				}
			}
		}
	}
}

// dropRefused leaves rules out of the plan that have an error, and exceptions of
// rules that are left out.
func (p *project) dropRefused() {
	refused := p.list.Refused()
	kept := map[string]bool{}
	p.plan.Rules = slices.DeleteFunc(p.plan.Rules, func(r *plan.Rule) bool {
		kept[r.Syntax.Key] = !refused[r.Syntax.Path]
		return refused[r.Syntax.Path]
	})
	p.plan.Exceptions = slices.DeleteFunc(p.plan.Exceptions, func(e plan.Exception) bool { return !kept[e.Rule] })
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

// checkTests holds the tests of a directory against a policy. filters are keys of
// filter documents, unread the paths of files whose documents are not known.
func (p *project) checkTests(dir *sigma.Directory, rules []*sigma.Rule, filters, unread map[string]bool, policy testsPolicy) error {
	if policy == testsIgnored {
		return nil
	}
	required := policy == testsRequired || policy == testsRequiredIfStructured && dir.Structured
	known := map[string]bool{}
	for _, rule := range rules {
		known[rule.Key] = true
		source, ok := dir.Tests[rule.Key]
		if !ok {
			if required {
				sigma.MissingTests(rule, &p.list)
			}
			continue
		}
		text, err := dir.ReadFile(source)
		if err != nil {
			return err
		}
		p.texts[dir.Path(source)] = text
		sigma.CheckTests(dir.Path(source), text, &p.list)
	}
	for _, key := range slices.Sorted(maps.Keys(dir.Tests)) {
		place := diag.Span{Position: diag.Position{Path: dir.Path(dir.Tests[key]), Line: 1, Column: 1}}
		switch {
		case filters[key]:
			p.list.Errorf(place, "tests/filter", "test the rules that it applies to", "a filter has no tests of its own")
		case !known[key] && !unread[dir.FileOf(key)]:
			p.list.Errorf(place, "tests/no-rule", "rename it with its rule, or delete it", "no document of that number stands in the file beside these tests")
		}
	}
	return nil
}

// placeholders reads what the placeholders of a structured directory stand for.
func (p *project) placeholders(dir *sigma.Directory) (*plan.Placeholders, error) {
	if !dir.Structured {
		return nil, nil
	}
	text, err := dir.ReadFile(sigma.PlaceholdersFile)
	if err != nil || text == nil {
		return nil, err
	}
	path := dir.Path(sigma.PlaceholdersFile)
	p.texts[path] = text
	return plan.NewPlaceholders(sigma.ParsePlaceholders(path, text, &p.list)), nil
}

// configuration reads what lies beside the rules of a structured directory.
func (p *project) configuration(dir *sigma.Directory) ([]sigma.Exception, error) {
	if !dir.Structured {
		return nil, nil
	}
	var exceptions []sigma.Exception
	for _, name := range []string{"exceptions.json", "exception.json"} {
		text, err := dir.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if text == nil {
			continue
		}
		path := dir.Path(name)
		p.texts[path] = text
		whole := diag.Span{Position: diag.Position{Path: path, Line: 1, Column: 1}}
		if name == "exception.json" {
			p.list.Warnf(whole, "exceptions/name", "rename it to exceptions.json", "the file of exceptions is called exceptions.json")
		}
		if len(exceptions) > 0 {
			p.list.Errorf(whole, "exceptions/name", "merge it into exceptions.json", "there are two files of exceptions")
		}
		exceptions = append(exceptions, sigma.ParseExceptions(path, text, &p.list)...)
	}
	unsupported, err := dir.Later()
	if err != nil {
		return nil, err
	}
	for _, source := range unsupported {
		p.list.Errorf(diag.Span{Position: diag.Position{Path: dir.Path(source), Line: 1, Column: 1}}, "configuration/unsupported", "move it out of the rules directory", "%s is not supported yet", source)
	}
	return exceptions, nil
}

// report writes the diagnostics as text.
func (p *project) report(w io.Writer) error {
	return diag.WriteText(w, p.list.Sorted(), func(path string) []byte { return p.texts[path] })
}

// refuse reports diagnostics and returns exit code 2 when there is an error and
// refused rules may not be left out. refused says whether any were.
func (p *project) refuse(w io.Writer, skipRefused bool) (refused bool, err error) {
	if err := p.report(w); err != nil {
		return false, err
	}
	if !p.list.HasErrors() {
		return false, nil
	}
	fmt.Fprintf(w, "%s\n", p.summary())
	if !skipRefused {
		return true, exit(exitRefused)
	}
	if len(p.plan.Rules) == 0 {
		fmt.Fprintln(w, "every rule is refused")
		return true, exit(exitRefused)
	}
	return true, nil
}

// compiled says how many rules the program has, and how many were left out.
func (p *project) compiled() string {
	text := plural(len(p.plan.Rules), "rule") + " compiled"
	if left := p.rules - len(p.plan.Rules); left > 0 {
		text += fmt.Sprintf(", %d refused and left out", left)
	}
	return text
}

func (p *project) summary() string {
	var parts []string
	for _, severity := range []diag.Severity{diag.Error, diag.Warning} {
		if n := p.list.Count(severity); n > 0 || severity == diag.Error {
			parts = append(parts, plural(n, severity.String()))
		}
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
