package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
)

// refused holds the addresses that are not on the public Internet, or that stand
// for others (IANA's special-purpose registries), by what they are.
var refused = []struct {
	prefix netip.Prefix
	what   string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud metadata"}, // the only one with an address that looks public
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},

	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local NAT64"},
	{netip.MustParsePrefix("2001::/23"), "reserved"}, // Teredo and ORCHID among them
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("2002::/16"), "6to4"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
}

var (
	globalUnicast = netip.MustParsePrefix("2000::/3") // all that IANA has given out of IPv6
	nat64         = netip.MustParsePrefix("64:ff9b::/96")
)

// Public returns nil for an address on the public Internet. For every other one
// the error says what it is. An IPv4 address in an IPv6 one, mapped or behind
// NAT64 (which is how DNS64 in a VPC shows public hosts), is judged as what it
// leads to.
func Public(addr netip.Addr) error {
	judged := addr.Unmap()
	if nat64.Contains(judged) {
		b := judged.As16()
		judged = netip.AddrFrom4([4]byte(b[12:]))
	}
	for _, r := range refused {
		if r.prefix.Contains(judged.WithZone("")) {
			return fmt.Errorf("%s is no public address (%s)", addr, r.what)
		}
	}
	if !judged.IsValid() || judged.Zone() != "" || judged.Is6() && !globalUnicast.Contains(judged) {
		return fmt.Errorf("%s is no public address (not global unicast)", addr)
	}
	return nil
}

// ParseURL reads the URL of a receiver: https, a host, nothing about a user, no
// fragment. An address as host must be public; what a name leads to is judged
// when it is dialled. The error does not repeat the URL, which may be a secret.
func ParseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is no URL") // the cause would quote parts of it
	case u.Scheme != "https":
		return nil, errors.New("it does not begin with https://")
	case u.Hostname() == "":
		return nil, errors.New("it has no host")
	case u.User != nil:
		return nil, fmt.Errorf("it has a user name before the host %s", u.Host)
	case u.Fragment != "":
		return nil, errors.New("it has a fragment behind #, which is never sent")
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := Public(addr); err != nil {
			return nil, err
		}
	}
	return u, nil
}
