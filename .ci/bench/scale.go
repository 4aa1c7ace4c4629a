package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// manyRules measures what twenty times the rules cost on the same records.
func (b *bench) manyRules() error {
	c, err := b.corpus()
	if err != nil {
		return err
	}
	var children []child
	for _, n := range []int{50, 1000} {
		name := "synthesised" + strconv.Itoa(n)
		rules, err := synthesise(n)
		if err != nil {
			return err
		}
		dir := b.path("synthesised", strconv.Itoa(n), "rules")
		if err := writeRules(dir, rules); err != nil {
			return fmt.Errorf("write rules: %w", err)
		}
		p, err := b.build(name, dir)
		if err != nil {
			return err
		}
		if want := fmt.Sprintf("%d rules compiled", n); p.says != want {
			return fmt.Errorf("sigmagen says %q, want %q", p.says, want)
		}
		ours := *c
		ours.truth = nil // it is about other rules
		one, err := b.scan(strconv.Itoa(n)+" rules", p, &ours, 1)
		if err != nil {
			return err
		}
		children = append(children, one)
	}
	b.title("A thousand rules: CPU time of a scan, %d rounds in turn, GOMAXPROCS=1", b.options.rounds)
	usages, err := inTurn(b.ctx, b.options.rounds, children)
	if err != nil {
		return err
	}
	rows := [][]string{{"", "a record", "of 50 rules", "quartiles", "finds", "promised"}}
	for i, one := range children {
		r := ratioOf(cpuOf(usages[i]), cpuOf(usages[0]))
		promised := bound{}
		if i > 0 {
			promised.limit = 1.15
		}
		perRecord := median(cpuOf(usages[i])) / float64(c.records) * float64(time.Millisecond/time.Microsecond)
		rows = append(rows, []string{one.name, fmt.Sprintf("%.2f µs", perRecord), fmt.Sprintf("%.2f", r.medians), r.spread(), strings.TrimSpace(one.says[1]), promised.verdict(r.medians)})
	}
	b.table(rows)
	b.note("synthesised rules: calls as in published ones, %d in a hundred without; %s", unindexedPercent, c)
	b.command("sigmagen build --rules RULES --output BIN; BIN scan --matches --format jsonl " + c.dir + " > /dev/null")
	return nil
}

// compile measures how long rules take to become a package that is built, in a new
// repository of rules.
func (b *bench) compile() error {
	sigmagen, err := b.sigmagen()
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find this directory: %w", err)
	}
	b.title("From rules to a built package: time from start to end, once; the modules are there and what the rules need is built, the rules are not")
	rows := [][]string{{"", "sigmagen generate", "go build ./generated", "lines", "both, promised"}}
	for _, size := range []struct {
		rules int
		limit bound
	}{{170, bound{limit: 20, unit: " s"}}, {1000, bound{limit: 60, unit: " s"}}} {
		dir := b.path("compile", strconv.Itoa(size.rules))
		// The path of the temporary directory is new, and so are those of the packages:
		// nothing of them is in any cache.
		module := "example.org/" + filepath.Base(b.temporary) + "/rules" + strconv.Itoa(size.rules)
		if _, err := tool(b.ctx, "", nil, sigmagen, "init", dir, "--module", strings.ToLower(module), "--trailalerts", here); err != nil {
			return err
		}
		rules, err := synthesise(size.rules)
		if err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(dir, "rules")); err != nil {
			return fmt.Errorf("remove the example rules: %w", err)
		}
		if err := writeRules(filepath.Join(dir, "rules"), rules); err != nil {
			return fmt.Errorf("write rules: %w", err)
		}
		if _, err := tool(b.ctx, dir, nil, "go", "build", "github.com/trailalerts/trailalerts/runtime"); err != nil {
			return err
		}
		began := time.Now()
		if _, err := tool(b.ctx, dir, nil, sigmagen, "generate"); err != nil {
			return err
		}
		generated := time.Since(began)
		if _, err := tool(b.ctx, dir, nil, "go", "build", "./generated"); err != nil {
			return err
		}
		both := time.Since(began)
		lines, err := countLines(filepath.Join(dir, "generated"), size.rules)
		if err != nil {
			return err
		}
		rows = append(rows, []string{fmt.Sprintf("%d rules", size.rules), fmt.Sprintf("%.1f s", generated.Seconds()), fmt.Sprintf("%.1f s", (both - generated).Seconds()), strconv.Itoa(lines), size.limit.verdict(both.Seconds())})
	}
	b.table(rows)
	b.command("sigmagen init DIR && cd DIR && sigmagen generate && go build ./generated")
	return nil
}

// countLines counts those of a generated package, which has a file for each of a
// number of rules.
func countLines(dir string, rules int) (lines int, err error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return 0, fmt.Errorf("list generated files: %w", err)
	}
	found := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, fmt.Errorf("count lines: %w", err)
		}
		lines += strings.Count(string(text), "\n")
		if strings.HasSuffix(path, "_rule.go") {
			found++
		}
	}
	if found != rules {
		return 0, fmt.Errorf("%s has files for %d rules, want %d", dir, found, rules)
	}
	return lines, nil
}
