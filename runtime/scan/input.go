package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// standardStream is the PATH that stands for standard input, and the --output
// that stands for standard output.
const standardStream = "-"

// Reasons for which a file in a directory is not read.
const (
	skipFolder    = "a digest, or a file of AWS Config or GuardDuty, by its folder"
	skipName      = "not read because of the name (.json and .jsonl are, with or without .gz)"
	skipNoRecords = "holds no CloudTrail records"
	skipLink      = "a link to a directory"
	skipIrregular = "not a regular file"
)

// skipReasons are in the order in which they are told.
var skipReasons = []string{skipNoRecords, skipFolder, skipName, skipLink, skipIrregular}

// input is one file, as it was given on the command line or found in a
// directory or a bucket.
type input struct {
	path  string // as outputs name it, slash-separated
	named bool   // on the command line itself: it is read whatever its name is
	skip  string // why it is not read; "" when it is
	bad   error  // why there is nothing to read, with the path

	bucket, key string // of an object
}

// location says where a record of the file was read.
func (in input) location(record int) alert.Location {
	if in.bucket != "" {
		return alert.Location{Bucket: in.bucket, File: in.key, Record: record}
	}
	return alert.Location{File: in.path, Record: record}
}

// isRead reports whether the file is opened.
func (in input) isRead() bool { return in.skip == "" && in.bad == nil }

// resolve finds the files behind paths, sorted by path, each once. What cannot
// be found is in problems and keeps no other path from being read.
func resolve(paths []string) (inputs []input, problems []error) {
	r := resolver{at: map[string]int{}}
	for _, path := range paths {
		if path == standardStream {
			r.add(standardStream, input{path: standardStream, named: true})
			continue
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			r.fail(path, err)
		case info.IsDir():
			r.walk(path)
		default:
			r.add(canonical(path), input{path: filepath.ToSlash(path), named: true})
		}
	}
	slices.SortFunc(r.inputs, func(a, b input) int { return strings.Compare(a.path, b.path) })
	return r.inputs, r.problems
}

type resolver struct {
	inputs   []input
	at       map[string]int // index in inputs by canonical path
	problems []error
}

func (r *resolver) fail(path string, err error) {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err // the path is named already
	}
	r.problems = append(r.problems, fmt.Errorf("read %s: %w", filepath.ToSlash(path), err))
}

// add takes a file unless it is there already, under whatever path. That it is
// named on the command line counts, whichever came first.
func (r *resolver) add(key string, in input) {
	i, known := r.at[key]
	if !known {
		r.at[key] = len(r.inputs)
		r.inputs = append(r.inputs, in)
		return
	}
	if in.named {
		r.inputs[i].named = true
		r.inputs[i].skip = ""
	}
}

// walk takes the files below a directory. It follows links to files, not those
// to directories, which may lead around in circles.
func (r *resolver) walk(directory string) {
	root := directory
	if !os.IsPathSeparator(root[len(root)-1]) {
		root += string(filepath.Separator) // WalkDir does not enter a root that is a link, but for this
	}
	base := canonical(directory)
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error { // the function below returns no error
		if err != nil {
			r.fail(path, err)
			if entry != nil && entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if entry.IsDir() {
			return nil
		}
		in := input{path: filepath.ToSlash(path)}
		key := path
		if relative, err := filepath.Rel(directory, path); err == nil {
			key = filepath.Join(base, relative)
		}
		kind := entry.Type()
		if kind&fs.ModeSymlink != 0 {
			info, err := os.Stat(path)
			if err != nil {
				r.fail(path, err)
				return nil
			}
			kind = info.Mode().Type()
			key = canonical(path)
		}
		switch {
		case kind.IsDir():
			in.skip = skipLink
		case !kind.IsRegular():
			in.skip = skipIrregular
		default:
			in.skip = skipByName(in.path)
		}
		r.add(key, in)
		return nil
	})
}

// canonical returns one name for all paths that lead to a file. Where that
// fails the path itself must do; opening it will say what is wrong.
func canonical(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return path
}

// isDeliveryName reports whether a file in a directory is read.
func isDeliveryName(path string) bool {
	name := strings.TrimSuffix(strings.ToLower(path), ".gz")
	return strings.HasSuffix(name, ".json") || strings.HasSuffix(name, ".jsonl") || strings.HasSuffix(name, ".ndjson")
}

// mustExist reports that a file is not there: opening a store would create it.
func mustExist(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("read %s: %w", path, bareCause(err))
	}
	return nil
}
