//go:build e2e

package e2e

// scenarios are all scenarios, in the order of the table.
var scenarios = []scenario{
	{"a file arrives, and S3 tells the function directly", func(s *stage) {
		d := s.deploy(options{})
		d.notify(d.s3Notice(d.upload(d.mixed(6)...)))
		d.settle()
		d.empty("dead-letter queue", d.dead)
		d.empty("dead-letter queue of the analyzer", d.deadNotices)
	}},
}
