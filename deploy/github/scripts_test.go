package github

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

// A program stands in for one that a script calls. It returns the exit code.
type program func(dir string, arguments []string, s stdio) (code int)

// stdio is what a program reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// run runs a script of scripts/ with programs in place of those of a machine; a
// program that is not among them fails the test.
func run(t *testing.T, script string, environment map[string]string, programs map[string]program, arguments ...string) (dir, stdout, stderr string, code int) {
	t.Helper()
	text, err := os.Open(filepath.Join("scripts", script))
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	parsed, err := syntax.NewParser().Parse(text, script)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	variables := []string{"PATH=/nowhere", "HOME=" + dir}
	for name, value := range environment {
		variables = append(variables, name+"="+strings.ReplaceAll(value, "DIR", dir))
	}
	call := func(interp.ExecHandlerFunc) interp.ExecHandlerFunc {
		return func(ctx context.Context, arguments []string) error {
			h := interp.HandlerCtx(ctx)
			p, known := programs[filepath.Base(arguments[0])]
			if !known {
				t.Errorf("%s calls %q", script, arguments)
				return interp.ExitStatus(127)
			}
			if code := p(h.Dir, arguments[1:], stdio{h.Stdin, h.Stdout, h.Stderr}); code != 0 {
				return interp.ExitStatus(code)
			}
			return nil
		}
	}
	var out, errs strings.Builder
	runner, err := interp.New(
		interp.Env(expand.ListEnviron(variables...)), interp.Dir(dir), interp.StdIO(nil, &out, &errs),
		interp.Params(append([]string{"--"}, arguments...)...), interp.ExecHandlers(call),
	)
	if err != nil {
		t.Fatal(err)
	}
	var status interp.ExitStatus
	switch err := runner.Run(t.Context(), parsed).(type) {
	case nil:
	case interp.ExitStatus:
		status = err
	default:
		t.Fatalf("%s: %v", script, err)
	}
	return dir, out.String(), errs.String(), int(status)
}

// functions are two Lambda functions as aws lambda knows them, and every move of
// an alias.
type functions struct {
	aliases  map[string]*alias            // by function and alias: analyzer:live
	releases map[string]map[string]string // descriptions by function and version
	stuck    string                       // the function whose alias cannot be moved
	lost     string                       // the function whose alias is moved, and the answer lost
	last     int                          // how many moves there are before nothing answers any more; 0: it always does
	moves    []string
}

type alias struct{ version, description string }

func option(arguments []string, name string) string {
	if i := slices.Index(arguments, name); i >= 0 && i+1 < len(arguments) {
		return arguments[i+1]
	}
	return ""
}

func (f *functions) aws(_ string, arguments []string, s stdio) int {
	function, name := option(arguments, "--function-name"), option(arguments, "--name")
	if f.last > 0 && len(f.moves) >= f.last {
		return 255
	}
	switch strings.Join(arguments[:2], " ") {
	case "lambda get-alias":
		a, ok := f.aliases[function+":"+name]
		if !ok {
			return 254
		}
		if option(arguments, "--query") == "Description" {
			fmt.Fprintln(s.out, a.description)
		} else {
			fmt.Fprintln(s.out, a.version)
		}
	case "lambda get-function-configuration":
		fmt.Fprintln(s.out, f.releases[function][option(arguments, "--qualifier")])
	case "lambda update-alias":
		if function == f.stuck {
			return 254
		}
		to := alias{option(arguments, "--function-version"), option(arguments, "--description")}
		f.aliases[function+":"+name] = &to
		f.moves = append(f.moves, fmt.Sprintf("%s %s: %s, %s", function, name, to.version, to.description))
		if function == f.lost {
			return 255
		}
	case "lambda list-versions-by-function":
		_, release, found := strings.Cut(option(arguments, "--query"), "ends_with(Description, '")
		if !found {
			return 0 // the list for people
		}
		release, _, _ = strings.Cut(release, "'")
		newest := "null"
		for version := range 100 {
			if strings.HasSuffix(f.releases[function][fmt.Sprint(version)], release) {
				newest = fmt.Sprintf("%q", fmt.Sprint(version))
			}
		}
		fmt.Fprintln(s.out, newest)
	default:
		return 252
	}
	return 0
}

// newFunctions are two functions of which release 1.3.0 is live and 1.4.0 is shadow.
func newFunctions() *functions {
	return &functions{
		aliases: map[string]*alias{
			"analyzer:live": {"5", liveNote}, "analyzer:shadow": {"7", ""},
			"processor:live": {"6", liveNote}, "processor:shadow": {"8", ""},
		},
		releases: map[string]map[string]string{
			"analyzer":  {"2": "TrailAlerts analyzer 1.2.0", "3": "TrailAlerts analyzer 1.2.0", "4": "TrailAlerts analyzer 1.2.1", "5": "TrailAlerts analyzer 1.3.0", "7": "TrailAlerts analyzer 1.4.0", "9": "TrailAlerts analyzer 1.4.0"},
			"processor": {"4": "TrailAlerts processor 1.2.0", "6": "TrailAlerts processor 1.3.0", "8": "TrailAlerts processor 1.4.0"},
		},
	}
}

// What the alias live says of 1.3.0, of the promotion to 1.4.0, and of going back.
const (
	liveNote     = "release 1.3.0: analyzer 5, processor 6; before it: analyzer 4, processor 4"
	promotedNote = "release 1.4.0: analyzer 7, processor 8; before it: analyzer 5, processor 6"
	backNote     = "rolled back to analyzer 5, processor 6; from analyzer 7, processor 8"
)

// live runs live.sh.
func (f *functions) live(t *testing.T, arguments ...string) (says string, code int) {
	t.Helper()
	environment := map[string]string{"ANALYZER_FUNCTION": "analyzer", "PROCESSOR_FUNCTION": "processor"}
	_, stdout, stderr, code := run(t, "live.sh", environment, map[string]program{"aws": f.aws}, arguments...)
	return stdout + stderr, code
}

func TestLive(t *testing.T) {
	promote := []string{"promote", "1.4.0", "7", "8"}
	for _, c := range []struct {
		name      string
		arguments []string
		change    func(*functions)
		want      []string
		code      int
		says      string
	}{
		{
			name:      "A promotion moves the processor first and notes in both what both were before.",
			arguments: promote,
			want:      []string{"processor live: 8, " + promotedNote, "analyzer live: 7, " + promotedNote},
			says:      "live: processor version 6 -> 8, analyzer version 5 -> 7",
		},
		{
			name:      "What is live already is not moved, so that the note stays.",
			arguments: promote,
			change: func(f *functions) {
				f.aliases["analyzer:live"].version, f.aliases["processor:live"].version = "7", "8"
			},
			says: "live is there already",
		},
		{
			name:      "Other settings of the analyzer alone: the processor stays, and notes another promotion.",
			arguments: []string{"promote", "1.4.0", "9", "8"},
			change: func(f *functions) {
				f.aliases["analyzer:live"], f.aliases["processor:live"] = &alias{"7", promotedNote}, &alias{"8", promotedNote}
				f.aliases["analyzer:shadow"].version = "9"
			},
			want: []string{
				"processor live: 8, release 1.4.0: analyzer 9, processor 8; before it: analyzer 7, processor 8",
				"analyzer live: 9, release 1.4.0: analyzer 9, processor 8; before it: analyzer 7, processor 8",
			},
		},
		{
			name:      "Shadow has moved on to other settings of the release since it was compared.",
			arguments: promote,
			change:    func(f *functions) { f.aliases["analyzer:shadow"].version = "9" },
			code:      1,
			says:      "shadow of analyzer is version 9 now, and version 7 was compared",
		},
		{
			name:      "The versions that were compared are of another release.",
			arguments: []string{"promote", "1.3.9", "7", "8"},
			code:      1,
			says:      "shadow of processor is release 1.4.0 (version 8), not 1.3.9",
		},
		{
			name:      "One function of two is behind shadow in another release.",
			arguments: []string{"promote", "1.4.0", "5", "8"},
			change:    func(f *functions) { f.aliases["analyzer:shadow"].version = "5" },
			code:      1,
			says:      "shadow of analyzer is release 1.3.0 (version 5), not 1.4.0",
		},
		{
			name:      "The release of which shadow is ends as another does.",
			arguments: []string{"promote", "4.0", "7", "8"},
			code:      1,
			says:      `"4.0" is no version`,
		},
		{
			name:      "There is no shadow.",
			arguments: promote,
			change:    func(f *functions) { delete(f.aliases, "processor:shadow") },
			code:      254,
		},
		{
			name:      "When the first cannot be moved nothing is.",
			arguments: promote,
			change:    func(f *functions) { f.stuck = "processor" },
			code:      1,
			says:      "live of processor could not be moved",
		},
		{
			name:      "When the second cannot be moved the first goes back, with its note.",
			arguments: promote,
			change:    func(f *functions) { f.stuck = "analyzer" },
			want:      []string{"processor live: 8, " + promotedNote, "processor live: 6, " + liveNote},
			code:      1,
			says:      "live of analyzer could not be moved; live of processor is at version 6, as before",
		},
		{
			name:      "A rollback goes to what the note says, the analyzer first.",
			arguments: []string{"rollback", ""},
			want: []string{
				"analyzer live: 4, rolled back to analyzer 4, processor 4; from analyzer 5, processor 6",
				"processor live: 4, rolled back to analyzer 4, processor 4; from analyzer 5, processor 6",
			},
		},
		{
			name:      "A rollback to a release finds its newest version.",
			arguments: []string{"rollback", "1.2.0"},
			want: []string{
				"analyzer live: 3, rolled back to analyzer 3, processor 4; from analyzer 5, processor 6",
				"processor live: 4, rolled back to analyzer 3, processor 4; from analyzer 5, processor 6",
			},
		},
		{
			name:      "A second rollback does not go forward again.",
			arguments: []string{"rollback"},
			change:    func(f *functions) { f.aliases["processor:live"].description = backNote },
			code:      1,
			says:      "live of processor does not say what was before it; which version to go back to?",
		},
		{
			name:      "There was no promotion yet.",
			arguments: []string{"rollback"},
			change:    func(f *functions) { f.aliases["processor:live"].description = "The version that judges and alerts" },
			code:      1,
			says:      "live of processor does not say what was before it",
		},
		{
			name:      "Somebody has moved the analyzer to a version that the note does not know.",
			arguments: []string{"rollback"},
			change:    func(f *functions) { f.aliases["analyzer:live"].version = "3" },
			code:      1,
			says:      "live of analyzer is version 3, of which the last promotion",
		},
		{
			name:      "Somebody has moved the processor to a version that the note does not know.",
			arguments: []string{"rollback"},
			change:    func(f *functions) { f.aliases["processor:live"].version = "8" },
			code:      1,
			says:      "live of processor is version 8, of which the last promotion",
		},
		{
			name:      "A release that is not published any more.",
			arguments: []string{"rollback", "0.9.0"},
			code:      1,
			says:      `no version of analyzer is of release "0.9.0"`,
		},
		{
			name:      "A version is no piece of a query or of the shell.",
			arguments: []string{"rollback", "1.2.0')] || Versions[?ends_with(Description, '"},
			code:      1,
			says:      "is no version such as 1.4.0",
		},
		{name: "No such command.", arguments: []string{"demote"}, code: 1, says: "usage: live.sh"},
		{name: "Promote what?", arguments: []string{"promote"}, code: 1, says: "promote which release?"},
		{name: "A promotion of what nobody compared.", arguments: []string{"promote", "1.4.0", "", ""}, code: 1, says: "promote which versions of release 1.4.0?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFunctions()
			if c.change != nil {
				c.change(f)
			}
			says, code := f.live(t, c.arguments...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if diff := cmp.Diff(c.want, f.moves); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
			if !strings.Contains(says, c.says) {
				t.Errorf("it says %q, not %q", says, c.says)
			}
		})
	}
}

// TestLiveBrokeOff holds that what broke off is finished by running it again, and
// that the way back is the one from before the first run.
func TestLiveBrokeOff(t *testing.T) {
	promote, rollback := []string{"promote", "1.4.0", "7", "8"}, []string{"rollback"}
	promoted := []string{"processor live: 8, " + promotedNote, "analyzer live: 7, " + promotedNote}
	back := []string{"analyzer live: 5, " + backNote, "processor live: 6, " + backNote}
	half := "rolled back to analyzer 5, processor 6; from analyzer 5, processor 8"
	for _, c := range []struct {
		name   string
		change func(*functions)
		first  []string
		code   int // of the first
		then   [][]string
		want   []string
	}{
		{
			name:   "A promotion is killed between the moves, run again, and rolled back.",
			change: func(f *functions) { f.last = 1 },
			first:  promote, code: 1, then: [][]string{promote, rollback},
			want: slices.Concat(promoted[:1], promoted, back),
		},
		{
			name:   "A promotion is killed between the moves and rolled back at once.",
			change: func(f *functions) { f.last = 1 },
			first:  promote, code: 1, then: [][]string{rollback},
			want: []string{promoted[0], "analyzer live: 5, " + half, "processor live: 6, " + half},
		},
		{
			name:   "The answer about the first move of a promotion is lost.",
			change: func(f *functions) { f.lost = "processor" },
			first:  promote, then: [][]string{rollback},
			want: slices.Concat(promoted, back),
		},
		{
			name:   "The answer about the second move of a promotion is lost: the first does not go back.",
			change: func(f *functions) { f.lost = "analyzer" },
			first:  promote, then: [][]string{rollback},
			want: slices.Concat(promoted, back),
		},
		{
			name: "The second move fails in a promotion that goes on: the first stays, with its note.",
			change: func(f *functions) {
				f.aliases["processor:live"] = &alias{"8", promotedNote}
				f.stuck = "analyzer"
			},
			first: promote, code: 1, then: [][]string{promote, rollback},
			want: slices.Concat(promoted[:1], promoted, back),
		},
		{
			name: "A rollback is killed between the moves and run again.",
			change: func(f *functions) {
				f.aliases["analyzer:live"], f.aliases["processor:live"] = &alias{"7", promotedNote}, &alias{"8", promotedNote}
				f.last = 1
			},
			first: rollback, code: 1, then: [][]string{rollback},
			want: []string{back[0], "analyzer live: 5, " + half, "processor live: 6, " + half},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFunctions()
			c.change(f)
			if says, code := f.live(t, c.first...); code != c.code {
				t.Fatalf("%q: exit code %d, want %d: %s", c.first, code, c.code, says)
			}
			f.last, f.lost, f.stuck = 0, "", ""
			for _, arguments := range c.then {
				if says, code := f.live(t, arguments...); code != 0 {
					t.Fatalf("%q: exit code %d: %s", arguments, code, says)
				}
			}
			if diff := cmp.Diff(c.want, f.moves); diff != "" {
				t.Errorf("moves (-want +got):\n%s", diff)
			}
		})
	}
}

// makeDirectory is mkdir -p.
func makeDirectory(dir string, arguments []string, _ stdio) int {
	if err := os.MkdirAll(filepath.Join(dir, arguments[len(arguments)-1]), 0o755); err != nil {
		return 1
	}
	return 0
}

// checkSum is sha256sum --check --strict -, for one line.
func checkSum(dir string, _ []string, s stdio) int {
	line, err := io.ReadAll(s.in)
	if err != nil {
		return 1
	}
	sum, name, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  ")
	content, err := os.ReadFile(filepath.Join(dir, name))
	if actual := sha256.Sum256(content); !ok || err != nil || hex.EncodeToString(actual[:]) != sum {
		return 1
	}
	return 0
}

func TestFetchRelease(t *testing.T) {
	sum := func(text string) string {
		s := sha256.Sum256([]byte(text))
		return hex.EncodeToString(s[:])
	}
	const analyzer, processor = "trailalerts-analyzer_1.4.0_linux_arm64.zip", "trailalerts-processor_1.4.0_linux_arm64.zip"
	both := sum("analyzer") + "  " + analyzer + "\n" + sum("processor") + "  " + processor + "\n" + sum("other") + "  " + "trailalerts_1.4.0_linux_arm64.tar.gz\n"
	for _, c := range []struct {
		name, version string
		release       map[string]string
		unattested    string
		code          int
		says, outputs string
	}{
		{
			name: "Both zips are those of the checksums and attested.", version: "1.4.0",
			release: map[string]string{analyzer: "analyzer", processor: "processor", "checksums.txt": both},
			outputs: "analyzer_sha256=" + sum("analyzer") + "\nprocessor_sha256=" + sum("processor") + "\n",
		},
		{
			name: "A zip is another than that of the checksums.", version: "1.4.0",
			release: map[string]string{analyzer: "analyzer", processor: "changed", "checksums.txt": both},
			code:    1, outputs: "analyzer_sha256=" + sum("analyzer") + "\n",
		},
		{
			name: "The checksums leave a zip out.", version: "1.4.0",
			release: map[string]string{analyzer: "analyzer", processor: "processor", "checksums.txt": sum("analyzer") + "  x" + analyzer + "\n"},
			code:    1, says: "checksums.txt of v1.4.0 has no SHA-256 of " + analyzer,
		},
		{
			name: "A zip was built by nobody knows whom.", version: "1.4.0", unattested: analyzer,
			release: map[string]string{analyzer: "analyzer", processor: "processor", "checksums.txt": both},
			code:    1,
		},
		{name: "There is no such release.", version: "1.4.1", code: 1},
		{name: "A version with its v.", version: "v1.4.0", code: 3, says: `"v1.4.0" is no version`},
		{name: "A version that is a path.", version: "../1.4.0", code: 3},
		{name: "A version that is an option.", version: "--help", code: 3},
		{name: "A version with a line break.", version: "1.4.0\nx=y", code: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			var verified []string
			gh := func(dir string, arguments []string, _ stdio) int {
				switch strings.Join(arguments[:2], " ") {
				case "release download":
					if arguments[2] != "v1.4.0" {
						return 1
					}
					for name, text := range c.release {
						if err := os.WriteFile(filepath.Join(dir, option(arguments, "--dir"), name), []byte(text), 0o644); err != nil {
							return 1
						}
					}
				case "attestation verify":
					if arguments[2] == c.unattested || option(arguments, "--repo") != "team/rules" || option(arguments, "--source-ref") != "refs/tags/v1.4.0" ||
						option(arguments, "--signer-workflow") != "team/rules/.github/workflows/release.yml" {
						return 1
					}
					verified = append(verified, arguments[2])
				default:
					return 2
				}
				return 0
			}
			environment := map[string]string{"GITHUB_REPOSITORY": "team/rules", "GITHUB_OUTPUT": "DIR/outputs"}
			dir, _, stderr, code := run(t, "fetch-release.sh", environment, map[string]program{"gh": gh, "mkdir": makeDirectory, "sha256sum": checkSum}, c.version, "dist")
			if code != c.code || !strings.Contains(stderr, c.says) {
				t.Errorf("exit code %d, %q; want %d, %q", code, stderr, c.code, c.says)
			}
			outputs, err := os.ReadFile(filepath.Join(dir, "outputs"))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.outputs, string(outputs)); diff != "" {
				t.Errorf("outputs (-want +got):\n%s", diff)
			}
			if code == 0 && !slices.Equal(verified, []string{analyzer, processor}) {
				t.Errorf("attestations of %q were verified", verified)
			}
		})
	}
}

func TestComment(t *testing.T) {
	const report = "<!-- sigmagen diff -->\n## What this change of rules means\n"
	for _, c := range []struct {
		name, text, found string
		want              []string
		code              int
	}{
		{"The first comment.", report, "", []string{"POST repos/team/rules/issues/7/comments"}, 0},
		{"The comment is there.", report, "41\n", []string{"PATCH repos/team/rules/issues/comments/41"}, 0},
		{"There are two, from before this script: the first is rewritten.", report, "41\n42\n", []string{"PATCH repos/team/rules/issues/comments/41"}, 0},
		{"As much as a comment holds.", report + strings.Repeat("x", 65536-len(report)), "", []string{"POST repos/team/rules/issues/7/comments"}, 0},
		{"More than that.", report + strings.Repeat("x", 65537-len(report)), "", nil, 3},
		{"A file that is no report would be a new comment each time.", "## Hello\n", "", nil, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "diff.md")
			if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			var calls []string
			gh := func(_ string, arguments []string, s stdio) int {
				method := option(arguments, "--method")
				if method == "" {
					if arguments[2] != "repos/team/rules/issues/7/comments" || !strings.Contains(option(arguments, "--jq"), `.user.login == "github-actions[bot]"`) {
						return 1
					}
					fmt.Fprint(s.out, c.found)
					return 0
				}
				if option(arguments, "--field") != "body=@"+file {
					return 1
				}
				calls = append(calls, method+" "+arguments[slices.Index(arguments, method)+1])
				return 0
			}
			_, _, stderr, code := run(t, "comment.sh", map[string]string{"GITHUB_REPOSITORY": "team/rules", "PULL_REQUEST": "7"}, map[string]program{"gh": gh}, file)
			if code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, stderr)
			}
			if diff := cmp.Diff(c.want, calls); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCompare(t *testing.T) {
	const silent = "This says nothing about the release: one side knows no finding of that time, the time is too short, or a table could not be read. The log of this job says which.\n"
	const heading = "## 25 h 2 min in the shadow of live: "
	for _, c := range []struct {
		name, text, errors string
		answer             int
		without            string
		code               int
		want               string
	}{
		{"The same alerts.", "**No differences**\n", "0 differ\n", 0, "false", 0, heading + "live and shadow alerted on the same\n\n**No differences**\n"},
		{"A difference is for people to judge.", "**1 difference**\n\nlive decided\n", "1 differs\n", 1, "false", 0, heading + "live and shadow alerted differently\n\n**1 difference**\n\nlive decided\n"},
		{
			"Shadow knows nothing: no verdict is no success.", "**No verdict**\n", "no finding\n", 3, "false", 3,
			heading + "no verdict\n\n" + silent + "Run the failed jobs again when shadow has seen more, or start the workflow with `without_verdict`.\n\n**No verdict**\n",
		},
		{
			"The same, and whoever deploys has said that it will do.", "**No verdict**\n", "no finding\n", 3, "true", 0,
			heading + "no verdict\n\n" + silent + "It was started with `without_verdict`, and can be promoted all the same.\n\n**No verdict**\n",
		},
		{"A program that crashes is no comparison, whatever was said.", "", "panic\n", 2, "true", 2, heading + "could not be compared\n\n\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			trailalerts := func(_ string, arguments []string, s stdio) int {
				if diff := cmp.Diff([]string{"compare", "dynamodb:live", "dynamodb:shadow", "--since", "90120s", "--format", "markdown"}, arguments); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				fmt.Fprint(s.out, c.text)
				fmt.Fprint(s.err, c.errors)
				return c.answer
			}
			date := func(_ string, arguments []string, s stdio) int {
				if !slices.Equal(arguments, []string{"+%s"}) {
					return 1
				}
				fmt.Fprintln(s.out, "1790090120")
				return 0
			}
			environment := map[string]string{
				"LIVE_TABLE": "live", "SHADOW_TABLE": "shadow", "DEPLOYED_AT": "1790000000", "WITHOUT_VERDICT": c.without,
				"GITHUB_STEP_SUMMARY": "DIR/summary",
			}
			dir, _, stderr, code := run(t, "compare.sh", environment, map[string]program{"trailalerts": trailalerts, "date": date}, "/tmp/trailalerts")
			if code != c.code || !strings.Contains(stderr, c.errors) {
				t.Errorf("exit code %d, want %d; the log says %q", code, c.code, stderr)
			}
			summary, err := os.ReadFile(filepath.Join(dir, "summary"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(summary)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("Nobody knows when shadow came to its version.", func(t *testing.T) {
		_, _, stderr, code := run(t, "compare.sh", map[string]string{"DEPLOYED_AT": ""}, nil, "/tmp/trailalerts")
		if code != 2 || !strings.Contains(stderr, "when did shadow come to its version?") {
			t.Errorf("exit code %d: %s", code, stderr)
		}
	})
}

func TestRemoteState(t *testing.T) {
	const keeps = "deploy/ keeps its state on the machine that applies it"
	for _, c := range []struct {
		name, noted string // as terraform init does; "" for no file
		code        int
		says        string
	}{
		{"No backend, as a new repository has it.", "", 1, keeps},
		{"A backend that is a file.", `{"version":3,"backend":{"type":"local","config":{"path":null}}}`, 1, keeps},
		{"A state of times before there were backends.", `{"version":3}`, 1, keeps},
		{"A bucket.", `{"version":3,"backend":{"type":"s3","config":{}}}`, 0, "state: backend s3"},
		{"A file that is none.", `{`, 2, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := t.TempDir()
			if c.noted != "" {
				if err := os.WriteFile(filepath.Join(data, "terraform.tfstate"), []byte(c.noted), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			jq := func(_ string, arguments []string, s stdio) int {
				if diff := cmp.Diff([]string{"--raw-output", `.backend.type // ""`, filepath.Join(data, "terraform.tfstate")}, arguments); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				var state struct{ Backend struct{ Type string } }
				if err := json.Unmarshal([]byte(c.noted), &state); err != nil {
					return 2
				}
				fmt.Fprintln(s.out, state.Backend.Type)
				return 0
			}
			_, stdout, stderr, code := run(t, "remote-state.sh", map[string]string{"TF_DATA_DIR": data}, map[string]program{"jq": jq})
			if code != c.code || !strings.Contains(stdout+stderr, c.says) {
				t.Errorf("exit code %d, %q; want %d, %q", code, stdout+stderr, c.code, c.says)
			}
		})
	}
}
