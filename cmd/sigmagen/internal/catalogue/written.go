package catalogue

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/runtime"
)

// service is an API with the sources that CloudTrail writes its calls under.
type service struct {
	*Service
	written []string
	exact   bool // requests have the members of the model as the model spells them
}

// labels are the names by which people may look for the service, squashed.
func (s *service) labels() []string {
	first, _, _ := strings.Cut(s.Source, ".")
	return []string{squash(s.Name), squash(s.Namespace), squash(first)}
}

// likely returns the sources that a service may have where nothing more is known:
// models name some that CloudTrail does not use, and the namespace of ARNs is
// mostly right.
func (s *service) likely() []string {
	const domain = ".amazonaws.com"
	var names []string
	if s.Source != "" {
		names = append(names, s.Source)
	}
	if s.Namespace != "" {
		names = append(names, s.Namespace+domain)
	}
	if len(names) == 0 {
		name := strings.ToLower(s.Name)
		names = append(names, strings.ReplaceAll(name, " ", "")+domain, strings.ReplaceAll(name, " ", "-")+domain)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// line is one of a file of facts that is kept by hand.
type line struct {
	file   string
	number int
	words  []string
}

func (l line) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", l.file, l.number, fmt.Sprintf(format, args...))
}

// cut returns the words before and behind the first word that is a mark.
func (l line) cut(mark string) (before, behind []string, found bool) {
	i := slices.Index(l.words, mark)
	if i < 0 {
		return l.words, nil, false
	}
	return l.words[:i], l.words[i+1:], true
}

// section is a heading in brackets and the lines below it.
type section struct {
	heading line
	lines   []line
}

// readLines reads a file of facts: words, with # before what is for readers.
func readLines(facts Facts, name string) ([]line, error) {
	text, err := facts(name)
	if err != nil {
		return nil, err
	}
	var all []line
	number := 0
	for raw := range strings.Lines(string(text)) {
		number++
		before, _, _ := strings.Cut(raw, "#")
		if words := strings.Fields(before); len(words) > 0 {
			all = append(all, line{file: name, number: number, words: words})
		}
	}
	return all, nil
}

// readSections reads a file of facts that has headings.
func readSections(facts Facts, name string) ([]section, error) {
	lines, err := readLines(facts, name)
	if err != nil {
		return nil, err
	}
	var sections []section
	for _, l := range lines {
		joined := strings.Join(l.words, " ")
		switch {
		case strings.HasPrefix(joined, "[") && strings.HasSuffix(joined, "]"):
			l.words = strings.Fields(strings.Trim(joined, "[]"))
			if len(l.words) == 0 {
				return nil, l.errorf("the heading is empty")
			}
			sections = append(sections, section{heading: l})
		case len(sections) == 0:
			return nil, l.errorf("this stands before the first heading")
		default:
			s := &sections[len(sections)-1]
			s.lines = append(s.lines, l)
		}
	}
	return sections, nil
}

// readSources tells the sources of services, and those that no model has.
func (c *Catalogue) readSources(facts Facts) error {
	lines, err := readLines(facts, "sources.txt")
	if err != nil {
		return err
	}
	for _, l := range lines {
		name, sources, found := l.cut("=")
		service := c.service(strings.Join(name[1:], " "))
		switch l.words[0] {
		case "service":
			if !found || service == nil || len(sources) == 0 {
				return l.errorf("this is no known service, = and its sources")
			}
			if service.written != nil {
				return l.errorf("the service stands there twice")
			}
			service.written = sources
		case "exact":
			if found || service == nil {
				return l.errorf("this is no known service")
			}
			service.exact = true
		case "called":
			if !found || len(name) != 2 || !sourceName.MatchString(name[1]) || len(sources) == 0 {
				return l.errorf("this is no source, = and what people call its service")
			}
			for _, called := range sources {
				c.called[squash(called)] = name[1]
			}
		case "source", "open":
			for _, name := range l.words[1:] {
				if !sourceName.MatchString(name) {
					return l.errorf("%q is no eventSource", name)
				}
				source := c.source(name)
				source.Open = source.Open || l.words[0] == "open"
			}
		default:
			return l.errorf("a line begins with service, exact, called, source or open")
		}
	}
	for _, s := range c.services {
		if s.written == nil {
			s.written = s.likely()
		}
		for _, name := range s.written {
			source := c.source(name)
			source.services = append(source.services, s)
			for _, o := range s.Operations {
				event := source.event(o.Name)
				event.HasMembers, event.wrapper = true, runtime.Fold(o.Name)
				event.exact = event.exact || s.exact
				event.addMembers(o.Members...)
			}
		}
	}
	return nil
}

// service returns the API of a name, or nil.
func (c *Catalogue) service(name string) *service {
	i := slices.IndexFunc(c.services, func(s *service) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return c.services[i]
}

// readEvents tells the events that no model has, and those that CloudTrail calls
// otherwise than the model.
func (c *Catalogue) readEvents(facts Facts) error {
	sections, err := readSections(facts, "events.txt")
	if err != nil {
		return err
	}
	for _, s := range sections {
		source := c.Source(s.heading.words[0])
		if source == nil || len(s.heading.words) > 1 {
			return s.heading.errorf("the heading is no known source")
		}
		for _, l := range s.lines {
			if err := source.readEvent(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// readEvent reads one line about the events of a source:
//
//	A B        CloudTrail writes A and B, which are no operations
//	A -> B C   CloudTrail writes B or C where the operation is called A
//	A + B      CloudTrail writes A and B where the operation is called A
func (s *Source) readEvent(l line) error {
	mark := ""
	for _, word := range l.words {
		if word == "->" || word == "+" {
			mark = word
		} else if !memberName.MatchString(word) {
			return l.errorf("%q is no name of an event", word)
		}
	}
	if mark == "" {
		for _, name := range l.words {
			if s.events[runtime.Fold(name)] != nil {
				return l.errorf("%s is known already", name)
			}
			s.event(name)
		}
		return nil
	}
	before, behind, _ := l.cut(mark)
	if len(before) != 1 || len(behind) == 0 || slices.Contains(behind, mark) {
		return l.errorf("before %s stands an operation, and behind it what CloudTrail writes", mark)
	}
	operation := s.events[runtime.Fold(before[0])]
	if operation == nil {
		return l.errorf("%s has no operation %s", s.Name, before[0])
	}
	for _, name := range behind {
		event := s.event(name)
		event.inherit(operation)
	}
	if mark == "->" {
		operation.Instead = behind
	}
	return nil
}

// readActions tells the actions of IAM that are no events:
//
//	[s3 s3.amazonaws.com]            the prefix of the actions, and the source
//	PutLifecycleConfiguration -> PutBucketLifecycle
//	ReplicateObject : why there is no event
func (c *Catalogue) readActions(facts Facts) error {
	sections, err := readSections(facts, "actions.txt")
	if err != nil {
		return err
	}
	for _, s := range sections {
		if len(s.heading.words) != 2 || c.Source(s.heading.words[1]) == nil {
			return s.heading.errorf("the heading is no prefix of actions and a known source")
		}
		source := c.Source(s.heading.words[1])
		for _, l := range s.lines {
			action := Action{Prefix: s.heading.words[0], Name: l.words[0], Source: source.Name}
			if len(l.words) < 3 || l.words[1] != "->" && l.words[1] != ":" {
				return l.errorf("behind an action stand -> and events, or : and why there is none")
			}
			if event := source.Event(action.Name); event != nil && len(event.Instead) == 0 {
				return l.errorf("%s is an event of %s", action.Name, source.Name)
			}
			if l.words[1] == "->" {
				action.Events = l.words[2:]
				for _, name := range action.Events {
					if event := source.Event(name); event == nil || len(event.Instead) > 0 {
						return l.errorf("%s is no event of %s", name, source.Name)
					}
				}
			} else {
				action.Why = strings.Join(l.words[2:], " ")
			}
			folded := runtime.Fold(action.Name)
			c.actions[folded] = append(c.actions[folded], action)
		}
	}
	return nil
}
