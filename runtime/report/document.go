package report

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime"
	"github.com/trailalerts/trailalerts/runtime/alert"
)

// A view is an alert as people see it. The mail, the plain text and the page are
// three ways to write one view, so that they say the same.
type view struct {
	Severity shown // "High"
	Class    string
	Title    shown
	Intro    []shown // what happened, in sentences
	Event    *hyperlink
	Sections []section
	Footer   []shown
}

// A section is what stands below one heading.
type section struct {
	Title shown
	Parts []part
}

// A part is a piece of a section. Its fields are written in their order here;
// those that are empty are left out.
type part struct {
	Heading shown
	Code    bool    // Heading is a name from a rule or a record
	Prose   []shown // sentences
	Rows    []row
	Events  []happening
	List    []shown
	Links   []hyperlink
	Blocks  []block
	Note    shown // what was left out
}

// Tall reports whether names of the rows are so long that on a phone the values
// stand below them.
func (p part) Tall() bool {
	return slices.ContainsFunc(p.Rows, func(r row) bool { return r.Code && utf8.RuneCountInString(string(r.Name)) > 16 })
}

// A row is a name and what it has. Without values the row is not there.
type row struct {
	Name   shown
	Code   bool // Name is a path in a record
	Values []shown
	Lines  []shown // of a document in a string, in place of Values
	Note   shown   // what is to be said about the values
}

// A happening is a related match.
type happening struct {
	Time shown
	What shown
	This bool // it is the event of the alert
	Rows []shown
}

// A hyperlink leads to a place on the web, or is only a text when URL is "".
type hyperlink struct {
	Text shown
	URL  string
}

// A block is text to be copied. It consists of visible ASCII and line breaks.
type block struct {
	Name shown
	Text shown
}

// bounds say how much is shown of an alert that is long.
type bounds struct {
	value     int // characters of a value
	prose     int // characters of a text from a rule
	values    int // values of a field
	lines     int // lines of a document in a value
	rows      int // rows of a part
	fields    int // rows with fields of the record in a section
	items     int // searches that hold, and items of a list
	completed int // thresholds, and correlations
	related   int // matches of a threshold or correlation
	block     int // bytes of a block and of an address of the web; a longer one is left out

	// unlinked breaks the addresses of web pages in texts, since programs that
	// show mail turn them into links, to a place that the attacker chose. Only
	// the references of a rule are links.
	unlinked bool

	// A view that has more than most bytes of text is of no use: from there on
	// it is not made, however much there is of the alert. 0 is no limit.
	most, made int
}

// exceeded reports whether a view is longer than it may be.
func (b *bounds) exceeded() bool { return b.most > 0 && b.made > b.most }

// text returns a value from a record, as much of it as is shown.
func (b *bounds) text(value string) shown { return b.fit(value, b.value, visible) }

// sentence returns a text from a rule, as much of it as is shown.
func (b *bounds) sentence(text string) shown { return b.fit(text, b.prose, folded) }

// fit returns what show makes of as much of a text as is shown: most characters,
// or, when most of them are escapes, which are up to ten times as long, twice as
// many.
func (b *bounds) fit(text string, most int, show func(string) shown) shown {
	if b.exceeded() {
		return ""
	}
	fitted := func(most int) shown {
		part := cut(text, most)
		if b.unlinked {
			part = unlink(part)
		}
		return show(part)
	}
	whole := fitted(most)
	const mark = 50 // of what was left out, at most
	if len(whole) > 2*most+mark && utf8.RuneCountInString(string(whole)) > 2*most+mark {
		whole = fitted(most / 5)
	}
	if b.most > 0 {
		b.made += len(whole)
	}
	return whole
}

// unlink writes the addresses of web pages as people do who warn of them: what
// stands between a scheme or "www" and the rest is put in brackets. Objects of S3
// are no web pages.
func unlink(text string) string {
	var b strings.Builder
	done := 0
	for i := range len(text) {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "://") && !(i >= 2 && strings.EqualFold(text[i-2:i], "s3")):
			b.WriteString(text[done:i] + "[:]")
			done = i + 1
		case len(rest) > 3 && rest[3] == '.' && strings.EqualFold(rest[:3], "www"):
			b.WriteString(text[done:i+3] + "[.]")
			done = i + 4
		}
	}
	return b.String() + text[done:]
}

// list returns the values of a field, as many as are shown, and a note on those
// that are not.
func (b *bounds) list(values []string) (list []shown, note shown) {
	most := min(len(values), b.values)
	for _, value := range values[:most] {
		text := b.text(value)
		if text == "" {
			text = "(empty)"
		}
		list = append(list, text)
	}
	return list, more(len(values)-most, "value", "values")
}

// document returns the lines of the JSON document that a single value is, as
// many as are shown, and no lines when it is none.
func (b *bounds) document(values []string) (lines []shown, note shown) {
	if len(values) != 1 {
		return nil, ""
	}
	all := document(values[0])
	most := min(len(all), b.lines)
	for _, line := range all[:most] {
		lines = append(lines, b.text(line))
	}
	return lines, more(len(all)-most, "line", "lines")
}

// more says how many things were left out, and "" when none was.
func more(n int, one, many string) shown {
	if n <= 0 {
		return ""
	}
	return "… and " + counted(n, "more "+one, "more "+many)
}

// rows collects the rows of a part.
type rows struct {
	bounds *bounds
	fields *int // how many rows with fields are left to the section
	list   []row
	over   int // rows beyond what is shown
}

// add adds a row of one value, unless that is "".
func (r *rows) add(name shown, value string) {
	if value != "" {
		r.put(row{Name: name, Values: []shown{r.bounds.text(value)}})
	}
}

// say adds a row with texts that are fit to be shown, unless there are none.
func (r *rows) say(name shown, texts ...shown) {
	texts = slices.DeleteFunc(texts, func(text shown) bool { return text == "" })
	if len(texts) > 0 {
		r.put(row{Name: name, Values: texts})
	}
}

// path adds a row of what stands at a path of the record; none without values
// means that nothing stands there.
func (r *rows) path(path string, values []string) {
	if *r.fields <= 0 || len(r.list) >= r.bounds.rows {
		r.over++
		return
	}
	*r.fields--
	line := row{Name: r.bounds.text(path), Code: true}
	if isSecret(path) {
		line.Values = []shown{"(left out: a session token)"}
	} else if len(values) == 0 {
		line.Values = []shown{"not in the record"}
	} else if line.Lines, line.Note = r.bounds.document(values); line.Lines == nil {
		line.Values, line.Note = r.bounds.list(values)
	}
	r.put(line)
}

func (r *rows) put(line row) {
	if len(r.list) >= r.bounds.rows {
		r.over++
		return
	}
	r.list = append(r.list, line)
}

// part returns the rows as a part.
func (r *rows) part(heading shown) part {
	return part{Heading: heading, Rows: r.list, Note: more(r.over, "field", "fields")}
}

// isSecret reports whether the values at a path are session tokens. CloudTrail
// records them when a role is assumed; they do not belong in mail.
func isSecret(path string) bool {
	name := strings.ToLower(path[strings.LastIndexByte(path, '.')+1:])
	return name == "sessiontoken" || name == "securitytoken" || name == "x-amz-security-token"
}

// severity returns the level that people are told. A match that nobody decided
// on has that of its rule.
func severity(a *alert.Alert) runtime.Level {
	if a.Severity == 0 {
		return a.Rule.Level
	}
	return a.Severity
}

// severityName returns Critical, High, Medium, Low or Info.
func severityName(l runtime.Level) shown {
	switch l {
	case runtime.Critical:
		return "Critical"
	case runtime.High:
		return "High"
	case runtime.Medium:
		return "Medium"
	case runtime.Low:
		return "Low"
	case runtime.Informational:
		return "Info"
	default:
		return "Unrated"
	}
}

// severityClass returns the class of the styles of a severity.
func severityClass(l runtime.Level) string { return strings.ToLower(string(severityName(l))) }

// ruleTitle returns the title of a rule, or the name of its file.
func ruleTitle(r *alert.Rule) string {
	if strings.TrimSpace(r.Title) == "" {
		return r.Key
	}
	return r.Title
}

// A record is the record of an alert, when it could be read.
type record struct {
	node
	unread error
}

func parseRecord(a *alert.Alert) *record {
	n, err := parseJSON(a.Raw)
	return &record{n, err}
}

// newView describes an alert, as much of it as the bounds allow. rec is its
// record. fits is false when the view has more than most bytes of text; it is not
// complete then.
func newView(a *alert.Alert, rec *record, b bounds, most int) (v view, fits bool) {
	b.most = most
	level := severity(a)
	v = view{
		Severity: severityName(level),
		Class:    severityClass(level),
		Title:    b.sentence(ruleTitle(&a.Rule)),
		Footer:   footer(a, &b),
	}
	v.Intro = intro(a, &rec.node, &b)
	if url, _ := consoleURL(&a.Event, &rec.node); url != "" {
		v.Event = &hyperlink{Text: "Open the event in the CloudTrail console", URL: url}
	}
	v.Sections = []section{
		{"Alert summary", summary(a, &rec.node, &b)},
		{"Why it matched", matched(a, &b)},
		{"Event", event(a, &b)},
		{"CloudTrail information", cloudTrail(a, rec, &b)},
	}
	if parts := completed(a, false, &b); len(parts) > 0 {
		v.Sections = append(v.Sections, section{"Correlated activity", parts})
	}
	if parts := completed(a, true, &b); len(parts) > 0 {
		v.Sections = append(v.Sections, section{"Threshold activity", parts})
	}
	if parts := address(a, &b); len(parts) > 0 {
		v.Sections = append(v.Sections, section{"IP information", parts})
	}
	v.Sections = append(v.Sections, section{"What to do", advice(a, &rec.node, &b)})
	return v, !b.exceeded()
}

// clock writes a time as people read it.
func clock(t time.Time) shown { return shown(t.UTC().Format("2006-01-02 15:04:05 UTC")) }

// eventTime writes the time of the alert's event: as people read it, or as the
// record has it when that is no time.
func eventTime(a *alert.Alert, b *bounds) shown {
	if t, err := time.Parse(time.RFC3339, a.Event.Time); err == nil {
		return clock(t)
	}
	return b.text(a.Event.Time)
}

// footer says what decided: without it an alert cannot be explained later.
func footer(a *alert.Alert, b *bounds) []shown {
	release := shown("TrailAlerts")
	if a.Release.Version != "" {
		release += " " + b.text(a.Release.Version)
	}
	if a.Release.Commit != "" {
		release += ", commit " + b.text(ShortHash(a.Release.Commit))
	}
	if a.Release.Rules != "" {
		release += ", rules " + b.text(ShortHash(a.Release.Rules))
	}
	lines := []shown{release}
	if where := cmp.Or(a.Rule.Source, a.Rule.Key); where != "" {
		source := "Rule " + b.text(where)
		if a.Rule.ID != "" {
			source += ", ID " + b.text(a.Rule.ID)
		}
		if a.Rule.SourceHash != "" {
			source += ", SHA-256 " + b.text(ShortHash(a.Rule.SourceHash))
		}
		lines = append(lines, source)
	}
	return append(lines, "Alert "+b.text(a.ID()))
}

// ShortHash returns the beginning of a hash, enough to tell releases apart.
func ShortHash(hash string) string {
	const enough = 12
	if len(hash) <= enough || strings.Trim(hash, "0123456789abcdefABCDEF") != "" {
		return hash
	}
	return hash[:enough]
}
