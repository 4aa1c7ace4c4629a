package payload

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
)

// decoded returns the JSON of an alert as a map.
func decoded(t *testing.T, a *alert.Alert, most int) map[string]any {
	t.Helper()
	body, err := JSON(a, notifytest.Now, most)
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > most || !utf8.Valid(body) {
		t.Errorf("got %d bytes of JSON, at most %d were asked for", len(body), most)
	}
	var members map[string]any
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// parse reads the JSON that a test expects.
func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// TestOrdinary pins every key of an alert without correlations.
func TestOrdinary(t *testing.T) {
	a := notifytest.Alert()
	want := parse(t, `{
		"source": "TrailAlerts", "timestamp": "2025-03-09T16:45:00.123Z",
		"rule": {
			"title": "CloudTrail Logging Stopped", "id": "4db60cc0-36fb-42b7-9b58-a5b53019fb74", "level": "high",
			"description": "Someone stopped a trail from logging.", "author": "TrailAlerts",
			"references": ["https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html"],
			"key": "cloudtrail_logging_stopped", "tags": ["attack.defense_evasion", "attack.t1562.008"], "false_positives": ["Maintenance of the trail"],
			"source": "rules/sigma_rules/cloudtrail_logging_stopped.yml", "source_hash": "`+strings.Repeat("ab", 32)+`"
		},
		"alert_id": "cloudtrail_logging_stopped/111122223333/3b0c9a4e-7a1f-4f2e-9c3d-0a1b2c3d4e5f",
		"severity": "high", "suppressed": 3, "why": ["No exception covers it.", "It is at least medium."],
		"account": "111122223333", "account_alias": "production", "region": "eu-west-1", "event_name": "StopLogging", "actor": "arn:aws:sts::111122223333:assumed-role/admin/alice",
		"ip": {"ip": "198.51.100.7", "country": "Germany", "region": "Hesse", "city": "Frankfurt", "network": "198.51.100.0/24", "asn": "AS64500", "operator": "Example Net",
			"vpn": true, "proxy": false, "tor": false, "relay": false, "sources": ["vpnapi.io"]},
		"searches": [{"name": "selection", "fields": [{"path": "eventSource", "values": ["cloudtrail.amazonaws.com"]}, {"path": "eventName", "values": ["StopLogging"]}]}],
		"location": {"bucket": "trail-logs", "file": "AWSLogs/111122223333/CloudTrail/eu-west-1/2025/03/09/file.json.gz", "record": 12},
		"release": {"version": "v1.2.3", "commit": "0123456789abcdef", "rules": "`+strings.Repeat("cd", 32)+`"}
	}`)
	want["event"] = parse(t, string(a.Raw))
	if diff := cmp.Diff(want, decoded(t, a, 1<<20)); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}

// TestCorrelated pins the keys that receivers of the webhooks know.
func TestCorrelated(t *testing.T) {
	got := decoded(t, notifytest.Correlated(), 1<<20)
	want := parse(t, `{
		"correlatedEvents": [{"ruleTitle": "IAM User Created", "timestamp": "2025-03-09T16:19:48Z", "actor": "arn:aws:sts::111122223333:assumed-role/admin/alice", "target": "unknown"}],
		"thresholdInfo": {"eventCount": 5, "thresholdCount": 5, "windowMinutes": 15, "actor": "arn:aws:sts::111122223333:assumed-role/admin/alice", "ruleTitle": "CloudTrail Logging Stopped"}
	}`)
	for key, want := range want {
		if diff := cmp.Diff(want, got[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if level := got["rule"].(map[string]any)["level"]; level != "critical" {
		t.Errorf("rule.level is %v, want the severity of the alert", level)
	}
	if completed := got["completed"].([]any); len(completed) != 2 {
		t.Errorf("got %d completed, want 2", len(completed))
	}
}

// TestWhatIsNotThere pins the forms of what an alert does not have.
func TestWhatIsNotThere(t *testing.T) {
	a := &alert.Alert{Severity: runtime.Informational}
	a.Rule.Title, a.Rule.Key, a.Event.Digest = "Bare", "bare", "d1"
	got := decoded(t, a, 1<<20)
	rule := got["rule"].(map[string]any)
	for _, key := range []string{"id", "description", "author"} {
		if value, there := rule[key]; !there || value != nil {
			t.Errorf("rule.%s is %v, want null", key, value)
		}
	}
	if diff := cmp.Diff([]any{}, rule["references"]); diff != "" {
		t.Errorf("references (-want +got):\n%s", diff)
	}
	if value, there := got["event"]; !there || value != nil {
		t.Errorf("event is %v, want null", value)
	}
	for _, key := range []string{"correlatedEvents", "thresholdInfo", "ip", "completed", "trimmed"} {
		if value, there := got[key]; there {
			t.Errorf("%s is %v, want it absent", key, value)
		}
	}
	if got["severity"] != "info" || rule["level"] != "informational" {
		t.Errorf("severity is %v and rule.level %v", got["severity"], rule["level"])
	}
}

// TestLimits pins that a payload fits and still says what matters, whatever the
// values are.
func TestLimits(t *testing.T) {
	for name, a := range map[string]*alert.Alert{"correlated": notifytest.Correlated(), "hostile": notifytest.Hostile()} {
		before, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := JSON(a, notifytest.Now, 100<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{len(whole), len(whole) - 1, 250_000, 100_000} {
			if most > len(whole) {
				continue
			}
			got := decoded(t, a, most)
			if got["alert_id"] == "" || got["severity"] != "critical" || got["rule"].(map[string]any)["key"] != a.Rule.Key {
				t.Errorf("%s in %d bytes has lost what it is about", name, most)
			}
			if trimmed := got["trimmed"] == true; trimmed != (most < len(whole)) {
				t.Errorf("%s in %d of %d bytes: trimmed is %v", name, most, len(whole), trimmed)
			}
		}
		after, err := json.Marshal(a)
		if err != nil || string(before) != string(after) {
			t.Errorf("%s: the alert was changed (%v)", name, err)
		}
	}

	a := notifytest.Alert()
	whole, err := JSON(a, notifytest.Now, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if got := decoded(t, a, len(whole)-1); got["event"].(map[string]any)["eventName"] != "StopLogging" {
		t.Errorf("of a record that is a byte too long %v is left", got["event"])
	}
	if _, err := JSON(a, notifytest.Now, 1000); err == nil || !strings.Contains(err.Error(), a.ID()) || !strings.Contains(err.Error(), "1000 are the most") {
		t.Errorf("for what cannot fit got error %v", err)
	}
}

// TestBrokenRecord pins that a record that is no JSON does not make an alert
// impossible to send.
func TestBrokenRecord(t *testing.T) {
	a := notifytest.Alert()
	a.Raw = json.RawMessage(`{"eventName":`)
	got := decoded(t, a, 1<<20)
	if got["event"] != nil || got["trimmed"] != true {
		t.Errorf("got event %v, trimmed %v", got["event"], got["trimmed"])
	}
}

// TestTimestamp pins that another time zone does not change the message.
func TestTimestamp(t *testing.T) {
	body, err := JSON(notifytest.Alert(), notifytest.Now.In(time.FixedZone("", 3600)), 1<<20)
	if err != nil || !strings.Contains(string(body), `"timestamp":"2025-03-09T16:45:00.123Z"`) {
		t.Errorf("got %.80s, %v", body, err)
	}
}
