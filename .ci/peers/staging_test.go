package main

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStageRulesTellsDirectoriesApart(t *testing.T) {
	source := t.TempDir()
	var dirs []string
	for _, name := range []string{"one", "two"} {
		dir := filepath.Join(source, name)
		dirs = append(dirs, dir)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, rule := range []string{"kept.yml", "left.yml", "README.md"} {
			if err := os.WriteFile(filepath.Join(dir, rule), []byte(name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	to := t.TempDir()
	staged, err := stageRules(to, dirs, []string{"left"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := filepath.Glob(filepath.Join(to, "*"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(to, "one_kept.yml"), filepath.Join(to, "two_kept.yml")}
	if diff := cmp.Diff(want, got); diff != "" || staged != len(want) {
		t.Errorf("%d staged (-want +got)\n%s", staged, diff)
	}
}

func TestStageCorpusRepeatsWhatIsSmall(t *testing.T) {
	source := t.TempDir()
	if err := os.Mkdir(filepath.Join(source, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a.json.gz": `{"Records":[{},{}]}`, "below/b.json.gz": `{"Records":[{}]}`} {
		file, err := os.Create(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		deflated := gzip.NewWriter(file)
		if _, err := deflated.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := deflated.Close(); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	to := t.TempDir()
	got, err := stageCorpus(to, "small="+source, 7)
	if err != nil {
		t.Fatal(err)
	}
	if got.records != 9 || got.repeats != 3 || len(got.files) != 6 {
		t.Errorf("%d records, %d repeats, %d files; want 9, 3 and 6", got.records, got.repeats, len(got.files))
	}
	for _, file := range got.files {
		if _, err := countRecords(file); err != nil {
			t.Error(err)
		}
	}
	if _, err := stageCorpus(to, "nothing="+t.TempDir(), 1); err == nil {
		t.Error("a corpus without records is no error")
	}
}
