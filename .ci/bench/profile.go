package main

import (
	"bufio"
	"debug/elf"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// profiledMain is the main function that takes the place of the one of a program
// that sigmagen builds. It scans several times in one process and writes a profile of
// that. The arguments are the file of the profile, the number of scans and the
// arguments of each; %q is the import path of the rules.
const profiledMain = `package main

import (
	"log"
	"os"
	"runtime/pprof"
	"strconv"

	"github.com/trailalerts/trailalerts/runtime/scan"

	rules %q
)

func main() {
	profile, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	scans, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(profile); err != nil {
		log.Fatal(err)
	}
	for range scans {
		if code := scan.Main(rules.Set, os.Args[3:], os.Stdin, os.Stdout, os.Stderr); code != 0 {
			os.Exit(code)
		}
	}
	pprof.StopCPUProfile()
	if err := profile.Close(); err != nil {
		log.Fatal(err)
	}
}
`

// A stage is a part of the way of a delivery file through a scan.
type stage struct {
	name string
	does string
	ours bool // what this project adds to inflating the file
}

// stages are in the order of that way. What belongs to none is in the last.
var stages = []stage{
	{"inflate", "gunzip and its checksum", false},
	{"find records", "where each record ends, and where its first members are", true},
	{"dispatch", "eventSource and eventName, and the switch over them", true},
	{"guards", "the texts that records must hold for the rules that no switch indexes", true},
	{"candidates", "the rules that are left: predicates, and the parse where one needs it", true},
	{"findings and output", "what is said about the matches", true},
	{"rest", "files, start, garbage collection", false},
}

const (
	ours     = "github.com/trailalerts/trailalerts/"
	replayed = ours + "internal/sigmagen-replay/rules." // what sigmagen calls compiled rules
)

// frames tell the stage of a stack of calls: that of the first of these that one of
// the calls begins with. A finding asks the rules again, so it comes before them.
var frames = []struct{ call, stage string }{
	{ours + "runtime/alert.", "findings and output"},
	{ours + "runtime/scan.(*pipeline).", "findings and output"},
	{"github.com/klauspost/compress/", "inflate"},
	{ours + "runtime/cloudtrail.(*input).", "inflate"},
	{ours + "runtime/cloudtrail.", "find records"},
	{ours + "runtime.(*Event).Keys", "dispatch"},
	{ours + "runtime.(*Event).Mentions", "guards"},
	{replayed + "match", "candidates"},
	{ours + "runtime.MatchAll", "candidates"},
	{ours + "runtime.(*Event).Err", "candidates"},
	{"unicode/utf8.Valid", "candidates"},
	{replayed + "Match", "dispatch"},
}

// stageOf returns the index of the stage that a stack of calls, innermost first,
// belongs to.
func stageOf(stack []string) int {
	for _, frame := range frames {
		if slices.ContainsFunc(stack, func(call string) bool { return strings.HasPrefix(call, frame.call) }) {
			return slices.IndexFunc(stages, func(s stage) bool { return s.name == frame.stage })
		}
	}
	return len(stages) - 1
}

// checkFrames holds that a program has functions of the names that tell the stages.
func checkFrames(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		return fmt.Errorf("read symbols: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	symbols, err := file.Symbols()
	if err != nil {
		return fmt.Errorf("read symbols of %s: %w", path, err)
	}
	for _, frame := range frames {
		if !slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return strings.HasPrefix(s.Name, frame.call) }) {
			return fmt.Errorf("no function is called %s: the stages of the profile are out of date", frame.call)
		}
	}
	return nil
}

// profile measures where the CPU time of a scan goes, and draws it if a file was
// named for that.
func (b *bench) profile() error {
	c, err := b.corpus()
	if err != nil {
		return err
	}
	p, err := b.profiledRuleset()
	if err != nil {
		return err
	}
	if err := checkFrames(p.path); err != nil {
		return err
	}
	scans := 2 * b.options.rounds
	profile := b.path("profile")
	one := child{
		name:    "profile",
		procs:   1,
		command: []string{p.path, profile, fmt.Sprint(scans), "scan", "--matches", "--format", "jsonl", c.dir},
		says:    []string{fmt.Sprintf("scanned %d files, %d records", len(c.files), c.records)},
	}
	if _, err := run(b.ctx, one, nil); err != nil {
		return err
	}
	traces, err := exec.CommandContext(b.ctx, "go", "tool", "pprof", "-traces", "-unit", "ms", p.path, profile).Output()
	if err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	times, err := timesOf(strings.NewReader(string(traces)))
	if err != nil {
		return fmt.Errorf("read profile: %w", err)
	}
	costs := costsOf(times, scans*c.records)
	b.title("Where the time goes: a profile of %d scans in one process, GOMAXPROCS=1", scans)
	rows := [][]string{{"", "share", "a record", "what is done"}}
	for i, s := range stages {
		rows = append(rows, []string{s.name, percent(costs[i].share), microseconds(costs[i].perRecord), s.does})
	}
	b.table(rows)
	b.note("%s; %s", p.says, c)
	b.command("PROFILED_BIN PROFILE " + fmt.Sprint(scans) + " scan --matches --format jsonl " + c.dir + " > /dev/null; go tool pprof -traces PROFILED_BIN PROFILE")
	if b.options.svg == "" {
		return nil
	}
	drawn, err := picture(costs)
	if err != nil {
		return err
	}
	if err := os.WriteFile(b.options.svg, []byte(drawn), 0o644); err != nil {
		return fmt.Errorf("draw profile: %w", err)
	}
	return nil
}

// profiledRuleset returns the program of ruleset with another main function.
//
// sigmagen alone compiles rules of several directories, and it knows nothing of
// profiles. So it gets a go command that changes the main function on its way to the
// real one.
func (b *bench) profiledRuleset() (*program, error) {
	directories, err := b.rulesets()
	if err != nil {
		return nil, err
	}
	command, err := exec.LookPath("go")
	if err != nil {
		return nil, fmt.Errorf("find the go command: %w", err)
	}
	standIn := b.path("profiled-go", "go")
	if err := os.MkdirAll(filepath.Dir(standIn), 0o755); err != nil {
		return nil, fmt.Errorf("make stand-in of go: %w", err)
	}
	if err := os.WriteFile(standIn, fmt.Appendf(nil, "#!/bin/sh\nexec '%s' profiled-go '%s' \"$@\"\n", b.self, command), 0o755); err != nil {
		return nil, fmt.Errorf("make stand-in of go: %w", err)
	}
	path := os.Getenv("PATH")
	if err := os.Setenv("PATH", filepath.Dir(standIn)+string(filepath.ListSeparator)+path); err != nil {
		return nil, fmt.Errorf("put the stand-in of go first: %w", err)
	}
	p, err := b.build("profiled", directories...)
	return p, errors.Join(err, os.Setenv("PATH", path))
}

// profiledGo runs the go command that its first argument names. In the overlay of a
// build it puts profiledMain in the place of the main function.
func profiledGo(arguments []string) error {
	if i := slices.Index(arguments, "-overlay"); i >= 0 {
		if err := replaceMain(arguments[i+1]); err != nil {
			return err
		}
	}
	return syscall.Exec(arguments[0], arguments, os.Environ())
}

func replaceMain(overlay string) error {
	text, err := os.ReadFile(overlay)
	if err != nil {
		return fmt.Errorf("read overlay: %w", err)
	}
	var files struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &files); err != nil {
		return fmt.Errorf("read overlay: %w", err)
	}
	for target, source := range files.Replace {
		if filepath.Base(target) == "main.go" {
			return os.WriteFile(source, fmt.Appendf(nil, profiledMain, strings.TrimSuffix(replayed, ".")), 0o644)
		}
	}
	return fmt.Errorf("%s has no main function to replace", overlay)
}

// timesOf adds up what `go tool pprof -traces` prints by stage: blocks between lines
// of hyphens, each of which begins with a time and lists calls, innermost first.
func timesOf(traces io.Reader) ([]time.Duration, error) {
	times := make([]time.Duration, len(stages))
	var spent time.Duration
	var stack []string
	end := func() {
		if len(stack) > 0 {
			times[stageOf(stack)] += spent
		}
		stack = nil
	}
	within := false
	lines := bufio.NewScanner(traces)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "-----") {
			end()
			within = true
			continue
		}
		words := strings.Fields(line)
		if !within || len(words) == 0 {
			continue
		}
		if len(stack) == 0 {
			var err error
			if spent, err = time.ParseDuration(words[0]); err != nil || len(words) < 2 {
				return nil, fmt.Errorf("%q is no time of a stack of calls", line)
			}
			words = words[1:]
		}
		stack = append(stack, words[0])
	}
	end()
	if err := lines.Err(); err != nil {
		return nil, err
	}
	for _, t := range times {
		if t > 0 {
			return times, nil
		}
	}
	return nil, errors.New("the profile is empty")
}

// cost is what a stage takes.
type cost struct {
	share     float64 // of all stages
	perRecord time.Duration
}

func costsOf(times []time.Duration, records int) []cost {
	var all time.Duration
	for _, t := range times {
		all += t
	}
	var costs []cost
	for _, t := range times {
		costs = append(costs, cost{float64(t) / float64(all), t / time.Duration(records)})
	}
	return costs
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

func microseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f µs", float64(d)/float64(time.Microsecond))
}

// A drawing is what the template of the picture shows. Its measures are pixels.
type drawing struct {
	Title                   string
	Width, Height           int
	InnerWidth, InnerHeight int // of the frame, whose line has a width of one
	NamesTo                 int // where the names of stages end
	SharesTo, TimesTo       int // and the numbers
	Top, Bottom             int // of the grid
	TicksAt                 int
	Ticks                   []tick
	Bars                    []bar
}

// A tick is a line of the grid.
type tick struct {
	X     int
	Label string
}

// A bar shows one stage.
type bar struct {
	Name, Share, PerRecord string
	Ours                   bool
	X, Width               float64
	Y, Height              int
	TextY                  int
}

//go:embed profile.svg.tmpl
var pictureText string

var pictureTemplate = template.Must(template.New("picture").Parse(pictureText))

// picture draws the costs of stages as bars that each begin where the one before
// ends. It brings its own background, since the page around it may be light or dark.
func picture(costs []cost) (string, error) {
	const (
		barsFrom, barsTo = 176, 576 // 0 % and 100 %
		firstRow, row    = 64, 34
		height           = 20 // of a bar
	)
	var all time.Duration
	for _, c := range costs {
		all += c.perRecord
	}
	d := drawing{
		Title:    "CPU time of a scan: " + microseconds(all) + " a record",
		Width:    720,
		NamesTo:  barsFrom - 14,
		SharesTo: barsTo + 62,
		TimesTo:  barsTo + 126,
		Top:      firstRow - 8,
		Bottom:   firstRow + len(costs)*row,
	}
	d.Height = d.Bottom + 36
	d.InnerWidth, d.InnerHeight, d.TicksAt = d.Width-1, d.Height-1, d.Bottom+18
	for quarter := range 5 {
		d.Ticks = append(d.Ticks, tick{barsFrom + quarter*(barsTo-barsFrom)/4, fmt.Sprintf("%d %%", 25*quarter)})
	}
	tenth := func(pixels float64) float64 { return math.Round(10*pixels) / 10 }
	from := float64(barsFrom)
	for i, c := range costs {
		width := c.share * (barsTo - barsFrom)
		y := firstRow + i*row
		d.Bars = append(d.Bars, bar{
			Name: stages[i].name, Share: percent(c.share), PerRecord: microseconds(c.perRecord), Ours: stages[i].ours,
			X: tenth(from), Width: tenth(max(width, 1)), Y: y, Height: height,
			TextY: y + 15,
		})
		from += width
	}
	var b strings.Builder
	if err := pictureTemplate.Execute(&b, d); err != nil {
		return "", fmt.Errorf("draw profile: %w", err)
	}
	return b.String(), nil
}
