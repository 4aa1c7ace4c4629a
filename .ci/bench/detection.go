package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// frequentRule matches every call with the credentials of a role, most of those that
// there are. With it a scan is mostly about writing matches.
const frequentRule = "aws_sts_assumerole_misuse"

// communitySets are the directories of others' rules in the shared data.
var communitySets = []string{"trailalerts", "sigmahq"}

// A program is `trailalerts` with some rules compiled into it.
type program struct {
	path        string
	directories []string // the names that come before those of the rules
	says        string   // what sigmagen says that it compiled
}

// build has sigmagen build a program of the rules in directories.
func (b *bench) build(name string, directories ...string) (*program, error) {
	sigmagen, err := b.sigmagen()
	if err != nil {
		return nil, err
	}
	p := &program{path: b.path(name)}
	arguments := []string{"build", "--prefix", "--skip-refused", "--output", p.path}
	for _, dir := range directories {
		arguments = append(arguments, "--rules", dir)
		p.directories = append(p.directories, filepath.Base(dir))
	}
	const refused = 2 // some rules, which are left out
	said, err := tool(b.ctx, "", []int{refused}, sigmagen, arguments...)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	p.says = strings.TrimPrefix(lines[len(lines)-1], p.path+": ")
	b.programs[name] = p
	return p, nil
}

// sigmagen returns the path of the compiler.
func (b *bench) sigmagen() (string, error) {
	path := b.path("sigmagen")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	_, err := tool(b.ctx, "", nil, "go", "build", "-o", path, "./cmd/sigmagen")
	return path, err
}

// ruleset returns the program with all our rules and those of others, without the
// rule that matches most records.
func (b *bench) ruleset() (*program, error) {
	const name = "scan"
	if built := b.programs[name]; built != nil {
		return built, nil
	}
	directories, err := b.rulesets()
	if err != nil {
		return nil, err
	}
	return b.build(name, directories...)
}

// rulesets returns the directories of the rules of that program.
func (b *bench) rulesets() ([]string, error) {
	if b.rules != nil {
		return b.rules, nil
	}
	directories := []string{"rules"}
	if b.options.shared != "" {
		for _, set := range communitySets {
			from, to := filepath.Join(b.options.shared, "data/rules", set), b.path("rules", set)
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				return nil, fmt.Errorf("copy rules: %w", err)
			}
			frequent, err := filepath.Glob(filepath.Join(to, frequentRule+"*.yml"))
			if err != nil {
				return nil, fmt.Errorf("list rules: %w", err)
			}
			for _, path := range frequent {
				if err := os.Remove(path); err != nil {
					return nil, fmt.Errorf("leave rule out: %w", err)
				}
			}
			directories = append(directories, to)
		}
	}
	b.rules = directories
	return directories, nil
}

// scan returns a run of p over the corpus, which is known to find what it should:
// every run of it has to find as much.
func (b *bench) scan(name string, p *program, c *corpus, procs int) (child, error) {
	one := child{name: name, procs: procs, command: []string{p.path, "scan", "--matches", "--format", "jsonl", c.dir}}
	path := b.path("matches.jsonl")
	output, err := os.Create(path)
	if err != nil {
		return child{}, fmt.Errorf("keep matches: %w", err)
	}
	_, err = run(b.ctx, one, output)
	if err := errors.Join(err, output.Close()); err != nil {
		return child{}, err
	}
	matches := 0
	err = open(path, func(output io.Reader) error {
		matches, err = c.truth.verify(output, p.directories)
		return err
	})
	if err != nil {
		return child{}, fmt.Errorf("%s: %w", name, err)
	}
	one.says = []string{fmt.Sprintf("scanned %d files, %d records", len(c.files), c.records), "\n" + plural(matches, "match", "matches") + "\n"}
	return one, nil
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// detection measures the CPU time of a scan beside that of inflating the same files.
func (b *bench) detection() error {
	c, err := b.corpus()
	if err != nil {
		return err
	}
	p, err := b.ruleset()
	if err != nil {
		return err
	}
	var frequent *program
	if b.options.shared != "" {
		directories := []string{"rules"}
		for _, set := range communitySets {
			directories = append(directories, filepath.Join(b.options.shared, "data/rules", set))
		}
		if frequent, err = b.build("scan-frequent", directories...); err != nil {
			return err
		}
	}
	known := "what matches is not known"
	if c.truth != nil {
		known = "what matches is as known for " + strings.Join(c.truth.directories, ", ")
	}
	b.title("CPU of detection: user and system time of a whole process, %d rounds in turn", b.options.rounds)
	b.note("%s", c)
	b.note("%s; %s", p.says, known)
	for _, procs := range []int{1, 0} {
		children := []child{
			{name: "gunzip", command: append([]string{b.self, "gunzip"}, c.files...), procs: procs, says: []string{fmt.Sprintf("%d bytes", c.raw)}},
			{name: "and split", command: append([]string{b.self, "split"}, c.files...), procs: procs, says: []string{fmt.Sprintf("%d records", c.records)}},
			{name: "and parse every record", command: append([]string{b.self, "parse"}, c.files...), procs: procs, says: []string{fmt.Sprintf("%d records", c.records)}},
		}
		detection, err := b.scan("scan --matches", p, c, procs)
		if err != nil {
			return err
		}
		children = append(children, detection)
		if frequent != nil {
			more, err := b.scan("with "+frequentRule, frequent, c, procs)
			if err != nil {
				return err
			}
			children = append(children, more)
		}
		usages, err := inTurn(b.ctx, b.options.rounds, children)
		if err != nil {
			return err
		}
		rows := [][]string{{fmt.Sprintf("GOMAXPROCS=%d", procs), "median", "of gunzip", "quartiles", "promised"}}
		if procs == 0 {
			rows[0][0] = fmt.Sprintf("GOMAXPROCS as it is, %d", runtime.GOMAXPROCS(0))
		}
		for i, one := range children {
			r := ratioOf(cpuOf(usages[i]), cpuOf(usages[0]))
			promised := bound{}
			if i == 3 && procs == 1 {
				promised.limit = 1.35
			}
			rows = append(rows, []string{one.name, fmt.Sprintf("%.1f ms", median(cpuOf(usages[i]))), fmt.Sprintf("%.2f", r.medians), r.spread(), promised.verdict(r.medians)})
		}
		b.table(rows)
	}
	b.command("sigmagen build --prefix --skip-refused --rules " + strings.Join(p.directories, " --rules ") + " --output BIN")
	b.command("bench gunzip FILE...; bench split FILE...; bench parse FILE...; BIN scan --matches --format jsonl " + c.dir + " > /dev/null")
	return nil
}

// cores measures what a second core is good for.
func (b *bench) cores() error {
	if runtime.NumCPU() < 2 {
		return errors.New("this machine has one core; two are needed")
	}
	c, err := b.corpus()
	if err != nil {
		return err
	}
	p, err := b.ruleset()
	if err != nil {
		return err
	}
	var children []child
	var sums []string
	for _, procs := range []int{1, 2} {
		one, err := b.scan(fmt.Sprintf("GOMAXPROCS=%d", procs), p, c, procs)
		if err != nil {
			return err
		}
		sum := sha256.New()
		if _, err := run(b.ctx, one, sum); err != nil {
			return err
		}
		sums = append(sums, hex.EncodeToString(sum.Sum(nil)))
		children = append(children, one)
	}
	if sums[0] != sums[1] {
		return errors.New("the output differs between one core and two")
	}
	b.title("A scan on two cores: time from start to end, %d rounds in turn, the output byte for byte the same", b.options.rounds)
	usages, err := inTurn(b.ctx, b.options.rounds, children)
	if err != nil {
		return err
	}
	one, two := wallOf(usages[0]), wallOf(usages[1])
	r := ratioOf(one, two)
	b.table([][]string{
		{"", "median", "faster", "quartiles", "promised"},
		{children[0].name, fmt.Sprintf("%.1f ms", median(one)), "1.00", "", ""},
		{children[1].name, fmt.Sprintf("%.1f ms", median(two)), fmt.Sprintf("%.2f", r.medians), r.spread(), bound{limit: 1.7, atLeast: true}.verdict(r.medians)},
	})
	b.command("GOMAXPROCS=1 BIN scan --matches --format jsonl " + c.dir + " > /dev/null; GOMAXPROCS=2 ...")
	b.note("load %s afterwards", load())
	return nil
}
