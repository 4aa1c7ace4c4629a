package main

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/modfile"
)

// TestToolchain holds that a repository of rules names the toolchain of trailalerts,
// and a throw-away program none, which might have to be fetched.
func TestToolchain(t *testing.T) {
	root := filepath.Join("..", "..")
	toolchain := func(text []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		file, err := modfile.Parse("go.mod", text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if file.Toolchain == nil {
			return ""
		}
		return file.Toolchain.Name
	}
	own := toolchain(os.ReadFile(filepath.Join(root, "go.mod")))
	if own == "" {
		t.Fatal("the go.mod of trailalerts names no toolchain")
	}
	for _, c := range []struct {
		name   string
		format func(release) ([]byte, error)
		want   string
	}{
		{"A repository of rules.", func(r release) ([]byte, error) { return r.moduleFile("example.org/rules", nil) }, own},
		{"A throw-away program.", func(r release) ([]byte, error) { return r.format("example.org/program") }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := findRelease(t.Context(), root)
			if err != nil {
				t.Fatal(err)
			}
			if got := toolchain(c.format(r)); got != c.want {
				t.Errorf("toolchain %q, want %q", got, c.want)
			}
		})
	}
}
