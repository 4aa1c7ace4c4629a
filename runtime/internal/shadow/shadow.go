// Package shadow tells whether a function runs in the shadow of the live one: it
// gets the same events then and does everything but alert.
package shadow

import (
	"context"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Invoked reports whether the function was invoked through its alias shadow. The
// environment cannot tell, since it belongs to a version, and a version keeps it
// when the alias live is moved to it.
func Invoked(ctx context.Context) bool {
	invocation, ok := lambdacontext.FromContext(ctx)
	// arn:aws:lambda:region:account:function:name[:alias]
	return ok && strings.Count(invocation.InvokedFunctionArn, ":") == 7 && strings.HasSuffix(invocation.InvokedFunctionArn, ":shadow")
}

// Namespace returns the namespace of the shadow's metrics beside that of the live
// function.
func Namespace(live string) string { return live + "/shadow" }
