//go:build e2e

package e2e

// outage returns the scenario of a service that does not work for the first calls
// of an operation, in each of the ways.
func outage(service, operation string, calls int, ways ...effect) func(*stage) {
	return func(s *stage) {
		for _, way := range ways {
			n := calls
			switch way {
			case unheard:
				n = 1 // of more, each could be taken
			case halved:
				n = asynchronousAttempts - 1 // the object has no more
			}
			d := s.deploy(options{effect: func(e *entry) effect {
				if e.service == service && e.operation == operation && e.nth <= n {
					return way
				}
				return untouched
			}})
			s.rehearse(func() {
				for range 2 { // two batches, the second is small
					d.notify(d.s3Notice(d.upload(d.mixed(3)...)))
				}
				d.settle()
				if got := d.journal.injected(service, operation); got != n {
					d.Errorf("%s: %d calls of %s were disturbed, want %d", d.name, got, operation, n)
				}
				d.empty("dead-letter queue", d.dead)
				d.empty("dead-letter queue of the analyzer", d.deadNotices)
			})
		}
		s.wait()
	}
}
