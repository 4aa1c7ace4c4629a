package catalogue

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// ModelsFile is the name of the file of facts that comes from AWS's API models.
const ModelsFile = "models.txt.gz"

// Models is what AWS's API models say.
type Models struct {
	Date     string // the month that they are of: 2025-04
	Origin   string // where they come from, in words
	Services []Service
}

// A Service is one API.
type Service struct {
	Name       string // as the models call it: "Route 53 Domains"
	Source     string // the eventSource that the model names; "" when it names none
	Namespace  string // of its ARNs, or ""
	Operations []Operation
}

// An Operation is a call, with the members of its input as the model spells them.
type Operation struct {
	Name    string
	Members []string
}

var (
	serviceName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ._-]*$`)
	sourceName  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
	namespace   = regexp.MustCompile(`^[a-z0-9-]+$`)
	memberName  = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
)

// ParseAPIModels reads AWS's API models: one JSON object a line for each service,
// with service, event_source, arn_namespace (both may be null) and operations, by
// name, each with the names of its input. The text may be gzip.
func ParseAPIModels(r io.Reader, date, origin string) (Models, error) {
	if _, err := time.Parse("2006-01", date); err != nil {
		return Models{}, fmt.Errorf("the date of the models is a month such as 2025-04, not %q", date)
	}
	m := Models{Date: date, Origin: origin}
	if origin == "" || strings.ContainsAny(origin, "\r\n") {
		return m, errors.New("the models need an origin, on one line")
	}
	buffered := bufio.NewReader(r)
	if magic, err := buffered.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		inflated, err := gzip.NewReader(buffered)
		if err != nil {
			return m, err
		}
		buffered = bufio.NewReader(inflated)
	}
	decoder := json.NewDecoder(buffered)
	for {
		var line struct {
			Service    string
			Source     *string `json:"event_source"`
			Namespace  *string `json:"arn_namespace"`
			Operations map[string]struct{ Input []string }
		}
		if err := decoder.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return m, fmt.Errorf("service %d: %w", len(m.Services)+1, err)
		}
		s := Service{Name: line.Service}
		if line.Source != nil {
			s.Source = *line.Source
		}
		if line.Namespace != nil {
			s.Namespace = *line.Namespace
		}
		for name, operation := range line.Operations {
			s.Operations = append(s.Operations, Operation{Name: name, Members: operation.Input})
		}
		slices.SortFunc(s.Operations, func(a, b Operation) int { return cmp.Compare(a.Name, b.Name) })
		m.Services = append(m.Services, s)
	}
	slices.SortFunc(m.Services, func(a, b Service) int { return cmp.Compare(a.Name, b.Name) })
	return m, m.check()
}

// check refuses what the text could not hold.
func (m Models) check() error {
	if len(m.Services) == 0 {
		return errors.New("there is no service in the models")
	}
	for i, s := range m.Services {
		switch {
		case !serviceName.MatchString(s.Name):
			return fmt.Errorf("%q is no name of a service", s.Name)
		case i > 0 && m.Services[i-1].Name == s.Name:
			return fmt.Errorf("the service %s stands there twice", s.Name)
		case s.Source != "" && !sourceName.MatchString(s.Source):
			return fmt.Errorf("service %s: %q is no eventSource", s.Name, s.Source)
		case s.Namespace != "" && !namespace.MatchString(s.Namespace):
			return fmt.Errorf("service %s: %q is no namespace of ARNs", s.Name, s.Namespace)
		}
		for j, o := range s.Operations {
			if !memberName.MatchString(o.Name) {
				return fmt.Errorf("service %s: %q is no name of an operation", s.Name, o.Name)
			}
			if j > 0 && s.Operations[j-1].Name == o.Name {
				return fmt.Errorf("service %s: the operation %s stands there twice", s.Name, o.Name)
			}
			for _, member := range o.Members {
				if !memberName.MatchString(member) {
					return fmt.Errorf("service %s, operation %s: %q is no name of a member", s.Name, o.Name, member)
				}
			}
		}
	}
	return nil
}

// Text writes models: the same models, the same bytes.
//
//	date 2025-04
//	origin AWS's API models
//	service Route 53 Domains | route53domains.amazonaws.com | route53domains
//	DisableDomainTransferLock DomainName
func (m Models) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "date %s\norigin %s\n", m.Date, m.Origin)
	for _, s := range m.Services {
		fmt.Fprintf(&b, "service %s | %s | %s\n", s.Name, cmp.Or(s.Source, "-"), cmp.Or(s.Namespace, "-"))
		for _, o := range s.Operations {
			fmt.Fprintln(&b, strings.Join(append([]string{o.Name}, o.Members...), " "))
		}
	}
	return b.Bytes()
}

// Compressed is the text as the file of facts holds it.
func (m Models) Compressed() ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(m.Text()); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// parseModels reads what Text writes.
func parseModels(text []byte) (Models, error) {
	var m Models
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSuffix(line, "\n")
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case number == 1 && word == "date":
			m.Date = rest
		case number == 2 && word == "origin":
			m.Origin = rest
		case word == "service":
			parts := strings.Split(rest, " | ")
			if len(parts) != 3 {
				return m, fmt.Errorf("line %d: a service is a name, a source and a namespace", number)
			}
			s := Service{Name: parts[0], Source: parts[1], Namespace: parts[2]}
			if s.Source == "-" {
				s.Source = ""
			}
			if s.Namespace == "-" {
				s.Namespace = ""
			}
			m.Services = append(m.Services, s)
		case len(m.Services) == 0 || word == "":
			return m, fmt.Errorf("line %d: %q is not what stands there", number, line)
		default:
			s := &m.Services[len(m.Services)-1]
			o := Operation{Name: word}
			if rest != "" {
				o.Members = strings.Split(rest, " ")
			}
			s.Operations = append(s.Operations, o)
		}
	}
	return m, m.check()
}

// readModels reads the models of the facts.
func readModels(facts Facts) (m Models, err error) {
	compressed, err := facts(ModelsFile)
	if err != nil {
		return m, err
	}
	inflated, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return m, fmt.Errorf("read %s: %w", ModelsFile, err)
	}
	text, err := io.ReadAll(inflated)
	if err != nil {
		return m, fmt.Errorf("read %s: %w", ModelsFile, err)
	}
	if m, err = parseModels(text); err != nil {
		return m, fmt.Errorf("read %s: %w", ModelsFile, err)
	}
	return m, nil
}
