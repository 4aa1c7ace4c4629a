// Package report writes what a person sees of an alert: the subject, the HTML
// and the text of its mail, and the page of a scan. It is a function of values.
// Every value of an alert may have been chosen by an attacker; none of them can
// become markup, a link to their site, or a character that cannot be seen.
package report

import (
	"bytes"
	"fmt"
	"html/template"
	"unicode/utf8"

	"github.com/trailalerts/trailalerts/runtime/alert"
)

// SubjectLimit is the most characters that Subject returns.
const SubjectLimit = 200

// Subject returns the subject of the mail about an alert, in one line of at most
// SubjectLimit characters:
//
//	TrailAlerts - High - IAM User Created - threshold activity
//
// A title that is too long is cut, never what follows it.
func Subject(a *alert.Alert) string {
	head := "TrailAlerts - " + string(severityName(severity(a))) + " - "
	tail := ""
	correlated, threshold := false, false
	for i := range a.Completed {
		threshold = threshold || a.Completed[i].Threshold()
		correlated = correlated || !a.Completed[i].Threshold()
	}
	if correlated {
		tail += " - correlated activity"
	}
	if threshold {
		tail += " - threshold activity"
	}
	room := SubjectLimit - len(head) - len(tail)
	title := []rune(string(folded(firstRunes(ruleTitle(&a.Rule), SubjectLimit))))
	if len(title) > room {
		title = append(title[:room-1], '…')
	}
	return head + string(title) + tail
}

// MailLimit is the most bytes that Mail returns: Gmail shows the first 102 KB of
// a mail, and what says what to do stands at its end.
const MailLimit = 90_000

// mailBounds are tried in their order until a mail is short enough. The last
// ones are enough for every alert; what people get fits the first.
var mailBounds = []bounds{
	{value: 1000, prose: 4000, values: 20, lines: 150, rows: 80, fields: 150, items: 30, completed: 5, related: 30, block: 6000, unlinked: true},
	{value: 300, prose: 1500, values: 10, lines: 60, rows: 40, fields: 80, items: 15, completed: 5, related: 15, block: 3000, unlinked: true},
	{value: 120, prose: 500, values: 5, lines: 20, rows: 20, fields: 30, items: 8, completed: 3, related: 4, block: 1500, unlinked: true},
	{value: 50, prose: 100, values: 2, lines: 3, rows: 12, fields: 8, items: 2, completed: 1, related: 1, block: 600, unlinked: true},
}

// Mail returns the mail about an alert as an HTML document of at most MailLimit
// bytes. What does not fit is left out, and the mail says so where it is.
func Mail(a *alert.Alert) (html []byte, err error) {
	rec := parseRecord(a)
	for _, b := range mailBounds {
		v, fits := newView(a, rec, b, MailLimit)
		if !fits {
			continue
		}
		var out bytes.Buffer
		data := struct {
			view
			Subject string
			Style   template.CSS
		}{v, Subject(a), mailStyle}
		if err := mailTemplates().ExecuteTemplate(&out, "mail", data); err != nil {
			return nil, fmt.Errorf("write the mail about alert %s: %w", named(a), err)
		}
		if out.Len() <= MailLimit {
			return out.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("write the mail about alert %s: it has more than %d bytes", named(a), MailLimit)
}

// named names an alert in an error.
func named(a *alert.Alert) shown { return visible(cut(a.ID(), 200)) }

// TextLimit is the most bytes that Text returns. SNS takes four times as much,
// and bills this as one message.
const TextLimit = 64 << 10

// Text returns what Mail says as plain text of at most TextLimit bytes: the other
// part of the mail, and the message to topics. Lines have at most 80 columns,
// but for queries and addresses, which are to be copied.
func Text(a *alert.Alert) string {
	text := ""
	rec := parseRecord(a)
	for _, b := range mailBounds {
		v, fits := newView(a, rec, b, TextLimit)
		if text = v.plain(); fits && len(text) <= TextLimit {
			return text
		}
	}
	return cutBytes(text, TextLimit)
}

// cutBytes returns the beginning of a text that has more than most bytes, and
// says that there was more.
func cutBytes(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "\n… the rest was left out\n"
	end := most - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
