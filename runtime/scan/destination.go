package scan

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// destination is where the data goes: standard output, or the file of --output,
// which appears under its name when it is complete.
type destination struct {
	*bufio.Writer
	path   string // as the user wrote it; "" is standard output
	target string // what is replaced: path, links followed
	file   *os.File
	temp   bool // file is renamed to target
}

// keepEvidence refuses to replace a file that was named to be scanned.
func keepEvidence(output string, inputs []input) error {
	if output == "" {
		return nil
	}
	target, err := os.Stat(output)
	if err != nil || !target.Mode().IsRegular() {
		return nil
	}
	for _, in := range inputs {
		if info, err := os.Stat(in.path); in.named && err == nil && os.SameFile(info, target) {
			return fmt.Errorf("--output %s would replace a file that is to be scanned", output)
		}
	}
	return nil
}

func openDestination(path string, stdout io.Writer) (*destination, error) {
	d := &destination{path: path}
	if path == "" {
		d.Writer = bufio.NewWriter(stdout)
		return d, nil
	}
	d.target = path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		d.target = target
	}
	info, err := os.Stat(d.target)
	switch {
	case err == nil && !info.Mode().IsRegular():
		// A device or a pipe is written to; a rename would destroy it.
		d.file, err = os.OpenFile(d.target, os.O_WRONLY, 0)
	case err == nil || errors.Is(err, fs.ErrNotExist):
		name := "." + filepath.Base(d.target) + "." + strconv.FormatUint(rand.Uint64(), 36) + ".tmp"
		d.file, err = os.OpenFile(filepath.Join(filepath.Dir(d.target), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		d.temp = true
		if err == nil && info != nil {
			if err = d.file.Chmod(info.Mode().Perm()); err != nil {
				d.abort()
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, bareCause(err))
	}
	d.Writer = bufio.NewWriter(d.file)
	return d, nil
}

// flush passes on what was printed.
func (d *destination) flush() error { return d.named(d.Flush()) }

// commit completes the output. After an error nothing is left behind but what
// was there before.
func (d *destination) commit() error {
	if err := d.flush(); err != nil {
		return err
	}
	if d.file == nil {
		return nil
	}
	file := d.file
	d.file = nil
	if err := file.Close(); err != nil {
		_ = d.discard(file)
		return d.named(err)
	}
	if !d.temp {
		return nil
	}
	if err := os.Rename(file.Name(), d.target); err != nil {
		_ = d.discard(file)
		return d.named(err)
	}
	return nil
}

// abort removes an output that was not committed.
func (d *destination) abort() {
	if d.file == nil {
		return
	}
	_ = d.file.Close() // the error that led here is the one that is told
	_ = d.discard(d.file)
	d.file = nil
}

func (d *destination) discard(file *os.File) error {
	if !d.temp {
		return nil
	}
	return os.Remove(file.Name())
}

// named adds to an error of writing where to.
func (d *destination) named(err error) error {
	switch {
	case err == nil:
		return nil
	case d.path == "":
		return fmt.Errorf("write to standard output: %w", bareCause(err))
	default:
		return fmt.Errorf("write %s: %w", d.path, bareCause(err))
	}
}

// bareCause strips from an error of the os package the operation and the path,
// which the caller names.
func bareCause(err error) error {
	if path, ok := err.(*fs.PathError); ok {
		return path.Err
	}
	if link, ok := err.(*os.LinkError); ok {
		return link.Err
	}
	return err
}
