package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/cloudtrail"
)

// Buckets are where paths of the form s3://bucket/prefix lead.
type Buckets interface {
	// Keys goes through the keys of a bucket that begin with a prefix, in their
	// order by bytes. An error names bucket and prefix, and ends it.
	Keys(ctx context.Context, bucket, prefix string) iter.Seq2[string, error]

	// Open begins to read an object, which ends with ctx. No error names it.
	Open(ctx context.Context, bucket, key string) (io.ReadCloser, error)
}

// objectsAtOnce is how many objects of buckets are read at the same time: most of
// the time of each goes by until its first byte comes.
const objectsAtOnce = 16

const bucketScheme = "s3://"

// errNoBuckets returns why this binary cannot read a path in a bucket, and what to
// do instead.
func errNoBuckets(path string) error {
	return &environmentError{fmt.Errorf("%s: this binary cannot read from S3: it was built for one set of rules, without AWS; use the released trailalerts, or copy the files first: aws s3 sync %s DIR && trailalerts scan DIR", path, path)}
}

// A prefix is a path in a bucket.
type prefix struct{ bucket, key string }

func (p prefix) String() string { return bucketScheme + p.bucket + "/" + p.key }

// bucketName allows what buckets, also old ones, and aliases of access points are
// called.
var bucketName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]+$`) // and at most maxBucketName bytes

const maxBucketName = 255

// parsePrefix reads a path; false: it is one of this machine.
func parsePrefix(path string) (p prefix, inBucket bool, err error) {
	rest, inBucket := strings.CutPrefix(path, bucketScheme)
	if !inBucket {
		return prefix{}, false, nil
	}
	p.bucket, p.key, _ = strings.Cut(rest, "/")
	if !bucketName.MatchString(p.bucket) || len(p.bucket) > maxBucketName {
		return prefix{}, true, fmt.Errorf("%s: %q is not the name of a bucket: write s3://BUCKET/PREFIX", path, p.bucket)
	}
	return p, true, nil
}

// inputs goes through the objects behind a path, in order: the object of that very
// key if there is one, else all whose keys begin with it. A key that is named like
// a delivery file is not listed, which needs a right less.
func (p prefix) inputs(ctx context.Context, buckets Buckets) iter.Seq[input] {
	return func(yield func(input) bool) {
		if isDeliveryName(p.key) {
			yield(newObject(p.bucket, p.key, true))
			return
		}
		empty := true
		for key, err := range buckets.Keys(ctx, p.bucket, p.key) {
			switch {
			case err != nil:
				yield(input{path: p.String(), bad: err})
				return
			case empty && key == p.key && !strings.HasSuffix(key, "/"):
				yield(newObject(p.bucket, key, true))
				return
			}
			empty = false
			if strings.HasSuffix(key, "/") {
				continue // how consoles show a folder
			}
			if !yield(newObject(p.bucket, key, false)) {
				return
			}
		}
		if empty {
			yield(input{path: p.String(), bad: fmt.Errorf("read %s: %w", p, errNothingThere)})
		}
	}
}

var errNothingThere = errors.New("no object has this key, or one that begins with it")

func newObject(bucket, key string, named bool) input {
	in := input{path: prefix{bucket, key}.String(), bucket: bucket, key: key, named: named}
	if !named {
		in.skip = skipByName(key)
	}
	return in
}

// skipByName says why a file that is not named on the command line is not read;
// "": it is.
func skipByName(path string) string {
	switch {
	case !isDeliveryName(path):
		return skipName
	case cloudtrail.ForeignFolder(path) != "":
		return skipFolder
	}
	return ""
}
