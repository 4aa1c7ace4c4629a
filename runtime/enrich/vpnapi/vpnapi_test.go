package vpnapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/egress/egresstest"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

// known is an answer of the service about an address.
func known(ip string) string {
	return `{"ip":"` + ip + `","security":{"vpn":true,"proxy":false,"tor":false,"relay":false},
"location":{"city":"Frankfurt","region":"Hesse","country":"Germany","continent":"Europe","region_code":"HE","country_code":"DE","continent_code":"EU","latitude":"50.1","longitude":"8.6","time_zone":"Europe/Berlin","locale_code":"en","metro_code":"","is_in_european_union":true},
"network":{"network":"8.8.8.0/24","autonomous_system_number":"AS15169","autonomous_system_organization":"Example Net"}}`
}

// newEnricher returns an enricher that asks a server on this machine, the
// number of requests, and a clock.
func newEnricher(t *testing.T, handler http.HandlerFunc) (*Enricher, *atomic.Int64, *time.Time) {
	t.Helper()
	var requests atomic.Int64
	url, client := egresstest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.Method != "GET" || r.URL.Query().Get("key") != "hunter2/key" {
			t.Errorf("got %s %s", r.Method, r.URL)
		}
		handler(w, r)
	}))
	now := time.Date(2025, 3, 9, 16, 0, 0, 0, time.UTC)
	e, err := New(client, Config{Key: secret.Literal("VPNAPI_KEY", "hunter2/key"), URL: url + "/api/", Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	return e, &requests, &now
}

func echo(w http.ResponseWriter, r *http.Request) {
	io.WriteString(w, known(strings.TrimPrefix(r.URL.Path, "/api/")))
}

func TestEnrich(t *testing.T) {
	yes, no := true, false
	full := func(ip string) alert.Address {
		return alert.Address{IP: ip, Country: "Germany", Region: "Hesse", City: "Frankfurt", Network: "8.8.8.0/24", ASN: "AS15169", Operator: "Example Net", VPN: &yes, Proxy: &no, Tor: &no, Relay: &no, Sources: []string{"vpnapi.io"}}
	}
	before := alert.Address{IP: "8.8.8.8", Country: "Norway", VPN: &no, Sources: []string{"GeoLite2-City"}}
	after := full("8.8.8.8")
	after.Country, after.VPN, after.Sources = "Norway", &no, []string{"GeoLite2-City", "vpnapi.io"}
	mapped := full("::ffff:8.8.8.8")
	for _, test := range []struct {
		sentence  string
		address   alert.Address
		want      alert.Address
		questions int64
	}{
		{"A public address is asked about.", alert.Address{IP: "8.8.8.8"}, full("8.8.8.8"), 1},
		{"So is one of version 6.", alert.Address{IP: "2001:4860:4860::8888"}, full("2001:4860:4860::8888"), 1},
		{"A mapped address is what it leads to.", alert.Address{IP: "::ffff:8.8.8.8"}, mapped, 1},
		{"What is known already stays.", before, after, 1},
		{"A private address is nobody's business.", alert.Address{IP: "10.1.2.3"}, alert.Address{IP: "10.1.2.3"}, 0},
		{"Neither is one of a provider's NAT.", alert.Address{IP: "100.64.0.1"}, alert.Address{IP: "100.64.0.1"}, 0},
		{"Nor this machine.", alert.Address{IP: "::1"}, alert.Address{IP: "::1"}, 0},
		{"Nor a reserved one.", alert.Address{IP: "198.51.100.7"}, alert.Address{IP: "198.51.100.7"}, 0},
		{"The name of a service is no address.", alert.Address{IP: "cloudformation.amazonaws.com"}, alert.Address{IP: "cloudformation.amazonaws.com"}, 0},
		{"What would lead elsewhere is no address.", alert.Address{IP: "../8.8.8.8?key=x"}, alert.Address{IP: "../8.8.8.8?key=x"}, 0},
		{"Nothing is no address.", alert.Address{}, alert.Address{}, 0},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			e, requests, _ := newEnricher(t, echo)
			got := test.address
			if err := e.Enrich(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || requests.Load() != test.questions {
				t.Errorf("after %d requests, want %d, the address (-want +got):\n%s", requests.Load(), test.questions, diff)
			}
		})
	}
}

// TestMemory pins how long answers and failures are remembered.
func TestMemory(t *testing.T) {
	fail := false
	e, requests, now := newEnricher(t, func(w http.ResponseWriter, r *http.Request) {
		if fail {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		echo(w, r)
	})
	for _, step := range []struct {
		sentence string
		after    time.Duration
		ip       string
		fails    bool
		wantErr  bool
		requests int64
	}{
		{"The first question is asked.", 0, "8.8.8.8", false, false, 1},
		{"The second is not, also when the service is down by then.", knownFor - time.Second, "8.8.8.8", true, false, 1},
		{"Another address is asked about, once, although the service answers that there were too many.", 0, "1.1.1.1", true, true, 2},
		{"A failure is remembered too.", failedFor - time.Second, "1.1.1.1", false, true, 2},
		{"But not for long.", time.Second, "1.1.1.1", false, false, 3},
		{"And an answer not for ever.", time.Minute, "8.8.8.8", false, false, 4},
	} {
		*now, fail = now.Add(step.after), step.fails
		address := alert.Address{IP: step.ip}
		err := e.Enrich(t.Context(), &address)
		if (err != nil) != step.wantErr || requests.Load() != step.requests {
			t.Errorf("%s Got error %v after %d requests, want %d", step.sentence, err, requests.Load(), step.requests)
		}
		if err == nil && address.Country != "Germany" {
			t.Errorf("%s The address is %+v", step.sentence, address)
		}
		if err == nil {
			*address.VPN = false // what was handed out is not what is remembered
		}
		if again := (alert.Address{IP: step.ip}); err == nil && (e.Enrich(t.Context(), &again) != nil || !*again.VPN) {
			t.Errorf("%s The memory was changed", step.sentence)
		}
	}
	for i := range 3 * maxKnown {
		e.remember(netip.AddrFrom4([4]byte{20, byte(i >> 16), byte(i >> 8), byte(i)}), result{})
	}
	if len(e.known) != maxKnown || len(e.order) != maxKnown {
		t.Errorf("%d addresses are remembered in %d places, want %d", len(e.known), len(e.order), maxKnown)
	}
}

// TestFailures pins what the errors say, and that none shows the key.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		sentence string
		answer   http.HandlerFunc
		want     string
	}{
		{"A wrong key, by a server that quotes it.", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"message":"Invalid API Key %s, %s, %s"}`, r.URL.Query().Get("key"), r.URL.RawQuery, url.QueryEscape(r.URL.Query().Get("key")))
		}, `vpnapi: ask about 8.8.8.8: answered 403 Forbidden: {"message":"Invalid API Key [secret], [secret], [secret]"}`},
		{"No more questions today.", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }, "vpnapi: ask about 8.8.8.8: answered 429 Too Many Requests"},
		{"A success that is none.", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"message":"is a bogon"}`) }, `vpnapi: ask about 8.8.8.8: answered 200, but nothing about the address: {"message":"is a bogon"}`},
		{"An answer that is no JSON.", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") }, "vpnapi: ask about 8.8.8.8: answered 200, but nothing about the address: <html>"},
		{"An answer about another address.", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, known("1.1.1.1")) }, "vpnapi: ask about 8.8.8.8: answered 200, but about another address: "},
		{"An answer that goes on for ever.", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat("{", 4096)); err != nil {
					return
				}
			}
		}, "vpnapi: ask about 8.8.8.8: answered 200, but nothing about the address: {{{{"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			e, requests, _ := newEnricher(t, test.answer)
			address := alert.Address{IP: "8.8.8.8"}
			err := e.Enrich(t.Context(), &address)
			if err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") || len(err.Error()) > 500 || requests.Load() != 1 {
				t.Errorf("got error %v after %d requests, want %q", err, requests.Load(), test.want)
			}
			if diff := cmp.Diff(alert.Address{IP: "8.8.8.8"}, address); diff != "" {
				t.Errorf("after a failure the address is (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("A service that does not answer is left, and asked again by the next.", func(t *testing.T) {
		ctx, giveUp := context.WithCancel(t.Context())
		stop := make(chan struct{})
		e, requests, _ := newEnricher(t, func(w http.ResponseWriter, r *http.Request) {
			giveUp()
			<-stop
			echo(w, r)
		})
		err := e.Enrich(ctx, &alert.Address{IP: "8.8.8.8"})
		if err == nil || err.Error() != "vpnapi: ask about 8.8.8.8: context canceled" {
			t.Errorf("got error %v", err)
		}
		close(stop)
		if err := e.Enrich(t.Context(), &alert.Address{IP: "8.8.8.8"}); err != nil || requests.Load() != 2 {
			t.Errorf("got error %v after %d requests", err, requests.Load())
		}
	})
}

// TestLongTexts pins that an answer cannot make an alert large.
func TestLongTexts(t *testing.T) {
	e, _, _ := newEnricher(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, strings.Replace(known("8.8.8.8"), "Example Net", strings.Repeat("漢", 10_000), 1))
	})
	address := alert.Address{IP: "8.8.8.8"}
	if err := e.Enrich(t.Context(), &address); err != nil || len(address.Operator) > maxText+3 || !strings.HasSuffix(address.Operator, "漢…") {
		t.Errorf("got %d bytes, %v", len(address.Operator), err)
	}
}

func TestConcurrentUse(t *testing.T) {
	e, _, _ := newEnricher(t, echo)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			address := alert.Address{IP: fmt.Sprintf("8.8.8.%d", i%3)}
			if err := e.Enrich(t.Context(), &address); err != nil || address.City != "Frankfurt" {
				t.Errorf("got %+v, %v", address, err)
			}
		})
	}
	group.Wait()
}

func TestNew(t *testing.T) {
	key := secret.Literal("KEY", "hunter2")
	for _, test := range []struct {
		config Config
		want   string
	}{
		{Config{Key: key}, ""},
		{Config{}, "vpnapi: it has no key"},
		{Config{URL: "http://vpnapi.io/api/"}, "vpnapi: URL: it does not begin with https://; it has no key"},
	} {
		_, err := New(egress.New(egress.Options{}), test.config)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
	e, err := New(egress.New(egress.Options{}), Config{Key: key})
	if err != nil || e.url.JoinPath("8.8.8.8").String() != "https://vpnapi.io/api/8.8.8.8" {
		t.Errorf("the service is asked at %v, %v", e.url, err)
	}
}
