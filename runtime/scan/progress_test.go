package scan

import (
	"bytes"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	var stderr bytes.Buffer
	p := newProgress(options{mode: modeDecide, format: formatTable}, streams{err: &stderr, errTerminal: true}, 3)
	for range 3 {
		p.add()
	}
	p.end()
	if got := stderr.String(); !strings.Contains(got, "scanning files") || !strings.Contains(got, "/3)") {
		t.Errorf("the bar does not say how far it is: %q", got)
	}
	if got := stderr.String(); !strings.HasSuffix(got, " \r") {
		t.Errorf("the bar is not wiped at the end: %q", got)
	}
}

func TestProgressOfAnyNumber(t *testing.T) {
	var stderr bytes.Buffer
	p := newProgress(options{mode: modeDecide, format: formatTable}, streams{err: &stderr, errTerminal: true}, -1)
	for range 1000 {
		p.add()
	}
	p.end()
	if got := stderr.String(); !strings.Contains(got, "scanning files") || !strings.HasSuffix(got, " \r") {
		t.Errorf("the bar is not shown, or not wiped at the end: %q", got)
	}
}

func TestProgressOnlyWhereItCanBeSeen(t *testing.T) {
	tests := []struct {
		name    string
		options options
		streams streams
		want    bool
	}{
		{"not in a file", options{mode: modeDecide, format: formatTable}, streams{}, false},
		{"not among the lines that stream to the same screen", options{mode: modeMatches, format: formatJSONL}, streams{errTerminal: true, outTerminal: true}, false},
		{"while they stream into a pipe", options{mode: modeMatches, format: formatJSONL}, streams{errTerminal: true}, true},
		{"while they stream into --output", options{mode: modeMatches, format: formatJSONL, output: "x"}, streams{errTerminal: true, outTerminal: true}, true},
		{"before a table", options{mode: modeMatches, format: formatTable}, streams{errTerminal: true, outTerminal: true}, true},
		{"before alerts that are decided at the end", options{mode: modeDecide, format: formatJSONL}, streams{errTerminal: true, outTerminal: true}, true},
	}
	for _, test := range tests {
		p := newProgress(test.options, test.streams, 1)
		if (p != nil) != test.want {
			t.Errorf("%s: shown %v", test.name, p != nil)
		}
	}
	var none *progress
	none.add()
	none.end()
}
