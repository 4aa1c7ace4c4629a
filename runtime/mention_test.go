package runtime

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/trailalerts/trailalerts/runtime/internal/object"
)

func TestMentions(t *testing.T) {
	texts := NewTexts("Root", "S3 Browser", "assumed-role/aws:")
	for _, c := range []struct {
		about  string
		record string
		path   string
		want   bool
	}{
		{"the value of a field", `{"a":"Root"}`, "a", true},
		{"whatever the case of letters", `{"a":"xROOTx"}`, "a", true},
		{"not what another field says", `{"b":"Root","a":"x"}`, "a", false},
		{"the rest of a text is compared, too", `{"a":"s3 brown"}`, "a", false},
		{"a text with a slash", `{"a":"arn:aws:sts::1:assumed-role/aws:x"}`, "a", true},
		{"a slash that is escaped", `{"a":"arn:aws:sts::1:assumed-role\/aws:x"}`, "a", true},
		{"a letter that is escaped", `{"a":"\u0052oot"}`, "a", true},
		{"a key that is escaped", `{"\u0061":"Root","a":"x"}`, "a", true},
		{"another escape hides nothing", `{"a":"\"Roo\nt"}`, "a", false},
		{"letters that fold to others but are not ASCII", "{\"a\":\"\u212aelvin\"}", "a", true},
		{"elsewhere they do not matter", "{\"a\":\"x\",\"b\":\"\u212aelvin\"}", "a", false},
		{"the first of equal keys counts", `{"a":"x","a":"Root"}`, "a", false},
		{"an absent field", `{"b":"Root"}`, "a", false},
		{"a nested field", `{"a":{"x":"y","b":"Root"}}`, "a.b", true},
		{"not a field beside it", `{"a":{"b":"y","c":"Root"}}`, "a.b", false},
		{"the first of equal nested keys counts", `{"a":{"b":"y","b":"Root"}}`, "a.b", false},
		{"a nested field of the elements of an array", `{"a":[{"b":"y"},{"b":"Root"}]}`, "a.b", true},
		{"a field deeper down", `{"a":{"b":{"c":"Root"}}}`, "a.b.c", true},
		{"an object is looked into", `{"a":{"x":{"y":["Root"]}}}`, "a", true},
		{"a key that joins the segments", `{"a":{"b":"y"},"a.b":"Root"}`, "a.b", true},
		{"or some of them", `{"a":{"b":"y"},"a.b":{"c":"Root"}}`, "a.b.c", true},
		{"a key that begins with the same letters joins nothing", `{"a":{"b":"y"},"ab.b":"Root"}`, "a.b", false},
		{"white space", "{ \"a\" : { \"b\" : \"Root\" } }", "a.b", true},
		{"every field", `{"a":{"b":["x",{"c":"Root"}]}}`, "", true},
		{"no field", `{"a":{"b":["x",{"c":"Roof"}]}}`, "", false},
		{"a broken record is for the parser to refuse", `{"a":"x"`, "b", true},
	} {
		t.Run(c.about, func(t *testing.T) {
			t.Parallel()
			if got := NewEvent([]byte(c.record)).Mentions(c.path, texts); got != c.want {
				t.Errorf("%s mentions a text at %q: %t, want %t", c.record, c.path, got, c.want)
			}
		})
	}
}

func TestMentionable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Root":                     "Root",
		"abc":                      "",
		`say "hello" to`:           "hello",
		`C:\Users\administrator`:   "administrator",
		"a\tb\x7flonger\u00e9":     "longer",
		"same size, first of both": "same size, first of both",
		`abcd"efgh`:                "abcd",
	} {
		if got := Mentionable(text); got != want {
			t.Errorf("Mentionable(%q) = %q, want %q", text, got, want)
		}
	}
}

// What a predicate says of a record must not depend on whether it was parsed, and
// on what is known of its head; and what it finds must be mentioned.
func TestPlainTextMeansWhatTheParserSays(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(6, 1))
	pick := func(all ...string) string { return all[random.IntN(len(all))] }
	var value func(depth int) string
	members := func(depth int) string {
		var all []string
		for range random.IntN(4) {
			all = append(all, pick(`"a"`, `"b"`, `"c"`, `"a.b"`, `"a.b.c"`, `"b.c"`, `"\u0061"`, `"a\u002eb"`, `"x\"y"`, `"x\b"`, `"x\\b"`)+pick(":", " : ")+value(depth+1))
		}
		return "{" + strings.Join(all, pick(",", " ,\n")) + pick("", " ") + "}"
	}
	value = func(depth int) string {
		if depth < 4 && random.IntN(3) == 0 {
			return members(depth)
		}
		if depth < 4 && random.IntN(6) == 0 {
			return "[" + value(depth+1) + "," + value(depth+1) + "]"
		}
		return pick(`"Root"`, `"xrootx"`, `"Roo\u0074"`, `"Ro\/ot"`, `"roo\"t"`, `""`, `"other"`, `"user/Root"`, `"\u212a"`, "\"\u212aroot\"", `null`, `true`, `17`, `1e1`, `"17"`)
	}
	parsed, unparsed := new(Event), new(Event)
	tests := []struct {
		text string
		hold func(Value, string) bool
	}{}
	for _, text := range []string{"root", "Root", "user/root", "true", "17", "kroot"} {
		for _, hold := range []func(Value, string) bool{
			func(v Value, s string) bool { return v.EqualFold(s) },
			func(v Value, s string) bool { return v.ContainsFold(s) },
			func(v Value, s string) bool { return v.HasPrefix(s) },
			func(v Value, s string) bool { return v.LikeFold("*" + s) },
			func(v Value, s string) bool { return v.EqualNumber(s) },
		} {
			tests = append(tests, struct {
				text string
				hold func(Value, string) bool
			}{text, hold})
		}
	}
	held := 0
	for range 100_000 {
		raw := []byte(members(0))
		if parsed.Reset(raw); parsed.Err() != nil {
			t.Fatal(string(raw), parsed.Err())
		}
		test, path := tests[random.IntN(len(tests))], pick("a", "b", "a.b", "a.b.c", "b.c", `x\b`, `a.x\b`, `x"y`)
		unparsed.ResetHead(raw, randomHead(random, raw))
		want := test.hold(parsed.Get(path), test.text)
		if got := test.hold(unparsed.Get(path), test.text); got != want {
			t.Fatalf("%s at %s: %t before it is parsed, %t after", raw, path, got, want)
		}
		if !want || Mentionable(test.text) == "" || strings.ContainsAny(path, `\"`) {
			continue
		}
		held++
		for _, path := range []string{path, ""} {
			unparsed.ResetHead(raw, randomHead(random, raw))
			if !unparsed.Mentions(path, NewTexts("never there", test.text)) {
				t.Fatalf("%s mentions no %q at %q", raw, test.text, path)
			}
		}
	}
	if held < 1000 {
		t.Errorf("only %d predicates held", held)
	}
}

// A large object is not gone through for every path.
func TestLargeObjectsAreParsed(t *testing.T) {
	t.Parallel()
	raw := []byte(`{"a":{` + strings.Repeat(`"x":"y",`, maxNarrowed/8) + `"b":"Root"}}`)
	e := NewEvent(raw)
	if !e.Mentions("a.b", NewTexts("Root")) {
		t.Error("a text in a large object is not mentioned")
	}
	if !e.Get("a.b").EqualFold("root") || !e.Parsed() {
		t.Error("a value in a large object is not read by the parser")
	}
}

// What a broken or odd record says of its keys is for the parser to decide.
func TestKeysThatTakeAParse(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"eventName":"A"}`,
		`{"eventSource":"s","eventName":"A\u0062"}`,
		"{\"eventSource\":\"s\",\"eventName\":\"A\xff\"}",
		`{"eventSource":"s" "eventName":"A"}`,
	} {
		e := NewEvent([]byte(raw))
		if e.Keys(); !e.Parsed() {
			t.Errorf("the keys of %q are found without a parse", raw)
		}
	}
}

// A record with a huge number of members does not pin the memory for them.
func TestResetForgetsManyMembers(t *testing.T) {
	t.Parallel()
	e := NewEvent([]byte(`{` + strings.Repeat(`"":0,`, maxKept/5+1) + `"a":"x"}`))
	e.Mentions("a", NewTexts("Root"))
	if len(e.more) < maxKept/5 {
		t.Fatalf("%d members were found", len(e.more))
	}
	if e.Reset([]byte(`{}`)); cap(e.more) > 0 {
		t.Errorf("room for %d members is kept", cap(e.more))
	}
}

// randomHead returns what a reader may have seen of a record.
func randomHead(random *rand.Rand, raw []byte) object.Head {
	var head object.Head
	for end := 0; random.IntN(4) > 0; {
		m, ok, _ := object.Next(raw, end)
		if !ok {
			break
		}
		head.Members = append(head.Members, m)
		end = int(m.To)
	}
	rest := raw
	if n := len(head.Members); n > 0 {
		rest = raw[head.Members[n-1].To:]
	}
	head.NoDots = !slices.Contains(rest, '.') && random.IntN(2) == 0
	return head
}

func ExampleEvent_Mentions() {
	e := NewEvent([]byte(`{"userIdentity": {"type": "Root"}, "eventName": "ConsoleLogin"}`))
	fmt.Println(e.Mentions("userIdentity.type", NewTexts("root")), e.Mentions("eventName", NewTexts("root")), e.Parsed())
	// Output: true false false
}
