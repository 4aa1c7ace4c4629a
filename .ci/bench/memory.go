package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// memory measures the most memory that one delivery file costs, and whether its size
// shows in it.
func (b *bench) memory() error {
	c, err := b.corpus()
	if err != nil {
		return err
	}
	p, err := b.ruleset()
	if err != nil {
		return err
	}
	analyzer, err := b.buildFunction("analyzer")
	if err != nil {
		return err
	}
	b.title("Peak memory on one delivery file: resident set, as the kernel counts it")
	rows := [][]string{{"", "file", "peak", "promised"}}
	promised := bound{limit: 64, unit: " MB"}
	row := func(name string, d *delivery, peak int64) {
		rows = append(rows, []string{name, fmt.Sprintf("%.0f MB, %d records", megabytes(d.raw), d.records), fmt.Sprintf("%.1f MB", megabytes(peak)), promised.verdict(megabytes(peak))})
	}
	peaks := map[string][]int64{}
	for _, raw := range []int64{50e6, 500e6} {
		d, err := b.largeFile(c, raw)
		if err != nil {
			return fmt.Errorf("make file: %w", err)
		}
		path := d.file.Name()
		scan := child{command: []string{b.self, "peak", p.path, "scan", "--matches", "--format", "jsonl", path}}
		var printed bytes.Buffer
		if _, err := run(b.ctx, scan, &printed); err != nil {
			return err
		}
		ofScan, err := strconv.ParseInt(strings.TrimSpace(printed.String()), 10, 64)
		if err != nil {
			return fmt.Errorf("read peak memory: %w", err)
		}
		row("scan --matches", d, ofScan)
		ofAnalyzer, err := b.analyze(analyzer, path)
		if err != nil {
			return err
		}
		row("analyzer", d, ofAnalyzer)
		peaks["scan --matches"] = append(peaks["scan --matches"], ofScan)
		peaks["analyzer"] = append(peaks["analyzer"], ofAnalyzer)
	}
	b.table(rows)
	for _, name := range []string{"scan --matches", "analyzer"} {
		b.note("%s: ten times the file, %.2f times the memory", name, float64(peaks[name][1])/float64(peaks[name][0]))
	}
	b.note("the analyzer gets the file from a server that stands in for S3, and sends its findings to one that stands in for SQS")
	b.command("BIN scan --matches --format jsonl FILE.json.gz > /dev/null")
	return nil
}

// largeFile writes records of the corpus into one delivery file, as often as it takes
// to make raw bytes of them.
func (b *bench) largeFile(c *corpus, raw int64) (*delivery, error) {
	d, err := createDelivery(b.path("large", fmt.Sprintf("%d.json.gz", raw)))
	if err != nil {
		return nil, err
	}
	full := errors.New("full")
	for err == nil {
		err = eachRecord(c.files, func(record []byte) error {
			if b.ctx.Err() != nil {
				return b.ctx.Err()
			}
			if d.add(record); d.raw >= raw {
				return full
			}
			return nil
		})
	}
	if !errors.Is(err, full) {
		return nil, errors.Join(err, d.close())
	}
	return d, d.close()
}
