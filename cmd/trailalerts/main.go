// Command trailalerts scans CloudTrail records on one machine with the rules
// that are compiled into it, and tells what was decided before, here or in AWS.
package main

import (
	"os"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime/trailalerts"
)

func main() {
	os.Exit(trailalerts.Main(generated.Set, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
