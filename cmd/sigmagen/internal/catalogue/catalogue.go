// Package catalogue knows what CloudTrail writes: which sources there are, which
// events each has and what their requests hold, which fields a record has. It is
// facts with a source and a date, embedded and rebuilt by `sigmagen catalogue
// update`: AWS's API models (facts/models.txt.gz), what recorded files show
// (facts/seen.txt), and, written by hand, where CloudTrail differs from the models
// (the other files of facts).
//
// What it does not know may exist all the same, above all what is newer than its
// date: whoever judges rules by it warns, and never refuses.
package catalogue

import (
	"cmp"
	"embed"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/trailalerts/trailalerts/runtime"
)

//go:embed facts
var embedded embed.FS

// A Catalogue is what is known. It does not change once it is loaded.
type Catalogue struct {
	// Date is the month of the API models: 2025-04.
	Date string

	services []*service
	sources  map[string]*Source   // by folded name
	byEvent  map[string][]*Source // sources that write an event, by its folded name
	actions  map[string][]Action  // by folded name, without the prefix
	fields   fields
	called   map[string]string   // the source of a service, by what people call it, squashed
	requests map[string]requests // by folded name of the source
	values   []valueFact
}

// A Source is a service by the name that CloudTrail gives it in eventSource.
type Source struct {
	Name string

	// Open says that CloudTrail writes events of it that neither a model nor the
	// documentation lists.
	Open bool

	// Loose says that its requests are written by other names than those of the
	// model, which only recordings show.
	Loose bool

	// lower says that its requests have the members of the models in lower camel case,
	// and in no other: recordings have some of them so, and none as the model does.
	lower bool

	services []*service
	events   map[string]*Event // by folded name
	written  []*Event          // those that CloudTrail writes, by name
}

// An Event is what CloudTrail writes, or would be expected to write, of a source.
type Event struct {
	Name   string
	Source *Source

	// Instead lists the names that CloudTrail writes in place of this one, which is
	// an operation's. Empty: it writes this name.
	Instead []string

	// Members are the first levels of requestParameters as the models spell them, or
	// as recordings do; HasMembers says that there is a model.
	Members    []string
	HasMembers bool

	// Seen says that a recorded event has this source and name.
	Seen bool

	exact    bool     // Members are spelled as CloudTrail does
	recorded []string // those of them that recordings have
	wrapper  string   // what a request may be wrapped in, folded: the operation's name
}

// An Action is one of IAM that is no event.
type Action struct {
	Prefix string // s3
	Name   string
	Source string // where CloudTrail writes what it allows
	Events []string
	Why    string // of one without events
}

// Load returns the catalogue that is part of the program. It is read once, and not to
// be changed.
func Load() (*Catalogue, error) { return embeddedFacts() }

var embeddedFacts = sync.OnceValues(func() (*Catalogue, error) {
	return Read(func(name string) ([]byte, error) { return embedded.ReadFile("facts/" + name) })
})

// Facts returns a file of facts by its name.
type Facts func(name string) ([]byte, error)

// Read reads a catalogue from the files of its facts.
func Read(facts Facts) (*Catalogue, error) {
	models, err := readModels(facts)
	if err != nil {
		return nil, err
	}
	c := &Catalogue{
		Date:    models.Date,
		sources: map[string]*Source{}, byEvent: map[string][]*Source{}, actions: map[string][]Action{}, called: map[string]string{}, requests: map[string]requests{},
	}
	for i := range models.Services {
		c.services = append(c.services, &service{Service: &models.Services[i]})
	}
	if err := errors.Join(c.readSources(facts), c.readEvents(facts), c.readActions(facts), c.readFields(facts)); err != nil {
		return nil, err
	}
	seen, err := readSeen(facts)
	if err != nil {
		return nil, err
	}
	c.addSeen(seen)
	for _, source := range c.Sources() {
		for folded, event := range source.events {
			if len(event.Instead) == 0 {
				c.byEvent[folded] = append(c.byEvent[folded], source)
				source.written = append(source.written, event)
			}
		}
		slices.SortFunc(source.written, func(a, b *Event) int { return cmp.Compare(a.Name, b.Name) })
		source.Loose = c.requests[runtime.Fold(source.Name)].loose
	}
	for _, sources := range c.byEvent {
		slices.SortFunc(sources, bySourceName)
	}
	return c, nil
}

// Sources returns all sources by name.
func (c *Catalogue) Sources() []*Source {
	return slices.SortedFunc(maps.Values(c.sources), bySourceName)
}

func bySourceName(a, b *Source) int { return cmp.Compare(a.Name, b.Name) }

// Source returns the source of a name in whatever case, or nil.
func (c *Catalogue) Source(name string) *Source { return c.sources[runtime.Fold(name)] }

// Writers returns the sources whose events have a name, in whatever case.
func (c *Catalogue) Writers(event string) []*Source {
	folded := runtime.Fold(event)
	if sources := c.byEvent[folded]; len(sources) > 0 {
		return sources
	}
	var writers []*Source
	if operation, dated := undated(event); dated {
		for _, source := range c.Sources() {
			if source.events[runtime.Fold(operation)] != nil {
				writers = append(writers, source)
			}
		}
	}
	return writers
}

// Events returns the events that CloudTrail writes of a source, by name. It is the
// source's own list.
func (s *Source) Events() []*Event { return s.written }

// Renamed returns the operations that are written by other names, in no order.
func (s *Source) Renamed() []*Event {
	var renamed []*Event
	for _, e := range s.events {
		if len(e.Instead) > 0 {
			renamed = append(renamed, e)
		}
	}
	return renamed
}

// Modelled reports whether there is a model of an API of the source.
func (s *Source) Modelled() bool { return len(s.services) > 0 }

// dated is the name of an operation with the version of its API behind it, as some
// services have it: CreateFunction20150331, UpdateDistribution2020_05_31.
var dated = regexp.MustCompile(`^(.*?[a-z])(20\d\d_?[01]\d_?[0-3]\d)(?:v\d+)?$`)

func undated(event string) (operation string, is bool) {
	m := dated.FindStringSubmatch(event)
	if m == nil {
		return "", false
	}
	return m[1], true
}

// Event returns the event of a name in whatever case, or nil. An operation's name
// with a date behind it is one that CloudTrail may write.
func (s *Source) Event(name string) *Event {
	if event := s.events[runtime.Fold(name)]; event != nil {
		return event
	}
	operation, is := undated(name)
	if !is {
		return nil
	}
	known := s.events[runtime.Fold(operation)]
	if known == nil {
		return nil
	}
	event := &Event{Name: name, Source: s}
	event.inherit(known)
	return event
}

// Action returns what is known of an action of IAM that is no event, by its name
// in whatever case, in these sources.
func (c *Catalogue) Action(name string, in func(source string) bool) (Action, bool) {
	for _, action := range c.actions[runtime.Fold(name)] {
		if in(action.Source) {
			return action, true
		}
	}
	return Action{}, false
}

// ServiceOf returns the sources of the service that people would call so: the
// first label of a source that does not exist. The shortest comes first.
func (c *Catalogue) ServiceOf(label string) []string {
	if name, is := c.called[squash(label)]; is {
		return []string{name}
	}
	var names []string
	for _, s := range c.services {
		if slices.Contains(s.labels(), squash(label)) {
			for _, name := range s.written {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return names
}

// squash leaves letters and digits of a name, in lower case.
func squash(name string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

// source returns the source of a name, and makes it when there is none.
func (c *Catalogue) source(name string) *Source {
	folded := runtime.Fold(name)
	if c.sources[folded] == nil {
		c.sources[folded] = &Source{Name: name, events: map[string]*Event{}}
	}
	return c.sources[folded]
}

// event returns the event of a name, and makes it when there is none.
func (s *Source) event(name string) *Event {
	folded := runtime.Fold(name)
	if s.events[folded] == nil {
		s.events[folded] = &Event{Name: name, Source: s}
	}
	return s.events[folded]
}

// inherit takes over what is known of the requests of an operation that goes by
// another name.
func (e *Event) inherit(operation *Event) {
	e.HasMembers, e.exact, e.wrapper = operation.HasMembers, operation.exact, operation.wrapper
	e.addMembers(operation.Members...)
}

// addMembers adds what a request may hold.
func (e *Event) addMembers(names ...string) {
	for _, name := range names {
		if !slices.Contains(e.Members, name) {
			e.Members = append(e.Members, name)
		}
	}
}
