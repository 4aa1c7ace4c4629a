package contract

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// A recorder is a test that only notes what it is told.
type recorder struct {
	testing.TB
	errors, logs []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, values ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, values...))
}

func (r *recorder) Logf(format string, values ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, values...))
}

func TestRun(t *testing.T) {
	taken, refused := func() error { return nil }, func() error { return errors.New("no") }
	for _, test := range []struct {
		sentence string
		check    Check
		wrong    map[string]string
		errors   string
		logs     string
	}{
		{"What is taken may be taken.", Takes("S.", taken), nil, "", ""},
		{"It must not be refused.", Takes("S.", refused), nil, "S. It was refused: no", ""},
		{"What is refused may be refused.", Refuses("S.", refused), nil, "", ""},
		{"It must not be taken.", Refuses("S.", taken), nil, "S. It was taken.", ""},
		{"A server may be listed for taking it.", Refuses("S.", taken), map[string]string{"S.": "It is young."}, "", "not held against this server: S. It is young."},
		{"Or for refusing it.", Takes("S.", refused), map[string]string{"S.": "It is young."}, "", "not held against this server: S. It is young."},
		{"It must not be listed for nothing.", Refuses("S.", refused), map[string]string{"S.": ""}, "S. It is listed as what this server gets wrong, and it does not.", ""},
		{"Nor for what nobody asks.", Takes("S.", taken), map[string]string{"T.": ""}, `the list of what this server gets wrong has "T.", which is no check`, ""},
	} {
		r := &recorder{}
		Run(r, []Check{test.check}, test.wrong)
		if got := strings.Join(r.errors, "|"); got != test.errors {
			t.Errorf("%s The errors are %q, want %q.", test.sentence, got, test.errors)
		}
		if got := strings.Join(r.logs, "|"); got != test.logs {
			t.Errorf("%s The log is %q, want %q.", test.sentence, got, test.logs)
		}
	}
}
