package newtest

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/prove/provetest"
)

// TestRewrite: what is written for an expression is a value of the tests that are there,
// with as little changed as can be.
func TestRewrite(t *testing.T) {
	t.Parallel()
	const policy = `{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`
	quoted := func(text string) string {
		b, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, c := range []struct {
		about, item string
		yes, no     string   // values of the tests that are there, as JSON
		want        []string // some of the new ones
	}{
		{"another branch stands where the first one did", `x|re: '-(parrot|pentoo)1'`, `"linux#6.5.0-13-parrot1-amd64"`, `"linux"`, []string{`"linux#6.5.0-13-pentoo1-amd64"`}},
		{"something stands before the beginning", `x|re: '^arn:aws:iam::[0-9]{12}:'`, `"arn:aws:iam::111122223333:root"`, `"x"`, []string{`"xarn:aws:iam::111122223333:root"`, `"Arn:aws:iam::111122223333:root"`}},
		{"what is optional is left out", `x|re: '^\[?aws-cli'`, `"[aws-cli/2.31.3]"`, `"x"`, []string{`"aws-cli/2.31.3]"`}},
		{"a policy stays JSON", `x|re: '"Action":("s3:\*"|"iam:\*"|\[[^]]*"\*")'`, quoted(policy), `"x"`,
			[]string{quoted(strings.Replace(policy, "s3:", "iam:", 1))}},
		{"a number stays one", `x|re: '^[0-9]{1,2}$'`, `77`, `5000`, []string{`770`}},
		{"one of a list", `x|re: '^(ab|cd)$'`, `["ab"]`, `["xy"]`, []string{`["cd"]`}},
	} {
		rule := provetest.Plan(t, "a: {eventName: A, requestParameters."+c.item+"}\ncondition: a")
		old := `{"should_match": [{"eventName": "A", "requestParameters": {"x": ` + c.yes + `}}], "should_not_match": [{"eventName": "A", "requestParameters": {"x": ` + c.no + `}}]}`
		got, err := Write(context.Background(), rule, []byte(old))
		if err != nil {
			t.Fatal(err)
		}
		written := map[string]bool{}
		for _, list := range []string{"should_match", "should_not_match"} {
			for _, r := range records(t, got.Text, list) {
				if parameters, isObject := r["requestParameters"].(map[string]any); isObject {
					text, err := json.Marshal(parameters["x"])
					if err != nil {
						t.Fatal(err)
					}
					written[string(text)] = true
				}
			}
		}
		missing := []string{}
		for _, want := range c.want {
			if !written[want] {
				missing = append(missing, want)
			}
		}
		if diff := cmp.Diff([]string{}, missing); diff != "" || len(got.After.Survivors) > 0 {
			t.Errorf("%s: missing among %v (-want +got):\n%s\n%v survive", c.about, written, diff, got.After.Survivors)
		}
	}
}
