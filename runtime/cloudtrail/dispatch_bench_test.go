package cloudtrail_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// BenchmarkDispatch walks a file of 5,000 records for which the rules of this repository have no candidate: what nearly
// all of the records of an account cost, but for the decompression.
func BenchmarkDispatch(b *testing.B) {
	const records = 5000
	plain, _ := deliveryFile(b, records)
	file := bytes.ReplaceAll(plain, []byte(`"PutRolePolicy"`), []byte(`"GetRolePolicy"`))
	src := bytes.NewReader(file)
	r := cloudtrail.NewReader(src, cloudtrail.Document, cloudtrail.Limits{})
	event := new(runtime.Event)
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		src.Reset(file)
		r.Reset(src, cloudtrail.Document)
		n := 0
		for {
			record, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			event.ResetHead(record.Raw, record.Head)
			if matched := generated.Set.Match(nil, event); len(matched) > 0 || event.Parsed() {
				b.Fatal("a record is a candidate")
			}
			n++
		}
		if n != records {
			b.Fatalf("read %d records, want %d", n, records)
		}
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
}
