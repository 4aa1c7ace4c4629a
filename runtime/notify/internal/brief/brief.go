// Package brief says in a few lines what an alert is about: what fits into a
// message of a chat. The mail tells the rest.
package brief

import (
	"cmp"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
	"github.com/trailalerts/trailalerts/runtime/internal/plain"
	"github.com/trailalerts/trailalerts/runtime/report"
)

const (
	maxValue      = 300  // characters of a fact
	maxText       = 1000 // characters of a description
	maxActivities = 5
	maxRelated    = 5   // matches that are listed of one activity
	maxLine       = 200 // characters of one of those
	maxLinks      = 3
	maxURL        = 1000
	maxRelease    = 64 // characters of a version, and of a hash
)

// A Brief is the short form of an alert. All texts are single lines of characters
// that can be seen; they are not escaped for any markup.
type Brief struct {
	Title       string // the severity and the title of the rule
	Description string
	Facts       []Fact
	Activities  []Activity
	Links       []Link
	ID          string // of the alert
	Rule        string // its key
	Provenance  string // what decided: the text of the rule, by its hash, and the release
}

// A Fact is a name, which is ours, and a value.
type Fact struct{ Name, Value string }

// An Activity is a threshold that was reached or a correlation that was completed.
type Activity struct {
	Title string
	Lines []string // the last matches of it, and how many more there are
}

// A Link is the address of a page about the event or the rule.
type Link struct{ Title, URL string }

// Of returns the brief of an alert.
func Of(a *alert.Alert) Brief {
	b := Brief{
		Title:       plain.Line(severity(a)+" - "+cmp.Or(a.Rule.Title, a.Rule.Key), maxValue),
		Description: plain.Line(a.Rule.Description, maxText),
		ID:          plain.Key(a.ID(), maxValue),
		Rule:        plain.Line(a.Rule.Key, maxValue),
		Provenance:  provenance(a),
		Links:       links(a.Rule.References),
	}
	if console := report.ConsoleURL(a); console != "" {
		b.Links = append([]Link{{Title: "CloudTrail console", URL: console}}, b.Links...)
	}
	for _, fact := range []Fact{
		{"Account", named(a.Event.AccountID, a.AccountAlias)},
		{"Region", a.Event.Region},
		{"Time", a.Event.Time},
		{"Event", named(a.Event.Name, a.Event.Source)},
		{"Actor", a.Event.Actor},
		{"Source", source(a)},
		{"User agent", a.Event.UserAgent},
		{"Error", a.Event.ErrorCode},
		{"Held back", heldBack(a.Suppressed)},
	} {
		if fact.Value = plain.Line(fact.Value, maxValue); fact.Value != "" {
			b.Facts = append(b.Facts, fact)
		}
	}
	for i := range a.Completed {
		if i == maxActivities {
			b.Activities = append(b.Activities, Activity{Title: fmt.Sprintf("and %d more", len(a.Completed)-i)})
			break
		}
		b.Activities = append(b.Activities, activity(&a.Completed[i]))
	}
	return b
}

func provenance(a *alert.Alert) string {
	text := strings.TrimRight("TrailAlerts "+plain.Line(a.Release.Version, maxRelease), " ")
	for _, part := range []struct{ name, hash string }{{"commit", a.Release.Commit}, {"rules", a.Release.Rules}, {"rule SHA-256", a.Rule.SourceHash}} {
		if part.hash != "" {
			text += ", " + part.name + " " + plain.Line(report.ShortHash(part.hash), maxRelease)
		}
	}
	return text
}

func severity(a *alert.Alert) string {
	name := alert.SeverityName(a.Severity)
	if name == "" {
		return "Unknown"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// named returns a text with another in brackets behind it.
func named(text, about string) string {
	if text == "" || about == "" {
		return text + about
	}
	return text + " (" + about + ")"
}

// source returns the source address with what is known about it.
func source(a *alert.Alert) string {
	if a.Address == nil {
		return a.Event.SourceIP
	}
	var about []string
	for _, known := range []string{a.Address.City, a.Address.Country, strings.TrimSpace(a.Address.ASN + " " + a.Address.Operator)} {
		if known != "" {
			about = append(about, known)
		}
	}
	for _, trait := range []struct {
		name string
		is   *bool
	}{{"VPN", a.Address.VPN}, {"proxy", a.Address.Proxy}, {"Tor", a.Address.Tor}, {"relay", a.Address.Relay}} {
		if trait.is != nil && *trait.is {
			about = append(about, trait.name)
		}
	}
	return named(a.Event.SourceIP, strings.Join(about, ", "))
}

func heldBack(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 alert like it since the last one"
	default:
		return strconv.Itoa(n) + " alerts like it since the last one"
	}
}

func activity(c *alert.Completed) Activity {
	title := cmp.Or(c.Title, c.Description, c.Key)
	if window := c.End.Sub(c.Start); c.Threshold() && window > 0 {
		title = fmt.Sprintf("%s in %s: %s", strconv.FormatFloat(c.Count, 'f', -1, 64), alert.WindowText(window), title)
	}
	listed := Activity{Title: plain.Line(title, maxValue)}
	first := max(0, len(c.Related)-maxRelated)
	for _, r := range c.Related[first:] {
		listed.Lines = append(listed.Lines, plain.Line(fmt.Sprintf("%s %s, %s by %s", r.Time.UTC().Format(time.RFC3339), r.Title, r.EventName, r.Actor), maxLine))
	}
	if more := first + c.Omitted; more > 0 {
		listed.Lines = append(listed.Lines, fmt.Sprintf("and %d earlier", more))
	}
	return listed
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

// links returns those references that are addresses of the web and show where
// they lead: https, a host in ASCII, no user name before it.
func links(references []string) []Link {
	var list []Link
	for _, text := range references {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.User != nil || !hostForm.MatchString(u.Host) || len(u.String()) > maxURL {
			continue
		}
		if len(list) < maxLinks {
			list = append(list, Link{Title: u.Host, URL: u.String()})
		}
	}
	return list
}
