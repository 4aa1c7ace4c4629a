package main

import (
	"flag"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the tests want")

// TestMain lets the scripts run sigmagen as a program: the test binary is it,
// under another name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sigmagen": main})
}
