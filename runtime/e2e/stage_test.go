//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A stage is where one scenario happens: its deployments, and what became of
// their alerts.
type stage struct {
	*testing.T
	cloud       *cloud
	deployments []*deployment
	counts      counts
	rehearsals  sync.WaitGroup
}

// rehearse runs a part of the scenario beside others, until wait. It must not end
// the test.
func (s *stage) rehearse(part func()) { s.rehearsals.Go(part) }

func (s *stage) wait() { s.rehearsals.Wait() }

// account waits until all deployments are through, and counts what arrived. What
// arrived and was not owed is an error, as is what the tables say otherwise than
// the channels.
func (s *stage) account() {
	var group sync.WaitGroup
	for _, d := range s.deployments {
		group.Go(func() { d.settle(); d.disconnect() })
	}
	group.Wait()
	mails, err := s.cloud.mails(context.Background())
	if err != nil {
		s.Fatal(err)
	}
	for _, d := range s.deployments {
		c := d.count(d.arrivals(mails))
		s.counts.add(c)
		if c.lost+c.twice > 0 {
			s.Logf("%s: %+v\n%s", d.name, c, d.logs())
		}
		d.checkTable()
	}
}

// arrivals returns how often each channel got each alert, as the servers behind
// the channels say.
func (d *deployment) arrivals(mails []mail) map[string]map[string]int {
	arrived := map[string]map[string]int{"ses": {}, "sns": {}, "webhook": {}}
	ids := d.journal.mailIDs()
	for _, m := range mails {
		if len(m.Destination.To) != 1 || !strings.Contains(m.Destination.To[0], d.mailbox) {
			continue
		}
		if !strings.HasPrefix(m.Subject, "TrailAlerts - ") || m.Body.Text == "" || m.Body.HTML == "" {
			d.Errorf("%s: the mail %q has a text of %d bytes and HTML of %d", d.name, m.Subject, len(m.Body.Text), len(m.Body.HTML))
		}
		arrived["ses"][ids[m.MessageID]]++
	}
	for _, body := range d.drain(d.inbox) {
		var envelope struct {
			Message           string
			MessageAttributes map[string]struct{ Value string }
		}
		if err := json.Unmarshal([]byte(body), &envelope); err != nil || envelope.Message == "" {
			d.Errorf("%s: the topic got %q: %v", d.name, body, err)
		}
		arrived["sns"][envelope.MessageAttributes["alert_id"].Value]++
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.posts {
		arrived["webhook"][p.alert]++
	}
	return arrived
}

// count compares what arrived with what was owed and with the journal.
func (d *deployment) count(arrived map[string]map[string]int) counts {
	var c counts
	owed := d.owes()
	for _, channel := range channels {
		for _, alert := range slices.Sorted(maps.Keys(owed)) {
			c.injected++
			times := arrived[channel][alert]
			taken, excused := d.journal.repetitions(channel, alert)
			if taken != times {
				d.Errorf("%s: %s has %s %d times, and took it %d times", d.name, channel, alert, times, taken)
			}
			if d.journal.denied(channel, alert) {
				d.Errorf("%s: the table said that %s was certainly not sent to %s, which had taken it:\n%s", d.name, alert, channel, d.journal.about(alert))
			}
			if times == 0 {
				c.lost++
				d.Errorf("%s: %s did not arrive at %s", d.name, alert, channel)
				continue
			}
			c.delivered++
			c.again += excused
			if twice := times - 1 - excused; twice > 0 {
				c.twice += twice
				d.Errorf("%s: %s arrived %d times at %s, %d of them excused:\n%s", d.name, alert, times, channel, excused, d.journal.about(alert))
			}
		}
		for alert, times := range arrived[channel] {
			if !owed[alert] {
				d.Errorf("%s: %s got %q %d times, which nobody owed it", d.name, channel, alert, times)
			}
		}
	}
	if most := d.journal.interruptions(); c.again > most {
		d.Errorf("%s: %d alerts came again, and only %d processes or answers were lost", d.name, c.again, most)
		c.again, c.twice = most, c.twice+c.again-most
	}
	return c
}

// checkTable holds the table against what was owed: every alert is marked as sent
// to every channel, and no finding is left half done.
func (d *deployment) checkTable() {
	items := d.items(d.table)
	for alert := range d.owes() {
		for _, channel := range channels {
			if got := items[[2]string{"delivery|" + alert, channel}]; got.Status != "sent" {
				d.Errorf("%s: the table says of %s to %s: %q, want sent", d.name, alert, channel, got.Status)
			}
		}
	}
	for key, s := range items {
		if strings.HasPrefix(key[0], "finding|") && !s.Done {
			d.Errorf("%s: the table says that %s is not done", d.name, key[0])
		}
	}
}

// empty says that a queue must hold nothing.
func (d *deployment) empty(name string, q queue) {
	d.Helper()
	if bodies := d.drain(q); len(bodies) > 0 {
		d.Errorf("%s: the %s holds %d messages, the first is %.300s\n%s", d.name, name, len(bodies), bodies[0], d.logs())
	}
}
