package sigma

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
)

// TestWordPositions holds where a word of a condition is found, in every style
// of YAML. The place meant is marked by « in the text.
func TestWordPositions(t *testing.T) {
	t.Parallel()
	tests := []struct{ about, text string }{
		{"plain", "selection and «wrong or selection"},
		{"plain, several blanks", "selection   and    «wrong"},
		{"plain, the first word", "«wrong and selection"},
		{"plain, a word that is part of an earlier one", "selection or selection and «sel"},
		{"plain over lines", "selection and\n    selection or\n      «wrong"},
		{"plain over lines with an empty one", "selection and\n\n\n    «wrong"},
		{"plain, beginning on the next line", "\n    selection and «wrong"},
		{"plain, beginning on the next line behind a comment", "\n    # wrong\n    selection and «wrong"},
		{"plain with a comment behind it", "selection and «wrong # wrong"},
		{"plain with parentheses", "selection and (not(selection)and(«wrong))"},
		{"single quotes", "'selection and «wrong or selection'"},
		{"single quotes over lines", "'selection and\n\n    selection or «wrong'"},
		{"double quotes", "\"selection and «wrong or selection\""},
		{"double quotes over lines", "\"selection and\n    selection or «wrong\""},
		{"double quotes, an escape behind the word", "\"selection and «wrong\\n\""},
		{"folded", ">\n    selection and\n    selection or «wrong\n    and selection"},
		{"folded, stripped", ">-\n    selection and\n    «wrong"},
		{"folded, more indented", ">-\n    selection and\n        selection or\n      «wrong"},
		{"folded, empty lines in front", ">-\n\n\n    selection and\n    «wrong"},
		{"folded, a comment behind the sign", ">- # wrong\n    selection and\n    «wrong"},
		{"literal", "|\n    selection and\n    selection or «wrong\n    and selection"},
		{"literal, kept", "|+\n    selection and\n    «wrong\n\n"},
		{"literal, with a width", "|2-\n      selection and\n    «wrong"},
		{"literal, tabs", "|\n    selection\tand\t«wrong"},
		{"a list of conditions", "\n    - selection\n    - selection and «wrong"},
		{"a flow list of conditions", "[selection, 'selection and «wrong']"},
		{"a list of folded conditions", "\n    - >-\n      selection and\n      «wrong"},
	}
	for _, ends := range []struct{ about, lineEnd, start string }{
		{"LF", "\n", ""},
		{"CRLF", "\r\n", ""},
		{"byte order mark", "\n", "\ufeff"},
	} {
		for _, test := range tests {
			t.Run(test.about+", "+ends.about, func(t *testing.T) {
				t.Parallel()
				marked, _ := ruleWith([]string{"selection"}, test.text)
				before, _, _ := strings.Cut(marked, "«")
				line := strings.Count(before, "\n") + 1
				column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
				text := ends.start + strings.ReplaceAll(strings.Replace(marked, "«", "", 1), "\n", ends.lineEnd)
				var list diag.List
				Parse(File{Key: "test", Path: "test.yml", Source: "test.yml", Text: []byte(text)}, &list)
				var got []string
				for _, d := range list.Sorted() {
					if d.Code != "condition/unused-search" {
						got = append(got, fmt.Sprintf("%d:%d %d", d.Line, d.Column, d.Length))
					}
				}
				length := len("wrong")
				if strings.Contains(test.text, "«sel") {
					length = len("sel")
				}
				if diff := cmp.Diff([]string{fmt.Sprintf("%d:%d %d", line, column, length)}, got); diff != "" {
					t.Errorf("positions (-want +got):\n%s\n%s", diff, text)
				}
			})
		}
	}
}

// TestScalars holds the types of plain scalars against the YAML 1.2 core
// schema.
func TestScalars(t *testing.T) {
	t.Parallel()
	tests := []struct {
		yaml  string
		kind  Kind
		value string
		warns bool
	}{
		{"text", String, "text", false},
		{"", Null, "", false},
		{"~", Null, "~", false},
		{"null", Null, "null", false},
		{"Null", Null, "Null", false},
		{"NULL", Null, "NULL", false},
		{"nULL", String, "nULL", false},
		{"'null'", String, "null", false},
		{"''", String, "", false},
		{"true", Bool, "true", false},
		{"True", Bool, "true", false},
		{"FALSE", Bool, "false", false},
		{"tRUE", String, "tRUE", false},
		{"'true'", String, "true", false},
		{"\"true\"", String, "true", false},
		{"!!str true", String, "true", false},
		{"yes", String, "yes", false},
		{"No", String, "No", false},
		{"on", String, "on", false},
		{"y", String, "y", false},
		{"2024-01-31", String, "2024-01-31", false},
		{"2024-01-31T10:00:00Z", String, "2024-01-31T10:00:00Z", false},
		{"12:30:45", String, "12:30:45", false},
		{"0", Number, "0", false},
		{"-0", Number, "-0", false},
		{"5", Number, "5", false},
		{"+5", Number, "+5", false},
		{"-17.50", Number, "-17.50", false},
		{"5.", Number, "5.", false},
		{".5", Number, ".5", false},
		{"1e3", Number, "1e3", false},
		{"1.5E-7", Number, "1.5E-7", false},
		{"123456789012", Number, "123456789012", false},
		{"9007199254740993", Number, "9007199254740993", false},
		{"123456789012345678901234567890", Number, "123456789012345678901234567890", false},
		{"'5'", String, "5", false},
		{"017", String, "017", true},
		{"-017", String, "-017", true},
		{"00", String, "00", true},
		{"012345678901", String, "012345678901", true},
		{"089", String, "089", true},
		{"0o17", String, "0o17", true},
		{"0x1F", String, "0x1F", true},
		{"0b101", String, "0b101", true},
		{"1_000", String, "1_000", true},
		{"00.5", String, "00.5", true},
		{"'017'", String, "017", false},
		{".inf", String, ".inf", true},
		{".nan", String, ".nan", true},
		{"190:20:30", String, "190:20:30", false},
		{"1.2.3.4", String, "1.2.3.4", false},
		{"10.0.0.0/8", String, "10.0.0.0/8", false},
		{"arn:aws:iam::111122223333:root", String, "arn:aws:iam::111122223333:root", false},
		{"|-\n        a\n        b", String, "a\nb", false},
		{">-\n        a\n        b", String, "a b", false},
		{">-\n        null", String, "null", false},
		{"\"a\\tb\\x41\\u00e9\"", String, "a\tbAé", false},
		{"'it''s'", String, "it's", false},
	}
	for _, test := range tests {
		t.Run(test.yaml, func(t *testing.T) {
			t.Parallel()
			text := "title: Test\nlogsource: {product: aws}\nlevel: low\ndetection:\n  selection:\n    field: " + test.yaml + "\n  condition: selection\n"
			var list diag.List
			documents, ok := Parse(File{Key: "test", Path: "test.yml", Source: "test.yml", Text: []byte(text)}, &list)
			rule := documents[0]
			if !ok {
				t.Fatalf("%+v", list.Sorted())
			}
			got := rule.Searches[0].Maps[0][0].Values[0]
			got.Span = diag.Span{}
			if diff := cmp.Diff(Scalar{Kind: test.kind, Value: test.value}, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if warns := list.Count(diag.Warning) > 0; warns != test.warns {
				t.Errorf("warns = %v, want %v: %+v", warns, test.warns, list.Sorted())
			}
		})
	}
}

// TestAliasesAndMergeKeys holds that a document means what YAML says, whatever
// its author shares between places.
func TestAliasesAndMergeKeys(t *testing.T) {
	t.Parallel()
	text := `title: Test
logsource: {product: aws}
level: low
anchors:
  - &names [A, B]
  - &base
    eventSource: iam
    errorCode: null
  - &field eventName
detection:
  merged:
    <<: *base
    eventName: *names
  overridden:
    eventSource: sts
    <<: [*base, {eventSource: s3, userAgent: x}]
  key:
    *field : C
  whole: *base
  condition: &all all of them
`
	var list diag.List
	documents, ok := Parse(File{Key: "test", Path: "test.yml", Source: "test.yml", Text: []byte(text)}, &list)
	rule := documents[0]
	if !ok {
		t.Fatalf("%+v", list.Sorted())
	}
	got := map[string][]string{}
	for _, search := range rule.Searches {
		for _, item := range search.Maps[0] {
			entry := item.Field.Value + " ="
			for _, v := range item.Values {
				entry += " " + v.Value
			}
			got[search.Name.Value] = append(got[search.Name.Value], entry)
		}
	}
	want := map[string][]string{
		"merged":     {"eventName = A B", "eventSource = iam", "errorCode = null"},
		"overridden": {"eventSource = sts", "errorCode = null", "userAgent = x"},
		"key":        {"eventName = C"},
		"whole":      {"eventSource = iam", "errorCode = null"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("searches (-want +got):\n%s", diff)
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	tests := []struct {
		word       string
		candidates []string
		want       string
	}{
		{"filter_main_pipline", []string{"selection", "filter_main_pipeline"}, `did you mean "filter_main_pipeline"?`},
		{"HIGH", levels, `did you mean "high"?`},
		{"contain", []string{"contains", "cidr"}, `did you mean "contains"?`},
		{"xyz", []string{"selection"}, ""},
		{"", []string{"selection"}, ""},
		{"selection", nil, ""},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, DidYouMean(test.word, test.candidates)); diff != "" {
			t.Errorf("DidYouMean(%q, %q) (-want +got):\n%s", test.word, test.candidates, diff)
		}
	}
}
