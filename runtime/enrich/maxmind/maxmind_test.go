package maxmind

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// write writes a database with one record for each network, and returns its path.
func write(t *testing.T, databaseType string, ipVersion int, records map[string]mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: databaseType, IPVersion: ipVersion, RecordSize: 24, BuildEpoch: 1})
	if err != nil {
		t.Fatal(err)
	}
	for cidr, r := range records {
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, r); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), databaseType+".mmdb")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := tree.WriteTo(file); err != nil {
		t.Fatal(err)
	}
	return path
}

func names(english string) mmdbtype.Map {
	return mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(english), "de": mmdbtype.String("auf Deutsch")}}
}

var (
	cityRecords = map[string]mmdbtype.Map{
		"81.2.69.0/24": {
			"city": names("London"), "country": names("United Kingdom"), "subdivisions": mmdbtype.Slice{names("England"), names("Greater London")},
			"location": mmdbtype.Map{"latitude": mmdbtype.Float64(51.5)},
		},
		"2a02:8000::/24": {"country": mmdbtype.Map{"iso_code": mmdbtype.String("NO")}},
	}
	asnRecords       = map[string]mmdbtype.Map{"81.2.64.0/20": {"autonomous_system_number": mmdbtype.Uint32(20712), "autonomous_system_organization": mmdbtype.String("Andrews & Arnold")}}
	anonymousRecords = map[string]mmdbtype.Map{
		"81.2.69.142/32": {"is_anonymous": mmdbtype.Bool(true), "is_anonymous_vpn": mmdbtype.Bool(true)},
		"81.2.69.143/32": {"is_anonymous": mmdbtype.Bool(true), "is_tor_exit_node": mmdbtype.Bool(true)},
		"81.2.69.144/32": {"is_anonymous": mmdbtype.Bool(true), "is_residential_proxy": mmdbtype.Bool(true)},
	}
	enterpriseRecords = map[string]mmdbtype.Map{"81.2.69.0/24": {
		"country": names("United Kingdom"),
		"traits":  mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Net"), "is_anonymous_vpn": mmdbtype.Bool(true)},
	}}
)

func open(t *testing.T, paths ...string) *Enricher {
	t.Helper()
	e, err := New(paths...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestEnrich(t *testing.T) {
	city := write(t, "GeoLite2-City", 6, cityRecords)
	asn := write(t, "GeoLite2-ASN", 4, asnRecords)
	anonymous := write(t, "GeoIP2-Anonymous-IP", 6, anonymousRecords)
	enterprise := write(t, "GeoIP2-Enterprise", 6, enterpriseRecords)
	yes, no := true, false
	for _, test := range []struct {
		sentence string
		paths    []string
		address  alert.Address
		want     alert.Address
	}{
		{"A city has a region and a country.", []string{city}, alert.Address{IP: "81.2.69.142"},
			alert.Address{IP: "81.2.69.142", Country: "United Kingdom", Region: "England", City: "London", Sources: []string{"GeoLite2-City"}}},
		{"A place without an English name has its code.", []string{city}, alert.Address{IP: "2a02:8000::1"}, alert.Address{IP: "2a02:8000::1", Country: "NO", Sources: []string{"GeoLite2-City"}}},
		{"A mapped address is what it leads to.", []string{city}, alert.Address{IP: "::ffff:81.2.69.1"},
			alert.Address{IP: "::ffff:81.2.69.1", Country: "United Kingdom", Region: "England", City: "London", Sources: []string{"GeoLite2-City"}}},
		{"An operator has a number and a network.", []string{asn}, alert.Address{IP: "81.2.69.142"},
			alert.Address{IP: "81.2.69.142", Network: "81.2.64.0/20", ASN: "AS20712", Operator: "Andrews & Arnold", Sources: []string{"GeoLite2-ASN"}}},
		{"An address that hides somebody.", []string{anonymous}, alert.Address{IP: "81.2.69.142"}, alert.Address{IP: "81.2.69.142", VPN: &yes, Proxy: &no, Tor: &no, Sources: []string{"GeoIP2-Anonymous-IP"}}},
		{"One of Tor.", []string{anonymous}, alert.Address{IP: "81.2.69.143"}, alert.Address{IP: "81.2.69.143", VPN: &no, Proxy: &no, Tor: &yes, Sources: []string{"GeoIP2-Anonymous-IP"}}},
		{"One in somebody's home.", []string{anonymous}, alert.Address{IP: "81.2.69.144"}, alert.Address{IP: "81.2.69.144", VPN: &no, Proxy: &yes, Tor: &no, Sources: []string{"GeoIP2-Anonymous-IP"}}},
		{"An address that is not listed hides nobody.", []string{anonymous}, alert.Address{IP: "81.2.69.1"}, alert.Address{IP: "81.2.69.1", VPN: &no, Proxy: &no, Tor: &no, Sources: []string{"GeoIP2-Anonymous-IP"}}},
		{"Enterprise knows the network in its traits, and says only yes about hiding.", []string{enterprise}, alert.Address{IP: "81.2.69.1"},
			alert.Address{IP: "81.2.69.1", Country: "United Kingdom", Network: "81.2.69.0/24", ASN: "AS64500", Operator: "Example Net", VPN: &yes, Sources: []string{"GeoIP2-Enterprise"}}},
		{"Several databases add up.", []string{city, asn, anonymous}, alert.Address{IP: "81.2.69.142"},
			alert.Address{IP: "81.2.69.142", Country: "United Kingdom", Region: "England", City: "London", Network: "81.2.64.0/20", ASN: "AS20712", Operator: "Andrews & Arnold", VPN: &yes, Proxy: &no, Tor: &no,
				Sources: []string{"GeoLite2-City", "GeoLite2-ASN", "GeoIP2-Anonymous-IP"}}},
		{"What is known already stays.", []string{city, anonymous}, alert.Address{IP: "81.2.69.142", City: "Bergen", VPN: &no, Sources: []string{"vpnapi.io"}},
			alert.Address{IP: "81.2.69.142", Country: "United Kingdom", Region: "England", City: "Bergen", VPN: &no, Proxy: &no, Tor: &no, Sources: []string{"vpnapi.io", "GeoLite2-City", "GeoIP2-Anonymous-IP"}}},
		{"An address that no database has.", []string{city, asn}, alert.Address{IP: "8.8.8.8"}, alert.Address{IP: "8.8.8.8"}},
		{"An address of version 6 is not looked for in a database of version 4.", []string{asn}, alert.Address{IP: "2a02:8000::1"}, alert.Address{IP: "2a02:8000::1"}},
		{"A private address.", []string{city}, alert.Address{IP: "10.0.0.1"}, alert.Address{IP: "10.0.0.1"}},
		{"The name of a service is no address.", []string{city}, alert.Address{IP: "cloudformation.amazonaws.com"}, alert.Address{IP: "cloudformation.amazonaws.com"}},
	} {
		t.Run(test.sentence, func(t *testing.T) {
			e := open(t, test.paths...)
			got := test.address
			if err := e.Enrich(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("address (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOneBroken pins that a database with other fields than its type says does
// not keep the others from being used.
func TestOneBroken(t *testing.T) {
	broken := write(t, "Broken-City", 6, map[string]mmdbtype.Map{"81.2.69.0/24": {"city": mmdbtype.String("London")}})
	asn := write(t, "GeoLite2-ASN", 4, asnRecords)
	e := open(t, broken, asn)
	address := alert.Address{IP: "81.2.69.142"}
	err := e.Enrich(t.Context(), &address)
	if err == nil || !strings.HasPrefix(err.Error(), "maxmind: look up 81.2.69.142 in Broken-City: ") || address.ASN != "AS20712" || address.City != "" {
		t.Errorf("got %+v, %v", address, err)
	}
}

// TestNew pins that all databases that cannot be used are in one error.
func TestNew(t *testing.T) {
	directory := t.TempDir()
	text := filepath.Join(directory, "text.mmdb")
	if err := os.WriteFile(text, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(directory, "missing.mmdb")
	other := write(t, "Company-Assets", 6, nil)
	good := write(t, "DBIP-City-Lite", 6, cityRecords)

	_, err := New(good, missing, text, other)
	if err == nil {
		t.Fatal("got no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "maxmind: open "+missing+": ") || !strings.HasPrefix(lines[1], "maxmind: open "+text+": ") ||
		lines[2] != "maxmind: "+other+` is a database of the type "Company-Assets"; what is in it is not known here (City, Country, ASN, ISP, Enterprise, Anonymous are)` {
		t.Errorf("got error %v", err)
	}
	if _, err := New(); err == nil || err.Error() != "maxmind: there is no database" {
		t.Errorf("without databases got error %v", err)
	}
}
