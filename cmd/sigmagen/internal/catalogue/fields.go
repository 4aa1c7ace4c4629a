package catalogue

import (
	"maps"
	"slices"
	"strings"

	"github.com/trailalerts/trailalerts/runtime"
)

// fields are the paths of a record, of objects and of what is in them. What is
// below a path that ends with * is not known.
type fields map[string]bool

// requests is how CloudTrail writes the requests of a source.
type requests struct {
	loose   bool     // not by the names of the model alone
	members []string // of any request; one that ends with * is a beginning
}

// valueFact says which values a field has.
type valueFact struct {
	source, event string // folded; "": any
	field         string
	values        []string
}

// readFields tells the fields of a record, what requests hold besides the members
// of the model, and values:
//
//	[record]
//	userIdentity.arn
//	additionalEventData.*
//	[request s3.amazonaws.com loose]
//	bucketName x-amz-*
//	[values SOURCE EVENT]         or [values] for all
//	responseElements.command.status = Pending
func (c *Catalogue) readFields(facts Facts) error {
	sections, err := readSections(facts, "fields.txt")
	if err != nil {
		return err
	}
	c.fields = fields{}
	for _, s := range sections {
		words := s.heading.words
		switch {
		case words[0] == "record" && len(words) == 1:
			for _, l := range s.lines {
				for _, path := range l.words {
					c.fields.add(path)
				}
			}
		case words[0] == "request" && len(words) > 1 && c.Source(words[1]) != nil:
			r := requests{loose: slices.Contains(words, "loose")}
			for _, l := range s.lines {
				r.members = append(r.members, l.words...)
			}
			c.requests[runtime.Fold(words[1])] = r
		case words[0] == "values" && (len(words) == 1 || len(words) == 3 && c.Source(words[1]) != nil):
			for _, l := range s.lines {
				field, values, found := l.cut("=")
				if !found || len(field) != 1 || len(values) == 0 {
					return l.errorf("this is no field, = and its values")
				}
				fact := valueFact{field: field[0], values: values}
				if len(words) == 3 {
					fact.source, fact.event = runtime.Fold(words[1]), runtime.Fold(words[2])
				}
				c.values = append(c.values, fact)
			}
		default:
			return s.heading.errorf("the heading is none of record, request SOURCE, values and values SOURCE EVENT")
		}
	}
	return nil
}

// add adds a path and what it lies in.
func (f fields) add(path string) {
	f[path] = true
	for i, r := range path {
		if r == '.' {
			f[path[:i]] = true
		}
	}
}

// Field reports whether a record can have a field: by what is known, or below
// what is not known. unknown is the part of the path that no record has.
func (c *Catalogue) Field(path string) (unknown string, ok bool) {
	end := 0
	for {
		i := strings.IndexByte(path[end:], '.')
		if i < 0 {
			break
		}
		parent := path[:end+i]
		if !c.fields[parent] {
			return parent, false
		}
		if c.fields[parent+".*"] {
			return "", true
		}
		end += i + 1
	}
	if !c.fields[path] {
		return path, false
	}
	return "", true
}

// Fields returns the known paths of a record, sorted.
func (c *Catalogue) Fields() []string {
	paths := slices.Collect(maps.Keys(c.fields))
	paths = slices.DeleteFunc(paths, func(p string) bool { return strings.HasSuffix(p, "*") })
	slices.Sort(paths)
	return paths
}

// Member reports whether the request of an event can have a member, the first
// level below requestParameters. It can if nobody knows what the request has.
func (c *Catalogue) Member(e *Event, member string) bool {
	how := c.requests[runtime.Fold(e.Source.Name)]
	if !e.HasMembers && !how.loose {
		return true
	}
	for _, known := range how.members {
		if beginning, is := strings.CutSuffix(known, "*"); member == known || is && strings.HasPrefix(member, beginning) {
			return true
		}
	}
	if slices.Contains(e.Members, member) && (!e.Source.lower || member == lower(member) || slices.Contains(e.recorded, member)) {
		return true
	}
	for _, known := range e.Members {
		// Some have the names of HTTP: broker-id.
		if !e.exact && (member == lower(known) || strings.Contains(member, "-") && squash(member) == squash(known)) {
			return true
		}
	}
	// Some services write the whole request into one member.
	folded := runtime.Fold(member)
	return e.wrapper != "" && (folded == e.wrapper+"request" || folded == e.wrapper+"input")
}

// Spelled returns the members that the request of an event is known to have, as
// CloudTrail writes them.
func (c *Catalogue) Spelled(e *Event) []string {
	how := c.requests[runtime.Fold(e.Source.Name)]
	var names []string
	for _, known := range how.members {
		if !strings.HasSuffix(known, "*") {
			names = append(names, known)
		}
	}
	for _, known := range e.Members {
		if !e.exact {
			known = lower(known)
		}
		names = append(names, known)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lower writes the name of a member as CloudTrail mostly does: with its first
// letter in lower case, and no other.
func lower(member string) string {
	if member == "" {
		return ""
	}
	return strings.ToLower(member[:1]) + member[1:]
}

// Values returns the values that a field has in an event, or nil where they are
// not known.
func (c *Catalogue) Values(e *Event, field string) []string {
	for _, fact := range c.values {
		if fact.field == field && (fact.source == "" || fact.source == runtime.Fold(e.Source.Name) && fact.event == runtime.Fold(e.Name)) {
			return fact.values
		}
	}
	return nil
}

// AnyValues returns the values that a field has whatever the event, or nil.
func (c *Catalogue) AnyValues(field string) []string {
	for _, fact := range c.values {
		if fact.field == field && fact.source == "" {
			return fact.values
		}
	}
	return nil
}

// HasValues reports whether the values of a field are known in some event.
func (c *Catalogue) HasValues(field string) bool {
	return slices.ContainsFunc(c.values, func(f valueFact) bool { return f.field == field })
}
