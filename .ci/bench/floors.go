package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/valyala/fastjson"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// The floors are what detection is held against: the least that has to be done with
// a delivery file, as programs of their own. Each reads the files that its arguments
// name, one after the other, and writes how much it read to stderr.

// gunzip inflates files.
func gunzip(files []string, stderr io.Writer) error {
	bytes, err := inflated(files)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stderr, "%d bytes\n", bytes)
	return err
}

// inflated returns how many bytes files hold after decompression.
func inflated(files []string) (bytes int64, err error) {
	source := bufio.NewReaderSize(nil, 64<<10)
	reader := new(gzip.Reader)
	for _, path := range files {
		err := open(path, func(file io.Reader) error {
			source.Reset(file)
			if err := reader.Reset(source); err != nil {
				return err
			}
			n, err := io.Copy(io.Discard, reader)
			bytes += n
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return bytes, nil
}

// split finds where each record begins and ends.
func split(files []string, stderr io.Writer) error {
	return countRecords(files, stderr, func([]byte) error { return nil })
}

// parse also parses each record, as a detection does that parses all of them.
func parse(files []string, stderr io.Writer) error {
	var parser fastjson.Parser
	return countRecords(files, stderr, func(record []byte) error {
		_, err := parser.ParseBytes(record)
		return err
	})
}

func countRecords(files []string, stderr io.Writer, take func([]byte) error) error {
	records := 0
	err := eachRecord(files, func(record []byte) error {
		records++
		return take(record)
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stderr, "%d records\n", records)
	return err
}

// eachRecord calls take with every record of the files, until it fails. A record is
// valid until take returns. What is no record is an error.
func eachRecord(files []string, take func([]byte) error) error {
	reader := cloudtrail.NewReader(nil, cloudtrail.Document, cloudtrail.Limits{})
	for _, path := range files {
		err := open(path, func(file io.Reader) error {
			reader.Reset(file, cloudtrail.FormatOf(path))
			for {
				record, err := reader.Next()
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				if err := take(record.Raw); err != nil {
					return err
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// open hands a file to read, and says which it was when that fails.
func open(path string, read func(io.Reader) error) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := read(file); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
