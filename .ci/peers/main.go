// Command peers measures other evaluators of Sigma rules beside this one, on the same
// rules and the same CloudTrail delivery files, and prints the result in Markdown.
//
// Usage: go run ./.ci/peers [-rounds N] [-work DIR] [-without RULE,...] -rules DIR... CORPUS...
// or:    go run ./.ci/peers [-rounds N] [-work DIR] -shared DIR
//
// A rules directory holds .yml files; a rule goes by the name of its directory, an
// underscore, and its own. A CORPUS is NAME=DIR, and is every .json.gz below DIR. What
// of the two is not given comes from the shared directory: it has rules of others,
// recorded files, and a generator of more. The engines are installed from their
// registries into the directory for work, which a second run uses again: that needs Go,
// Python 3 and Rust.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

type options struct {
	rules   []string // directories
	without []string // names of rules
	corpora []string // NAME=DIR
	shared  string   // "" is none
	work    string
	rounds  int
	least   int // records of a corpus
}

func main() {
	o := options{work: ".trailalerts-peers"}
	if cache, err := os.UserCacheDir(); err == nil {
		o.work = filepath.Join(cache, "trailalerts-peers")
	}
	flag.Func("rules", "`directory` of rules; may be given several times", func(dir string) error {
		o.rules = append(o.rules, dir)
		return nil
	})
	flag.Func("without", "comma-separated `rules` to leave out", func(list string) error {
		o.without = strings.Split(list, ",")
		return nil
	})
	flag.StringVar(&o.shared, "shared", "", "`directory` with rules, recorded files and a generator")
	flag.StringVar(&o.work, "work", o.work, "`directory` for what is built and installed")
	flag.IntVar(&o.rounds, "rounds", 5, "how often everything is run, in turn")
	flag.IntVar(&o.least, "records", 10000, "a smaller corpus is repeated until it has so many records")
	flag.Parse()
	o.corpora = flag.Args()
	if o.rounds < 1 || o.shared == "" && (len(o.rules) == 0 || len(o.corpora) == 0) {
		flag.Usage()
		os.Exit(3)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(o options) (err error) {
	if err := os.MkdirAll(o.work, 0o755); err != nil {
		return fmt.Errorf("make directory for work: %w", err)
	}
	temporary, err := os.MkdirTemp(o.work, "run-")
	if err != nil {
		return fmt.Errorf("make temporary directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	if o.shared != "" {
		if err := o.share(filepath.Join(temporary, "generated files")); err != nil {
			return err
		}
	}

	c := &comparison{rules: filepath.Join(temporary, "rules"), none: filepath.Join(temporary, "none")}
	for _, dir := range []string{c.rules, c.none} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return fmt.Errorf("make directory of rules: %w", err)
		}
	}
	if c.offered, err = stageRules(c.rules, o.rules, o.without); err != nil {
		return err
	}
	if c.empty, err = writeDelivery(filepath.Join(temporary, "empty.json.gz")); err != nil {
		return err
	}
	for _, argument := range o.corpora {
		staged, err := stageCorpus(temporary, argument, o.least)
		if err != nil {
			return err
		}
		c.corpora = append(c.corpora, staged)
	}

	peers, err := install(o.work)
	if err != nil {
		return err
	}
	ours, err := buildOurs(temporary, c.rules)
	if err != nil {
		return err
	}
	c.engines = append([]*engine{ours}, peers...)
	if err := c.match(); err != nil {
		return err
	}
	if err := c.measure(o.rounds); err != nil {
		return err
	}
	return c.print(os.Stdout, o.rounds)
}

// share takes from the shared directory what is not given. One of its rules is left
// out: it matches most of the generated records, and how fast an engine prints is no
// matter of this comparison.
func (o *options) share(generated string) error {
	data := filepath.Join(o.shared, "data")
	if len(o.rules) == 0 {
		o.rules = []string{filepath.Join(data, "rules", "sigmahq"), filepath.Join(data, "rules", "trailalerts")}
		o.without = append(o.without, "aws_sts_assumerole_misuse")
	}
	if len(o.corpora) == 0 {
		if _, err := output("python3", filepath.Join(data, "gen_cloudtrail.py"), "--files", "4", "--out", generated); err != nil {
			return err
		}
		o.corpora = []string{"generated=" + generated, "recorded=" + filepath.Join(data, "dev")}
	}
	return nil
}

// A comparison is a set of engines, the first of which is ours, and what they are
// given: one set of rules, of which each tries those that it takes.
type comparison struct {
	engines []*engine
	corpora []corpus

	rules   string // directory of all rules
	offered int    // how many there are
	none    string // directory of no rule
	empty   string // a delivery file without records
}

// match lets every engine say what matches and which rules it refuses. Some say only
// in front of a record that they cannot evaluate a rule.
func (c *comparison) match() error {
	for _, e := range c.engines {
		e.matches = map[string]map[match]bool{}
		e.refused = map[string]bool{}
		for _, corpus := range c.corpora {
			matches, err := e.run(c.rules, corpus.files)
			if err != nil {
				return err
			}
			e.matches[corpus.name] = matches
		}
	}
	return nil
}

// measure times every engine on every corpus, in turn.
func (c *comparison) measure(rounds int) error {
	for _, e := range c.engines {
		e.cpu = map[string][]float64{}
	}
	for range rounds {
		for _, e := range c.engines {
			if err := e.time(startKey, c.rules, []string{c.empty}); err != nil {
				return err
			}
			for _, corpus := range c.corpora {
				if err := e.time(corpus.name, c.rules, corpus.files); err != nil {
					return err
				}
			}
			if e.compiled {
				continue
			}
			if err := e.time(startAloneKey, c.none, []string{c.empty}); err != nil {
				return err
			}
			for _, corpus := range c.corpora {
				if err := e.time(readingKey+corpus.name, c.none, corpus.files); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
