// Package reach tells where a rule asks for what CloudTrail does not write: an
// event of another service, an action of IAM, a field that no record has. It goes
// by the catalogue, which does not know everything; so it warns, and only where a
// branch of the condition has no other way to hold.
package reach

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/catalogue"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// Check reports to list what records cannot satisfy of rules and of the filters
// that narrow them.
func Check(rules []*plan.Rule, c *catalogue.Catalogue, list *diag.List) {
	k := &checker{c: c, list: list, fields: c.Fields(), sources: c.Sources()}
	for _, rule := range rules {
		k.rule(rule)
	}
}

type checker struct {
	c       *catalogue.Catalogue
	list    *diag.List
	fields  []string
	sources []*catalogue.Source

	// The last sources of which the names of events were asked for, and those.
	of    []*catalogue.Source
	known []string
}

func (k *checker) rule(rule *plan.Rule) {
	visit(ruleNode(rule), nil, func(l *leaf, beside []node) {
		switch {
		case l.test.Field == "":
			return // keywords are looked for everywhere
		case l.test.Field == "eventName":
			k.names(l, beside)
		case l.test.Field == "eventSource":
			k.source(l, beside)
		}
		k.field(l, beside)
		k.values(l, beside)
	})
}

// asOf is the end of every finding: what it rests on.
func (k *checker) asOf() string { return fmt.Sprintf(" (catalogue of %s)", k.c.Date) }

func (k *checker) warn(span diag.Span, code, hint, format string, args ...any) {
	k.list.Warnf(span, code, hint, "%s%s", fmt.Sprintf(format, args...), k.asOf())
}

// events returns the events that records can have which satisfy all of some
// conditions. all is false when there are more than are worth looking at.
func (k *checker) events(conditions []node) (events []*catalogue.Event, all bool) {
	const most = 3000
	for _, source := range k.sources {
		if !mayHold(conditions, pair{source: &source.Name}) {
			continue
		}
		for _, event := range source.Events() {
			if mayHold(conditions, pair{&source.Name, &event.Name}) {
				if events = append(events, event); len(events) > most {
					return nil, false
				}
			}
		}
	}
	return events, true
}

// quoted joins names for a sentence, with a word before the last: "a", "b" or "c".
// Of many it counts those that it leaves out.
func quoted(names []string, word string) string {
	const most = 3
	var shown []string
	for _, name := range names[:min(len(names), most)] {
		shown = append(shown, fmt.Sprintf("%q", name))
	}
	switch {
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(shown, ", "), len(names)-most)
	case len(shown) < 2:
		return strings.Join(shown, "")
	}
	return strings.Join(shown[:len(shown)-1], ", ") + " " + word + " " + shown[len(shown)-1]
}

func sourceNames(sources []*catalogue.Source) []string {
	var names []string
	for _, source := range sources {
		names = append(names, source.Name)
	}
	return names
}

// similar returns the candidate that a name is most probably a misspelling of, or
// "".
func similar(name string, candidates []string) string {
	return sigma.Closest(name, candidates, 0.75)
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", name)
}

// contains reports whether a list has a name in whatever case.
func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
