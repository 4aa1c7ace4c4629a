package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReleasedCompilerBuildsInATemporaryModule installs sigmagen from a module
// proxy, as users do, and replays rules in a directory that is no module, with
// no proxy at all.
func TestReleasedCompilerBuildsInATemporaryModule(t *testing.T) {
	skipShort(t, "A RELEASED COMPILER IS NOT BUILT")
	const version = "v0.0.1"
	home := t.TempDir()
	proxy := filepath.Join(home, "proxy")
	writeProxy(t, proxy, version)
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	environment := func(proxies string) []string {
		return append(os.Environ(),
			"GOPROXY="+proxies, "GOFLAGS=-modcacherw", "GONOSUMDB=*", "GOWORK=off",
			"GOMODCACHE="+filepath.Join(home, "mod"), "GOBIN="+filepath.Join(home, "bin"))
	}
	command := func(env []string, dir, name string, arguments ...string) (stdout string) {
		t.Helper()
		c := exec.Command(name, arguments...)
		c.Env, c.Dir = env, dir
		var errs bytes.Buffer
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, arguments, err, errs.Bytes())
		}
		return string(out)
	}
	work := filepath.Join(home, "work")
	for path, text := range map[string]string{
		"rules/stop.yml": "title: Stop\nlevel: high\nlogsource: {product: aws}\ndetection:\n    selection: {eventName: StopLogging}\n    condition: selection\n",
		"logs/a.json":    `{"Records":[{"eventVersion":"1.11","eventName":"StopLogging"},{"eventVersion":"1.11","eventName":"x"}]}`,
	} {
		if err := writeFile(filepath.Join(work, filepath.FromSlash(path)), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	downloads := "file://" + filepath.ToSlash(filepath.Join(strings.TrimSpace(string(cache)), "cache", "download"))
	command(environment("file://"+filepath.ToSlash(proxy)+","+downloads+",off"), work, "go", "install", modulePath+"/cmd/sigmagen@"+version)
	// The requirements of a throw-away program are among those of sigmagen, so
	// that installing it has fetched them all.
	offline := environment("off")
	out := command(offline, work, filepath.Join(home, "bin", "sigmagen"), "replay", "--rules", "rules", "--format", "jsonl", "logs")
	var match struct {
		Rule   string
		Record int
	}
	if err := json.Unmarshal([]byte(out), &match); err != nil || match.Rule != "stop" || match.Record != 0 {
		t.Errorf("replay prints %q (%v)", out, err)
	}
	// A repository of rules requires this version and has the sums of all that it
	// is built from; go list resolves every package without a line to add.
	command(environment("file://"+filepath.ToSlash(proxy)+",off"), work, filepath.Join(home, "bin", "sigmagen"), "init", "detections")
	mod, err := os.ReadFile(filepath.Join(work, "detections", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if text := string(mod); !strings.Contains(text, "\t"+modulePath+" "+version+"\n") || strings.Contains(text, "replace") {
		t.Errorf("go.mod does not require %s %s alone:\n%s", modulePath, version, text)
	}
	terraform, err := os.ReadFile(filepath.Join(work, "detections", "deploy", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(terraform), "//deploy/terraform?ref="+version+`"`) {
		t.Errorf("Terraform deploys another version:\n%s", terraform)
	}
	resolved := append(environment("file://"+filepath.ToSlash(proxy)+","+downloads+",off"), "GOFLAGS=-modcacherw -mod=readonly")
	command(resolved, filepath.Join(work, "detections"), "go", "list", "-deps", "-test", "./...", "tool")
}

// writeProxy writes this module to a directory that serves as a module proxy.
func writeProxy(t *testing.T, proxy, version string) {
	t.Helper()
	root := filepath.Join("..", "..")
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	add := func(path string) {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		f, err := w.Create(modulePath + "@" + version + "/" + filepath.ToSlash(path))
		if err == nil {
			_, err = f.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("go.mod")
	add("go.sum")
	for _, folder := range []string{"cmd/sigmagen", "deploy/github", "runtime"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() && entry.Name() == "testdata" {
				return fs.SkipDir
			}
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			relative, err := filepath.Rel(root, path)
			add(relative)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	versions := filepath.Join(proxy, filepath.FromSlash(modulePath), "@v")
	for name, content := range map[string][]byte{
		"list":            []byte(version + "\n"),
		version + ".info": []byte(`{"Version":"` + version + `"}`),
		version + ".mod":  mod,
		version + ".zip":  b.Bytes(),
	} {
		if err := writeFile(filepath.Join(versions, name), content); err != nil {
			t.Fatal(err)
		}
	}
}
