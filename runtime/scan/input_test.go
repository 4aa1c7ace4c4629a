package scan

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEveryKindOfFile(t *testing.T) {
	one, two := event("e1", "StopLogging", 1), event("e2", "DeleteTrail", 2)
	files(t, map[string]string{
		"records.json":       delivery(one, two),
		"records.JSON.GZ":    pack(delivery(one, two)),
		"records-plain.json": pack(delivery(one, two)), // gzip although the name does not say so
		"single.json":        one,
		"several.json":       one + "\n" + two,
		"lines.jsonl":        one + "\n\n" + two,
		"lines.jsonl.gz":     pack(one + "\n" + two + "\n"),
		"empty.json":         delivery(),
		"odd.log":            delivery(one),
	})
	tests := []struct {
		path string
		want []string
	}{
		{"records.json", []string{"0 e1", "0 e1", "1 e2"}},
		{"records.JSON.GZ", []string{"0 e1", "0 e1", "1 e2"}},
		{"records-plain.json", []string{"0 e1", "0 e1", "1 e2"}},
		{"single.json", []string{"0 e1", "0 e1"}},
		{"several.json", []string{"0 e1", "0 e1", "1 e2"}},
		{"lines.jsonl", []string{"0 e1", "0 e1", "2 e2"}},
		{"lines.jsonl.gz", []string{"0 e1", "0 e1", "1 e2"}},
		{"empty.json", nil},
		{"odd.log", []string{"0 e1", "0 e1"}}, // it was named
	}
	cells := func(csv string) (rows []string) {
		for _, line := range strings.Split(strings.TrimSpace(csv), "\n")[1:] {
			cell := strings.Split(line, ",")
			rows = append(rows, cell[5]+" "+cell[6])
		}
		return rows
	}
	for _, test := range tests {
		got := call(t, "", "scan", "--matches", "-f", "csv", test.path)
		if diff := cmp.Diff(test.want, cells(got.stdout)); diff != "" || got.code != 0 {
			t.Errorf("%s: exit code %d (-want +got):\n%s%s", test.path, got.code, diff, got.stderr)
		}
	}
	for _, stdin := range []string{delivery(one, two), pack(delivery(one, two)), one + "\n" + two} {
		got := call(t, stdin, "scan", "--matches", "-f", "csv", "-", "-")
		if diff := cmp.Diff([]string{"0 e1", "0 e1", "1 e2"}, cells(got.stdout)); diff != "" || got.code != 0 {
			t.Errorf("standard input: exit code %d (-want +got):\n%s%s", got.code, diff, got.stderr)
		}
		wantIn(t, got.stdout, ",critical,-,0,")
	}
}

func TestSkipped(t *testing.T) {
	files(t, map[string]string{
		"logs/a.json":        delivery(event("e1", "StopLogging", 1)),
		"logs/digest.json":   `{"digestS3Bucket":"b"}`,
		"logs/list.json":     `[1,2]`,
		"logs/none.jsonl":    "{}\n[]\n",
		"logs/mixed.json":    delivery("1", event("e2", "Other", 1), "{}"),
		"logs/README.md":     "hello",
		"logs/archive.gz":    "hello",
		"logs/\x1b[2J.log":   "hello",
		"elsewhere/b.json":   delivery(event("e3", "StopLogging", 1)),
		"elsewhere/loop/c.c": "",
	})
	for link, target := range map[string]string{"logs/dir": "../elsewhere", "logs/link.json": "../elsewhere/b.json", "logs/dangling.json": "../none"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	got := call(t, "", "scan", "--matches", "-f", "csv", "logs")
	if got.code != 3 { // for dangling.json alone
		t.Errorf("exit code %d", got.code)
	}
	want := `error: read logs/dangling.json: no such file or directory
scanned 3 files, 3 records in 0.00 s (3000000 records/s)
4 matches
skipped 3 files: holds no CloudTrail records
    logs/digest.json
    logs/list.json
    logs/none.jsonl
skipped 3 files: not read because of the name (.json and .jsonl are, with or without .gz)
    logs/\x1b[2J.log
    logs/README.md
    logs/archive.gz
skipped 1 file: a link to a directory
    logs/dir
skipped 2 elements of files: not a CloudTrail record
    logs/mixed.json: 2, the first is element 0
not read, or not wholly: 1 path, 0 records
`
	if diff := cmp.Diff(want, got.stderr); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	wantIn(t, got.stdout, "critical,logs/a.json,", "critical,logs/link.json,")

	for path, want := range map[string]string{
		"logs/digest.json":    "error: logs/digest.json: no CloudTrail records: ",
		"logs/none.jsonl":     "error: logs/none.jsonl: no CloudTrail records: none of its 2 elements is one\n",
		"logs/README.md":      "error: logs/README.md: ",
		"logs/mixed.json":     "",
		"logs/\x1b[2J.log":    `error: logs/\x1b[2J.log: `,
		"logs/a.json/b.json ": "not a directory",
	} {
		got := call(t, "", "scan", path)
		if (got.code == 3) != (want != "") {
			t.Errorf("%s named: exit code %d", path, got.code)
		}
		wantIn(t, got.stderr, want)
		if strings.Contains(got.stderr, "\x1b") {
			t.Errorf("an escape sequence in %q", got.stderr)
		}
	}
}

func TestSkippedNamesAreLimited(t *testing.T) {
	contents := map[string]string{}
	for i := range 30 {
		contents["logs/"+strings.Repeat("x", i+1)] = ""
	}
	files(t, contents)
	got := call(t, "", "scan", "logs")
	wantIn(t, got.stderr, "skipped 30 files: not read because of the name (.json and .jsonl are, with or without .gz)\n    logs/x\n", "    and 5 more (--verbose names all)\n")
	if got := call(t, "", "scan", "-v", "logs"); strings.Count(got.stderr, "    logs/") != 30 || got.code != 0 {
		t.Errorf("exit code %d, stderr:\n%s", got.code, got.stderr)
	}
	if got.stdout != "No CloudTrail records were read.\n" {
		t.Errorf("stdout %q", got.stdout)
	}
}

// A file is scanned once, under the first path that leads to it, and in the
// order of the paths.
func TestSameFileOnce(t *testing.T) {
	files(t, map[string]string{
		"logs/b.json": delivery(event("e2", "DeleteTrail", 1)),
		"logs/a.json": delivery(event("e1", "DeleteTrail", 1)),
		"logs/c.txt":  delivery(event("e3", "DeleteTrail", 1)),
	})
	if err := os.Symlink("logs", "link"); err != nil {
		t.Fatal(err)
	}
	absolute, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{"twice", []string{"logs/a.json", "./logs/a.json", absolute + "/logs/a.json", "link/a.json"}, []string{"logs/a.json"}},
		{"in a directory and by name", []string{"logs", "logs/b.json"}, []string{"logs/a.json", "logs/b.json"}},
		{"by name, in a directory that would skip it", []string{"logs", "logs/c.txt"}, []string{"logs/a.json", "logs/b.json", "logs/c.txt"}},
		{"the same the other way around", []string{"logs/c.txt", "logs"}, []string{"logs/a.json", "logs/b.json", "logs/c.txt"}},
		{"a directory that is a link", []string{"link"}, []string{"link/a.json", "link/b.json"}},
		{"a directory with a slash", []string{"logs/"}, []string{"logs/a.json", "logs/b.json"}},
		{"both", []string{"link", "logs/"}, []string{"link/a.json", "link/b.json"}},
		{"sorted, not as given", []string{"logs/b.json", "logs/a.json"}, []string{"logs/a.json", "logs/b.json"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(t, "", append([]string{"scan", "--matches", "-f", "csv"}, test.args...)...)
			var paths []string
			for _, line := range strings.Split(strings.TrimSpace(got.stdout), "\n")[1:] {
				paths = append(paths, strings.Split(line, ",")[4])
			}
			if diff := cmp.Diff(test.want, paths); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if len(test.want) == 3 && strings.Contains(got.stderr, "skipped") {
				t.Errorf("stderr: %s", got.stderr)
			}
		})
	}
}

func TestUnreadable(t *testing.T) {
	stop := event("e1", "StopLogging", 1)
	deep := `{"eventVersion":"1","eventName":"StopLogging","x":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + "}"
	gz := pack(delivery(stop, stop) + strings.Repeat(" ", 1000))
	files(t, map[string]string{
		"bad.json":      delivery(`{"eventVersion":"1","eventName":StopLogging}`, stop, deep),
		"cut.json":      delivery(stop, stop)[:len(stop)+50],
		"cut.json.gz":   gz[:len(gz)-9],
		"damaged.jsonl": strings.Replace(stop, "us-east-1", "us-\xff-1", 1) + "\n",
		"empty.json":    "",
		"huge.json":     delivery(`{"eventVersion":"1","x":"`+strings.Repeat("x", 5<<20)+`"}`, stop),
		"many.jsonl":    strings.Repeat("{\"eventVersion\":\n", 25) + stop,
		"plain.json.gz": delivery(stop),
		"noise.json.gz": "\x00\x01",
		"twice.json":    `{"Records":[` + stop + `],"Records":[]}`,
	})
	tests := []struct {
		path    string
		matches int
		want    []string
	}{
		{"bad.json", 2, []string{"error: bad.json: record 0: the record is not valid JSON", "error: bad.json: record 2: the record is nested deeper than 300 levels", "scanned 1 file, 3 records", "0 paths, 2 records"}},
		{"cut.json", 2, []string{"error: cut.json: ", "unexpected EOF", "1 path, 0 records"}},
		{"cut.json.gz", 4, []string{"error: cut.json.gz: gzip stream cut"}},
		{"damaged.jsonl", 2, []string{"error: damaged.jsonl: record 0: the record holds invalid UTF-8"}},
		{"empty.json", 0, []string{"error: empty.json: no JSON in 0 bytes"}},
		{"huge.json", 2, []string{"error: huge.json: record 0: record over the size limit", "2 records"}},
		{"many.jsonl", 2, []string{"error: many.jsonl: record 9: ", "error: many.jsonl: and 15 more\n", "0 paths, 25 records"}},
		{"plain.json.gz", 2, []string{"error: plain.json.gz: not a gzip file, though its name says so; it was read as it is"}},
		{"noise.json.gz", 0, []string{"error: noise.json.gz: not a gzip file\n"}},
		{"twice.json", 2, []string{`error: twice.json: second key "Records"`}},
	}
	for _, test := range tests {
		for _, path := range []string{test.path, "./" + test.path} {
			got := call(t, "", "scan", "--matches", "-f", "jsonl", "--fail-on-match", path)
			if got.code != 3 || strings.Count(got.stdout, "\n") != test.matches {
				t.Errorf("%s: exit code %d, %d matches, want %d\n%s", test.path, got.code, strings.Count(got.stdout, "\n"), test.matches, got.stderr)
			}
			if path == test.path {
				wantIn(t, got.stderr, test.want...)
			}
		}
	}
	got := call(t, "", "scan", "--matches", ".")
	if got.code != 3 || strings.Count(got.stderr, "record 10:") != 0 {
		t.Errorf("all: exit code %d\n%s", got.code, got.stderr)
	}
	if got := call(t, "", "scan", "-v", "many.jsonl"); strings.Count(got.stderr, "error:") != 25 {
		t.Errorf("--verbose: %s", got.stderr)
	}
	wantIn(t, call(t, "", "scan", "empty.json").stdout, "No CloudTrail records were read.\n")
	wantIn(t, call(t, "", "scan", "--min-severity", "critical", "--cooldown", "0", "empty.json", quietFile(t)).stdout, "No alerts in what could be read.\n")
}

// quietFile writes a file whose only record matches nothing.
func quietFile(t *testing.T) string {
	t.Helper()
	const name = "quiet.json"
	if err := os.WriteFile(name, []byte(delivery(event("q", "DescribeInstances", 0))), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
