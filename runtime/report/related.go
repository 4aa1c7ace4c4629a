package report

import (
	"strconv"
	"strings"
	"time"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// completed describes the thresholds, or the other correlations, that the alert
// completes.
func completed(a *alert.Alert, thresholds bool, b *bounds) []part {
	var parts []part
	over := 0
	for i := range a.Completed {
		c := &a.Completed[i]
		if c.Threshold() != thresholds {
			continue
		}
		if len(parts) >= b.completed {
			over++
			continue
		}
		parts = append(parts, completedPart(a, c, b))
	}
	if note := more(over, "of them", "of them"); note != "" {
		parts = append(parts, part{Note: note})
	}
	return parts
}

func completedPart(a *alert.Alert, c *alert.Completed, b *bounds) part {
	p := part{}
	switch {
	case c.Title != "":
		p.Heading = b.sentence(c.Title)
	case c.Description != "":
		p.Heading = b.sentence(c.Description)
	default:
		p.Heading, p.Code = b.text(c.Key), true
	}
	// The hit of a correlation tells its description where it says why.
	if c.Title != "" && c.Description != "" && c.Key != a.Rule.Key {
		p.Prose = append(p.Prose, b.sentence(c.Description))
	}
	r := rows{bounds: b}
	r.say("Severity", severityName(c.Severity))
	r.say("Window", window(c.Start, c.End))
	r.say("In common", group(c.Group, b)...)
	r.say("Reached", reached(c))
	r.say("Needed", needed(c, b))
	p.Rows = r.list
	// The latest are those next to the alert.
	first := max(0, len(c.Related)-b.related)
	for i := range c.Related[first:] {
		p.Events = append(p.Events, happen(a, &c.Related[first+i], b))
	}
	p.Note = more(first+c.Omitted, "earlier match", "earlier matches")
	return p
}

// window writes a span of time.
func window(start, end time.Time) shown {
	if start.IsZero() || end.IsZero() {
		return ""
	}
	return clock(start) + " to " + clock(end) + " (" + shown(alert.WindowText(end.Sub(start))) + ")"
}

// group says what the matches in a window have in common.
func group(values []alert.GroupValue, b *bounds) []shown {
	var all []shown
	most := min(len(values), b.values)
	for _, v := range values[:most] {
		value := b.text(v.Value)
		if value == "" {
			value = notRecorded
		}
		all = append(all, b.text(v.Name)+": "+value)
	}
	return append(all, more(len(values)-most, "of it", "of it"))
}

// reached says what the condition compared.
func reached(c *alert.Completed) shown {
	n := number(c.Count)
	one := c.Count == 1
	noun := func(singular, plural shown) shown {
		if one {
			return n + " " + singular
		}
		return n + " " + plural
	}
	switch c.Type {
	case runtime.EventCount:
		return noun("event", "events")
	case runtime.ValueCount:
		return noun("different value", "different values")
	case runtime.ValueSum:
		return "a sum of " + n
	case runtime.ValueAvg:
		return "an average of " + n
	case runtime.Temporal:
		return noun("of its rules matched", "of its rules matched")
	case runtime.TemporalOrdered:
		return noun("of its rules matched in order", "of its rules matched in order")
	default:
		return n
	}
}

// needed says what the condition asks for.
func needed(c *alert.Completed, b *bounds) shown {
	words := map[runtime.Operator]shown{
		runtime.Greater: "more than", runtime.GreaterOrEqual: "at least", runtime.Less: "less than", runtime.LessOrEqual: "at most",
		runtime.Equal: "exactly", runtime.NotEqual: "other than",
	}
	var all shown
	for i, comparison := range c.Condition {
		if i > 0 {
			all += " and "
		}
		word, known := words[comparison.Operator]
		if !known {
			word = b.text(string(comparison.Operator))
		}
		all += word + " " + number(comparison.Value)
	}
	if all == "" && !c.Threshold() {
		return "all of its rules"
	}
	return all
}

func number(n float64) shown {
	if n == float64(int64(n)) && n < 1e15 && n > -1e15 {
		return shown(thousands(int(n)))
	}
	return shown(strconv.FormatFloat(n, 'g', -1, 64))
}

// happen describes a related match. What it has in common with the event of the
// alert is not repeated, but for who acted.
func happen(a *alert.Alert, r *alert.Related, b *bounds) happening {
	h := happening{Time: notRecorded, What: b.text(r.EventName), This: r.Location == a.Location && r.EventID == a.Event.ID}
	if h.What == "" {
		h.What = "An event without a name"
	}
	if !r.Time.IsZero() {
		h.Time = clock(r.Time)
	}
	if r.Rule != a.Rule.Key {
		title := b.sentence(r.Title)
		if title == "" {
			title = b.text(r.Rule)
		}
		h.Rows = append(h.Rows, title)
	}
	who := b.text(actorName(&alert.Event{Actor: r.Actor, AccountID: r.AccountID}, nil))
	if who == "" {
		who = "An actor without a name"
	}
	if r.SourceIP != "" {
		who += " from " + b.text(r.SourceIP)
	}
	h.Rows = append(h.Rows, who)
	if r.AccountID != a.Event.AccountID || r.Region != a.Event.Region {
		if where := strings.Trim(r.AccountID+", "+r.Region, ", "); where != "" {
			h.Rows = append(h.Rows, b.text(where))
		}
	}
	if r.EventID != "" {
		h.Rows = append(h.Rows, "Event ID "+b.text(r.EventID))
	}
	return h
}
