package main

import (
	_ "embed"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// judged lists findings in the community rules, each with a judgement.
//
//go:embed reachability.txt
var judged string

// mostWrong is how many rules may have a warning that is wrong.
const mostWrong = 3

// found is what check says of a rule of a set, by its code.
type found struct{ set, rule, code string }

// reachability holds what `sigmagen check` says of the community rules against
// what was judged by hand: all defects are found, and little else.
func (c *checker) reachability() error {
	expected, wrong := map[found]bool{}, map[string]bool{}
	for line := range strings.Lines(judged) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(words) != 4 || !slices.Contains([]string{"known", "right", "wrong"}, words[3]) {
			return fmt.Errorf("reachability.txt: %q is no set, rule, code and judgement", line)
		}
		expected[found{words[0], words[1], words[2]}] = true
		if words[3] == "wrong" {
			wrong[words[0]+" "+words[1]] = true
		}
	}
	got := map[found]bool{}
	for _, set := range []string{"sigmahq", "trailalerts"} {
		out, errs, code, err := run(c.tool("sigmagen"), "check", "--format", "json", filepath.Join(c.shared, "data/rules", set))
		if err != nil || code != 0 {
			return fmt.Errorf("check %s: exit %d, %v\n%s", set, code, err, errs)
		}
		type diagnostic struct{ Path, Severity, Code string }
		diagnostics, err := lines[diagnostic](out)
		if err != nil {
			return fmt.Errorf("check %s: %w", set, err)
		}
		for _, d := range diagnostics {
			if d.Severity != "note" {
				got[found{set, strings.TrimSuffix(filepath.Base(d.Path), ".yml"), d.Code}] = true
			}
		}
	}
	passed, missing, unexpected := 0, 0, 0
	for f := range expected {
		if got[f] {
			passed++
			continue
		}
		missing++
		fmt.Printf("    not found: %s %s %s\n", f.set, f.rule, f.code)
	}
	for f := range got {
		if !expected[f] && strings.HasPrefix(f.code, "reach-") {
			unexpected++
			fmt.Printf("    not judged: %s %s %s\n", f.set, f.rule, f.code)
		}
	}
	failed := missing + unexpected + max(0, len(wrong)-mostWrong)
	c.count("reachability", passed, failed, fmt.Sprintf(" (%d expected findings, %d unexpected, %d rules with a wrong one)", passed, unexpected, len(wrong)))
	return nil
}
