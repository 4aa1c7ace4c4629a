package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// requirements are what a module needs to build with one version of trailalerts:
// that, and everything else in the versions that it was built with.
type requirements struct {
	file      *modfile.File // go.mod, without a module statement and a toolchain
	sums      []byte        // go.sum
	toolchain string        // that it is built and released with, such as go1.26.8; "" if go.mod names none
}

// downloadedRequirements are those of a released version. The go tool fetches it,
// unless it has it already.
func downloadedRequirements(ctx context.Context, dir, version string) (requirements, error) {
	text, err := goCommand(ctx, dir, "mod", "download", "-json", modulePath+"@"+version)
	if err != nil {
		return requirements{}, err
	}
	var downloaded struct{ Dir, GoMod, Sum, GoModSum string }
	if err := json.Unmarshal(text, &downloaded); err != nil {
		return requirements{}, fmt.Errorf("read output of go mod download: %w", err)
	}
	r, err := readRequirements(downloaded.GoMod, filepath.Join(downloaded.Dir, "go.sum"))
	if err != nil {
		return requirements{}, err
	}
	r.sums = fmt.Appendf(r.sums, "%[1]s %[2]s %[3]s\n%[1]s %[2]s/go.mod %[4]s\n", modulePath, version, downloaded.Sum, downloaded.GoModSum)
	return r, r.file.AddRequire(modulePath, version)
}

// checkoutRequirements are those of a checkout, which stands in for the module.
func checkoutRequirements(dir string) (requirements, error) {
	r, err := readRequirements(filepath.Join(dir, "go.mod"), filepath.Join(dir, "go.sum"))
	if err != nil {
		return requirements{}, err
	}
	if r.file.Module == nil || r.file.Module.Mod.Path != modulePath {
		return requirements{}, fmt.Errorf("%s is no checkout of %s", dir, modulePath)
	}
	// A version of no release, so that nobody takes the sums of one for it.
	const version = "v0.0.0"
	return r, errors.Join(r.file.AddRequire(modulePath, version), r.file.AddReplace(modulePath, "", dir, ""))
}

func readRequirements(mod, sum string) (requirements, error) {
	text, err := os.ReadFile(mod)
	if err != nil {
		return requirements{}, fmt.Errorf("read module file: %w", err)
	}
	file, err := modfile.Parse(mod, text, nil)
	if err != nil {
		return requirements{}, fmt.Errorf("read module file: %w", err)
	}
	sums, err := os.ReadFile(sum)
	if err != nil {
		return requirements{}, fmt.Errorf("read module sums: %w", err)
	}
	r := requirements{file: file, sums: sums}
	if file.Toolchain != nil {
		// A throw-away program is content with any toolchain that can build it:
		// one that go.mod asks for would be fetched first. A repository of rules
		// names it (init).
		r.toolchain = file.Toolchain.Name
		file.DropToolchainStmt()
	}
	return r, nil
}

// format writes go.mod for a module of another path.
func (r requirements) format(module string) ([]byte, error) {
	if err := r.file.AddModuleStmt(module); err != nil {
		return nil, fmt.Errorf("write module file: %w", err)
	}
	r.file.Cleanup() // removes the lines of what was moved
	text, err := r.file.Format()
	if err != nil {
		return nil, fmt.Errorf("write module file: %w", err)
	}
	return text, nil
}

// markDirect says in go.mod which modules hold the packages of these import paths,
// as go mod tidy does. The others are indirect.
func (r requirements) markDirect(imports []string) {
	direct := map[string]bool{}
	for _, path := range imports {
		holder := ""
		for _, require := range r.file.Require {
			if m := require.Mod.Path; len(m) > len(holder) && (path == m || strings.HasPrefix(path, m+"/")) {
				holder = m
			}
		}
		direct[holder] = true
	}
	all := slices.Clone(r.file.Require)
	for _, require := range all {
		require.Indirect = !direct[require.Mod.Path]
	}
	r.file.SetRequireSeparateIndirect(all)
}
