//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// A journal is what a deployment's functions asked of the services, and when they
// ended, in the order in which it began.
type journal struct {
	mu       sync.Mutex
	entries  []*entry
	begun    map[string]int // calls by function, and by service and operation
	underWay int
}

// An entry is one call, or, without a service, the end of a process in the middle
// of its work.
type entry struct {
	service, operation string
	nth                int    // of the calls of the operation, from 1
	step               int    // of the calls of the function, from 1; 0: another has called
	alert              string // which alert is sent to a channel
	at                 time.Time

	// What a call writes down about a delivery: "alert channel", and its status.
	about, wrote string

	outcome
}

// An outcome is what is known of a call that is over.
type outcome struct {
	status   int    // what the service answered; 0: it was not asked
	mail     string // the ID that SES gave to what it took
	unheard  bool   // the function did not get the answer
	injected bool   // it did not go as it would have without the test
}

// function says which function calls a service.
func function(service string) string {
	if service == "s3" || service == "sqs" {
		return "analyzer"
	}
	return "processor"
}

// channels are the services that alerts arrive at.
var channels = []string{"ses", "sns", "webhook"}

// begin numbers a call.
func (j *journal) begin(service string, r *http.Request, body []byte) *entry {
	e := &entry{service: service, operation: operation(service, r, body), at: time.Now()}
	switch service {
	case "ses":
		e.alert = mailAlert(body)
	case "sns":
		e.alert = topicAlert(body)
	case "webhook":
		e.alert = r.Header.Get("Idempotency-Key")
	case "dynamodb":
		e.about, e.wrote = delivery(e.operation, body)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.begun == nil {
		j.begun = map[string]int{}
	}
	j.begun[service+" "+e.operation]++
	e.nth = j.begun[service+" "+e.operation]
	if e.operation != "PutObject" { // which is the test
		j.begun[function(service)]++
		e.step = j.begun[function(service)]
	}
	j.underWay++
	j.entries = append(j.entries, e)
	return e
}

// end notes how a call went.
func (j *journal) end(e *entry, o outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.underWay--
	e.outcome = o
}

// interrupted notes that a process ended in the middle of its work.
func (j *journal) interrupted() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, &entry{})
}

// busy reports whether calls are under way, also those that their caller has given
// up.
func (j *journal) busy() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.underWay > 0
}

// steps returns how many calls a function has made.
func (j *journal) steps(function string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.begun[function]
}

// injected returns how many calls of an operation were disturbed.
func (j *journal) injected(service, operation string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, e := range j.entries {
		if e.injected && e.service == service && e.operation == operation {
			n++
		}
	}
	return n
}

// accepted reports whether a provider took what the call brought.
func (o outcome) accepted() bool { return o.status >= 200 && o.status < 300 }

// about writes what was asked of the services for one alert.
func (j *journal) about(alert string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	var lines []string
	for i, e := range j.entries {
		switch {
		case e.service == "":
			lines = append(lines, fmt.Sprintf("%3d a process ended in the middle of its work", i))
		case e.alert == alert || strings.HasPrefix(e.about, alert+" "):
			lines = append(lines, fmt.Sprintf("%3d %s %s %s %q: %+v", i, e.at.Format("15:04:05.000"), e.service, e.operation, strings.TrimPrefix(e.about+" "+e.wrote, alert), e.outcome))
		}
	}
	return strings.Join(lines, "\n")
}

// giveUp is how long a call must have taken at least that its caller may give up,
// because the time of its invocation runs out. The servers here answer in less,
// unless the machine is busy.
const giveUp = 100 * time.Millisecond

// repetitions goes through what a channel took of an alert. The first is what
// must be. Another is excused when nobody could know of the one before, because it
// had not been written down that it was sent: the process ended, or the answer was
// lost, or it came when the caller had given up. That last one only the caller can
// tell, which wrote it down.
func (j *journal) repetitions(channel, alert string) (taken, excused int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	marked, unknown := false, false
	var last time.Time
	about := alert + " " + channel
	for _, e := range j.entries {
		switch {
		case e.service == "":
			unknown = true
		case e.about == about && e.accepted():
			marked = marked || e.wrote == "sent"
			unknown = unknown || e.wrote == "unknown" && e.at.Sub(last) >= giveUp
		case e.service == channel && e.alert == alert && e.accepted():
			if taken > 0 && unknown && !marked {
				excused++
			}
			taken++
			marked, unknown, last = false, e.unheard, e.at
		}
	}
	return taken, excused
}

// denied reports whether the function wrote down that a channel had certainly not
// taken an alert when it had.
func (j *journal) denied(channel, alert string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	about, taken := alert+" "+channel, false
	for _, e := range j.entries {
		switch {
		case e.service == channel && e.alert == alert:
			taken = taken || e.accepted()
		case e.about == about && e.wrote == "failed" && taken:
			return true
		}
	}
	return false
}

// sent returns how often a channel was asked to take an alert.
func (j *journal) sent() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, e := range j.entries {
		if slices.Contains(channels, e.service) {
			n++
		}
	}
	return n
}

// interruptions returns how often a process or an answer was lost. A processor
// sends one alert to one channel at a time, so that each can excuse one.
func (j *journal) interruptions() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, e := range j.entries {
		if e.service == "" || e.unheard && slices.Contains(channels, e.service) || e.wrote == "unknown" {
			n++
		}
	}
	return n
}

// mailIDs returns which mail is about which alert: SES keeps no headers of a raw
// mail, so its answer is what joins the two.
func (j *journal) mailIDs() map[string]string {
	j.mu.Lock()
	defer j.mu.Unlock()
	ids := map[string]string{}
	for _, e := range j.entries {
		if e.mail != "" {
			ids[e.mail] = e.alert
		}
	}
	return ids
}

// operation names what is asked of a service.
func operation(service string, r *http.Request, body []byte) string {
	switch service {
	case "s3":
		return map[string]string{http.MethodGet: "GetObject", http.MethodPut: "PutObject"}[r.Method]
	case "sns":
		form, _ := url.ParseQuery(string(body))
		return form.Get("Action")
	case "ses":
		return "SendEmail"
	case "webhook":
		return "POST"
	default:
		_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		return name
	}
}

// mailAlert reads the ID of the alert in the header of a raw mail.
func mailAlert(body []byte) string {
	var in struct {
		Content struct{ Raw struct{ Data string } }
	}
	if json.Unmarshal(body, &in) != nil {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(in.Content.Raw.Data)
	if err != nil {
		return ""
	}
	message, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return ""
	}
	return message.Header.Get("X-TrailAlerts-Alert-Id")
}

// topicAlert reads the ID of the alert in the attributes of a message to a topic.
func topicAlert(body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	for key, values := range form {
		if values[0] == "alert_id" && strings.HasSuffix(key, ".Name") {
			return form.Get(strings.TrimSuffix(key, "Name") + "Value.StringValue")
		}
	}
	return ""
}

// An item is one of the table, as the processor writes it.
type item struct {
	PK      struct{ S string } `json:"pk"`
	SK      struct{ S string } `json:"sk"`
	Body    struct{ S string } `json:"body"`
	Expires struct{ N string } `json:"ttl"`
}

// state is what the tests read of the body of an item.
type state struct {
	Status  string `json:"status"`  // of a delivery
	Outcome string `json:"outcome"` // of a finding
	Done    bool   `json:"done"`
}

// delivery returns what a call writes down about one: "alert channel" and the
// status.
func delivery(operation string, body []byte) (about, status string) {
	var in struct{ Item item }
	if operation != "PutItem" || json.Unmarshal(body, &in) != nil {
		return "", ""
	}
	alert, found := strings.CutPrefix(in.Item.PK.S, "delivery|")
	var s state
	if !found || json.Unmarshal([]byte(in.Item.Body.S), &s) != nil {
		return "", ""
	}
	return alert + " " + in.Item.SK.S, s.Status
}
