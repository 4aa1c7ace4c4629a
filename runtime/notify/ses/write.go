package ses

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/report"
)

const (
	alertIDHeader = "X-TrailAlerts-Alert-Id"
	maxID         = 300 // characters of it, so that no line of a header is too long
)

// write returns the mail about an alert, as it goes over the wire. Blind copies
// are not in it.
func (n *Notifier) write(a *alert.Alert) ([]byte, error) {
	html, err := report.Mail(a)
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent())
	m.FromMailAddress(n.from)
	m.ToMailAddress(n.to...)
	if len(n.cc) > 0 {
		m.CcMailAddress(n.cc...)
	}
	m.Subject(report.Subject(a))
	m.SetDateWithValue(n.now().UTC())
	name, domain := messageName(a.ID()), n.from.Address[strings.LastIndexByte(n.from.Address, '@')+1:]
	m.SetMessageIDWithValue(name + "@" + domain)
	// A mail must not refer to itself, so that what both have in common is another
	// name.
	m.SetGenHeader(mail.HeaderReferences, "<alert."+name+"@"+domain+">")
	m.SetGenHeader(alertIDHeader, plain.Key(a.ID(), maxID))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // no replies of absent people (RFC 3834)
	m.SetBodyString(mail.TypeTextPlain, report.Text(a))
	m.AddAlternativeString(mail.TypeTextHTML, string(html))
	var raw bytes.Buffer
	if _, err := m.WriteTo(&raw); err != nil {
		return nil, fmt.Errorf("write the mail about alert %s: %w", a.ID(), err)
	}
	return raw.Bytes(), nil
}

// messageName returns what stands before the @ of the Message-ID.
func messageName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16])
}
