package scaffold

import (
	"flag"
	"fmt"
	goversion "go/version"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/modfile"
	"gopkg.in/yaml.v3"
)

var update = flag.Bool("update", false, "copy the mains anew")

const checkout = "../../../.."

// TestMains holds that a repository of rules begins with the mains of this one.
func TestMains(t *testing.T) {
	for _, command := range []string{"analyzer", "processor", "trailalerts"} {
		t.Run(command, func(t *testing.T) {
			want, copies := sources(t, filepath.Join(checkout, "cmd", command), ".go"), filepath.Join("files", "cmd", command)
			if *update {
				if err := os.RemoveAll(copies); err != nil {
					t.Fatal(err)
				}
				if err := os.MkdirAll(copies, 0o755); err != nil {
					t.Fatal(err)
				}
				for name, text := range want {
					if err := os.WriteFile(filepath.Join(copies, name+".txt"), []byte(text), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			}
			if diff := cmp.Diff(want, sources(t, copies, ".go.txt")); diff != "" {
				t.Errorf("go test ./cmd/sigmagen/internal/scaffold -update copies them (-cmd/%s +%s):\n%s", command, copies, diff)
			}
		})
	}
}

// sources returns the Go files of a directory but for tests, by their names.
func sources(t *testing.T, dir, ending string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, entry := range entries {
		name, is := strings.CutSuffix(entry.Name(), ending)
		if !is || strings.HasSuffix(name, "_test") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[name+".go"] = string(text)
	}
	return files
}

// TestFiles holds which files a repository begins with, that the mains import its
// own rules, and that nothing is left of the templates.
func TestFiles(t *testing.T) {
	files, err := Repository{Module: "example.org/team/detections", Ref: "v1.4.0"}.Files()
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
		texts[f.Name] = string(f.Content)
		for _, left := range []string{ownRules, "{{.Module", "{{.Name", "{{.Ref"} {
			if strings.Contains(string(f.Content), left) {
				t.Errorf("%s holds %s", f.Name, left)
			}
		}
	}
	slices.Sort(names)
	want := []string{
		".gitattributes", ".github/WORKFLOWS.md", ".github/scripts/comment.sh", ".github/scripts/compare.sh", ".github/scripts/fetch-release.sh", ".github/scripts/live.sh", ".github/scripts/remote-state.sh",
		".github/workflows/deploy.yml", ".github/workflows/pull-request.yml", ".github/workflows/release.yml", ".github/workflows/rollback.yml",
		".gitignore", ".goreleaser.yaml", "Makefile", "README.md", "cmd/analyzer/main.go", "cmd/processor/main.go", "cmd/trailalerts/main.go",
		"deploy/main.tf", "recorded/example.json", "rules/exceptions.json",
		"rules/sigma_rules/cloudtrail_trail_stopped.yml", "rules/sigma_rules/cloudtrail_trail_stopped_tests.json",
		"rules/sigma_rules/iam_user_created_by_hand.yml", "rules/sigma_rules/iam_user_created_by_hand_tests.json",
		"rules/sigma_rules/signin_root_user_used.yml", "rules/sigma_rules/signin_root_user_used_tests.json",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, part := range map[string]string{
		"deploy/main.tf": "//deploy/terraform?ref=v1.4.0\"",
		"README.md":      "# detections\n",
	} {
		if !strings.Contains(texts[name], part) {
			t.Errorf("%s does not hold %s", name, part)
		}
	}
	for _, name := range []string{"cmd/analyzer/main.go", "cmd/processor/main.go", "cmd/trailalerts/main.go"} {
		if !strings.Contains(texts[name], `"example.org/team/detections/generated"`) {
			t.Errorf("%s does not import its own rules", name)
		}
	}
}

// The goreleaser that releases are made with, and the `go` line of its go.mod: go
// run refuses to build it with an older toolchain where GOTOOLCHAIN is local, as
// the workflows have it. It is written down because tests need no network, and no
// machine that has never made a release has that go.mod.
const goreleaser, goreleaserGo = "v2.16.0", "go1.26.3"

// TestTools holds that a repository of rules is released with the goreleaser that
// this one is released with, and that the toolchain which both name, and workflows
// install, can build it.
func TestTools(t *testing.T) {
	version := regexp.MustCompile(`(?m)^GORELEASER = .*@(v\S+)$`)
	for _, makefile := range []string{filepath.Join(checkout, "Makefile"), "files/Makefile"} {
		text, err := os.ReadFile(makefile)
		if err != nil {
			t.Fatal(err)
		}
		match := version.FindSubmatch(text)
		if match == nil {
			t.Fatalf("%s names no version of goreleaser", makefile)
		}
		if string(match[1]) != goreleaser {
			t.Errorf("%s names goreleaser %s, and this test %s: write down the version, and the go line of its go.mod", makefile, match[1], goreleaser)
		}
	}
	text, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	installed := "go" + file.Go.Version
	if file.Toolchain != nil {
		installed = file.Toolchain.Name
	}
	if !goversion.IsValid(installed) || goversion.Compare(installed, goreleaserGo) < 0 {
		t.Errorf("workflows install %s, and goreleaser %s needs %s", installed, goreleaser, goreleaserGo)
	}
}

// environment are the variables by which a machine says how the go tool gets and
// keeps modules.
var environment = []string{"GOPROXY", "GOMODCACHE", "GOCACHE", "GOPATH", "GOFLAGS", "GOTOOLCHAIN", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB"}

// TestBillsOfMaterials holds that the step which goreleaser makes them with runs
// the go tool as everything before it: goreleaser passes hardly a variable on.
func TestBillsOfMaterials(t *testing.T) {
	for _, name := range []string{".goreleaser.yaml", "deploy/github/goreleaser.yaml"} {
		text, err := os.ReadFile(filepath.Join(checkout, name))
		if err != nil {
			t.Fatal(err)
		}
		var config struct {
			SBOMs []struct {
				Cmd string
				Env []string
			}
		}
		if err := yaml.Unmarshal(text, &config); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(config.SBOMs) != 1 || config.SBOMs[0].Cmd != "go" {
			t.Fatalf("%s: want one step that runs go, not %+v", name, config.SBOMs)
		}
		var want []string
		for _, variable := range environment {
			want = append(want, fmt.Sprintf("%s={{ envOrDefault %[1]q \"\" }}", variable))
		}
		if diff := cmp.Diff(want, config.SBOMs[0].Env); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTerraform holds that the module has the inputs and outputs that deploy/ uses,
// and deploy/ the outputs and variables that the workflows use.
func TestTerraform(t *testing.T) {
	read := func(pattern string) string {
		t.Helper()
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		var all strings.Builder
		for _, name := range paths {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
		return all.String()
	}
	module, deploy, workflow := read(checkout+"/deploy/terraform/*.tf"), read("files/deploy/main.tf.tmpl"), read(checkout+"/deploy/github/workflows/deploy.yml")
	_, call, _ := strings.Cut(deploy, "module \"trailalerts\" {")
	call, _, _ = strings.Cut(call, "\n}")
	for _, c := range []struct{ uses, in, declared, by string }{
		{`(?m)^  ([a-z0-9_]+) +=`, call, `variable "%s"`, module},
		{`module\.trailalerts\.([a-z0-9_]+)`, deploy, `output "%s"`, module},
		{`terraform output -raw ([a-z0-9_]+)`, workflow, `output "%s"`, deploy},
		{`TF_VAR_([a-z0-9_]+)`, workflow, `variable "%s"`, deploy},
	} {
		names := regexp.MustCompile(c.uses).FindAllStringSubmatch(c.in, -1)
		if len(names) < 3 {
			t.Errorf("%s finds %d names", c.uses, len(names))
		}
		for _, name := range names {
			if want := fmt.Sprintf(c.declared, name[1]); name[1] != "source" && !strings.Contains(c.by, want) {
				t.Errorf("nothing declares %s", want)
			}
		}
	}
	// What only the owner knows has no default: a placeholder would be applied.
	for _, declared := range regexp.MustCompile(`(?s)variable "([a-z0-9_]+)" \{(.*?)\n\}`).FindAllStringSubmatch(deploy, -1) {
		if strings.Contains(declared[2], "default") {
			t.Errorf("variable %s has a default", declared[1])
		}
		if !strings.Contains(workflow, "TF_VAR_"+declared[1]+":") {
			t.Errorf("the workflow gives no %s", declared[1])
		}
	}
}
