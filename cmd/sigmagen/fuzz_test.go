package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/gogen"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// FuzzParse reads any text as a file of rules. Nothing panics, what is wrong has a
// place in the file, and what has no error becomes Go.
func FuzzParse(f *testing.F) {
	rules, err := filepath.Glob("../../rules/sigma_rules/*.yml")
	if err != nil || len(rules) == 0 {
		f.Fatalf("%d rules, %v", len(rules), err)
	}
	for _, path := range rules {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	archives, err := filepath.Glob(filepath.Join(errorsFolder, "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Ext(file.Name) == ".yml" && len(file.Data) < 2000 {
				f.Add(file.Data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var list diag.List
		documents, ok := sigma.Parse(sigma.File{Key: "fuzz", Path: "fuzz.yml", Source: "fuzz.yml", Text: text}, &list)
		if !ok && !list.HasErrors() {
			t.Fatal("neither a rule nor an error")
		}
		p := &plan.Plan{}
		if ok {
			p.Rules = plan.Build(documents, nil, &list)
			p.Correlations = plan.BuildCorrelations(documents, documents, &list)
			wanted := slices.DeleteFunc(slices.Clone(documents), func(r *sigma.Rule) bool { return r.Filter })
			if len(p.Rules)+len(p.Correlations) != len(wanted) && !list.HasErrors() {
				t.Fatalf("%d rules and %d correlations of %d documents, and no error", len(p.Rules), len(p.Correlations), len(wanted))
			}
			p.SetCapture()
		}
		lines := 1
		for _, b := range text {
			if b == '\n' || b == '\r' {
				lines++
			}
		}
		for _, d := range list.Sorted() {
			if d.Line < 1 || d.Column < 1 || d.Line > lines+1 || d.Message == "" || d.Code == "" {
				t.Errorf("%d lines: %+v", lines, d)
			}
		}
		if err := diag.WriteText(discardLines{t}, list.Sorted(), func(string) []byte { return text }); err != nil {
			t.Fatal(err)
		}
		if list.HasErrors() {
			return
		}
		files, err := gogen.Generate(p, gogen.Options{Package: "rules", RulesName: "rules", RulesPath: "."})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if _, err := parser.ParseFile(token.NewFileSet(), file.Name, file.Content, parser.ParseComments); err != nil {
				t.Fatalf("%v\n%s", err, file.Content)
			}
		}
	})
}

// FuzzConfiguration reads any text as exceptions and as postprocessing rules.
// Nothing panics, and what is wrong has a place in the file.
func FuzzConfiguration(f *testing.F) {
	archives, err := filepath.Glob(filepath.Join(errorsFolder, "*.txtar"))
	if err != nil {
		f.Fatal(err)
	}
	seeds := 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			if filepath.Base(file.Name) == "exceptions.json" || filepath.Base(filepath.Dir(file.Name)) == "postprocessing_rules" {
				f.Add(file.Data)
				seeds++
			}
		}
	}
	if seeds < 50 {
		f.Fatalf("%d seeds", seeds)
	}
	var quiet diag.List
	rules, _ := sigma.Parse(sigma.File{Key: "stop", Path: "stop.yml", Source: "stop.yml", Text: []byte(exampleRule("title: Trail Stopped\ndetection: {selection: {eventName: StopLogging}, condition: selection}"))}, &quiet)
	f.Fuzz(func(t *testing.T, text []byte) {
		var list diag.List
		p := &plan.Plan{Exceptions: plan.BuildExceptions(sigma.ParseExceptions("c.json", text, &list), rules, &list)}
		entries, refused := sigma.ParsePostprocessing("c.json", "c.json", text, &list)
		p.Correlations = plan.BuildPostprocessing(entries, rules, &list)
		if (refused > 0 || len(p.Correlations) < len(entries)) && !list.HasErrors() {
			t.Fatal("an entry is left out without an error")
		}
		lines := bytes.Count(text, []byte("\n")) + 1
		for _, d := range list.Sorted() {
			if d.Line < 1 || d.Column < 1 || d.Line > lines || d.Message == "" || d.Code == "" {
				t.Errorf("%d lines: %+v", lines, d)
			}
		}
		if err := diag.WriteText(discardLines{t}, list.Sorted(), func(string) []byte { return text }); err != nil {
			t.Fatal(err)
		}
		if list.HasErrors() {
			return
		}
		if _, err := gogen.Generate(p, gogen.Options{Package: "rules", RulesName: "rules", RulesPath: "."}); err != nil {
			t.Fatal(err)
		}
	})
}

// discardLines asserts that what is written cannot steer a terminal.
type discardLines struct{ t *testing.T }

func (d discardLines) Write(text []byte) (int, error) {
	for _, r := range string(text) {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			d.t.Errorf("a diagnostic holds %U: %q", r, text)
		}
	}
	return len(text), nil
}
