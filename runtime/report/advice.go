package report

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// advice says what a person can do about an alert.
func advice(a *alert.Alert, record *node, b *bounds) []part {
	look := part{Heading: "Look at the event"}
	if address, missing := consoleURL(&a.Event, record); address != "" {
		where := shown("")
		if a.Event.AccountID != "" {
			where = " Sign in to account " + account(a, b) + " first; its event history goes back 90 days."
		}
		look.Prose = []shown{"The CloudTrail console shows the whole event." + where}
		look.Links = []hyperlink{{Text: "The event in the CloudTrail console", URL: address}}
	} else {
		look.Prose = []shown{missing}
	}
	parts := []part{look}
	if len(a.Rule.FalsePositives) > 0 {
		parts = append(parts, listPart("Known false positives", a.Rule.FalsePositives, b))
	}
	if links := references(a.Rule.References, b); len(links) > 0 {
		parts = append(parts, part{Heading: "References", Links: links, Note: more(len(a.Rule.References)-len(links), "reference", "references")})
	}
	if links, over := attackLinks(a.Rule.Tags, b); len(links) > 0 {
		parts = append(parts, part{Heading: "MITRE ATT&CK", Links: links, Note: more(over, "tag", "tags")})
	}
	parts = append(parts, queries(a, record, b), exception(a, b))
	return parts
}

// references returns what a rule refers to. Only addresses of the web are links;
// all others are texts.
func references(texts []string, b *bounds) []hyperlink {
	var links []hyperlink
	for _, text := range texts[:min(len(texts), b.items)] {
		link := hyperlink{Text: b.sentence(text), URL: webURL(text, b.block)}
		if link.URL != "" {
			link.Text = folded(cut(text, b.prose))
		}
		links = append(links, link)
	}
	return links
}

// webURL returns an address of the web as it is to be linked, and "" for
// everything else: other schemes, addresses with user names, which look like
// those of other hosts, hosts outside ASCII, which may do so too, and what has
// more bytes than longest.
func webURL(text string, longest int) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || len(text) > longest || u.User != nil || u.Opaque != "" || !hostForm.MatchString(u.Host) {
		return ""
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// queries are the searches to copy.
func queries(a *alert.Alert, record *node, b *bounds) part {
	s := newSearch(a, record)
	p := part{Heading: "Search around the event"}
	athena, insights := s.athena(), s.insights()
	switch {
	case athena == "":
		p.Prose = []shown{"The record names neither the event nor the actor in a form that a query can compare."}
		return p
	case len(athena) > b.block || len(insights) > b.block:
		p.Prose = []shown{"What identifies the event or the actor is too long for a query to be written here."}
		return p
	}
	p.Prose = []shown{"The queries find the event and what its actor did around it. Replace cloudtrail_logs with the name of your table, and add conditions on its partitions to scan less."}
	if len(s.actor) == 0 {
		p.Prose = []shown{"The queries find the event alone: the record does not name the actor in a form that a query can compare. Replace cloudtrail_logs with the name of your table."}
	}
	p.Blocks = []block{{"Amazon Athena", athena}, {"CloudWatch Logs Insights", insights}}
	return p
}

// actorForm is what an exception takes for an actor; the compiler of the rules
// refuses all others.
var actorForm = regexp.MustCompile(`^arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[!-)+->@-~]+$`)

// exception says how the rule can be told not to alert this actor.
func exception(a *alert.Alert, b *bounds) part {
	p := part{Heading: "If this is expected: except it"}
	var list, covered string
	var covers shown
	switch address, err := netip.ParseAddr(a.Event.SourceIP); {
	case actorForm.MatchString(a.Event.IssuerARN):
		list, covered = "excludedActors", a.Event.IssuerARN
		covers = "It covers everyone who acts in the role."
	case actorForm.MatchString(a.Event.Actor):
		list, covered = "excludedActors", a.Event.Actor
	case err == nil && address.Zone() == "":
		list, covered = "excludedSourceIPs", address.String()
		covers = "The record has no ARN of the actor: it covers everyone who calls from the address."
	default:
		p.Prose = []shown{"The record has neither an ARN of the actor nor an address that an exception could name. Narrow the rule instead."}
		return p
	}
	entry := exceptionEntry(ruleTitle(&a.Rule), list, covered)
	if len(entry) > b.block {
		p.Prose = []shown{"The actor or the title of the rule is too long for an exception to be written here."}
		return p
	}
	p.Prose = []shown{`Add this entry to exceptions.json, or its value to the entry that the rule has there. "reason", "owner" and "expires" keep it from outliving its cause.`}
	if covers != "" {
		p.Prose = append(p.Prose, covers)
	}
	if a.Window != nil {
		p.Prose = append(p.Prose, "It is for the correlation: the rules that the correlation relates stay as they are.")
	}
	p.Blocks = []block{{"exceptions.json", entry}}
	return p
}

// exceptionEntry returns the entry of exceptions.json that lists a value.
func exceptionEntry(title, list, value string) shown {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]map[string][]string{title: {list: {value}}}); err != nil {
		panic("texts cannot be written as JSON: " + err.Error())
	}
	// Without the braces around it, so that it can be pasted between others.
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimPrefix(line, "  ")
	}
	return jsonText(strings.Join(lines[1:len(lines)-1], "\n"))
}
