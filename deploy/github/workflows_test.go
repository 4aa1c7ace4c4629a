package github

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow is what the tests read of a workflow.
type workflow struct {
	On          yaml.Node
	Permissions yaml.Node
	Jobs        map[string]job
}

type job struct {
	If          string
	Environment string
	Permissions yaml.Node
	Steps       []step
}

type step struct {
	Uses string
	Run  string
	If   string
	With map[string]yaml.Node
	Env  map[string]string
}

// source is the text of a workflow and what it says.
type source struct {
	path, text string
	workflow
}

// workflows returns the workflows that repositories of rules copy and, with ours,
// those of this repository.
func workflows(t *testing.T, patterns ...string) []source {
	t.Helper()
	var all []source
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) == 0 {
			t.Fatalf("there is no %s", pattern)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w := source{path: path, text: string(text)}
			if err := yaml.Unmarshal(text, &w.workflow); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if len(w.Jobs) == 0 {
				t.Errorf("%s: no jobs", path)
			}
			all = append(all, w)
		}
	}
	return all
}

const (
	copied     = "workflows/*.yml"
	ownRelease = "../../.github/workflows/release.yml"
	own        = "../../.github/workflows/*.yml"
)

// permissions returns what a permissions key grants; none says that there is no
// such key, so that the repository's settings decide.
func permissions(t *testing.T, node yaml.Node) (granted map[string]string, none bool) {
	t.Helper()
	switch node.Kind {
	case 0:
		return nil, true
	case yaml.MappingNode:
		if err := node.Decode(&granted); err != nil {
			t.Fatal(err)
		}
		return granted, false
	default: // read-all, write-all
		return map[string]string{"everything": node.Value}, false
	}
}

// TestActionsArePinned holds that every action is named by the hash of a commit,
// with the version that it was, and the same action by the same everywhere.
func TestActionsArePinned(t *testing.T) {
	uses := regexp.MustCompile(`(?m)^\s*(?:- )?uses: (.*)$`)
	pinned := regexp.MustCompile(`^([a-z0-9-]+/[a-z0-9-]+(?:/[a-z0-9-]+)*)@([0-9a-f]{40}) # v\d+\.\d+\.\d+$`)
	versions := map[string]string{}
	for _, w := range workflows(t, copied, own) {
		found := uses.FindAllStringSubmatch(w.text, -1)
		steps := 0
		for _, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Uses != "" {
					steps++
				}
			}
		}
		if len(found) != steps {
			t.Errorf("%s: %d steps use actions, %d lines name them", w.path, steps, len(found))
		}
		for _, line := range found {
			match := pinned.FindStringSubmatch(line[1])
			if match == nil {
				t.Errorf("%s: %s: want owner/name@hash # version", w.path, line[1])
				continue
			}
			if before := versions[match[1]]; before != "" && before != line[1] {
				t.Errorf("%s: %s; elsewhere %s", w.path, line[1], before)
			}
			versions[match[1]] = line[1]
		}
	}
}

// TestNothingIsInjected holds that no expression is a part of a script: what
// strangers write (titles, names of branches) reaches scripts as variables only.
func TestNothingIsInjected(t *testing.T) {
	untrusted := regexp.MustCompile(`github\.head_ref|github\.event\.(pull_request\.(title|body|head\.(ref|label))|issue|comment|review|head_commit|commits|pages|discussion|workflow_run)|toJSON\(github`)
	for _, w := range workflows(t, copied, own) {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: %s: an expression in a script: %s", w.path, name, s.Run)
				}
				if slices.ContainsFunc(slices.Collect(maps.Values(s.Env)), untrusted.MatchString) {
					t.Errorf("%s: %s: text of strangers in %v", w.path, name, s.Env)
				}
			}
		}
		if untrusted.MatchString(w.text) {
			t.Errorf("%s reads text of strangers: %s", w.path, untrusted.FindString(w.text))
		}
	}
}

// TestPermissions holds that a workflow grants nothing, every job says what it
// needs, and no workflow runs what a pull request brings with the rights of the
// base.
func TestPermissions(t *testing.T) {
	for _, w := range workflows(t, copied, ownRelease) {
		if granted, none := permissions(t, w.Permissions); none || len(granted) > 0 {
			t.Errorf("%s: the workflow has to say permissions: {}", w.path)
		}
		for name, j := range w.Jobs {
			if granted, none := permissions(t, j.Permissions); none || granted["everything"] != "" {
				t.Errorf("%s: %s does not say what it needs", w.path, name)
			}
		}
	}
	for _, w := range workflows(t, own) {
		if granted, none := permissions(t, w.Permissions); none || slices.Contains(slices.Collect(maps.Values(granted)), "write") {
			t.Errorf("%s grants %v to every job", w.path, granted)
		}
	}
	for _, w := range workflows(t, copied, own) {
		for _, trigger := range []string{"pull_request_target", "workflow_run", "issue_comment"} {
			if strings.Contains(w.text, trigger) {
				t.Errorf("%s: %s runs with the rights of the base", w.path, trigger)
			}
		}
	}
}

// TestCodeAndRightsAreApart holds that a job which builds or runs code of the
// repository can neither write to GitHub nor, in a pull request, sign in anywhere.
// The jobs that deploy are behind an environment.
func TestCodeAndRightsAreApart(t *testing.T) {
	runsCode := regexp.MustCompile(`(?m)(^|[\s;|&"])(go|make|terraform) `)
	building := 0
	for _, w := range workflows(t, copied, ownRelease) {
		for name, j := range w.Jobs {
			granted, _ := permissions(t, j.Permissions)
			builds := slices.ContainsFunc(j.Steps, func(s step) bool { return runsCode.MatchString(s.Run) })
			if builds {
				building++
			}
			for permission, level := range granted {
				if level != "write" {
					continue
				}
				if builds && (permission != "id-token" || j.Environment == "") {
					t.Errorf("%s: %s builds code and may write %s", w.path, name, permission)
				}
			}
			if slices.ContainsFunc(j.Steps, func(s step) bool { return strings.HasPrefix(s.Uses, "aws-actions/") }) && j.Environment == "" && name != "recorded" {
				t.Errorf("%s: %s signs in to AWS behind no environment", w.path, name)
			}
		}
	}
	if building < 5 {
		t.Errorf("only %d jobs build: the expression that finds them is dead", building)
	}
}

// TestRolesAreInTheTable holds that the README says of every environment which role
// it signs in with, and that the trust policy which it shows admits all of those
// that share that role: one that is not admitted is refused when it is needed.
func TestRolesAreInTheTable(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	role := regexp.MustCompile(`^\$\{\{ vars\.([A-Z_]+) \}\}$`)
	trusted := map[string][]string{} // environments by role
	for _, w := range workflows(t, copied) {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				if !strings.HasPrefix(s.Uses, "aws-actions/configure-aws-credentials@") {
					continue
				}
				assumed := s.With["role-to-assume"]
				match := role.FindStringSubmatch(assumed.Value)
				if match == nil {
					t.Errorf("%s: %s signs in as %q, which is no variable", w.path, name, assumed.Value)
					continue
				}
				if j.Environment == "" {
					continue // the job that fetches recorded logs: TestCodeAndRightsAreApart
				}
				trusted[match[1]] = append(trusted[match[1]], j.Environment)
				row := regexp.MustCompile("(?m)^\\| `" + j.Environment + "` \\|.*\\| `" + match[1] + "` \\|")
				if !row.Match(readme) {
					t.Errorf("%s: %s: no row of the README says that environment %s signs in with %s", w.path, name, j.Environment, match[1])
				}
			}
		}
	}
	for _, environment := range trusted["PROMOTE_ROLE_ARN"] {
		if sub := ":environment:" + environment + `"`; !strings.Contains(string(readme), sub) {
			t.Errorf("the trust policy of the README does not admit %s", sub)
		}
	}
	if len(trusted) != 3 || len(trusted["PROMOTE_ROLE_ARN"]) != 2 {
		t.Errorf("the roles of environments are %v", trusted)
	}
}

// TestScriptsOfTheBase holds that a job of a pull request which may write checks out
// what the base has, and runs none of what the pull request brings. The one that
// annotates checks out the pull request, for an action that reads it, and runs
// nothing.
func TestScriptsOfTheBase(t *testing.T) {
	held := 0
	for _, w := range workflows(t, "workflows/pull-request.yml") {
		for name, j := range w.Jobs {
			granted, _ := permissions(t, j.Permissions)
			runs := slices.ContainsFunc(j.Steps, func(s step) bool { return s.Run != "" })
			if !runs || !slices.Contains(slices.Collect(maps.Values(granted)), "write") {
				continue
			}
			for _, s := range j.Steps {
				if !strings.HasPrefix(s.Uses, "actions/checkout@") {
					continue
				}
				held++
				if ref := s.With["ref"]; ref.Value != "${{ github.event.pull_request.base.sha }}" {
					t.Errorf("%s: %s may write and runs what it checks out: %q", w.path, name, ref.Value)
				}
			}
		}
	}
	if held == 0 {
		t.Error("no job that may write checks anything out: nothing is held")
	}
}

// TestStateIsKept holds that a workflow asks where Terraform keeps its state before
// it applies anything.
func TestStateIsKept(t *testing.T) {
	held := 0
	for _, w := range workflows(t, copied) {
		for name, j := range w.Jobs {
			at := func(part string) int {
				return slices.IndexFunc(j.Steps, func(s step) bool { return strings.Contains(s.Run, part) })
			}
			apply := at("terraform apply")
			if apply < 0 {
				continue
			}
			held++
			if begin, state := at("terraform init"), at("remote-state.sh"); begin < 0 || state <= begin || apply <= state {
				t.Errorf("%s: %s: terraform init is step %d, remote-state.sh %d, terraform apply %d", w.path, name, begin, state, apply)
			}
		}
	}
	if held == 0 {
		t.Error("no job applies anything: nothing is held")
	}
}

// TestCheckouts holds that no job keeps the token in its working tree, and that
// every script that is called is there.
func TestCheckouts(t *testing.T) {
	script := regexp.MustCompile(`bash (?:\.\./)?\.github/(scripts/\S+)`)
	called := map[string]bool{}
	for _, w := range workflows(t, copied, ownRelease) {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				if persist := s.With["persist-credentials"]; strings.HasPrefix(s.Uses, "actions/checkout@") && persist.Value != "false" {
					t.Errorf("%s: %s keeps the token", w.path, name)
				}
				for _, match := range script.FindAllStringSubmatch(s.Run, -1) {
					called[match[1]] = true
					if _, err := os.Stat(match[1]); err != nil {
						t.Errorf("%s: %s: %v", w.path, name, err)
					}
				}
			}
		}
	}
	scripts, err := filepath.Glob("scripts/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range scripts {
		if !called[filepath.ToSlash(path)] {
			t.Errorf("no workflow calls %s", path)
		}
	}
}
