package scan

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress is a bar on stderr while files are read. A nil progress shows
// nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress begins a bar of so many files; -1: nobody knows.
func newProgress(o options, s streams, files int) *progress {
	streaming := o.mode != modeDecide && o.format != formatTable && o.output == ""
	if !s.errTerminal || s.outTerminal && streaming {
		return nil // no one to see it, or it would run into the data
	}
	return &progress{progressbar.NewOptions(files,
		progressbar.OptionSetWriter(s.err),
		progressbar.OptionSetDescription("scanning files"),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // it moves when a file is read, and never by itself
		progressbar.OptionClearOnFinish(),
	)}
}

// add counts a file. A bar that cannot be drawn is not worth an error.
func (p *progress) add() {
	if p != nil {
		_ = p.bar.Add(1)
	}
}

// end removes the bar, also one that is not full.
func (p *progress) end() {
	if p != nil {
		_ = p.bar.Finish()
		_ = p.bar.Clear() // one without an end stays otherwise
	}
}
