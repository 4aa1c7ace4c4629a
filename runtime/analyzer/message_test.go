package analyzer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Whatever a record holds, its finding reaches the queue.
func TestFindingsAreTrimmedNeverDropped(t *testing.T) {
	big := strings.Repeat("x", 300_000)
	for _, c := range []struct {
		name          string
		record        string
		raw           string // of the finding; "" is the record
		contains      string // what the trimmed record has
		none, trimmed bool
		check         func(f alert.Finding) error
	}{
		{name: "a record that fits is sent whole", record: event("e1", "CreateUser", `,"x":"<&> é"`)},
		{name: "of one that does not, the largest part is replaced by its size", record: event("e1", "CreateUser", `,"x":"`+big+`"`), contains: `"x":"trimmed: 300002 bytes"`, trimmed: true},
		{name: "so is a text that the finding repeats, which is cut itself", record: event("e1", "CreateUser", `,"userAgent":"`+big+`"`), contains: `"userAgent":"trimmed: 300002 bytes"`, trimmed: true,
			check: func(f alert.Finding) error {
				if n := len(f.Event.UserAgent); n < 1000 || n > 4096 {
					return fmt.Errorf("user agent of %d bytes", n)
				}
				return nil
			}},
		{name: "an event ID that is too long is known by its hash", record: event(big, "CreateUser", ""), contains: `"eventID":"trimmed: 300002 bytes"`, trimmed: true,
			check: func(f alert.Finding) error {
				if n := len(f.Event.ID); n > 4096 || !strings.Contains(f.Event.ID, " sha256:") {
					return fmt.Errorf("event ID of %d bytes", n)
				}
				return nil
			}},
		{name: "a record with a line break inside a string is no JSON to the letter, and left out", record: event("e1", "CreateUser", ",\"x\":\"a\nb\""), none: true, trimmed: true},
		{name: "code points that SQS refuses are escaped", record: event("e1", "CreateUser", ",\"userAgent\":\"a\uFFFEb\uFFFF\""), raw: event("e1", "CreateUser", `,"userAgent":"a\ufffeb\uffff"`),
			check: func(f alert.Finding) error {
				if f.Event.UserAgent != "a\uFFFEb\uFFFF" {
					return fmt.Errorf("user agent %q", f.Event.UserAgent)
				}
				return nil
			}},
		{name: "what is not UTF-8 is replaced", record: event("e1", "CreateUser", ",\"userAgent\":\"a\xff\xc0b\""), trimmed: true, raw: event("e1", "CreateUser", ",\"userAgent\":\"a\uFFFDb\"")},
		{name: "control characters stay escaped", record: event("e1", "CreateUser", `,"userAgent":"a\u0000\u001fb"`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.files["logs/a.json"] = file(c.record)
			if _, err := b.handle(t.Context(), notice("a.json")); err != nil {
				t.Fatal(err)
			}
			findings := b.findings(t)
			if len(findings) != 1 {
				t.Fatalf("%d findings, want 1", len(findings))
			}
			f := findings[0]
			want := cmp.Or(c.raw, c.record)
			switch {
			case f.Trimmed != c.trimmed:
				t.Errorf("trimmed: %v", f.Trimmed)
			case c.none && f.Raw != nil:
				t.Errorf("raw %.300s, want none", f.Raw)
			case !strings.Contains(string(f.Raw), c.contains):
				t.Errorf("raw %.300s, want %s in it", f.Raw, c.contains)
			case c.contains == "" && !c.none && string(f.Raw) != want:
				t.Errorf("raw %.300s, want %.300s", f.Raw, want)
			}
			if f.Rule.Key != "user_created" || f.Event.Name != "CreateUser" || f.Location.File != "a.json" {
				t.Errorf("finding %+v", f)
			}
			if c.check != nil {
				if err := c.check(f); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAFindingThatNeverFitsIsAnError(t *testing.T) {
	rule := testSet().Rules[0]
	_, err := newMessage(alert.Finding{
		Rule: alert.Rule{Key: "wordy", Title: strings.Repeat("x", 300_000), Level: rule.Level}, Raw: json.RawMessage(`{}`), Location: alert.Location{Record: 7},
	})
	if err == nil || !strings.HasPrefix(err.Error(), "finding of rule wordy on record 7: ") {
		t.Errorf("error: %v, want one that names the rule and the record", err)
	}
}

// The size that counts is that of the body, so a finding of exactly the bound stays whole.
func TestTheLargestFindingStaysWhole(t *testing.T) {
	finding := func(n int) alert.Finding {
		return alert.Finding{Rule: alert.Rule{Key: "k", Level: testSet().Rules[0].Level}, Raw: json.RawMessage(`"` + strings.Repeat("x", n) + `"`)}
	}
	probe, err := newMessage(finding(0))
	if err != nil {
		t.Fatal(err)
	}
	room := maxBytes - len(probe.body)
	whole, err := newMessage(finding(room))
	if err != nil || len(whole.body) != maxBytes || strings.Contains(whole.body, "trimmed") {
		t.Errorf("a finding that fits: %d bytes, %v", len(whole.body), err)
	}
	cut, err := newMessage(finding(room + 1))
	if err != nil || len(cut.body) > maxBytes || !strings.Contains(cut.body, `"trimmed":true`) {
		t.Errorf("a finding of one byte more: %.300s, %v", cut.body, err)
	}
}
