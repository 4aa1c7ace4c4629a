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

const (
	a = `{"eventVersion":"1.08","eventName":"A"}`
	b = `{"eventName":"B","eventSource":"iam.amazonaws.com"}`

	notObject = "not a CloudTrail record: not an object"
	noKeys    = "not a CloudTrail record: no eventVersion, nor eventName and eventSource as strings"
)

// cases are files with a small limit on a record of 200 bytes.
var cases = []struct {
	name   string
	file   string
	format cloudtrail.Format
	want   []string
	end    error  // errors.Is
	says   string // part of the message of end
}{
	{name: "a delivery file yields its elements", file: `{"Records":[` + a + `,` + b + `]}`, want: []string{"0 " + a, "1 " + b}},
	{name: "an empty array is a file without records", file: `{"Records":[]}`},
	{name: "white space is allowed anywhere", file: " {\n\"Records\"\t:\r\n [ " + a + " , " + b + " ] } \n", want: []string{"0 " + a, "1 " + b}},
	{name: "a UTF-8 byte order mark is skipped", file: "\xef\xbb\xbf" + `{"Records":[` + a + `]}`, want: []string{"0 " + a}},
	{name: "Records may come after other keys", file: `{"x":{"Records":[1]},"y":"\"Records\":[","z":[[]],"n":-1.5e3,"t":true,"Records":[` + a + `],"w":null}`, want: []string{"0 " + a}},
	{name: "Records may be written with escapes", file: `{"Rec\u006Frds":[` + a + `]}`, want: []string{"0 " + a}},
	{name: "every letter of Records may be escaped", file: `{"\u0052\u0065\u0063\u006f\u0072\u0064\u0073":[` + a + `]}`, want: []string{"0 " + a}},
	{name: "another case is another key", file: `{"records":[` + a + `]}`, end: cloudtrail.ErrNotRecords},
	{name: "an escape of another letter is another key", file: `{"Rec\u0070rds":[` + a + `]}`, end: cloudtrail.ErrNotRecords},
	{name: "an escape that is none is another key", file: `{"Rec\u00zfrds":[` + a + `],"Rec\u00":1,"\\\"":2}`, end: cloudtrail.ErrNotRecords},
	{name: "a long key is another key", file: `{"Records` + strings.Repeat("x", 500) + `":[` + a + `]}`, end: cloudtrail.ErrNotRecords},
	{name: "of two keys Records the first wins and the second is named", file: `{"Records":[` + a + `],"Records":[` + b + `]}`, want: []string{"0 " + a}, end: cloudtrail.ErrDuplicate, says: "at byte 63 was not read"},
	{name: "the second is named at the end of the file only", file: `{"Records":[],"Records":[` + b + `]} ` + a, want: []string{"0 " + a}, end: cloudtrail.ErrDuplicate},
	{name: "a second Records after one that is no array is named too", file: `{"Records":1,"Records":[` + b + `]}`, end: cloudtrail.ErrDuplicate},

	{name: "an object without Records is a record", file: a, want: []string{"0 " + a}},
	{name: "objects may follow each other", file: a + "\n" + b + a, want: []string{"0 " + a, "1 " + b, "2 " + a}},
	{name: "Records arrays that follow each other are counted through", file: `{"Records":[` + a + `]}{"Records":[` + b + `]}`, want: []string{"0 " + a, "1 " + b}},
	{name: "a record is one although a key Records holds no array", file: `{"Records":5,"eventVersion":"1"}`, want: []string{`0 {"Records":5,"eventVersion":"1"}`}},
	{name: "among several objects one that is no record is skipped", file: `{"x":1}` + a + `{"x":2}`, want: []string{"record 0: " + noKeys, "1 " + a, "record 2: " + noKeys}},
	{name: "the last of several objects may be no record", file: a + `{"x":2}`, want: []string{"0 " + a, "record 1: " + noKeys}},
	{name: "an only object that is no record is no CloudTrail file", file: `{"awsAccountId":"1","logFiles":[]} `, end: cloudtrail.ErrNotRecords},
	{name: "a large object that is no record is no CloudTrail file", file: `{"logFiles":[` + strings.Repeat("0,", 100_000) + `0]}`, end: cloudtrail.ErrNotRecords},
	{name: "a large object may come before Records", file: `{"x":[` + strings.Repeat("0,", 100_000) + `0],"Records":[` + a + `]}`, want: []string{"0 " + a}},
	{name: "an empty object is no CloudTrail file", file: `{}`, end: cloudtrail.ErrNotRecords},
	{name: "Records that is no array is no CloudTrail file", file: `{"Records":5}`, end: cloudtrail.ErrNotRecords},
	{name: "an array is no CloudTrail file", file: `[` + a + `]`, end: cloudtrail.ErrNotRecords},
	{name: "a number is no CloudTrail file", file: `12`, end: cloudtrail.ErrNotRecords},
	{name: "a string is no CloudTrail file", file: `"Records"`, end: cloudtrail.ErrNotRecords},
	{name: "null is no CloudTrail file", file: "null\n", end: cloudtrail.ErrNotRecords},
	{name: "text is no JSON", file: `hello`, end: cloudtrail.ErrSyntax, says: `at byte 0: found "h", expected a value`},
	{name: "a half literal is no JSON", file: `nil`, end: cloudtrail.ErrSyntax, says: `at byte 1: found "i", expected null`},
	{name: "a literal may be cut", file: `tru`, end: io.ErrUnexpectedEOF},
	{name: "UTF-16 is named", file: "\xff\xfe{\x00", end: cloudtrail.ErrSyntax, says: "UTF-16"},
	{name: "UTF-16 of the other order is named", file: "\xfe\xff\x00{", end: cloudtrail.ErrSyntax, says: "UTF-16"},

	{name: "eventName and eventSource must be strings", file: `{"Records":[{"eventName":"x","eventSource":1},{"eventName":null,"eventSource":"x"},{"eventName":{"eventSource":"x"}},{"eventName":["x"],"eventSource":"x"}]}`,
		want: []string{"record 0: " + noKeys, "record 1: " + noKeys, "record 2: " + noKeys, "record 3: " + noKeys}},
	{name: "eventVersion may have any value", file: `{"Records":[{"eventVersion":null},{"eventVersion" : {}}]}`, want: []string{`0 {"eventVersion":null}`, `1 {"eventVersion" : {}}`}},
	{name: "keys deeper down or in strings make no record", file: `{"Records":[{"a":{"eventVersion":1}},{"a":"eventVersion"},{"a":["eventVersion"],"b":"\"eventVersion\":1"},{"eventversion":1}]}`,
		want: []string{"record 0: " + noKeys, "record 1: " + noKeys, "record 2: " + noKeys, "record 3: " + noKeys}},
	{name: "keys of a record may be written with escapes", file: `{"Records":[{"event\u0056ersion":1},{"\u0065ventName":"\"","eventSourc\u0065":"x"}]}`,
		want: []string{`0 {"event\u0056ersion":1}`, `1 {"\u0065ventName":"\"","eventSourc\u0065":"x"}`}},
	{name: "elements that are no objects are skipped", file: `{"Records":[null,5,"x",[` + a + `],true,` + a + `,false,-1e9]}`,
		want: []string{"record 0: " + notObject, "record 1: " + notObject, "record 2: " + notObject, "record 3: " + notObject, "record 4: " + notObject, "5 " + a, "record 6: " + notObject, "record 7: " + notObject}},
	{name: "brackets, quotes and backslashes in strings are text", file: `{"Records":[{"eventVersion":"\\","x":"}]\"{[","\"":"\\\\\"","y":"|_^~"}]}`,
		want: []string{`0 {"eventVersion":"\\","x":"}]\"{[","\"":"\\\\\"","y":"|_^~"}`}},
	{name: "invalid JSON inside a record is the parser's matter", file: `{"Records":[{"eventVersion":1,,"x"},{"eventVersion":[{]}},` + a + `]}`,
		want: []string{`0 {"eventVersion":1,,"x"}`, `1 {"eventVersion":[{]}}`, "2 " + a}},
	{name: "invalid UTF-8 is passed on untouched", file: "{\"Records\":[{\"eventVersion\":\"\xff\xfe \xc3\x28 \xed\xa0\x80 \xa2\xdb\xfb\"}," + a + "]}",
		want: []string{"0 {\"eventVersion\":\"\xff\xfe \xc3\x28 \xed\xa0\x80 \xa2\xdb\xfb\"}", "1 " + a}},

	{name: "a missing comma ends the file", file: `{"Records":[` + a + ` ` + b + `]}`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: `at byte 52: found "{", expected a comma`},
	{name: "a comma too many ends the file", file: `{"Records":[` + a + `,,` + b + `]}`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 52"},
	{name: "a comma at the end of the array ends the file", file: `{"Records":[` + a + `,]}`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 52"},
	{name: "a stray byte in the array ends the file", file: `{"Records":[` + a + `,x]}`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 52"},
	{name: "a stray byte in a number ends the file", file: `{"Records":[1x]}`, end: cloudtrail.ErrSyntax, says: "at byte 13"},
	{name: "an array closed by a brace ends the file", file: `{"Records":[` + a + `}}`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 51"},
	{name: "a record closed by a bracket ends the file", file: `{"Records":[{"eventVersion":1],` + a + `]}`, end: cloudtrail.ErrSyntax, says: `at byte 29: found "]", expected '}'`},
	{name: "a file closed by a bracket ends with an error", file: `{"Records":[` + a + `]]`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 52"},
	{name: "a key must be a string", file: `{Records:[]}`, end: cloudtrail.ErrSyntax, says: "at byte 1"},
	{name: "a key needs a colon", file: `{"Records"[]}`, end: cloudtrail.ErrSyntax, says: "at byte 10"},
	{name: "members need a comma", file: `{"a":1 "Records":[]}`, end: cloudtrail.ErrSyntax, says: "at byte 7"},
	{name: "a comma needs a member", file: `{"a":1,}`, end: cloudtrail.ErrSyntax, says: "at byte 7"},
	{name: "a member needs a value", file: `{"a":}`, end: cloudtrail.ErrSyntax, says: "at byte 5"},
	{name: "trailing data is an error", file: `{"Records":[` + a + `]}x`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 53"},
	{name: "a trailing array is an error", file: a + `[]`, want: []string{"0 " + a}, end: cloudtrail.ErrSyntax, says: "at byte 39"},
	{name: "trailing data after an object that is no record is an error", file: `{"x":1}]`, end: cloudtrail.ErrSyntax, says: "at byte 7"},
	{name: "offsets count a byte order mark", file: "\xef\xbb\xbfx", end: cloudtrail.ErrSyntax, says: "at byte 3"},

	{name: "an empty file is cut", file: ``, end: io.ErrUnexpectedEOF},
	{name: "a file of white space is cut", file: " \n", end: io.ErrUnexpectedEOF},
	{name: "a file may be cut in a record", file: `{"Records":[` + a + `,{"eventVer`, want: []string{"0 " + a}, end: io.ErrUnexpectedEOF, says: "after 62 bytes"},
	{name: "a file may be cut behind a backslash", file: `{"Records":[` + a + `,{"eventVersion":"\`, want: []string{"0 " + a}, end: io.ErrUnexpectedEOF},
	{name: "a file may be cut behind a record", file: `{"Records":[` + a, want: []string{"0 " + a}, end: io.ErrUnexpectedEOF},
	{name: "a file may be cut behind a comma", file: `{"Records":[` + a + `,`, want: []string{"0 " + a}, end: io.ErrUnexpectedEOF},
	{name: "a file may be cut behind the array", file: `{"Records":[` + a + `]`, want: []string{"0 " + a}, end: io.ErrUnexpectedEOF},
	{name: "a file may be cut in a key", file: `{"Rec`, end: io.ErrUnexpectedEOF},
	{name: "a file may be cut behind a key", file: `{"Records"`, end: io.ErrUnexpectedEOF},
	{name: "a file may be cut behind a colon", file: `{"Records":`, end: io.ErrUnexpectedEOF},
	{name: "a bare record may be cut", file: `{"eventVersion":1`, end: io.ErrUnexpectedEOF},

	{name: "a record of the limit is read", file: `{"Records":[` + sized(200) + `]}`, want: []string{"0 " + sized(200)}},
	{name: "a record over the limit is skipped", file: `{"Records":[` + a + `,` + sized(201) + `,` + b + `]}`, want: []string{"0 " + a, "record 1: record over the size limit", "2 " + b}},
	{name: "a huge record is skipped", file: `{"Records":[` + a + `,` + sized(300_000) + `,` + b + `]}`, want: []string{"0 " + a, "record 1: record over the size limit", "2 " + b}},
	{name: "a huge object that is no record is named so", file: `{"Records":[{"x":"` + strings.Repeat("x", 300_000) + `"},` + b + `]}`, want: []string{"record 0: " + noKeys, "1 " + b}},
	{name: "the keys of a huge object are seen at its end", file: `{"Records":[{"x":"` + strings.Repeat(`\"`, 100_000) + `","event\u0056ersion":1},` + b + `]}`, want: []string{"record 0: record over the size limit", "1 " + b}},
	{name: "a huge bare record is skipped", file: sized(300_000) + a, want: []string{"record 0: record over the size limit", "1 " + a}},

	{name: "each line is a record", format: cloudtrail.Lines, file: a + "\n" + b + "\n", want: []string{"0 " + a, "1 " + b}},
	{name: "the last line needs no newline", format: cloudtrail.Lines, file: a + "\n" + b, want: []string{"0 " + a, "1 " + b}},
	{name: "lines may end with CR LF", format: cloudtrail.Lines, file: a + "\r\n" + b + " \r\n", want: []string{"0 " + a, "1 " + b}},
	{name: "a byte order mark before lines is skipped", format: cloudtrail.Lines, file: "\xef\xbb\xbf" + a, want: []string{"0 " + a}},
	{name: "UTF-16 lines are named", format: cloudtrail.Lines, file: "\xff\xfe{\x00", end: cloudtrail.ErrSyntax, says: "UTF-16"},
	{name: "blank lines count", format: cloudtrail.Lines, file: "\n \t\r\n" + a + "\n\n  " + b + "\n \n", want: []string{"2 " + a, "4 " + b}},
	{name: "no lines are no error", format: cloudtrail.Lines, file: ""},
	{name: "lines that are no records are skipped", format: cloudtrail.Lines, file: `{"Records":[` + a + `]}` + "\n[]\n5\n" + a, want: []string{"record 0: " + noKeys, "record 1: " + notObject, "record 2: " + notObject, "3 " + a}},
	{name: "bad lines are skipped", format: cloudtrail.Lines, file: `{"eventVersion":"` + "\n" + a + "x\nhello\n" + `{"eventVersion":1]` + "\n" + a + a + "\n" + b,
		want: []string{"record 0: invalid JSON: the line ends inside the record", `record 1: invalid JSON: "x" behind the record`, `record 2: invalid JSON: the line begins with "h"`,
			"record 3: invalid JSON: found ']', expected '}'", `record 4: invalid JSON: "{" behind the record`, "5 " + b}},
	{name: "a cut last line is told from a bad one", format: cloudtrail.Lines, file: a + "\n" + `{"eventVersion":`, want: []string{"0 " + a, "record 1: the line ends inside the record: unexpected EOF"}},
	{name: "a line of the limit is read", format: cloudtrail.Lines, file: strings.Repeat(" ", 100_000) + sized(200) + "\n" + a, want: []string{"0 " + sized(200), "1 " + a}},
	{name: "lines over the limit are skipped", format: cloudtrail.Lines, file: sized(201) + "\n" + a + "\n" + sized(300_000) + "\n" + b + "\n" + sized(300_000),
		want: []string{"record 0: record over the size limit", "1 " + a, "record 2: record over the size limit", "3 " + b, "record 4: record over the size limit"}},
}

// sized is a record of n bytes.
func sized(n int) string {
	const rest = `{"eventVersion":"","x":"{"}`
	return rest[:17] + strings.Repeat("x", n-len(rest)) + rest[17:]
}

var small = cloudtrail.Limits{Record: 200}

func TestReaderSplits(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := func(how string, src io.Reader, format cloudtrail.Format) {
				t.Helper()
				got := readAll(t, cloudtrail.NewReader(src, format, small))
				if diff := cmp.Diff(c.want, got.lines); diff != "" {
					t.Errorf("%s: records (-want +got):\n%s", how, diff)
				}
				end := c.end
				if end == nil {
					end = io.EOF
				}
				if !errors.Is(got.end, end) || (end == io.EOF && got.end != io.EOF) || !strings.Contains(fmt.Sprint(got.end), c.says) {
					t.Errorf("%s: ended with %q, want %q that says %q", how, got.end, end, c.says)
				}
			}
			check("whole", strings.NewReader(c.file), c.format)
			check("one byte at a time", iotest.OneByteReader(strings.NewReader(c.file)), c.format)
			check("data with the error", iotest.DataErrReader(strings.NewReader(c.file)), c.format)
			for _, n := range []int{2, 3, 7, 8, 9, 15, 31, 4093} {
				check(fmt.Sprintf("%d bytes at a time", n), &chunkReader{strings.NewReader(c.file), n}, c.format)
			}
			packed := pack(t, []byte(c.file))
			check("packed", bytes.NewReader(packed), c.format)
			check("packed as its name promises", bytes.NewReader(packed), c.format+cloudtrail.GzipDocument)
			check("packed, one byte at a time", iotest.OneByteReader(bytes.NewReader(packed)), c.format)
		})
	}
}

func TestRecordErrorKeepsItsReason(t *testing.T) {
	for _, c := range []struct {
		file   string
		format cloudtrail.Format
		want   error
	}{
		{`{"Records":[null]}`, cloudtrail.Document, cloudtrail.ErrNotRecord},
		{`{"Records":[{}]}`, cloudtrail.Document, cloudtrail.ErrNotRecord},
		{`{"Records":[` + sized(201) + `]}`, cloudtrail.Document, cloudtrail.ErrTooLarge},
		{"hello", cloudtrail.Lines, cloudtrail.ErrSyntax},
		{"{\n", cloudtrail.Lines, cloudtrail.ErrSyntax},
		{"{", cloudtrail.Lines, io.ErrUnexpectedEOF},
	} {
		_, err := cloudtrail.NewReader(strings.NewReader(c.file), c.format, small).Next()
		var one *cloudtrail.RecordError
		if !errors.As(err, &one) || !errors.Is(err, c.want) || one.Index != 0 {
			t.Errorf("%s: %v, want a RecordError of index 0 that wraps %v", c.file, err, c.want)
		}
	}
}

func TestResetForgetsTheLastFile(t *testing.T) {
	used := cloudtrail.NewReader(strings.NewReader(""), cloudtrail.Document, small)
	for _, c := range cases {
		want := readAll(t, cloudtrail.NewReader(strings.NewReader(c.file), c.format, small))
		used.Reset(bytes.NewReader(pack(t, []byte(c.file))), c.format)
		got := readAll(t, used)
		if diff := cmp.Diff(want.lines, got.lines); diff != "" || want.end.Error() != got.end.Error() {
			t.Errorf("%s: ended with %v, want %v; records (-want +got):\n%s", c.name, got.end, want.end, diff)
		}
		used.Reset(strings.NewReader(`{"Records":[`+a+`],"Records":[`), cloudtrail.Document)
		if _, err := used.Next(); err != nil { // and leave it half read
			t.Fatal(err)
		}
	}
}

// The head of a record tells its first members, and nothing where text between them is broken: a member that was not
// noted would count as absent.
func TestHead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		text string
		want string // its keys, or that nothing is known
	}{
		{"up to what rules ask for, and the plain ones behind", `{"eventVersion":"1","userIdentity":{"type":"Root"},"eventSource":"s","eventName":"A","userAgent":"u","x":[1],"y":"z"}`, "eventVersion userIdentity eventSource eventName userAgent"},
		{"in any order", `{"eventName":"A","n":17,"t":true,"eventSource":"s","x":{"eventVersion":"1"},"userIdentity":null,"z":{}}`, "eventName n t eventSource x userIdentity"},
		{"all of a short one", `{"eventVersion":"1","eventName":"A"}`, "eventVersion eventName"},
		{"white space", "{ \"eventVersion\" : \"1\" , \"x\" : [ 2 ] }", "eventVersion x"},
		{"a comma is missing", `{"eventSource":"s","eventVersion":"1","eventName":"A" "awsRegion":"x"}`, ""},
		{"another character in its place", `{"eventSource":"s","eventVersion":"1","eventName":"A";"awsRegion":"x"}`, ""},
		{"a comma is missing behind an object", `{"eventVersion":"1","userIdentity":{"type":"Root"} "awsRegion":"x"}`, ""},
		{"a comma too many", `{"eventVersion":"1",,"eventName":"A"}`, ""},
		{"a value is missing", `{"eventVersion":"1","x" "eventName":"A"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 3, 7, 1000} {
				r := cloudtrail.NewReader(pieces{strings.NewReader(`{"Records":[` + c.text + `]}`), size}, cloudtrail.Document, cloudtrail.Limits{})
				record, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				var keys []string
				for _, m := range record.Head.Members {
					keys = append(keys, string(m.Key(record.Raw)))
					if value := string(m.Value(record.Raw)); !json.Valid([]byte(value)) || !strings.Contains(c.text, value) {
						t.Errorf("%s has the value %q", m.Key(record.Raw), value)
					}
				}
				// A piece may end before a member that is plain only when all of it is there.
				if got := strings.Join(keys, " "); got != c.want && (size > 100 || c.want == "" || !strings.HasPrefix(c.want, got)) {
					t.Errorf("in pieces of %d bytes: %q, want %q", size, got, c.want)
				}
			}
		})
	}
}

// pieces reads at most size bytes at a time.
type pieces struct {
	io.Reader
	size int
}

func (p pieces) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), p.size)]) }
