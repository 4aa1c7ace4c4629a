package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// A corpus is delivery files to measure on.
type corpus struct {
	dir     string   // which holds them and nothing else that is scanned
	files   []string // by name
	records int
	raw     int64 // bytes after decompression
	packed  int64 // and before
	origin  string

	truth *truth // nil where nobody knows what matches
}

func (c *corpus) String() string {
	return fmt.Sprintf("%s: %d records in %d files, %.1f MB, gzip %.1f MB (1 to %.1f)", c.origin, c.records, len(c.files), megabytes(c.raw), megabytes(c.packed), float64(c.raw)/float64(c.packed))
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// corpusOf returns the corpus of the directory that was named, else what the
// generator of the shared data writes by default, else one of the same size out of
// the records in testdata.
func corpusOf(ctx context.Context, o options, temporary string) (*corpus, error) {
	dir := o.corpus
	switch {
	case dir != "":
		return openCorpus(dir, "the files of "+dir)
	case o.shared != "":
		dir = filepath.Join(temporary, "corpus")
		generator := filepath.Join(o.shared, "data", "gen_cloudtrail.py")
		if _, err := tool(ctx, "", nil, "python3", generator, "--out", dir); err != nil {
			return nil, err
		}
		return openCorpus(dir, "what "+filepath.Base(generator)+" writes by default")
	default:
		dir = filepath.Join(temporary, "corpus")
		truth, err := repeatTestdata(filepath.Join(dir, deliveries), defaultSize)
		if err != nil {
			return nil, err
		}
		c, err := openCorpus(dir, "records of "+testdata+", repeated (they pack well, so that gunzip has less to do than with most)")
		if err != nil {
			return nil, err
		}
		c.truth = truth
		return c, nil
	}
}

// deliveries is the folder that CloudTrail writes to.
const deliveries = "AWSLogs"

// openCorpus lists and counts the delivery files below dir, and reads the truth
// beside them.
func openCorpus(dir, origin string) (*corpus, error) {
	dir = filepath.Clean(dir)
	c := &corpus{dir: dir, origin: origin}
	if info, err := os.Stat(filepath.Join(dir, deliveries)); err == nil && info.IsDir() {
		c.dir = filepath.Join(dir, deliveries)
	}
	err := filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !strings.HasSuffix(path, ".json.gz") {
			return fmt.Errorf("%s is no delivery file: a corpus holds nothing else, as the floors read files of .json.gz alone", path)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		c.files = append(c.files, path)
		c.packed += info.Size()
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(c.files) == 0 {
		return nil, fmt.Errorf("%s holds no delivery file", c.dir)
	}
	if c.raw, err = inflated(c.files); err != nil {
		return nil, err
	}
	if err := eachRecord(c.files, func([]byte) error { c.records++; return nil }); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "expected.jsonl")
	if _, err := os.Stat(path); err == nil {
		c.truth, err = readTruth(path, dir)
		if err != nil {
			return nil, err
		}
	}
	return c, nil
}

// A delivery is a delivery file that is being written.
type delivery struct {
	file *os.File
	gzip *gzip.Writer
	text *bufio.Writer

	records int
	raw     int64 // bytes so far, before compression
}

// createDelivery begins a file of records at path.
func createDelivery(path string) (*delivery, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	zipped := gzip.NewWriter(file)
	d := &delivery{file: file, gzip: zipped, text: bufio.NewWriterSize(zipped, 64<<10)}
	d.write([]byte(`{"Records":[`))
	return d, nil
}

// add writes one more record.
func (d *delivery) add(record []byte) {
	if d.records > 0 {
		d.write([]byte(","))
	}
	d.write(record)
	d.records++
}

// write adds text. The writer keeps an error for close.
func (d *delivery) write(text []byte) {
	n, _ := d.text.Write(text)
	d.raw += int64(n)
}

func (d *delivery) close() error {
	d.write([]byte("]}"))
	if err := errors.Join(d.text.Flush(), d.gzip.Close(), d.file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", d.file.Name(), err)
	}
	return nil
}
