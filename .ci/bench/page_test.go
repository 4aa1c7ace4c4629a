package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReplaceSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	const page = "# Title\n\n<!-- cpu -->\nold\n<!-- /cpu -->\n\n<!-- cores -->\nkept\n<!-- /cores -->\n"
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	b := &bench{out: io.Discard, self: "/tmp/go-build1/bench", temporary: "/tmp/bench-1"}
	b.table([][]string{{"", "median"}, {"scan", "MISSED"}})
	b.note("of %d records in /tmp/bench-1/corpus", 7)
	b.command("/tmp/go-build1/bench gunzip FILE; BIN scan /tmp/bench-1/corpus")
	b.note("seen twice")
	section := b.endSection()
	if rest := b.endSection(); rest != "" {
		t.Errorf("the next section begins with %q", rest)
	}
	for range 2 { // the second time as the first
		if err := replaceSection(path, "cpu", section); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = "# Title\n\n<!-- cpu -->\n\n|  | median |\n|---|---|\n| scan | **missed** |\n\n- of 7 records in $TMP/corpus\n- seen twice\n\n```sh\nbench gunzip FILE\nBIN scan $TMP/corpus\n```\n\n<!-- /cpu -->\n\n<!-- cores -->\nkept\n<!-- /cores -->\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if err := replaceSection(path, "memory", "text\n"); err == nil {
		t.Error("a section that is not there was replaced")
	}
}
