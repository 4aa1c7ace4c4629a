package audit

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// findings returns what both audits say of rules, by the names of their files, each
// as line:column, code and message.
func findings(t *testing.T, rules ...string) []string {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, detection := range rules {
		level := "medium"
		if rest, ok := strings.CutPrefix(detection, "high "); ok {
			level, detection = "high", rest
		}
		fsys[fmt.Sprintf("rule%d.yml", i)] = &fstest.MapFile{Data: []byte(fmt.Sprintf("title: Rule %d\nlogsource: {product: aws}\nlevel: %s\ndetection:\n  ", i, level) + strings.ReplaceAll(detection, "\n", "\n  ") + "\n")}
	}
	var list diag.List
	dir, err := sigma.Open(fsys, "rules", "", &list)
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*sigma.Rule
	for _, file := range dir.Files {
		documents, _ := sigma.Parse(file, &list)
		parsed = append(parsed, documents...)
	}
	planned := plan.Build(parsed, nil, &list)
	if list.HasErrors() {
		t.Fatalf("%+v", list.Sorted())
	}
	var found diag.List
	Satisfiable(planned, &found)
	if !found.HasErrors() {
		DeadWeight(planned, &found)
	}
	var all []string
	for _, d := range found.Sorted() {
		all = append(all, fmt.Sprintf("%d:%d %s %s %s", d.Line, d.Column, d.Severity, d.Code, d.Message))
	}
	return all
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about string
		rules []string
		want  []string
	}{
		{"a rule that can match and has nothing in vain", []string{"a: {eventName: [A, B]}\nf: {userAgent: x}\ncondition: a and not f"}, nil},
		{"two names joined by and", []string{"a: {eventName: A}\nb: {eventName: B}\ncondition: a and b"},
			[]string{`7:14 error reach-impossible no record can match the rule: eventName cannot be both "A" and "B"`}},
		{"a filter that removes everything", []string{"a: {eventName: A}\nf: {eventName|startswith: a}\ncondition: a and not f"},
			[]string{"7:14 error reach-impossible no record can match the rule: `not f` removes everything; eventName is to be \"A\", and is not to be beginning with \"a\""}},
		{"a search that no record satisfies", []string{"a: {eventName: A}\nb: {errorCode: X, errorCode|exists: false}\ncondition: a or b"},
			[]string{`6:3 error reach-impossible no record can satisfy "b": errorCode is to be "X", and is not to be there`}},
		{"an alternative of a list of maps", []string{"a: [{eventName: A}, {errorCode: X, errorCode|exists: false}]\ncondition: a"},
			[]string{`5:24 error reach-impossible no record can satisfy alternative 2 of "a": errorCode is to be "X", and is not to be there`}},
		{"a branch that contradicts the rest", []string{"a: {eventName: A}\nb: {x: Y}\nc: {eventName: C}\ncondition: a and (b or c)"},
			[]string{"8:14 error reach-impossible `c` can never hold together with the rest of the rule: eventName cannot be both \"A\" and \"C\""}},
		{"a member of 1 of", []string{"a_1: {eventName: A}\na_2: {eventName: B}\nf: {eventName: B}\ncondition: 1 of a_* and not f"},
			[]string{"8:14 error reach-impossible `a_2` can never hold together with the rest of the rule: eventName is to be \"B\", and is not to be \"B\""}},
		{"a value that another covers", []string{"a: {userAgent|contains: [aws, aws-cli]}\ncondition: a"},
			[]string{`5:33 warning reach-covered-value "aws-cli" is covered by "aws" of the same list`}},
		{"a value twice, in another case", []string{"a: {eventName: [CreateUser, createuser]}\ncondition: a"},
			[]string{`5:31 warning reach-covered-value "createuser" is covered by "CreateUser" of the same list`}},
		{"a value twice", []string{"a: {eventName: [CreateUser, CreateUser]}\ncondition: a"},
			[]string{`5:31 warning reach-covered-value "CreateUser" stands in the list twice`}},
		{"values that must all be there cover nothing", []string{"a: {userAgent|contains|all: [aws, aws-cli]}\ncondition: a"}, nil},
		{"a filter that removes nothing", []string{"a: {eventName: A}\nf: {eventName: B}\ncondition: a and not f"},
			[]string{"7:14 warning reach-idle-filter `not f` removes nothing: the rest of the condition never holds together with it"}},
		{"two filters that remove nothing", []string{"a: {eventName: A}\nf: {eventName: B}\nh: {eventName: C}\ncondition: a and not f and not h"},
			[]string{"8:14 warning reach-idle-filter `not f` removes nothing: the rest of the condition never holds together with it", "8:14 warning reach-idle-filter `not h` removes nothing: the rest of the condition never holds together with it"}},
		{"two filters that remove the same", []string{"a: {eventName: A}\nf: {x: B}\ng: {x: b}\ncondition: a and not f and not g"},
			[]string{"8:14 warning reach-idle-filter `not g` removes nothing: the rest of the condition never holds together with it"}},
		{"two values each of two fields", []string{"a: {requestParameters.x: A}\nb: {requestParameters.x: B}\nc: {requestParameters.y: A}\nd: {requestParameters.y: B}\ncondition: a and b or c and d"},
			[]string{`9:14 warning reach-only-list no record with one value in each field can match the rule: requestParameters.x cannot be both "A" and "B"`}},
		{"keywords, which may stand in two fields", []string{"a: {'|startswith': A}\nb: {'|startswith': B}\ncondition: a and b"}, nil},
		{"an empty range of numbers", []string{"a: {eventName: A}\nb: {requestParameters.a.b.c|gt: 10}\nc: {requestParameters.a.b.c|lt: 5}\ncondition: a and b and c"},
			[]string{"8:14 warning reach-only-list no record with one value in requestParameters.a.b.c can match the rule: requestParameters.a.b.c cannot be both greater than 10 and less than 5"}},
		{"a range that holds a number", []string{"a: {requestParameters.a|gte: 5, requestParameters.a|lte: 5}\ncondition: a"}, nil},
		{"two values of a field in a search that is not always needed", []string{"a: {eventName: A}\nb: {requestParameters.a: [X, Y], requestParameters.a|startswith: z}\ncondition: a or b"},
			[]string{`6:3 warning reach-only-list no record with one value in requestParameters.a can satisfy "b": requestParameters.a cannot be both "X" and beginning with "z"`}},
		{"all of two values", []string{"a: {requestParameters.a|all: [X, Y]}\ncondition: a"}, nil},
		{"two values deep in a request", []string{"a: {requestParameters.a.items.b: X}\nb: {requestParameters.a.items.b: Y}\ncondition: a and b"}, nil},
		{"two rules alike", []string{"a: {eventName: [A, B]}\ncondition: a", "x: {eventName: B}\ny: {eventName: A}\ncondition: x or y"},
			[]string{"1:8 warning reach-same-rule it matches exactly what rule0 does (Rule 0)"}},
		{"a rule within another", []string{"a: {eventName: A, errorCode: X}\ncondition: a", "a: {eventName: A}\ncondition: a"},
			[]string{"1:8 warning reach-implied-rule whatever it matches, rule1 matches as well (Rule 1, medium)"}},
		{"a rule within one of lower level", []string{"high a: {eventName: A, errorCode: X}\ncondition: a", "a: {eventName: A}\ncondition: a"}, nil},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, findings(t, c.rules...)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
