package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Keys of engine.cpu beside the names of corpora.
const (
	startKey      = "start"       // all rules, a file without records
	startAloneKey = "start alone" // no rules, a file without records
	readingKey    = "reading "    // followed by the name of a corpus: no rules
)

// An engine is a program that is called with a directory of rules and delivery files.
type engine struct {
	name, version, language string

	command []string
	// compiled engines take no directory: their rules are part of the program. They
	// cannot be run without any, which shows what reading costs.
	compiled bool
	// parse reads a line of their output.
	parse func(line []byte) (match, error)

	matches map[string]map[match]bool // by the name of the corpus
	refused map[string]bool           // rules that it does not take
	cpu     map[string][]float64      // milliseconds, one a round
}

// A match is a rule that matches the record of that index in a file.
type match struct {
	file  string
	index int
	rule  string
}

func (e *engine) cmd(rules string, files []string) *exec.Cmd {
	arguments := e.command[1:]
	if !e.compiled {
		arguments = append(arguments[:len(arguments):len(arguments)], rules)
	}
	command := exec.Command(e.command[0], append(arguments[:len(arguments):len(arguments)], files...)...)
	// Several threads would make the collector of Go's programs spend CPU that
	// stands idle anyway.
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	return command
}

// run returns the matches that an engine prints about files, and keeps the rules that
// it refuses.
func (e *engine) run(rules string, files []string) (map[match]bool, error) {
	command := e.cmd(rules, files)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", e.name, err, errs.Bytes())
	}
	matches := map[match]bool{}
	for line := range bytes.Lines(out.Bytes()) {
		m, err := e.parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, fmt.Errorf("%s prints %q: %w", e.name, line, err)
		}
		if matches[m] {
			return nil, fmt.Errorf("%s prints twice: %v", e.name, m)
		}
		matches[m] = true
	}
	for line := range strings.Lines(errs.String()) {
		word, rest, _ := strings.Cut(line, "\t")
		rule, _, found := strings.Cut(rest, "\t")
		switch {
		case word == "refused" && found:
			e.refused[rule] = true
		case !e.compiled: // a driver has nothing else to say
			return nil, fmt.Errorf("%s: %s", e.name, strings.TrimSpace(line))
		}
	}
	return matches, nil
}

// time runs an engine, its output discarded, and keeps the CPU time that it took,
// user and system.
func (e *engine) time(key, rules string, files []string) error {
	command := e.cmd(rules, files)
	command.Stdout = nil // the null device
	var errs bytes.Buffer
	command.Stderr = &errs
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", e.name, err, errs.Bytes())
	}
	took := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	e.cpu[key] = append(e.cpu[key], float64(took.Microseconds())/1000)
	return nil
}

func parseTabs(line []byte) (match, error) {
	fields := strings.Split(string(line), "\t")
	if len(fields) != 3 {
		return match{}, errors.New("not three fields")
	}
	index, err := strconv.Atoi(fields[1])
	return match{fields[0], index, fields[2]}, err
}

// parseScan reads a line of `trailalerts scan --matches --format jsonl`.
func parseScan(line []byte) (match, error) {
	var m struct {
		File   string
		Record int
		Rule   string
	}
	err := json.Unmarshal(line, &m)
	return match{filepath.Base(m.File), m.Record, m.Rule}, err
}

// drivers is where the programs lie that call the engines.
const drivers = ".ci/peers"

// install builds the drivers with the engines that they call.
func install(work string) ([]*engine, error) {
	golang := filepath.Join(work, "golang")
	python := filepath.Join(work, "python")
	interpreter := filepath.Join(python, "bin", "python")
	rust := filepath.Join(work, "rust")
	manifest := filepath.Join(drivers, "rust", "Cargo.toml")
	for _, command := range [][]string{
		{"go", "build", "-C", filepath.Join(drivers, "golang"), "-o", golang + string(filepath.Separator), "./..."},
		{"python3", "-m", "venv", python},
		{interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", filepath.Join(drivers, "python", "requirements.txt")},
		{"cargo", "build", "--quiet", "--release", "--locked", "--manifest-path", manifest, "--target-dir", rust},
	} {
		if _, err := output(command...); err != nil {
			return nil, err
		}
	}

	module := func(name string) []string {
		return []string{"go", "list", "-C", filepath.Join(drivers, "golang"), "-m", "-f", "{{.Version}}", name}
	}
	crate := func(name string) []string { return []string{"cargo", "pkgid", "--manifest-path", manifest, name} }
	wheel := func(name string) []string {
		return []string{interpreter, "-c", "import importlib.metadata as m; print(m.version('" + name + "'))"}
	}
	script := func(name string) []string {
		return []string{interpreter, "-B", filepath.Join(drivers, "python", name+"_driver.py")}
	}
	program := func(dir, name string) []string { return []string{filepath.Join(dir, name)} }
	var engines []*engine
	for _, peer := range []struct {
		name, language   string
		version, command []string
	}{
		{"rsigma-eval", "Rust", crate("rsigma-eval"), program(filepath.Join(rust, "release"), "rsigma")},
		{"sigma-rust", "Rust", crate("sigma-rust"), program(filepath.Join(rust, "release"), "sigma-rust")},
		{"sigma-go", "Go", module("github.com/bradleyjkemp/sigma-go"), program(golang, "sigma-go")},
		{"go-sigma-rule-engine", "Go", module("github.com/markuskont/go-sigma-rule-engine"), program(golang, "go-sigma-rule-engine")},
		{"zargunlite, on SQLite", "Python", wheel("zargunlite"), script("zargunlite")},
		{"sigma-rule-matcher", "Python", wheel("sigma-rule-matcher"), script("sigma_rule_matcher")},
	} {
		version, err := output(peer.version...)
		if err != nil {
			return nil, err
		}
		if at := strings.LastIndex(version, "@"); at >= 0 {
			version = version[at+1:]
		}
		engines = append(engines, &engine{
			name: peer.name, version: strings.TrimPrefix(version, "v"), language: peer.language,
			command: peer.command, parse: parseTabs,
		})
	}
	return engines, nil
}

// buildOurs compiles the rules into a program. It fails if one of them is refused.
func buildOurs(temporary, rules string) (*engine, error) {
	program := filepath.Join(temporary, "ours")
	if _, err := output("go", "run", "./cmd/sigmagen", "build", "--rules", rules, "--output", program); err != nil {
		return nil, err
	}
	version, err := output("git", "describe", "--always", "--dirty", "--tags")
	if err != nil {
		return nil, err
	}
	return &engine{
		name: "TrailAlerts, this project", version: version, language: "Go",
		command: []string{program, "scan", "--matches", "--format", "jsonl"}, compiled: true, parse: parseScan,
	}, nil
}

// output runs a command and returns what it prints, without the line's end.
func output(command ...string) (string, error) {
	run := exec.Command(command[0], command[1:]...)
	var errs bytes.Buffer
	run.Stderr = &errs
	out, err := run.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(command, " "), err, errs.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}
