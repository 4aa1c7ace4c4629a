package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	resumptions = 8                      // of reading one object
	firstPause  = 250 * time.Millisecond // before the first of them; it doubles each time
)

// errStalled says why a connection was given up.
var errStalled = errors.New("the connection stalled")

// Open begins to read an object, as it is stored: what is gzip stays gzip. A
// connection that breaks, or that delivers nothing for a minute, is replaced,
// some times; an object that was replaced meanwhile is an error. Reading ends
// with ctx. The errors do not name the object.
func (b *Buckets) Open(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
	o := &object{buckets: b, ctx: ctx, bucket: bucket, key: key, size: -1}
	if err := o.connect(); err != nil {
		return nil, err
	}
	return o, nil
}

// object is the body of an object.
type object struct {
	buckets     *Buckets
	ctx         context.Context // of the caller of Open, for whom this reads
	bucket, key string

	etag   *string
	size   int64 // -1: not known
	offset int64 // of the next byte

	body    io.ReadCloser
	cancel  context.CancelFunc // of the request that body belongs to
	failed  error              // what is to be dealt with before the next byte
	resumed int
}

// connect asks for the object from offset on.
func (o *object) connect() error {
	request := &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key}
	if o.offset > 0 {
		request.Range = aws.String(fmt.Sprintf("bytes=%d-", o.offset))
		request.IfMatch = o.etag
	}
	ctx, cancel := context.WithCancel(o.ctx)
	out, err := inRegion(o.buckets, o.bucket, func(options ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
		return o.buckets.client.GetObject(ctx, request, options...)
	})
	if err != nil {
		cancel()
		return clarify(err, o.bucket, "s3:GetObject on it, and kms:Decrypt if the bucket is encrypted with a key of its own")
	}
	if o.offset > 0 && !strings.HasPrefix(aws.ToString(out.ContentRange), fmt.Sprintf("bytes %d-", o.offset)) {
		_ = out.Body.Close() // it is not what was asked for
		cancel()
		return fmt.Errorf("go on at byte %d: the answer begins elsewhere", o.offset)
	}
	if o.offset == 0 {
		o.etag = out.ETag
		if out.ContentLength != nil {
			o.size = *out.ContentLength
		}
	}
	o.body, o.cancel = out.Body, cancel
	return nil
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	for {
		if o.failed != nil {
			if err := o.resume(); err != nil {
				return 0, err
			}
		}
		n, err := o.readBody(p)
		o.offset += int64(n)
		if err == io.EOF && o.size >= 0 && o.offset < o.size {
			err = io.ErrUnexpectedEOF
		}
		if err == nil || err == io.EOF {
			return n, err
		}
		o.failed = err
		if n > 0 {
			return n, nil
		}
	}
}

// readBody reads from the connection, and gives it up when nothing comes.
func (o *object) readBody(p []byte) (int, error) {
	timer := time.AfterFunc(o.buckets.stall, o.cancel)
	n, err := o.body.Read(p)
	if !timer.Stop() && err != nil && err != io.EOF && o.ctx.Err() == nil {
		err = fmt.Errorf("%w for %s", errStalled, o.buckets.stall)
	}
	return n, err
}

// resume replaces the connection that failed. It returns what failed when that
// is of no use: all was read, and the checksum is wrong.
func (o *object) resume() error {
	for {
		switch {
		case o.ctx.Err() != nil:
			return o.ctx.Err()
		case o.size < 0 || o.offset >= o.size:
			return o.failed
		case o.resumed == resumptions:
			return fmt.Errorf("at byte %d of %d, after %d connections: %w", o.offset, o.size, resumptions+1, o.failed)
		}
		if err := o.buckets.pause(o.ctx, firstPause<<o.resumed); err != nil {
			return err
		}
		o.resumed++
		_ = o.Close() // it has failed already
		err := o.connect()
		if err == nil {
			o.failed = nil
			return nil
		}
		if refused(err) {
			return fmt.Errorf("at byte %d of %d, after %w: %w", o.offset, o.size, o.failed, err)
		}
		o.failed = err
	}
}

// Close implements io.Closer.
func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	o.cancel()
	err := o.body.Close()
	o.body = nil
	return err
}
