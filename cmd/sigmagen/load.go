package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/audit"
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
	strictIDs   bool          // two rules of a structured directory with one id are an error
	deadRules   diag.Severity // of a rule that no record can match
}

// testsPolicy says what is asked of *_tests.json.
type testsPolicy uint8

const (
	testsIgnored              testsPolicy = iota // not even read
	testsChecked                                 // those that are there must be well formed
	testsRequiredIfStructured                    // and in a structured directory each rule has some
	testsRequired                                // and each rule has some
)

// testsMissing is the code of a rule that has no tests, which says nothing else about
// it.
const testsMissing = "tests/missing"

// project is what was loaded: the plan, and what there is to say about it.
type project struct {
	dirs  []*sigma.Directory
	plan  *plan.Plan
	list  diag.List
	texts map[string][]byte // by path, for diagnostics

	placeholders map[string][]string          // what placeholders.yml says, by name
	impossible   map[string][]diag.Diagnostic // what no record can satisfy, by the keys of rules
	documents    []*sigma.Rule                // all that were read, also those with an error
	judged       []*plan.Rule                 // those with a meaning, also those that have no tests

	read count // refused ones included
}

// count says how many there are of what is compiled.
type count struct{ rules, correlations, postprocessing int }

func (c count) all() int { return c.rules + c.correlations + c.postprocessing }

func (c count) String() string {
	var parts []string
	if c.rules > 0 || c.all() == 0 {
		parts = append(parts, plural(c.rules, "rule"))
	}
	if c.correlations > 0 {
		parts = append(parts, plural(c.correlations, "correlation"))
	}
	if c.postprocessing > 0 {
		parts = append(parts, plural(c.postprocessing, "postprocessing rule"))
	}
	return strings.Join(parts, ", ")
}

// load reads and plans rules directories. An error is one of reading; what is
// wrong with rules stands in the project's list.
func load(o loadOptions) (*project, error) {
	p := newProject()
	for _, name := range o.dirs {
		dir, err := openDirectory(name, o.prefix, &p.list)
		if err != nil {
			return nil, err
		}
		p.dirs = append(p.dirs, dir)
	}
	return p, p.load(o)
}

func newProject() *project {
	return &project{plan: &plan.Plan{}, texts: map[string][]byte{}, placeholders: map[string][]string{}, impossible: map[string][]diag.Diagnostic{}}
}

// load reads and plans the directories of a project.
func (p *project) load(o loadOptions) error {
	sigma.Keys(p.dirs, &p.list)
	var contents []*contents
	var filters, all []*sigma.Rule
	for _, dir := range p.dirs {
		c, err := p.readDirectory(dir, o)
		if err != nil {
			return err
		}
		contents = append(contents, c)
		filters = append(filters, c.filters...)
		all = append(all, c.good...)
		p.plan.Exceptions = append(p.plan.Exceptions, plan.BuildExceptions(c.exceptions, c.known, &p.list)...)
	}
	ids := diag.Warning
	if o.strictIDs && p.dirs[0].Structured {
		ids = diag.Error
	}
	sigma.Unique(all, ids, &p.list)
	refused := p.list.Refused(testsMissing) // a rule that lacks nothing else is planned: all that is wrong is told at once
	for _, c := range contents {
		kept := slices.DeleteFunc(c.good, func(r *sigma.Rule) bool { return refused[r.Path] })
		p.plan.Rules = append(p.plan.Rules, plan.Build(kept, c.placeholders, &p.list)...)
		p.plan.Correlations = append(p.plan.Correlations, plan.BuildCorrelations(kept, slices.Concat(c.known, c.filters), &p.list)...)
		p.plan.Correlations = append(p.plan.Correlations, plan.BuildPostprocessing(c.postprocessing, c.known, &p.list)...)
	}
	slices.SortFunc(p.plan.Rules, func(a, b *plan.Rule) int { return strings.Compare(a.Syntax.Key, b.Syntax.Key) })
	slices.SortFunc(p.plan.Correlations, func(a, b *plan.Correlation) int { return strings.Compare(a.Key, b.Key) })
	slices.SortFunc(p.plan.Exceptions, func(a, b plan.Exception) int { return strings.Compare(a.Rule, b.Rule) })
	refuseWithFilters(p.plan.Rules, filters, &p.list)
	p.satisfiable(o.deadRules)
	p.plan.Correlations = plan.RefuseOverRefused(p.plan.Correlations, &p.list)
	plan.WarnSilenced(p.plan.Correlations, &p.list)
	p.judged = slices.Clone(p.plan.Rules)
	p.dropRefused()
	p.plan.SetCapture()
	sigma.Waive(p.documents, &p.list, p.source)
	return nil
}

// satisfiable reports what no record can satisfy.
func (p *project) satisfiable(severity diag.Severity) {
	for _, r := range p.plan.Rules {
		var found diag.List
		audit.Satisfiable([]*plan.Rule{r}, &found)
		if found.HasErrors() {
			p.impossible[r.Syntax.Key] = found.Sorted()
		}
		for _, d := range found.Sorted() {
			d.Severity = severity
			p.list.Add(d)
		}
	}
}

// refuseWithFilters refuses the rules that a refused filter applies to, wherever
// it was refused: without it they would match more than they are meant to. What lacks
// tests in its file does not concern them.
func refuseWithFilters(rules []*plan.Rule, filters []*sigma.Rule, list *diag.List) {
	refused := list.Refused(testsMissing)
	for _, filter := range filters {
		if !refused[filter.Path] {
			continue
		}
		for _, target := range filter.Targets {
			for _, rule := range rules {
				syntax := rule.Syntax
				if syntax.Is(target.Value) {
					list.Errorf(syntax.Title.Span, "filter/refused", "mend the filter", "the filter %s of this rule is refused", filter.Path)
				}
			}
		}
	}
}

// dropRefused leaves rules out of the plan that have an error, and exceptions of
// rules and correlations that are left out.
func (p *project) dropRefused() {
	refused := p.list.Refused()
	kept := map[string]bool{}
	for _, c := range p.plan.Correlations {
		kept[c.Key] = true
	}
	p.plan.Rules = slices.DeleteFunc(p.plan.Rules, func(r *plan.Rule) bool {
		kept[r.Syntax.Key] = !refused[r.Syntax.Path]
		return refused[r.Syntax.Path]
	})
	p.plan.Exceptions = slices.DeleteFunc(p.plan.Exceptions, func(e plan.Exception) bool { return !kept[e.Rule] })
}

// report writes errors and warnings as text.
func (p *project) report(w io.Writer) error {
	return diag.WriteText(w, withoutNotes(p.list.Sorted()), p.source)
}

func withoutNotes(all []diag.Diagnostic) []diag.Diagnostic {
	return slices.DeleteFunc(all, func(d diag.Diagnostic) bool { return d.Severity == diag.Note })
}

// source returns the text of a file that was read, for diagnostics.
func (p *project) source(path string) []byte { return p.texts[path] }

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

// planned says how many of everything are compiled.
func (p *project) planned() count {
	c := count{rules: len(p.plan.Rules)}
	for _, correlation := range p.plan.Correlations {
		if correlation.Annotates {
			c.postprocessing++
		} else {
			c.correlations++
		}
	}
	return c
}

// compiled says how many rules the program has, and how many were left out.
func (p *project) compiled() string {
	planned := p.planned()
	text := planned.String() + " compiled"
	if left := p.read.all() - planned.all(); left > 0 {
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
	waived := 0
	for _, d := range p.list.Sorted() {
		if d.Waived != "" {
			waived++
		}
	}
	if waived > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", waived))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
