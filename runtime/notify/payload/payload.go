// Package payload writes an alert as JSON, for programs: the body of webhooks,
// the detail of events, the details of incidents.
//
// The first part has the keys of TrailAlerts before version 1, so that receivers
// of its webhooks keep working:
//
//	source            "TrailAlerts"
//	timestamp         when the message was made, RFC 3339 in UTC
//	rule              title, id, level, description, author, references; what the rule does
//	                  not have is null. level is the severity of the alert, as Sigma names it.
//	event             the CloudTrail record, or null
//	correlatedEvents  ruleTitle, timestamp, actor, target of each match that a correlation
//	                  related to this one; absent when there is none. target is "unknown".
//	thresholdInfo     eventCount, thresholdCount, windowMinutes, actor, ruleTitle of the first
//	                  threshold that was reached; absent when there is none
//
// The rest is new and in snake case: alert_id, severity (critical, high, medium,
// low, info), suppressed, why, account, account_alias, region, event_name, actor,
// ip, searches, completed, location, release, and trimmed, which is true when
// parts of the record or of the lists were left out because of a limit. In rule
// there are key, tags, false_positives, source and source_hash beside the above.
package payload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// Source is the source of every payload.
const Source = "TrailAlerts"

type payload struct {
	Source           string          `json:"source"`
	Timestamp        string          `json:"timestamp"`
	Rule             rule            `json:"rule"`
	Event            json.RawMessage `json:"event"`
	CorrelatedEvents []correlated    `json:"correlatedEvents,omitempty"`
	ThresholdInfo    *threshold      `json:"thresholdInfo,omitempty"`

	AlertID      string            `json:"alert_id"`
	Severity     string            `json:"severity"`
	Suppressed   int               `json:"suppressed"`
	Why          []string          `json:"why"`
	Account      string            `json:"account"`
	AccountAlias string            `json:"account_alias,omitempty"`
	Region       string            `json:"region"`
	EventName    string            `json:"event_name"`
	Actor        string            `json:"actor"`
	IP           *alert.Address    `json:"ip,omitempty"`
	Searches     []alert.Search    `json:"searches,omitempty"`
	Completed    []alert.Completed `json:"completed,omitempty"`
	Location     alert.Location    `json:"location"`
	Release      alert.Release     `json:"release"`
	Trimmed      bool              `json:"trimmed,omitempty"`
}

type rule struct {
	Title       string   `json:"title"`
	ID          *string  `json:"id"`
	Level       string   `json:"level"`
	Description *string  `json:"description"`
	Author      *string  `json:"author"`
	References  []string `json:"references"`

	Key            string   `json:"key"`
	Tags           []string `json:"tags,omitempty"`
	FalsePositives []string `json:"false_positives,omitempty"`
	Source         string   `json:"source"`
	SourceHash     string   `json:"source_hash"`
}

type correlated struct {
	RuleTitle string `json:"ruleTitle"`
	Timestamp string `json:"timestamp"`
	Actor     string `json:"actor"`
	Target    string `json:"target"`
}

type threshold struct {
	EventCount     float64 `json:"eventCount"`
	ThresholdCount float64 `json:"thresholdCount"`
	WindowMinutes  float64 `json:"windowMinutes"`
	Actor          string  `json:"actor"`
	RuleTitle      string  `json:"ruleTitle"`
}

// maxText is the most bytes of one value outside of the record: a user agent or
// the name of a session may be of any length.
const maxText = 2048

// JSON returns the payload of an alert, made now, in at most so many bytes. When
// the whole does not fit, parts of the record are left out first, then the lists.
func JSON(a *alert.Alert, now time.Time, most int) ([]byte, error) {
	record := a.Finding
	record.Trim(math.MaxInt) // a record that is no JSON cannot be a part of JSON
	p := newPayload(a, now)
	p.Event, p.Trimmed = record.Raw, record.Trimmed
	body, err := encode(p)
	if err != nil || len(body) <= most {
		return body, err
	}
	p.Trimmed = true
	for _, shorten := range []func(*payload){
		func(*payload) {},
		func(p *payload) { p.Searches = nil },
		func(p *payload) {
			p.CorrelatedEvents = p.CorrelatedEvents[:min(len(p.CorrelatedEvents), 5)]
			for i := range p.Completed {
				c := &p.Completed[i]
				c.Omitted += len(c.Related)
				c.Related = []alert.Related{}
			}
		},
	} {
		shorten(&p)
		p.Event = nil
		if body, err = encode(p); err != nil {
			return nil, err
		}
		room := most - len(body) + len("null")
		if room < len("null") {
			continue
		}
		record := record
		record.Trim(room)
		p.Event = record.Raw
		return encode(p)
	}
	return nil, fmt.Errorf("alert %s is %d bytes as JSON without its record and lists; %d are the most", a.ID(), len(body), most)
}

// encode leaves < > & as they are, so that a record does not grow.
func encode(p payload) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(p); err != nil {
		return nil, fmt.Errorf("write alert %s as JSON: %w", p.AlertID, err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func newPayload(a *alert.Alert, now time.Time) payload {
	p := payload{
		Source:    Source,
		Timestamp: now.UTC().Format(time.RFC3339Nano),
		Rule: rule{
			Title: a.Rule.Title, ID: orNull(a.Rule.ID), Level: a.Severity.String(), Description: orNull(a.Rule.Description), Author: orNull(a.Rule.Author),
			References: append([]string{}, a.Rule.References...),
			Key:        a.Rule.Key, Tags: a.Rule.Tags, FalsePositives: a.Rule.FalsePositives, Source: a.Rule.Source, SourceHash: a.Rule.SourceHash,
		},
		AlertID:      a.ID(),
		Severity:     alert.SeverityName(a.Severity),
		Suppressed:   a.Suppressed,
		Why:          []string{},
		Account:      clip(a.Event.AccountID),
		AccountAlias: clip(a.AccountAlias),
		Region:       clip(a.Event.Region),
		EventName:    clip(a.Event.Name),
		Actor:        clip(a.Event.Actor),
		IP:           a.Address,
		Searches:     a.Searches,
		Location:     a.Location,
		Release:      a.Release,
	}
	for _, why := range a.Why {
		p.Why = append(p.Why, clip(why))
	}
	about := alert.Alert{Finding: a.Finding} // the alert, with what is no threshold alone
	for _, c := range a.Completed {
		c.Related, c.Group = append([]alert.Related{}, c.Related...), slices.Clone(c.Group)
		for i := range c.Related {
			clipRelated(&c.Related[i])
		}
		for i := range c.Group {
			c.Group[i].Value = clip(c.Group[i].Value)
		}
		p.Completed = append(p.Completed, c)
		if !c.Threshold() {
			about.Completed = append(about.Completed, c)
		} else if p.ThresholdInfo == nil {
			p.ThresholdInfo = newThreshold(a, &c)
		}
	}
	for _, r := range about.Related() {
		p.CorrelatedEvents = append(p.CorrelatedEvents, correlated{RuleTitle: r.Title, Timestamp: r.Time.UTC().Format(time.RFC3339), Actor: r.Actor, Target: "unknown"})
	}
	return p
}

func newThreshold(a *alert.Alert, c *alert.Completed) *threshold {
	t := &threshold{EventCount: c.Count, WindowMinutes: c.End.Sub(c.Start).Minutes(), Actor: clip(a.Event.Actor), RuleTitle: a.Rule.Title}
	if c.Title != "" {
		t.RuleTitle = c.Title
	}
	if len(c.Condition) > 0 {
		t.ThresholdCount = c.Condition[0].Value
	}
	for _, g := range c.Group {
		if g.Name == runtime.GroupActor {
			t.Actor = clip(g.Value)
		}
	}
	return t
}

func clipRelated(r *alert.Related) {
	for _, text := range []*string{&r.EventID, &r.EventName, &r.AccountID, &r.Region, &r.Actor, &r.SourceIP} {
		*text = clip(*text)
	}
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
