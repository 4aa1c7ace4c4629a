package alert_test

import (
	"testing"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// BenchmarkNewFinding turns a record that matches into its finding: what a match costs beyond the dispatch.
func BenchmarkNewFinding(b *testing.B) {
	raw := []byte(sessionRecord)
	e := new(runtime.Event)
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		e.Reset(raw)
		if !stopLogging.Match(e) {
			b.Fatal("the record does not match")
		}
		if f := alert.NewFinding(&stopLogging, e, alert.Location{File: "a.json"}); len(f.Searches) != 1 {
			b.Fatalf("%d searches", len(f.Searches))
		}
	}
}
