package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/diag"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/plan"
	"github.com/trailalerts/trailalerts/cmd/sigmagen/internal/sigma"
)

// compile plans a rule with that detection.
func ruleOf(t *testing.T, detection string) *plan.Rule {
	t.Helper()
	text := "title: t\nlogsource: {product: aws}\nlevel: low\ndetection:\n"
	for line := range strings.Lines(detection) {
		text += "  " + line
	}
	var list diag.List
	documents, ok := sigma.Parse(sigma.File{Key: "rule", Path: "rule.yml", Source: "rule.yml", Text: []byte(text)}, &list)
	rule := documents[0]
	if ok {
		if rules := plan.Build([]*sigma.Rule{rule}, nil, &list); len(rules) == 1 {
			return rules[0]
		}
	}
	t.Fatalf("%s: %+v", text, list.Sorted())
	return nil
}

// TestItems holds one item against records. The cases are those of the Sigma
// specification, and of the decisions where it is silent.
func TestItems(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about string
		item  string
		match []string // records, as JSON
		not   []string
	}{
		{"a value covers the field, in any case", `f: Create`,
			[]string{`{"f":"create"}`, `{"f":"CREATE"}`}, []string{`{"f":"Creates"}`, `{"f":" Create"}`, `{"f":""}`, `{"f":null}`, `{}`, `{"F":"create"}`}},
		{"case is that of Unicode, rune by rune", `f: 'éΣk'`,
			[]string{`{"f":"ÉςK"}`, `{"f":"Éσk"}`, `{"f":"\u00c9\u03a3\u212a"}`}, []string{`{"f":"eΣk"}`}},
		{"no locale and no full folding", `f: ['ß', 'ı']`,
			[]string{`{"f":"ẞ"}`}, []string{`{"f":"ss"}`, `{"f":"I"}`, `{"f":"i"}`}},
		{"cased turns it off", `f|cased: Create`,
			[]string{`{"f":"Create"}`}, []string{`{"f":"create"}`}},
		{"cased wildcards", `f|cased|startswith: 'A?c'`,
			[]string{`{"f":"Abcd"}`}, []string{`{"f":"abcd"}`, `{"f":"AbCd"}`}},

		{"an asterisk is any text, with newlines", `f: 'a*z'`,
			[]string{`{"f":"az"}`, `{"f":"a\n\nZ"}`}, []string{`{"f":"az1"}`, `{"f":"1az"}`}},
		{"a question mark is one code point", `f: 'a?z'`,
			[]string{`{"f":"aéz"}`, `{"f":"a😀z"}`, `{"f":"a\nz"}`}, []string{`{"f":"az"}`, `{"f":"ae\u0301z"}`}},
		{"what other languages make special is literal", `f: 'a.[b]{c}$^+(d)|*'`,
			[]string{`{"f":"a.[b]{c}$^+(d)|"}`}, []string{`{"f":"ax[b]{c}$^+(d)|"}`}},
		{"escapes make literal", `f: 'a\*b\?c*'`,
			[]string{`{"f":"a*b?c"}`}, []string{`{"f":"axb?c"}`, `{"f":"a*bxc"}`}},
		{"two backslashes are one, a lone one is itself", `f: 'C:\\dir\sub\'`,
			[]string{`{"f":"C:\\dir\\sub\\"}`}, []string{`{"f":"C:\\\\dir\\sub\\"}`}},
		{"three or four backslashes are two", `f: ['a\\\b', 'c\\\\d']`,
			[]string{`{"f":"a\\\\b"}`, `{"f":"c\\\\d"}`}, []string{`{"f":"a\\b"}`}},
		{"a backslash at the end does not escape what contains adds", `f|contains: '\D\'`,
			[]string{`{"f":"x\\D\\y"}`}, []string{`{"f":"x\\D*"}`}},
		{"inner wildcards stay", `f|startswith: 'a*b'`,
			[]string{`{"f":"axxbyy"}`}, []string{`{"f":"xab"}`}},

		{"contains, with newlines around", `f|contains: b`, []string{`{"f":"a\nB\nc"}`}, []string{`{"f":"ac"}`}},
		{"startswith", `f|startswith: É`, []string{`{"f":"éa"}`}, []string{`{"f":"aé"}`, `{"f":"e"}`}},
		{"endswith", `f|endswith: É`, []string{`{"f":"aé"}`}, []string{`{"f":"éa"}`, `{"f":""}`}},
		{"a list is one of", `f: [a, b]`, []string{`{"f":"A"}`, `{"f":"b"}`}, []string{`{"f":"ab"}`}},
		{"all is each, overlaps included", `f|contains|all: [abc, bcd]`, []string{`{"f":"xabcdx"}`}, []string{`{"f":"abc"}`}},
		{"all may stand anywhere", `f|all|contains: [a, b]`, []string{`{"f":"ba"}`}, []string{`{"f":"a"}`}},

		{"a number equals its value and its text", `f: 5`, []string{`{"f":5}`, `{"f":5.0}`, `{"f":"5"}`, `{"f":0.5e1}`}, []string{`{"f":"5.0"}`, `{"f":"05"}`, `{"f":55}`, `{"f":true}`}},
		{"large numbers keep their digits", `f: 9007199254740993`, []string{`{"f":9007199254740993}`}, []string{`{"f":9007199254740992}`, `{"f":9007199254740993.1}`}},
		{"a text sees the number as written", `f: '5.0'`, []string{`{"f":5.0}`}, []string{`{"f":5}`, `{"f":5.00}`}},
		{"booleans are texts", `f: false`, []string{`{"f":false}`, `{"f":"False"}`}, []string{`{"f":0}`, `{"f":"no"}`, `{"f":null}`, `{}`}},
		{"true is not 1", `f: true`, []string{`{"f":true}`}, []string{`{"f":1}`, `{"f":"yes"}`}},
		{"parts of numbers", `f|startswith: 12`, []string{`{"f":123}`, `{"f":"12x"}`}, []string{`{"f":312}`}},
		{"the empty text is there and empty", `f: ''`, []string{`{"f":""}`}, []string{`{}`, `{"f":null}`, `{"f":" "}`, `{"f":0}`, `{"f":false}`, `{"f":[]}`}},
		{"null is absent or null", `f: null`, []string{`{}`, `{"f":null}`, `{"f":["a",null]}`}, []string{`{"f":""}`, `{"f":[]}`, `{"f":"null"}`, `{"f":{}}`, `{"f":{"g":null}}`}},
		{"exists", `f|exists: true`, []string{`{"f":null}`, `{"f":""}`, `{"f":[]}`, `{"f":{}}`}, []string{`{}`, `{"g":{"f":1}}`}},
		{"exists not", `f.g|exists: false`, []string{`{}`, `{"f":1}`, `{"f":[]}`, `{"f":{}}`, `{"f":[{"h":1}]}`}, []string{`{"f":{"g":null}}`, `{"f":[{},{"g":1}]}`}},

		{"a path walks objects", `a.b.c: x`, []string{`{"a":{"b":{"c":"x"}}}`}, []string{`{"a":{"b":"x"}}`, `{"c":"x"}`, `{"a":{"B":{"c":"x"}}}`}},
		{"a key may hold dots", `a.b.c: x`, []string{`{"a.b.c":"x"}`, `{"a":{"b.c":"x"}}`, `{"a.b":{"c":"x"}}`, `{"a":{"b":1},"a.b.c":"x"}`}, nil},
		{"every element of an array counts, at any depth", `a.b: x`, []string{`{"a":[{"b":"y"},{"b":"x"}]}`, `{"a":{"b":["y",["x"]]}}`}, []string{`{"a":[]}`, `{"a":{"b":[]}}`, `{"a":["x"]}`}},
		{"arrays in arrays", `a.b: x`, []string{`{"a":[[{"b":"x"}]]}`}, nil},
		{"an index is a key", `a.0: x`, []string{`{"a":{"0":"x"}}`}, []string{`{"a":["x"]}`}},
		{"each value of all may be in another element", `f|all: [a, b]`, []string{`{"f":["a","b"]}`}, []string{`{"f":["a"]}`}},
		{"tests on text look into objects", `f|contains: secret`, []string{`{"f":{"a":[{"b":"my secret"}]}}`}, []string{`{"f":{"secret":1}}`}},
		{"expressions, too", `f|re: '^b+$'`, []string{`{"f":{"a":"bb"}}`, `{"f":["a","b"]}`}, []string{`{"f":{"a":"ab"}}`}},
		{"comparisons do not", `f|gt: 1`, []string{`{"f":[2]}`}, []string{`{"f":{"a":2}}`}},
		{"networks do not", `f|cidr: 10.0.0.0/8`, []string{`{"f":["10.1.1.1"]}`}, []string{`{"f":{"a":"10.1.1.1"}}`}},
		{"times do not", `f|hour: 3`, []string{`{"f":["2024-01-01T03:00:00Z"]}`}, []string{`{"f":{"a":"2024-01-01T03:00:00Z"}}`}},

		{"neq negates the item", `f|neq: [a, b]`, []string{`{"f":"c"}`, `{}`, `{"f":null}`, `{"f":[]}`}, []string{`{"f":"A"}`, `{"f":["c","b"]}`}},
		{"neq and all", `f|neq|all|contains: [a, b]`, []string{`{"f":"a"}`, `{}`}, []string{`{"f":"ab"}`}},
		{"neq of a field", `f|fieldref|neq: g`, []string{`{"f":"a","g":"b"}`, `{"f":"a"}`}, []string{`{"f":"a","g":"A"}`}},

		{"an expression is searched, its case counts", `f|re: 'b.d'`, []string{`{"f":"abcde"}`}, []string{`{"f":"aBcde"}`, `{"f":"b\nd"}`}},
		{"with flags", `f|re|i|s|m: '^b.d$'`, []string{`{"f":"a\nB\nD\nc"}`}, []string{`{"f":"abd"}`}},
		{"the end is that of the text", `f|re: 'a$'`, []string{`{"f":"a"}`}, []string{`{"f":"a\n"}`}},
		{"a number is seen as written", `f|re: '^1e3$'`, []string{`{"f":1e3}`}, []string{`{"f":1000}`}},
		{"one of several", `f|re: ['^a', 'b$']`, []string{`{"f":"ax"}`, `{"f":"xb"}`}, []string{`{"f":"bxa"}`}},

		{"IPv4", `f|cidr: 10.20.0.0/14`, []string{`{"f":"10.23.255.255"}`}, []string{`{"f":"10.24.0.0"}`, `{"f":"::ffff:10.20.0.1"}`, `{"f":"AWS Internal"}`, `{"f":"10.20.0.1/32"}`, `{"f":" 10.20.0.1"}`, `{"f":"010.20.0.1"}`}},
		{"all of IPv4 is not IPv6", `f|cidr: 0.0.0.0/0`, []string{`{"f":"1.2.3.4"}`}, []string{`{"f":"::1"}`, `{"f":"x.amazonaws.com"}`, `{"f":""}`, `{"f":1}`}},
		{"IPv6", `f|cidr: ['2001:db8::/33', 'fe80::/10']`, []string{`{"f":"2001:DB8:7fff::1"}`, `{"f":"fe80::1"}`}, []string{`{"f":"2001:db8:8000::"}`, `{"f":"fe80::1%eth0"}`, `{"f":"10.0.0.1"}`}},

		{"less", `f|lt: -1.5`, []string{`{"f":-2}`, `{"f":-1.51}`, `{"f":-1e1}`, `{"f":"-2"}`}, []string{`{"f":-1.50}`, `{"f":0}`, `{"f":"a"}`, `{"f":true}`, `{"f":null}`, `{}`, `{"f":""}`, `{"f":"-2x"}`}},
		{"at most", `f|lte: 10`, []string{`{"f":10.0}`, `{"f":9.999}`, `{"f":0}`, `{"f":"1e1"}`}, []string{`{"f":10.0000000000000000001}`, `{"f":"1e+-1"}`, `{"f":" 1"}`}},
		{"greater", `f|gt: 9007199254740992`, []string{`{"f":9007199254740993}`, `{"f":1e99999999999}`}, []string{`{"f":9007199254740992}`, `{"f":-1e99999999999}`}},
		{"at least", `f|gte: 0.05`, []string{`{"f":0.05}`, `{"f":5e-2}`, `{"f":1}`}, []string{`{"f":0.049}`, `{"f":-1}`, `{"f":0}`}},
		{"all comparisons of a list under all", `f|gt|all: [1, 5]`, []string{`{"f":6}`}, []string{`{"f":3}`}},

		{"a field equals another, ignoring case", `f|fieldref: a.g`, []string{`{"f":"x","a":{"g":"X"}}`, `{"f":["y","x"],"a":[{"g":"x"}]}`, `{"f":5,"a":{"g":5.0}}`, `{"f":5,"a":{"g":"5"}}`, `{"f":true,"a":{"g":"TRUE"}}`},
			[]string{`{"f":"x"}`, `{}`, `{"f":null,"a":{"g":null}}`, `{"f":"a.g","a":{"g":"x"}}`, `{"f":5,"a":{"g":7}}`, `{"f":{"h":"x"},"a":{"g":"x"}}`, `{"f":5,"a":{"g":"5.0"}}`}},
		{"an empty field equals an empty one", `f|fieldref: g`, []string{`{"f":"","g":""}`}, nil},
		{"it begins with another", `f|fieldref|startswith: g`, []string{`{"f":"abc","g":"AB"}`}, []string{`{"f":"ab","g":"abc"}`, `{"f":"cab","g":"ab"}`}},
		{"it ends with another", `f|fieldref|endswith: g`, []string{`{"f":"arn:user/Bob","g":"bob"}`}, []string{`{"f":"bob1","g":"bob"}`}},
		{"it contains another", `f|fieldref|contains: [h, g]`, []string{`{"f":"xbobx","g":"Bob"}`}, []string{`{"f":"bo","g":"bob"}`, `{"f":"bo","g":""}`, `{"f":"","g":""}`}},

		{"base64 may stand inside", `f|base64|contains: 'ab'`, []string{`{"f":"xxYWI=yy"}`}, []string{`{"f":"YWJ"}`}},
		{"base64 is text: case does not count", `f|base64: 'ab'`, []string{`{"f":"YWI="}`, `{"f":"ywi="}`}, []string{`{"f":"ab"}`}},
		{"base64offset at every shift", `f|base64offset|contains: 'foobar'`, []string{`{"f":"Zm9vYmFy"}`, `{"f":"eGZvb2Jhcg=="}`, `{"f":"eHhmb29iYXI="}`}, []string{`{"f":"foobar"}`}},
		{"wide", `f|wide|base64: 'ab'`, []string{`{"f":"YQBiAA=="}`}, nil},
		{"utf16 has a mark", `f|utf16|base64: 'a'`, []string{`{"f":"//5hAA=="}`}, []string{`{"f":"YQA="}`}},
		{"utf16be", `f|utf16be|base64: '😀'`, []string{`{"f":"2D3eAA=="}`}, nil},
		{"dashes of flags", `f|windash|contains: ' -enc '`, []string{`{"f":"ps /enc x"}`, `{"f":"ps ―enc x"}`, `{"f":"ps -enc x"}`}, []string{`{"f":"ps enc x"}`}},

		{"hour, as the text writes it", `f|hour: [0, 3]`,
			[]string{`{"f":"2024-02-29T03:59:60Z"}`, `{"f":"2024-01-01 00:00"}`, `{"f":"2024-01-01T03:00:00.123+09:30"}`, `{"f":"2024-01-01t03:00:00,5z"}`, `{"f":"2024-01-01T03:00-0500"}`},
			[]string{`{"f":"2024-01-01"}`, `{"f":"2023-02-29T03:00:00Z"}`, `{"f":"2024-01-01T3:00:00Z"}`, `{"f":"2024-01-01T03:00:00X"}`, `{"f":3}`, `{"f":"03:00"}`, `{"f":"2024-13-01T03:00:00Z"}`, `{"f":"2024-01-01T03:60:00Z"}`, `{}`}},
		{"minute", `f|minute: 7`, []string{`{"f":"2024-01-01T03:07:08Z"}`}, []string{`{"f":"2024-01-01T07:08:07Z"}`}},
		{"day", `f|day: 29`, []string{`{"f":"2024-02-29"}`}, []string{`{"f":"2024-02-28"}`}},
		{"week is that of ISO", `f|week: 1`, []string{`{"f":"2024-12-31"}`}, []string{`{"f":"2023-01-01"}`}},
		{"month", `f|month|gte: 11`, []string{`{"f":"2024-12-31"}`, `{"f":"2024-11-01T00:00:00Z"}`}, []string{`{"f":"2024-10-31"}`}},
		{"year", `f|year|lt: 2024`, []string{`{"f":"2023-12-31T23:59:59-12:00"}`}, []string{`{"f":"2024-01-01"}`}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			rule := ruleOf(t, "s: {"+test.item+"}\ncondition: s\n")
			check(t, rule, test.match, test.not)
		})
	}
}

func check(t *testing.T, rule *plan.Rule, match, not []string) {
	t.Helper()
	for _, record := range match {
		if e := Explain(rule, []byte(record)); !e.Match {
			t.Errorf("%s should match\n%s", record, e)
		}
	}
	for _, record := range not {
		if e := Explain(rule, []byte(record)); e.Match {
			t.Errorf("%s should not match\n%s", record, e)
		}
	}
}

// TestDetections holds whole detections against records.
func TestDetections(t *testing.T) {
	t.Parallel()
	tests := []struct {
		about     string
		detection string
		match     []string
		not       []string
	}{
		{"a map is all of its items", "s: {a: 1, b: 2}\ncondition: s\n", []string{`{"a":1,"b":2}`}, []string{`{"a":1}`, `{"b":2}`}},
		{"a list of maps is one of them", "s: [{a: 1}, {b: 2, c: 3}]\ncondition: s\n", []string{`{"a":1}`, `{"b":2,"c":3}`}, []string{`{"b":2}`}},
		{"two keys below an array do not bind to one element", "s: {a.x: 1, a.y: 2}\ncondition: s\n", []string{`{"a":[{"x":1},{"y":2}]}`}, nil},
		{"keywords are parts of any value, not of keys", "s: [adm*n, 12]\ncondition: s\n",
			[]string{`{"a":[{"b":"the ADMIN is"}]}`, `{"a":3123}`}, []string{`{"admin":"a"}`, `{"a":"adm","b":"in"}`, `{"a":null}`}},
		{"all keywords, in different fields", "s: {'|all': [foo, bar]}\ncondition: s\n", []string{`{"a":"foo","b":["bar"]}`}, []string{`{"a":"foo"}`}},
		{"keywords as expressions", "s: {'|re': '^b+$'}\ncondition: s\n", []string{`{"a":{"c":"bb"}}`}, []string{`{"a":"abb"}`}},
		{"not binds tighter than and, and tighter than or", "a: {a: 1}\nb: {b: 1}\nc: {c: 1}\ncondition: a or not b and c\n",
			[]string{`{"a":1,"b":1}`, `{"c":1}`}, []string{`{"b":1,"c":1}`, `{}`}},
		{"not of an absent field holds", "s: {f: x}\ncondition: not s\n", []string{`{}`, `{"f":[]}`}, []string{`{"f":["y","x"]}`}},
		{"them leaves out names with an underscore", "a: {a: 1}\n_b: {b: 1}\ncondition: all of them or _b\n", []string{`{"a":1}`, `{"b":1}`}, []string{`{}`}},
		{"patterns", "s_a: {a: 1}\ns_b: {b: 1}\nt: {c: 1}\ncondition: all of s_* and not 1 of t*\n", []string{`{"a":1,"b":1}`}, []string{`{"a":1}`, `{"a":1,"b":1,"c":1}`}},
		{"one of several conditions is enough", "a: {a: 1}\nb: {b: 1}\ncondition: [a, b]\n", []string{`{"a":1}`, `{"b":1}`}, []string{`{}`}},
		{"of equal keys the first counts", "s: {a.b: x}\ncondition: s\n", []string{`{"a":{"b":"x","b":"y"}}`, `{"a":{"b":"x"},"a":1}`}, []string{`{"a":{"b":"y","b":"x"}}`}},
		{"keys may be escaped", "s: {a.b: x}\ncondition: s\n", []string{`{"\u0061":{"b":"\u0078"}}`}, nil},
		{"what is no record matches nothing", "s: {f: x}\ncondition: not s\n",
			[]string{`{}`, ` {"a":` + strings.Repeat("[", 299) + strings.Repeat("]", 299) + `} `},
			[]string{``, `[]`, `null`, `{`, `{} {}`, `{}x`, `{"a":1,}`, `[{}]`, `{"a":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`}},
	}
	for _, test := range tests {
		t.Run(test.about, func(t *testing.T) {
			t.Parallel()
			check(t, ruleOf(t, test.detection), test.match, test.not)
		})
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	rule := ruleOf(t, "s: {a: 1}\ncondition: s\n")
	filter := ruleOf(t, "s: {b: 1}\ncondition: not s\n")
	rule.Filters = []*plan.Filter{{Syntax: filter.Syntax, Searches: filter.Searches, Conditions: filter.Conditions}}
	check(t, rule, []string{`{"a":1}`}, []string{`{"a":1,"b":1}`, `{"b":2}`})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	rule := ruleOf(t, "one: [{a.b|startswith: [x, 'y*z'], c|neq: 5}, {d: null}]\ntwo: {e|hour|gte: 4}\ncondition: one and not two\n")
	got := Explain(rule, []byte(`{"a":[{"b":"w"},{"b":["Xx",{"k":true}]}],"c":5}`)).String()
	want := `match: true
condition "one and not two": true
search one: true
  map 0: a.b begins with "x": true, read "w" "Xx" true
  map 0: a.b is like "y*z*": false, read "w" "Xx" true
  map 0: not c is the number "5": true, read 5
  map 1: d is null: true, read nothing
search two: false
  map 0: e hour is at least "4": false, read nothing
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("explanation (-want +got):\n%s", diff)
	}
	got = Explain(rule, []byte(`{]`)).String()
	if want := "match: false\nthe record is not valid JSON\n"; got != want {
		t.Errorf("explanation of no record: %q, want %q", got, want)
	}
}

type unknown struct{ plan.Expr }

func TestUnknownNodesPanic(t *testing.T) {
	t.Parallel()
	search := func(p plan.Predicate) *plan.Rule {
		s := &plan.Search{Maps: []plan.Map{{{Field: "f", Groups: [][]plan.Predicate{{p}}}}}}
		return &plan.Rule{Searches: []*plan.Search{s}, Conditions: []plan.Condition{{Expr: plan.Ref{Search: s}}}}
	}
	for about, rule := range map[string]*plan.Rule{
		"a condition":                     {Conditions: []plan.Condition{{Expr: unknown{}}}},
		"a predicate":                     search(plan.Predicate{Field: "f"}),
		"a predicate beyond the last one": search(plan.Predicate{Field: "f", Op: plan.IsNull + 1}),
		"a part of a time":                search(plan.Predicate{Field: "f", Op: plan.Equal, Part: "second", Values: []plan.Value{{Text: "1"}}}),
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("nothing panicked")
				}
			}()
			Match(rule, []byte(`{"f":"2024-01-01"}`))
		})
	}
}

// TestRecord: a record that is read once matches what it matches when it is read
// for each rule, also what it compiled an expression for before.
func TestRecord(t *testing.T) {
	t.Parallel()
	text := []byte(`{"f":"Create", "g":["ab", 5]}`)
	record, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for detection, want := range map[string]bool{
			"s: {f: 'cre*'}\ncondition: s\n":                      true,
			"s: {f|cased: 'cre*'}\ncondition: s\n":                false,
			"s: {g|re: '^a', f|re: '^C'}\ncondition: s\n":         true,
			"s: {g|re: '^b'}\ncondition: s\n":                     false,
			"s: {g: 5}\nt: {g|gt: 5}\ncondition: s and not t\n":   true,
			"s: {g: 5}\nt: {g|gte: 5}\ncondition: s and not t\n":  false,
			"s: {h: null}\nt: {f: x}\ncondition: s and not t\n":   true,
			"s: {h: null}\nt: {f: Create}\ncondition: s and t\n":  true,
			"s: {h: null}\nt: {f: Creates}\ncondition: s and t\n": false,
		} {
			rule := ruleOf(t, detection)
			if got, explained := record.Match(rule), Explain(rule, text).Match; got != want || explained != want {
				t.Errorf("%s: %t, explained %t, want %t", detection, got, explained, want)
			}
		}
	}
	if _, err := Read([]byte(`[]`)); err == nil || err.Error() != "the record is not a JSON object" {
		t.Errorf("read a list: %v", err)
	}
	if Match(ruleOf(t, "s: {f: null}\ncondition: s\n"), []byte(`{`)) {
		t.Error("a rule holds on what is no record")
	}
}
