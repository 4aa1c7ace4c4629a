// Package report writes what a person sees of an alert: the subject, the HTML
// and the text of its mail, and the page of a scan. It is a function of values.
// Every value of an alert may have been chosen by an attacker; none of them can
// become markup, a link to their site, or a character that cannot be seen.
package report

import (
	"bytes"
	"fmt"
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

// firstRunes returns the beginning of a text.
func firstRunes(text string, most int) string {
	for i := range text {
		if most == 0 {
			return text[:i]
		}
		most--
	}
	return text
}

// MailLimit is the most bytes that Mail returns: Gmail shows the first 102 KB of
// a mail, and what says what to do stands at its end.
const MailLimit = 90_000

// mailBounds are tried in their order until a mail is short enough. The last
// ones are enough for every alert.
var mailBounds = []bounds{
	{value: 1000, prose: 4000, values: 20, lines: 150, rows: 80, items: 30, related: 50, block: 6000, unlinked: true},
	{value: 300, prose: 1500, values: 10, lines: 60, rows: 40, items: 15, related: 20, block: 4000, unlinked: true},
	{value: 120, prose: 500, values: 5, lines: 30, rows: 25, items: 8, related: 10, block: 3000, unlinked: true},
	{value: 60, prose: 200, values: 3, lines: 10, rows: 12, items: 4, related: 4, block: 2000, unlinked: true},
}

// Mail returns the mail about an alert as an HTML document of at most MailLimit
// bytes. What does not fit is left out, and the mail says so where it is.
func Mail(a *alert.Alert) (html []byte, err error) {
	var out bytes.Buffer
	for _, b := range mailBounds {
		out.Reset()
		data := struct {
			view
			Subject string
			Style   any
		}{newView(a, b), Subject(a), mailStyle}
		if err := mailTemplates.ExecuteTemplate(&out, "mail", data); err != nil {
			return nil, fmt.Errorf("write the mail about alert %s: %w", a.ID(), err)
		}
		if out.Len() <= MailLimit {
			return out.Bytes(), nil
		}
	}
	return nil, fmt.Errorf("write the mail about alert %s: it has %d bytes, and %d are the most", a.ID(), out.Len(), MailLimit)
}

// TextLimit is the most bytes that Text returns. SNS takes four times as much,
// and bills this as one message.
const TextLimit = 64 << 10

// Text returns what Mail says as plain text of at most TextLimit bytes: the other
// part of the mail, and the message to topics. Lines have at most 80 columns,
// but for queries and addresses, which are to be copied.
func Text(a *alert.Alert) string {
	text := ""
	for _, b := range mailBounds {
		v := newView(a, b)
		text = v.plain()
		if len(text) <= TextLimit {
			return text
		}
	}
	return cutBytes(text, TextLimit)
}

// cutBytes returns the beginning of a text that has more than most bytes.
func cutBytes(text string, most int) string {
	const mark = "\n… the rest was left out\n"
	end := most - len(mark)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + mark
}
