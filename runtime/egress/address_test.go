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
		{"private", "fd00:ec2::254"}, // the metadata of EC2
		{"link-local", "169.254.169.254 169.254.170.2 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe fe80::1 fe80::1%eth0"},
		{"carrier-grade NAT", "100.64.0.1 100.100.100.200 100.127.255.255"},
		{"cloud metadata", "168.63.129.16"},
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
}
