package cloudtrail_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

func TestGzip(t *testing.T) {
	// The records do not compress to nothing, so that a cut leaves some of them.
	plain, packed := deliveryFile(t, 500)
	other := pack(t, []byte(a))
	named := append([]byte{0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0xff, 'n'}, 'a') // a header cut in its file name
	damaged := bytes.Clone(packed)
	damaged[len(damaged)-8] ^= 1
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

	for _, c := range []struct {
		name    string
		file    []byte
		format  cloudtrail.Format
		records int // -1: some, but not all
		end     error
		says    string
	}{
		{"gzip is told by its magic bytes", packed, cloudtrail.Document, 500, io.EOF, ""},
		{"plain text is too", plain, cloudtrail.Document, 500, io.EOF, ""},
		{"members are read through", join(packed, pack(t, nil), other, other), cloudtrail.Document, 502, io.EOF, ""},
		{"members may part a record", join(pack(t, plain[:1000]), pack(t, plain[1000:])), cloudtrail.Document, 500, io.EOF, ""},
		{"a cut stream yields the records before", packed[:len(packed)/2], cloudtrail.Document, -1, io.ErrUnexpectedEOF, "gzip stream cut after "},
		{"a cut checksum is an error after the records", packed[:len(packed)-3], cloudtrail.Document, 500, io.ErrUnexpectedEOF, "gzip stream cut after "},
		{"a cut header is an error", packed[:5], cloudtrail.Document, 0, io.ErrUnexpectedEOF, "cut after 0"},
		{"a header cut in its name is an error", named, cloudtrail.Document, 0, io.ErrUnexpectedEOF, "cut after 0"},
		{"a second header cut in its name is an error", join(packed, named), cloudtrail.Document, 500, io.ErrUnexpectedEOF, "gzip stream cut after "},
		{"a second header of one byte is an error", join(packed, named[:1]), cloudtrail.Document, 500, io.ErrUnexpectedEOF, "gzip stream cut after "},
		{"a bad checksum is an error after the records", damaged, cloudtrail.Document, 500, gzip.ErrChecksum, "inflate after "},
		{"bytes behind the stream are an error after the records", join(packed, []byte("x")), cloudtrail.Document, 500, gzip.ErrHeader, "other bytes follow"},
		{"a stream within the stream is not unpacked", pack(t, packed), cloudtrail.Document, 0, cloudtrail.ErrSyntax, "at byte 0"},
		{"an unknown method is an error", []byte{0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0}, cloudtrail.Document, 0, gzip.ErrHeader, ""},
		{"a promised gzip that is plain is refused", plain, cloudtrail.GzipDocument, 0, cloudtrail.ErrNotGzip, ""},
		{"promised gzip lines that are plain are refused", []byte(a), cloudtrail.GzipLines, 0, cloudtrail.ErrNotGzip, ""},
		{"a promised gzip that is empty is cut", nil, cloudtrail.GzipDocument, 0, io.ErrUnexpectedEOF, "cut after 0 bytes"},
		{"a promised gzip of one byte is cut", packed[:1], cloudtrail.GzipLines, 0, io.ErrUnexpectedEOF, "cut after 1 bytes"},
		{"packed nothing is no JSON", pack(t, nil), cloudtrail.GzipDocument, 0, io.ErrUnexpectedEOF, "no JSON"},
		{"packed nothing is no lines", pack(t, nil), cloudtrail.GzipLines, 0, io.EOF, ""},
		{"a digest with a bad checksum is damaged, not skipped", func() []byte {
			digest := pack(t, []byte(`{"logFiles":[]}`))
			digest[len(digest)-8] ^= 1
			return digest
		}(), cloudtrail.Document, 0, gzip.ErrChecksum, ""},
		{"a line that is whole stands although the stream is cut", other[:len(other)-1], cloudtrail.Lines, 1, io.ErrUnexpectedEOF, "cut after 39"},
		{"a line that is not does not", pack(t, []byte(a+"\n"+a[:20]))[:60], cloudtrail.Lines, -1, io.ErrUnexpectedEOF, "cut after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for how, src := range map[string]io.Reader{
				"whole":              bytes.NewReader(c.file),
				"one byte at a time": iotest.OneByteReader(bytes.NewReader(c.file)),
				"17 bytes at a time": &chunkReader{bytes.NewReader(c.file), 17},
			} {
				got := readAll(t, cloudtrail.NewReader(src, c.format, cloudtrail.Limits{}))
				if n := len(got.lines); n != c.records && (c.records >= 0 || n == 0 || n >= 500) {
					t.Errorf("%s: %d records, want %d", how, n, c.records)
				}
				if !errors.Is(got.end, c.end) || !strings.Contains(got.end.Error(), c.says) {
					t.Errorf("%s: ended with %q, want %q that says %q", how, got.end, c.end, c.says)
				}
			}
		})
	}
}

func TestSourceErrorsAreKept(t *testing.T) {
	plain, packed := deliveryFile(t, 50)
	broken := errors.New("connection reset")
	for name, file := range map[string][]byte{"plain": plain, "gzip": packed} {
		for _, n := range []int{0, 1, len(file) / 2, len(file) - 1, len(file)} {
			src := io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))
			if got := readAll(t, cloudtrail.NewReader(src, cloudtrail.Document, cloudtrail.Limits{})); !errors.Is(got.end, broken) {
				t.Errorf("%s, after %d bytes: %v, want %v", name, n, got.end, broken)
			}
		}
	}
	if _, err := cloudtrail.NewReader(stuck{}, cloudtrail.Document, cloudtrail.Limits{}).Next(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a source that returns nothing: %v, want %v", err, io.ErrNoProgress)
	}
}

// stuck never returns anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestInflatedLimit(t *testing.T) {
	text := []byte(`{"Records":[` + a + `,` + b + `]}`)
	for _, c := range []struct {
		name    string
		limit   int
		records int
		end     error
	}{
		{"a file of the limit is read", len(text), 2, io.EOF},
		{"a file over the limit yields the records within", len(text) - 1, 2, cloudtrail.ErrInflated},
		{"a record over the limit is not returned", 12 + len(a) + 1 + len(b) - 1, 1, cloudtrail.ErrInflated},
		{"a limit of one byte is one", 1, 0, cloudtrail.ErrInflated},
	} {
		limits := cloudtrail.Limits{Inflated: int64(c.limit)}
		packed := append(pack(t, text[:30]), pack(t, text[30:])...)
		got := readAll(t, cloudtrail.NewReader(bytes.NewReader(packed), cloudtrail.Document, limits))
		if len(got.lines) != c.records || !errors.Is(got.end, c.end) {
			t.Errorf("%s: %d records and %v, want %d and %v", c.name, len(got.lines), got.end, c.records, c.end)
		}
		got = readAll(t, cloudtrail.NewReader(bytes.NewReader(text), cloudtrail.Document, limits))
		if len(got.lines) != 2 || got.end != io.EOF {
			t.Errorf("plain text has no such limit: %d records and %v", len(got.lines), got.end)
		}
	}
}

func TestDeepNestingIsSplit(t *testing.T) {
	const depth = 20_000
	objects := `{"eventVersion":"1","x":` + strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth) + "}"
	arrays := `{"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `,"eventVersion":"1"}`
	file := `{"y":` + arrays + `,"Records":[` + strings.Join([]string{a, objects, arrays, b}, ",") + `],"z":` + objects + `}`
	got := readAll(t, cloudtrail.NewReader(strings.NewReader(file), cloudtrail.Document, cloudtrail.Limits{}))
	if len(got.lines) != 4 || got.lines[1] != "1 "+objects || got.lines[2] != "2 "+arrays || got.end != io.EOF {
		t.Errorf("%d records and %v, want 4 and EOF, the deep ones untouched", len(got.lines), got.end)
	}
}

// repeat is a long text in little memory.
func repeat(s string, n int) io.Reader {
	block := []byte(strings.Repeat(s, 1000))
	var parts []io.Reader
	for range n / 1000 {
		parts = append(parts, bytes.NewReader(block))
	}
	return io.MultiReader(parts...)
}

// TestMemoryIsBounded reads files far over the limit, each of which invites to hold all of it.
func TestMemoryIsBounded(t *testing.T) {
	const n = 8_000_000
	limits := cloudtrail.Limits{Record: 64 << 10}
	for _, c := range []struct {
		name   string
		bytes  int // of the bulk, if not n
		before string
		bulk   string
		after  string
		format cloudtrail.Format
		lines  int
		end    error
	}{
		{name: "white space before the file", bulk: " ", after: a, lines: 1, end: io.EOF},
		{name: "a bomb of white space in the array", bytes: 64 << 20, before: `{"Records":[` + a, bulk: " ", after: `]}`, lines: 1, end: io.EOF},
		{name: "white space behind the file", before: a, bulk: "\n", lines: 1, end: io.EOF},
		{name: "white space in a line", before: a + "\n", bulk: " ", after: a, format: cloudtrail.Lines, lines: 2, end: io.EOF},
		{name: "empty lines", bulk: "\n", after: a, format: cloudtrail.Lines, lines: 1, end: io.EOF},
		{name: "a huge line", bulk: "x", after: "\n" + a, format: cloudtrail.Lines, lines: 2, end: io.EOF},
		{name: "a huge string in a record", before: `{"Records":[{"eventVersion":1,"x":"`, bulk: "x", after: `"},` + a + `]}`, lines: 2, end: io.EOF},
		{name: "a huge string of backslashes", before: `{"Records":[{"x":"`, bulk: `\`, after: `","eventVersion":1},` + a + `]}`, lines: 2, end: io.EOF},
		{name: "a huge key", before: `{"Records":[{"`, bulk: `x`, after: `":1},` + a + `]}`, lines: 2, end: io.EOF},
		{name: "a huge key of the file", before: `{"`, bulk: `x`, after: `":1,"Records":[` + a + `]}`, lines: 1, end: io.EOF},
		{name: "a huge element that is no object", before: `{"Records":["`, bulk: `x`, after: `",` + a + `]}`, lines: 2, end: io.EOF},
		{name: "a huge number", before: `{"Records":[`, bulk: `1`, after: `,` + a + `]}`, lines: 2, end: io.EOF},
		{name: "a nesting of millions", before: `{"Records":[{"x":`, bulk: `[`, lines: 0, end: io.ErrUnexpectedEOF},
		{name: "a digest of many entries", before: `{"x":[0`, bulk: `,0`, after: `]}`, lines: 0, end: cloudtrail.ErrNotRecords},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := func() io.Reader {
				return io.MultiReader(strings.NewReader(c.before), repeat(c.bulk, max(n, c.bytes)/len(c.bulk)), strings.NewReader(c.after))
			}
			var packed bytes.Buffer
			w, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(w, text()); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			src := bytes.NewReader(packed.Bytes())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := readAll(t, cloudtrail.NewReader(src, c.format, limits))
			runtime.ReadMemStats(&after)
			if len(got.lines) != c.lines || !errors.Is(got.end, c.end) {
				t.Errorf("%d results and %v, want %d and %v", len(got.lines), got.end, c.lines, c.end)
			}
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<20 {
				t.Errorf("allocated %d bytes in all, want less than 1 MiB", spent)
			}
		})
	}
}

func TestNoAllocationPerRecord(t *testing.T) {
	_, packed := deliveryFile(t, 1000)
	src := bytes.NewReader(nil)
	r := cloudtrail.NewReader(src, cloudtrail.Document, cloudtrail.Limits{})
	allocs := testing.AllocsPerRun(5, func() {
		src.Reset(packed)
		r.Reset(src, cloudtrail.Document)
		for {
			if _, err := r.Next(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
	if allocs > 20 {
		t.Errorf("%v allocations for 1,000 records, want a few for the file", allocs)
	}
}
