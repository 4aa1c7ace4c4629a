//go:build e2e

package e2e

import (
	"time"
)

// killAnywhere returns the scenario of a function that is killed between any two
// steps of its work: a step is a call of a service, and there is a deployment for
// every one. The first is killed before the first step; the others behind a step
// of which they do not get the answer; of the last it is Lambda that does not.
//
// To be killed in front of a step and behind the one before it is the same to the
// rest of the world, so that one of the two is enough.
func killAnywhere(name string, records func(*deployment) []record) func(*stage) {
	return func(s *stage) {
		// The steps of a function that nobody kills.
		calm := s.deploy(options{visibility: 5})
		calm.notify(calm.s3Notice(calm.upload(records(calm)...)))
		calm.settle()
		steps := calm.journal.steps(name)
		if steps < 3 {
			s.Fatalf("the %s takes %d steps", name, steps)
		}
		for at := range steps + 1 {
			d := s.deploy(options{visibility: 5, effect: func(e *entry) effect {
				switch {
				case function(e.service) != name || e.step != max(1, at):
					return untouched
				case at == 0:
					return prevented
				default:
					return killed
				}
			}})
			s.rehearse(func() {
				d.notify(d.s3Notice(d.upload(records(d)...)))
				d.settle()
				started := d.analyzer.Started()
				if name == "processor" {
					started = d.processors[0].Started()
				}
				if started != 2 {
					d.Errorf("%s: %d processes of the %s, want 2: one was to be killed at step %d of %d", d.name, started, name, at, steps)
				}
				d.empty("dead-letter queue", d.dead)
				d.empty("dead-letter queue of the analyzer", d.deadNotices)
			})
		}
		s.wait()
		s.Logf("the %s was killed at each of %d steps", name, steps)
	}
}

// A service answers only when the time of the function is over and Lambda has
// ended it.
func timedOut(s *stage) {
	for _, service := range []string{"ses", "sns", "webhook", "dynamodb"} {
		d := s.deploy(options{timeout: lateness - 2*time.Second, visibility: 5, effect: func(e *entry) effect {
			if e.service == service && e.nth == 1 && (service != "dynamodb" || e.operation == "PutItem") {
				return late
			}
			return untouched
		}})
		s.rehearse(func() {
			d.notify(d.s3Notice(d.upload(d.mixed(3)...)))
			d.settle()
			if n := d.journal.injected(service, map[string]string{"ses": "SendEmail", "sns": "Publish", "webhook": "POST", "dynamodb": "PutItem"}[service]); n != 1 {
				d.Errorf("%s: %d calls of %s were late, want 1", d.name, n, service)
			}
			d.empty("dead-letter queue", d.dead)
		})
	}
	s.wait()
}
