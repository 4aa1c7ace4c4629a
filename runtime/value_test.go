package runtime

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

func TestPredicates(t *testing.T) {
	re := regexp.MustCompile
	network := netip.MustParsePrefix
	for _, test := range []struct {
		why  string
		json string
		hold func(e *Event) bool
		want bool
	}{
		// Equality.
		{"Text covers the whole field.", `{"a":"CreateUser"}`, func(e *Event) bool { return e.Get("a").EqualFold("createuser") }, true},
		{"A part of the field is not enough.", `{"a":"CreateUserX"}`, func(e *Event) bool { return e.Get("a").EqualFold("CreateUser") }, false},
		{"Folding goes beyond ASCII.", `{"a":"École"}`, func(e *Event) bool { return e.Get("a").EqualFold("éCOLE") }, true},
		{"Both lower sigmas are one letter.", `{"a":"ΟΔΟΣ"}`, func(e *Event) bool { return e.Get("a").EqualFold("οδος") }, true},
		{"There are no locale rules: dotless i is not I.", `{"a":"ı"}`, func(e *Event) bool { return e.Get("a").EqualFold("I") }, false},
		{"A JSON boolean has the text of its name.", `{"a":true}`, func(e *Event) bool { return e.Get("a").EqualFold("true") }, true},
		{"True is not 1.", `{"a":1}`, func(e *Event) bool { return e.Get("a").EqualFold("true") }, false},
		{"A JSON number is compared by its text.", `{"a":5.0}`, func(e *Event) bool { return e.Get("a").EqualFold("5") }, false},
		{"An empty text equals an empty field.", `{"a":""}`, func(e *Event) bool { return e.Get("a").EqualFold("") }, true},
		{"An empty text does not equal an absent field.", `{}`, func(e *Event) bool { return e.Get("a").EqualFold("") }, false},
		{"An empty text does not equal null.", `{"a":null}`, func(e *Event) bool { return e.Get("a").EqualFold("") }, false},
		{"null has no text.", `{"a":null}`, func(e *Event) bool { return e.Get("a").EqualFold("null") }, false},

		// Parts.
		{"A prefix is folded.", `{"a":"arn:AWS:iam"}`, func(e *Event) bool { return e.Get("a").HasPrefixFold("ARN:aws:") }, true},
		{"A prefix longer than the field does not hold.", `{"a":"ar"}`, func(e *Event) bool { return e.Get("a").HasPrefixFold("arn") }, false},
		{"A suffix is folded.", `{"a":"x:policy/ADMIN"}`, func(e *Event) bool { return e.Get("a").HasSuffixFold("policy/admin") }, true},
		{"A suffix may have a letter of another length.", `{"a":"xK"}`, func(e *Event) bool { return e.Get("a").HasSuffixFold("\u212a") }, true},
		{"A part anywhere is found, folded.", `{"a":"Mozilla S3 browser 9"}`, func(e *Event) bool { return e.Get("a").ContainsFold("S3 BROWSER") }, true},
		{"A part over a line end is found.", `{"a":"x\ny"}`, func(e *Event) bool { return e.Get("a").ContainsFold("X\nY") }, true},
		{"The Kelvin sign is a k.", `{"a":"to\u212aen"}`, func(e *Event) bool { return e.Get("a").ContainsFold("token") }, true},

		// Patterns.
		{"An asterisk stands for text over lines.", `{"a":"ab\ncd"}`, func(e *Event) bool { return e.Get("a").LikeFold("A*D") }, true},
		{"An asterisk stands for no text.", `{"a":""}`, func(e *Event) bool { return e.Get("a").LikeFold("*") }, true},
		{"A pattern covers the whole field.", `{"a":"abc"}`, func(e *Event) bool { return e.Get("a").LikeFold("*b") }, false},
		{"A question mark is one character, not one byte.", `{"a":"é"}`, func(e *Event) bool { return e.Get("a").LikeFold("?") }, true},
		{"A question mark is not none.", `{"a":""}`, func(e *Event) bool { return e.Get("a").LikeFold("?") }, false},
		{"Two asterisks have to go back.", `{"a":"aXbXbc"}`, func(e *Event) bool { return e.Get("a").LikeFold("a*b*bc") }, true},
		{"An escaped asterisk is one.", `{"a":"arn:x"}`, func(e *Event) bool { return e.Get("a").LikeFold(`arn:\*`) }, false},
		{"An escaped asterisk equals one.", `{"a":"x*"}`, func(e *Event) bool { return e.Get("a").LikeFold(`?\*`) }, true},
		{"Other marks are text.", `{"a":"a.c"}`, func(e *Event) bool { return e.Get("a").LikeFold("a[b]c*") }, false},

		// Numbers.
		{"Numbers are equal by value.", `{"a":5.0}`, func(e *Event) bool { return e.Get("a").EqualNumber("5") }, true},
		{"Exponents are read.", `{"a":5e2}`, func(e *Event) bool { return e.Get("a").EqualNumber("500") }, true},
		{"Large integers keep their digits.", `{"a":9007199254740993}`, func(e *Event) bool { return e.Get("a").EqualNumber("9007199254740992") }, false},
		{"A text equals a number as it stands.", `{"a":"5"}`, func(e *Event) bool { return e.Get("a").EqualNumber("5") }, true},
		{"A text does not equal it by value.", `{"a":"5.0"}`, func(e *Event) bool { return e.Get("a").EqualNumber("5") }, false},
		{"Zero has no sign.", `{"a":-0.0}`, func(e *Event) bool { return e.Get("a").EqualNumber("0") }, true},
		{"Leading zeros behind the point count.", `{"a":0.05}`, func(e *Event) bool { return e.Get("a").EqualNumber("0.5") }, false},
		{"Exponents beyond any integer are read.", `{"a":1e99999999999999999999}`, func(e *Event) bool { return e.Get("a").EqualNumber("1e-99999999999999999999") }, false},

		// Expressions.
		{"An expression is found anywhere.", `{"a":"xassumed-role/aws:y"}`, func(e *Event) bool { return e.Get("a").Matches(re(`role/aws:.+`)) }, true},
		{"An expression minds the case.", `{"a":"ROOT"}`, func(e *Event) bool { return e.Get("a").Matches(re(`root`)) }, false},
		{"An expression sees the text of numbers.", `{"a":443}`, func(e *Event) bool { return e.Get("a").Matches(re(`^4\d3$`)) }, true},

		// Addresses.
		{"An address lies in a network.", `{"a":"10.20.255.255"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("10.20.0.0/16")) }, true},
		{"The next address does not.", `{"a":"10.21.0.0"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("10.20.0.0/16")) }, false},
		{"IPv6 is read.", `{"a":"2001:DB8::1"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("2001:db8::/32")) }, true},
		{"All of IPv4 is not IPv6.", `{"a":"::1"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("0.0.0.0/0")) }, false},
		{"A mapped address is IPv6.", `{"a":"::ffff:10.0.0.1"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("10.0.0.0/8")) }, false},
		{"A service is no address.", `{"a":"AWS Internal"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("0.0.0.0/0")) }, false},
		{"An invalid address is none.", `{"a":"225.01.00.16"}`, func(e *Event) bool { return e.Get("a").InPrefix(network("0.0.0.0/0")) }, false},
		{"An address test does not look into objects.", `{"a":{"b":"10.0.0.1"}}`, func(e *Event) bool { return e.Get("a").InPrefix(network("10.0.0.0/8")) }, false},

		// Fields.
		{"Two fields are equal.", `{"a":"Alice","b":"alice"}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, true},
		{"Two fields differ.", `{"a":"alice","b":"bob"}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, false},
		{"Two numbers are compared, not one with itself.", `{"a":5,"b":7}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, false},
		{"Two numbers are equal by value.", `{"a":5,"b":5.0}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, true},
		{"Two absent fields are not equal.", `{}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, false},
		{"Two nulls are not equal.", `{"a":null,"b":null}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, false},
		{"Any element of either side will do.", `{"a":["x","y"],"b":["z","y"]}`, func(e *Event) bool { return e.Get("a").EqualField("b") }, true},

		{"A value begins with another field.", `{"a":"arn:x:alice","b":"ARN:"}`, func(e *Event) bool { return e.Get("a").HasPrefixField("b") }, true},
		{"And not the other way round.", `{"a":"arn:","b":"arn:x"}`, func(e *Event) bool { return e.Get("a").HasPrefixField("b") }, false},
		{"An empty field is no part of a value.", `{"a":"x","b":""}`, func(e *Event) bool { return e.Get("a").ContainsField("b") || e.Get("a").HasSuffixField("b") }, false},
		{"A value ends with another field.", `{"a":"user/alice","b":["bob","Alice"]}`, func(e *Event) bool { return e.Get("a").HasSuffixField("b") }, true},
		{"A value contains another field.", `{"a":"x-7-y","b":7}`, func(e *Event) bool { return e.Get("a").ContainsField("b") }, true},
		{"Two numbers are compared as text where a part is asked for.", `{"a":15.0,"b":15}`, func(e *Event) bool { return e.Get("a").HasPrefixField("b") }, true},

		// Case.
		{"Case counts where it is asked for.", `{"a":"admin"}`, func(e *Event) bool { return e.Get("a").Equal("Admin") }, false},
		{"The same case is equal.", `{"a":"Admin"}`, func(e *Event) bool { return e.Get("a").Equal("x", "Admin") }, true},
		{"A prefix in another case.", `{"a":"admin"}`, func(e *Event) bool { return e.Get("a").HasPrefix("Adm") }, false},
		{"A suffix in the same case.", `{"a":"admin"}`, func(e *Event) bool { return e.Get("a").HasSuffix("min") }, true},
		{"A part in another case.", `{"a":"admin"}`, func(e *Event) bool { return e.Get("a").Contains("DM") }, false},
		{"A pattern in the same case.", `{"a":"GetPasswordData"}`, func(e *Event) bool { return e.Get("a").Like("Get*Data") }, true},
		{"A pattern in another case.", `{"a":"GetPassworddata"}`, func(e *Event) bool { return e.Get("a").Like("Get*Data") }, false},

		// Comparisons.
		{"A number is less.", `{"a":9}`, func(e *Event) bool { return e.Get("a").Less("10") }, true},
		{"An equal number is not less.", `{"a":10.0}`, func(e *Event) bool { return e.Get("a").Less("10") }, false},
		{"An equal number is at most.", `{"a":1e1}`, func(e *Event) bool { return e.Get("a").LessOrEqual("10") }, true},
		{"Large numbers keep their digits.", `{"a":9007199254740993}`, func(e *Event) bool { return e.Get("a").Greater("9007199254740992") }, true},
		{"Negative numbers are ordered.", `{"a":-4}`, func(e *Event) bool { return e.Get("a").Less("-3") }, true},
		{"A negative number is less than zero.", `{"a":-0.5}`, func(e *Event) bool { return e.Get("a").GreaterOrEqual("0") }, false},
		{"More digits behind the point are more.", `{"a":0.251}`, func(e *Event) bool { return e.Get("a").Greater("0.25") }, true},
		{"The text of a number is compared by value.", `{"a":"7200"}`, func(e *Event) bool { return e.Get("a").Greater("3600") }, true},
		{"Other text is not.", `{"a":"many"}`, func(e *Event) bool { return e.Get("a").Greater("3600") }, false},
		{"A boolean is not.", `{"a":true}`, func(e *Event) bool { return e.Get("a").GreaterOrEqual("0") }, false},
		{"Comparisons do not look into objects.", `{"a":{"b":5}}`, func(e *Event) bool { return e.Get("a").Less("10") }, false},

		// Times.
		{"The hour is that of the text.", `{"a":"2024-03-05T22:42:09Z"}`, func(e *Event) bool { return e.Get("a").Part(Hour).Equal(21, 22) }, true},
		{"No zone is converted.", `{"a":"2024-03-05T22:42:09+05:00"}`, func(e *Event) bool { return e.Get("a").Part(Hour).Equal(17) }, false},
		{"Minutes are compared.", `{"a":"2024-03-05T22:42:09.123Z"}`, func(e *Event) bool { return e.Get("a").Part(Minute).GreaterOrEqual(42) }, true},
		{"A day.", `{"a":"2024-03-05"}`, func(e *Event) bool { return e.Get("a").Part(Day).Equal(5) }, true},
		{"A month before another.", `{"a":"2024-03-05T22:42"}`, func(e *Event) bool { return e.Get("a").Part(Month).Less(4) }, true},
		{"The week is that of ISO 8601.", `{"a":"2024-12-30T00:00:00Z"}`, func(e *Event) bool { return e.Get("a").Part(Week).Equal(1) }, true},
		{"The year is that of the calendar.", `{"a":"2024-12-30T00:00:00Z"}`, func(e *Event) bool { return e.Get("a").Part(Year).LessOrEqual(2024) }, true},
		{"A date alone has no hour.", `{"a":"2024-03-05"}`, func(e *Event) bool { return e.Get("a").Part(Hour).Equal(0) }, false},
		{"A day that does not exist is none.", `{"a":"2024-02-30T01:00:00Z"}`, func(e *Event) bool { return e.Get("a").Part(Year).Equal(2024) }, false},
		{"Other text is no time.", `{"a":"2024-03-05T22:42:09 noon"}`, func(e *Event) bool { return e.Get("a").Part(Year).Equal(2024) }, false},
		{"An offset of no zone makes no time.", `{"a":"2024-03-05T03:42:09+99:99"}`, func(e *Event) bool { return e.Get("a").Part(Hour).Equal(3) }, false},
		{"A number is no time.", `{"a":20240305}`, func(e *Event) bool { return e.Get("a").Part(Year).Greater(0) }, false},

		// Keywords.
		{"A keyword is found in any value.", `{"a":[{"b":"x mimikatz y"}]}`, func(e *Event) bool { return e.Leaves().ContainsFold("MIMIKATZ") }, true},
		{"A keyword is not looked for in names of fields.", `{"mimikatz":1}`, func(e *Event) bool { return e.Leaves().ContainsFold("mimikatz") }, false},
		{"A keyword is found in a number.", `{"a":{"b":31337}}`, func(e *Event) bool { return e.Leaves().ContainsFold("31337") }, true},
		{"A keyword does not span values.", `{"a":"mimi","b":"katz"}`, func(e *Event) bool { return e.Leaves().ContainsFold("mimikatz") }, false},

		// Presence.
		{"An absent field is null.", `{}`, func(e *Event) bool { return e.Get("a.b").IsNull() }, true},
		{"A JSON null is null.", `{"a":null}`, func(e *Event) bool { return e.Get("a").IsNull() }, true},
		{"An empty text is not null.", `{"a":""}`, func(e *Event) bool { return e.Get("a").IsNull() }, false},
		{"An empty array is not null.", `{"a":[]}`, func(e *Event) bool { return e.Get("a").IsNull() }, false},
		{"A null in an array is null.", `{"a":["x",null]}`, func(e *Event) bool { return e.Get("a").IsNull() }, true},
		{"A null inside an object is not.", `{"a":{"b":null}}`, func(e *Event) bool { return e.Get("a").IsNull() }, false},
		{"The path through a text is absent.", `{"a":"x"}`, func(e *Event) bool { return e.Get("a.b").IsNull() }, true},
		{"A null exists.", `{"a":null}`, func(e *Event) bool { return e.Get("a").Exists() }, true},
		{"An empty array exists.", `{"a":[]}`, func(e *Event) bool { return e.Get("a").Exists() }, true},
		{"The path through an empty array does not exist.", `{"a":[]}`, func(e *Event) bool { return e.Get("a.b").Exists() }, false},

		// Paths.
		{"A path walks objects.", `{"a":{"b":{"c":"x"}}}`, func(e *Event) bool { return e.Get("a.b.c").EqualFold("x") }, true},
		{"Keys are exact.", `{"A":{"b":"x"}}`, func(e *Event) bool { return e.Get("a.b").EqualFold("x") }, false},
		{"A path crosses arrays.", `{"a":[{"b":"x"},{"b":["y","z"]}]}`, func(e *Event) bool { return e.Get("a.b").EqualFold("z") }, true},
		{"Nested arrays flatten.", `{"a":[[["x"]]]}`, func(e *Event) bool { return e.Get("a").EqualFold("x") }, true},
		{"A digit is a key, not an index.", `{"a":["x"]}`, func(e *Event) bool { return e.Get("a.0").EqualFold("x") }, false},
		{"A key may hold dots.", `{"a.b":"x"}`, func(e *Event) bool { return e.Get("a.b").EqualFold("x") }, true},
		{"A key deeper down may hold dots.", `{"a":{"b.c":{"d":"x"}}}`, func(e *Event) bool { return e.Get("a.b.c.d").EqualFold("x") }, true},
		{"Both ways to read a path count.", `{"a":{"b":"x"},"a.b":"y"}`, func(e *Event) bool { return e.Get("a.b").EqualFold("y") }, true},
		{"Text is looked for inside objects.", `{"a":{"b":[{"c":"Suspended"}]}}`, func(e *Event) bool { return e.Get("a").ContainsFold("suspend") }, true},
		{"Keys inside objects are not looked at.", `{"a":{"Suspended":1}}`, func(e *Event) bool { return e.Get("a").ContainsFold("suspend") }, false},
		{"An escaped key is its text.", `{"a":{"\u0062":"x"}}`, func(e *Event) bool { return e.Get("a.b").EqualFold("x") }, true},
	} {
		e := NewEvent([]byte(test.json))
		if got := test.hold(e); got != test.want || e.Err() != nil {
			t.Errorf("%s %s: got %v, want %v (%v)", test.why, test.json, got, test.want, e.Err())
		}
	}
}

func TestAnUnreadableRecordSatisfiesNoPredicate(t *testing.T) {
	for _, raw := range []string{``, `{`, `[]`, `5`, `"x"`, `null`, `{"a":1}}`, `{"a":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + `}`} {
		e := NewEvent([]byte(raw))
		v := e.Get("a")
		if e.Err() == nil || e.Valid() {
			t.Errorf("%.20q is taken for a record", raw)
		}
		if v.EqualFold("1") || v.Exists() || v.IsNull() || v.LikeFold("*") || v.EqualField("a") || v.Text() != "" {
			t.Errorf("a predicate holds on %.20q", raw)
		}
	}
	deep := NewEvent([]byte(`{"a":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + `}`))
	if got, want := fmt.Sprint(deep.Err()), "the record is nested deeper than 300 levels"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestResetForgetsTheRecordBefore(t *testing.T) {
	e := NewEvent([]byte(`{"a":"x"}`))
	if !e.Get("a").EqualFold("x") {
		t.Fatal("the first record is not read")
	}
	e.Reset([]byte(`{broken`))
	if e.Err() == nil || e.Get("a").Exists() {
		t.Error("the first record is still read")
	}
	e.Reset([]byte(`{"a":"y"}`))
	if e.Err() != nil || !e.Get("a").EqualFold("y") {
		t.Error("the third record is not read")
	}
}

func TestTexts(t *testing.T) {
	e := NewEvent([]byte(`{"a":{"b":["x",null,1.50,{"c":true}]}}`))
	if got := fmt.Sprintf("%q", e.Get("a").Texts(10)); got != `["x" "1.50" "true"]` {
		t.Errorf("got %s", got)
	}
	if got := fmt.Sprintf("%q", e.Get("a").Texts(2)); got != `["x" "1.50"]` {
		t.Errorf("with a limit of 2: got %s", got)
	}
	if got := e.Get("z").Text(); got != "" {
		t.Errorf("an absent field has the text %q", got)
	}
}

func TestKeys(t *testing.T) {
	for _, test := range []struct {
		why          string
		json         string
		source, name string
		ok           bool
	}{
		{"Both are folded.", `{"eventSource":"IAM.amazonaws.com","eventName":"CreateUser"}`, "iam.amazonaws.com", "createuser", true},
		{"The Kelvin sign folds to k.", `{"eventSource":"\u212ams","eventName":"x"}`, "kms", "x", true},
		{"Absent is empty.", `{"eventName":"x"}`, "", "x", true},
		{"Null is empty.", `{"eventSource":null,"eventName":"x"}`, "", "x", true},
		{"An escaped key is found.", `{"event\u0053ource":"a","eventName":"b"}`, "a", "b", true},
		{"An escaped value is decoded.", `{"eventSource":"\u0061","eventName":"b"}`, "a", "b", true},
		{"Keys deeper down are not them.", `{"x":{"eventSource":"no"},"y":[{"eventName":"no"}],"eventSource":"a","eventName":"b"}`, "a", "b", true},
		{"Text that looks like a key is not one.", `{"x":"\"eventSource\":\"no\"","eventSource":"a","eventName":"b"}`, "a", "b", true},
		{"The first of two equal keys counts.", `{"eventSource":"a","eventSource":"z","eventName":"b"}`, "a", "b", true},
		{"White space is skipped.", " {\n\t\"eventSource\" : \"a\" ,\r\n \"eventName\":\"b\" } ", "a", "b", true},
		{"An array cannot be switched on.", `{"eventSource":["a"],"eventName":"b"}`, "", "", false},
		{"A number cannot be switched on.", `{"eventSource":"a","eventName":5}`, "", "", false},
		{"An unreadable record has none.", `{"eventSource":`, "", "", true},
	} {
		e := NewEvent([]byte(test.json))
		source, name, ok := e.Keys()
		if source != test.source || name != test.name || ok != test.ok {
			t.Errorf("%s %s: got (%q, %q, %v)", test.why, test.json, source, name, ok)
		}
	}
}

// TestAnswersDoNotDependOnWhatWasReadBefore reads a record whose eventName occurs
// twice, first with an escape.
func TestAnswersDoNotDependOnWhatWasReadBefore(t *testing.T) {
	raw := []byte(`{"event\u004eame":"A","eventName":"x","o":{"\u0061":"1","a":"2"}}`)
	fresh, used := NewEvent(raw), NewEvent(raw)
	if used.Get("absent").Exists() || used.Get("o.absent").Exists() {
		t.Fatal("an absent field exists")
	}
	for _, e := range []*Event{fresh, used} {
		if !e.Get("eventName").EqualFold("A") || e.Get("eventName").EqualFold("x") || !e.Get("o.a").EqualFold("1") {
			t.Error("the first of two equal keys does not count")
		}
		if _, name, ok := e.Keys(); name != "a" || !ok {
			t.Errorf("Keys says %q, %v", name, ok)
		}
	}
}

// FuzzKeys holds the quick search for the two keys against the parsed record,
// and Fold against strings.EqualFold.
func FuzzKeys(f *testing.F) {
	f.Add([]byte(`{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","x":{"eventName":"no"}}`))
	f.Add([]byte(`{"event\u0053ource":"a","eventName":"b","eventSource":"c"}`))
	f.Add([]byte(`{"event\u0053ource":"","eventSource":"0"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		e := NewEvent(raw)
		source, name, ok := e.Keys()
		source, name = strings.Clone(source), strings.Clone(name)
		if e.Err() != nil || !ok {
			return
		}
		for path, key := range map[string]string{"eventSource": source, "eventName": name} {
			want := ""
			object, err := e.root.Object()
			if err != nil {
				t.Fatal(err)
			}
			if v := e.lookup(object, path); v != nil {
				want = string(v.GetStringBytes())
			}
			if key != Fold(want) {
				t.Errorf("%s: got %q, the record says %q", path, key, want)
			}
			if !strings.EqualFold(key, want) {
				t.Errorf("%q does not fold as %q does", key, want)
			}
		}
	})
}

func FuzzLike(f *testing.F) {
	f.Add("abc", "a*c")
	f.Add("a*c", `a\*c`)
	f.Add("É\n", "?*")
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if len(s) > 200 || len(pattern) > 50 {
			return
		}
		s, pattern = strings.ToValidUTF8(s, "?"), strings.ToValidUTF8(pattern, "?")
		var expression strings.Builder
		runes := []rune(pattern)
		for i := 0; i < len(runes); i++ {
			switch r := runes[i]; {
			case r == '*':
				expression.WriteString(".*")
			case r == '?':
				expression.WriteString(".")
			case r == '\\' && i+1 < len(runes) && strings.ContainsRune(`*?\`, runes[i+1]):
				i++
				expression.WriteString(regexp.QuoteMeta(string(runes[i])))
			default:
				expression.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		want := regexp.MustCompile(`(?is)^` + expression.String() + `$`).MatchString(s)
		if got := like(s, pattern, false); got != want {
			t.Errorf("likeFold(%q, %q) = %v, the expression %q says %v", s, pattern, got, expression.String(), want)
		}
	})
}

func TestLevels(t *testing.T) {
	for l := Informational; l <= Critical; l++ {
		text, err := l.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Level
		if err := back.UnmarshalText(text); err != nil || back != l {
			t.Errorf("%s is read as %s (%v)", l, back, err)
		}
	}
	if _, err := ParseLevel("High"); err == nil {
		t.Error("levels are lower case")
	}
	if _, err := Level(0).MarshalText(); err == nil {
		t.Error("the zero level has no name")
	}
}

// TestNoAllocations pins that reading a record that does not match, with every
// kind of predicate, allocates nothing once buffers have grown.
func TestNoAllocations(t *testing.T) {
	raw := []byte(`{"eventSource":"iam.amazonaws.com","eventName":"CreateUser","sourceIPAddress":"ec2.amazonaws.com","userIdentity":{"arn":"arn:aws:iam::111122223333:user/alice","accountId":"111122223333"},"requestParameters":{"n":5,"m":7,"list":[{"a":"x"},{"a":"y"}],"o":{"p":{"q":"deep"}}}}`)
	re := regexp.MustCompile(`assumed-role/x`)
	network := netip.MustParsePrefix("10.0.0.0/8")
	e := new(Event)
	allocations := testing.AllocsPerRun(100, func() {
		e.Reset(raw)
		e.Keys()
		if e.Get("eventName").EqualFold("DeleteUser", "DeleteRole") ||
			e.Get("userIdentity.arn").HasSuffixFold(":root") ||
			e.Get("userIdentity.arn").LikeFold("*:role/*") ||
			e.Get("requestParameters").ContainsFold("suspended") ||
			e.Get("requestParameters.n").EqualField("requestParameters.m") ||
			e.Get("requestParameters.n").EqualNumber("6") ||
			e.Get("requestParameters.list.a").EqualFold("z") ||
			e.Get("userIdentity.arn").Matches(re) ||
			e.Get("sourceIPAddress").InPrefix(network) ||
			e.Get("userIdentity.arn").Equal("ARN") || e.Get("userIdentity.arn").Like("*ALICE") ||
			e.Get("requestParameters.n").Greater("9") || e.Get("eventName").Less("9") ||
			e.Get("eventTime").Part(Hour).Equal(1, 2) || e.Get("sourceIPAddress").Part(Year).Less(3) ||
			e.Get("requestParameters.n").ContainsField("requestParameters.m", "eventName") ||
			e.Leaves().ContainsFold("mimikatz") || e.Leaves().Matches(re) ||
			e.Get("errorCode").Exists() || !e.Get("errorCode").IsNull() {
			t.Fatal("a predicate holds")
		}
	})
	// Under the race detector a sync.Pool drops what it holds at random, so that
	// the regular expression allocates.
	if allocations != 0 && !raceEnabled {
		t.Errorf("%v allocations a record", allocations)
	}
}
