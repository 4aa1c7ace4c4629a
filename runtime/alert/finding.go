// Package alert holds what lies between a match and a person: the Finding that
// detection hands over, and the decision what becomes of it. Decisions are
// functions of values; clocks, stores and networks come in from outside.
package alert

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime"
)

// Schema is the version of Finding as JSON that this package writes. It reads
// versions up to its own.
const Schema = 1

// A Finding is one match of one rule on one record: the message from the
// analyzer to the processor. It carries everything that later decisions and
// texts need, so that neither a trimmed record nor a newer release of the rules
// changes them.
type Finding struct {
	Schema   int             `json:"schema"`
	Rule     Rule            `json:"rule"`
	Searches []Search        `json:"searches"` // the search identifiers that hold on the record
	Event    Event           `json:"event"`
	Location Location        `json:"location"`
	Raw      json.RawMessage `json:"raw,omitempty"`     // the record
	Trimmed  bool            `json:"trimmed,omitempty"` // parts of Raw were left out because it was too large

	// Captured holds the values that correlations read, by path, as text; a
	// path that reaches nothing is not in it.
	Captured map[string][]string `json:"captured,omitempty"`

	// Window is set when this is the hit of a correlation.
	Window *Window `json:"window,omitempty"`
}

// A Search is a search identifier that holds on the record, with the values of
// the fields that it reads.
type Search struct {
	Name   string  `json:"name"`
	Fields []Field `json:"fields"`
}

// A Field is a path and what it reaches, as text; nothing when Values is empty.
// Long values are cut.
type Field struct {
	Path   string   `json:"path"`
	Values []string `json:"values"`
}

// A Window is what a correlation claimed when it fired.
type Window struct {
	GroupKey string       `json:"group_key"` // a digest of the group's values, which are shortened in Group
	Group    []GroupValue `json:"group"`
	Start    time.Time    `json:"start"` // by eventTime
	End      time.Time    `json:"end"`
}

// Rule holds the texts of the rule as it was when it matched.
type Rule struct {
	Key            string        `json:"key"`
	ID             string        `json:"id,omitempty"`
	Name           string        `json:"name,omitempty"`
	Title          string        `json:"title"`
	Description    string        `json:"description,omitempty"`
	Author         string        `json:"author,omitempty"`
	Condition      string        `json:"condition,omitempty"`
	Level          runtime.Level `json:"level"`
	Tags           []string      `json:"tags,omitempty"`
	References     []string      `json:"references,omitempty"`
	FalsePositives []string      `json:"false_positives,omitempty"`
	Source         string        `json:"source"`
	SourceHash     string        `json:"source_hash"`
}

// Event holds the fields of the record that decisions and summaries read. A
// field that the record does not have is ""; of a text of more than 4 KiB there
// are the beginning and the SHA-256.
type Event struct {
	ID        string `json:"id"`         // eventID
	Digest    string `json:"digest"`     // the SHA-256 of the record, in hexadecimal, when it has no eventID
	Time      string `json:"time"`       // eventTime as the record writes it
	Source    string `json:"source"`     // eventSource
	Name      string `json:"name"`       // eventName
	AccountID string `json:"account_id"` // recipientAccountId, else userIdentity.accountId
	Region    string `json:"region"`     // awsRegion
	Actor     string `json:"actor"`      // userIdentity.arn, else the best name there is
	IssuerARN string `json:"issuer_arn"` // sessionContext.sessionIssuer.arn: the role behind a session
	ActorName string `json:"actor_name"` // the bare name of the user, or of the role behind the session
	SourceIP  string `json:"source_ip"`  // sourceIPAddress: an address, or the name of an AWS service
	UserAgent string `json:"user_agent"`
	ErrorCode string `json:"error_code"`
}

// Location says where the record was read.
type Location struct {
	Bucket string `json:"bucket,omitempty"`
	File   string `json:"file"`   // object key, or path
	Record int    `json:"record"` // index in the file's Records array, or line number - 1
}

// NewFinding describes the match of a rule on a record. The Finding shares no
// memory with the record.
func NewFinding(rule *runtime.Rule, e *runtime.Event, at Location) Finding {
	f := Finding{
		Schema: Schema,
		Rule: Rule{
			Key: rule.Key, ID: rule.ID, Name: rule.Name, Title: rule.Title, Description: rule.Description, Author: rule.Author, Condition: rule.Condition, Level: rule.Level,
			Tags: rule.Tags, References: rule.References, FalsePositives: rule.FalsePositives, Source: rule.Source, SourceHash: rule.SourceHash,
		},
		Searches: []Search{},
		Event:    newEvent(e),
		Location: at,
	}
	for _, search := range rule.Searches {
		if search.Match(e) {
			f.Searches = append(f.Searches, describe(search, e))
		}
	}
	for _, path := range rule.Capture {
		if values := capture(e, path); len(values) > 0 {
			if f.Captured == nil {
				f.Captured = map[string][]string{}
			}
			f.Captured[path] = values
		}
	}
	return f
}

// Bounds of what a Finding repeats of a record: beside it, not instead of it.
const (
	shownValues   = 10   // values of a field
	shownBytes    = 300  // bytes of a value
	eventBytes    = 4096 // bytes of a text of Event; an ARN has at most 2,048
	capturedMost  = 30   // values of a captured path
	capturedBytes = 400  // bytes of a captured value
)

func describe(search runtime.Search, e *runtime.Event) Search {
	s := Search{Name: search.Name, Fields: []Field{}}
	for _, path := range search.Fields {
		field := Field{Path: path, Values: []string{}}
		if path != "" { // keywords read the whole record
			for _, value := range e.Get(path).Texts(shownValues) {
				field.Values = append(field.Values, cut(value, shownBytes))
			}
		}
		s.Fields = append(s.Fields, field)
	}
	return s
}

// capture returns the values at a path; different values stay different.
func capture(e *runtime.Event, path string) []string {
	values := e.Get(path).Texts(capturedMost)
	for i, value := range values {
		values[i] = recognisable(value, capturedBytes)
	}
	return values
}

// recognisable returns a text, or of one that is longer than it should be or no
// UTF-8 the beginning and the SHA-256: what goes through JSON comes back as it
// was.
func recognisable(s string, most int) string {
	if len(s) <= most && utf8.ValidString(s) {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return strings.ToValidUTF8(cut(s, most/2), "?") + " sha256:" + hex.EncodeToString(sum[:])
}

// cut returns the first bytes of a text, and a mark when there were more.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

func newEvent(e *runtime.Event) Event {
	text := func(paths ...string) string {
		for _, path := range paths {
			if s := e.Get(path).Text(); s != "" {
				return recognisable(s, eventBytes)
			}
		}
		return ""
	}
	event := Event{
		ID:        text("eventID"),
		Time:      text("eventTime"),
		Source:    text("eventSource"),
		Name:      text("eventName"),
		AccountID: text("recipientAccountId", "userIdentity.accountId"),
		Region:    text("awsRegion"),
		Actor:     text("userIdentity.arn", "userIdentity.userName", "userIdentity.principalId", "userIdentity.invokedBy", "userIdentity.type"),
		IssuerARN: text("userIdentity.sessionContext.sessionIssuer.arn"),
		ActorName: text("userIdentity.sessionContext.sessionIssuer.userName", "userIdentity.userName"),
		SourceIP:  text("sourceIPAddress"),
		UserAgent: text("userAgent"),
		ErrorCode: text("errorCode"),
	}
	if event.ID == "" {
		sum := sha256.Sum256(e.Raw())
		event.Digest = hex.EncodeToString(sum[:])
	}
	if event.ActorName == "" {
		event.ActorName = nameInARN(event.Actor)
	}
	return event
}

// nameInARN returns the name of the user or role in an ARN: the role, not the
// session, in that of an assumed role; "" when the text is no such ARN.
func nameInARN(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	path := strings.Split(parts[5], "/")
	if len(path) < 2 {
		return ""
	}
	if path[0] == "assumed-role" {
		return path[1]
	}
	return path[len(path)-1]
}

// ID identifies the finding: one rule on one event of one account is one
// finding, however often the record is read. An event without eventID is known
// by the bytes of its record. The hit of a correlation is known by its group and
// the start of its window.
func (f *Finding) ID() string {
	if f.Window != nil {
		return f.Rule.Key + "/" + f.Window.GroupKey + "/" + f.Window.Start.UTC().Format(sortableTime)
	}
	return f.Rule.Key + "/" + f.Event.identity()
}

// identity names an event.
func (e *Event) identity() string {
	id := e.ID
	if id == "" {
		id = e.Digest
	}
	return e.AccountID + "/" + id
}

// Time returns when the event happened, and the zero time when the record does
// not say so in a form that can be read, or says that it was before 1970 or after
// the year 9000. A correlation's hit is as late as the last event in its window.
func (f *Finding) Time() time.Time {
	if f.Window != nil {
		return f.Window.End
	}
	t, err := time.Parse(time.RFC3339, f.Event.Time)
	if err != nil || t.Year() < 1970 || t.Year() > 9000 { // what is computed from it must have four digits, too
		return time.Time{}
	}
	return t
}

// Trim makes the record at most so many bytes: its largest parts are replaced by
// a text that says how large they were, or all of it is left out. What is not
// JSON in UTF-8 to the letter is left out too, since the Finding could not be
// written.
func (f *Finding) Trim(most int) {
	if len(f.Raw) <= most && (len(f.Raw) == 0 || json.Valid(f.Raw) && utf8.Valid(f.Raw)) {
		return
	}
	f.Trimmed = true
	raw := bytes.ToValidUTF8(f.Raw, []byte("\uFFFD"))
	f.Raw = nil
	if len(raw) <= most && json.Valid(raw) {
		f.Raw = raw
		return
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil {
		return
	}
	total := len(raw)
	bySize := slices.SortedFunc(maps.Keys(members), func(a, b string) int {
		return cmp.Or(len(members[b])-len(members[a]), strings.Compare(a, b))
	})
	for _, name := range bySize {
		if total <= most {
			break
		}
		note := fmt.Appendf(nil, `"trimmed: %d bytes"`, len(members[name]))
		total += len(note) - len(members[name])
		members[name] = note
	}
	short, err := json.Marshal(members)
	if err == nil && len(short) <= most {
		f.Raw = short
	}
}

// ParseFinding reads a Finding from a message. It refuses what is no Finding,
// and what a newer release wrote.
func ParseFinding(message []byte) (Finding, error) {
	var f Finding
	if err := json.Unmarshal(message, &f); err != nil {
		return Finding{}, fmt.Errorf("read finding: %w", err)
	}
	switch {
	case f.Schema > Schema:
		return Finding{}, fmt.Errorf("read finding: schema %d is of a newer release; this one reads up to %d", f.Schema, Schema)
	case f.Schema < 1:
		return Finding{}, fmt.Errorf("read finding: it has no schema")
	case f.Rule.Key == "":
		return Finding{}, fmt.Errorf("read finding: it names no rule")
	case f.Event.ID == "" && f.Event.Digest == "":
		return Finding{}, fmt.Errorf("read finding of rule %q: it names no event", f.Rule.Key)
	case f.Rule.Level == 0:
		return Finding{}, fmt.Errorf("read finding of rule %q: it has no level", f.Rule.Key)
	}
	return f, nil
}
