package egress

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
)

// refused holds the addresses that are not on the public Internet, or that stand
// for others (IANA's special-purpose registries), by what they are. The first that
// contains an address says what it is.
var refused = []struct {
	prefix netip.Prefix
	what   string
	never  bool // whatever networks are allowed: no receiver is there, or what it leads to is not known
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified", true},
	{netip.MustParsePrefix("10.0.0.0/8"), "private", false},
	{netip.MustParsePrefix("100.100.100.200/32"), "cloud metadata", true}, // of Alibaba Cloud
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT", false},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback", false},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud metadata", true}, // of Azure, an address that looks public
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local", true},       // the metadata of EC2 and the credentials of containers among them
	{netip.MustParsePrefix("172.16.0.0/12"), "private", false},
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved", true},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation", false},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay", true},
	{netip.MustParsePrefix("192.168.0.0/16"), "private", false},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking", false},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation", false},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation", false},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast", true},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", true},

	{netip.MustParsePrefix("::/128"), "unspecified", true},
	{netip.MustParsePrefix("::1/128"), "loopback", false},
	{netip.MustParsePrefix("fd00:ec2::/32"), "cloud metadata", true}, // of EC2
	{netip.MustParsePrefix("fc00::/7"), "private", false},
	{netip.MustParsePrefix("fe80::/10"), "link-local", true},
	{netip.MustParsePrefix("ff00::/8"), "multicast", true},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local NAT64", true},
	{netip.MustParsePrefix("2001::/23"), "reserved", true}, // Teredo and ORCHID among them
	{netip.MustParsePrefix("2001:db8::/32"), "documentation", false},
	{netip.MustParsePrefix("2002::/16"), "6to4", true},
	{netip.MustParsePrefix("3fff::/20"), "documentation", false},
}

var (
	globalUnicast = netip.MustParsePrefix("2000::/3") // all that IANA has given out of IPv6
	nat64         = netip.MustParsePrefix("64:ff9b::/96")
)

// Public returns nil for an address on the public Internet. For every other one
// the error says what it is. An IPv4 address in an IPv6 one, mapped or behind
// NAT64 (which is how DNS64 in a VPC shows public hosts), is judged as what it
// leads to.
func Public(addr netip.Addr) error { return Allowed(addr, nil) }

// Allowed returns nil for an address on the public Internet or in one of some
// networks. In none are addresses at which clouds give out credentials, those of
// the link, multicast, and what stands for other addresses.
func Allowed(addr netip.Addr, networks []netip.Prefix) error {
	judged := addr.Unmap()
	if nat64.Contains(judged) {
		b := judged.As16()
		judged = netip.AddrFrom4([4]byte(b[12:]))
	}
	what, never := judge(judged)
	switch {
	case what == "", !never && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(judged) }):
		return nil
	case never || len(networks) == 0:
		return fmt.Errorf("%s is no public address (%s)", addr, what)
	default:
		return fmt.Errorf("%s is no public address (%s), and in none of the networks that are allowed", addr, what)
	}
}

// judge says what an address is, and whether it is never called. A public one is
// "".
func judge(addr netip.Addr) (what string, never bool) {
	for _, r := range refused {
		if r.prefix.Contains(addr.WithZone("")) {
			return r.what, r.never
		}
	}
	if !addr.IsValid() || addr.Zone() != "" || addr.Is6() && !globalUnicast.Contains(addr) {
		return "not global unicast", true
	}
	return "", false
}

// ParseNetwork reads a network to be allowed, in CIDR notation. The error says why
// it is none: also when nothing in it is ever called, or when it is everything.
func ParseNetwork(text string) (netip.Prefix, error) {
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%q is no network in CIDR notation, such as 10.20.0.0/16", text)
	case network.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("%s is to be written as a network of IPv4", network)
	case network != network.Masked():
		return netip.Prefix{}, fmt.Errorf("%s has an address behind its network: is it %s, or %s?", network, network.Masked(), netip.PrefixFrom(network.Addr(), network.Addr().BitLen()))
	case network.Bits() == 0:
		return netip.Prefix{}, fmt.Errorf("%s is all addresses", network)
	}
	for _, r := range refused {
		if r.never && r.prefix.Bits() <= network.Bits() && r.prefix.Contains(network.Addr()) {
			return netip.Prefix{}, fmt.Errorf("%s is never called (%s)", network, r.what)
		}
	}
	return network, nil
}

// ParseURL reads the URL of a receiver: https, a host, nothing about a user, no
// fragment. An address as host must be public, or in one of the networks; what a
// name leads to is judged when it is dialled. The error does not repeat the URL,
// which may be a secret.
func ParseURL(text string, networks ...netip.Prefix) (*url.URL, error) {
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
		if err := Allowed(addr, networks); err != nil {
			return nil, err
		}
	}
	return u, nil
}
