// Package contract holds the fakes that unit tests stand on against what is known
// of the services of AWS, and the servers of the end-to-end test too, with the
// same checks: neither can drift from the other unseen.
package contract

import (
	"os"
	"testing"
)

// A Check is something that a service takes or refuses.
type Check struct {
	sentence string
	takes    bool
	call     func() error
}

// Takes is a Check of something that a service takes.
func Takes(sentence string, call func() error) Check { return Check{sentence, true, call} }

// Refuses is a Check of something that a service refuses: call returns an error
// then.
func Refuses(sentence string, call func() error) Check { return Check{sentence, false, call} }

// OtherServer returns the endpoint of another implementation of a service, which
// stands in the environment variable TRAILALERTS_TEST_<SERVICE>. The test is
// skipped when there is none: make e2e sets it.
func OtherServer(t testing.TB, service string) (endpoint string) {
	t.Helper()
	name := "TRAILALERTS_TEST_" + service
	endpoint = os.Getenv(name)
	if endpoint == "" {
		t.Skipf("ONLY THE FAKE IS TESTED: %s is not set to the endpoint of another server", name)
	}
	return endpoint
}

// Run calls all checks. What a server is known to get wrong stands in wrong, by its
// sentence and with a reason: such a check must fail, so that the list stays as
// short as it can be.
func Run(t testing.TB, checks []Check, wrong map[string]string) {
	t.Helper()
	known := map[string]bool{}
	for _, c := range checks {
		known[c.sentence] = true
		err := c.call()
		reason, listed := wrong[c.sentence]
		switch held := c.takes == (err == nil); {
		case held && listed:
			t.Errorf("%s It is listed as what this server gets wrong, and it does not.", c.sentence)
		case held:
		case listed:
			t.Logf("not held against this server: %s %s", c.sentence, reason)
		case c.takes:
			t.Errorf("%s It was refused: %v", c.sentence, err)
		default:
			t.Errorf("%s It was taken.", c.sentence)
		}
	}
	for sentence := range wrong {
		if !known[sentence] {
			t.Errorf("the list of what this server gets wrong has %q, which is no check", sentence)
		}
	}
}
