package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
	"github.com/trailalerts/trailalerts/runtime"
)

// The miniature project: a rule for every construct of Sigma, its tests, and the
// Go that they compile to.
const (
	goldenFolder    = "../../testdata/golden"
	goldenRules     = goldenFolder + "/rules"
	goldenGenerated = goldenFolder + "/generated"
)

// TestGolden holds the compiler against testdata/golden: what it writes is what
// is committed and reviewed there.
func TestGolden(t *testing.T) {
	want := generateGolden(t)
	// This check is meant to detect non-deterministic behavior.
	if diff := cmp.Diff(want, generateGolden(t)); diff != "" {
		t.Errorf("two runs differ (-first +second):\n%s", diff)
	}
	if *update {
		replaceFiles(t, goldenGenerated, want)
	}
	got := map[string]string{}
	paths, err := filepath.Glob(goldenGenerated + "/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(path)] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what sigmagen writes; go test ./cmd/sigmagen -run TestGolden -update rewrites it (-want +got):\n%s", goldenGenerated, diff)
	}
}

// TestGoldenRuns vets the generated package and runs its tests, which ./... does
// not reach.
func TestGoldenRuns(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"vet", "test"} {
		cmd := exec.Command("go", command, "./testdata/golden/...")
		cmd.Dir = "../.."
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", cmd, err, out)
		}
	}
}

// TestGoldenCoversModifiers holds that a rule there uses each modifier.
func TestGoldenCoversModifiers(t *testing.T) {
	used := map[string]bool{}
	for _, rule := range loadGolden(t).plan.Rules {
		for _, search := range rule.Syntax.Searches {
			for _, items := range search.Maps {
				for _, item := range items {
					noteModifiers(item, used)
				}
			}
		}
	}
	for _, name := range knownModifiers(t) {
		if !used[name] {
			t.Errorf("no rule in %s uses the modifier %q", goldenRules, name)
		}
	}
}

// TestGoldenCoversCorrelations holds that a correlation there has each type and
// each operator.
func TestGoldenCoversCorrelations(t *testing.T) {
	used := map[string]bool{}
	for _, c := range loadGolden(t).plan.Correlations {
		used[c.Type] = true
		for _, comparison := range c.Condition {
			used[comparison.Operator] = true
		}
	}
	wanted := []string{"gt", "gte", "lt", "lte", "eq", "neq"}
	for of := runtime.EventCount; of <= runtime.TemporalOrdered; of++ {
		wanted = append(wanted, of.String())
	}
	for _, name := range wanted {
		if !used[name] {
			t.Errorf("no correlation in %s uses %s", goldenRules, name)
		}
	}
}

func noteModifiers(item sigma.Item, used map[string]bool) {
	for _, modifier := range item.Modifiers {
		used[modifier.Value] = true
	}
}

// loadGolden plans the miniature project, about which there is nothing to say.
func loadGolden(t *testing.T) *project {
	t.Helper()
	p, err := load(loadOptions{dirs: []string{goldenRules}, tests: testsRequired, strictIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	if found := p.list.Sorted(); len(found) > 0 {
		t.Fatalf("the rules are not as they should be: %+v", found)
	}
	return p
}

// generateGolden compiles the miniature project, by name of file.
func generateGolden(t *testing.T) map[string]string {
	t.Helper()
	files, err := loadGolden(t).generate(goldenRules, goldenGenerated, "generated")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		texts[file.Name] = string(file.Content)
	}
	return texts
}

// replaceFiles makes a directory hold these files and no others.
func replaceFiles(t *testing.T, dir string, texts map[string]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if err := writeFile(filepath.Join(dir, name), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}

// knownModifiers returns the modifiers that the planner knows. It lists them
// itself for an author who misspells one beyond recognition.
func knownModifiers(t *testing.T) []string {
	t.Helper()
	p := loadExample(t, ruleExample("detection: {selection: {eventName|0123456789: x}, condition: selection}"))
	for _, d := range p.list.Sorted() {
		if _, names, found := strings.Cut(d.Hint, "the modifiers are: "); found {
			modifiers := strings.Split(names, ", ")
			slices.Sort(modifiers)
			return modifiers
		}
	}
	t.Fatalf("no hint lists the modifiers: %+v", p.list.Sorted())
	return nil
}
