package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/notify/internal/notifytest"
	"github.com/trailalerts/trailalerts/runtime/notify/payload"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

func TestNew(t *testing.T) {
	const url = "https://hooks.example.com/hunter2"
	for _, test := range []struct {
		sentence           string
		url, headers, want string
	}{
		{"A URL is enough.", url, "", ""},
		{"Headers are an object of texts.", url, `{"Authorization": "Bearer hunter2", "X-Team": "cloud"}`, ""},
		{"Without a URL there is no channel.", "", "", "webhook: it has no URL"},
		{"All problems are in one error.", "http://hooks.example.com/hunter2", `["hunter2"]`,
			`webhook: URL: it does not begin with https://; HEADERS: it is no JSON object of texts, such as {"Authorization": "Bearer ..."}`},
		{"A host inside of the network is no receiver.", "https://10.0.0.1/hunter2", "", "webhook: URL: 10.0.0.1 is no public address (private)"},
		{"A number is no text.", url, `{"X-Number": 1}`, `webhook: HEADERS: it is no JSON object of texts, such as {"Authorization": "Bearer ..."}`},
		{"Null is no object.", url, `null`, `webhook: HEADERS: it is no JSON object of texts, such as {"Authorization": "Bearer ..."}`},
		{"A line break would begin another header.", url, `{"X-Team": "hunter2\r\nHost: evil"}`, "webhook: HEADERS: it has a value with a line break or another control character"},
		{"A name with a colon is none.", url, `{"Authorization: hunter2": "x"}`, "webhook: HEADERS: it has a name that no header can have"},
		{"An empty name is none.", url, `{"": "hunter2"}`, "webhook: HEADERS: it has a name that no header can have"},
		{"The host is that of the URL.", url, `{"host": "hunter2"}`, "webhook: HEADERS: the header Host is not for the configuration to set"},
		{"The signature is ours.", url, `{"x-trailalerts-signature": "hunter2"}`, "webhook: HEADERS: the header X-Trailalerts-Signature is not for the configuration to set"},
		{"The idempotency key is ours.", url, `{"IDEMPOTENCY-KEY": "hunter2"}`, "webhook: HEADERS: the header Idempotency-Key is not for the configuration to set"},
		{"A header cannot be there twice.", url, `{"X-A": "hunter2", "x-a": "hunter3"}`, "webhook: HEADERS: it has a header twice"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			var c Config
			if test.url != "" {
				c.URL = secret.Literal("URL", test.url)
			}
			if test.headers != "" {
				c.Headers = secret.Literal("HEADERS", test.headers)
			}
			n, err := New(egress.New(egress.Options{}), c)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || (n == nil) != (err != nil) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A receiver may be in the network of the function where the configuration says
// so: as an address, and as a name that leads to one.
func TestNetworks(t *testing.T) {
	private, loopback := netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("127.0.0.0/8")
	for _, test := range []struct {
		sentence string
		url      string
		networks []netip.Prefix
		want     string
	}{
		{"An address within a network is a receiver.", "https://10.20.0.7/hook", []netip.Prefix{loopback, private}, ""},
		{"One beside it is none.", "https://10.21.0.7/hook", []netip.Prefix{loopback, private}, "webhook: URL: 10.21.0.7 is no public address (private), and in none of the networks that are allowed"},
		{"Without TLS anyone there could read it.", "http://10.20.0.7/hook", []netip.Prefix{private}, "webhook: URL: it does not begin with https://"},
		{"The metadata is no receiver whatever is allowed.", "https://169.254.169.254/latest", []netip.Prefix{netip.MustParsePrefix("169.0.0.0/8")}, "webhook: URL: 169.254.169.254 is no public address (link-local)"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			got := ""
			if _, err := New(egress.New(egress.Options{}), Config{URL: secret.Literal("URL", test.url), Networks: test.networks}); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}

	received := 0
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { received++ }))
	defer server.Close()
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := egress.New(egress.Options{Roots: roots, Resolve: func(context.Context, string) ([]netip.Addr, error) { return []netip.Addr{at.Addr()}, nil }})
	for sentence, test := range map[string]struct {
		networks []netip.Prefix
		want     int
	}{"A name may lead there.": {[]netip.Prefix{loopback}, 1}, "It may not lead elsewhere.": {[]netip.Prefix{private}, 0}, "By default it may not.": {nil, 0}} {
		t.Run(sentence, func(t *testing.T) {
			received = 0
			n, err := New(client, Config{URL: secret.Literal("URL", fmt.Sprintf("https://example.com:%d/hook", at.Port())), Networks: test.networks})
			if err != nil {
				t.Fatal(err)
			}
			if err := n.Notify(t.Context(), notifytest.Alert()); (err == nil) != (test.want == 1) || received != test.want {
				t.Errorf("%d received, %v", received, err)
			}
		})
	}
}

// newNotifier returns a channel to a receiver on this machine, with headers and a
// signing key.
func newNotifier(t *testing.T, handler http.HandlerFunc) *Notifier {
	t.Helper()
	url, client := egresstest.Start(t, handler)
	n, err := New(client, Config{
		URL: secret.Literal("URL", url+"/hooks/hunter2?token=hunter3"), Headers: secret.Literal("HEADERS", `{"Authorization": "Bearer hunter4", "X-Team": "cloud"}`),
		SigningKey: secret.Literal("KEY", "hunter5"), Now: func() time.Time { return notifytest.Now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRequest pins the request: what a receiver checks before it believes one.
func TestRequest(t *testing.T) {
	for name, a := range map[string]*alert.Alert{"ordinary": notifytest.Alert(), "correlated": notifytest.Correlated(), "hostile": notifytest.Hostile()} {
		t.Run(name, func(t *testing.T) {
			want, err := payload.JSON(a, notifytest.Now, maxBody)
			if err != nil {
				t.Fatal(err)
			}
			requests := 0
			n := newNotifier(t, func(w http.ResponseWriter, r *http.Request) {
				requests++
				body, err := io.ReadAll(r.Body)
				if err != nil || !json.Valid(body) || len(body) > maxBody {
					t.Errorf("got %d bytes of body, %v", len(body), err)
				}
				if diff := cmp.Diff(string(want), string(body)); diff != "" {
					t.Errorf("body (-want +got):\n%s", diff)
				}
				mac := hmac.New(sha256.New, []byte("hunter5"))
				fmt.Fprintf(mac, "1741538700.%s", body)
				header := map[string]string{
					"Content-Type": "application/json", "Authorization": "Bearer hunter4", "X-Team": "cloud", "User-Agent": "TrailAlerts",
					"X-TrailAlerts-Signature": "t=1741538700,v1=" + hex.EncodeToString(mac.Sum(nil)),
				}
				if name != "hostile" {
					header["Idempotency-Key"] = a.ID()
				}
				for key, want := range header {
					if got := r.Header.Get(key); got != want {
						t.Errorf("%s is %q, want %q", key, got, want)
					}
				}
				key := r.Header.Get("Idempotency-Key")
				if name == "hostile" && (len(key) != len("sha256:")+64 || strings.ContainsAny(key, " \r\n")) {
					t.Errorf("Idempotency-Key is %q", key)
				}
				if r.Method != "POST" || r.URL.String() != "/hooks/hunter2?token=hunter3" {
					t.Errorf("got %s %s", r.Method, r.URL)
				}
				w.WriteHeader(http.StatusNoContent)
			})
			if err := n.Notify(t.Context(), a); err != nil || requests != 1 {
				t.Errorf("got error %v after %d requests", err, requests)
			}
		})
	}
}

// TestPlainRequest pins that headers and signature are only there when they are
// configured.
func TestPlainRequest(t *testing.T) {
	url, client := egresstest.Start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-TrailAlerts-Signature"); got != "" {
			t.Errorf("a request without a key is signed %q", got)
		}
	}))
	n, err := New(client, Config{URL: secret.Literal("URL", url)})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Notify(t.Context(), notifytest.Alert()); err != nil {
		t.Error(err)
	}
}

// TestSameKeyAgain pins that a repeat, within one call and in another, has the
// same Idempotency-Key.
func TestSameKeyAgain(t *testing.T) {
	keys := map[string]int{}
	var requests atomic.Int64
	n := newNotifier(t, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		keys[r.Header.Get("Idempotency-Key")]++
		if requests.Add(1) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	for range 2 {
		if err := n.Notify(t.Context(), notifytest.Hostile()); err != nil {
			t.Error(err)
		}
	}
	if len(keys) != 1 || requests.Load() != 3 {
		t.Errorf("got %d requests with the keys %v", requests.Load(), keys)
	}
}

// TestFailures pins what an error says, and what it does not: no path, no token,
// no header, no key.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		sentence string
		answer   http.HandlerFunc
		want     string
	}{
		{"A receiver that refuses, and quotes what it got.", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "no access to %s with %s and %s", r.URL, r.Header, r.Header.Get("Authorization"))
		}, "webhook: answered 403 Forbidden: no access to /hooks/[secret]"},
		{"A receiver that is overloaded.", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		}, "webhook: answered 429 Too Many Requests"},
		{"A receiver that sends the alert elsewhere.", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/hunter2", http.StatusPermanentRedirect)
		}, "webhook: answered 308 Permanent Redirect: a redirect to evil.example, which is not followed"},
		{"A receiver that breaks the connection.", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "webhook: EOF"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			err := newNotifier(t, test.answer).Notify(t.Context(), notifytest.Alert())
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "hunter") || len(err.Error()) > 500 {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
	t.Run("A receiver that takes too long.", func(t *testing.T) {
		ctx, giveUp := context.WithCancel(t.Context())
		stop := make(chan struct{})
		n := newNotifier(t, func(http.ResponseWriter, *http.Request) { giveUp(); <-stop })
		defer close(stop)
		if err := n.Notify(ctx, notifytest.Alert()); err == nil || err.Error() != "webhook: context canceled" {
			t.Errorf("got error %v", err)
		}
	})
}
