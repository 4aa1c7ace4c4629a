package diag

import (
	"bytes"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
)

// informationURI is where people find out about the tool.
const informationURI = "https://github.com/trailalerts/trailalerts"

// WriteSARIF writes diagnostics as a SARIF 2.1.0 log, which code scanning
// services read. A diagnostic's code is its rule there. source is as in
// WriteText; regions end with the line where it is at hand. What is waived is a
// suppressed result.
func WriteSARIF(w io.Writer, diagnostics []Diagnostic, source func(path string) []byte) error {
	run := sarif.NewRunWithInformationURI("sigmagen", informationURI)
	run.WithColumnKind("unicodeCodePoints")
	var codes []string
	for _, d := range diagnostics {
		codes = append(codes, d.Code)
	}
	slices.Sort(codes)
	for _, code := range slices.Compact(codes) {
		run.AddRule(code)
	}
	for _, d := range diagnostics {
		result := run.CreateResultForRule(d.Code).
			WithLevel(map[Severity]string{Error: sarif.LevelError, Warning: sarif.LevelWarning, Note: sarif.LevelNote}[d.Severity]).
			WithMessage(sarif.NewTextMessage(sarifText(d))).
			WithLocations([]*sarif.Location{sarif.NewLocationWithPhysicalLocation(physicalLocation(d, source))})
		if d.Waived != "" {
			result.WithSuppressions([]*sarif.Suppression{sarif.NewSuppression().WithKind("inSource").WithJustification(d.Waived)})
		}
	}
	var log bytes.Buffer
	if err := sarif.NewReport().AddRun(run).PrettyWrite(&log); err != nil {
		return err
	}
	_, err := io.WriteString(w, EscapeJSON(log.String())+"\n")
	return err
}

// sarifText returns what a diagnostic says, its way out included. Braces stand
// for arguments in SARIF and are doubled (SARIF 2.1.0, section 3.11.5).
func sarifText(d Diagnostic) string {
	text := d.Message
	if d.Hint != "" {
		text += "\nhint: " + d.Hint
	}
	return strings.NewReplacer("{", "{{", "}", "}}").Replace(text)
}

// physicalLocation returns the place of a diagnostic; one about a file as a
// whole has no region.
func physicalLocation(d Diagnostic, source func(path string) []byte) *sarif.PhysicalLocation {
	location := sarif.NewPhysicalLocation().WithArtifactLocation(sarif.NewSimpleArtifactLocation(artifactURI(d.Path)))
	if d.Line < 1 {
		return location
	}
	start := max(d.Column, 1)
	end := start + max(d.Length, 1)
	if line, ok := sourceLine(source(d.Path), d.Line); ok {
		behind := utf8.RuneCountInString(line) + 1
		start, end = min(start, behind), min(end, behind)
	}
	return location.WithRegion(sarif.NewRegion().WithStartLine(d.Line).WithStartColumn(start).WithEndColumn(end))
}

// artifactURI returns a slash path as a URI: relative to where sigmagen ran,
// unless the path is absolute.
func artifactURI(name string) string {
	uri := url.URL{Path: name}
	if path.IsAbs(name) {
		uri.Scheme = "file"
	}
	return uri.String()
}
