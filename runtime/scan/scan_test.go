package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime"
)

func TestMatchesAsJSONL(t *testing.T) {
	files(t, map[string]string{
		"logs/b.json":    delivery(event("e1", "DescribeTrails", 0), event("e<2>", "StopLogging", 1)),
		"logs/a.json.gz": pack(delivery(`{"eventVersion":"1","eventName":"GetUser"}`)),
	})
	got := call(t, "", "scan", "--matches", "--format", "jsonl", "logs")
	want := `{"rule_id":"id-get","rule":"get","title":"Title of get","level":"low","file":"logs/a.json.gz","record":0,"event_id":"","event_time":"","event_source":"","event_name":"GetUser","account_id":"","region":"","actor":"","source_ip":""}
{"rule_id":"id-stop","rule":"stop","title":"Title of stop","level":"critical","file":"logs/b.json","record":1,"event_id":"e<2>","event_time":"2025-03-09T16:01:00Z","event_source":"cloudtrail.amazonaws.com","event_name":"StopLogging","account_id":"111122223333","region":"us-east-1","actor":"arn:aws:iam::111122223333:user/alice","source_ip":"192.0.2.1"}
{"rule_id":"id-stop_too","rule":"stop_too","title":"Title of stop_too","level":"high","file":"logs/b.json","record":1,"event_id":"e<2>","event_time":"2025-03-09T16:01:00Z","event_source":"cloudtrail.amazonaws.com","event_name":"StopLogging","account_id":"111122223333","region":"us-east-1","actor":"arn:aws:iam::111122223333:user/alice","source_ip":"192.0.2.1"}
`
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("scanned 2 files, 3 records in 0.00 s (3000000 records/s)\n3 matches\n", got.stderr); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
	if got.code != 0 {
		t.Errorf("exit code %d", got.code)
	}
}

// pipelineFiles hold: an excepted user creation, one below medium, three of one
// rule in an hour, one of them read twice, and one after the cooldown, which
// stands in the file that is read first.
func pipelineFiles() map[string]string {
	excepted := strings.Replace(event("e0", "CreateUser", 0), "192.0.2.1", "198.51.100.9", 1)
	late := strings.Replace(event("e5", "DeleteTrail", 20), "T16:", "T17:", 1)
	return map[string]string{
		"a.json":  delivery(late),
		"b.jsonl": excepted + "\n" + event("e1", "GetUser", 1) + "\n",
		"c.json":  delivery(event("e4", "DeleteTrail", 12), event("e2", "DeleteTrail", 10)),
		"d.json":  delivery(event("e2", "DeleteTrail", 10), event("e3", "DeleteTrail", 11)),
	}
}

func TestPipeline(t *testing.T) {
	files(t, pipelineFiles())
	got := call(t, "", "scan", "--format=jsonl", ".")
	want := `{"rule_id":"id-stop","rule":"stop","title":"Title of stop","level":"critical","file":"c.json","record":1,"event_id":"e2","event_time":"2025-03-09T16:10:00Z","event_source":"cloudtrail.amazonaws.com","event_name":"DeleteTrail","account_id":"111122223333","region":"us-east-1","actor":"arn:aws:iam::111122223333:user/alice","source_ip":"192.0.2.1","severity":"critical","name":"name_stop","related":[],"suppressed":0,"why":["severity critical is the level of the rule"]}
{"rule_id":"id-stop","rule":"stop","title":"Title of stop","level":"critical","file":"a.json","record":0,"event_id":"e5","event_time":"2025-03-09T17:20:00Z","event_source":"cloudtrail.amazonaws.com","event_name":"DeleteTrail","account_id":"111122223333","region":"us-east-1","actor":"arn:aws:iam::111122223333:user/alice","source_ip":"192.0.2.1","severity":"critical","name":"name_stop","related":[],"suppressed":2,"why":["severity critical is the level of the rule","2 like it were held back since 2025-03-09T16:10:00Z"]}
`
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	wantIn(t, got.stderr, "scanned 4 files, 7 records", "7 matches, 2 alerts (1 duplicate, 1 excepted, 1 below medium, 2 held back by the cooldown)")
}

func TestPipelineFlags(t *testing.T) {
	files(t, pipelineFiles())
	tests := []struct {
		name string
		args []string
		want []string // event ids
	}{
		{"--cooldown 0 holds nothing back", []string{"--cooldown", "0"}, []string{"e2", "e3", "e4", "e5"}},
		{"--cooldown 2 holds back what comes one minute later", []string{"--cooldown", "2"}, []string{"e2", "e4", "e5"}},
		{"--min-severity low lets the low one through", []string{"--min-severity", "low"}, []string{"e1", "e2", "e5"}},
		{"--min-severity knows no case", []string{"--min-severity", "LOW"}, []string{"e1", "e2", "e5"}},
		{"--alerts leaves out all but duplicates, in order of arrival", []string{"--alerts"}, []string{"e5", "e0", "e1", "e4", "e2", "e3"}},
		{"--matches decides nothing, in order of arrival", []string{"--matches"}, []string{"e5", "e0", "e1", "e4", "e2", "e2", "e3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(t, "", append([]string{"scan", "-f", "jsonl", "."}, test.args...)...)
			var ids []string
			for line := range strings.Lines(got.stdout) {
				var row struct {
					EventID string `json:"event_id"`
				}
				if err := json.Unmarshal([]byte(line), &row); err != nil {
					t.Fatal(err)
				}
				ids = append(ids, row.EventID)
			}
			if diff := cmp.Diff(test.want, ids); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
	got := call(t, "", "scan", "--alerts", "-f", "jsonl", "c.json")
	wantIn(t, got.stdout, `"severity":"critical","name":"name_stop","related":[],"suppressed":0,"why":["severity critical is the level of the rule"]}`)
	wantIn(t, got.stderr, "2 matches, 2 alerts\n")
	got = call(t, "", "scan", "--matches", "--cooldown=5", "c.json")
	wantIn(t, got.stderr, "note: --cooldown has no effect with --matches\n")
}

func TestCSV(t *testing.T) {
	hostile := strings.Replace(event("e1", "StopLogging", 1), "arn:aws:iam::111122223333:user/alice", `=cmd|' /C calc'!A0, \"x\"`, 1)
	files(t, map[string]string{"a.json": delivery(hostile)})
	got := call(t, "", "scan", "--format=csv", "--min-severity=critical", ".")
	want := `rule_id,rule,title,level,file,record,event_id,event_time,event_source,event_name,account_id,region,actor,source_ip,severity,name,related,suppressed,why
id-stop,stop,Title of stop,critical,a.json,0,e1,2025-03-09T16:01:00Z,cloudtrail.amazonaws.com,StopLogging,111122223333,us-east-1,"'=cmd|' /C calc'!A0, ""x""",192.0.2.1,critical,name_stop,,0,severity critical is the level of the rule
`
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
	got = call(t, delivery(event("e1", "Other", 1)), "scan", "--format=csv", "--matches", "-")
	want = "rule_id,rule,title,level,file,record,event_id,event_time,event_source,event_name,account_id,region,actor,source_ip\n"
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Errorf("no matches (-want +got):\n%s", diff)
	}
}

func TestExitCodes(t *testing.T) {
	files(t, map[string]string{
		"match.json":   delivery(event("e1", "StopLogging", 1)),
		"low.json":     delivery(event("e1", "GetUser", 1)),
		"quiet.json":   delivery(event("e1", "Other", 1)),
		"broken.jsonl": event("e1", "StopLogging", 1) + "\n{\"eventVersion\":\"1\"\n",
	})
	tests := []struct {
		name string
		args string
		code int
		err  string
	}{
		{"a match is no error", "scan match.json", 0, ""},
		{"a match with --fail-on-match is 1", "scan --fail-on-match match.json", 1, ""},
		{"what is not alerted does not fail", "scan --fail-on-match low.json", 0, ""},
		{"but as a match it does", "scan --fail-on-match --matches low.json", 1, ""},
		{"nothing found is 0", "scan --fail-on-match quiet.json", 0, ""},
		{"what cannot be read goes before a match", "scan --fail-on-match broken.jsonl", 3, "error: broken.jsonl: record 1: "},
		{"a path that is not there is named", "scan nope.json quiet.json", 3, "error: read nope.json: no such file or directory\nscanned 1 file"},
		{"no path", "scan", 3, "Run 'trailalerts scan --help' for usage."},
		{"an unknown flag", "scan --what x", 3, "error: unknown flag: --what\nRun 'trailalerts scan --help'"},
		{"an unknown command", "scam", 3, `error: unknown command "scam"`},
		{"an unknown topic of help", "help scam", 3, `error: unknown command "scam"`},
		{"an unknown format", "scan -f xml quiet.json", 3, `unknown format "xml"`},
		{"html of matches", "scan --format html --matches quiet.json", 3, "--format html shows alerts"},
		{"a store that is no database", "scan --store quiet.json match.json", 3, "open store quiet.json: the file is no SQLite database"},
		{"a store that is not used", "scan --store alerts.db --matches match.json", 0, "note: --store has no effect with --matches"},
		{"an explanation without a store", "explain-alert e1", 3, "explain-alert needs --store FILE"},
		{"an explanation from a store that is not there", "explain-alert --store nope.db e1", 3, "read nope.db: no such file or directory"},
		{"an explanation without an ID", "explain-alert --store nope.db", 3, "explain-alert needs one ID"},
		{"s3", "scan s3://bucket/prefix", 3, "copy the files first: aws s3 sync s3://bucket/prefix DIR"},
		{"an unknown severity", "scan --min-severity grave quiet.json", 3, `unknown severity "grave"`},
		{"a negative cooldown", "scan --cooldown -1 quiet.json", 3, "--cooldown -1"},
		{"a cooldown that overflows", "scan --cooldown 9000000000000 quiet.json", 3, "--cooldown 9000000000000"},
		{"a cooldown that is no number", "scan --cooldown 1h quiet.json", 3, "write minutes as a number"},
		{"both --matches and --alerts", "scan --matches --alerts quiet.json", 3, "exclude each other"},
		{"help", "help scan", 0, ""},
		{"--help", "scan --help", 0, ""},
		{"nothing at all", "", 0, ""},
		{"version", "version", 0, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := call(t, "", strings.Fields(test.args)...)
			if got.code != test.code {
				t.Errorf("exit code %d, want %d; stderr:\n%s", got.code, test.code, got.stderr)
			}
			wantIn(t, got.stderr, test.err)
			if strings.Contains(got.stderr, "error:") && got.code == 0 {
				t.Errorf("exit code 0 after an error:\n%s", got.stderr)
			}
			if strings.Contains(test.err, "usage") && got.stdout != "" {
				t.Errorf("stdout: %s", got.stdout)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	wantIn(t, call(t, "").stdout, "Usage:", "Examples:", "scan", "version")
	for _, args := range [][]string{{"help", "scan"}, {"scan", "--help"}, {"scan", "-h"}} {
		wantIn(t, call(t, "", args...).stdout, "Examples:", "trailalerts scan AWSLogs/", "--min-severity", "Exit codes:")
	}
	for _, args := range [][]string{{"version", "--help"}, {"help", "--help"}} {
		wantIn(t, call(t, "", args...).stdout, "Examples:")
	}
	wantIn(t, call(t, "", "version").stdout, "trailalerts ", "4 rules, 0 correlations, hash abc\n")
}

// A scan must find what a plain reading of the files and a linear scan over the
// rules find, in the order that is promised, whatever the number of workers.
func TestMatchesEqualLinearScan(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	names := []string{"GetUser", "CreateUser", "StopLogging", "DeleteTrail", "Other", "DescribeTrails"}
	contents := map[string]string{}
	for i := range 120 {
		var records []string
		for j := range random.IntN(60) {
			records = append(records, event(fmt.Sprintf("e%d-%d", i, j), names[random.IntN(len(names))], j))
		}
		contents[fmt.Sprintf("logs/%d/%03d.json", random.IntN(5), i)] = delivery(records...)
	}
	files(t, contents)
	var want []string
	set := testSet()
	for _, path := range slices.Sorted(func(yield func(string) bool) {
		for path := range contents {
			if !yield(path) {
				return
			}
		}
	}) {
		var file struct{ Records []json.RawMessage }
		if err := json.Unmarshal([]byte(contents[path]), &file); err != nil {
			t.Fatal(err)
		}
		for i, raw := range file.Records {
			for _, rule := range runtime.MatchAll(nil, set.Rules, runtime.NewEvent(raw)) {
				want = append(want, fmt.Sprintf("%s %d %s", path, i, rule.Key))
			}
		}
	}
	parallel := call(t, "", "scan", "--matches", "-f", "jsonl", "logs")
	var got []string
	for line := range strings.Lines(parallel.stdout) {
		var row struct {
			File, Rule string
			Record     int
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %d %s", row.File, row.Record, row.Rule))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("matches (-linear scan +scan):\n%s", diff)
	}

	defer goruntime.GOMAXPROCS(goruntime.GOMAXPROCS(0))
	for _, args := range [][]string{{"--matches"}, {"--alerts"}, {"--cooldown=3"}} {
		args = append([]string{"scan", "-f", "jsonl", "logs"}, args...)
		goruntime.GOMAXPROCS(8)
		many := call(t, "", args...)
		goruntime.GOMAXPROCS(1)
		if diff := cmp.Diff(call(t, "", args...), many, cmp.AllowUnexported(outcome{})); diff != "" {
			t.Errorf("%v (-one worker +eight):\n%s", args, diff)
		}
	}
}

func TestOutputFile(t *testing.T) {
	files(t, map[string]string{"logs/a.json": delivery(event("e1", "StopLogging", 1)), "logs/bad.json": "{", "old/out.jsonl": "old"})
	onStdout := call(t, "", "scan", "-f", "jsonl", "logs")
	for _, path := range []string{"new.jsonl", "old/out.jsonl"} {
		got := call(t, "", "scan", "-f", "jsonl", "--output", path, "logs")
		if got.code != 3 || got.stdout != "" { // bad.json cannot be read, the rest is written all the same
			t.Errorf("%s: exit code %d, stdout %q", path, got.code, got.stdout)
		}
		written, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(onStdout.stdout, string(written)); diff != "" {
			t.Errorf("%s (-stdout +file):\n%s", path, diff)
		}
	}
	if err := os.Symlink("old/out.jsonl", "link"); err != nil {
		t.Fatal(err)
	}
	call(t, "", "scan", "-f", "csv", "-o", "link", "logs")
	written, err := os.ReadFile("old/out.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	wantIn(t, string(written), "rule_id,rule,")
	if got := call(t, "", "scan", "-o", "-", "logs"); !strings.Contains(got.stdout, "Title of stop") {
		t.Errorf("--output - printed %q", got.stdout)
	}
	onlyTheseFiles(t, ".", "link", "new.jsonl")
	onlyTheseFiles(t, "old", "out.jsonl")
}

func TestOutputFileLeavesNothingBehind(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "StopLogging", 1)), "out/old": "old"})
	tests := []struct{ name, output, err string }{
		{"no such directory", "none/x", "error: write none/x: no such file or directory"},
		{"a directory", "out", "error: write out: is a directory"},
		{"a full device", "/dev/full", "error: write /dev/full: no space left on device"},
		{"a file that is scanned", "a.json", "would replace a file that is to be scanned"},
	}
	for _, test := range tests {
		got := call(t, "", "scan", "-o", test.output, "a.json")
		if got.code != 3 {
			t.Errorf("%s: exit code %d", test.name, got.code)
		}
		wantIn(t, got.stderr, test.err)
	}

	set := testSet()
	set.Match = func([]*runtime.Rule, *runtime.Event) []*runtime.Rule { panic("no such index") }
	func() {
		defer func() {
			text, _ := recover().(string)
			wantIn(t, text, "a.json: record 0: no such index", "scan_test.go")
		}()
		callSet(t, set, "", "scan", "-o", "out/old", "a.json")
	}()

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stderr strings.Builder
	if code := run(ctx, Extras{}, testSet(), []string{"scan", "-o", "out/old", "a.json"}, newStreams(nil, failing{}, &stderr)); code != 3 {
		t.Errorf("interrupted: exit code %d", code)
	}
	wantIn(t, stderr.String(), "error: interrupted")

	onlyTheseFiles(t, "out", "old")
	if text, err := os.ReadFile("out/old"); err != nil || string(text) != "old" {
		t.Errorf("the old file holds %q, %v", text, err)
	}
}

func onlyTheseFiles(t *testing.T, directory string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		if !entry.IsDir() {
			got = append(got, filepath.Base(entry.Name()))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files in %s (-want +got):\n%s", directory, diff)
	}
}

// failing is a standard output that cannot be written to.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWriteErrors(t *testing.T) {
	files(t, map[string]string{"a.json": delivery(event("e1", "StopLogging", 1)), "b.json": delivery(event("e2", "StopLogging", 1))})
	for _, args := range []string{"-f jsonl", "-f csv", "-f table", "-f jsonl --matches", "-f csv --matches", "-f table --matches", "-f table --min-severity=critical --cooldown=0"} {
		arguments := append([]string{"scan"}, append(strings.Fields(args), ".")...)
		var stderr strings.Builder
		code := run(context.Background(), Extras{}, testSet(), arguments, newStreams(nil, failing{errors.New("disk on fire")}, &stderr))
		if code != 3 || stderr.String() != "error: write to standard output: disk on fire\n" {
			t.Errorf("%s: exit code %d, stderr %q", args, code, stderr.String())
		}
		stderr.Reset()
		code = run(context.Background(), Extras{}, testSet(), arguments, newStreams(nil, failing{syscall.EPIPE}, &stderr))
		if code != 3 || stderr.String() != "" {
			t.Errorf("%s, a closed pipe: exit code %d, stderr %q", args, code, stderr.String())
		}
	}
}
