// Command reproduce builds the release of the last commit twice, in two places
// that differ in all that must not matter, and compares the files. Then it begins
// a repository of rules from that commit, tests it, and does the same with its
// release. Usage: go run ./.ci/reproduce [-cold]
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	cold := flag.Bool("cold", false, "compile everything anew for the second build, which takes minutes")
	flag.Parse()
	if err := run(*cold); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(cold bool) (err error) {
	temporary, err := os.MkdirTemp("", "reproduce-")
	if err != nil {
		return fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	if status, err := command(".", nil, "git", "status", "--porcelain"); err != nil {
		return err
	} else if status != "" {
		fmt.Println("what is not committed is left out")
	}

	// The second place has a longer path with a space in it.
	one, other := filepath.Join(temporary, "a"), filepath.Join(temporary, "another place", "for the release")
	for _, dir := range []string{one, other} {
		if _, err := command(".", nil, "git", "clone", "--quiet", ".", dir); err != nil {
			return err
		}
	}
	if err := compareReleases("release", one, other, temporary, cold); err != nil {
		return err
	}

	rules, copied := filepath.Join(temporary, "rules"), filepath.Join(temporary, "a copy", "of the rules")
	for _, step := range [][]string{
		{one, "go", "run", "./cmd/sigmagen", "init", rules, "--module", "example.org/rules", "--trailalerts", one},
		{rules, "make", "check", "test"},
		{rules, "git", "init", "--quiet", "--initial-branch", "main"},
		{rules, "git", "remote", "add", "origin", "https://example.org/rules.git"}, // without any goreleaser does not look at the commit
		{rules, "git", "add", "--all"},
		{rules, "git", "-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "commit", "--quiet", "--message", "Begin"},
		{rules, "git", "clone", "--quiet", ".", copied},
	} {
		if _, err := command(step[0], nil, step[1], step[2:]...); err != nil {
			return err
		}
	}
	return compareReleases("release of a repository of rules", rules, copied, temporary, cold)
}

// compareReleases builds in two directories with make package and compares the
// files that a release has.
func compareReleases(what, one, other, temporary string, cold bool) error {
	if _, err := command(one, nil, "make", "package"); err != nil {
		return err
	}
	// Another time zone, and files that only their owner may read.
	environment := []string{"TZ=Pacific/Kiritimati"}
	if cold {
		environment = append(environment, "GOCACHE="+filepath.Join(temporary, "cache"))
	}
	if _, err := command(other, environment, "sh", "-c", "umask 077 && chmod -R go= . && make package"); err != nil {
		return err
	}
	want, err := released(filepath.Join(one, "dist"))
	if err != nil {
		return err
	}
	got, err := released(filepath.Join(other, "dist"))
	if err != nil {
		return err
	}
	var differ []string
	names := slices.Concat(slices.Collect(maps.Keys(want)), slices.Collect(maps.Keys(got)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if want[name] != got[name] {
			differ = append(differ, name)
		}
	}
	if len(differ) > 0 {
		return fmt.Errorf("%s: two builds differ in %s", what, strings.Join(differ, ", "))
	}
	fmt.Printf("%s: %d files, twice the same bytes\n", what, len(want))
	for _, name := range slices.Sorted(maps.Keys(want)) {
		fmt.Printf("%s  %s\n", want[name], name)
	}
	return nil
}

// released returns the SHA-256 of every file of a release by its name. It holds
// that there is all that a release has.
func released(dist string) (map[string]string, error) {
	entries, err := os.ReadDir(dist)
	if err != nil {
		return nil, fmt.Errorf("list release: %w", err)
	}
	sums := map[string]string{}
	kinds := map[string]int{}
	for _, entry := range entries {
		if entry.IsDir() || slices.Contains([]string{"artifacts.json", "metadata.json", "config.yaml"}, entry.Name()) {
			continue // what goreleaser notes for itself, times among it
		}
		content, err := os.ReadFile(filepath.Join(dist, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("read release: %w", err)
		}
		sum := sha256.Sum256(content)
		sums[entry.Name()] = hex.EncodeToString(sum[:])
		for _, kind := range []string{"_linux_arm64.zip", ".tar.gz", ".sbom.json", "checksums.txt"} {
			if strings.HasSuffix(entry.Name(), kind) {
				kinds[kind]++
			}
		}
	}
	if kinds["_linux_arm64.zip"] != 2 || kinds[".tar.gz"] == 0 || kinds["checksums.txt"] != 1 || kinds[".sbom.json"] != len(sums)/2 {
		return nil, fmt.Errorf("%s is no whole release: %v of %d files", dist, kinds, len(sums))
	}
	return sums, nil
}

// command runs a program and returns what it prints.
func command(dir string, environment []string, name string, arguments ...string) (string, error) {
	c := exec.Command(name, arguments...)
	c.Dir, c.Env = dir, append(os.Environ(), environment...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(arguments, " "), err, out.Bytes(), errs.Bytes())
	}
	return out.String(), nil
}
