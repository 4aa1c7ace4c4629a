//go:build !race

package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// TestNoAllocationPerRecord pins that a record which matches no rule costs no allocation on the whole way from the text
// of its file: neither one that the dispatch gives to no rule, nor one that the rules have read. Under the race detector
// regular expressions allocate, since a sync.Pool drops what it holds at random.
func TestNoAllocationPerRecord(t *testing.T) {
	var idle, candidates [][]byte
	for _, record := range newVariety(t).records {
		e := runtime.NewEvent(record)
		matched := generated.Set.Match(nil, e)
		switch {
		case len(matched) == 0 && e.Parsed():
			candidates = append(candidates, record)
		case len(matched) == 0:
			idle = append(idle, record)
		}
	}
	for _, c := range []struct {
		name    string
		records [][]byte
		least   int // of records, else the test says nothing
	}{
		{"records for which there is no rule", idle, 100},
		{"records that rules look at in vain", candidates, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.records) < c.least {
				t.Fatalf("there are %d of them, want at least %d", len(c.records), c.least)
			}
			file := bytes.Join([][]byte{[]byte(`{"Records":[`), bytes.Join(c.records, []byte(",")), []byte(`]}`)}, nil)
			src := bytes.NewReader(nil)
			reader := cloudtrail.NewReader(src, cloudtrail.Document, cloudtrail.Limits{})
			event := new(runtime.Event)
			read := 0
			allocations := testing.AllocsPerRun(5, func() { // which does it once before, so that all buffers are as large as they need be
				src.Reset(file)
				reader.Reset(src, cloudtrail.Document)
				for read = 0; ; read++ {
					record, err := reader.Next()
					if err == io.EOF {
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					event.ResetHead(record.Raw, record.Head)
					if len(generated.Set.Match(nil, event)) > 0 {
						t.Fatalf("it matches: %s", record.Raw)
					}
				}
			})
			if read != len(c.records) || allocations != 0 {
				t.Errorf("%v allocations for a file of %d records, want 0 for %d", allocations, read, len(c.records))
			}
		})
	}
}
