package egress_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
)

// TestMain names a proxy in the environment of all tests, one that nobody answers
// at: a proxy would resolve names for itself, and must not be used.
func TestMain(m *testing.M) {
	os.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	os.Exit(m.Run())
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestHostsOfTheNetwork pins that no request leaves for a host of which any
// address is not public, whatever the name is.
func TestHostsOfTheNetwork(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ sentence, host, leadsTo, want string }{
		{"A name that leads to this machine.", "rebound.example.com", "127.0.0.1", "loopback"},
		{"A name that leads to the metadata of the instance.", "metadata.example.com", "169.254.169.254", "link-local"},
		{"A name that leads into the VPC.", "internal.example.com", "10.0.0.1", "private"},
		{"A name that leads to this machine by version 6.", "six.example.com", "::1", "loopback"},
		{"A name that leads into the VPC by a mapped address.", "mapped.example.com", "::ffff:10.0.0.1", "private"},
		{"A name of which one address is public.", "both.example.com", "8.8.8.8 127.0.0.1", "loopback"},
		{"An address of this machine.", "127.0.0.1", "", "loopback"},
		{"An address of this machine by version 6.", "[::1]", "", "loopback"},
		{"A name without addresses.", "none.example.com", "", "has no address"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			resolved := 0
			client := egress.New(egress.Options{Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
				resolved++
				var addrs []netip.Addr
				for a := range strings.FieldsSeq(test.leadsTo) {
					addrs = append(addrs, netip.MustParseAddr(a))
				}
				return addrs, nil
			}, Sleep: noSleep})
			_, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, "https://"+test.host+":"+port+"/services/hunter2"), Body: []byte("{}")})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got error %v, want one that says %q and not the path", err, test.want)
			}
			if test.leadsTo != "" && resolved != 1 {
				t.Errorf("the name was resolved %d times: another attempt could be answered otherwise", resolved)
			}
		})
	}
	if got := reached.Load(); got != 0 {
		t.Errorf("the server was reached %d times", got)
	}
}

func noSleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// TestDefaultsAllowNothing pins that the client of production, the one without
// options, refuses what the tests' client reaches.
func TestDefaultsAllowNothing(t *testing.T) {
	serverURL, _ := egresstest.Start(t, http.NotFoundHandler())
	port := mustParse(t, serverURL).Port()
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]"} {
		_, err := egress.New(egress.Options{}).Send(t.Context(), egress.Request{Method: "GET", URL: mustParse(t, "https://"+host+":"+port)})
		if err == nil || !strings.Contains(err.Error(), "is no public address (loopback)") {
			t.Errorf("%s: got error %v", host, err)
		}
	}
}

// TestRedirects pins that a redirect is an error that names the host, and is not
// followed.
// A client that allows a network reaches receivers there, one that does not stays
// as it was, and a redirect leads nowhere.
func TestNetworksThatAreAllowed(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "https://169.254.169.254/latest", http.StatusFound)
		}
	}))
	defer server.Close()
	at := netip.MustParseAddrPort(server.Listener.Addr().String())
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	leadsTo := []netip.Addr{at.Addr()}
	client := egress.New(egress.Options{Roots: roots, Sleep: noSleep, Resolve: func(context.Context, string) ([]netip.Addr, error) { return leadsTo, nil }})
	send := func(client *egress.Client, path string) error {
		_, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, fmt.Sprintf("https://example.com:%d%s", at.Port(), path)), Once: true})
		return err
	}
	allowing := client.Allowing(netip.MustParsePrefix("10.20.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"))
	if err := send(allowing, "/"); err != nil {
		t.Errorf("within the network: %v", err)
	}
	if err := send(client, "/"); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("with the client that allows none: %v", err)
	}
	if err := send(client.Allowing(netip.MustParsePrefix("10.20.0.0/16")), "/"); err == nil || !strings.Contains(err.Error(), "in none of the networks that are allowed") {
		t.Errorf("in another network: %v", err)
	}
	if err := send(allowing, "/redirect"); err == nil || !strings.Contains(err.Error(), "a redirect to 169.254.169.254, which is not followed") {
		t.Errorf("redirected: %v", err)
	}
	leadsTo = append(leadsTo, netip.MustParseAddr("169.254.169.254"))
	if err := send(allowing, "/"); err == nil || !strings.Contains(err.Error(), "link-local") {
		t.Errorf("with the metadata among the addresses: %v", err)
	}
}

func TestRedirects(t *testing.T) {
	for _, test := range []struct{ location, want string }{
		{"https://evil.example.net/hunter2", "answered 307 Temporary Redirect: a redirect to evil.example.net, which is not followed"},
		{"//evil.example.net:99/hunter2", "answered 307 Temporary Redirect: a redirect to evil.example.net:99, which is not followed"},
		{"/elsewhere/hunter2", "answered 307 Temporary Redirect: a redirect to HOST, which is not followed"},
		{"://", "answered 307 Temporary Redirect: a redirect, which is not followed"},
	} {
		var requests atomic.Int64
		serverURL, client := egresstest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.Header().Set("Location", test.location)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}))
		_, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, serverURL+"/in"), Repeatable: true})
		want := strings.ReplaceAll(test.want, "HOST", mustParse(t, serverURL).Host)
		if err == nil || err.Error() != want || requests.Load() != 1 {
			t.Errorf("to %s: got error %v after %d requests, want %q after one", test.location, err, requests.Load(), want)
		}
	}
}

// TestRepeats pins which failures are worth another attempt. A step is a status,
// with what follows it as Retry-After, or "broken" for a connection that breaks
// after the request was read. The last step stays.
func TestRepeats(t *testing.T) {
	for _, test := range []struct {
		sentence   string
		steps      string
		repeatable bool
		requests   int64
		want       string // "" for an answer
		slept      []time.Duration
	}{
		{"What is accepted is not repeated.", "200", true, 1, "", nil},
		{"Any status from 200 to 299 is acceptance.", "202", false, 1, "", nil},
		{"Too many requests: again, after the time that was asked for.", "429:2 200", false, 2, "", []time.Duration{2 * time.Second}},
		{"Too many requests without a time: again.", "429 429 200", false, 3, "", nil},
		{"It ends after three attempts.", "429", false, 3, "answered 429 Too Many Requests: said so", nil},
		{"Who asks for too long a time is left alone.", "429:60", true, 1, "answered 429 Too Many Requests: said so (to be tried again after 1m0s)", nil},
		{"A receiver that is overloaded and says when did not take it.", "503:1 200", false, 2, "", []time.Duration{time.Second}},
		{"An error of the receiver leaves open whether it was taken.", "503", false, 1, "answered 503 Service Unavailable: said so", nil},
		{"That does not matter to one that tells repeats.", "500 502 200", true, 3, "", nil},
		{"A connection that breaks leaves it open too.", "broken", false, 1, "EOF", nil},
		{"And that does not matter to one that tells repeats.", "broken 200", true, 2, "", nil},
		{"What is wrong stays wrong.", "400", true, 1, "answered 400 Bad Request: said so", nil},
		{"So does what is forbidden.", "403", true, 1, "answered 403 Forbidden: said so", nil},
		{"A refusal after an answer that did not come leaves it open.", "broken 429", true, 3, "answered 429 Too Many Requests: said so", nil},
		{"And what is gone.", "404", true, 1, "answered 404 Not Found: said so", nil},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			steps := strings.Fields(test.steps)
			var requests atomic.Int64
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || string(body) != `{"the":"body"}` || r.Header.Get("X-Name") != "value" || r.Method != "POST" || r.URL.Path != "/in" {
					t.Errorf("got %s %s with %q, %v and headers %v", r.Method, r.URL, body, err, r.Header)
				}
				n := requests.Add(1)
				status, after, _ := strings.Cut(steps[min(int(n), len(steps))-1], ":")
				if status == "broken" {
					panic(http.ErrAbortHandler)
				}
				if after != "" {
					w.Header().Set("Retry-After", after)
				}
				var code int
				fmt.Sscan(status, &code)
				w.WriteHeader(code)
				io.WriteString(w, "said\nso")
			})
			var slept []time.Duration
			serverURL, client := start(t, handler, func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil })
			answer, err := client.Send(t.Context(), egress.Request{
				Method: "POST", URL: mustParse(t, serverURL+"/in"), Header: http.Header{"X-Name": {"value"}}, Body: []byte(`{"the":"body"}`), Repeatable: test.repeatable,
			})
			if test.want == "" && (err != nil || string(answer.Body) != "said\nso") {
				t.Errorf("got %v, %v", answer, err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
			if unknown := strings.Contains(test.steps, "broken") || strings.HasSuffix(test.steps, "503"); test.want != "" && errors.Is(err, alert.ErrUnknownOutcome) != unknown {
				t.Errorf("the outcome of %v is unknown: %v, want %v", err, !unknown, unknown)
			}
			if requests.Load() != test.requests {
				t.Errorf("got %d requests, want %d", requests.Load(), test.requests)
			}
			if test.slept != nil {
				if diff := cmp.Diff(test.slept, slept); diff != "" {
					t.Errorf("waits (-want +got):\n%s", diff)
				}
			}
			for _, d := range slept {
				if test.slept == nil && (d < 100*time.Millisecond || d > 600*time.Millisecond) {
					t.Errorf("waited %s, want about a quarter or half a second", d)
				}
			}
		})
	}
}

// start is egresstest.Start with another Sleep.
func start(t *testing.T, handler http.Handler, sleep func(context.Context, time.Duration) error) (string, *egress.Client) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server.URL, egress.New(egress.Options{Allow: netip.Addr.IsLoopback, Roots: roots, Sleep: sleep})
}

// TestNeverConnected pins that a request that could not leave is repeated also
// for receivers that do not tell repeats.
func TestNeverConnected(t *testing.T) {
	for _, test := range []struct {
		sentence string
		resolve  func(context.Context, string) ([]netip.Addr, error)
		want     string
		attempts int
	}{
		{"A name that cannot be resolved now.", func(context.Context, string) ([]netip.Addr, error) {
			return nil, &net.DNSError{Err: "server misbehaving", Name: "hooks.example.com", IsTemporary: true}
		}, "lookup hooks.example.com: server misbehaving", 3},
		{"A port that nobody listens on.", func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}, "connection refused", 3},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			attempts := 0
			client := egress.New(egress.Options{Allow: netip.Addr.IsLoopback, Sleep: noSleep, Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
				attempts++
				return test.resolve(ctx, host)
			}})
			_, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, "https://hooks.example.com:1/services/hunter2")})
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") || attempts != test.attempts {
				t.Errorf("got error %v after %d attempts, want %q after %d", err, attempts, test.want, test.attempts)
			}
		})
	}
}

// TestSecondAddress pins that one dead address does not make a receiver
// unreachable.
func TestSecondAddress(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := egress.New(egress.Options{Allow: netip.Addr.IsLoopback, Roots: roots, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.99"), netip.MustParseAddr("::ffff:127.0.0.1")}, nil
	}})
	at := mustParse(t, server.URL)
	if _, err := client.Send(t.Context(), egress.Request{Method: "GET", URL: mustParse(t, "https://example.com:"+at.Port())}); err != nil {
		t.Errorf("got error %v", err)
	}
}

// TestCertificate pins that a server that cannot prove its name gets nothing, and
// is not asked again.
func TestCertificate(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the handshake that fails is what is tested
	server.StartTLS()
	defer server.Close()
	dialled := 0
	client := egress.New(egress.Options{Allow: netip.Addr.IsLoopback, Sleep: noSleep, Resolve: func(context.Context, string) ([]netip.Addr, error) {
		dialled++
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	}})
	_, err := client.Send(t.Context(), egress.Request{Method: "GET", URL: mustParse(t, "https://example.com:"+mustParse(t, server.URL).Port()+"/hunter2"), Repeatable: true})
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || reached.Load() != 0 || dialled != 1 {
		t.Errorf("got error %v after %d attempts and %d requests", err, dialled, reached.Load())
	}
}

// TestNoSecretInErrors pins what is left of a URL, of headers and of a body that a
// receiver quotes in its answer.
func TestNoSecretInErrors(t *testing.T) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, "<p>no handler for %s or %s</p> %q %q token=%s %s %s", r.URL, r.URL.Path, r.URL.Query()["key"], body,
			r.Header.Get("Authorization"), url.QueryEscape(r.Header.Get("Authorization")), strings.Repeat("filler ", 200))
	})
	serverURL, client := egresstest.Start(t, handler)
	_, err := client.Send(t.Context(), egress.Request{
		Method: "POST", URL: mustParse(t, serverURL+"/services/T0HUNTER/B0HUNTER/x%2Fhunter2?key=hunter+two&k=s"),
		Header: http.Header{"Authorization": {"Bearer hunter/three"}}, Body: []byte("routing-hunter"), Secrets: []string{"routing", "Bearer hunter/three", "routing-hunter"},
	})
	var status *egress.StatusError
	if !errors.As(err, &status) || status.Status != 404 {
		t.Fatalf("got error %v", err)
	}
	if strings.Contains(strings.ToLower(err.Error()), "hunter") {
		t.Errorf("the error shows a secret: %v", err)
	}
	if !strings.HasPrefix(err.Error(), "answered 404 Not Found: <p>no handler for /[secret]/[secret]") || len(err.Error()) > 400 {
		t.Errorf("got error of %d bytes %v", len(err.Error()), err)
	}
}

// TestShortSecrets pins that the value of a header that is no secret does not make
// an error unreadable.
func TestShortSecrets(t *testing.T) {
	serverURL, client := egresstest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, "field 11 of v1 is wrong")
	}))
	_, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, serverURL+"/v1/in"), Secrets: []string{"", "1", "of"}})
	if err == nil || err.Error() != "answered 400 Bad Request: field 11 of v1 is wrong" {
		t.Errorf("got error %v", err)
	}
}

// TestRetryAtTime pins the other form of Retry-After, a time.
func TestRetryAtTime(t *testing.T) {
	requests := 0
	serverURL, client := egresstest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests++
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	_, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, serverURL), Repeatable: true})
	if err == nil || requests != 1 || !strings.HasPrefix(err.Error(), "answered 503 Service Unavailable (to be tried again after ") {
		t.Errorf("got error %v after %d requests", err, requests)
	}
}

// TestHTTP2 pins that receivers that speak HTTP/2, as the large services do, are
// spoken to in it, and that their failures are told apart as those of others.
func TestHTTP2(t *testing.T) {
	steps := []string{"503", "broken", "200"}
	var requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || string(body) != "{}" || r.ProtoMajor != 2 {
			t.Errorf("got %q, %v in %s", body, err, r.Proto)
		}
		switch steps[requests.Add(1)-1] {
		case "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "broken":
			panic(http.ErrAbortHandler)
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	client := egress.New(egress.Options{Allow: netip.Addr.IsLoopback, Roots: roots, Sleep: noSleep})
	if _, err := client.Send(t.Context(), egress.Request{Method: "POST", URL: mustParse(t, server.URL), Body: []byte("{}"), Repeatable: true}); err != nil || requests.Load() != 3 {
		t.Errorf("got error %v after %d requests", err, requests.Load())
	}
}

// TestBounds pins that neither a slow nor a talkative receiver holds up the
// others.
func TestBounds(t *testing.T) {
	t.Run("A receiver that never answers is left at the deadline.", func(t *testing.T) {
		stop := make(chan struct{})
		serverURL, client := egresstest.Start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-stop }))
		defer close(stop)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := client.Send(ctx, egress.Request{Method: "POST", URL: mustParse(t, serverURL+"/hunter2"), Repeatable: true})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 3*time.Second || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got error %v after %s", err, time.Since(began))
		}
	})
	t.Run("An endless answer is read to the bound.", func(t *testing.T) {
		for _, code := range []int{200, 500} {
			serverURL, client := egresstest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(code)
				chunk := bytes.Repeat([]byte("x"), 4096)
				for r.Context().Err() == nil {
					if _, err := w.Write(chunk); err != nil {
						return
					}
				}
			}))
			answer, err := client.Send(t.Context(), egress.Request{Method: "GET", URL: mustParse(t, serverURL)})
			if code == 200 && (err != nil || len(answer.Body) != 64<<10) {
				t.Errorf("got %d bytes, %v", len(answer.Body), err)
			}
			if code == 500 && (err == nil || len(err.Error()) > 500) {
				t.Errorf("got error %v", err)
			}
		}
	})
	t.Run("A wait that does not end before the deadline is not begun.", func(t *testing.T) {
		requests := 0
		serverURL, client := egresstest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.Header().Set("Retry-After", "10")
			w.WriteHeader(429)
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err := client.Send(ctx, egress.Request{Method: "POST", URL: mustParse(t, serverURL)})
		if err == nil || requests != 1 || err.Error() != "answered 429 Too Many Requests (to be tried again after 10s)" {
			t.Errorf("got error %v after %d requests", err, requests)
		}
	})
}
