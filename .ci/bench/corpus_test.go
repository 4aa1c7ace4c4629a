package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
)

func TestRepeatTestdata(t *testing.T) {
	t.Chdir("../..")
	s := size{files: 2, records: 50, quiet: 9}
	var texts [][]byte
	for range 2 {
		dir := t.TempDir()
		known, err := repeatTestdata(dir, s)
		if err != nil {
			t.Fatal(err)
		}
		c, err := openCorpus(dir, "a test")
		if err != nil {
			t.Fatal(err)
		}
		if len(c.files) != s.files || c.records != s.files*s.records {
			t.Errorf("%d records in %d files, want %d in %d", c.records, len(c.files), s.files*s.records, s.files)
		}
		var text []byte
		identities, found, place := map[string]bool{}, newTruth("rules"), 0
		err = eachRecord(c.files, func(raw []byte) error {
			var record struct{ EventID string }
			if err := json.Unmarshal(raw, &record); err != nil {
				return err
			}
			identities[record.EventID] = true
			for _, rule := range runtime.MatchAll(nil, generated.Set.Rules, runtime.NewEvent(raw)) {
				found.add(match{c.files[place/s.records], place % s.records, "rules_" + rule.Key})
			}
			place++
			text = append(text, raw...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(identities) != c.records {
			t.Errorf("%d records have %d identities", c.records, len(identities))
		}
		if diff := cmp.Diff(found.matches, known.matches); diff != "" {
			t.Errorf("the truth is another (-found +known):\n%s", diff)
		}
		texts = append(texts, text)
	}
	if !bytes.Equal(texts[0], texts[1]) {
		t.Error("the second time there are other records")
	}
}

func TestVerify(t *testing.T) {
	known := newTruth("trailalerts", "sigmahq")
	known.add(match{"a", 1, "trailalerts_x"})
	known.add(match{"b", 2, "sigmahq_y"})
	line := func(file string, record int, rule string) string {
		text, _ := json.Marshal(match{file, record, rule})
		return string(text) + "\n"
	}
	x, y := line("a", 1, "trailalerts_x"), line("b", 2, "sigmahq_y")
	both := []string{"rules", "trailalerts", "sigmahq"}
	for _, c := range []struct {
		sentence    string
		output      string
		directories []string
		matches     int
		says        string
	}{
		{"All that is known was found.", x + y, both, 2, ""},
		{"About our rules the truth says nothing.", x + y + line("a", 1, "rules_x"), both, 3, ""},
		{"Nor does it about the one that matches most.", x + y + line("a", 1, "sigmahq_"+frequentRule), both, 3, ""},
		{"What is not compiled cannot be found.", y, []string{"rules", "sigmahq"}, 1, ""},
		{"One is missing.", x, both, 0, "{b 2 sigmahq_y} was not found"},
		{"One is too many.", x + y + line("c", 3, "sigmahq_y"), both, 0, "{c 3 sigmahq_y} was found, and is none"},
		{"One is there twice.", x + y + y, both, 0, "twice"},
		{"It is cut.", x + `{"file":`, both, 0, "read matches"},
	} {
		matches, err := known.verify(strings.NewReader(c.output), c.directories)
		if matches != c.matches || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s %d matches and %v, want %d and one that says %q", c.sentence, matches, err, c.matches, c.says)
		}
	}
}

func TestACorpusIsDeliveryFilesAlone(t *testing.T) {
	dir := t.TempDir()
	d, err := createDelivery(filepath.Join(dir, "notes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openCorpus(dir, "a test"); err == nil || !strings.Contains(err.Error(), "notes.txt is no delivery file") {
		t.Errorf("%v, want an error that names the file", err)
	}
}
