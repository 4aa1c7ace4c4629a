// Command trailalerts scans CloudTrail records on one machine with the rules
// that are compiled into it.
package main

import (
	"os"

	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime/scan"
)

func main() {
	os.Exit(scan.Main(generated.Set, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
