package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// notRecorded stands where people look for a value that the record lacks.
const notRecorded = "not recorded"

// intro says in sentences what happened: all that a phone shows of a mail.
func intro(a *alert.Alert, record *node, b *bounds) []shown {
	e := &a.Event
	s := b.text(actorName(e, record))
	if s == "" {
		s = "An actor without a name"
	}
	if call := callName(e); call != "" {
		s += " called " + b.text(call)
	} else {
		s += " made a call without a name"
	}
	switch {
	case e.AccountID != "" && e.Region != "":
		s += " in account " + account(a, b) + ", " + b.text(e.Region) + ","
	case e.AccountID != "":
		s += " in account " + account(a, b)
	case e.Region != "":
		s += " in " + b.text(e.Region)
	}
	if e.SourceIP != "" {
		s += " from " + b.text(e.SourceIP)
	}
	if _, err := time.Parse(time.RFC3339, e.Time); err == nil {
		s += " at " + eventTime(a, b)
	}
	s = shown(strings.TrimSuffix(string(s), ",")) + "."
	if failed := failure(e, record); failed != "" {
		s += " The call failed: " + b.text(failed) + "."
	}
	sentences := []shown{s}
	if a.Window != nil {
		sentences = append(sentences, "This is the hit of a correlation: the title and the texts are those of the correlation, the event is the one that completed it.")
	}
	if a.Suppressed > 0 {
		sentences = append(sentences, "Since the last alert for the same rule, account and actor, "+counted(a.Suppressed, "alert like it was", "alerts like it were")+" held back by the cooldown.")
	}
	return sentences
}

// failure returns why the call failed, and "" when no failure is recorded. A
// login that failed has a message without a code.
func failure(e *alert.Event, record *node) string {
	for _, reason := range []string{e.ErrorCode, record.at("errorCode"), record.at("errorMessage")} {
		if reason != "" {
			return reason
		}
	}
	if record.at("responseElements", "ConsoleLogin") == "Failure" {
		return "ConsoleLogin: Failure"
	}
	return ""
}

// account returns an account with its name, when that is known.
func account(a *alert.Alert, b *bounds) shown {
	text := b.text(a.Event.AccountID)
	if a.AccountAlias != "" {
		text += " (" + b.text(a.AccountAlias) + ")"
	}
	return text
}

// actorName names who acted as people do: user/alice, role/deploy/session. The
// account stands with it where it is another than that of the event. record may be
// nil.
func actorName(e *alert.Event, record *node) string {
	parts := strings.SplitN(e.Actor, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		if record.at("userIdentity", "type") == "Root" {
			return "The root user"
		}
		return e.Actor
	}
	name := parts[5]
	if session, ok := strings.CutPrefix(name, "assumed-role/"); ok {
		name = "role/" + session
	}
	if name == "root" {
		name = "The root user"
	}
	if parts[4] != "" && parts[4] != e.AccountID {
		name += " of account " + parts[4]
	}
	return name
}

// callName names the API call as IAM policies do: iam:CreateUser.
func callName(e *alert.Event) string {
	service := strings.TrimSuffix(e.Source, ".amazonaws.com")
	if service == "" || e.Name == "" {
		return service + e.Name
	}
	return service + ":" + e.Name
}

func summary(a *alert.Alert, record *node, b *bounds) []part {
	e := &a.Event
	r := rows{bounds: b}
	r.say("Severity", severityName(severity(a)))
	if a.Rule.Level != 0 && a.Rule.Level != severity(a) {
		r.say("Level of the rule", severityName(a.Rule.Level))
	}
	kind := shown("Rule")
	if a.Window != nil {
		kind = "Correlation"
	}
	r.say(kind, b.sentence(ruleTitle(&a.Rule)))
	at := eventTime(a, b)
	if at == "" {
		at = notRecorded
	}
	r.say("Time", at)
	who := b.text(e.Actor)
	if kind := record.at("userIdentity", "type"); kind != "" && kind != e.Actor && who != "" && !strings.HasPrefix(e.Actor, "arn:") {
		who += " (" + b.text(kind) + ")"
	}
	if who == "" {
		who = notRecorded
	}
	r.say("Actor", who)
	r.add("Role", e.IssuerARN)
	if e.AccountID != "" {
		r.say("Account", account(a, b))
	} else {
		r.say("Account", notRecorded)
	}
	r.add("Region", e.Region)
	r.add("API call", callName(e))
	if failed := failure(e, record); failed != "" {
		r.say("Result", "failed: "+b.text(failed))
	} else {
		r.say("Result", "no error is recorded")
	}
	r.say("Source", source(a, b))
	return []part{r.part("")}
}

// matched says why the rule holds on the record, and why that became an alert.
func matched(a *alert.Alert, b *bounds) []part {
	var parts []part
	about := part{}
	if text := b.sentence(a.Rule.Description); text != "" {
		about.Prose = append(about.Prose, text)
	}
	r := rows{bounds: b}
	if a.Window != nil {
		r.say("Window", window(a.Window.Start, a.Window.End))
		r.say("In common", group(a.Window.Group, b)...)
	}
	if a.Rule.Condition != "" {
		r.say("Condition", b.sentence(a.Rule.Condition))
	}
	about.Rows = r.list
	if len(about.Prose)+len(about.Rows) > 0 {
		parts = append(parts, about)
	}
	most, fields := min(len(a.Searches), b.items), b.fields
	for _, search := range a.Searches[:most] {
		r := rows{bounds: b, fields: &fields}
		for _, field := range search.Fields {
			if field.Path == "" {
				r.say("keywords", "found in the record")
			} else {
				r.path(field.Path, field.Values)
			}
		}
		p := r.part(b.text(search.Name))
		p.Code = true
		parts = append(parts, p)
	}
	if note := more(len(a.Searches)-most, "search that holds", "searches that hold"); note != "" {
		parts = append(parts, part{Note: note})
	}
	if len(a.Why) > 0 {
		parts = append(parts, listPart("Decisions", a.Why, b))
	}
	if len(parts) == 0 {
		parts = append(parts, part{Prose: []shown{"Neither searches nor decisions are recorded."}})
	}
	return parts
}

// listPart returns a part with a list of texts.
func listPart(heading shown, texts []string, b *bounds) part {
	p := part{Heading: heading}
	most := min(len(texts), b.items)
	for _, text := range texts[:most] {
		p.List = append(p.List, b.sentence(text))
	}
	p.Note = more(len(texts)-most, "of them", "of them")
	return p
}

// event describes what CloudTrail says of every event.
func event(a *alert.Alert, b *bounds) []part {
	e := &a.Event
	r := rows{bounds: b}
	r.add("Event name", e.Name)
	r.add("Event source", e.Source)
	r.add("Event time", e.Time)
	if e.ID != "" {
		r.add("Event ID", e.ID)
	} else {
		r.say("Event ID", notRecorded)
		r.add("SHA-256 of the record", e.Digest)
	}
	r.add("Account", e.AccountID)
	r.add("Region", e.Region)
	r.add("Source address", e.SourceIP)
	r.add("User agent", e.UserAgent)
	r.add("Read from", place(&a.Location))
	return []part{r.part("")}
}

// place says where a record was read.
func place(at *alert.Location) string {
	if at.File == "" {
		return ""
	}
	file := at.File
	if at.Bucket != "" {
		file = "s3://" + at.Bucket + "/" + at.File
	}
	return fmt.Sprintf("%s, record %d", file, at.Record)
}

// The members of a record that have a part of their own, in this order.
var recordParts = []struct {
	member  string
	heading shown
}{
	{"userIdentity", "Identity"},
	{"requestParameters", "Request parameters"},
	{"responseElements", "Response"},
	{"resources", "Resources"},
	{"additionalEventData", "Additional data"},
	{"serviceEventDetails", "Service event details"},
}

// recordKnown are the members that stand elsewhere.
var recordKnown = map[string]bool{
	"eventTime": true, "eventSource": true, "eventName": true, "eventID": true, "awsRegion": true, "sourceIPAddress": true, "userAgent": true, "recipientAccountId": true,
	"errorCode": true, "errorMessage": true,
}

// cloudTrail lays out the whole record.
func cloudTrail(a *alert.Alert, record *record, b *bounds) []part {
	whole := shown("")
	if at := b.text(place(&a.Location)); at != "" {
		whole = " The whole record is in " + at + "."
	}
	if len(a.Raw) == 0 {
		return []part{{Prose: []shown{"The record is not part of this alert." + whole}}}
	}
	if record.unread != nil {
		return []part{{Prose: []shown{"The record cannot be read: " + b.text(record.unread.Error()) + "." + whole}, Rows: []row{{Name: "Record", Values: []shown{b.text(string(a.Raw))}}}}}
	}
	if record.kind != object {
		return []part{{Prose: []shown{"The record is no JSON object." + whole}, Rows: []row{{Name: "Record", Values: []shown{b.text(string(a.Raw))}}}}}
	}
	var parts []part
	if a.Trimmed {
		parts = append(parts, part{Prose: []shown{"The record was too large: parts of it were left out." + whole}})
	}
	errors := rows{bounds: b}
	errors.add("Code", record.at("errorCode"))
	errors.add("Message", record.at("errorMessage"))
	taken, fields := map[string]bool{}, b.fields
	for _, p := range recordParts {
		if p.member == "resources" && len(errors.list) > 0 { // behind the response
			parts = append(parts, errors.part("Error"))
		}
		value := record.member(p.member)
		taken[p.member] = true
		if value.empty() {
			continue
		}
		r := rows{bounds: b, fields: &fields}
		for _, l := range value.leaves() {
			r.path(leafPath(l.path, p.member), l.values)
		}
		parts = append(parts, r.part(p.heading))
	}
	rest := rows{bounds: b, fields: &fields}
	for i := range record.members {
		m := &record.members[i]
		if taken[m.name] || recordKnown[m.name] {
			continue
		}
		m.walk(m.name, func(l leaf) { rest.path(l.path, l.values) })
	}
	if len(rest.list)+rest.over > 0 {
		parts = append(parts, rest.part("Other fields"))
	}
	return parts
}

// leafPath names a value that is not below its member, but is the member: a
// trimmed part, or a text where an object is usual.
func leafPath(path, member string) string {
	if path == "" {
		return member
	}
	return path
}
