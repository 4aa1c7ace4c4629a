package newtest

import (
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// An edit writes a value into a field of an event, or with remove takes the field out.
type edit struct {
	field  string
	value  any
	remove bool
	every  bool // in every element of lists on the way, not in the first alone
}

// edits returns what may be done to an event to bring it across the border of a rule:
// for each of its predicates values on which it holds, hardly holds and hardly fails.
func edits(predicates []*plan.Predicate, event *object) []edit {
	var all []edit
	add := func(field string, values []any) {
		for _, value := range values {
			all = append(all, edit{field: field, value: value})
			if inList(event, field) {
				all = append(all, edit{field: field, value: value, every: true})
			}
		}
	}
	for _, p := range predicates {
		if p.Field == "" || p.Part != "" {
			continue
		}
		add(p.Field, usual(p.Field))
		add(p.Field, nearMisses(p.Field, *p))
		add(p.Field, satisfying(p.Field, *p))
		switch p.Op {
		case plan.Equal, plan.Prefix, plan.Suffix, plan.Contains, plan.Like:
			add(p.Field, otherCases(*p))
		case plan.FieldEqual, plan.FieldPrefix, plan.FieldSuffix, plan.FieldContains:
			for _, v := range p.Values {
				if other := event.text(v.Text); other != "" {
					add(p.Field, []any{other + "-2", "not-" + other, other})
				}
			}
		}
		if isOptional(p.Field) {
			all = append(all, edit{field: p.Field, remove: true})
		}
	}
	return all
}

// inList reports whether a list of several elements is on the way to a field.
func inList(event *object, field string) bool {
	for i, r := range field {
		if r != '.' {
			continue
		}
		value, _ := event.at(field[:i])
		if list, isList := value.([]any); isList && len(list) > 1 {
			return true
		}
	}
	return false
}

// predicates returns those of a rule and its filters, in their order.
func predicates(r *plan.Rule) []*plan.Predicate {
	searches := slices.Clone(r.Searches)
	for _, f := range r.Filters {
		searches = append(searches, f.Searches...)
	}
	return predicatesOf(searches)
}

func predicatesOf(searches []*plan.Search) []*plan.Predicate {
	var all []*plan.Predicate
	for _, s := range searches {
		for _, items := range s.Maps {
			for _, item := range items {
				for _, group := range item.Groups {
					for i := range group {
						all = append(all, &group[i])
					}
				}
			}
		}
	}
	return all
}

// isOptional reports whether CloudTrail leaves a field out of records.
func isOptional(field string) bool {
	first, _, _ := strings.Cut(field, ".")
	return !slices.Contains([]string{"eventVersion", "eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "userAgent", "eventType", "userIdentity"}, first) ||
		field == "userIdentity.invokedBy" || field == issuerName
}

// containers are fields that CloudTrail writes as objects.
var containers = []string{"requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"}

const issuerName = "userIdentity.sessionContext.sessionIssuer.userName"

// apply returns an event with an edit made, and what goes with it: a failed call has
// no response, a role no user name. It is nil where there is nothing to edit.
func (e edit) apply(event *object, mentioned map[string]bool) *object {
	c := event.copied()
	old, known := c.at(e.field)
	if e.remove {
		if !known {
			return nil
		}
		c.remove(e.field)
		if first, _, _ := strings.Cut(e.field, "."); first != e.field {
			if left, ok := c.get(first); ok {
				if o, isObject := left.(*object); isObject && len(o.members) == 0 {
					c.put(first, nil)
				}
			}
		}
	} else {
		value := e.value
		if b, isBool := value.(bool); isBool {
			if _, isText := old.(string); isText || strings.HasSuffix(e.field, ".mfaAuthenticated") {
				value = map[bool]string{true: "true", false: "false"}[b]
			}
		}
		if known && old == value {
			return nil
		}
		if slices.Contains(containers, e.field) {
			value = &object{members: []member{{"value", value}}}
		}
		if list, isList := old.([]any); isList && !slices.ContainsFunc(list, func(v any) bool { _, isObject := v.(*object); return isObject }) {
			value = []any{value}
		}
		if !c.set(e.field, value, e.every) {
			return nil
		}
	}
	e.follow(c, event, mentioned)
	return c
}

// follow changes what goes with an edit in the event c, which was before. What the
// rule asks about stays.
func (e edit) follow(c, before *object, mentioned map[string]bool) {
	put := func(field string, value any) {
		if !mentioned[field] {
			c.put(field, value)
		}
	}
	drop := func(field string) {
		if !mentioned[field] {
			c.remove(field)
		}
	}
	text, _ := e.value.(string)
	switch e.field {
	case "errorCode":
		if e.remove {
			drop("errorMessage")
			break
		}
		put("errorMessage", messageOf(text))
		if !mentionedBelow(mentioned, "responseElements") {
			c.put("responseElements", nil)
		}
	case "eventName":
		put("readOnly", isReading(text))
		if agent, _, found := strings.Cut(c.text("userAgent"), " md/command#"); found {
			put("userAgent", agent)
		}
	case "eventSource":
		if host := c.text("tlsDetails.clientProvidedHostHeader"); host != "" && !mentionedBelow(mentioned, "tlsDetails") {
			service, _, _ := strings.Cut(text, ".")
			was, _, _ := strings.Cut(before.text("eventSource"), ".")
			c.set("tlsDetails.clientProvidedHostHeader", strings.Replace(host, was+".", service+".", 1), false)
		}
	case "userIdentity.invokedBy":
		if !e.remove && strings.HasSuffix(text, ".amazonaws.com") {
			put("sourceIPAddress", text)
			put("userAgent", text)
			drop("tlsDetails")
		}
	case "userIdentity.type":
		e.identify(c, before, identity(text, map[string]string{"IAMUser": userName, "AssumedRole": roleName}[text]))
	case "userIdentity.userName":
		if c.text("userIdentity.type") != "IAMUser" {
			e.identify(c, before, identity("IAMUser", text))
		} else {
			rename(c, before.text(e.field), text)
		}
	case issuerName:
		switch {
		case e.remove:
			e.identify(c, before, identity("IAMUser", userName))
		case c.text("userIdentity.type") != "AssumedRole":
			e.identify(c, before, identity("AssumedRole", text))
		default:
			rename(c, before.text(e.field), text)
		}
	case "userIdentity.arn":
		if known := fromMap(map[string]any{"arn": text}); strings.Contains(text, ":") {
			e.identify(c, before, identities(known)[0])
		}
	}
}

// messageOf returns what an errorMessage beside an errorCode may say.
func messageOf(code string) string {
	if strings.Contains(code, "Denied") || strings.Contains(code, "Unauthorized") {
		return usual("errorMessage")[0].(string)
	}
	return "The request could not be completed"
}

func mentionedBelow(mentioned map[string]bool, field string) bool {
	for path := range mentioned {
		if path == field || strings.HasPrefix(path, field+".") {
			return true
		}
	}
	return false
}

// identify puts another userIdentity into an event. Who called in its place stays.
func (e edit) identify(c, before *object, who *object) {
	c.put("userIdentity", who)
	for _, field := range []string{"userIdentity.invokedBy", "userIdentity.sessionContext.attributes.mfaAuthenticated"} {
		value, known := before.at(field)
		if _, session := who.get("sessionContext"); known && (session || field == "userIdentity.invokedBy") {
			c.set(field, value, false)
		}
	}
}

// rename writes another name of the user or the role into the ARNs of userIdentity.
func rename(c *object, from, to string) {
	if from == "" {
		return
	}
	for _, field := range []string{"userIdentity.arn", "userIdentity.sessionContext.sessionIssuer.arn"} {
		arn := c.text(field)
		if before, after, found := strings.Cut(arn, "/"+from); found && (after == "" || after[0] == '/') {
			c.set(field, before+"/"+to+after, false)
		}
	}
}
