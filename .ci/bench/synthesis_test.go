package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSynthesise(t *testing.T) {
	const n = 1000
	rules, err := synthesise(n)
	if err != nil {
		t.Fatal(err)
	}
	again, err := synthesise(n)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rules, again, cmp.AllowUnexported(synthesisedRule{})); diff != "" {
		t.Errorf("the second time there are other rules:\n%s", diff)
	}
	texts := map[string]bool{}
	unindexed := 0
	for _, r := range rules {
		_, detection, _ := strings.Cut(r.yaml, "detection:")
		texts[detection] = true
		if !r.indexed {
			unindexed++
		}
		if asks := strings.Contains(detection, "eventSource:") && strings.Contains(detection, "eventName:"); asks != r.indexed {
			t.Errorf("%s: it asks about calls: %v, want %v:\n%s", r.key, asks, r.indexed, r.yaml)
		}
	}
	if len(rules) != n || unindexed != 30 {
		t.Errorf("%d rules, %d of them about no call; want %d and 30", len(rules), unindexed, n)
	}
	if len(texts) < n*95/100 {
		t.Errorf("only %d of %d rules differ", len(texts), n)
	}
}

// The compiler takes the rules, and each matches the record that it should.
func TestSynthesisedRulesCompile(t *testing.T) {
	rules, err := synthesise(40)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeRules(dir, rules); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"check", "test"} {
		run := exec.Command("go", "run", "./cmd/sigmagen", command, "--rules", dir)
		run.Dir = root
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("sigmagen %s: %v\n%s", command, err, out)
		}
	}
}

func TestCallsAreRefused(t *testing.T) {
	if _, err := parseCalls("iam CreateUser*5 CreateAccessKey*many\n"); err == nil {
		t.Error("a weight that is no number was accepted")
	}
}
