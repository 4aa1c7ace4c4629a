//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
)

// counts are what a scenario comes to, an alert counted for each channel.
type counts struct {
	injected  int // what had to arrive
	delivered int // what arrived, each once
	lost      int // what did not
	twice     int // what arrived again although somebody knew of the first time
	again     int // what was sent again because nobody could know of the first time
}

func (c *counts) add(other counts) {
	c.injected += other.injected
	c.delivered += other.delivered
	c.lost += other.lost
	c.twice += other.twice
	c.again += other.again
}

// results are the rows of the table.
type results struct {
	mu   sync.Mutex
	rows map[string]counts // by the name of the scenario
}

func (r *results) add(name string, c counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rows == nil {
		r.rows = map[string]counts{}
	}
	r.rows[name] = c
}

func (r *results) total() counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	var total counts
	for _, c := range r.rows {
		total.add(c)
	}
	return total
}

// write writes the table, in the order of the scenarios.
func (r *results) write(to io.Writer) {
	var text bytes.Buffer
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, c counts) {
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t  %s\n", c.injected, c.delivered, c.lost, c.twice, c.again, name)
	}
	fmt.Fprintf(w, "injected\tdelivered\tlost\ttwice\tagain\t  scenario\n")
	for _, s := range scenarios {
		if c, ran := r.rows[s.name]; ran {
			row(s.name, c)
		}
	}
	total := r.total()
	row("total", total)
	_ = w.Flush() // a Buffer takes everything
	fmt.Fprintf(to, `
%s
injected: alerts, each counted for every channel that it must arrive at.
again: sent again after an unknown outcome, that is, a process was killed or an answer lost between
the acceptance by the provider and the mark that it was sent. Both messages have the same ID.

injected: %d, delivered: %d, lost: %d, twice: %d, sent again after an unknown outcome: %d
`, &text, total.injected, total.delivered, total.lost, total.twice, total.again)
}
