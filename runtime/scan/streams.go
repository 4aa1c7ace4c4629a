package scan

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// plainWidth is the width of a table that goes to a file or a pipe.
const plainWidth = 160

// streams is where a command reads and writes, and what is known of the far
// ends.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer

	outTerminal bool // out is a terminal
	errTerminal bool // err is a terminal that can redraw a line
	color       bool // out shows colours
	width       int  // of tables on out
	now         func() time.Time
}

func newStreams(stdin io.Reader, stdout, stderr io.Writer) streams {
	s := streams{in: stdin, out: stdout, err: stderr, width: plainWidth, now: time.Now}
	dumb := os.Getenv("TERM") == "dumb"
	if fd, ok := terminal(stdout); ok {
		s.outTerminal = true
		s.color = !dumb && os.Getenv("NO_COLOR") == ""
		if width, _, err := term.GetSize(fd); err == nil && width > 0 {
			s.width = width
		}
	}
	if _, ok := terminal(stderr); ok {
		s.errTerminal = !dumb
	}
	return s
}

// terminal returns the descriptor of w if it is a terminal.
func terminal(w io.Writer) (fd int, ok bool) {
	file, isFile := w.(*os.File)
	if !isFile {
		return 0, false
	}
	fd = int(file.Fd())
	return fd, term.IsTerminal(fd)
}
