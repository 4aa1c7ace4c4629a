// Package vpnapi asks VPNAPI.io where a source address is, who runs its network,
// and whether it hides somebody: a VPN, a proxy, Tor, a relay.
//
// Only public addresses leave the account. An address is asked about once an
// hour, and after a failure not again for a minute, since the service counts
// requests by day.
package vpnapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/egress"
	"github.com/trailalerts/trailalerts/runtime/secret"
)

const (
	source = "vpnapi.io" // as Address.Sources names it

	// DefaultURL is what addresses are appended to.
	DefaultURL = "https://vpnapi.io/api/"

	callTime  = 3 * time.Second
	knownFor  = time.Hour
	failedFor = time.Minute
	maxKnown  = 2000 // addresses that are remembered
	maxText   = 200  // bytes of a text of the answer
)

// Config says how the service is asked.
type Config struct {
	Key *secret.Setting
	URL string           // "" is DefaultURL
	Now func() time.Time // nil is time.Now
}

// Enricher asks VPNAPI.io. It may be used by several goroutines at once.
type Enricher struct {
	client *egress.Client
	url    *url.URL
	key    *secret.Setting
	now    func() time.Time

	mu    sync.Mutex
	known map[netip.Addr]result
	order []netip.Addr // of known, by when they came
}

// result is what became of asking about an address.
type result struct {
	answer  answer
	err     error
	expires time.Time
}

var _ alert.Enricher = (*Enricher)(nil)

// New returns an enricher. The error lists everything that is wrong.
func New(client *egress.Client, c Config) (*Enricher, error) {
	e := &Enricher{client: client, key: c.Key, now: c.Now, known: map[netip.Addr]result{}}
	if e.now == nil {
		e.now = time.Now
	}
	var err error
	var problems []string
	if e.url, err = egress.ParseURL(cmp.Or(c.URL, DefaultURL)); err != nil {
		problems = append(problems, fmt.Sprintf("URL: %v", err))
	}
	if c.Key == nil {
		problems = append(problems, "it has no key")
	}
	if len(problems) > 0 {
		return nil, errors.New("vpnapi: " + strings.Join(problems, "; "))
	}
	return e, nil
}

// Enrich adds what the service knows about address.IP. A text that is no address,
// or an address that is not public, is left as it is. The error names the address
// and the reason.
func (e *Enricher) Enrich(ctx context.Context, address *alert.Address) error {
	ip, err := netip.ParseAddr(address.IP)
	if err != nil {
		return nil // the name of an AWS service
	}
	ip = ip.Unmap()
	if egress.Public(ip) != nil {
		return nil
	}
	found, err := e.lookup(ctx, ip)
	if err != nil {
		return fmt.Errorf("vpnapi: ask about %s: %w", ip, err)
	}
	found.add(address)
	return nil
}

// lookup returns what is remembered about an address, else what the service says.
func (e *Enricher) lookup(ctx context.Context, ip netip.Addr) (answer, error) {
	e.mu.Lock()
	known, ok := e.known[ip]
	e.mu.Unlock()
	now := e.now()
	if ok && now.Before(known.expires) {
		return known.answer, known.err
	}
	found, err := e.ask(ctx, ip)
	keep := knownFor
	if err != nil {
		if keep = failedFor; ctx.Err() != nil {
			return answer{}, err // the caller gave up; the service may be well
		}
	}
	e.remember(ip, result{found, err, now.Add(keep)})
	return found, err
}

// remember keeps a result in the place of the oldest, when there are many.
func (e *Enricher) remember(ip netip.Addr, r result) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, again := e.known[ip]; !again {
		if len(e.order) == maxKnown {
			delete(e.known, e.order[0])
			e.order = append(e.order[:0], e.order[1:]...)
		}
		e.order = append(e.order, ip)
	}
	e.known[ip] = r
}

// ask calls the service once.
func (e *Enricher) ask(ctx context.Context, ip netip.Addr) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	key, err := e.key.Get(ctx)
	if err != nil {
		return answer{}, err
	}
	to := *e.url.JoinPath(ip.String())
	to.RawQuery = url.Values{"key": {key.Reveal()}}.Encode()
	said, err := e.client.Send(ctx, egress.Request{Method: http.MethodGet, URL: &to, Header: http.Header{"Accept": {"application/json"}}, Once: true, Secrets: []string{key.Reveal()}})
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(said.Body, &a); err != nil || a.Security == nil {
		return answer{}, fmt.Errorf("answered %d, but nothing about the address: %s", said.Status, said.Message)
	}
	if about, err := netip.ParseAddr(a.IP); err != nil || about.Unmap() != ip {
		return answer{}, fmt.Errorf("answered %d, but about another address: %s", said.Status, said.Message)
	}
	return a, nil
}

// answer is the JSON of the service, as far as it is used.
type answer struct {
	IP       string `json:"ip"`
	Security *struct {
		VPN   *bool `json:"vpn"`
		Proxy *bool `json:"proxy"`
		Tor   *bool `json:"tor"`
		Relay *bool `json:"relay"`
	} `json:"security"`
	Location struct {
		City    string `json:"city"`
		Region  string `json:"region"`
		Country string `json:"country"`
	} `json:"location"`
	Network struct {
		Network string `json:"network"`
		ASN     string `json:"autonomous_system_number"`
		Name    string `json:"autonomous_system_organization"`
	} `json:"network"`
}

// add writes into an address what it does not know yet.
func (a answer) add(to *alert.Address) {
	for _, text := range []struct {
		field *string
		value string
	}{
		{&to.Country, a.Location.Country}, {&to.Region, a.Location.Region}, {&to.City, a.Location.City},
		{&to.Network, a.Network.Network}, {&to.ASN, a.Network.ASN}, {&to.Operator, a.Network.Name},
	} {
		if *text.field == "" {
			*text.field = clip(text.value)
		}
	}
	for _, flag := range []struct {
		field **bool
		value *bool
	}{{&to.VPN, a.Security.VPN}, {&to.Proxy, a.Security.Proxy}, {&to.Tor, a.Security.Tor}, {&to.Relay, a.Security.Relay}} {
		if *flag.field == nil && flag.value != nil {
			value := *flag.value // what is remembered stays ours
			*flag.field = &value
		}
	}
	to.Sources = append(to.Sources, source)
}

func clip(text string) string {
	text = strings.TrimSpace(text)
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
