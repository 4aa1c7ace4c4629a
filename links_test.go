package trailalerts

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|src="([^"]+)"`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unnamed = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors returns what can be linked to in a page, as GitHub names it.
func anchors(page string) map[string]bool {
	found := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		found[strings.ReplaceAll(unnamed.ReplaceAllString(strings.ToLower(strings.TrimSpace(h[1])), ""), " ", "-")] = true
	}
	return found
}

// TestLinks holds that every link of our pages to a file of this repository leads
// somewhere.
func TestLinks(t *testing.T) {
	links := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || d.Name() == "dist" || d.Name() == ".git"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, match := range link.FindAllStringSubmatch(string(text), -1) {
			to := match[1] + match[2]
			if strings.Contains(to, ":") {
				continue // elsewhere
			}
			links++
			file, anchor, _ := strings.Cut(to, "#")
			target := text
			if file != "" {
				at := filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(name)), file))
				if target, err = os.ReadFile(at); err != nil {
					if info, statErr := os.Stat(at); statErr != nil || !info.IsDir() {
						t.Errorf("%s links to %s, which is not there", name, to)
					}
					continue
				}
			}
			if anchor != "" && !anchors(string(target))[anchor] {
				t.Errorf("%s links to %s, and there is no such heading", name, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links < 20 {
		t.Errorf("%d links found: the test looks in the wrong place", links)
	}
}
