package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWriteFile: what is written replaces a file, and nothing else about it.
func TestWriteFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, err := range []error{
		os.MkdirAll(at("real/deep"), 0o755),
		os.WriteFile(at("old"), []byte("old"), 0o640),
		os.WriteFile(at("real/target"), []byte("old"), 0o600),
		os.Symlink("real/deep", at("folder")),
		os.Symlink("../target", at("real/deep/link")), // as seen from real/deep, however it is reached
		os.Symlink("real/none", at("dangling")),
		os.Symlink("dangling", at("twice")),
		os.Symlink("round", at("round")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		about, path string
		target      string // what holds the text then
		mode        os.FileMode
	}{
		{"a file keeps its mode", "old", "old", 0o640},
		{"a directory is made", "new/below/file", "new/below/file", 0o644},
		{"a link is followed", "folder/link", "real/target", 0o600},
		{"a link to what is not there yet", "dangling", "real/none", 0o644},
		{"a link to a link", "twice", "real/none", 0o644},
	} {
		before, _ := os.Lstat(at(c.path))
		if err := writeFile(at(c.path), []byte(c.about)); err != nil {
			t.Errorf("%s: %v", c.about, err)
			continue
		}
		got, err := os.ReadFile(at(c.target))
		if diff := cmp.Diff(c.about, string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", c.about, err, diff)
		}
		info, err := os.Lstat(at(c.target))
		if err != nil || info.Mode().Perm()&^0o022 != c.mode&^0o022 {
			t.Errorf("%s: the mode is %v, %v", c.about, info.Mode(), err)
		}
		after, err := os.Lstat(at(c.path))
		if err != nil || before != nil && before.Mode().Type() != after.Mode().Type() {
			t.Errorf("%s: a link became something else, %v", c.about, err)
		}
	}
	if err := writeFile(at("old"), nil); err != nil {
		t.Errorf("write nothing: %v", err)
	}
	if got, err := os.ReadFile(at("old")); err != nil || len(got) > 0 {
		t.Errorf("nothing was written, and there is %q, %v", got, err)
	}
	if err := writeFile(os.DevNull, []byte("x")); err != nil {
		t.Errorf("write to a device: %v", err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Errorf("a device was replaced: %v, %v", info.Mode(), err)
	}
	if err := writeFile(at("round"), []byte("x")); err == nil {
		t.Error("a link to itself is written")
	}
	for _, folder := range []string{".", "real", "real/deep"} {
		left, err := filepath.Glob(at(folder + "/.sigmagen-*"))
		if err != nil || left != nil {
			t.Errorf("left behind: %q, %v", left, err)
		}
	}
}
