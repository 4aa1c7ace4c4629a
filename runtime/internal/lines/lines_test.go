package lines

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

func TestEveryLineSaysWhichBuildHasWrittenIt(t *testing.T) {
	var out bytes.Buffer
	slog.New(NewHandler(&out, slog.LevelInfo, alert.Release{Version: "v1.2.3", Commit: "c0ffee", Rules: "abc"})).Warn("words", "a", 1)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(time.RFC3339Nano, line["timestamp"].(string)); err != nil {
		t.Errorf("the time is none that Lambda reads: %v", err)
	}
	delete(line, "timestamp")
	want := map[string]any{"level": "WARN", "msg": "words", "a": 1., "release": "v1.2.3", "commit": "c0ffee", "rules": "abc"}
	if diff := cmp.Diff(want, line); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

// Metrics arrive at every level that the function can have.
func TestMetricsHaveTheLevelOfTheFunction(t *testing.T) {
	for name, want := range map[string]string{"": "INFO", "TRACE": "INFO", "DEBUG": "INFO", "INFO": "INFO", "WARN": "WARN", "ERROR": "ERROR", "FATAL": "FATAL"} {
		b := Metrics("TrailAlerts", Level(name), alert.Release{Version: "v1", Commit: "c", Rules: "r"})
		if b.Level != want || b.Namespace != "TrailAlerts" || b.Properties["rules"] != "r" {
			t.Errorf("at the level %q: %+v, want the level %s", name, b, want)
		}
	}
}
