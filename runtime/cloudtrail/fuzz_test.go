package cloudtrail_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// FuzzReader holds the reader against encoding/json on delivery files and on lines, and against itself on all inputs,
// read whole and in pieces.
func FuzzReader(f *testing.F) {
	for _, c := range cases {
		if len(c.file) < 1000 {
			f.Add([]byte(c.file), byte(c.format))
		}
	}
	f.Add([]byte(`{"Records":[`+typicalRecord(1)+`]}`), byte(0))
	f.Fuzz(func(t *testing.T, file []byte, lines byte) {
		format := cloudtrail.Format(lines % 2)
		limits := cloudtrail.Limits{Record: 1 << 20, Inflated: 8 << 20}
		got := readAll(t, cloudtrail.NewReader(bytes.NewReader(file), format, limits))
		for how, src := range map[string]io.Reader{
			"one byte at a time": iotest.OneByteReader(bytes.NewReader(file)),
			"11 bytes at a time": &chunkReader{bytes.NewReader(file), 11},
		} {
			again := readAll(t, cloudtrail.NewReader(src, format, limits))
			if diff := cmp.Diff(got.lines, again.lines); diff != "" || got.end.Error() != again.end.Error() {
				t.Fatalf("%s: ended with %v, whole with %v; records (-whole +pieces):\n%s", how, again.end, got.end, diff)
			}
		}
		if format == cloudtrail.Document {
			if want, ok := plainParse(file); ok {
				if diff := cmp.Diff(want, got.lines); diff != "" || got.end != io.EOF {
					t.Fatalf("ended with %v, want EOF; records (-encoding/json +got):\n%s", got.end, diff)
				}
			}
			return
		}
		// Each line for itself. Those that are no JSON may be either: the parser of the record decides.
		var seen []string
		for i, line := range strings.Split(string(file), "\n") {
			if json.Valid([]byte(line)) {
				seen = append(seen, elementLine(i, json.RawMessage(strings.Trim(line, " \t\r"))))
			}
		}
		if got.end == io.EOF && !subsequence(seen, got.lines) {
			t.Fatalf("read %q, want among them %q", got.lines, seen)
		}
	})
}

// plainParse is what reading a delivery file by encoding/json yields. It is false if the file is not one, or if two of
// its keys are equal.
func plainParse(file []byte) ([]string, bool) {
	if !json.Valid(file) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(file))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, false
	}
	var elements []json.RawMessage
	keys := map[json.Token]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil || keys[key] {
			return nil, false
		}
		keys[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		if key == "Records" && (value[0] != '[' || json.Unmarshal(value, &elements) != nil) {
			return nil, false
		}
	}
	if !keys["Records"] {
		return nil, false
	}
	var want []string
	for i, e := range elements {
		want = append(want, elementLine(i, bytes.TrimSpace(e)))
	}
	return want, true
}

// elementLine is the line of a result for one value that is valid JSON.
func elementLine(i int, raw json.RawMessage) string {
	if raw[0] != '{' {
		return (&cloudtrail.RecordError{Index: i, Err: errors.New(notObject)}).Error()
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	if _, err := d.Token(); err != nil {
		panic(err)
	}
	var version, name, source bool
	for d.More() {
		key, err := d.Token()
		if err != nil {
			panic(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		version = version || key == "eventVersion"
		name = name || key == "eventName" && value[0] == '"'
		source = source || key == "eventSource" && value[0] == '"'
	}
	if version || name && source {
		return fmt.Sprintf("%d %s", i, raw)
	}
	return (&cloudtrail.RecordError{Index: i, Err: errors.New(noKeys)}).Error()
}

// subsequence reports whether all of part stand in whole, in this order.
func subsequence(part, whole []string) bool {
	for _, line := range whole {
		if len(part) > 0 && line == part[0] {
			part = part[1:]
		}
	}
	return len(part) == 0
}
