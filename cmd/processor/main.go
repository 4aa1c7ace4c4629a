// Command processor is the Lambda function of package processor with the rules of this
// repository compiled in.
package main

import (
	"github.com/trailalerts/trailalerts/generated"
	"github.com/trailalerts/trailalerts/runtime/processor"
)

func main() { processor.Main(generated.Set) }
