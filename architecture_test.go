// Package trailalerts holds no code; its test pins who may import whom.
package trailalerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/trailalerts/trailalerts"

type goPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// packages lists the packages of this module and all that they depend on.
func packages(t *testing.T) map[string]goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]goPackage{}
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
}

func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// TestImports pins the import rules of ARCHITECTURE.md.
func TestImports(t *testing.T) {
	all := packages(t)
	const (
		yaml     = "gopkg.in/yaml.v3"
		sigmaGo  = "github.com/bradleyjkemp/sigma-go"
		jennifer = "github.com/dave/jennifer"
		fastjson = "github.com/valyala/fastjson"
		aws      = "github.com/aws"
		compiler = module + "/cmd/sigmagen"
	)
	sqlite := []string{"modernc.org/sqlite", "github.com/mattn/go-sqlite3"}

	t.Run("a library has one importer", func(t *testing.T) {
		for library, importer := range map[string]string{
			yaml: compiler + "/internal/sigma", sigmaGo: compiler + "/internal/sigma",
			jennifer: compiler + "/internal/gogen", "github.com/owenrumney/go-sarif": compiler + "/internal/diag", "github.com/CycloneDX/cyclonedx-go": compiler + "/internal/sbom", fastjson: module + "/runtime", "unsafe": module + "/runtime",
		} {
			used := false
			for path, p := range all {
				if !within(path, module) {
					continue
				}
				imports := slices.ContainsFunc(p.Imports, func(i string) bool { return within(i, library) })
				used = used || imports
				if imports && path != importer {
					t.Errorf("%s imports %s; only %s may", path, library, importer)
				}
			}
			if !used {
				t.Errorf("nothing imports %s: the rule about it is dead", library)
			}
		}
	})

	t.Run("what is in no binary", func(t *testing.T) {
		lambda := slices.Concat([]string{yaml, sigmaGo, jennifer, compiler}, sqlite)
		for path, banned := range map[string][]string{
			"/cmd/analyzer":  lambda,
			"/cmd/processor": lambda,
			// A throw-away program is generated rules and one of these two.
			"/runtime/scan":         append([]string{aws, module + "/runtime/bucket"}, lambda...),
			"/runtime/ruletest":     append([]string{aws}, lambda...),
			"/generated":            append([]string{aws}, lambda...),
			"/runtime/alert":        append([]string{aws}, lambda...),
			"/runtime/report":       append([]string{aws}, lambda...),
			"/runtime/store/sqlite": {aws},
			"/runtime/bucket":       append([]string{module + "/runtime/alert"}, lambda...),
			"/cmd/trailalerts":      {yaml, sigmaGo, jennifer, compiler},
			"/deploy/github":        {module + "/runtime"},
			"/runtime/cloudtrail":   append([]string{aws, fastjson}, lambda...),
		} {
			p, found := all[module+path]
			if !found {
				t.Errorf("there is no package %s", path)
			}
			for _, dep := range p.Deps {
				if slices.ContainsFunc(banned, func(b string) bool { return within(dep, b) }) {
					t.Errorf("%s depends on %s", path, dep)
				}
			}
		}
	})

	t.Run("a channel, a store, an enricher knows no other, and decisions know none", func(t *testing.T) {
		edges := []string{"/runtime/store", "/runtime/notify", "/runtime/enrich"}
		for path, p := range all {
			_, name, within := strings.Cut(path, module+"/runtime/")
			if !within {
				continue
			}
			kind, _, _ := strings.Cut(name, "/")
			for _, i := range p.Imports {
				for _, edge := range edges {
					_, imported, isEdge := strings.Cut(i, module+edge+"/")
					if !isEdge || strings.HasPrefix(imported, "payload") || strings.HasPrefix(imported, "internal/") {
						continue // what several channels share
					}
					if kind != "processor" && kind != "trailalerts" && !strings.HasSuffix(path, "test") {
						t.Errorf("%s imports %s", path, i)
					}
				}
			}
		}
	})

	t.Run("what tests stand on is in no binary", func(t *testing.T) {
		stands := []string{"/cmd/sigmagen/internal/prove/provetest", "/runtime/store/storetest", "/runtime/store/dynamodb/dynamotest", "/runtime/egress/egresstest", "/runtime/notify/internal/notifytest", "/runtime/bucket/buckettest", "/runtime/internal/emf/emftest", "/runtime/internal/lambdatest", "/runtime/e2e/contract"}
		for _, stand := range stands {
			if _, found := all[module+stand]; !found {
				t.Errorf("there is no package %s: the rule about it is dead", stand)
			}
			for _, binary := range []string{"/cmd/analyzer", "/cmd/processor", "/cmd/trailalerts", "/cmd/sigmagen"} {
				if slices.Contains(all[module+binary].Deps, module+stand) {
					t.Errorf("%s depends on %s", binary, stand)
				}
			}
		}
	})

	t.Run("generated code needs the runtime alone", func(t *testing.T) {
		for _, i := range all[module+"/generated"].Imports {
			if i != module+"/runtime" && !all[i].Standard {
				t.Errorf("generated imports %s", i)
			}
		}
		for _, i := range all[module+"/runtime"].Imports {
			if i != fastjson && i != module+"/runtime/internal/object" && !all[i].Standard {
				t.Errorf("runtime imports %s", i)
			}
		}
		for _, i := range all[module+"/runtime/internal/object"].Imports {
			if !all[i].Standard {
				t.Errorf("object imports %s", i)
			}
		}
	})

	t.Run("the oracle shares nothing with what it judges", func(t *testing.T) {
		for _, i := range all[compiler+"/internal/eval"].Imports {
			if i != compiler+"/internal/plan" && !all[i].Standard {
				t.Errorf("internal/eval imports %s", i)
			}
		}
	})

	t.Run("the compiler is a line", func(t *testing.T) {
		below := []string{"diag", "sigma", "plan", "gogen", "catalogue", "reach"}
		for i, name := range below {
			for _, imported := range all[compiler+"/internal/"+name].Imports {
				for _, above := range below[i+1:] {
					if imported == compiler+"/internal/"+above {
						t.Errorf("%s imports %s, which builds on it", name, above)
					}
				}
			}
		}
	})
}
