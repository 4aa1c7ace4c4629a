package sqlite_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A channel accepts alerts, or answers each with its error.
type channel struct {
	name string
	err  error
}

func (c channel) Channel() string                            { return c.name }
func (c channel) Notify(context.Context, *alert.Alert) error { return c.err }

// rows returns what a query finds, a line of values with | between them each.
func rows(t *testing.T, path, query string) []string {
	t.Helper()
	found, err := shell(t, path).Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for found.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := found.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, value := range values {
			texts = append(texts, fmt.Sprint(*value.(*any)))
		}
		lines = append(lines, strings.Join(texts, "|"))
	}
	if err := found.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return lines
}

// TestViews: what a pipeline has decided can be read in the views of the file.
func TestViews(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alerts.db")
	store := open(t, path, time.Now)
	set := runtime.Ruleset{Correlations: []runtime.Correlation{{
		Key: "many_logins", Title: "Many logins", Level: runtime.Critical, Type: runtime.EventCount, Rules: []string{"login"}, Window: time.Minute,
		Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 2}}, GroupBy: []runtime.Group{{Name: runtime.GroupAccount}},
	}, {
		Key: "threshold:stop", Level: runtime.Critical, Type: runtime.EventCount, Rules: []string{"stop"}, Window: time.Minute, Annotates: true,
		Condition: []runtime.Comparison{{Operator: runtime.GreaterOrEqual, Value: 1}}, GroupBy: []runtime.Group{{Name: runtime.GroupAccount}},
	}}}
	config := alert.Config{MinSeverity: runtime.Medium, AccountAliases: map[string]string{"111122223333": "production"}}
	pipeline := alert.NewPipeline(set, config, alert.Edges{
		Store: store, Now: time.Now, Notifiers: []alert.Notifier{channel{name: "mail"}, channel{"webhook", errors.New("status 500")}},
	})
	const hostile = "arn:aws:iam::111122223333:user/'; DROP TABLE items; -- \"\u202e\n|é"
	finding := func(rule, event, actor string, level runtime.Level) alert.Finding {
		return alert.Finding{
			Schema: alert.Schema, Rule: alert.Rule{Key: rule, Title: "Title of " + rule, Level: level},
			Event: alert.Event{
				ID: event, Time: "2026-03-01T12:00:00Z", Source: "s3.amazonaws.com", Name: "Do", AccountID: "111122223333", Region: "eu-central-1",
				Actor: actor, SourceIP: "198.51.100.1", ErrorCode: "AccessDenied",
			},
			Location: alert.Location{Bucket: "b", File: "f.json.gz", Record: 7},
			Raw:      json.RawMessage(strings.Repeat(`{"a":[`, 150) + strings.Repeat(`]}`, 150)), // as deep as a record can be
		}
	}
	stop, first, second, low := finding("stop", "e-1", hostile, runtime.High), finding("login", "e-2", "u", runtime.High), finding("login", "e-3", "u", runtime.High), finding("low", "e-4", "u", runtime.Low)
	ids := map[string]string{} // of alerts, by rule
	for _, f := range []alert.Finding{stop, first, second, low} {
		result, err := pipeline.Process(t.Context(), f)
		if err != nil && !strings.Contains(err.Error(), "status 500") {
			t.Fatal(err)
		}
		for _, a := range result.Alerts {
			ids[a.Rule.Key] = a.ID()
		}
	}
	// What the views leave out.
	deciding := newItem("finding|x", "decision", 0)
	deciding.Body = []byte(`{"finding":{},"outcome":"","why":null,"alerts":null,"done":false,"deciding":"2026-03-01T12:00:00Z"}`)
	put(t, store, deciding)
	for _, partition := range []string{"finding|y", "delivery|y"} {
		expired := newItem(partition, "decision", 0)
		expired.Expires = time.Now().Add(-time.Minute)
		put(t, store, expired)
	}

	want := []string{
		"2026-03-01T12:00:00Z|alerted|high|stop|Title of stop|111122223333|eu-central-1|" + hostile + "|198.51.100.1|s3.amazonaws.com|Do|AccessDenied|e-1|b|f.json.gz|7|0|" + stop.ID(),
		"2026-03-01T12:00:00Z|counted|high|login|Title of login|111122223333|eu-central-1|u|198.51.100.1|s3.amazonaws.com|Do|AccessDenied|e-2|b|f.json.gz|7|1|" + first.ID(),
		"2026-03-01T12:00:00Z|counted|high|login|Title of login|111122223333|eu-central-1|u|198.51.100.1|s3.amazonaws.com|Do|AccessDenied|e-3|b|f.json.gz|7|0|" + second.ID(),
		"2026-03-01T12:00:00Z|below_severity|low|low|Title of low|111122223333|eu-central-1|u|198.51.100.1|s3.amazonaws.com|Do|AccessDenied|e-4|b|f.json.gz|7|1|" + low.ID(),
	}
	got := rows(t, path, `SELECT time, outcome, level, rule, title, account, region, actor, source_ip, event_source, event_name, error_code, event_id, bucket, file, record, done, id FROM findings ORDER BY event_id`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	for _, why := range rows(t, path, `SELECT why FROM findings`) {
		if why == "" || why == "<nil>" || strings.Contains(why, "[") {
			t.Errorf("a finding says why: %s", why)
		}
	}

	want = []string{
		"2026-03-01T12:00:00Z|critical|many_logins|Many logins|111122223333|production|eu-central-1|u|198.51.100.1|<nil>|s3.amazonaws.com|Do|many_logins|0|" + second.ID(),
		"2026-03-01T12:00:00Z|critical|stop|Title of stop|111122223333|production|eu-central-1|" + hostile + "|198.51.100.1|<nil>|s3.amazonaws.com|Do|threshold:stop|0|" + stop.ID(),
	}
	got = rows(t, path, `SELECT time, severity, rule, title, account, account_alias, region, actor, source_ip, country, event_source, event_name, completes, suppressed, finding FROM alerts ORDER BY rule`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}

	want = []string{
		"sent|mail|1|0|<nil>|" + ids["many_logins"], "failed|webhook|1|0|status 500|" + ids["many_logins"],
		"sent|mail|1|0|<nil>|" + ids["stop"], "failed|webhook|1|0|status 500|" + ids["stop"],
	}
	got = rows(t, path, `SELECT status, channel, attempts, unknown, error, alert FROM deliveries ORDER BY alert, channel`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("deliveries (-want +got):\n%s", diff)
	}
	if sent := rows(t, path, `SELECT count(*) FROM deliveries WHERE julianday(sent) BETWEEN julianday('now', '-1 minute') AND julianday('now', '+1 second')`); sent[0] != "2" {
		t.Errorf("%s deliveries say when they were sent, want 2", sent[0])
	}
}
