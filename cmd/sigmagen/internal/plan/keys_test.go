package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	var manyNames, tooManyNames []string
	for i := range maxKeys {
		manyNames = append(manyNames, fmt.Sprintf("Event%03d", i))
	}
	tooManyNames = append(manyNames, "OneMore")
	tests := []struct {
		about     string
		detection string
		want      []string // source/name, folded; * for any
	}{
		{"source and name are joined", `
a: {eventSource: iam.amazonaws.com, eventName: CreateUser}
condition: a`, []string{"iam.amazonaws.com/createuser"}},
		{"the case of values does not count", `
a: {eventSource: IAM.amazonaws.com, eventName: [CreateUser, CREATEUSER]}
condition: a`, []string{"iam.amazonaws.com/createuser"}},
		{"letters beyond ASCII that fold alike are one", `
a: {eventName: ["K\u017f", "\u212aS", ks]}
condition: a`, []string{"*/ks"}},
		{"a list of sources and a list of names are multiplied", `
a: {eventSource: [iam, sts], eventName: [A, B]}
condition: a`, []string{"iam/a", "iam/b", "sts/a", "sts/b"}},
		{"other fields do not narrow", `
a: {eventName: CreateUser, errorCode: null, userAgent|contains: x}
condition: a`, []string{"*/createuser"}},
		{"source and name of two searches are joined", `
a: {eventSource: iam}
b: {eventName: A}
condition: a and b`, []string{"iam/a"}},
		{"or across sources keeps each name with its source", `
a: {eventSource: iam, eventName: A}
b: {eventSource: sts, eventName: B}
condition: a or b`, []string{"iam/a", "sts/b"}},
		{"a list of maps is an or", `
a: [{eventSource: iam, eventName: A}, {eventSource: sts, eventName: B}]
condition: a`, []string{"iam/a", "sts/b"}},
		{"a list of maps narrows together with another search", `
a: [{eventSource: iam, eventName: A}, {eventSource: sts, eventName: B}]
b: {eventSource: sts}
condition: a and b`, []string{"sts/b"}},
		{"a negated search does not narrow", `
a: {eventSource: iam}
b: {eventName: A}
condition: a and not b`, []string{"iam/*"}},
		{"a double negation does not narrow", `
a: {eventName: A}
condition: not not a`, []string{"*/*"}},
		{"a negation alone covers every record", `
a: {eventSource: iam, eventName: A}
condition: not a`, []string{"*/*"}},
		{"or with a negation covers every record", `
a: {eventSource: iam, eventName: A}
b: {errorCode: x}
condition: a or not b`, []string{"*/*"}},
		{"or with a search that fixes neither covers every record", `
a: {eventSource: iam, eventName: A}
b: {userIdentity.type: Root}
condition: a or b`, []string{"*/*"}},
		{"a source alone covers its names", `
a: {eventSource: iam}
b: {eventSource: iam, eventName: A}
condition: a or b`, []string{"iam/*"}},
		{"a name alone covers it in all sources", `
a: {eventName: A}
b: {eventSource: iam, eventName: A}
c: {eventSource: iam, eventName: B}
condition: 1 of them`, []string{"*/a", "iam/b"}},
		{"a source alone or a name alone overlap, so every record is tried", `
a: {eventSource: iam}
b: {eventName: A}
condition: a or b`, []string{"*/*"}},
		{"all of is an and", `
a_1: {eventSource: iam}
a_2: {eventName: [A, B]}
condition: all of a_*`, []string{"iam/a", "iam/b"}},
		{"1 of is an or", `
a_1: {eventSource: iam, eventName: A}
a_2: {eventSource: sts, eventName: B}
condition: 1 of a_*`, []string{"iam/a", "sts/b"}},
		{"not 1 of does not narrow", `
a: {eventName: A}
f_1: {eventName: B}
f_2: {eventSource: iam}
condition: a and not 1 of f_*`, []string{"*/a"}},
		{"an and over two lists of names meets", `
a: {eventName: [A, B, C]}
b: {eventName: [B, C, D]}
condition: a and b`, []string{"*/b", "*/c"}},
		{"a wildcard in a name does not narrow", `
a: {eventSource: iam, eventName: 'Create*'}
condition: a`, []string{"iam/*"}},
		{"a wildcard among names does not narrow", `
a: {eventSource: iam, eventName: [A, 'Create*']}
condition: a`, []string{"iam/*"}},
		{"an escaped wildcard in a name is text", `
a: {eventSource: iam, eventName: 'Create\*'}
condition: a`, []string{"iam/create*"}},
		{"a modifier on a name does not narrow", `
a: {eventSource: iam, eventName|startswith: Create}
condition: a`, []string{"iam/*"}},
		{"all on a name does not narrow", `
a: {eventSource: iam, eventName|contains|all: [Create, User]}
condition: a`, []string{"iam/*"}},
		{"all without another modifier does not narrow", `
a: {eventSource: iam, eventName|all: [A, B]}
condition: a`, []string{"iam/*"}},
		{"null does not narrow", `
a: {eventSource: iam, eventName: null}
condition: a`, []string{"iam/*"}},
		{"a number does not narrow", `
a: {eventSource: iam, eventName: 5}
condition: a`, []string{"iam/*"}},
		{"a number among names does not narrow", `
a: {eventSource: iam, eventName: [A, 5]}
condition: a`, []string{"iam/*"}},
		{"the empty text is a value that matches the empty text only", `
a: {eventSource: iam, eventName: ''}
condition: a`, []string{"iam/*"}},
		{"a list of conditions is an or", `
a: {eventSource: iam, eventName: A}
b: {eventSource: sts, eventName: B}
condition: [a, b]`, []string{"iam/a", "sts/b"}},
		{"a nested field called eventName is another field", `
a: {eventSource: iam, requestParameters.eventName: A}
condition: a`, []string{"iam/*"}},
		{"a field in another case is another field", `
a: {eventSource: iam, EventName: A}
condition: a`, []string{"iam/*"}},
		{"as many names as the limit are kept", `
a: {eventName: [` + strings.Join(manyNames, ", ") + `]}
condition: a`, keysOf(manyNames)},
		{"more names than the limit are every record", `
a: {eventName: [` + strings.Join(tooManyNames, ", ") + `]}
condition: a`, []string{"*/*"}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, k := range build(t, test.detection).Keys {
				got = append(got, orAny(k.Source)+"/"+orAny(k.Name))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

func keysOf(names []string) []string {
	var keys []string
	for _, name := range names {
		keys = append(keys, "*/"+strings.ToLower(name))
	}
	return keys
}

func orAny(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

// A condition that no source and name can satisfy has no keys.
func TestNoKeys(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about     string
		detection string
		never     bool
	}{
		{"two names", "a: {eventName: A}\nb: {eventName: B}\ncondition: a and b", true},
		{"two sources", "a: {eventSource: A}\nb: {eventSource: B}\ncondition: all of them", true},
		{"both branches of an or", "a: {eventName: A}\nb: {eventName: B}\nc: {eventName: C}\ncondition: a and (b or c)", true},
		{"one branch of an or does not", "a: {eventName: A}\nb: {eventName: B}\ncondition: a or (a and b)", false},
		{"a negated name does not", "a: {eventName: A}\nb: {eventName: B}\ncondition: a and not b", false},
		{"one of two conditions does not", "a: {eventName: A}\nb: {eventName: B}\ncondition: [a and b, a]", false},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			if rule := build(t, test.detection); (len(rule.Keys) == 0) != test.never {
				t.Errorf("keys %v, want none: %t", rule.Keys, test.never)
			}
		})
	}
}

// TestKeysCoverNoRecordTwice would find a rule that dispatch tries twice on one
// record.
func TestKeysCoverNoRecordTwice(t *testing.T) {
	t.Parallel()
	forms := []string{"{eventSource: s1}", "{eventSource: s2}", "{eventName: n1}", "{eventName: n2}", "{eventSource: s1, eventName: n1}", "{eventSource: s2, eventName: [n1, n2]}", "{eventSource: [s1, s2], eventName: n2}", "{x: y}"}
	for _, operator := range []string{"or", "and"} {
		for i, a := range forms {
			for j, b := range forms {
				for _, c := range forms[:max(i, j)] {
					detection := "a: " + a + "\nb: " + b + "\nc: " + c + "\ncondition: a or b " + operator + " c"
					rule := build(t, detection)
					for _, source := range []string{"s1", "s2", "s3"} {
						for _, name := range []string{"n1", "n2", "n3"} {
							covered := 0
							for _, k := range rule.Keys {
								if (k.Source == "" || k.Source == source) && (k.Name == "" || k.Name == name) {
									covered++
								}
							}
							if covered > 1 {
								t.Fatalf("%s\n(%s, %s) is covered %d times: %v", detection, source, name, covered, rule.Keys)
							}
						}
					}
				}
			}
		}
	}
}

func TestMatchesNothing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about     string
		detection string
		want      bool
	}{
		{"a search does not hold on nothing", "a: {eventName: A}\ncondition: a", false},
		{"a negation does", "a: {eventName: A}\ncondition: not a", true},
		{"and not does not", "a: {eventName: A}\nb: {errorCode: x}\ncondition: a and not b", false},
		{"or not does", "a: {eventName: A}\nb: {errorCode: x}\ncondition: a or not b", true},
		{"absence does", "a: {errorCode|exists: false}\ncondition: a", true},
		{"the negation of absence does not", "a: {errorCode|exists: false}\ncondition: not a", false},
		{"absence and a value do not", "a: {errorCode|exists: false, eventName: A}\ncondition: a", false},
		{"not 1 of does", "a: {eventName: A}\nb: {eventName: B}\ncondition: not 1 of them", true},
		{"not all of does", "a: {errorCode|exists: false}\nb: {eventName: B}\ncondition: not all of them", true},
		{"one of two conditions does", "a: {eventName: A}\ncondition: [a, not a]", true},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			if got := build(t, test.detection).MatchesNothing; got != test.want {
				t.Errorf("MatchesNothing = %v, want %v", got, test.want)
			}
		})
	}
}
