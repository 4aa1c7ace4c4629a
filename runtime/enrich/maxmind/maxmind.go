// Package maxmind looks source addresses up in databases of MaxMind's format that
// are files of the deployment: no address leaves it.
//
// A database is one of the layouts City, Country, ASN, ISP, Enterprise or
// Anonymous IP, of MaxMind (GeoLite2, GeoIP2) or of others that write the same
// fields. Several add up; of what two of them know the first counts.
package maxmind

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// layouts are what the type of a database must contain, so that its fields are
// those of record.
var layouts = []string{"City", "Country", "ASN", "ISP", "Enterprise", "Anonymous"}

// Enricher looks addresses up. It may be used by several goroutines at once.
type Enricher struct{ databases []*maxminddb.Reader }

var _ alert.Enricher = (*Enricher)(nil)

// New opens the databases at the paths. The error lists all that cannot be used.
func New(paths ...string) (*Enricher, error) {
	e := &Enricher{}
	var problems []error
	if len(paths) == 0 {
		problems = append(problems, errors.New("maxmind: there is no database"))
	}
	for _, path := range paths {
		db, err := maxminddb.Open(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("maxmind: open %s: %w", path, err))
			continue
		}
		e.databases = append(e.databases, db)
		known := func(layout string) bool { return strings.Contains(db.Metadata.DatabaseType, layout) }
		if !slices.ContainsFunc(layouts, known) {
			problems = append(problems, fmt.Errorf("maxmind: %s is a database of the type %q; what is in it is not known here (%s are)", path, db.Metadata.DatabaseType, strings.Join(layouts, ", ")))
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(append(problems, e.Close())...)
	}
	return e, nil
}

// Close closes the databases.
func (e *Enricher) Close() error {
	var problems []error
	for _, db := range e.databases {
		problems = append(problems, db.Close())
	}
	return errors.Join(problems...)
}

// record holds the fields of all layouts.
type record struct {
	City         place   `maxminddb:"city"`
	Country      place   `maxminddb:"country"`
	Subdivisions []place `maxminddb:"subdivisions,maxsize:32"`
	network
	anonymity
	Traits struct { // of Enterprise
		network
		anonymity
	} `maxminddb:"traits"`
}

type place struct {
	ISOCode string `maxminddb:"iso_code"`
	Names   struct {
		English string `maxminddb:"en"`
	} `maxminddb:"names"`
}

// name returns the name of a place, else its code.
func (p place) name() string {
	if p.Names.English != "" {
		return p.Names.English
	}
	return p.ISOCode
}

type network struct {
	ASN          uint   `maxminddb:"autonomous_system_number"`
	Organization string `maxminddb:"autonomous_system_organization"`
}

type anonymity struct {
	VPN              bool `maxminddb:"is_anonymous_vpn"`
	PublicProxy      bool `maxminddb:"is_public_proxy"`
	ResidentialProxy bool `maxminddb:"is_residential_proxy"`
	Tor              bool `maxminddb:"is_tor_exit_node"`
}

// Enrich adds what the databases know about address.IP. A text that is no address
// is left as it is. The error names the databases that cannot be read; what the
// others know is added all the same.
func (e *Enricher) Enrich(_ context.Context, address *alert.Address) error {
	ip, err := netip.ParseAddr(address.IP)
	if err != nil {
		return nil // the name of an AWS service
	}
	ip = ip.Unmap().WithZone("")
	var problems []error
	for _, db := range e.databases {
		if ip.Is6() && db.Metadata.IPVersion == 4 {
			continue
		}
		found := db.Lookup(ip)
		var r record
		if err := found.Decode(&r); err != nil {
			problems = append(problems, fmt.Errorf("maxmind: look up %s in %s: %w", ip, db.Metadata.DatabaseType, err))
			continue
		}
		// A database of addresses that hide somebody knows the others too: it does
		// not list them.
		anonymous := strings.Contains(db.Metadata.DatabaseType, "Anonymous")
		if found.Found() || anonymous {
			add(address, r, found.Prefix(), anonymous)
			address.Sources = append(address.Sources, db.Metadata.DatabaseType)
		}
	}
	return errors.Join(problems...)
}

// add writes into an address what it does not know yet.
func add(to *alert.Address, r record, prefix netip.Prefix, anonymous bool) {
	if r.ASN == 0 {
		r.network = r.Traits.network
	}
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&to.Country, r.Country.name())
	set(&to.City, r.City.name())
	if len(r.Subdivisions) > 0 {
		set(&to.Region, r.Subdivisions[0].name()) // the largest
	}
	if r.ASN != 0 {
		set(&to.ASN, "AS"+strconv.FormatUint(uint64(r.ASN), 10))
		set(&to.Network, prefix.String())
	}
	set(&to.Operator, r.Organization)

	is := func(field **bool, value bool) {
		// Only a database that lists such addresses can say no.
		if *field == nil && (value || anonymous) {
			*field = &value
		}
	}
	is(&to.VPN, r.VPN || r.Traits.VPN)
	is(&to.Proxy, r.PublicProxy || r.ResidentialProxy || r.Traits.PublicProxy || r.Traits.ResidentialProxy)
	is(&to.Tor, r.Tor || r.Traits.Tor)
}
