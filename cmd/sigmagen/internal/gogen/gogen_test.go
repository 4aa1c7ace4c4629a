package gogen

import (
	"bytes"
	"go/format"
	"go/parser"
	"go/token"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

const manySources = `title: Many Sources
logsource: {product: aws}
level: high
tags: [attack.persistence, attack.t1098]
detection:
  selection:
    - eventSource: [s3.amazonaws.com, iam.amazonaws.com, sts.amazonaws.com]
      eventName: [C, B, A]
      userAgent|re: [x, y]
    - eventSource: ec2.amazonaws.com
      sourceIPAddress|cidr: [10.0.0.0/8, '2001:db8::/32']
  filter_b: {errorCode: null}
  filter_a: {errorCode|exists: false}
  condition: selection and not 1 of filter_*
`

// planOf plans rules, by the name of their files.
func planOf(t *testing.T, rules map[string]string) *plan.Plan {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range rules {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var list diag.List
	dir, err := sigma.Open(fsys, "rules", "", &list)
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*sigma.Rule
	for _, file := range dir.Files {
		if documents, ok := sigma.Parse(file, &list); ok {
			parsed = append(parsed, documents...)
		}
	}
	exceptions := sigma.ParseExceptions("exceptions.json", []byte(`{"many": {"excludedActors": ["arn:aws:iam::111122223333:user/b", "arn:aws:iam::111122223333:user/a"], "excludedActorsRegex": ["x"], "excludedSourceIPs": ["10.0.0.1"]}}`), &list)
	p := &plan.Plan{Rules: plan.Build(parsed, nil, &list), Exceptions: plan.BuildExceptions(exceptions, parsed, &list)}
	if list.HasErrors() {
		t.Fatalf("%+v", list.Sorted())
	}
	return p
}

func texts(t *testing.T, rules map[string]string) map[string]string {
	t.Helper()
	files, err := Generate(planOf(t, rules), Options{
		Package: "rules", RulesName: "rules", RulesPath: "../rules", Tests: true,
		Tested: map[string]string{"many": "many_tests.json"},
	})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]string{}
	for i, file := range files {
		if i > 0 && files[i-1].Name >= file.Name {
			t.Errorf("%s does not sort behind %s", file.Name, files[i-1].Name)
		}
		byName[file.Name] = string(file.Content)
	}
	return byName
}

// TestGenerateIsDeterministic is meant to find the order of a map in the output.
func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	rules := map[string]string{"many.yml": manySources}
	for _, key := range []string{"zeta", "alpha", "mid"} {
		rules[key+".yml"] = strings.ReplaceAll(manySources, "Many Sources", key)
	}
	want := texts(t, rules)
	for range 20 {
		if diff := cmp.Diff(want, texts(t, rules)); diff != "" {
			t.Fatalf("generated again (-want +got):\n%s", diff)
		}
	}
}

// TestGenerateIsFormatted holds every file against gofmt, and one line each
// against what readers rely on.
func TestGenerateIsFormatted(t *testing.T) {
	t.Parallel()
	for name, text := range texts(t, map[string]string{"many.yml": manySources}) {
		if formatted, err := format.Source([]byte(text)); err != nil || string(formatted) != text {
			t.Errorf("%s is not formatted (%v):\n%s", name, err, text)
		}
		if !strings.HasPrefix(text, Header+" from rules") || !strings.Contains(text, ". DO NOT EDIT.\n") {
			t.Errorf("%s has no header:\n%s", name, text)
		}
	}
}

// TestHashFollowsContent holds that two sets that detect differently have
// different hashes.
func TestHashFollowsContent(t *testing.T) {
	t.Parallel()
	first := texts(t, map[string]string{"many.yml": manySources})["manifest.go"]
	second := texts(t, map[string]string{"many.yml": strings.Replace(manySources, "[C, B, A]", "[C, B, D]", 1)})["manifest.go"]
	if first == second {
		t.Error("the manifest of another rule is the same")
	}
}

func TestGroupImports(t *testing.T) {
	t.Parallel()
	tests := []struct{ about, source, want string }{
		{"the standard library comes first", "package p\n\nimport (\n\t\"example.org/a\"\n\t\"net/netip\"\n\t\"regexp\"\n)\n\nvar x = 1\n",
			"package p\n\nimport (\n\t\"net/netip\"\n\t\"regexp\"\n\n\t\"example.org/a\"\n)\n\nvar x = 1\n"},
		{"one group has no empty line", "package p\n\nimport (\n\t\"net/netip\"\n\t\"regexp\"\n)\n", "package p\n\nimport (\n\t\"net/netip\"\n\t\"regexp\"\n)\n"},
		{"a single import is left alone", "package p\n\nimport \"regexp\"\n", "package p\n\nimport \"regexp\"\n"},
		{"no import is left alone", "package p\n", "package p\n"},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, string(groupImports([]byte(test.source)))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCamel(t *testing.T) {
	t.Parallel()
	tests := []struct{ stem, want string }{
		{"iam_user_created", "iamUserCreated"},
		{"iam-user.created", "iamUserCreated"},
		{"IAM_User", "iAMUser"},
		{"a", "a"},
		{"1abc", "rule1abc"},
		{"0", "rule0"},
		{"a_1", "a1"},
		{"--", "rule"},
		{"_", "rule"},
		{"_x_", "x"},
		{"func", "func"},
	}
	for _, test := range tests {
		if got := camel(test.stem); got != test.want {
			t.Errorf("camel(%q) = %q, want %q", test.stem, got, test.want)
		}
	}
}

func TestNamesAreHandedOutOnce(t *testing.T) {
	t.Parallel()
	n := newNames()
	self := func(s string) []string { return []string{s} }
	var got []string
	for _, name := range []string{"foo", "foo", "foo2", "func", "e", "string", "foo"} {
		got = append(got, n.take(name, self))
	}
	if diff := cmp.Diff([]string{"foo", "foo2", "foo22", "func2", "e2", "string2", "foo3"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := n.take("bar", func(s string) []string { return []string{s, "match" + exported(s)} }); got != "bar" {
		t.Errorf("got %q", got)
	}
	if got := n.take("matchBar", self); got != "matchBar2" {
		t.Errorf("a variant is handed out again: %q", got)
	}
}

// TestComments holds that no text leaves its line of a comment.
func TestComments(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"plain", "", " ", "go:build ignore", "//go:build ignore", "/* x */", "*/ x", "a\nb", "a\r\nb", "a\u2028b", "\x00\x1b\u202e", "export x", "line x:1", "+build x", "\ufeffx", "\u00a0go:build", "\t//",
	} {
		for kind, line := range map[string]string{"comment": commentLine(text), "code": codeLine(text)} {
			if strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && !unicode.IsPrint(r) }) {
				t.Errorf("%s of %q: %q has a character that is not printable", kind, text, line)
			}
			if kind == "comment" && !strings.HasPrefix(line, "// ") || kind == "code" && !strings.HasPrefix(line, "//\t") {
				t.Errorf("%s of %q: %q could be a directive", kind, text, line)
			}
			file, err := parser.ParseFile(token.NewFileSet(), "x.go", line+"\npackage p\n", parser.ParseComments)
			if err != nil || len(file.Comments) != 1 || len(file.Comments[0].List) != 1 {
				t.Errorf("%s of %q: %q is not one comment (%v)", kind, text, line, err)
			}
		}
	}
}

// FuzzGenerate holds that a rule that is accepted becomes formatted Go, whatever
// its text.
func FuzzGenerate(f *testing.F) {
	f.Add("title", "field", "value", "selection")
	f.Add("*/ func init() {}", "a|b", "`", "not")
	f.Add("\n//go:build ignore\n", "a.b", "\\*", "a-b")
	f.Fuzz(func(t *testing.T, title, field, value, search string) {
		rule := &sigma.Rule{Key: "rule", Path: "rule.yml", Source: "rule.yml", Title: sigma.Text{Value: title}}
		rule.Searches = []sigma.Search{{
			Name: sigma.Text{Value: search},
			Maps: []sigma.Map{{{Field: sigma.Text{Value: field}, Values: []sigma.Scalar{{Value: value}}}}},
		}}
		rule.Conditions = []sigma.Condition{{Text: search, Expr: sigma.Ref{Name: search}}}
		var list diag.List
		p := &plan.Plan{Rules: plan.Build([]*sigma.Rule{rule}, nil, &list)}
		files, err := Generate(p, Options{Package: "rules", RulesName: title, RulesPath: field})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file.Name, file.Content, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(file.Content, []byte("\nfunc init()")) || strings.HasPrefix(string(file.Content), "//go:build") || parsed.Name.Name != "rules" {
				t.Fatalf("%s:\n%s", file.Name, file.Content)
			}
		}
	})
}
