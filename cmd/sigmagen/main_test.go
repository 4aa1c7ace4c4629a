package main

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the tests want")

// TestMain lets the scripts run sigmagen as a program: the test binary is it,
// under another name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sigmagen": main})
}

// TestNothingIsSkippedInCI fails where CI asks for -short, under which the tests
// that build programs skip themselves.
func TestNothingIsSkippedInCI(t *testing.T) {
	if testing.Short() && os.Getenv("CI") != "" {
		t.Error("CI runs the tests with -short: rules are not compiled there")
	}
}

// clock is the time at which tests run sigmagen.
func clock() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }
