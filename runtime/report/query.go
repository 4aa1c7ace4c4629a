package report

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// consoles are the hosts of the consoles of the partitions, by the prefix of
// their regions; the first that fits counts. Partitions that are not listed are
// not on the Internet.
var consoles = []struct{ prefix, host string }{
	{"us-gov-", "console.amazonaws-us-gov.com"},
	{"cn-", "console.amazonaws.cn"},
	{"eusc-", "console.amazonaws-eusc.eu"},
	{"us-iso", ""},
	{"eu-iso", ""},
	{"", "console.aws.amazon.com"},
}

var (
	regionForm  = regexp.MustCompile(`^[a-z]{2,5}(-[a-z]+){1,3}-[0-9]{1,2}$`)
	eventIDForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// ConsoleURL returns the address of the event in the CloudTrail console, and ""
// where the console does not have it.
func ConsoleURL(a *alert.Alert) string {
	address, _ := consoleURL(&a.Event, &parseRecord(a).node)
	return address
}

// consoleURL returns the address of the event in the CloudTrail console, or why
// there is none.
func consoleURL(e *alert.Event, record *node) (address string, missing shown) {
	category := record.at("eventCategory")
	switch {
	case e.ID == "":
		return "", "The event has no ID to find it by in the CloudTrail console."
	case record.at("managementEvent") == "false" || category != "" && category != "Management":
		return "", "The event history of the CloudTrail console holds management events only, and this is none."
	case !eventIDForm.MatchString(e.ID) || !regionForm.MatchString(e.Region):
		return "", "The event ID or the region is not of the form that the CloudTrail console knows."
	}
	for _, console := range consoles {
		if !strings.HasPrefix(e.Region, console.prefix) {
			continue
		}
		if console.host == "" {
			return "", "The console of this region cannot be linked to."
		}
		u := url.URL{
			Scheme: "https", Host: e.Region + "." + console.host, Path: "/cloudtrailv2/home",
			RawQuery: url.Values{"region": {e.Region}}.Encode(), Fragment: "/events/" + e.ID,
		}
		return u.String(), ""
	}
	return "", "The console of this region cannot be linked to."
}

// around is how far from the event the queries look, in both directions.
const around = time.Hour

// longest value that a query compares. An ARN has at most 2,048 characters.
const maxQueryValue = 2048

// A comparison is one condition of the queries: what a field of the record must
// be equal to.
type comparison struct {
	column string // of the table that the documentation of CloudTrail sets up in Athena
	field  string // of the record
	value  string
}

// A search finds the event of an alert and what its actor did around it.
type search struct {
	event    []comparison // all of them hold for the event
	actor    []comparison // all of them hold for what the actor did; none when nothing says who it is
	from, to time.Time    // zero when the record does not say when the event was
}

// newSearch returns the search for the event of an alert.
func newSearch(a *alert.Alert, record *node) search {
	e := &a.Event
	var s search
	if t, err := time.Parse(time.RFC3339, e.Time); err == nil {
		s.from, s.to = t.Add(-around).UTC(), t.Add(around).UTC()
		if w := a.Window; w != nil && !w.Start.IsZero() {
			s.from = earlier(s.from, w.Start.UTC())
			s.to = later(s.to, w.End.UTC())
		}
	}
	s.event = compare([]comparison{{"eventid", "eventID", e.ID}})
	if e.ID == "" {
		s.event = compare([]comparison{{"eventtime", "eventTime", e.Time}, {"eventsource", "eventSource", e.Source}, {"eventname", "eventName", e.Name}, {"sourceipaddress", "sourceIPAddress", e.SourceIP}})
	}
	if strings.HasPrefix(e.Actor, "arn:") {
		s.actor = compare([]comparison{{"useridentity.arn", "userIdentity.arn", e.Actor}})
		return s
	}
	// A name without an ARN may be anybody's: it counts in its account and from
	// its address.
	for _, name := range []string{"userName", "principalId", "invokedBy", "type"} {
		if value := record.at("userIdentity", name); value != "" {
			s.actor = append(s.actor, comparison{"useridentity." + strings.ToLower(name), "userIdentity." + name, value})
			break
		}
	}
	s.actor = compare(append(s.actor, comparison{"recipientaccountid", "recipientAccountId", record.at("recipientAccountId")}, comparison{"sourceipaddress", "sourceIPAddress", e.SourceIP}))
	return s
}

// compare returns the comparisons that can be written; none when one of them
// cannot, since without it the others would find too much.
func compare(all []comparison) []comparison {
	var some []comparison
	for _, c := range all {
		switch {
		case len(c.value) > maxQueryValue:
			return nil
		case c.value != "":
			some = append(some, c)
		}
	}
	return some
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// join writes the comparisons of the search: those of the event, or those of
// the actor.
func (s search) join(write func(comparison) string, or, and string) string {
	var sides []string
	for _, side := range [][]comparison{s.event, s.actor} {
		var all []string
		for _, c := range side {
			all = append(all, write(c))
		}
		if len(all) > 1 {
			sides = append(sides, "("+strings.Join(all, and)+")")
		} else if len(all) == 1 {
			sides = append(sides, all[0])
		}
	}
	return strings.Join(sides, or)
}

// athena returns the search in SQL, and "" when there is nothing to search for.
func (s search) athena() shown {
	where := s.join(func(c comparison) string { return c.column + " = " + sqlText(c.value) }, "\n       OR ", "\n           AND ")
	if where == "" {
		return ""
	}
	var b strings.Builder
	b.WriteString("SELECT eventtime, eventsource, eventname, awsregion, sourceipaddress,\n       errorcode, useridentity.arn AS actor, eventid\nFROM cloudtrail_logs\nWHERE ")
	if s.from.IsZero() {
		b.WriteString("(" + where + ")")
	} else {
		fmt.Fprintf(&b, "eventtime BETWEEN '%s' AND '%s'\n  AND (%s)", s.from.Format(time.RFC3339), s.to.Format(time.RFC3339), where)
	}
	b.WriteString("\nORDER BY eventtime\nLIMIT 1000")
	return shown(b.String())
}

// insights returns the search in the language of CloudWatch Logs Insights, and
// "" when there is nothing to search for.
func (s search) insights() shown {
	where := s.join(insightsText, "\n    or ", "\n        and ")
	if where == "" {
		return ""
	}
	var b strings.Builder
	if !s.from.IsZero() {
		fmt.Fprintf(&b, "# Time range: %s to %s\n", clock(s.from), clock(s.to))
	}
	b.WriteString("fields @timestamp, eventSource, eventName, awsRegion,\n    sourceIPAddress, errorCode, userIdentity.arn, eventID\n| filter " + where + "\n| sort @timestamp asc\n| limit 1000")
	return shown(b.String())
}

// sqlText writes a text as a literal of SQL. What is not visible ASCII is
// escaped, as the literals with Unicode escapes of the standard have it.
func sqlText(text string) string {
	text = strings.ReplaceAll(text, "'", "''")
	if !strings.ContainsFunc(text, unseen) {
		return "'" + text + "'"
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case unseen(r):
			fmt.Fprintf(&b, `\+%06X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return "U&'" + b.String() + "'"
}

// unseen reports whether a character is not visible ASCII, nor a space.
func unseen(r rune) bool { return r < 0x20 || r > 0x7e }

// insightsText writes a comparison in the language of Logs Insights. Its
// documentation does not say how a quote is written within a text, so a text
// with characters that names do not have becomes an expression, in which a point
// stands for each of them: it may find more, never less.
func insightsText(c comparison) string {
	const plain = " :/_@=,-"
	simple := true
	var b strings.Builder
	for _, r := range c.value {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', strings.ContainsRune(plain, r):
			if r == '/' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case r == '.' || r == '+':
			b.WriteString("[" + string(r) + "]")
		default:
			simple = false
			b.WriteByte('.')
		}
	}
	if simple {
		return fmt.Sprintf(`%s = "%s"`, c.field, c.value)
	}
	return c.field + " like /^" + b.String() + "$/"
}

// jsonText escapes what cannot be seen in a JSON text, in which it can only
// stand within strings.
func jsonText(text string) shown {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || !unseen(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return shown(b.String())
}
