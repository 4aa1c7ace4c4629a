package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

const errorsFolder = "../../testdata/errors"

// escapedSuffix marks a file of an archive whose lines hold the escapes of a Go
// string, for text that an editor would hide or break.
const escapedSuffix = ".escaped"

// TestErrors holds what sigmagen says about wrong input against
// testdata/errors. An archive there is a sentence that says what is wrong, a
// command line, the files of a small project, and then what sigmagen writes
// (want) and its exit code (code).
func TestErrors(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(errorsFolder, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	if len(archives) < 50 {
		t.Fatalf("found %d archives in %s", len(archives), errorsFolder)
	}
	for _, path := range archives {
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { checkArchive(t, path) })
	}
}

func checkArchive(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	args := commandLine(t, archive.Comment)
	t.Chdir(t.TempDir())
	var files []txtar.File
	want := map[string]string{}
	for _, file := range archive.Files {
		if file.Name == "want" || file.Name == "code" {
			want[file.Name] = string(file.Data)
			continue
		}
		files = append(files, file)
		name, data := file.Name, file.Data
		if plain, ok := strings.CutSuffix(name, escapedSuffix); ok {
			name, data = plain, unescape(t, data)
		}
		if err := writeFile(filepath.FromSlash(name), data); err != nil {
			t.Fatal(err)
		}
	}
	var output bytes.Buffer
	code := run(args, strings.NewReader(""), &output, &output, clock)
	got := map[string]string{"want": output.String(), "code": fmt.Sprintf("%d\n", code)}
	if *update {
		archive.Files = append(files,
			txtar.File{Name: "want", Data: []byte(got["want"])},
			txtar.File{Name: "code", Data: []byte(got["code"])})
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sigmagen %s (-want +got):\n%s", strings.Join(args, " "), diff)
	}
}

// commandLine returns the arguments of the last line of a comment, which begins
// with sigmagen.
func commandLine(t *testing.T, comment []byte) []string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(comment)), "\n")
	words := strings.Fields(lines[len(lines)-1])
	if len(lines) != 2 || len(words) < 2 || words[0] != "sigmagen" {
		t.Fatalf("the comment is not one sentence and one command line:\n%s", comment)
	}
	return words[1:]
}

func unescape(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	for line := range strings.Lines(string(data)) {
		text, err := strconv.Unquote(`"` + strings.ReplaceAll(strings.TrimSuffix(line, "\n"), `"`, `\"`) + `"`)
		if err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		b.WriteString(text + "\n")
	}
	return b.Bytes()
}
