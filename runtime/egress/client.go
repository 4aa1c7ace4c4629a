// Package egress sends HTTPS requests to receivers outside of AWS: webhooks and
// the services behind channels and enrichment. It talks to public addresses only,
// and to networks that were allowed by name, so that a URL in a configuration, or
// the owner of its domain, cannot reach into the network of the function; it follows no redirects; it bounds time and size;
// and none of its errors shows a URL or another secret.
package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

const (
	attempts    = 3 // of one Send
	attemptTime = 8 * time.Second
	dialTime    = 3 * time.Second // for each address
	maxAnswer   = 64 << 10        // bytes of an answer that are read
	userAgent   = "TrailAlerts"
)

// Options are what a test puts in place of the Internet. The zero Options are
// those of production; they are functions and pools, so that no configuration can
// express them.
type Options struct {
	// Resolve returns the addresses of a host; nil asks the system.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)

	// Allow says that an address may be dialled although it is not public; nil
	// allows none.
	Allow func(netip.Addr) bool

	// Roots are the certificate authorities to trust; nil are those of the system.
	Roots *x509.CertPool

	// Sleep waits before a request is repeated; nil waits for real.
	Sleep func(context.Context, time.Duration) error
}

// A Client sends requests. It may be used by several goroutines at once.
type Client struct {
	transport *http.Transport
	resolve   func(ctx context.Context, host string) ([]netip.Addr, error)
	allow     func(netip.Addr) bool
	networks  []netip.Prefix // beside public addresses
	roots     *x509.CertPool
	sleep     func(context.Context, time.Duration) error
	jitter    func(time.Duration) time.Duration // spreads a waiting time
	now       func() time.Time
}

// New returns a client.
func New(o Options) *Client {
	c := &Client{resolve: o.Resolve, allow: o.Allow, roots: o.Roots, sleep: o.Sleep, now: time.Now}
	if c.resolve == nil {
		c.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	c.jitter = func(d time.Duration) time.Duration { return d/2 + rand.N(d/2+1) }
	c.transport = c.newTransport()
	return c
}

// Allowing returns a client that sends to receivers in some networks as well, as
// far as Allowed has them.
func (c *Client) Allowing(networks ...netip.Prefix) *Client {
	allowing := *c
	allowing.networks = networks
	allowing.transport = allowing.newTransport()
	return &allowing
}

func (c *Client) newTransport() *http.Transport {
	return &http.Transport{
		Proxy:       nil, // a proxy would resolve the name for itself
		DialContext: c.dial,
		// Lambda freezes the process between two events. A connection that was kept
		// over a freeze fails in ways that leave open whether a message arrived, so
		// that each request has its own.
		DisableKeepAlives:      true,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.roots},
		TLSHandshakeTimeout:    5 * time.Second,
		MaxResponseHeaderBytes: maxAnswer,
	}
}

// dial connects to a host, if all that its name leads to may be called. The
// connection goes to an address that was judged, not to the name again.
func (c *Client) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = []netip.Addr{addr}
	} else if addrs, err = c.resolve(ctx, host); err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if err := Allowed(addr, c.networks); err != nil && (c.allow == nil || !c.allow(addr)) {
			return nil, &refusal{fmt.Errorf("%s is not to be called: %w", host, err)}
		}
	}
	var failures []error
	for _, addr := range addrs {
		dialer := net.Dialer{Timeout: dialTime}
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(addr.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	return nil, errors.Join(failures...)
}

// refusal is an error that another attempt would meet again.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// A Request is what Send sends.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   []byte

	// Repeatable says that the receiver tells a request that comes twice from two
	// requests. One that is not is sent again only when it certainly was not
	// taken.
	Repeatable bool

	// Once says that the request is not worth repeating at all.
	Once bool

	// Secrets are texts that no error may show, beside the path and the query of
	// the URL: receivers like to quote what they were sent.
	Secrets []string
}

// An Answer is the answer to a request that was accepted: one with a status from
// 200 to 299.
type Answer struct {
	Status  int
	Body    []byte // at most 64 KiB of it; cut short when the connection broke
	Message string // the beginning of the body as one short line without secrets, for errors
}

// Send sends a request and returns the answer of a receiver that accepted it. It
// repeats what is worth repeating, at most twice and only while ctx has time for
// it. The error says what the receiver answered at last, or why there was no
// answer; it is alert.ErrUnknownOutcome when any of the attempts may have been
// accepted.
func (c *Client) Send(ctx context.Context, r Request) (Answer, error) {
	unknown := false
	for attempt := 1; ; attempt++ {
		answer, err := c.try(ctx, r)
		if err == nil {
			return answer, nil
		}
		unknown = unknown || errors.Is(err, alert.ErrUnknownOutcome)
		if c.last(ctx, r, err, attempt) {
			if unknown && !errors.Is(err, alert.ErrUnknownOutcome) {
				err = &afterUnknown{err}
			}
			return Answer{}, err
		}
	}
}

// last waits for the next attempt, and reports whether there is none.
func (c *Client) last(ctx context.Context, r Request, err error, attempt int) bool {
	wait, again := c.again(err, r.Repeatable, attempt)
	if !again || r.Once || ctx.Err() != nil {
		return true
	}
	if deadline, ok := ctx.Deadline(); ok && c.now().Add(wait).After(deadline) {
		return true
	}
	return c.sleep(ctx, wait) != nil
}

// try sends a request once.
func (c *Client) try(ctx context.Context, r Request) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	sent := false // whether any of it may have reached the receiver
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})

	request := (&http.Request{Method: r.Method, URL: r.URL, Header: r.Header.Clone(), Host: r.URL.Host}).WithContext(ctx)
	if request.Header == nil {
		request.Header = http.Header{}
	}
	if request.Header.Get("User-Agent") == "" {
		request.Header.Set("User-Agent", userAgent)
	}
	if r.Body != nil {
		request.Body = io.NopCloser(bytes.NewReader(r.Body))
		request.ContentLength = int64(len(r.Body))
	}
	// Not an http.Client: it follows redirects and puts URLs into its errors.
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return Answer{}, &noAnswer{err: redact(r, err), sent: sent}
	}
	defer response.Body.Close()
	// What breaks while the answer is read does not change what its status said.
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return Answer{}, c.statusError(r, response, body)
	}
	return Answer{Status: response.StatusCode, Body: body, Message: message(r, body)}, nil
}
