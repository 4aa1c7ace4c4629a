package processor

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/lines"
)

// Lambda drops the lines below the level of the function. An alert that is a line
// of the log, and metrics, must arrive at any.
func TestLevels(t *testing.T) {
	for _, c := range []struct{ level, alerts, metrics, lines string }{
		{"", "INFO", "INFO", "alert"},
		{"TRACE", "INFO", "INFO", "finding alert"},
		{"DEBUG", "INFO", "INFO", "finding alert"},
		{"INFO", "INFO", "INFO", "alert"},
		{"WARN", "WARN", "WARN", "alert"},
		{"ERROR", "ERROR", "ERROR", "alert"},
		{"FATAL", "FATAL", "FATAL", "alert"},
	} {
		t.Run("at the level "+c.level, func(t *testing.T) {
			w := new(writer)
			h, err := newHandler(t.Context(), set(), testWorld(map[string]string{"AWS_LAMBDA_LOG_LEVEL": c.level}), w)
			if err != nil {
				t.Fatal(err)
			}
			w.Reset()
			if failed := handle(t, h, finding("e1", 0, excepted), finding("e2", 0)); failed != "" {
				t.Fatalf("failed %q", failed)
			}
			var messages []string
			for _, line := range w.lines(t) {
				messages = append(messages, line["msg"].(string))
				if line["msg"] == "alert" && line["level"] != c.alerts {
					t.Errorf("the alert is at %v, want %s", line["level"], c.alerts)
				}
			}
			if got := strings.Join(messages, " "); got != c.lines {
				t.Errorf("lines %s, want %s", got, c.lines)
			}
			if n := strings.Count(w.String(), `"level":"`+c.metrics+`","release"`); n == 0 {
				t.Errorf("the metrics are not at %s:\n%s", c.metrics, w)
			}
		})
	}
}

// A line about a rule says which text of the rule matched, and one about an alert
// that another release decided says which.
func TestLinesAboutRules(t *testing.T) {
	s := newStand(t, map[string]string{"AWS_LAMBDA_LOG_LEVEL": "DEBUG"})
	s.hook.fail = 1
	for _, bodies := range [][]string{{finding("e1", 0)}, {finding("e1", 0), finding("e2", 1)}} {
		handle(t, s.handler, bodies...)
	}
	seen := map[string]bool{}
	for _, line := range s.log.lines(t) {
		seen[line["msg"].(string)] = true
		if line["rule"] != nil && line["source_hash"] != "0a1b2c" {
			t.Errorf("the line does not say the text of the rule: %v", line)
		}
	}
	if diff := cmp.Diff(map[string]bool{"alert": true, "notification failed": true, "message failed": true, "notified": true, "finding": true}, seen); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}

	w := new(writer)
	channel := logChannel{name: "log", message: "alert", lines: lines.NewHandler(w, slog.LevelInfo, alert.Release{Version: "v2"}), release: alert.Release{Version: "v2"}, now: func() time.Time { return noon }}
	for _, release := range []string{"v2", "v1"} {
		if err := channel.Notify(t.Context(), &alert.Alert{Release: alert.Release{Version: release}}); err != nil {
			t.Fatal(err)
		}
	}
	lines := w.lines(t)
	if lines[0]["decided_by"] != nil {
		t.Errorf("an alert of this release: %v", lines[0])
	}
	if diff := cmp.Diff(map[string]any{"version": "v1", "commit": "", "rules": ""}, lines[1]["decided_by"]); diff != "" {
		t.Errorf("an alert of another (-want +got):\n%s", diff)
	}
}
