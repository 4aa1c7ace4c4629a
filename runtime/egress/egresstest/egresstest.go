// Package egresstest starts receivers on this machine that tests call through an
// egress.Client.
package egresstest

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/trailalerts/trailalerts/runtime/egress"
)

// Start starts an HTTPS server, and returns its URL and a client whose every
// host leads to it. The name in the URL is example.com, as its certificate says.
// The client does not wait before it repeats a request.
func Start(t *testing.T, handler http.Handler) (serverURL string, client *egress.Client) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := netip.ParseAddr(at.Hostname())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return "https://example.com:" + at.Port(), egress.New(egress.Options{
		Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{addr}, nil },
		Allow:   netip.Addr.IsLoopback,
		Roots:   roots,
		Sleep:   func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
}
