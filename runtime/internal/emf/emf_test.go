package emf_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/internal/emf"
	"github.com/trailalerts/trailalerts/runtime/internal/emf/emftest"
)

var noon = time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC)

// write returns the lines of a batch.
func write(t *testing.T, b *emf.Batch) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out, noon); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheLine(t *testing.T) {
	b := emf.Batch{Namespace: "TrailAlerts", Properties: map[string]string{"release": "v1.2.3"}}
	b.Count("Alerts", 2)
	b.Seconds("LatencySeconds", 1500*time.Millisecond)
	b.Seconds("LatencySeconds", time.Minute)
	b.Count("MessagesFailed", 0)
	want := `{"Alerts":2,"LatencySeconds":[1.5,60],"MessagesFailed":0,` +
		`"_aws":{"CloudWatchMetrics":[{"Namespace":"TrailAlerts","Dimensions":[[]],"Metrics":[{"Name":"Alerts","Unit":"Count"},{"Name":"LatencySeconds","Unit":"Seconds"},{"Name":"MessagesFailed","Unit":"Count"}]}],"Timestamp":1741521600000},` +
		`"level":"INFO","release":"v1.2.3","timestamp":"2025-03-09T12:00:00Z"}` + "\n"
	if diff := cmp.Diff(want, write(t, &b)); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	b.Level = "ERROR"
	if !strings.Contains(write(t, &b), `"level":"ERROR"`) {
		t.Error("a function that logs errors alone would have no metrics")
	}
}

func TestDimensions(t *testing.T) {
	var b emf.Batch
	b.Namespace = "N"
	b.Count("Alerts", 1, emf.Dimension{Name: "Severity", Value: "high"}, emf.Dimension{Name: "Rule", Value: "a"})
	b.Count("Alerts", 1, emf.Dimension{Name: "Severity", Value: "high"}, emf.Dimension{Name: "Rule", Value: "b"})
	b.Count("Alerts", 1, emf.Dimension{Name: "Severity", Value: "low"}, emf.Dimension{Name: "Rule", Value: "b"})
	b.Seconds("Delay", time.Second, emf.Dimension{Name: "Rule", Value: "b"})
	text := write(t, &b)
	want := map[string][]float64{
		"N Alerts": {3}, "N Alerts Severity=high": {2}, "N Alerts Severity=low": {1}, "N Alerts Rule=a": {1}, "N Alerts Rule=b": {2},
		"N Delay": {1}, "N Delay Rule=b": {1},
	}
	if diff := cmp.Diff(want, emftest.Read(t, text, noon)); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	if n := strings.Count(text, "\n"); n != 5 {
		t.Errorf("%d lines, want one for all and one for each of four values", n)
	}
	if again := write(t, &b); again != text {
		t.Errorf("the same batch was written as\n%s\nand\n%s", text, again)
	}
}

func TestWithoutMeasurementsThereIsNoLine(t *testing.T) {
	if got := write(t, &emf.Batch{Namespace: "N"}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestBoundsOfTheFormat(t *testing.T) {
	for _, c := range []struct {
		name  string
		fill  func(*emf.Batch)
		lines int
		sums  map[string]float64
	}{
		{"a metric with more than 100 values goes on on the next line", func(b *emf.Batch) {
			for range 250 {
				b.Seconds("Delay", time.Second)
			}
			b.Count("Alerts", 7)
		}, 3, map[string]float64{"N Delay": 250, "N Alerts": 7}},
		{"so do more than 100 metrics", func(b *emf.Batch) {
			for i := range 201 {
				b.Count(fmt.Sprintf("M%03d", i), 1)
			}
		}, 3, nil},
		{"a line has a bound of bytes", func(b *emf.Batch) {
			for m := range 100 {
				for range 100 {
					b.Seconds(fmt.Sprintf("M%02d%s", m, strings.Repeat("x", 250)), 333_333_333_333_333)
				}
			}
		}, 2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := emf.Batch{Namespace: "N"}
			c.fill(&b)
			text := write(t, &b)
			if got := strings.Count(text, "\n"); got != c.lines {
				t.Errorf("%d lines, want %d", got, c.lines)
			}
			sums := emftest.Sums(t, text, noon)
			if c.sums != nil {
				if diff := cmp.Diff(c.sums, sums); diff != "" {
					t.Errorf("sums (-want +got):\n%s", diff)
				}
			}
			if c.sums == nil && len(sums) < 100 {
				t.Errorf("%d metrics were written", len(sums))
			}
		})
	}
}

func TestValuesOfDimensions(t *testing.T) {
	long := strings.Repeat("x", 1025)
	for _, c := range []struct{ name, value, want string }{
		{"printable text stays", "iam_user-created.v2 (x)", "iam_user-created.v2 (x)"},
		{"so does the longest", long[1:], long[1:]},
		{"a longer one is cut and known by its hash", long, long[:200] + " sha256:c6d8e99053008760"},
		{"an empty one is the hash of nothing", "", "sha256:e3b0c44298fc1c14"},
		{"white space alone is none", "  ", "sha256:"},
		{"what is not ASCII is shown as far as it can be", "Ünïcode", "?n?code sha256:"},
		{"a line break is no part of one", "a\nb", "a?b sha256:"},
		{"nor is a quote a way out", `a","b":"c`, `a","b":"c`},
		{"one does not begin with a colon", ":a", "a sha256:"},
		{"bytes that are no UTF-8", "\xff\xfe", "?? sha256:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := emf.Batch{Namespace: "N"}
			b.Count("Alerts", 1, emf.Dimension{Name: "Rule", Value: c.value})
			got := ""
			for name := range emftest.Read(t, write(t, &b), noon) {
				if _, value, found := strings.Cut(name, "Rule="); found {
					got = value
				}
			}
			if got != c.want && (!strings.HasSuffix(c.want, "sha256:") || !strings.HasPrefix(got, c.want)) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	for _, c := range []struct {
		name  string
		batch emf.Batch
		fill  func(*emf.Batch)
		says  string
	}{
		{name: "no namespace", says: "is empty"},
		{name: "a namespace of AWS", batch: emf.Batch{Namespace: "AWS/Lambda"}, says: "one of AWS itself"},
		{name: "a name that is counted and timed", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Seconds("Alerts", time.Second) }, says: "both counted and timed"},
		{name: "a metric without a name", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Count("", 1) }, says: "is no name"},
		{name: "a name that is too long", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Count(strings.Repeat("x", 256), 1) }, says: "256 characters"},
		{name: "a name that is not ASCII", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Count("Ü", 1) }, says: "printable ASCII"},
		{name: "a dimension without a name", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Count("X", 1, emf.Dimension{Value: "v"}) }, says: "is no name"},
		{name: "a dimension with the name of the metric", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Count("X", 1, emf.Dimension{Name: "X", Value: "v"}) }, says: "name of another member"},
		{name: "a metric with the name of the metadata", batch: emf.Batch{Namespace: "N"}, fill: func(b *emf.Batch) { b.Count("_aws", 1) }, says: "name of another member"},
		{name: "a metric with the name of a property", batch: emf.Batch{Namespace: "N", Properties: map[string]string{"Alerts": "x"}}, says: "name of another member"},
		{name: "a property with the name of the level", batch: emf.Batch{Namespace: "N", Properties: map[string]string{"level": "x"}}, says: "name of another member"},
		{name: "properties that fill the line", batch: emf.Batch{Namespace: "N", Properties: map[string]string{"p": strings.Repeat("x", 200<<10)}}, says: "the properties take"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.batch.Count("Alerts", 1)
			if c.fill != nil {
				c.fill(&c.batch)
			}
			var out bytes.Buffer
			if err := c.batch.Write(&out, noon); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got error %v, want one that says %q", err, c.says)
			}
			if out.Len() > 0 {
				t.Errorf("wrote %q all the same", out.String())
			}
		})
	}
}

func TestNamespaces(t *testing.T) {
	for name, valid := range map[string]bool{
		"TrailAlerts": true, "TrailAlerts/shadow": true, "team a/b.c-d_e#f:g": true, strings.Repeat("x", 255): true,
		"": false, " ": false, ":a": false, "a\nb": false, "Ünïcode": false, `a"b`: false, "AWS/x": false, strings.Repeat("x", 256): false,
	} {
		if err := emf.CheckNamespace(name); (err == nil) != valid {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// failing is a file that is full.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestALogThatCannotBeWritten(t *testing.T) {
	b := emf.Batch{Namespace: "N"}
	b.Count("Alerts", 1)
	full := errors.New("disk full")
	if err := b.Write(failing{full}, noon); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

// Lines of metrics and of a logger go to one file, from several goroutines, and
// each stays a line.
func TestBesideALogger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	logger := slog.New(slog.NewJSONHandler(file, nil))
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 50 {
				b := emf.Batch{Namespace: "N", Properties: map[string]string{"p": strings.Repeat("x", 10_000)}}
				b.Count("Alerts", 1)
				if err := b.Write(file, noon); err != nil {
					t.Error(err)
				}
				logger.Info("line", "i", i, "text", strings.Repeat("y", 10_000))
			}
		})
	}
	all.Wait()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(text)) {
		lines++
		if !json.Valid([]byte(line)) {
			t.Fatalf("line %d is %.100s", lines, line)
		}
	}
	if got := emftest.Sums(t, string(text), noon)["N Alerts"]; lines != 400 || got != 200 {
		t.Errorf("%d lines, %v counted; want 400, 200", lines, got)
	}
}

func TestTheLongestAndTheShortestTime(t *testing.T) {
	b := emf.Batch{Namespace: "N"}
	b.Seconds("Delay", math.MaxInt64)
	b.Seconds("Delay", math.MinInt64)
	if got := emftest.Read(t, write(t, &b), noon)["N Delay"]; len(got) != 2 {
		t.Errorf("got %v", got)
	}
}
