// Package bucket reads the objects of S3 buckets as files: it lists the keys
// below a prefix, page by page, and reads an object as a stream that goes on
// where a broken connection left it. It needs the rights s3:ListBucket and
// s3:GetObject, and kms:Decrypt where a bucket is encrypted with a key of its
// owner.
package bucket

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// client is what is needed of S3. It retries what can be retried.
type client interface {
	ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(ctx context.Context, in *s3.GetObjectInput, options ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Buckets are all those that one set of credentials reaches, in any region. They
// are safe for concurrent use.
type Buckets struct {
	client client
	stall  time.Duration // without a byte, after which a connection is taken for dead
	pause  func(context.Context, time.Duration) error

	mu      sync.Mutex
	regions map[string]string // of the buckets that lie elsewhere than in the configured one
}

// attempts at one request: a scan asks S3 for many objects at once, so that
// being told to slow down is to be expected.
const attempts = 8

// Connect returns the buckets that a configuration reaches. It makes no call.
// AWS_MAX_ATTEMPTS and max_attempts of the profile replace the number of
// attempts. A connection over which nothing comes for the time stall, be it an
// answer or a part of one, is taken for dead and replaced.
func Connect(config aws.Config, stall time.Duration) *Buckets {
	b := New(s3.NewFromConfig(config, func(o *s3.Options) {
		if client, ok := o.HTTPClient.(*awshttp.BuildableClient); ok {
			o.HTTPClient = client.WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = stall })
		}
		if config.RetryMaxAttempts == 0 {
			o.RetryMaxAttempts = attempts
		}
		// Old objects have no checksum; a warning for each says nothing.
		o.DisableLogOutputChecksumValidationSkipped = true
	}))
	b.stall = stall
	return b
}

// New returns the buckets that a client reaches.
func New(client client) *Buckets {
	return &Buckets{client: client, stall: time.Minute, pause: pause, regions: map[string]string{}}
}

// Keys goes through the keys that begin with a prefix, in their order by bytes.
// After an error, which names bucket and prefix, it ends.
func (b *Buckets) Keys(ctx context.Context, bucket, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		in := &s3.ListObjectsV2Input{
			Bucket: &bucket, Prefix: &prefix,
			// Without it one key with a control character makes a page no XML.
			EncodingType: types.EncodingTypeUrl,
		}
		fail := func(err error) { yield("", fmt.Errorf("list s3://%s/%s: %w", bucket, prefix, err)) }
		last := ""
		for {
			page, err := inRegion(b, bucket, func(options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
				return b.client.ListObjectsV2(ctx, in, options...)
			})
			if err != nil {
				fail(clarify(err, bucket, "s3:ListBucket on the bucket"))
				return
			}
			for _, object := range page.Contents {
				key := aws.ToString(object.Key)
				if page.EncodingType == types.EncodingTypeUrl {
					if key, err = url.QueryUnescape(key); err != nil {
						fail(fmt.Errorf("read the key %q: %w", aws.ToString(object.Key), err))
						return
					}
				}
				if key <= last {
					fail(fmt.Errorf("the key %q comes after %q: directory buckets, which do not list in order, are not supported; copy the files first", key, last))
					return
				}
				last = key
				if !yield(key, nil) {
					return
				}
			}
			if !aws.ToBool(page.IsTruncated) {
				return
			}
			if aws.ToString(page.NextContinuationToken) == "" {
				fail(fmt.Errorf("the answer behind %q does not say how to go on", last))
				return
			}
			in.ContinuationToken = page.NextContinuationToken
		}
	}
}

// regionName keeps what an answer says from becoming any other part of the name
// of a host.
var regionName = regexp.MustCompile(`^[a-z]{2}[a-z0-9-]{3,30}$`)

// inRegion makes a call in the region of a bucket. S3 tells it in answer to a
// call in another one, and the client does not follow by itself.
func inRegion[T any](b *Buckets, bucket string, call func(options ...func(*s3.Options)) (T, error)) (T, error) {
	b.mu.Lock()
	known := b.regions[bucket]
	b.mu.Unlock()
	result, err := call(in(known)...)
	region := redirection(err)
	if region == "" || region == known || !regionName.MatchString(region) {
		return result, err
	}
	b.mu.Lock()
	b.regions[bucket] = region
	b.mu.Unlock()
	return call(in(region)...)
}

// in returns the options of a call in a region; "" is the configured one.
func in(region string) []func(*s3.Options) {
	if region == "" {
		return nil
	}
	return []func(*s3.Options){func(o *s3.Options) { o.Region = region }}
}

// pause waits for about d, or until ctx is done. Readers that failed together do
// not try again together.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
