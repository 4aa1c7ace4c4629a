package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/gogen"

	// Whoever has fetched sigmagen has fetched what its throw-away programs need.
	_ "github.com/trailalerts/trailalerts/runtime/scan"
)

const (
	modulePath = "github.com/trailalerts/trailalerts"

	// throwAwayFolder is where a throw-away program pretends to lie in the
	// module that it is built in.
	throwAwayFolder = "internal/sigmagen-replay"
)

// A program is the main function of a throw-away build; %s stands for the import
// path of the compiled rules, package rules.
type program string

const (
	scanProgram program = `package main

import (
	"os"

	"github.com/trailalerts/trailalerts/runtime/scan"

	rules %q
)

func main() { os.Exit(scan.Main(rules.Set, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
`
	testProgram program = `package main

import (
	"os"

	"github.com/trailalerts/trailalerts/runtime/ruletest"

	rules %q
)

func main() { os.Exit(ruletest.Main(rules.Set, os.Stdin, os.Stdout, os.Stderr)) }
`
)

// buildProgram compiles the planned rules and links them into a program at
// output. It builds in the module at hand when that has the runtime, without
// writing into it, else in a temporary module.
func (p *project) buildProgram(ctx context.Context, main program, output string) (err error) {
	output, err = filepath.Abs(output)
	if err != nil {
		return fmt.Errorf("find output file: %w", err)
	}
	temporary, err := os.MkdirTemp("", "sigmagen-")
	if err != nil {
		return fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	host, err := findHost(ctx)
	if err != nil {
		return err
	}
	base, err := baseName(p.dirs[0].Name)
	if err != nil {
		return err
	}
	name := "rules"
	if len(p.dirs) == 1 {
		name = base
	}
	files, err := gogen.Generate(p.plan, gogen.Options{Package: "rules", RulesName: name, RulesPath: "."})
	if err != nil {
		return err
	}
	prefix := host.module + "/" + throwAwayFolder
	files = append(files, gogen.File{Name: "../main.go", Content: fmt.Appendf(nil, string(main), prefix+"/rules")})
	arguments := []string{"build", "-trimpath", "-buildvcs=false", "-o", output}
	if host.dir == "" {
		err = host.writeModule(ctx, temporary, files)
	} else {
		var overlay string
		overlay, err = host.writeOverlay(temporary, files)
		arguments = append(arguments, "-overlay", overlay)
	}
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", append(arguments, "./"+throwAwayFolder)...)
	command.Dir = host.dir
	if host.dir == "" {
		command.Dir = temporary
	}
	if text, err := command.CombinedOutput(); err != nil {
		hint := ""
		if bytes.Contains(text, []byte("missing go.sum entry")) {
			hint = "\nthis module does not have what sigmagen needs: run go get -tool " + modulePath + "/cmd/sigmagen"
		}
		return fmt.Errorf("go build of the rules: %w\n%s%s", err, bytes.TrimSpace(text), hint)
	}
	return nil
}

// host is the module in which a throw-away program is built.
type host struct {
	module  string // its path
	dir     string // where it lies; "" for a temporary module
	version string // of trailalerts, for a temporary module
}

// findHost picks the module to build in: the main module of the working
// directory when that is, or requires, trailalerts; else a temporary one with
// the version of sigmagen; else, for a sigmagen built from a checkout, that.
func findHost(ctx context.Context) (host, error) {
	text, err := goCommand(ctx, "", "env", "GOMOD")
	if err != nil {
		return host{}, err
	}
	if path := strings.TrimSpace(string(text)); path != "" && path != os.DevNull {
		text, err := os.ReadFile(path)
		if err != nil {
			return host{}, fmt.Errorf("read module file: %w", err)
		}
		if module, ok := usesRuntime(path, text); ok {
			return host{module: module, dir: filepath.Dir(path)}, nil
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == modulePath && isRelease(info.Main) {
		return host{module: "sigmagen-replay", version: info.Main.Version}, nil
	}
	if dir, ok := checkout(); ok {
		return host{module: modulePath, dir: dir}, nil
	}
	return host{}, errors.New("no module to build in: run sigmagen in a module that requires " + modulePath + ", or install a released version of it")
}

// usesRuntime reports whether a module is, or requires, trailalerts.
func usesRuntime(path string, text []byte) (itsPath string, ok bool) {
	file, err := modfile.ParseLax(path, text, nil)
	if err != nil || file.Module == nil {
		return "", false
	}
	if file.Module.Mod.Path == modulePath {
		return modulePath, true
	}
	for _, require := range file.Require {
		if require.Mod.Path == modulePath {
			return file.Module.Mod.Path, true
		}
	}
	return "", false
}

// isRelease reports whether a module can be downloaded in the version that was
// built: one that was downloaded itself has a sum, and the binaries of a release
// are built from its tag. A build from any other state of a checkout has a
// version of no proxy's.
func isRelease(m debug.Module) bool {
	return m.Sum != "" || semver.IsValid(m.Version) && semver.Build(m.Version) == "" && !module.IsPseudoVersion(m.Version)
}

// checkout returns the checkout that this sigmagen was built from, if it is
// still there. A build with -trimpath, as releases are, does not know it.
func checkout() (dir string, ok bool) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "", false
	}
	dir = filepath.Dir(filepath.Dir(filepath.Dir(file)))
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", false
	}
	found, ok := usesRuntime("go.mod", text)
	return dir, ok && found == modulePath
}

// writeOverlay writes files to a temporary directory, and a description for
// go build -overlay that shows them to it as part of the host. It returns the
// path of that.
func (h host) writeOverlay(temporary string, files []gogen.File) (string, error) {
	replace := map[string]string{}
	for _, file := range files {
		target := filepath.Join(h.dir, filepath.FromSlash(throwAwayFolder), "rules", filepath.FromSlash(file.Name))
		source := filepath.Join(temporary, "rules", filepath.FromSlash(file.Name))
		if err := writeScratch(source, file.Content); err != nil {
			return "", err
		}
		replace[target] = source
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", fmt.Errorf("write overlay: %w", err)
	}
	path := filepath.Join(temporary, "overlay.json")
	return path, writeScratch(path, text)
}

// writeModule writes files as a module of their own, which requires trailalerts
// in the version of this sigmagen and everything else in the versions that it
// was built with.
func (h host) writeModule(ctx context.Context, temporary string, files []gogen.File) error {
	r, err := downloadedRequirements(ctx, temporary, h.version)
	if err != nil {
		return err
	}
	text, err := r.format(h.module)
	if err != nil {
		return err
	}
	errs := []error{writeScratch(filepath.Join(temporary, "go.mod"), text), writeScratch(filepath.Join(temporary, "go.sum"), r.sums)}
	for _, f := range files {
		errs = append(errs, writeScratch(filepath.Join(temporary, filepath.FromSlash(throwAwayFolder), "rules", filepath.FromSlash(f.Name)), f.Content))
	}
	return errors.Join(errs...)
}

// writeScratch writes a file of a temporary directory, which nobody misses when it is
// written in part.
func writeScratch(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	return nil
}

// goCommand runs the go tool and returns what it prints.
func goCommand(ctx context.Context, dir string, arguments ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = dir
	var stderr bytes.Buffer
	command.Stderr = &stderr
	text, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("the go toolchain is not installed: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return text, nil
}

// runProgram runs a throw-away program and returns its exit code.
func runProgram(ctx context.Context, path string, arguments []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	command := exec.CommandContext(ctx, path, arguments...)
	// An interrupted program is asked to end, so that it can tidy up.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 5 * time.Second
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, stderr
	err := command.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) && failed.ExitCode() >= 0 {
		return failed.ExitCode(), nil
	}
	if err != nil {
		return exitError, fmt.Errorf("run the compiled rules: %w", err)
	}
	return exitClean, nil
}
