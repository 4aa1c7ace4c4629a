// Command shared holds the project against a directory of conformance cases and
// recorded data that is no part of it. Usage: go run ./.ci/shared DIR
package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: shared DIR")
		os.Exit(3)
	}
	temporary, err := os.MkdirTemp("", "shared-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	c := &checker{shared: os.Args[1], temporary: temporary}
	for _, check := range []func() error{c.build, c.expected, c.refused, c.reachability, c.linear, c.hostile, c.singleEvent, c.invalid, c.correlation, c.mutation} {
		if err := check(); err != nil {
			fmt.Printf("FAIL: %v\n", err)
			c.failed++
		}
	}
	if err := os.RemoveAll(temporary); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	fmt.Printf("%d passed, %d failed\n", c.passed, c.failed)
	if c.failed > 0 {
		os.Exit(1)
	}
}

type checker struct {
	shared, temporary string
	passed, failed    int
}

// count adds to the totals and prints a line.
func (c *checker) count(what string, passed, failed int, more string) {
	c.passed += passed
	c.failed += failed
	fmt.Printf("%-32s %5d passed, %d failed%s\n", what, passed, failed, more)
}

func (c *checker) tool(name string) string { return filepath.Join(c.temporary, name) }

// build builds the two commands.
func (c *checker) build() error {
	for _, name := range []string{"sigmagen", "trailalerts"} {
		if out, err := exec.Command("go", "build", "-o", c.tool(name), "./cmd/"+name).CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", name, err, out)
		}
	}
	return nil
}

// run runs a command and returns what it prints and its exit code.
func run(name string, arguments ...string) (stdout, stderr []byte, code int, err error) {
	command := exec.Command(name, arguments...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return out.Bytes(), errs.Bytes(), failed.ExitCode(), nil
	}
	return out.Bytes(), errs.Bytes(), 0, err
}

// lines decodes JSON lines.
func lines[T any](text []byte) ([]T, error) {
	var all []T
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var value T
		if err := decoder.Decode(&value); err == io.EOF {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
}

func readLines[T any](path string) ([]T, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all, err := lines[T](text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// pair is a match: rule on record of file.
type pair struct {
	File   string
	Record int
	Rule   string
}

// match is a line of `scan --matches --format jsonl`.
type match struct {
	File   string `json:"file"`
	Record int    `json:"record"`
	Rule   string `json:"rule"`
}

func pairs(text []byte, root string) (map[pair]bool, error) {
	matches, err := lines[match](text)
	if err != nil {
		return nil, err
	}
	set := map[pair]bool{}
	for _, m := range matches {
		file, err := filepath.Rel(root, m.File)
		if err != nil {
			return nil, err
		}
		set[pair{filepath.ToSlash(file), m.Record, m.Rule}] = true
	}
	if len(set) != len(matches) {
		return nil, fmt.Errorf("%d of %d matches stand there twice", len(matches)-len(set), len(matches))
	}
	return set, nil
}

// compare counts pairs and prints the first that differ.
func (c *checker) compare(what string, want, got map[pair]bool) {
	var missing, extra []string
	for p := range want {
		if !got[p] {
			missing = append(missing, fmt.Sprint(p))
		}
	}
	for p := range got {
		if !want[p] {
			extra = append(extra, fmt.Sprint(p))
		}
	}
	c.count(what, len(want)-len(missing), len(missing)+len(extra), fmt.Sprintf(" (%d missing, %d extra)", len(missing), len(extra)))
	slices.Sort(missing)
	slices.Sort(extra)
	for _, p := range slices.Concat(missing, extra)[:min(10, len(missing)+len(extra))] {
		fmt.Println("   ", p)
	}
}

// expected holds `sigmagen replay` of each community set against the adjudicated
// matches.
func (c *checker) expected() error {
	dev := filepath.Join(c.shared, "data/dev")
	for _, set := range []string{"sigmahq", "trailalerts"} {
		type line struct {
			File     string
			Index    int
			RuleFile string `json:"rule_file"`
		}
		truth, err := readLines[line](filepath.Join(c.shared, "data/expected", set+".jsonl"))
		if err != nil {
			return err
		}
		want := map[pair]bool{}
		for _, l := range truth {
			want[pair{l.File, l.Index, strings.TrimSuffix(l.RuleFile, ".yml")}] = true
		}
		out, errs, code, err := run(c.tool("sigmagen"), "replay", "--rules", filepath.Join(c.shared, "data/rules", set), "--format", "jsonl", dev)
		if err != nil || code != 0 {
			return fmt.Errorf("replay %s: exit %d, %v\n%s", set, code, err, errs)
		}
		got, err := pairs(out, dev)
		if err != nil {
			return err
		}
		c.compare("expected matches, "+set, want, got)
	}
	return nil
}

// refused holds that what is not Sigma is refused.
func (c *checker) refused() error {
	_, errs, code, err := run(c.tool("sigmagen"), "build", "--rules", filepath.Join(c.shared, "data/rules/refused"), "--output", c.tool("none"))
	if err != nil {
		return err
	}
	if code != 2 {
		return fmt.Errorf("build of a refused rule: exit %d\n%s", code, errs)
	}
	c.count("published rule that is no Sigma", 1, 0, "")
	return nil
}

// linear holds `trailalerts scan` against a scan that shares nothing with it but
// the matchers.
func (c *checker) linear() error {
	dev := filepath.Join(c.shared, "data/dev")
	want := map[pair]bool{}
	err := filepath.WalkDir(dev, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".json.gz") {
			return err
		}
		records, err := readRecords(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dev, path)
		for i, raw := range records {
			for _, rule := range runtime.MatchAll(nil, generated.Set.Rules, runtime.NewEvent(raw)) {
				want[pair{filepath.ToSlash(relative), i, rule.Key}] = true
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	out, errs, code, err := run(c.tool("trailalerts"), "scan", "--matches", "--format", "jsonl", dev)
	if err != nil || code != 0 {
		return fmt.Errorf("scan: exit %d, %v\n%s", code, err, errs)
	}
	got, err := pairs(out, dev)
	if err != nil {
		return err
	}
	c.compare("scan equals linear scan", want, got)
	return nil
}

func readRecords(path string) (records []json.RawMessage, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	inflated, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	var delivery struct{ Records []json.RawMessage }
	err = json.NewDecoder(inflated).Decode(&delivery)
	return delivery.Records, err
}

// hostile scans generated delivery files, some of them damaged on purpose.
func (c *checker) hostile() error {
	if _, err := exec.LookPath("python3"); err != nil {
		return fmt.Errorf("the generator of hostile files needs python3: %w", err)
	}
	corpus := c.tool("corpus")
	if _, errs, code, err := run("python3", filepath.Join(c.shared, "data/gen_cloudtrail.py"), "--out", corpus, "--files", "4", "--records", "2000", "--match-rate", "0.05",
		"--truncate", "--bad-json", "--huge-record", "--deep-nesting", "--invalid-utf8", "--zip-bomb"); err != nil || code != 0 {
		return fmt.Errorf("generate corpus: exit %d, %v\n%s", code, err, errs)
	}
	type hostileFile struct{ File, Kind string }
	damaged, err := readLines[hostileFile](filepath.Join(corpus, "hostile.jsonl"))
	if err != nil {
		return err
	}
	isDamaged := map[string]bool{}
	for _, f := range damaged {
		isDamaged[f.File] = true
	}
	type line struct {
		File  string
		Index int
		Rules map[string][]string
	}
	truth, err := readLines[line](filepath.Join(corpus, "expected.jsonl"))
	if err != nil {
		return err
	}
	for _, set := range []string{"sigmahq", "trailalerts"} {
		want := map[pair]bool{}
		for _, l := range truth {
			for _, rule := range l.Rules[set] {
				want[pair{l.File, l.Index, strings.TrimSuffix(rule, ".yml")}] = true
			}
		}
		out, errs, code, err := run(c.tool("sigmagen"), "replay", "--rules", filepath.Join(c.shared, "data/rules", set), "--format", "jsonl", filepath.Join(corpus, "AWSLogs"))
		if err != nil {
			return err
		}
		if code != 3 {
			return fmt.Errorf("scan of damaged files: exit %d", code)
		}
		for _, f := range damaged {
			if !bytes.Contains(errs, []byte(filepath.Base(f.File))) {
				return fmt.Errorf("scan of damaged files: %s (%s) is not named", f.File, f.Kind)
			}
		}
		got, err := pairs(out, corpus)
		if err != nil {
			return err
		}
		// The truth leaves out one rule, and promises nothing about what is damaged.
		maps.DeleteFunc(got, func(p pair, _ bool) bool {
			return p.Rule == "aws_sts_assumerole_misuse" || isDamaged[p.File] && !want[p]
		})
		c.compare("generated and hostile, "+set, want, got)
	}
	return nil
}

// singleEvent compiles every rule of the conformance cases that is not refused
// and holds its verdict against the case's.
func (c *checker) singleEvent() error {
	type testCase struct {
		Name, Rule string
		Event      json.RawMessage
		Match      bool
		Ambiguous  bool
	}
	cases, err := readLines[testCase](filepath.Join(c.shared, "conformance/single-event.jsonl"))
	if err != nil {
		return err
	}
	rules, events := c.tool("single"), c.tool("single.jsonl")
	if err := os.MkdirAll(rules, 0o755); err != nil {
		return err
	}
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	for i, one := range cases {
		if err := os.WriteFile(filepath.Join(rules, fmt.Sprintf("case%04d.yml", i)), []byte(one.Rule), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\n", one.Event)
	}
	if err := errors.Join(w.Flush(), os.WriteFile(events, b.Bytes(), 0o644)); err != nil {
		return err
	}
	refused, _, err := c.refusals(rules)
	if err != nil {
		return err
	}
	out, errs, _, err := run(c.tool("sigmagen"), "replay", "--rules", rules, "--skip-refused", "--format", "jsonl", events)
	if err != nil {
		return err
	}
	got, err := pairs(out, filepath.Dir(events))
	if err != nil {
		return fmt.Errorf("replay: %w\n%s", err, errs)
	}
	passed, failed, unsupported := 0, 0, 0
	for i, one := range cases {
		key := fmt.Sprintf("case%04d", i)
		// A rule that no record can match is refused where it would ship, and
		// replayed all the same.
		codes := slices.DeleteFunc(refused[key], func(code string) bool { return code == "reach-impossible" })
		switch code := strings.Join(codes, " "); {
		case strings.HasSuffix(code, "/unsupported"):
			unsupported++
		case one.Ambiguous && code != "":
			passed++
		case code != "":
			failed++
			fmt.Printf("    %s: refused: %s\n", one.Name, code)
		case got[pair{"single.jsonl", i, key}] != one.Match:
			failed++
			fmt.Printf("    %s: want %v\n", one.Name, one.Match)
		default:
			passed++
		}
	}
	c.count("conformance, single events", passed, failed, fmt.Sprintf(" (%d refused as not supported yet)", unsupported))
	return nil
}

// refusals checks a directory and returns the codes of the errors of each rule,
// by key, and the keys that have an error without a line.
func (c *checker) refusals(rules string) (codes map[string][]string, noLine []string, err error) {
	out, errs, _, err := run(c.tool("sigmagen"), "check", "--format", "json", rules)
	if err != nil {
		return nil, nil, err
	}
	type diagnostic struct {
		Path, Severity, Code string
		Line                 int
	}
	diagnostics, err := lines[diagnostic](out)
	if err != nil {
		return nil, nil, fmt.Errorf("check: %w\n%s", err, errs)
	}
	codes = map[string][]string{}
	for _, d := range diagnostics {
		key := strings.TrimSuffix(filepath.Base(d.Path), ".yml")
		if d.Severity != "error" {
			continue
		}
		if d.Line < 1 {
			noLine = append(noLine, key)
		}
		codes[key] = append(codes[key], d.Code)
	}
	return codes, noLine, nil
}

// areas maps the areas of the invalid cases to those of diagnostics.
var areas = map[string]string{
	"condition": "condition/", "correlation": "correlation/", "filter": "filter/", "metadata": "metadata/",
	"modifiers": "modifier/", "structure": "structure/", "values": "value/",
}

// invalid holds that documents that are no valid Sigma are refused, each by an
// error of its own area.
func (c *checker) invalid() error {
	type testCase struct {
		Name, Area, Rule string
		Ambiguous        bool
	}
	cases, err := readLines[testCase](filepath.Join(c.shared, "conformance/invalid.jsonl"))
	if err != nil {
		return err
	}
	rules := c.tool("invalid")
	if err := os.MkdirAll(rules, 0o755); err != nil {
		return err
	}
	for i, one := range cases {
		if err := os.WriteFile(filepath.Join(rules, fmt.Sprintf("case%04d.yml", i)), []byte(one.Rule), 0o644); err != nil {
			return err
		}
	}
	codes, noLine, err := c.refusals(rules)
	if err != nil {
		return err
	}
	passed, failed, undecided := 0, 0, 0
	for i, one := range cases {
		key := fmt.Sprintf("case%04d", i)
		ownArea := slices.ContainsFunc(codes[key], func(code string) bool { return strings.HasPrefix(code, areas[one.Area]) })
		switch {
		case ownArea && !slices.Contains(noLine, key):
			passed++
		case one.Ambiguous && len(codes[key]) == 0:
			undecided++
		default:
			failed++
			fmt.Printf("    %s: refused by %q\n", one.Name, codes[key])
		}
	}
	c.count("conformance, invalid rules", passed, failed, fmt.Sprintf(" (%d ambiguous ones accepted)", undecided))
	return nil
}

// hit is an alert of `replay --alerts --format jsonl`: which rule, by the name of
// its document, on which record.
type hit struct {
	Record int
	Name   string
}

// correlation replays the events of each case in the order in which they arrive
// and holds the alerts against those of the case.
func (c *checker) correlation() error {
	type testCase struct {
		Name, Rules string
		Events      []json.RawMessage
		Expected    []struct {
			Index int `json:"at_event_index"`
			Rule  string
		}
		Ambiguous bool
	}
	cases, err := readLines[testCase](filepath.Join(c.shared, "conformance/correlation.jsonl"))
	if err != nil {
		return err
	}
	byRecord := func(a, b hit) int { return cmp.Or(a.Record-b.Record, strings.Compare(a.Name, b.Name)) }
	passed, failed, differ := 0, 0, []string{}
	for i, one := range cases {
		var want []hit
		for _, expected := range one.Expected {
			want = append(want, hit{expected.Index, expected.Rule})
		}
		got, said, err := c.alerts(fmt.Sprintf("correlation%02d", i), one.Rules, one.Events)
		if err != nil {
			return fmt.Errorf("%s: %w", one.Name, err)
		}
		slices.SortFunc(want, byRecord)
		slices.SortFunc(got, byRecord)
		switch {
		case slices.Equal(want, got):
			passed++
		case one.Ambiguous:
			differ = append(differ, one.Name)
		default:
			failed++
			fmt.Printf("    %s: want %v, got %v\n%s\n", one.Name, want, got, said)
		}
	}
	c.count("conformance, correlations", passed, failed, fmt.Sprintf(" (ambiguous, and decided otherwise: %s)", strings.Join(differ, ", ")))
	return nil
}

// alerts replays events with rules and returns the alerts, and what was said.
func (c *checker) alerts(name, rules string, events []json.RawMessage) (hits []hit, said []byte, err error) {
	dir := c.tool(name)
	var text bytes.Buffer
	for _, event := range events {
		fmt.Fprintf(&text, "%s\n", event)
	}
	log := filepath.Join(dir, "events.jsonl")
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(rules), 0o644), os.WriteFile(log, text.Bytes(), 0o644)); err != nil {
		return nil, nil, err
	}
	out, errs, _, err := run(c.tool("sigmagen"), "replay", "--rules", dir, "--alerts", "--format", "jsonl", log)
	if err != nil {
		return nil, nil, err
	}
	hits, err = lines[hit](out)
	return hits, errs, err
}

// mutation writes tests for rules that have none, and holds that they score 0.95 or
// more, and pass when the rules are compiled. Rules that no record can match are left
// out, and named.
func (c *checker) mutation() error {
	passed, failed := 0, 0
	var left []string
	for _, set := range []string{"sigmahq", "trailalerts"} {
		source, dir := filepath.Join(c.shared, "data/rules", set), c.tool("mutation-"+set)
		rules, err := filepath.Glob(filepath.Join(source, "*.yml"))
		if err != nil {
			return err
		}
		if len(rules) == 0 {
			return fmt.Errorf("%s holds no rules", source)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		for _, rule := range rules {
			text, err := os.ReadFile(rule)
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, filepath.Base(rule)), text, 0o644)
			}
			if err != nil {
				return err
			}
		}
		for _, rule := range rules {
			key := strings.TrimSuffix(filepath.Base(rule), ".yml")
			_, errs, code, err := run(c.tool("sigmagen"), "new-test", "--rules", dir, key)
			if err != nil || code > 1 {
				return fmt.Errorf("new-test %s: exit %d, %v\n%s", key, code, err, errs)
			}
			if code == 1 && bytes.Contains(errs, []byte("no record is known that the rule matches")) {
				left = append(left, key)
				continue
			}
			out, _, code, err := run(c.tool("sigmagen"), "test", "--rules", dir, "--mutate", "--min-score", "0.95", key)
			if err != nil {
				return err
			}
			if code == 0 {
				passed++
				continue
			}
			failed++
			fmt.Printf("    %s:\n%s%s\n", key, errs, out)
		}
		if out, errs, code, err := run(c.tool("sigmagen"), "test", "--rules", dir); err != nil || code != 0 {
			return fmt.Errorf("new tests of %s, compiled: exit %d, %v\n%s%s", set, code, err, errs, out)
		}
	}
	c.count("mutation, new tests", passed, failed, fmt.Sprintf(" (nothing matches: %s)", cmp.Or(strings.Join(left, ", "), "none")))
	return nil
}
