// Package emftest reads metrics out of a log as CloudWatch does, so that tests
// see what would arrive there.
package emftest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// Read returns the values of each metric in the lines of a log, in order, by
// namespace, name and dimensions, as in "TrailAlerts Alerts" and
// "TrailAlerts Alerts Rule=root_login". Lines without metrics are passed over. What
// CloudWatch would not take is an error of the test. Metrics must be of a time
// that lies within a day of now.
func Read(t testing.TB, log string, now time.Time) map[string][]float64 {
	t.Helper()
	all := map[string][]float64{}
	for line := range strings.Lines(log) {
		var root map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &root) != nil || root["_aws"] == nil {
			continue
		}
		if len(line) > 256*1024 {
			t.Errorf("a line of metrics is %d bytes long", len(line))
		}
		if err := read(root, now, all); err != nil {
			t.Errorf("%v in %.300s", err, line)
		}
	}
	return all
}

// Sums returns the sum of each metric that Read returns.
func Sums(t testing.TB, log string, now time.Time) map[string]float64 {
	t.Helper()
	sums := map[string]float64{}
	for name, values := range Read(t, log, now) {
		for _, v := range values {
			sums[name] += v
		}
	}
	return sums
}

type metadata struct {
	Timestamp         *int64
	CloudWatchMetrics []struct {
		Namespace  string
		Dimensions [][]string
		Metrics    []struct{ Name, Unit string }
	}
}

func read(root map[string]json.RawMessage, now time.Time, all map[string][]float64) error {
	var m metadata
	if err := strictly(root["_aws"], &m); err != nil {
		return err
	}
	if m.Timestamp == nil || time.UnixMilli(*m.Timestamp).Sub(now).Abs() > 24*time.Hour {
		return fmt.Errorf("a timestamp that is none of %v", now)
	}
	if len(m.CloudWatchMetrics) == 0 {
		return errors.New("no directive")
	}
	for _, d := range m.CloudWatchMetrics {
		if len(d.Namespace) < 1 || len(d.Namespace) > 255 || len(d.Dimensions) == 0 || len(d.Metrics) == 0 || len(d.Metrics) > 100 {
			return fmt.Errorf("namespace %q, %d dimension sets, %d metrics", d.Namespace, len(d.Dimensions), len(d.Metrics))
		}
		seen := map[string]bool{}
		for _, metric := range d.Metrics {
			if metric.Unit != "Count" && metric.Unit != "Seconds" || seen[metric.Name] || !text(metric.Name, 255) {
				return fmt.Errorf("the metric %q of the unit %q", metric.Name, metric.Unit)
			}
			seen[metric.Name] = true
			values, err := numbers(root[metric.Name])
			if err != nil {
				return fmt.Errorf("metric %s: %w", metric.Name, err)
			}
			for _, set := range d.Dimensions {
				name := d.Namespace + " " + metric.Name
				if len(set) > 30 {
					return fmt.Errorf("%d dimensions", len(set))
				}
				slices.Sort(set)
				for _, key := range set {
					var value string
					if err := json.Unmarshal(root[key], &value); err != nil || !text(key, 255) || !text(value, 1024) {
						return fmt.Errorf("the dimension %q with the value %q", key, root[key])
					}
					name += " " + key + "=" + value
				}
				all[name] = append(all[name], values...)
			}
		}
	}
	return nil
}

// strictly refuses members that the format does not have.
func strictly(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

func numbers(data []byte) ([]float64, error) {
	var one float64
	if json.Unmarshal(data, &one) == nil && len(data) > 0 && data[0] != 'n' {
		return []float64{one}, nil
	}
	var many []*float64
	if err := json.Unmarshal(data, &many); err != nil {
		return nil, fmt.Errorf("the value %.100s is no number", data)
	}
	if len(many) == 0 || len(many) > 100 || slices.Contains(many, nil) {
		return nil, fmt.Errorf("%d values", len(many))
	}
	var values []float64
	for _, v := range many {
		values = append(values, *v)
	}
	return values, nil
}

// text reports whether CloudWatch takes a name or the value of a dimension.
func text(s string, most int) bool {
	return strings.TrimSpace(s) != "" && len(s) <= most && s[0] != ':' && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
