// Command analyzer is the Lambda function of package analyzer with the rules of this
// repository compiled in.
package main

import (
	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime/analyzer"
)

func main() { analyzer.Main(generated.Set) }
