package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime"
)

const testdata = "testdata/cloudtrail"

// size is that of a corpus out of testdata.
type size struct {
	files   int
	records int // of each file
	quiet   int // records to each one that a rule matches
}

// defaultSize is close to what the generator of the shared data writes by default.
var defaultSize = size{files: 20, records: 5000, quiet: 499}

// sample is a record of testdata.
type sample struct {
	raw   []byte
	rules []string // keys of those that match it
}

// identities are what differs from call to call in records that are alike
// otherwise. Without new ones a repeated record would be nothing to inflate.
var identities = regexp.MustCompile(`"(eventID|requestID)":"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"`)

var eventTime = regexp.MustCompile(`"eventTime":"([^"]*)"`)

// repeatTestdata writes a corpus below dir out of the records of testdata, with new
// identities and times: always the same one. The truth is that of a linear scan with
// the rules of this repository, so nothing of what is measured has a part in it.
func repeatTestdata(dir string, s size) (*truth, error) {
	quiet, matching, err := samples()
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	known := newTruth("rules")
	at := time.Date(2026, time.November, 20, 0, 0, 0, 0, time.UTC)
	total := 0
	for file := range s.files {
		at = at.Add(5 * time.Minute)
		path := filepath.Join(dir, fmt.Sprintf("111122223333/CloudTrail/us-east-1/2026/11/20/111122223333_CloudTrail_us-east-1_%s_%016d.json.gz", at.Format("20060102T1504Z"), file))
		d, err := createDelivery(path)
		if err != nil {
			return nil, err
		}
		for record := range s.records {
			from := quiet
			if total++; total%(s.quiet+1) == 0 {
				from = matching
			}
			one := from[random.IntN(len(from))]
			d.add(renew(one.raw, random, at.Add(-time.Duration(random.IntN(300))*time.Second)))
			for _, rule := range one.rules {
				known.add(match{path, record, "rules_" + rule})
			}
		}
		if err := d.close(); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// samples returns the records of testdata that no rule matches, and the others.
func samples() (quiet, matching []sample, err error) {
	var files []string
	err = filepath.WalkDir(testdata, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".json.gz") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("list records: %w", err)
	}
	err = eachRecord(files, func(raw []byte) error {
		one := sample{raw: bytes.Clone(raw)}
		event := runtime.NewEvent(one.raw)
		for _, rule := range runtime.MatchAll(nil, generated.Set.Rules, event) {
			one.rules = append(one.rules, rule.Key)
		}
		if len(one.rules) > 0 {
			matching = append(matching, one)
		} else {
			quiet = append(quiet, one)
		}
		return event.Err()
	})
	if err == nil && (len(quiet) == 0 || len(matching) == 0) {
		err = fmt.Errorf("%s: %d records without a match and %d with one; both are needed", testdata, len(quiet), len(matching))
	}
	return quiet, matching, err
}

// renew returns a record with new identities and another time.
func renew(record []byte, random *rand.Rand, at time.Time) []byte {
	record = replaceGroup(identities, record, 2, func() string {
		var b [16]byte
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		text := hex.EncodeToString(b[:])
		return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
	})
	return replaceGroup(eventTime, record, 1, func() string { return at.Format(time.RFC3339) })
}

// replaceGroup puts what next returns in the place of a group of every match.
func replaceGroup(expression *regexp.Regexp, text []byte, group int, next func() string) []byte {
	var result []byte
	end := 0
	for _, found := range expression.FindAllSubmatchIndex(text, -1) {
		result = append(append(result, text[end:found[2*group]]...), next()...)
		end = found[2*group+1]
	}
	return append(result, text[end:]...)
}
