package shadow

import (
	"context"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

func TestInvoked(t *testing.T) {
	const function = "arn:aws:lambda:eu-west-1:111122223333:function:"
	for _, c := range []struct {
		name string
		arn  string
		want bool
	}{
		{"the alias shadow", function + "analyzer:shadow", true},
		{"another alias", function + "analyzer:live", false},
		{"a version", function + "analyzer:12", false},
		{"no qualifier", function + "analyzer", false},
		{"a function of that name", function + "shadow", false},
		{"an alias that ends so", function + "analyzer:my-shadow", false},
		{"nothing", "", false},
	} {
		ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{InvokedFunctionArn: c.arn})
		if got := Invoked(ctx); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if Invoked(context.Background()) {
		t.Error("a call outside of Lambda is taken for one of the shadow")
	}
}
