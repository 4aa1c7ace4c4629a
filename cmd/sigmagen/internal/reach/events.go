package reach

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/catalogue"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
)

// names judges each eventName that a test asks for.
func (k *checker) names(l *leaf, beside []node) {
	if !isText(l.test) {
		return
	}
	for _, v := range l.values() {
		if l.negated {
			k.excluded(l, v)
		} else {
			k.name(l, v, beside)
		}
	}
}

// isText reports whether a test compares text with its operands.
func isText(p plan.Predicate) bool {
	switch p.Op {
	case plan.Equal, plan.Prefix, plan.Suffix, plan.Contains, plan.Like, plan.Regexp:
		return p.Part == "" && !slices.ContainsFunc(p.Values, func(v plan.Value) bool { return v.Made != "" })
	}
	return false
}

// excluded notes that an event is left out that does not occur. That does no harm.
func (k *checker) excluded(l *leaf, v value) {
	if l.test.Op == plan.Equal && len(k.c.Writers(v.Text)) == 0 {
		k.list.Notef(v.span, "reach-unknown-event", "CloudTrail writes no event %q, so that nothing is left out%s", v.Text, k.asOf())
	}
}

// name judges one eventName. allowed are the sources that the other conditions
// leave open for it.
func (k *checker) name(l *leaf, v value, beside []node) {
	single := l.single(v)
	var allowed []*catalogue.Source
	known := false
	for _, source := range k.sources {
		if !mayHold(beside, pair{source: &source.Name}) {
			continue
		}
		allowed = append(allowed, source)
		event := asked(single, source, beside)
		if event == nil {
			continue
		}
		known = true
		if l.test.Op != plan.Equal {
			break // it is one of several
		}
		if event.Seen {
			k.list.Notef(v.span, "reach-seen", "a recorded event has %s and %s", source.Name, event.Name)
		}
	}
	switch {
	case known:
	case len(allowed) == 0: // the sources are judged themselves, or contradict each other
	case l.test.Op == plan.Equal:
		k.unknownName(l, v, allowed, ofServices(beside))
	case slices.ContainsFunc(allowed, func(s *catalogue.Source) bool { return asked(single, s, nil) != nil }):
		// The rule asks for another name as well, which is no matter of the catalogue.
	case len(allowed) == len(k.sources):
		k.warn(v.span, "reach-unknown-event", "", "no event that CloudTrail writes has such a name")
	case !slices.ContainsFunc(allowed, isOpen):
		k.warn(v.span, "reach-unknown-event", "", "no event of %s has such a name", quoted(sourceNames(allowed), "or"))
	}
}

// asked returns the first event of a source that a test holds on, or nil.
func asked(l *leaf, source *catalogue.Source, beside []node) *catalogue.Event {
	events := source.Events()
	if l.test.Op == plan.Equal {
		events = nil
		if event := source.Event(l.test.Values[0].Text); event != nil && len(event.Instead) == 0 {
			events = []*catalogue.Event{event}
		}
	}
	for _, event := range events {
		if l.says(event.Name) && mayHold(beside, pair{&source.Name, &event.Name}) {
			return event
		}
	}
	return nil
}

// ofServices reports whether conditions ask for events that are no calls, of which
// the catalogue has few.
func ofServices(conditions []node) bool {
	return slices.ContainsFunc(conditions, func(n node) bool {
		switch n := n.(type) {
		case all:
			return ofServices(n)
		case one:
			return len(n) > 0 && !slices.ContainsFunc(n, func(part node) bool { return !ofServices([]node{part}) })
		case *leaf:
			return n.test.Field == "eventType" && isText(n.test) && !n.says("AwsApiCall") != n.negated
		}
		return false
	})
}

func isOpen(s *catalogue.Source) bool { return s.Open }

// isUnheard reports whether all that is known of a source are single events.
func isUnheard(s *catalogue.Source) bool { return s.Open && !s.Modelled() }

// unknownName says why no source that is allowed has an event. There may be more
// events than are known: of an open source, or if beyond is true of any. These have
// names such as others have, CreateUser, and only a name that is one other source's
// alone tells that this one is meant.
func (k *checker) unknownName(l *leaf, v value, allowed []*catalogue.Source, beyond bool) {
	name, anywhere := v.Text, len(allowed) > len(k.sources)/2 // rather what it leaves out is named
	if prefix, bare, is := strings.Cut(name, ":"); is {
		k.warn(v.span, "reach-iam-action", didYouMean(bare), "%q is how IAM writes an action: CloudTrail writes eventName without %q", name, prefix+":")
		return
	}
	for _, source := range allowed {
		event := source.Event(name)
		if event == nil {
			continue
		}
		if len(event.Instead) == 0 {
			if l.test.Cased && event.Name != name {
				k.warn(v.span, "reach-unknown-event", didYouMean(event.Name), "CloudTrail writes %s in other letters", event.Name)
			}
			return // or the rule asks for another name as well
		}
		if !slices.ContainsFunc(l.test.Values, func(other plan.Value) bool { return contains(event.Instead, other.Text) }) {
			k.warn(v.span, "reach-unknown-event", didYouMean(event.Instead[0]), "CloudTrail writes the call %s as %s", event.Name, quoted(event.Instead, "or"))
		}
		return
	}
	in := func(source string) bool {
		return slices.ContainsFunc(allowed, func(s *catalogue.Source) bool { return s.Name == source })
	}
	if action, is := k.c.Action(name, in); is {
		k.iamAction(v, action)
		return
	}
	beyond = beyond || !anywhere && slices.ContainsFunc(allowed, isOpen)
	writers := k.c.Writers(name)
	if beyond && (len(writers) > 1 || slices.ContainsFunc(allowed, isUnheard)) && len(writers) > 0 {
		return // there may be such an event
	}
	if len(writers) > 0 {
		names := sourceNames(writers)
		hint := ""
		if len(names) == 1 {
			hint = fmt.Sprintf("did you mean `eventSource: %s`?", names[0])
		}
		k.warn(v.span, "reach-wrong-source", hint, "CloudTrail writes %s with the eventSource %s, not with %s", name, quoted(names, "or"), asSources(allowed))
		return
	}
	meant := similar(name, k.eventNames(allowed))
	if beyond && !misspelt(name, meant) {
		return
	}
	where := "CloudTrail writes no event"
	if !anywhere {
		where = quoted(sourceNames(allowed), "and") + " " + plural(len(allowed), "has", "have") + " no event"
	}
	k.warn(v.span, "reach-unknown-event", didYouMean(meant), "%s %q", where, name)
}

// words are those of a name such as GetPermissionsPolicy.
var words = regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`)

// misspelt reports whether a name is another one with a slip in one of its words.
// PutPermissionsPolicy is like GetPermissionsPolicy, but no slip.
func misspelt(name, meant string) bool {
	a, b := words.FindAllString(name, -1), words.FindAllString(meant, -1)
	if len(a) != len(b) {
		return false
	}
	slips := 0
	for i := range a {
		switch {
		case strings.EqualFold(a[i], b[i]):
		case similar(a[i], b[i:i+1]) == "":
			return false
		default:
			slips++
		}
	}
	return slips == 1
}

// asSources names the sources that a rule asks for, where they are few.
func asSources(allowed []*catalogue.Source) string {
	if len(allowed) > 3 {
		return "those that this asks for"
	}
	return quoted(sourceNames(allowed), "or")
}

func plural(n int, single, several string) string {
	if n == 1 {
		return single
	}
	return several
}

// iamAction says what CloudTrail writes of an action of IAM, or why it does not.
func (k *checker) iamAction(v value, action catalogue.Action) {
	full := action.Prefix + ":" + action.Name
	if len(action.Events) == 0 {
		k.warn(v.span, "reach-iam-action", "", "%s is an action of IAM, and no event: %s", full, action.Why)
		return
	}
	k.warn(v.span, "reach-iam-action", didYouMean(action.Events[0]), "%s is an action of IAM: CloudTrail writes %s", full, quoted(action.Events, "or"))
}

// eventNames returns the names of the events of some sources, sorted.
func (k *checker) eventNames(sources []*catalogue.Source) []string {
	if k.of != nil && slices.Equal(k.of, sources) {
		return k.known
	}
	var names []string
	for _, source := range sources {
		for _, event := range source.Events() {
			names = append(names, event.Name)
		}
	}
	slices.Sort(names)
	k.of, k.known = sources, slices.Compact(names)
	return k.known
}

// source judges each eventSource that a test asks for.
func (k *checker) source(l *leaf, beside []node) {
	if !isText(l.test) || l.negated {
		return
	}
	var fitting, idle []value // idle ones have no event that the rest of the condition allows
	for _, v := range l.values() {
		single := l.single(v)
		var meant []*catalogue.Source
		for _, source := range k.sources {
			if single.says(source.Name) {
				meant = append(meant, source)
			}
		}
		switch {
		case len(meant) == 0:
			k.unknownSource(l, v)
		case slices.ContainsFunc(meant, func(s *catalogue.Source) bool { return k.has(s, beside) }):
			fitting = append(fitting, v)
		default:
			idle = append(idle, v)
		}
	}
	if len(fitting) == 0 {
		return // each of the events is judged itself
	}
	for _, v := range idle {
		k.warn(v.span, "reach-wrong-source", "remove it", "none of the events that this asks for is one of %s", v.Text)
	}
}

// has reports whether a source may have an event that satisfies conditions, or an
// operation that it writes by another name: that is said of the name.
func (k *checker) has(s *catalogue.Source, conditions []node) bool {
	if !mayHold(conditions, pair{source: &s.Name}) {
		return true // that is another contradiction
	}
	asked := func(e *catalogue.Event) bool { return mayHold(conditions, pair{&s.Name, &e.Name}) }
	return s.Open || slices.ContainsFunc(s.Events(), asked) || slices.ContainsFunc(s.Renamed(), asked)
}

// domain is what nearly all sources end with.
const domain = ".amazonaws.com"

// unknownSource says that there is no such source. Of one that does not look like
// any, the plan warns.
func (k *checker) unknownSource(l *leaf, v value) {
	if l.test.Op != plan.Equal {
		k.warn(v.span, "reach-unknown-source", "", "no eventSource that CloudTrail writes is like this")
		return
	}
	name := strings.ToLower(v.Text)
	if !strings.Contains(name, ".amazon") {
		return
	}
	label, _, _ := strings.Cut(name, ".")
	meant := ""
	if proper := label + domain; k.c.Source(proper) != nil {
		meant = proper // sts.eu-west-1.amazonaws.com
	} else if services := k.c.ServiceOf(label); len(services) > 0 {
		meant = services[0]
	}
	k.warn(v.span, "reach-unknown-source", didYouMean(cmp.Or(meant, k.similarSource(name))), "CloudTrail writes no eventSource %q", v.Text)
}

// similarSource returns the source that a name is most probably a misspelling of, or
// "". The domain that they share makes none of them similar.
func (k *checker) similarSource(name string) string {
	bare, proper := strings.CutSuffix(name, domain)
	if !proper {
		return similar(name, sourceNames(k.sources))
	}
	var labels []string
	for _, source := range k.sources {
		if label, is := strings.CutSuffix(source.Name, domain); is {
			labels = append(labels, label)
		}
	}
	if meant := similar(bare, labels); meant != "" {
		return meant + domain
	}
	return ""
}
