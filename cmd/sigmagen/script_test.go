package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the scripts in testdata/script, each in a directory of its
// own that lies in no module.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup:               setupScript,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"append":    appendLine,
			"crlf":      copyWithCRLF,
			"exit":      exitCode,
			"oddfile":   oddFile,
			"replace":   replaceInFile,
			"same":      sameDirectories,
			"snapshot":  takeSnapshot,
			"unchanged": compareSnapshot,
		},
	})
}

// setupScript lets scripts build with the caches of the go tool outside of the
// script, and without the network.
func setupScript(env *testscript.Env) error {
	text, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		return err
	}
	lines := strings.Split(string(text), "\n")
	env.Setenv("GOCACHE", lines[0])
	env.Setenv("GOMODCACHE", lines[1])
	env.Setenv("GOPATH", lines[2])
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOFLAGS", "")
	env.Setenv("GOTOOLCHAIN", "local")
	checkout, err := filepath.Abs("../..")
	env.Setenv("CHECKOUT", checkout)
	env.Values[snapshotKey{}] = map[string]map[string]string{}
	return err
}

// exitCode runs a program that must end with a code: exit 2 sigmagen check.
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exit code program args...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		code = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// appendLine appends a line to a file: append file text.
func appendLine(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, []byte(ts.ReadFile(path)+args[1]+"\n"), 0o644))
}

// replaceInFile replaces a text that a file holds: replace file old new. Escapes
// of Go strings stand for what they mean in new.
func replaceInFile(ts *testscript.TestScript, _ bool, args []string) {
	path, text := ts.MkAbs(args[0]), ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	replacement, err := strconv.Unquote(`"` + args[2] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(path, []byte(strings.Replace(text, args[1], replacement, 1)), 0o644))
}

// copyWithCRLF copies a file with a byte order mark and CRLF: crlf from to.
func copyWithCRLF(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")
	ts.Check(writeFile(ts.MkAbs(args[1]), []byte("\ufeff"+text)))
}

// oddFile writes a rule to a file whose name has escapes of Go strings: oddfile
// name, or oddfile name source.
func oddFile(ts *testscript.TestScript, _ bool, args []string) {
	name, err := strconv.Unquote(`"` + args[0] + `"`)
	ts.Check(err)
	text := "title: Trail Stopped\nlogsource: {product: aws}\ndetection:\n  selection: {eventName: StopLogging}\n  condition: selection\nlevel: low\n"
	if len(args) > 1 {
		text = ts.ReadFile(args[1])
	}
	ts.Check(writeFile(ts.MkAbs(filepath.FromSlash(name)), []byte(text)))
}

// sameDirectories compares what two directories hold: same one other.
func sameDirectories(ts *testscript.TestScript, neg bool, args []string) {
	diff := cmp.Diff(readAll(ts, args[0]), readAll(ts, args[1]))
	if neg == (diff == "") {
		ts.Fatalf("%s and %s (-%[1]s +%[2]s):\n%s", args[0], args[1], diff)
	}
}

type snapshotKey struct{}

// takeSnapshot keeps what a directory holds, for unchanged: snapshot directory.
func takeSnapshot(ts *testscript.TestScript, _ bool, args []string) {
	ts.Value(snapshotKey{}).(map[string]map[string]string)[args[0]] = readAll(ts, args[0])
}

// compareSnapshot asserts that a directory holds what it did: unchanged
// directory.
func compareSnapshot(ts *testscript.TestScript, _ bool, args []string) {
	want := ts.Value(snapshotKey{}).(map[string]map[string]string)[args[0]]
	if diff := cmp.Diff(want, readAll(ts, args[0])); diff != "" {
		ts.Fatalf("%s changed (-want +got):\n%s", args[0], diff)
	}
}

// readAll returns the files below a directory by name.
func readAll(ts *testscript.TestScript, dir string) map[string]string {
	files := map[string]string{}
	root := os.DirFS(ts.MkAbs(dir))
	ts.Check(fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		files[path] = string(bytes.ToValidUTF8(text, []byte("?")))
		return err
	}))
	return files
}
