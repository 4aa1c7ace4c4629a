package egress_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime/egress"
)

func TestPublic(t *testing.T) {
	for _, test := range []struct{ what, addrs string }{
		{"", "1.1.1.1 8.8.8.8 52.94.236.248 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 169.253.255.255 223.255.255.255"},
		{"", "2600:9000:5300::1 2a00:1450:4001:81b::200e 2001:4860:4860::8888 2003::1"},
		{"", "::ffff:8.8.8.8 64:ff9b::8.8.8.8"}, // as the system writes A records, and as DNS64 shows them
		{"unspecified", "0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0"},
		{"private", "10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fd12:3456::1"},
		{"private", "::ffff:10.0.0.1 ::ffff:c0a8:101 64:ff9b::10.0.0.1"},
		{"cloud metadata", "fd00:ec2::254 fd00:ec2::23"}, // of EC2, and the credentials of its pods
		{"link-local", "169.254.169.254 169.254.170.2 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe fe80::1 fe80::1%eth0"},
		{"carrier-grade NAT", "100.64.0.1 100.100.100.201 100.127.255.255"},
		{"cloud metadata", "168.63.129.16 100.100.100.200"},
		{"loopback", "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1"},
		{"multicast", "224.0.0.1 239.255.255.255 ff02::1"},
		{"reserved", "192.0.0.192 240.0.0.1 255.255.255.255 2001::1 2001:1ff::"},
		{"benchmarking", "198.18.0.1 198.19.255.255"},
		{"documentation", "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1"},
		{"6to4", "192.88.99.1 2002:a00:1::1"},
		{"local NAT64", "64:ff9b:1::10.0.0.1"},
		{"not global unicast", "::10.0.0.1 4000::1 5f00::1 fec0::1 2600::1%eth0"},
	} {
		for text := range strings.FieldsSeq(test.addrs) {
			err := egress.Public(netip.MustParseAddr(text))
			switch {
			case test.what == "" && err != nil:
				t.Errorf("%s is refused: %v", text, err)
			case test.what != "" && (err == nil || !strings.Contains(err.Error(), test.what)):
				t.Errorf("%s: got error %v, want one that says %q", text, err, test.what)
			}
		}
	}
	if egress.Public(netip.Addr{}) == nil {
		t.Error("no address at all is public")
	}
}

// A network that is allowed opens itself, and never what gives out credentials.
func TestAllowed(t *testing.T) {
	for _, test := range []struct{ sentence, networks, addrs, want string }{
		{"What is public is allowed with any networks.", "10.20.0.0/16", "1.1.1.1 2600:9000:5300::1", ""},
		{"What is within a network is allowed.", "10.20.0.0/16 fd12::/16 100.64.0.0/10", "10.20.0.0 10.20.255.255 ::ffff:10.20.3.4 64:ff9b::10.20.3.4 fd12::1 100.64.0.1", ""},
		{"So is this machine, for a receiver beside the function.", "127.0.0.0/8 ::1/128", "127.0.0.1 ::1", ""},
		{"What is beside it is not.", "10.20.0.0/16", "10.19.255.255 10.21.0.0 192.168.0.1 127.0.0.1 ::1 fd12::1 64:ff9b::10.21.0.0", "in none of the networks that are allowed"},
		{"Networks of one version open nothing of the other.", "0.0.0.0/1 128.0.0.0/1", "fd12::1", "in none of the networks that are allowed"},
		{"An address with a zone is of no network.", "fd12::/16", "fd12::1%eth0", "in none of the networks that are allowed"},
		{"The metadata of an instance is never called.", "0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1", "169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe fd00:ec2::254 168.63.129.16 100.100.100.200", "is no public address"},
		{"Nor are the credentials of containers and pods.", "0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1", "169.254.170.2 169.254.170.23 fd00:ec2::23", "is no public address"},
		{"Nor is what nobody is at, or what stands for another address.", "0.0.0.0/1 128.0.0.0/1 ::/1 8000::/1", "0.0.0.0 224.0.0.1 255.255.255.255 192.88.99.1 :: fe80::1 ff02::1 64:ff9b:1::10.20.0.1 2002:a00:1::1 2001::1 ::10.20.0.1", "is no public address"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			var networks []netip.Prefix
			for text := range strings.FieldsSeq(test.networks) {
				networks = append(networks, netip.MustParsePrefix(text))
			}
			for text := range strings.FieldsSeq(test.addrs) {
				switch err := egress.Allowed(netip.MustParseAddr(text), networks); {
				case test.want == "" && err != nil:
					t.Errorf("%s is refused: %v", text, err)
				case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
					t.Errorf("%s: got error %v, want one that says %q", text, err, test.want)
				}
			}
		})
	}
}

func TestParseNetwork(t *testing.T) {
	for _, test := range []struct{ sentence, text, want string }{
		{"A network of a VPC.", "10.20.0.0/16", ""},
		{"One of version 6.", "fd12:3456::/32", ""},
		{"One address is a network.", "10.20.0.7/32", ""},
		{"This machine.", "127.0.0.0/8", ""},
		{"An address alone is none.", "10.20.0.7", `"10.20.0.7" is no network in CIDR notation, such as 10.20.0.0/16`},
		{"Nor is a name.", "vpc", `"vpc" is no network in CIDR notation, such as 10.20.0.0/16`},
		{"Nor is one that is too long.", "10.0.0.0/33", `"10.0.0.0/33" is no network in CIDR notation, such as 10.20.0.0/16`},
		{"An address in a network may be meant as either.", "10.20.0.7/16", "10.20.0.7/16 has an address behind its network: is it 10.20.0.0/16, or 10.20.0.7/32?"},
		{"Everything is no network.", "0.0.0.0/0", "0.0.0.0/0 is all addresses"},
		{"Nor is everything of version 6.", "::/0", "::/0 is all addresses"},
		{"Mapped addresses are never looked up.", "::ffff:10.0.0.0/104", "::ffff:10.0.0.0/104 is to be written as a network of IPv4"},
		{"The metadata stays out.", "169.254.169.254/32", "169.254.169.254/32 is never called (link-local)"},
		{"Also that of version 6.", "fd00:ec2::/64", "fd00:ec2::/64 is never called (cloud metadata)"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			network, err := egress.ParseNetwork(test.text)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want || err == nil && network.String() != test.text {
				t.Errorf("got %v, %q, want %q", network, got, test.want)
			}
		})
	}
}

func TestParseURL(t *testing.T) {
	for _, test := range []struct{ sentence, text, want string }{
		{"A URL of a receiver.", "https://hooks.example.com/services/T0/B0/hunter2", ""},
		{"A port and a query are fine.", "https://hooks.example.com:8443/x?code=hunter2", ""},
		{"A public address as host is fine.", "https://8.8.8.8/hunter2", ""},
		{"Without TLS anyone could read it.", "http://example.com/hunter2", "it does not begin with https://"},
		{"Without a scheme it is no URL of the web.", "hooks.example.com/hunter2", "it does not begin with https://"},
		{"Other schemes are not spoken.", "file:///etc/hunter2", "it does not begin with https://"},
		{"A host is needed.", "https:///hunter2", "it has no host"},
		{"A port alone is no host.", "https://:443/hunter2", "it has no host"},
		{"A user in the URL would be sent as credentials.", "https://hunter2:hunter2@example.com/", "it has a user name before the host example.com"},
		{"An address that looks like a user is one.", "https://example.com@10.0.0.1/hunter2", "it has a user name before the host 10.0.0.1"},
		{"A fragment is never sent.", "https://example.com/#hunter2", "it has a fragment behind #, which is never sent"},
		{"A broken URL is not repeated.", "https://example.com/%zzhunter2", "it is no URL"},
		{"Neither is one with a line break.", "https://example.com/\nhunter2", "it is no URL"},
		{"An address must be public.", "https://169.254.169.254/hunter2", "169.254.169.254 is no public address (link-local)"},
		{"So must one of version 6.", "https://[::ffff:10.0.0.1]/hunter2", "::ffff:10.0.0.1 is no public address (private)"},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			_, err := egress.ParseURL(test.text)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	network := netip.MustParsePrefix("10.20.0.0/16")
	for text, want := range map[string]string{
		"https://10.20.0.7/hook": "", "https://8.8.8.8/hook": "", "http://10.20.0.7/hook": "it does not begin with https://",
		"https://10.21.0.7/hook": "10.21.0.7 is no public address (private), and in none of the networks that are allowed",
	} {
		if _, err := egress.ParseURL(text, network); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s beside %s: got error %v, want %q", text, network, err, want)
		}
	}
}
