package main

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const someTraces = `File: BIN
Type: cpu
Duration: 1.5s, Total samples = 100ms
-----------+-------------------------------------------------------
      30ms   runtime.memmove
             github.com/klauspost/compress/flate.(*decompressor).Read
             github.com/trailalerts/trailalerts/runtime/cloudtrail.(*input).Read
             github.com/trailalerts/trailalerts/runtime/cloudtrail.(*Reader).Next
-----------+-------------------------------------------------------
      20ms   github.com/trailalerts/trailalerts/runtime/internal/object.(*Skipper).Skip (inline)
             github.com/trailalerts/trailalerts/runtime/cloudtrail.(*scanner).scan
-----------+-------------------------------------------------------
      10ms   github.com/trailalerts/trailalerts/runtime.(*Event).Keys
             github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.Match
-----------+-------------------------------------------------------
       5ms   github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.Match
-----------+-------------------------------------------------------
       4ms   github.com/trailalerts/trailalerts/runtime.(*Texts).in
             github.com/trailalerts/trailalerts/runtime.(*Event).Mentions
             github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.Match
-----------+-------------------------------------------------------
       3ms   github.com/valyala/fastjson.parseValue
             github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.matchRulesX
             github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.Match
-----------+-------------------------------------------------------
       2ms   github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.rulesX_selection
             github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules.matchRulesX
             github.com/trailalerts/trailalerts/runtime/alert.NewFinding
-----------+-------------------------------------------------------
    1000ms   runtime.gcBgMarkWorker
`

func TestTimesOf(t *testing.T) {
	times, err := timesOf(strings.NewReader(someTraces))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]time.Duration{}
	for i, s := range stages {
		got[s.name] = times[i] / time.Millisecond
	}
	want := map[string]time.Duration{"inflate": 30, "find records": 20, "dispatch": 15, "guards": 4, "candidates": 3, "findings and output": 2, "rest": 1000}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("milliseconds by stage (-want +got):\n%s", diff)
	}
	for _, c := range []struct{ name, traces string }{
		{"a profile without samples", "File: BIN\n-----------+---\n"},
		{"nothing", ""},
		{"a block that does not begin with a time", "-----------+---\n  soon   runtime.main\n"},
		{"a time without a call", "-----------+---\n  10ms\n"},
	} {
		if _, err := timesOf(strings.NewReader(c.traces)); err == nil {
			t.Errorf("%s: no error", c.name)
		}
	}
}

// TestFramesHaveStages holds that no name of a stage is misspelt.
func TestFramesHaveStages(t *testing.T) {
	for _, frame := range frames {
		if i := stageOf([]string{frame.call}); i < 0 || stages[i].name != frame.stage {
			t.Errorf("a call of %q is not of the stage %q", frame.call, frame.stage)
		}
	}
}

func TestPicture(t *testing.T) {
	times, err := timesOf(strings.NewReader(someTraces))
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := picture(costsOf(times, 1_000_000))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"1.07 µs a record", ">inflate</text>", ">2.8 %<", ">0.03 µs<"} {
		if !strings.Contains(drawn, text) {
			t.Errorf("the picture does not say %q", text)
		}
	}
	bars := 0
	for decoder := xml.NewDecoder(strings.NewReader(drawn)); ; {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the picture is no XML: %v\n%s", err, drawn)
		}
		if element, ok := token.(xml.StartElement); ok && element.Name.Local == "rect" {
			bars++
		}
	}
	if want := len(stages) + 1; bars != want {
		t.Errorf("%d rectangles, want %d: a frame and a bar a stage", bars, want)
	}
}

func TestReplaceMain(t *testing.T) {
	dir := t.TempDir()
	overlay, source, rule := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "1"), filepath.Join(dir, "2")
	for path, content := range map[string]any{
		overlay: map[string]any{"Replace": map[string]string{"/module/internal/program/main.go": source, "/module/internal/program/rules/a_rule.go": rule}},
		source:  "the main function",
		rule:    "a rule",
	} {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := replaceMain(overlay); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{source: `rules "github.com/trailalerts/trailalerts/internal/sigmagen-replay/rules"`, rule: "a rule"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s does not hold %q:\n%s", path, want, text)
		}
	}
}
