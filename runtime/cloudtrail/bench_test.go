package cloudtrail_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// deliveryFile is a made-up delivery file of n records, plain and packed, about 1.4 KB a record as in real ones.
func deliveryFile(tb testing.TB, n int) (plain, packed []byte) {
	tb.Helper()
	var text bytes.Buffer
	text.WriteString(`{"Records":[`)
	for i := range n {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(typicalRecord(i))
	}
	text.WriteString("]}")
	return text.Bytes(), pack(tb, text.Bytes())
}

// BenchmarkNext walks a file of 5,000 records. "gunzip" is what the decompression alone costs in the same pieces, and
// "plain" the splitting alone.
func BenchmarkNext(b *testing.B) {
	const records = 5000
	plain, packed := deliveryFile(b, records)
	perSecond := func(b *testing.B) {
		b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
	}
	read := func(b *testing.B, file []byte) {
		b.ReportAllocs()
		b.SetBytes(int64(len(plain)))
		src := bytes.NewReader(file)
		r := cloudtrail.NewReader(src, cloudtrail.Document, cloudtrail.Limits{})
		for b.Loop() {
			src.Reset(file)
			r.Reset(src, cloudtrail.Document)
			n := 0
			for {
				_, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				n++
			}
			if n != records {
				b.Fatalf("read %d records, want %d", n, records)
			}
		}
		perSecond(b)
	}
	b.Run("gzip", func(b *testing.B) { read(b, packed) })
	b.Run("plain", func(b *testing.B) { read(b, plain) })
	b.Run("gunzip", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(plain)))
		src := bytes.NewReader(packed)
		var gz gzip.Reader
		buf := make([]byte, 64<<10)
		for b.Loop() {
			src.Reset(packed)
			if err := gz.Reset(src); err != nil {
				b.Fatal(err)
			}
			for {
				_, err := gz.Read(buf)
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		perSecond(b)
	})
}
