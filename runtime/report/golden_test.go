package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing with them")

// TestGoldens holds what people see against testdata. To see it as they do, open
// the files in a browser; to change it, run with -update and read the difference.
func TestGoldens(t *testing.T) {
	for name, a := range samples(t) {
		html, err := Mail(&a)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, name+".html", html)
		golden(t, name+".txt", []byte("Subject: "+Subject(&a)+"\n\n"+Text(&a)))
	}
	var page bytes.Buffer
	if err := WritePage(&page, sampleScan(t)); err != nil {
		t.Fatal(err)
	}
	golden(t, "page.html", page.Bytes())
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
