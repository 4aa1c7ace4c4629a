// Package emf writes metrics as lines of a Lambda function's log, in the CloudWatch
// embedded metric format: CloudWatch reads them out of the log, so that a
// function measures without calling an API.
package emf

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// A Batch collects what is measured during one invocation. Each name is either
// counted or timed. The zero Batch needs a Namespace. It is for one goroutine at a
// time.
type Batch struct {
	// Namespace holds the metrics; CheckNamespace says what it may be.
	Namespace string

	// Level is the log level of the function as AWS_LAMBDA_LOG_LEVEL has it; ""
	// is INFO. Lambda takes a line without a level for INFO, and drops what is
	// below the level of the function: metrics are to arrive at any.
	Level string

	// Properties stand on every line beside the metrics, for people who search the
	// log: no metric depends on them.
	Properties map[string]string

	groups map[Dimension]map[string]*metric // Dimension{} holds all that is measured
}

// A Dimension divides a metric: {"Rule", "root_login"}. Names are constants of a
// program. A value may be any text; what CloudWatch does not take in one is
// written so that different values stay different.
type Dimension struct{ Name, Value string }

type metric struct {
	name   string
	unit   string // of CloudWatch
	values []float64
}

const (
	unitCount   = "Count"
	unitSeconds = "Seconds"
)

// Count adds n to a metric of the unit Count: without dimensions, and under each
// of the dimensions by itself. Counting 0 makes CloudWatch know the zero.
func (b *Batch) Count(name string, n int, by ...Dimension) {
	for _, d := range groupsOf(by) {
		m := b.metric(d, name, unitCount)
		if len(m.values) == 0 {
			m.values = []float64{0}
		}
		m.values[0] += float64(n)
	}
}

// Seconds adds a time to a metric of the unit Seconds: without dimensions, and
// under each of the dimensions by itself. Every time is a sample of its own.
func (b *Batch) Seconds(name string, d time.Duration, by ...Dimension) {
	for _, group := range groupsOf(by) {
		m := b.metric(group, name, unitSeconds)
		m.values = append(m.values, d.Seconds())
	}
}

// groupsOf returns what a measurement counts in: all, and its dimensions.
func groupsOf(by []Dimension) []Dimension { return append([]Dimension{{}}, by...) }

func (b *Batch) metric(d Dimension, name, unit string) *metric {
	if b.groups == nil {
		b.groups = map[Dimension]map[string]*metric{}
	}
	if b.groups[d] == nil {
		b.groups[d] = map[string]*metric{}
	}
	m := b.groups[d][name]
	if m == nil {
		m = &metric{name: name, unit: unit}
		b.groups[d][name] = m
	}
	if m.unit != unit {
		m.unit = "" // Write says so: counted and timed under one name
	}
	return m
}

// Write writes what was measured, as of a time, and forgets nothing: one line
// for all, and one for each dimension and value, more where the format has no
// room for it in one. Every line is one call of Write, so that lines of a
// slog.Handler may go to the same file. Of what breaks a bound of the format
// nothing is written, and the error says what.
func (b *Batch) Write(w io.Writer, at time.Time) error {
	if err := CheckNamespace(b.Namespace); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	var lines [][]byte
	for _, d := range slices.SortedFunc(maps.Keys(b.groups), compare) {
		written, err := b.lines(d, at)
		if err != nil {
			return fmt.Errorf("write metrics of %s: %w", b.Namespace, err)
		}
		lines = append(lines, written...)
	}
	for _, line := range lines {
		if _, err := w.Write(line); err != nil {
			return fmt.Errorf("write metrics of %s: %w", b.Namespace, err)
		}
	}
	return nil
}

func compare(a, b Dimension) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
}

// lines returns the lines of one group.
func (b *Batch) lines(d Dimension, at time.Time) ([][]byte, error) {
	var lines [][]byte
	rest := slices.SortedFunc(maps.Values(b.groups[d]), func(x, y *metric) int { return cmp.Compare(x.name, y.name) })
	for len(rest) > 0 {
		l, err := b.newLine(d, at)
		if err != nil {
			return nil, err
		}
		var left []*metric
		for _, m := range rest {
			if err := m.check(); err != nil {
				return nil, err
			}
			now := metric{m.name, m.unit, m.values[:min(len(m.values), maxValues)]}
			fits, err := l.add(&now)
			if err != nil {
				return nil, err
			}
			if !fits {
				left = append(left, m)
			} else if more := m.values[len(now.values):]; len(more) > 0 {
				left = append(left, &metric{m.name, m.unit, more})
			}
		}
		line, err := l.encode()
		if err != nil {
			return nil, err
		}
		lines, rest = append(lines, line), left
	}
	return lines, nil
}

// check says what CloudWatch would not take of a metric.
func (m *metric) check() error {
	if err := checkName(m.name); err != nil {
		return fmt.Errorf("metric %w", err)
	}
	if m.unit == "" {
		return fmt.Errorf("metric %q is both counted and timed", m.name)
	}
	return nil
}
