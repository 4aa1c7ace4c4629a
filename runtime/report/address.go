package report

import (
	"net/netip"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Blocks that are not on the public Internet and that netip has no name for.
var special = []struct {
	prefix netip.Prefix
	what   shown
}{
	{netip.MustParsePrefix("100.64.0.0/10"), "a shared address behind the NAT of a provider (RFC 6598)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation (RFC 5737)"},
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation (RFC 3849)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for tests of networks (RFC 2544)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address"},
}

// addressKind says what the sourceIPAddress of a record is.
func addressKind(text string) shown {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		switch {
		case strings.EqualFold(text, "AWS Internal"):
			return "no address: the call came from inside AWS"
		case isService(text):
			return "no address: this AWS service made the call"
		default:
			return "no address"
		}
	}
	ip = ip.Unmap()
	switch {
	case ip.IsPrivate():
		return "a private address: the call came from a VPC or a private network"
	case ip.IsLoopback():
		return "a loopback address"
	case ip.IsLinkLocalUnicast():
		return "a link-local address"
	case ip.IsMulticast(), ip.IsUnspecified():
		return "an address that no caller can have"
	}
	for _, s := range special {
		if s.prefix.Contains(ip) {
			return s.what
		}
	}
	return "a public address"
}

// isService reports whether a text is the name of an AWS service.
func isService(text string) bool {
	for _, suffix := range []string{".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".aws.internal"} {
		if strings.HasSuffix(text, suffix) {
			return true
		}
	}
	return false
}

// source is the source address in one line, with what matters most about it.
func source(a *alert.Alert, b *bounds) shown {
	if a.Event.SourceIP == "" {
		return ""
	}
	text := b.text(a.Event.SourceIP)
	if a.Address == nil {
		return text
	}
	var about []string
	for _, known := range []string{a.Address.Country, strings.TrimSpace(a.Address.ASN + " " + a.Address.Operator)} {
		if known != "" {
			about = append(about, string(b.text(known)))
		}
	}
	for _, trait := range traits(a.Address) {
		if trait.is != nil && *trait.is {
			about = append(about, string(trait.name))
		}
	}
	if len(about) > 0 {
		text += shown(" (" + strings.Join(about, ", ") + ")")
	}
	return text
}

type trait struct {
	name shown
	is   *bool
}

func traits(a *alert.Address) []trait {
	return []trait{{"VPN", a.VPN}, {"Proxy", a.Proxy}, {"Tor", a.Tor}, {"Relay", a.Relay}}
}

// address describes the source address; nothing when there is none.
func address(a *alert.Alert, b *bounds) []part {
	if a.Event.SourceIP == "" && a.Address == nil {
		return nil
	}
	r := rows{bounds: b}
	ip := a.Event.SourceIP
	if ip == "" {
		ip = a.Address.IP
	}
	r.add("Address", ip)
	r.say("Kind", addressKind(ip))
	if a.Address == nil {
		return []part{r.part("")}
	}
	known := a.Address
	var where []string
	for _, part := range []string{known.City, known.Region, known.Country} {
		if part != "" {
			where = append(where, part)
		}
	}
	r.add("Location", strings.Join(where, ", "))
	r.add("Network", known.Network)
	r.add("Operator", strings.TrimSpace(known.ASN+" "+known.Operator))
	for _, f := range traits(known) {
		switch {
		case f.is == nil:
		case *f.is:
			r.say(f.name, "yes")
		default:
			r.say(f.name, "no")
		}
	}
	r.add("According to", strings.Join(known.Sources, ", "))
	return []part{r.part("")}
}
