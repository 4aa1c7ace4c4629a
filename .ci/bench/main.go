// Command bench measures, on the machine that it runs on, what the project promises
// about speed, memory and starting, and prints a table for each promise. Programs
// run as users run them; what is compared runs in turn, in the same minutes.
//
// Usage: go run ./.ci/bench [-shared DIR] [-corpus DIR] [-rounds N] [-only PARTS] [-page FILE] [-svg FILE]
//
// It runs on Linux, in the root of the repository, and needs Go alone: with -shared
// also python3, which generates the corpus. A time that misses its bound is said and
// is no failure. The exit code is 1 when something could not be run, or found other
// matches than are known.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

type options struct {
	shared string // directory with rules of others and a generator of records; "" is none
	corpus string // directory of delivery files; "" has one made
	rounds int    // in which programs run in turn
	only   string // parts, separated by commas
	page   string // whose tables of these parts are replaced; "" is none
	svg    string // into which the profile is drawn; "" is none
}

// A part measures one promise.
type part struct {
	name    string
	measure func(*bench) error
}

var parts = []part{
	{"cpu", (*bench).detection},
	{"cores", (*bench).cores},
	{"memory", (*bench).memory},
	{"rules", (*bench).manyRules},
	{"compile", (*bench).compile},
	{"start", (*bench).start},
	{"profile", (*bench).profile},
}

func main() {
	if len(os.Args) > 1 {
		if done, err := helper(os.Args[1], os.Args[2:]); done {
			exit(err)
		}
	}
	var o options
	flag.StringVar(&o.shared, "shared", "", "`directory` with the rules of others and a generator of records")
	flag.StringVar(&o.corpus, "corpus", "", "`directory` of delivery files to measure on")
	flag.IntVar(&o.rounds, "rounds", 15, "in how many rounds programs run in turn")
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	flag.StringVar(&o.only, "only", strings.Join(names, ","), "`parts` to measure, separated by commas")
	flag.StringVar(&o.page, "page", "", "`file` of Markdown in which to replace the tables of these parts")
	flag.StringVar(&o.svg, "svg", "", "`file` to draw the profile into")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(runParts(ctx, o, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// helper runs this program as one of the programs that it measures, or measures
// with.
func helper(name string, arguments []string) (done bool, err error) {
	switch name {
	case "gunzip":
		return true, gunzip(arguments, os.Stderr)
	case "split":
		return true, split(arguments, os.Stderr)
	case "parse":
		return true, parse(arguments, os.Stderr)
	case "profiled-go":
		return true, profiledGo(arguments)
	case "peak":
		return true, peak(arguments, os.Stdout, os.Stderr)
	default:
		return false, nil
	}
}

// runParts measures the parts that were asked for. One that fails does not keep the
// others from being measured.
func runParts(ctx context.Context, o options, out io.Writer) (err error) {
	var chosen []part
	for name := range strings.SplitSeq(o.only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("there is no part %q", name)
		}
		chosen = append(chosen, parts[i])
	}
	if o.rounds < 1 {
		return fmt.Errorf("-rounds %d: measure one at least", o.rounds)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	temporary, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	b := &bench{ctx: ctx, options: o, out: out, self: self, temporary: temporary, programs: map[string]*program{}}
	if err := b.describeMachine(); err != nil {
		return err
	}
	var failed []error
	for _, p := range chosen {
		err := p.measure(b)
		if section := b.endSection(); err == nil && o.page != "" {
			err = replaceSection(o.page, p.name, section)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.name, err))
			fmt.Fprintf(out, "\nFAIL: %s\n", p.name)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// bench is one run of this program. What several parts need is made by the first.
type bench struct {
	ctx       context.Context
	options   options
	out       io.Writer
	self      string // this program
	temporary string

	section  strings.Builder // what the part has said so far, for a page
	commands []string        // and what it has run
	measured *corpus
	rules    []string            // directories of those that are measured
	programs map[string]*program // what sigmagen has built, by name
}

// path returns that of a file or directory that is removed in the end.
func (b *bench) path(name ...string) string {
	return filepath.Join(append([]string{b.temporary}, name...)...)
}

func (b *bench) corpus() (*corpus, error) {
	if b.measured == nil {
		made, err := corpusOf(b.ctx, b.options, b.temporary)
		if err != nil {
			return nil, fmt.Errorf("make corpus: %w", err)
		}
		b.measured = made
	}
	return b.measured, nil
}

// describeMachine prints where and when the rest was measured.
func (b *bench) describeMachine() error {
	version, err := exec.CommandContext(b.ctx, "go", "version").Output()
	if err != nil {
		return fmt.Errorf("go version: %w", err)
	}
	processor, err := cpuModel()
	if err != nil {
		return err
	}
	machine := fmt.Sprintf("%s, %d cores, %s", processor, runtime.NumCPU(), bytes.TrimSpace(version))
	fmt.Fprintf(b.out, "%s, %s, load %s\n", time.Now().UTC().Format("2 January 2006 15:04 UTC"), machine, load())
	if b.options.page == "" {
		return nil
	}
	return replaceSection(b.options.page, "machine", machine)
}

func cpuModel() (string, error) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "", fmt.Errorf("this program measures on Linux: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value), nil
		}
	}
	return runtime.GOARCH, nil // where processors do not say, as on arm64
}

// load returns the load average of the last minute.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	average, _, _ := strings.Cut(string(text), " ")
	return average
}
