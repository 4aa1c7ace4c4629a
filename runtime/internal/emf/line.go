package emf

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// The bounds of the format and of CloudWatch.
const (
	maxMetrics   = 100        // of one line
	maxValues    = 100        // of one metric on a line
	maxLine      = 256 * 1024 // bytes; some regions take no more
	maxName      = 255        // characters, of metrics, dimensions and namespaces
	maxDimension = 1024       // characters, of a value
	shownValue   = 200        // of a value that had to be changed
)

// directive tells CloudWatch which members of a line are metrics.
type directive struct {
	Namespace  string       `json:"Namespace"`
	Dimensions [][]string   `json:"Dimensions"`
	Metrics    []definition `json:"Metrics"`
}

type definition struct {
	Name string `json:"Name"`
	Unit string `json:"Unit"`
}

// A line is one document of the format.
type line struct {
	root      map[string]any
	directive directive
	at        time.Time
	size      int // bytes, at most
}

func (b *Batch) newLine(d Dimension, at time.Time) (*line, error) {
	level := b.Level
	if level == "" {
		level = "INFO"
	}
	l := &line{
		// The level counts only beside a time.
		root: map[string]any{"level": level, "timestamp": at.UTC().Format(time.RFC3339Nano)},
		at:   at, directive: directive{Namespace: b.Namespace, Dimensions: [][]string{{}}, Metrics: []definition{}},
	}
	for name, value := range b.Properties {
		if err := l.member(name, value); err != nil {
			return nil, fmt.Errorf("property %w", err)
		}
	}
	if d != (Dimension{}) {
		if err := checkName(d.Name); err != nil {
			return nil, fmt.Errorf("dimension %w", err)
		}
		if err := l.member(d.Name, dimensionValue(d.Value)); err != nil {
			return nil, fmt.Errorf("dimension %w", err)
		}
		l.directive.Dimensions = [][]string{{d.Name}}
	}
	text, err := l.encode()
	if err != nil {
		return nil, err
	}
	l.size = len(text)
	if l.size > maxLine/2 {
		return nil, fmt.Errorf("the properties take %d bytes of a line, which has %d", l.size, maxLine)
	}
	return l, nil
}

// member adds a member to the line: metrics, dimensions and properties share
// their names.
func (l *line) member(name string, value any) error {
	if _, taken := l.root[name]; taken || name == metadata || name == "" {
		return fmt.Errorf("%q has the name of another member of the line", name)
	}
	l.root[name] = value
	return nil
}

const metadata = "_aws"

// add adds a metric, if there is room for it.
func (l *line) add(m *metric) (fits bool, err error) {
	var value any = m.values
	if len(m.values) == 1 {
		value = m.values[0]
	}
	text, err := json.Marshal(value)
	if err != nil {
		return false, fmt.Errorf("metric %q: %w", m.name, err)
	}
	const around = 100 // quotes, commas and keys, of the member and of its definition
	size := l.size + len(text) + 2*6*len(m.name) + around
	if len(l.directive.Metrics) == maxMetrics || size > maxLine {
		return false, nil
	}
	if err := l.member(m.name, value); err != nil {
		return false, fmt.Errorf("metric %w", err)
	}
	l.directive.Metrics = append(l.directive.Metrics, definition{m.name, m.unit})
	l.size = size
	return true, nil
}

// encode returns the line with its line break.
func (l *line) encode() ([]byte, error) {
	l.root[metadata] = map[string]any{"Timestamp": l.at.UnixMilli(), "CloudWatchMetrics": []directive{l.directive}}
	text, err := json.Marshal(l.root)
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// CheckNamespace says why CloudWatch would not take metrics under a namespace.
func CheckNamespace(s string) error {
	odd := strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(".-_/#: ", r)
	})
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New("the namespace of the metrics is empty")
	case len(s) > maxName:
		return fmt.Errorf("the namespace of the metrics is %d characters long; at most %d are possible", len(s), maxName)
	case odd >= 0:
		return fmt.Errorf("the namespace %q has characters other than letters, digits, spaces and .-_/:#", s)
	case s[0] == ':':
		return fmt.Errorf("the namespace %q begins with a colon", s)
	case strings.HasPrefix(s, "AWS/"):
		return fmt.Errorf("the namespace %q is one of AWS itself", s)
	}
	return nil
}

// checkName says why CloudWatch would not take the name of a metric or dimension.
func checkName(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return errors.New(`"" is no name`)
	case len(s) > maxName:
		return fmt.Errorf("%q… has a name of %d characters; at most %d are possible", s[:50], len(s), maxName)
	case s[0] == ':' || strings.ContainsFunc(s, unprintable):
		return fmt.Errorf("%q is no name of printable ASCII characters", s)
	}
	return nil
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }

// dimensionValue returns a value that CloudWatch takes: the text itself, or what
// of it is printable and a part of its hash, so that different values stay
// different and none is longer than it may be.
func dimensionValue(s string) string {
	if strings.TrimSpace(s) != "" && len(s) <= maxDimension && !strings.ContainsFunc(s, unprintable) && s[0] != ':' {
		return s
	}
	shown := strings.Map(func(r rune) rune {
		if unprintable(r) {
			return '?'
		}
		return r
	}, strings.TrimLeft(s, ":"))
	sum := sha256.Sum256([]byte(s))
	return strings.TrimSpace(shown[:min(len(shown), shownValue)] + " sha256:" + hex.EncodeToString(sum[:8]))
}
