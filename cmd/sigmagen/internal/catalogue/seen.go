package catalogue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// SeenFile is the name of the file of facts that comes from recorded events.
const SeenFile = "seen.txt"

// Seen is what recorded events show: for each pair of source and event, "s3.amazonaws.com
// CreateBucket", the first levels of requestParameters.
type Seen struct {
	// Notes are the lines that say where the records come from. They are kept when
	// more is added.
	Notes []string
	Pairs map[string][]string
}

// readSeen reads what was recorded from the facts.
func readSeen(facts Facts) (Seen, error) {
	text, err := facts(SeenFile)
	if err != nil {
		return Seen{}, err
	}
	s, err := ParseSeen(text)
	if err != nil {
		return s, fmt.Errorf("read %s: %w", SeenFile, err)
	}
	return s, nil
}

// ParseSeen reads what Text writes.
func ParseSeen(text []byte) (Seen, error) {
	s := Seen{Pairs: map[string][]string{}}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			s.Notes = append(s.Notes, line)
			continue
		}
		words := strings.Split(line, " ")
		if len(words) < 2 || !sourceName.MatchString(words[0]) || !memberName.MatchString(words[1]) || slices.Contains(words, "") {
			return s, fmt.Errorf("line %d: %q is no source, event and members", number, line)
		}
		pair := words[0] + " " + words[1]
		if _, twice := s.Pairs[pair]; twice {
			return s, fmt.Errorf("line %d: %s stands there twice", number, pair)
		}
		s.Pairs[pair] = words[2:]
	}
	return s, nil
}

// Text writes what was seen: the same, the same bytes.
func (s Seen) Text() []byte {
	var b bytes.Buffer
	for _, note := range s.Notes {
		fmt.Fprintln(&b, note)
	}
	for _, pair := range slices.Sorted(maps.Keys(s.Pairs)) {
		fmt.Fprintln(&b, strings.Join(append([]string{pair}, s.Pairs[pair]...), " "))
	}
	return b.Bytes()
}

// addSeen adds what recordings show.
func (c *Catalogue) addSeen(s Seen) {
	capital := map[*Source]bool{} // those of which a request has a member as the model spells it
	for pair, members := range s.Pairs {
		name, event, _ := strings.Cut(pair, " ")
		unheard := c.Source(name) == nil
		source := c.source(name)
		source.Open = source.Open || unheard // recordings do not have all events of it
		known := source.Event(event)
		e := source.event(event)
		if known != nil && known != e { // a dated name of an operation
			e.inherit(known)
		}
		e.Seen = true
		for _, member := range members {
			capital[source] = capital[source] || member != lower(member) && slices.Contains(e.Members, member)
			source.lower = source.lower || slices.ContainsFunc(e.Members, func(known string) bool { return known != member && lower(known) == member })
		}
		e.addMembers(members...)
		e.recorded = members
	}
	for source := range capital {
		source.lower = source.lower && !capital[source]
	}
}

// requestKey is a member of a request that can stand in the file of facts.
var requestKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Errors of Add.
var (
	errSynthetic = errors.New("it says that it is made up")
	errNoRecord  = errors.New("it has no eventVersion, or no source or name that CloudTrail would write")
	errForeign   = errors.New("the models have this operation in another service")
	errRenamed   = errors.New("CloudTrail writes another name for this operation")
)

// Add adds what one recorded event shows. Recordings hold records that were made
// up by hand: those that say so, and those that contradict what is known, are
// refused with an error that says why. pair is what the record claims.
func (s Seen) Add(c *Catalogue, record []byte) (pair string, err error) {
	var r struct {
		Version string `json:"eventVersion"`
		Source  string `json:"eventSource"`
		Name    string `json:"eventName"`
		Origin  string `json:"x-origin"`
		Request any    `json:"requestParameters"`
	}
	if err := json.Unmarshal(record, &r); err != nil {
		return "", err
	}
	if r.Origin != "" {
		return "", errSynthetic
	}
	if r.Version == "" || !sourceName.MatchString(r.Source) || !memberName.MatchString(r.Name) {
		return "", errNoRecord
	}
	pair = r.Source + " " + r.Name
	if source := c.Source(r.Source); source != nil && len(source.services) > 0 {
		event := source.Event(r.Name)
		if event != nil && len(event.Instead) > 0 {
			return pair, errRenamed
		}
		if event == nil && len(c.Writers(r.Name)) > 0 {
			return pair, errForeign
		}
	}
	members := s.Pairs[pair]
	request, _ := r.Request.(map[string]any)
	for name := range request {
		if requestKey.MatchString(name) && !slices.Contains(members, name) {
			members = append(members, name)
		}
	}
	slices.Sort(members)
	s.Pairs[pair] = members
	return pair, nil
}
